"""What a model never uses of the library that it is built on: predicates that stay false, sorts whose size matters to
no run.

A predicate is *dead* if it is false in every start state and every step keeps it false, as far as can be seen when all
atoms of other dead predicates count as false and everything else as unknown. It is false in every reachable state.

A sort is *inert* if every predicate about it is dead and no formula whose value is open compares two of its elements.
Then a formula is as true of one of its elements as of any other, a quantifier over it says the same at every size, and
so do steps and properties: scopes that differ in inert sorts only have equal runs.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from cowspec.encode.relational.formula import (
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    RelStep,
    RelSystem,
    Same,
    Truth,
)
from cowspec.system.ir import Absent, Scope, System

Certainty = bool | None
"""Always true, always false, or not known."""

Known = Mapping[str | Atom, Certainty]
"""Of predicates, at all arguments, and of single atoms."""


def dead_predicates(system: System, rel: RelSystem) -> frozenset[str]:
    dead = set(_false_at_start(system, rel))
    while True:
        alive = {name for step in rel.steps for name in _awakened(step, dead)}
        if not alive:
            return frozenset(dead)
        dead -= alive


def inert_sorts(system: System, rel: RelSystem, dead: Collection[str], asked: Iterable[Formula]) -> frozenset[str]:
    """`asked`: the formulas that runs are searched for, over the predicates of `rel`."""
    alive = {sort for predicate in rel.predicates if predicate.name not in dead for sort in predicate.sorts}
    known: dict[str | Atom, Certainty] = {name: False for each in dead for name in (each, f"{each}'")}
    for formula in (*rel.init[len(rel.init) - len(system.init) :], *asked):
        alive |= _judge(formula, known).compared
    for step in rel.steps:
        in_step = _known_in(step, known)
        for formula in _formulas(step, dead):
            alive |= _judge(formula, in_step).compared
    return frozenset(system.sorts) - alive


def distinct(scopes: Sequence[Scope], inert: Collection[str]) -> tuple[Scope, ...]:
    """The first of the scopes that differ in inert sorts only."""
    first: dict[Scope, Scope] = {}
    for scope in scopes:
        first.setdefault(tuple(pair for pair in scope if pair[0] not in inert), scope)
    return tuple(first.values())


def _false_at_start(system: System, rel: RelSystem) -> Iterator[str]:
    empty: set[str] = set()
    for var in system.vars:
        if isinstance(var.start, Absent) or var.start is False or var.owner in empty:
            empty.add(var.name)
    for predicate in rel.predicates:
        if predicate.name not in rel.rigid and _variable(predicate.name) in empty:
            yield predicate.name


def _variable(predicate: str) -> str:
    return predicate.removesuffix("?").partition("=")[0]


def _awakened(step: RelStep, dead: Collection[str]) -> Iterator[str]:
    """The dead predicates that the step may make true."""
    known = _known_in(step, dict.fromkeys(dead, False))
    if _judge(step.guard, known).value is False:
        return
    for update in step.updates:
        if update.pred in dead and _judge(update.body, known).value is not False:
            yield update.pred


def _known_in(step: RelStep, known: Known) -> Known:
    """With the step's own definitions."""
    found = dict(known)
    for name, formula in step.definitions:
        found[name] = _judge(formula, found).value
    return found


def _formulas(step: RelStep, dead: Collection[str]) -> Iterator[Formula]:
    yield step.guard
    yield from (fault.condition for fault in step.faults)
    yield from (update.body for update in step.updates if update.pred not in dead)
    yield from step.choice_paths
    yield from (path for _, _, path in step.member_choices)
    yield from (formula for _, formula in step.definitions)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """`compared`: the sorts of which elements are compared where it matters."""

    value: Certainty
    compared: frozenset[str] = frozenset()


def _judge(formula: Formula, known: Known) -> _Judgement:
    match formula:
        case Truth(value):
            return _Judgement(value)
        case Atom(name, _):
            return _Judgement(known.get(formula) if name not in known else known[name])
        case Same(left, _):
            return _Judgement(None, frozenset((left.sort,)))
        case Not(body):
            inner = _judge(body, known)
            return _Judgement(None if inner.value is None else not inner.value, inner.compared)
        case And(parts):
            return _joined(_judge_each(parts, known, True), False)
        case Or(parts):
            return _joined(_judge_each(parts, known, False), True)
        case Forall(_, body) | Exists(_, body) | Either(body, _):
            return _judge(body, known)
        case _:
            assert_never(formula)


def _judge_each(parts: Sequence[Formula], known: Known, value: bool) -> list[_Judgement]:
    """Each part where the atoms among the others have the value that leaves the decision to it."""
    given: dict[str | Atom, Certainty] = {}
    for part in parts:
        match part:
            case Atom():
                given[part] = value
            case Not(Atom() as atom):
                given[atom] = not value
            case _:
                pass
    inner = {**given, **known} if given else known
    return [_judge(part, known if _is_literal(part) else inner) for part in parts]


def _is_literal(formula: Formula) -> bool:
    return isinstance(formula.body if isinstance(formula, Not) else formula, Atom)


def _joined(parts: Sequence[_Judgement], decisive: bool) -> _Judgement:
    """A conjunction is decided by a false part, a disjunction by a true one."""
    values = [part.value for part in parts]
    if decisive in values:
        return _Judgement(decisive)
    compared = frozenset[str]().union(*[part.compared for part in parts])
    return _Judgement(None if None in values else not decisive, compared)
