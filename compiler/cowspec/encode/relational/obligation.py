"""One question of a proof by induction, as formulas: what every judge of proofs but the prover's own is asked.

In: a `RelSystem`, a `Question`. Out: an `Obligation`: formulas without `Either`, each with a name, that have no model
together. Nothing here knows a solver, and nothing is shared with the prover's terms.

The assumptions speak of the state before the step (of a start state). What is denied, the goal after the step, reads
there each predicate `P` that the step changes as `P'`, which `updates` define over the state before; the others keep
their value. `Either` is resolved by the place of the formula, as the prover does: the side for assertions where the
formula is asserted in the obligation, the other where it is denied. The goal takes the side it has where it is
assumed, then the whole is denied: what a step does not change, it preserves. If resolving gives the update of `P` two
forms, `P'` has the form to assert, and `P'-` the form to deny.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from cowspec.encode.relational.connectives import predicates_of
from cowspec.encode.relational.formula import (
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    Predicate,
    RelStep,
    RelSystem,
    Same,
    Sym,
    Truth,
    Update,
)

START = "start"
"""Stands for the step where a start state is asked for."""

NO_FAULT = "no_fault"
"""The implied invariant: no step does what it must not (write an absent place, ...)."""

NO_FAULT_YET = "the step does not fault"
"""What is assumed of a step beside the conjuncts, except where the fault itself is asked for."""

AFTER = "'"
DENIED = "'-"


@dataclass(frozen=True, slots=True)
class Question:
    """Does `step` (or, for `START`, every start state) preserve `goal`, if all that is `needed` holds before?

    `step`: its name in `steps_by_name`. `goal`: of a conjunct or a transition property, or `fault_name` of a fault.
    `needed`: names of conjuncts, and `NO_FAULT_YET`.
    """

    step: str
    goal: str
    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Obligation:
    """`assumptions`, `updates` as definitions, and `violated` have no model together. That a switch has exactly one
    option is assumed of those that something else here reads.

    `predicates` are those of the state before that occur, and the names of conditions (`RelStep.definitions`).
    `constants` are the step's parameters and choices; formulas are closed but for these. `updates`: of the predicates
    after the step that `violated` reads.
    """

    step: str
    goal: str
    sorts: tuple[str, ...]
    predicates: tuple[Predicate, ...]
    constants: tuple[Sym, ...]
    assumptions: tuple[tuple[str, Formula], ...]
    updates: tuple[Update, ...]
    violated: Formula


def fault_name(step: str, case: int) -> str:
    return f"{step}: fault {case}"


def steps_by_name(steps: Iterable[RelStep]) -> dict[str, RelStep]:
    """Several relational steps of one step get a number each."""
    found: dict[str, RelStep] = {}
    for step in steps:
        suffix = "".join(f" {number}" for _, number in step.enum_args)
        found[f"{step.name}{' #' if suffix else ''}{suffix.strip()}"] = step
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A system, and what may be assumed and shown of it, by name. What was worked out for one obligation is kept for
    the next: `before`, of a step, all that is known when it fires; `read`, of formulas by identity, predicates. Equal
    to itself only."""

    system: RelSystem
    conjuncts: Mapping[str, Formula]
    transitions: Mapping[str, Formula]
    steps: Mapping[str, RelStep]
    resolver: "Resolver"
    before: dict[str, tuple[tuple[str, Formula], ...]] = field(default_factory=dict)
    read: dict[int, frozenset[str]] = field(default_factory=dict)


def obligation(of: Subject, when: Formula, question: Question) -> Obligation:
    """The question under all settings that satisfy `when`. Raises `KeyError` for names that the system has not."""
    step = None if question.step == START else of.steps[question.step]
    known = [each for each in _known(of, step, question.step) if each[0] in question.needed or each[0] != NO_FAULT_YET]
    conjuncts = [(name, of.conjuncts[name]) for name in sorted(question.needed - {NO_FAULT_YET})]
    resolved = [(name, _resolved(of.resolver, each, True)) for name, each in (("when", when), *conjuncts)]
    updates, violated = _violated(of, step, question)
    return _closed(of, question, step, (resolved[0], *known, *resolved[1:]), updates, violated)


def assumed(of: Subject, name: str) -> Formula:
    """The conjunct as it stands where it is assumed: closed, and without `Either`. Raises `KeyError`."""
    return _resolved(of.resolver, of.conjuncts[name], True)


def _known(of: Subject, step: RelStep | None, name: str) -> tuple[tuple[str, Formula], ...]:
    """What is so in every start state; or whenever the step fires, and that it does not fault."""
    if name not in of.before:
        resolver = of.resolver
        if step is None:
            init = [_resolved(resolver, each, True) for each in of.system.init]
            of.before[name] = tuple((f"init {number}", each) for number, each in enumerate(init, 1))
        else:
            faultless = And(tuple(Not(_resolved(resolver, each.condition, False)) for each in step.faults))
            guard = ("guard", _resolved(resolver, step.guard, True))
            of.before[name] = (guard, *_definitions(resolver, step), (NO_FAULT_YET, faultless))
    return of.before[name]


def _definitions(resolver: "Resolver", step: RelStep) -> Iterator[tuple[str, Formula]]:
    for name, meaning in step.definitions:
        named = Atom(name, ())
        yield f"{name} implies", Or((Not(named), _resolved(resolver, meaning, True)))
        yield f"{name} is implied", Or((named, Not(_resolved(resolver, meaning, False))))


def _violated(of: Subject, step: RelStep | None, question: Question) -> tuple[tuple[Update, ...], Formula]:
    """The predicates after the step, and the goal denied of them."""
    resolver = of.resolver
    if step is None:
        return (), Not(_resolved(resolver, of.conjuncts[question.goal], True))
    for case, fault in enumerate(step.faults):
        if question.goal == fault_name(question.step, case):
            return (), _resolved(resolver, fault.condition, True)
    mark = AFTER if question.goal in of.transitions else ""
    goal = (of.transitions if mark else of.conjuncts)[question.goal]
    reads = predicates_of(goal)
    changed: dict[str, Update] = {}
    # What the step does not change is after it as before.
    asserted = {name: name.removesuffix(mark) for name in reads if mark and name.endswith(mark)}
    denied = dict(asserted)
    for update in step.updates:
        if update.pred + mark in reads:
            true, false = _resolved(resolver, update.body, True), _resolved(resolver, update.body, False)
            asserted[update.pred + mark] = update.pred + AFTER
            denied[update.pred + mark] = update.pred + (AFTER if true is false else DENIED)
            changed[update.pred + AFTER] = Update(update.pred + AFTER, update.formals, true)
            changed.setdefault(denied[update.pred + mark], Update(update.pred + DENIED, update.formals, false))
    # The goal stands under a negation: what it asserts is denied.
    violated = Not(_resolved(Resolver(asserted=denied, denied=asserted), goal, True))
    read = predicates_of(violated)
    return tuple(update for name, update in changed.items() if name in read), violated


def _closed(
    of: Subject,
    question: Question,
    step: RelStep | None,
    assumptions: tuple[tuple[str, Formula], ...],
    updates: tuple[Update, ...],
    violated: Formula,
) -> Obligation:
    formulas = [*(formula for _, formula in assumptions), *(update.body for update in updates)]
    read = predicates_of(violated).union(*(_reads(of, each) for each in formulas))
    options = [_resolved(of.resolver, each, True) for each in of.system.switch_axioms]
    options = [each for each in options if not read.isdisjoint(_reads(of, each))]
    read = read.union(*(_reads(of, each) for each in options))
    definitions = () if step is None else tuple(Predicate(name, ()) for name, _ in step.definitions)
    return Obligation(
        question.step,
        question.goal,
        of.system.sorts,
        tuple(each for each in (*of.system.predicates, *definitions) if each.name in read),
        () if step is None else (*step.params, *step.choices),
        (*((f"option {number}", each) for number, each in enumerate(options, 1)), *assumptions),
        updates,
        violated,
    )


def _reads(of: Subject, formula: Formula) -> frozenset[str]:
    if id(formula) not in of.read:
        of.read[id(formula)] = predicates_of(formula)
        of.resolver.kept.append(formula)
    return of.read[id(formula)]


# ---- resolving -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resolver:
    """What predicates are called where they are asserted and where they are denied, and the formulas done so far: by
    identity, so that what is shared stays shared (`kept` keeps them alive)."""

    asserted: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
    done: dict[tuple[int, bool], Formula] = field(default_factory=dict)
    kept: list[Formula] = field(default_factory=list)


def _resolved(resolver: Resolver, formula: Formula, asserted: bool) -> Formula:
    """The formula without `Either`, to be asserted (or, if not `asserted`, denied); itself if there is nothing to
    replace."""
    key = (id(formula), asserted)
    found = resolver.done.get(key)
    if found is None:
        found = _newly_resolved(resolver, formula, asserted)
        resolver.done[key] = found
        resolver.kept.append(formula)
    return found


def _newly_resolved(resolver: Resolver, formula: Formula, asserted: bool) -> Formula:
    match formula:
        case Truth() | Same():
            return formula
        case Atom(pred, args):
            name = (resolver.asserted if asserted else resolver.denied).get(pred, pred)
            return formula if name == pred else Atom(name, args)
        case Not(body):
            inner = _resolved(resolver, body, not asserted)
            return formula if inner is body else Not(inner)
        case And(parts) | Or(parts):
            inners = tuple(_resolved(resolver, part, asserted) for part in parts)
            if all(inner is part for inner, part in zip(inners, parts, strict=True)):
                return formula
            return And(inners) if isinstance(formula, And) else Or(inners)
        case Forall(names, body) | Exists(names, body):
            inner = _resolved(resolver, body, asserted)
            if inner is body:
                return formula
            return Forall(names, inner) if isinstance(formula, Forall) else Exists(names, inner)
        case Either(positive, negative):
            return _resolved(resolver, positive if asserted else negative, asserted)
        case _:
            assert_never(formula)
