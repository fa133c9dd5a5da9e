"""The Z3 terms of the any-size encoding, asked about single states: one constant for each element, no other elements.

In such a structure every question of the prover has a definite answer, which the evaluator knows: can the step fire,
can it fault, can it lead to a violation of a property (by its weakest precondition).
"""

from collections.abc import Mapping
from typing import Any

import z3
from cowspec.encode.fol.terms import Term, declaration, goal, language, term, transformer, violation
from cowspec.encode.relational.formula import Predicate, RelStep
from cowspec.encode.relational.translate import Naming, translate
from cowspec.system import ir
from relations import relations_of


class FolSteps:
    def __init__(self, system: ir.System, scope: ir.Scope) -> None:
        self.system, self.scope = system, scope
        self.rel = translate(system, Naming(values=True, conditions=True))
        names = [Predicate(name, ()) for step in self.rel.steps for name, _ in step.definitions]
        self.language = language(self.rel.sorts, (*self.rel.predicates, *names))
        self.goals = {each.name: goal(each.formula, each.is_transition) for each in self.rel.properties}
        self.elements = {sort: [self._element(sort, n) for n in range(size)] for sort, size in scope}
        self.violations: list[Mapping[str, Term]] = []
        for step in self.rel.steps:
            update = transformer(self.language, step)
            self.violations.append({name: violation(self.language, update, each) for name, each in self.goals.items()})

    def possible(self, state: ir.State, setting: ir.Setting) -> set[tuple[str, str]]:
        """(step, "moves"), (step, "faults"), (step, property violated after it). ValueError if Z3 gives up."""
        solver = z3.SimpleSolver(ctx=self.language.context)
        solver.add(*self._closure(), *self._diagram(state, setting))
        found = set()
        for step, violations in zip(self.rel.steps, self.violations, strict=True):
            solver.push()
            solver.add(*self._background(step))
            if self._asked(solver, z3.BoolVal(True, self.language.context)):
                found |= self._outcomes(solver, step, violations)
            solver.pop()
        return found

    def _outcomes(self, solver: Any, step: RelStep, violations: Mapping[str, Term]) -> set[tuple[str, str]]:
        found = set()
        faults = [term(self.language, case.condition) for case in step.faults]
        if any(self._asked(solver, fault) for fault in faults):
            found.add((step.name, "faults"))
        solver.add(*(z3.Not(term(self.language, case.condition, asserted=False)) for case in step.faults))
        if self._asked(solver, z3.BoolVal(True, self.language.context)):
            found.add((step.name, "moves"))
            found |= {(step.name, name) for name, violated in violations.items() if self._asked(solver, violated)}
        return found

    def _asked(self, solver: Any, question: Term) -> bool:
        solver.push()
        solver.add(question)
        answer = solver.check()
        solver.pop()
        if answer == z3.unknown:
            raise ValueError("Z3 gave up on a finite structure")
        return bool(answer == z3.sat)

    # ---- the structure ---------------------------------------------------------------------------------------------

    def _element(self, sort: str, number: int) -> Term:
        return z3.Const(f"{sort}!{number}", self.language.sorts[sort])

    def _closure(self) -> list[Term]:
        found = []
        for sort, elements in self.elements.items():
            if len(elements) > 1:
                found.append(z3.Distinct(*elements))
            any_ = z3.Const("any", self.language.sorts[sort])
            found.append(z3.ForAll([any_], z3.Or([any_ == element for element in elements])))
        return found

    def _diagram(self, state: ir.State, setting: ir.Setting) -> list[Term]:
        """Every ground atom, true or negated."""
        true = relations_of(self.system, self.scope, setting, state)
        found = []
        for predicate in self.rel.predicates:
            tuples: list[tuple[int, ...]] = [()]
            for sort in predicate.sorts:
                tuples = [(*each, n) for each in tuples for n in range(len(self.elements[sort]))]
            for each in tuples:
                args = [self.elements[sort][n] for sort, n in zip(predicate.sorts, each, strict=True)]
                atom = declaration(self.language, predicate.name)(*args)
                found.append(atom if each in true[predicate.name] else z3.Not(atom))
        return found

    def _background(self, step: RelStep) -> list[Term]:
        """The guard; names of conditions mean what they stand for."""
        found = [term(self.language, step.guard)]
        for name, meaning in step.definitions:
            named = declaration(self.language, name)()
            found.append(z3.Implies(named, term(self.language, meaning)))
            found.append(z3.Implies(z3.Not(named), z3.Not(term(self.language, meaning, asserted=False))))
        return found
