"""Proofs for any size: what a worker does, and what it returns.

A proof that does not go through is explained by a counterexample to induction: of the conjunct that failed first, and
not only because others were lost. Whether its first state is reached at that scope says if a lemma is missing or false.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.obligation import START
from cowspec.encode.relational.steps import in_words
from cowspec.encode.relational.translate import CountTooLarge, translate
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.cti import find_cti, reach_state
from cowspec.engines.induction.houdini import Failure
from cowspec.engines.induction.prove import InductionResult, prove
from cowspec.engines.known import NO_CERTIFICATE, NOTHING, Certificate, Known
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import replay
from cowspec.judge.relations import Relations
from cowspec.judge.results import Witness
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Formula, System
from cowspec.system.slicing import slice_system
from cowspec.verdict import Cti, Limits, NoViolation, Proved, Trace, Unknown

REACH = Limits(max_steps=8, timeout=10.0)
"""Bounds of the search for a run to the first state of a counterexample to induction."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of the proof of one property. `witness` belongs to the counterexample to induction, if there is one;
    `notes` say whether that is reached; `searched` what runs were searched afterwards."""

    property: str
    verdict: Proved | Unknown
    witness: Witness = ()
    notes: tuple[str, ...] = ()
    searched: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempts:
    """One proof of several properties together. `kept`: what was found inductive; `dropped`: lemmas and facts that were
    not, each with the reason."""

    found: tuple[Attempt, ...]
    kept: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
    known: Known = NOTHING


def attempt(
    system: System,
    names: tuple[str, ...],
    when: Formula,
    limits: Limits,
    known: Known = NOTHING,
    relations: Relations | None = None,
    hints: Certificate = NO_CERTIFICATE,
) -> Attempts:
    """Tries to prove the properties together under every setting that satisfies `when`. `relations`: of the system, if
    at hand. `hints`: of earlier proofs."""
    began = monotonic()
    result = prove(system, names, when, limits, known, relations.form if relations is not None else None, hints)
    seconds = monotonic() - began
    explained: dict[tuple[str, str], Attempt] = {}
    found: list[Attempt] = []
    for name, verdict in result.verdicts:
        if isinstance(verdict, Proved):
            found.append(Attempt(name, verdict, seconds=seconds))
            continue
        failure = root(result.failures, name)
        if failure is None:
            found.append(Attempt(name, verdict, seconds=seconds))
            continue
        key = (failure.conjunct, failure.step)
        if key not in explained:
            explained[key] = _explain(system, failure, when, limits)
        why = explained[key]
        cti = why.verdict.cti if isinstance(why.verdict, Unknown) else None
        found.append(replace(why, property=name, verdict=replace(verdict, cti=cti), seconds=seconds))
    return Attempts(tuple(found), result.inductive, _dropped(system, result), result.known)


def root(failures: Sequence[Failure], name: str) -> Failure | None:
    """The failure from which the failure of `name` follows: of the conjunct that was lost first."""
    by_name = {failure.conjunct: failure for failure in reversed(failures)}
    seen: set[str] = set()
    while name in by_name and name not in seen:
        seen.add(name)
        failure = by_name[name]
        lost = [each for each in failure.lost if each in by_name and each not in seen]
        if not lost:
            return failure
        name = lost[0]
    return by_name.get(name)


def _explain(system: System, failure: Failure, when: Formula, limits: Limits) -> Attempt:
    """A counterexample to induction for the failure, if there is one at a small scope."""
    nothing = Attempt(failure.conjunct, Unknown(failure.reason))
    covers = {prop.name for prop in system.properties if prop.kind is PropertyKind.COVER}
    if failure.step == START or failure.conjunct in covers:
        return nothing
    try:
        relational = translate(system)
    except CountTooLarge:
        return nothing
    step = failure.step.partition(" #")[0]
    names = {each.name for each in (*relational.facts, *relational.properties)} | set(dict(relational.typing))
    assumed = [name for name in failure.assumed if name in names]
    cti = find_cti(system, relational, assumed, failure.conjunct, step, when, limits)
    if cti is None:
        return replace(nothing, notes=("no counterexample to induction at the default scope",))
    return Attempt(
        failure.conjunct,
        Unknown(failure.reason, cti),
        witness=_witness(system, cti),
        notes=(reached(system, relational, cti, limits),),
    )


def _witness(system: System, cti: Cti) -> Witness:
    formulas = {prop.name: prop.formula for prop in system.properties if prop.kind is not PropertyKind.COVER}
    formulas |= {fact.name: fact.formula for fact in system.facts}
    if cti.step.state is None or cti.conjunct not in formulas:
        return ()
    machine = Machine(slice_system(system, cti.setting), cti.scope, cti.setting)
    return machine.witness(formulas[cti.conjunct], cti.step.state, cti.before)


def reached(system: System, relational: RelSystem, cti: Cti, limits: Limits) -> str:
    """Whether the first state of a counterexample to induction is reached at its scope, within `REACH`."""
    bounds = replace(
        limits, max_steps=min(REACH.max_steps, limits.max_steps), timeout=min(REACH.timeout, limits.timeout)
    )
    try:
        answer = reach_state(
            system, relational, cti.before, cti.scope, cti.setting, bounds, replay=replay_without_claim
        )
    except EncodingDisagrees as error:
        return str(error)
    match answer:
        case Trace(steps=steps):
            return f"a run of {len(steps)} steps reaches the state before: {cti.conjunct} is false"
        case NoViolation(_, steps):
            return (
                f"no run of up to {steps} steps reaches the state before: perhaps a lemma is missing that excludes it"
            )
        case Unknown(reason):
            return f"whether the state before is reached is open: {reason}"


def replay_without_claim(system: System, trace: Trace) -> Trace:
    """The run is checked; what it is a run to is no property of the model."""
    return replace(replay(system, replace(trace, property="")), property=trace.property)


def _dropped(system: System, result: InductionResult) -> tuple[tuple[str, str], ...]:
    lemmas = {prop.name for prop in system.properties if prop.kind is PropertyKind.LEMMA}
    said: dict[str, str] = {}
    for failure in result.failures:
        if failure.conjunct in lemmas:
            said[failure.conjunct] = f"lemma {failure.conjunct} is of no use: {_why(system, failure)}"
        elif failure.conjunct in result.dropped_facts:
            said[failure.conjunct] = f"structural fact {failure.conjunct} is of no use: {_why(system, failure)}"
    return tuple(said.items())


def _why(system: System, failure: Failure) -> str:
    if failure.reason:
        return f"the solver gave up at {in_words(system, failure.step)}: {failure.reason}"
    if failure.step == START:
        return "it is false in a start state"
    lost = ", ".join(in_words(system, each) for each in failure.lost)
    return f"not preserved by {in_words(system, failure.step)}" + (f" without {lost}" if lost else "")
