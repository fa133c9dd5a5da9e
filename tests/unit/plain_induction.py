"""Induction with Z3 in its plainest form, for tests that ask whether facts are inductive without asking the prover."""

from typing import Any

import z3
from cowspec.encode.relational import formula as rel
from cowspec.encode.relational.translate import translate
from cowspec.system import ir

Bound = dict[str, Any]


class Plain:
    """One translated system: `open_goals` names what does not follow."""

    def __init__(self, system: ir.System) -> None:
        self.system = translate(system)
        self.sorts = {name: z3.DeclareSort(name) for name in self.system.sorts}
        self.made = 0

    def open_goals(self) -> list[str]:
        """Facts and typing facts that do not hold at the start or are not preserved, and faults not excluded, given all
        of them before the step."""
        goals = [*self.system.typing, *((fact.name, fact.formula) for fact in self.system.facts)]
        axioms = [self.term(axiom, {}, {}, True) for axiom in self.system.switch_axioms]
        start = z3.Solver()
        start.add(*axioms, *(self.term(init, {}, {}, True) for init in self.system.init))
        found = [f"start: {name}" for name, goal in goals if not self.follows(start, goal, {})]
        known = [*axioms, *(self.term(goal, {}, {}, True) for _, goal in goals)]
        for step in self.system.steps:
            before = z3.Solver()
            before.add(*known, self.term(step.guard, {}, {}, True))
            updates = {update.pred: update for update in step.updates}
            for name, goal in goals:
                if mentions(goal) & set(updates) and not self.follows(before, goal, updates):
                    found.append(f"{step.name}: {name}")
            for fault in step.faults:
                if not self.follows(before, rel.Not(fault.condition), {}):
                    found.append(f"{step.name}: fault: {fault.message}")
        return found

    def follows(self, solver: Any, goal: rel.Formula, updates: dict[str, rel.Update]) -> bool:
        solver.push()
        solver.set("timeout", 5000)
        solver.add(z3.Not(self.term(goal, {}, updates, False)))
        answer = solver.check()
        solver.pop()
        return bool(answer == z3.unsat)

    def term(self, formula: rel.Formula, bound: Bound, updates: dict[str, rel.Update], asserted: bool) -> Any:
        match formula:
            case rel.Truth(value):
                return z3.BoolVal(value)
            case rel.Atom(name, args) if name in updates:
                update = updates[name]
                actual = {f.name: self.symbol(a, bound) for f, a in zip(update.formals, args, strict=True)}
                return self.term(update.body, bound | actual, {}, asserted)
            case rel.Atom(name, args):
                sorts = [self.sorts[arg.sort] for arg in args]
                predicate = z3.Function(name, *sorts, z3.BoolSort()) if sorts else z3.Bool(name)
                return predicate(*(self.symbol(arg, bound) for arg in args)) if sorts else predicate
            case rel.Same(left, right):
                return self.symbol(left, bound) == self.symbol(right, bound)
            case rel.Not(body):
                return z3.Not(self.term(body, bound, updates, not asserted))
            case rel.And(parts):
                return z3.And([self.term(part, bound, updates, asserted) for part in parts])
            case rel.Or(parts):
                return z3.Or([self.term(part, bound, updates, asserted) for part in parts])
            case rel.Forall(names, body) | rel.Exists(names, body):
                inside = {name.name: self.fresh(name) for name in names}
                inner = self.term(body, bound | inside, updates, asserted)
                quantifier = z3.ForAll if isinstance(formula, rel.Forall) else z3.Exists
                return quantifier(list(inside.values()), inner)
            case rel.Either(positive, negative):
                return self.term(positive if asserted else negative, bound, updates, asserted)

    def symbol(self, symbol: rel.Sym, bound: Bound) -> Any:
        return bound[symbol.name] if symbol.name in bound else z3.Const(symbol.name, self.sorts[symbol.sort])

    def fresh(self, symbol: rel.Sym) -> Any:
        self.made += 1
        return z3.Const(f"{symbol.name}!{self.made}", self.sorts[symbol.sort])


def mentions(formula: rel.Formula) -> set[str]:
    match formula:
        case rel.Atom(name):
            return {name}
        case rel.Not(body) | rel.Forall(_, body) | rel.Exists(_, body):
            return mentions(body)
        case rel.And(parts) | rel.Or(parts):
            return set[str]().union(*map(mentions, parts))
        case rel.Either(positive, negative):
            return mentions(positive) | mentions(negative)
        case rel.Truth() | rel.Same():
            return set()
