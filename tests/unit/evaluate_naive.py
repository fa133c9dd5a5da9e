"""The meaning of a transition system read off `ir.py` once more, as directly as possible: no compiling, no planning, no
pruning. The evaluator must agree with it on random systems."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import assert_never

from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.verdict import Firing

Env = dict[str, ir.Value]
Tables = dict[str, dict[tuple[int, ...], ir.Value]]


class Blocked(Exception):
    pass


@dataclass
class Naive:
    system: ir.System
    sizes: dict[str, int]
    setting: dict[str, str]
    before: Tables = field(default_factory=dict)
    spent: list[tuple[str, tuple[int, ...] | None]] = field(default_factory=list)  # in the last firing

    def indexes(self, names: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
        return product(*(range(self.sizes[name]) for name in names))

    def open(self, state: ir.State) -> Tables:
        pairs = zip(self.system.vars, state, strict=True)
        return {var.name: dict(zip(self.indexes(var.index), table, strict=True)) for var, table in pairs}

    def close(self, tables: Tables) -> ir.State:
        return tuple(tuple(tables[var.name].values()) for var in self.system.vars)

    # ---- values ----------------------------------------------------------------------------------------------------

    def member(self, member: ir.Member) -> int:
        return dict(self.system.enums)[member.enum].index(member.name)

    def term(self, term: ir.Term, s: Tables, env: Env) -> ir.Value:
        match term:
            case ir.Param(name):
                return env[name]
            case ir.Member():
                return self.member(term)
            case ir.Absent():
                return None
            case ir.Get(var, args):
                place = tuple(self.term(arg, s, env) for arg in args)
                return None if None in place else s[var][place]  # type: ignore[index]
            case ir.Pick(condition, then, otherwise):
                return self.term(then if self.true(condition, s, env) else otherwise, s, env)
            case ir.OldTerm(body):
                return self.term(body, self.before, env)
            case _:
                assert_never(term)

    def extended(self, env: Env, binders: tuple[ir.Binder, ...]) -> Iterator[Env]:
        for elements in self.indexes(tuple(b.domain for b in binders)):
            yield env | {b.name: e for b, e in zip(binders, elements, strict=True)}

    def true(self, formula: ir.Formula, s: Tables, env: Env) -> bool:
        match formula:
            case ir.Const(value):
                return value
            case ir.Test(var, args):
                place = tuple(self.term(arg, s, env) for arg in args)
                return None not in place and s[var][place] is True  # type: ignore[index]
            case ir.Present(term):
                return self.term(term, s, env) is not None
            case ir.Equal(left, right):
                return self.term(left, s, env) == self.term(right, s, env)
            case ir.Not(body):
                return not self.true(body, s, env)
            case ir.And(parts):
                return all(self.true(part, s, env) for part in parts)
            case ir.Or(parts):
                return any(self.true(part, s, env) for part in parts)
            case ir.Implies(left, right):
                return not self.true(left, s, env) or self.true(right, s, env)
            case ir.Iff(left, right):
                return self.true(left, s, env) == self.true(right, s, env)
            case ir.Quant(kind, binders, body):
                found = [self.true(body, s, inner) for inner in self.extended(env, binders)]
                return all(found) if kind is QuantKind.FORALL else any(found)
            case ir.Tally(counts, op, bound):
                n = sum(self.true(c.body, s, inner) for c in counts for inner in self.extended(env, c.binders))
                return {
                    "==": n == bound,
                    "!=": n != bound,
                    "<": n < bound,
                    "<=": n <= bound,
                    ">": n > bound,
                    ">=": n >= bound,
                }[op]
            case ir.Flag(name):
                return env[name] is True
            case ir.SwitchIs(switch, option):
                return self.setting[switch] == option
            case ir.Old(body):
                return self.true(body, self.before, env)
            case _:
                assert_never(formula)

    def value(self, assign: ir.Assign, s: Tables, env: Env) -> ir.Value:
        if next(var for var in self.system.vars if var.name == assign.var).domain is None:
            return self.true(assign.value, s, env)  # type: ignore[arg-type]
        return self.term(assign.value, s, env)  # type: ignore[arg-type]

    # ---- steps -----------------------------------------------------------------------------------------------------

    def run(self, body: tuple[ir.Stmt, ...], s: Tables, env: Env, choices: list[int], log: list[str]) -> None:
        """Changes `s`; raises Blocked; appends "fault: ..." and notes to `log`; takes from `choices`."""
        for statement in body:
            match statement:
                case ir.Require(condition):
                    if not self.true(condition, s, env):
                        raise Blocked
                case ir.Check(condition, message):
                    if not self.true(condition, s, env):
                        log.append(f"fault: {message}")
                case ir.Assign(var, args):
                    place, value = tuple(self.term(arg, s, env) for arg in args), self.value(statement, s, env)
                    if None not in place:
                        s[var][place] = value  # type: ignore[index]
                case ir.If(condition, then, otherwise):
                    self.run(then if self.true(condition, s, env) else otherwise, s, dict(env), choices, log)
                case ir.Bulk(binders, where, statements):
                    before = {name: dict(table) for name, table in s.items()}
                    instances = [inner for inner in self.extended(env, binders) if self.true(where, before, inner)]
                    for part in statements:
                        for inner in instances:
                            if isinstance(part, ir.Check):
                                if not self.true(part.condition, before, inner):
                                    log.append(f"fault: {part.message}")
                            else:
                                place = tuple(self.term(arg, before, inner) for arg in part.args)
                                if None not in place:
                                    s[part.var][place] = self.value(part, before, inner)  # type: ignore[index]
                case ir.Let(name, term):
                    env[name] = self.term(term, s, env)
                case ir.LetBool(name, formula):
                    env[name] = self.true(formula, s, env)
                case ir.Choose(name, _, where):
                    env[name] = choices.pop(0)
                    if not self.true(where, s, env):
                        raise Blocked
                case ir.Spend(cost, binders, where):
                    if not binders:
                        self.spent.append((cost, None))
                        continue
                    for inner in self.extended(env, binders):
                        if self.true(where, s, inner):
                            self.spent.append((cost, tuple(int(inner[b.name] or 0) for b in binders)))
                case ir.Note(text):
                    log.append(text)
                case _:
                    assert_never(statement)

    def moves(self, state: ir.State) -> set[tuple[Firing, ir.State | None]]:
        """Every firing, tried with all arguments and all choices there could be; None after a fault."""
        found: set[tuple[Firing, ir.State | None]] = set()
        for step in self.system.steps:
            most = max(self.sizes.values())
            for args in self.indexes(tuple(p.domain for p in step.params)):
                for length in range(_depth(step.body) + 1):
                    for choices in product(range(most), repeat=length):
                        outcome = self.fire(state, step, args, choices)
                        if outcome is not None:
                            found.add((Firing(step.name, args, choices), outcome[0]))
        return found

    def fire(
        self, state: ir.State, step: ir.Step, args: tuple[int, ...], choices: tuple[int, ...]
    ) -> tuple[ir.State | None, list[str]] | None:
        self.spent = []
        tables, log, left = self.open(state), list[str](), list(choices)
        env: Env = {p.name: arg for p, arg in zip(step.params, args, strict=True)}
        env |= {name: self.term(get, tables, env) for name, get in step.frame}
        if any(env[name] is None for name, _ in step.frame):
            return None
        try:
            self.run(step.body, tables, env, left, log)
        except (Blocked, IndexError):
            return None
        if left or any(not _in_range(self, step.body, k) for k in choices):
            return None
        return (None if any(line.startswith("fault: ") for line in log) else self.close(tables)), log

    def starts(self) -> set[ir.State]:
        """Every state there is, filtered."""
        found: set[ir.State] = set()
        cells = [(var, place) for var in self.system.vars for place in self.indexes(var.index)]
        options: list[list[ir.Value]] = [
            [False, True] if var.domain is None else [None, *range(self.sizes[var.domain])] for var, _ in cells
        ]
        for values in product(*options):
            tables: Tables = {var.name: {} for var in self.system.vars}
            for (var, place), value in zip(cells, values, strict=True):
                tables[var.name][place] = value
            if all(self.may_start(tables, var, place) for var, place in cells) and all(
                self.true(formula, tables, {}) for formula in self.system.init
            ):
                found.add(self.close(tables))
        return found

    def may_start(self, tables: Tables, var: ir.StateVar, place: tuple[int, ...]) -> bool:
        value = tables[var.name][place]
        owner = True if var.owner is None else tables[var.owner][place]
        if owner is None or owner is False:
            return value is None or value is False
        match var.start:
            case bool(start):
                return value is start
            case ir.Member():
                return value == self.member(var.start)
            case ir.Absent():
                return value is None
            case ir.AnyValue():
                return value is not None or var.presence == ir.Presence.OWN


def _depth(body: tuple[ir.Stmt, ...]) -> int:
    """The most choices that a run of the body makes."""
    depth = 0
    for statement in body:
        if isinstance(statement, ir.Choose):
            depth += 1
        elif isinstance(statement, ir.If):
            depth += max(_depth(statement.then), _depth(statement.otherwise))
    return depth


def is_supported(system: ir.System) -> bool:
    """Whether all choices of each step range over one sort."""
    return all(len(set(_domains(step.body))) <= 1 for step in system.steps)


def _in_range(naive: Naive, body: tuple[ir.Stmt, ...], choice: int) -> bool:
    """All choices of the examples range over one sort."""
    domains = set(_domains(body))
    assert len(domains) <= 1, "the reference supports one sort of choices in a step"
    return all(choice < naive.sizes[domain] for domain in domains)


def _domains(body: tuple[ir.Stmt, ...]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ir.Choose):
            yield statement.domain
        elif isinstance(statement, ir.If):
            yield from _domains(statement.then)
            yield from _domains(statement.otherwise)
