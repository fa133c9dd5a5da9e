"""Ways to break an encoder, each a small mistake that somebody could make: one function of it replaced.

`BROKEN` lists them with the check that must notice, a word that a model must contain to be worth trying, and, where it
takes many models, the seed to begin with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cases
import fol_steps
import pytest
import second_judge
from agreement import check_fol, check_starts, check_steps
from cases import Case
from cowspec.encode.finite.circuit import Literal
from cowspec.encode.finite.symmetry import Symmetry
from cowspec.encode.finite.template import _Builder
from cowspec.encode.fol.terms import transformer
from cowspec.encode.relational import assignments, connectives, obligation, steps, tally, terms, values
from cowspec.encode.relational.formula import Atom, Either, Formula, RelSystem
from cowspec.encode.relational.obligation import Obligation
from cowspec.encode.relational.translate import translate
from cowspec.encode.smtlib import script
from cowspec.engines.induction import prove as induction
from cowspec.engines.induction.houdini import START
from cowspec.engines.induction.obligations import preserved
from cowspec.engines.induction.solver import Holds
from cowspec.evaluate import search
from cowspec.syntax.ast import QuantKind
from cowspec.system import build, ir, slicing
from cowspec.system.facts import facts
from second_judge import check_texts
from verdict_agreement import check_bmc, check_facts, check_induction, check_symmetry

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Broken:
    name: str
    patch: Callable[[Patch], None]
    check: Callable[[Case], int]
    word: str = ""
    first: int = 0


# ---- the relational encoding ---------------------------------------------------------------------------------------


def _without_path(kind: type) -> Callable[[Patch], None]:
    """What stands in a branch counts on every path."""

    def patch(monkeypatch: Patch) -> None:
        real = steps._execute

        def execute(stmt: ir.Stmt, env: Any, path: tuple[Formula, ...], out: Any) -> Any:
            return real(stmt, env, () if isinstance(stmt, kind) else path, out)

        monkeypatch.setattr(steps, "_execute", execute)

    return patch


def _rewritten(change: Callable[[ir.Stmt], ir.Stmt]) -> Callable[[Patch], None]:
    """Statements are taken for others."""

    def patch(monkeypatch: Patch) -> None:
        real = steps._execute
        monkeypatch.setattr(steps, "_execute", lambda stmt, env, path, out: real(change(stmt), env, path, out))

    return patch


def _bulk_everywhere(stmt: ir.Stmt) -> ir.Stmt:
    return replace(stmt, where=ir.TRUE) if isinstance(stmt, ir.Bulk) else stmt


def _no_clearing(stmt: ir.Stmt) -> ir.Stmt:
    """What belongs to a call stays when it ends."""
    cleared = isinstance(stmt, ir.Assign) and stmt.value in (ir.FALSE, ir.Absent()) and not stmt.var.endswith("@pc")
    return ir.Note("") if cleared else stmt


def _bulk_in_sequence(monkeypatch: Patch) -> None:
    real = assignments.assigned
    monkeypatch.setattr(steps, "assigned", lambda env, kept, *rest: real(kept, kept, *rest))


def _one_branch_wins(monkeypatch: Patch) -> None:
    monkeypatch.setattr(steps, "_merged", lambda pred, condition, one, two: lambda args: values.read(one, pred, args))


def _names_for_nothing(monkeypatch: Patch) -> None:
    monkeypatch.setattr(steps, "_names_guard", lambda env, out: [])


def _frame_for_nothing(monkeypatch: Patch) -> None:
    real = steps._bind_frame

    def bind_frame(env: Any, name: str, get: ir.Get, out: Any, params: Any) -> Any:
        guards = len(out.guard)
        bound = real(env, name, get, out, params)
        del out.guard[guards:]
        return bound

    monkeypatch.setattr(steps, "_bind_frame", bind_frame)


def _absent_is_present(monkeypatch: Patch) -> None:
    real = values.is_present
    for module in (values, terms, assignments, steps):
        monkeypatch.setattr(module, "is_present", lambda value: connectives.neg(real(value)))


def _absent_values_differ(monkeypatch: Patch) -> None:
    real = values.equal

    def equal(env: Any, left: Any, right: Any) -> Formula:
        return connectives.conj((real(env, left, right), values.is_present(left)))

    monkeypatch.setattr(terms, "equal", equal)


def _forms_differ(monkeypatch: Patch) -> None:
    """The universal form of a value forgets that it must be present."""

    def either(positive: Formula, negative: Formula) -> Formula:
        universal = getattr(positive, "parts", (positive,))[-1]
        return Either(universal, negative)

    monkeypatch.setattr(values, "either", either)


def _counts_twice(monkeypatch: Patch) -> None:
    monkeypatch.setattr(tally, "combinations", lambda instances, number: ())


def _threshold_off_by_one(monkeypatch: Patch) -> None:
    real = tally.at_least
    monkeypatch.setattr(terms, "at_least", lambda counts, number: real(counts, number + (number == 2)))


def _later_disjuncts_lost(monkeypatch: Patch) -> None:
    """The clean-up loses cases."""
    real = connectives._cases
    monkeypatch.setattr(connectives, "_cases", lambda names, body: real(names, body)[:1])


def _translated(change: Callable[[RelSystem], RelSystem]) -> Callable[[Patch], None]:
    def patch(monkeypatch: Patch) -> None:
        monkeypatch.setattr(cases, "translate", lambda system: change(translate(system)))

    return patch


def _no_init(rel: RelSystem) -> RelSystem:
    return replace(rel, init=rel.init[:-1])


def _no_faults(rel: RelSystem) -> RelSystem:
    return replace(rel, steps=tuple(replace(step, faults=()) for step in rel.steps))


# ---- the finite encoding -------------------------------------------------------------------------------------------


def _no_frame_axiom(monkeypatch: Patch) -> None:
    """An atom that the step does not write may change."""

    def next_atom(self: Any, now: Literal, later: Literal, writes: Sequence[tuple[Literal, Literal]]) -> None:
        for chosen, value in writes:
            self.step_clauses.require(-chosen, -later, value)
            self.step_clauses.require(-chosen, later, -value)

    monkeypatch.setattr(_Builder, "_next_atom", next_atom)


def _first_element_only(monkeypatch: Patch) -> None:
    """Too much symmetry is broken: no step may name a second element of a sort."""
    real = Symmetry._next

    def following(self: Any, clauses: Any, named: Any, used: Literal, values: Sequence[Literal]) -> Any:
        for literal in values[1:]:
            clauses.require(-used, -literal)
        return real(self, clauses, named, used, values)

    monkeypatch.setattr(Symmetry, "_next", following)


# ---- the any-size encoding, proofs, and the rest -------------------------------------------------------------------


def _precondition_of_nothing(monkeypatch: Patch) -> None:
    """The weakest precondition forgets one updated predicate."""

    def shorter(language: Any, step: Any) -> Any:
        return transformer(language, replace(step, updates=step.updates[:-1]))

    monkeypatch.setattr(fol_steps, "transformer", shorter)


def _everything_preserved(monkeypatch: Patch) -> None:

    def taken_on_trust(asked: Any, step: str, name: str, assumed: Sequence[str]) -> Any:
        return preserved(asked, step, name, assumed) if step == START else Holds(frozenset())

    monkeypatch.setattr(induction, "EFFORTS", (taken_on_trust,))
    monkeypatch.setattr(induction, "preserved", taken_on_trust)
    monkeypatch.setattr(induction, "unconfirmed", lambda *rest: [])


def _written(change: Callable[[Obligation], Obligation]) -> Callable[[Patch], None]:
    """Another question is written down than was asked."""

    def patch(monkeypatch: Patch) -> None:
        monkeypatch.setattr(second_judge, "body", lambda found: script.body(change(found)))

    return patch


def _last_assumption_lost(found: Obligation) -> Obligation:
    return replace(found, assumptions=found.assumptions[:-1])


def _nothing_changes(found: Obligation) -> Obligation:
    updates = [replace(each, body=Atom(each.pred.rstrip("-'"), each.formals)) for each in found.updates]
    return replace(found, updates=tuple(updates))


def _goal_asserted(found: Obligation) -> Obligation:
    return replace(found, violated=connectives.neg(found.violated))


def _instances_missing(monkeypatch: Patch) -> None:
    """What is said of all elements is written down of some."""
    real = script._opened

    def opened(scope: Any, formula: Any) -> tuple[str, tuple[Formula, ...]]:
        head, parts = real(scope, formula)
        return head.replace("(forall", "(exists"), parts

    monkeypatch.setattr(script, "_opened", opened)


def _forms_mixed_up(monkeypatch: Patch) -> None:
    """Where a formula is asserted the form to deny is taken, and the other way round."""
    real = obligation._newly_resolved

    def resolved(resolver: Any, formula: Formula, asserted: bool) -> Formula:
        swapped = Either(formula.negative, formula.positive) if isinstance(formula, Either) else formula
        return real(resolver, swapped, asserted)

    monkeypatch.setattr(obligation, "_newly_resolved", resolved)


def _before_is_after(monkeypatch: Patch) -> None:
    """The goal is denied of the state before the step."""
    real = obligation._violated

    def violated(of: Any, step: Any, question: Any) -> Any:
        return real(of, step and replace(step, updates=()), question)

    monkeypatch.setattr(obligation, "_violated", violated)


def _switch_read_wrongly(monkeypatch: Patch) -> None:
    real = slicing.slice_formula

    def slice_formula(formula: ir.Formula, options: Any) -> ir.Formula:
        found = real(formula, options)
        return ir.FALSE if isinstance(formula, ir.SwitchIs) else found

    monkeypatch.setattr(slicing, "slice_formula", slice_formula)


def _all_states_alike(monkeypatch: Patch) -> None:
    def representative(*_: object) -> Callable[[ir.State], ir.State]:
        return lambda state: tuple(() for _ in state)

    monkeypatch.setattr(search, "representative", representative)


def _false_fact(monkeypatch: Patch) -> None:
    """A fact that holds in most states only: every call is idle."""

    def more(system: ir.System) -> tuple[ir.Fact, ...]:
        pcs = [var.name for var in system.vars if var.name.endswith("@pc")]
        cpu = ir.Binder("c", "Cpu")
        idle = [
            ir.Fact(
                f"{pc} is idle", ir.Quant(QuantKind.FORALL, (cpu,), ir.Equal(ir.Get(pc, (ir.Param("c"),)), ir.Absent()))
            )
            for pc in pcs
        ]
        return (*facts(system), *idle)

    monkeypatch.setattr(build, "facts", more)


BROKEN: tuple[Broken, ...] = (
    Broken("choose is met on every path", _without_path(ir.Choose), check_steps, "= choose"),
    Broken("require counts on every path", _without_path(ir.Require), check_steps, "require"),
    Broken("check fails on every path", _without_path(ir.Check), check_steps, "if "),
    Broken("bulk ignores its where", _rewritten(_bulk_everywhere), check_steps, "forall"),
    Broken("bulk reads what it has written", _bulk_in_sequence, check_steps, "forall", 77),
    Broken("frame of an ended call stays", _rewritten(_no_clearing), check_steps, "proc"),
    Broken("first branch of an if wins", _one_branch_wins, check_steps, "if "),
    Broken("names of values are free", _names_for_nothing, check_steps),
    Broken("parameters of a call are free", _frame_for_nothing, check_steps, "proc", 42),
    Broken("absent is present", _absent_is_present, check_steps),
    Broken("absent values differ", _absent_values_differ, check_steps, "?"),
    Broken("forms of a value differ", _forms_differ, check_steps, "?"),
    Broken("one element counts twice", _counts_twice, check_steps, "count"),
    Broken("two means three", _threshold_off_by_one, check_steps, "count"),
    Broken("clean-up loses cases", _later_disjuncts_lost, check_steps),
    Broken("last init formula forgotten", _translated(_no_init), check_starts, "init"),
    Broken("faults forgotten", _translated(_no_faults), check_steps),
    Broken("no frame axiom", _no_frame_axiom, check_steps),
    Broken("too much symmetry broken", _first_element_only, check_bmc, "", 87),
    Broken("precondition of nothing", _precondition_of_nothing, check_fol),
    Broken("everything is preserved", _everything_preserved, check_induction),
    Broken("an assumption is not written down", _written(_last_assumption_lost), check_texts),
    Broken("a step is written down as changing nothing", _written(_nothing_changes), check_texts),
    Broken("a goal is asserted, not denied", _written(_goal_asserted), check_texts),
    Broken("all is written as some", _instances_missing, check_texts),
    Broken("forms are mixed up in the text", _forms_mixed_up, check_texts, "?"),
    Broken("a goal is denied before the step", _before_is_after, check_texts),
    Broken("switch read wrongly", _switch_read_wrongly, check_steps, "fixed", 36),
    Broken("all states alike", _all_states_alike, check_symmetry),
    Broken("a fact is false", _false_fact, check_facts, "proc"),
)
