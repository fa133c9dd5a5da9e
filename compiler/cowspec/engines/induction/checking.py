"""Proofs found before, checked without searching: each obligation is asked once, with what it is known to need.

In: a system, a certificate, goals. Out: what does not hold. Nothing that a certificate says is believed: the
obligations are those of the system as it is now, and a core is only what a fresh solver is given to show one of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cowspec.encode.relational.obligation import NO_FAULT, NO_FAULT_YET, START, fault_name
from cowspec.encode.relational.translate import NAMED, CountTooLarge, counts_above_two, formula_of, translate
from cowspec.engines.induction.obligations import (
    Obligations,
    obligations,
    pairs,
    unconfirmed,
)
from cowspec.engines.induction.prove import conjuncts_of
from cowspec.engines.known import Known
from cowspec.system import ir
from cowspec.verdict import Limits

Question = tuple[str, str]
"""A step (or the start), and a conjunct, a transition property or a fault (`fault_name`)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Conjuncts that are inductive together. `cores`: what an obligation needs; where nothing is said, the conjunct
    itself (of a goal that is no conjunct: nothing)."""

    conjuncts: tuple[str, ...] = ()
    cores: Mapping[Question, frozenset[str]] = field(default_factory=dict)


def certificate(known: Known, goals: Collection[str]) -> Certificate:
    """The part of what is known that the goals need."""
    inductive = frozenset(known.inductive)
    part = known.part(goals)
    names = frozenset(goals).union(*part.values())
    needed = {question: core - {NO_FAULT_YET} for question, core in part.items()}
    cores = {question: core for question, core in needed.items() if core != _default(question, inductive)}
    return Certificate(tuple(name for name in known.inductive if name in names), cores)


def failing(
    system: ir.System,
    proof: Certificate,
    goals: Sequence[str],
    base: Collection[str],
    when: ir.Formula,
    limits: Limits,
) -> tuple[str, ...]:
    """Why the certificate does not show the goals under every setting that satisfies `when`; nothing if it does.
    `base`: conjuncts that are known to hold in every reachable state under these settings."""
    large = counts_above_two(system)
    properties = {each.name for each in system.properties}
    wrong = [f"{place} compares with a large count" for place in large if place not in properties or place in goals]
    if wrong:
        return tuple(wrong)
    try:
        translated = translate(system, NAMED)
    except CountTooLarge as error:
        return (str(error),)
    facts, candidates, transitions = conjuncts_of(system, translated, (*goals, *proof.conjuncts, *base), large)
    known = {**facts, **candidates}
    own = tuple(name for name in dict.fromkeys(proof.conjuncts) if name not in base)
    allowed = {*own, *base}
    missing = [name for name in allowed if name not in known]
    missing += [goal for goal in goals if goal not in {*allowed, *transitions, NO_FAULT}]
    if missing:
        return tuple(f"there is no lemma, invariant or fact {name} to prove it with" for name in sorted(missing))
    asked = obligations(
        translated,
        {name: formula for name, formula in known.items() if name in allowed},
        transitions,
        formula_of(system, when),
        limits,
        lambda step, goal, assumed: False,
    )
    return tuple(_failing(asked, proof, _questions(asked, own, goals, transitions), frozenset(allowed)))


def _questions(
    asked: Obligations, own: Sequence[str], goals: Sequence[str], transitions: Collection[str]
) -> list[Question]:
    """All that has to be asked, whatever a certificate says."""
    found = pairs(asked, [*own, *(name for name in goals if name in transitions)])
    if NO_FAULT in goals:
        found += [
            (step, fault_name(step, case)) for step, each in asked.steps.items() for case in range(len(each.faults))
        ]
    return found


def _failing(
    asked: Obligations, proof: Certificate, questions: Sequence[Question], allowed: frozenset[str]
) -> list[str]:
    by_step: dict[str, dict[str, frozenset[str]]] = {}
    wrong: list[str] = []
    for step, name in questions:
        core = proof.cores.get((step, name), _default((step, name), allowed))
        if core <= allowed:
            by_step.setdefault(step, {})[name] = _assumed(asked, (step, name), core)
        else:
            wrong.append(f"{name} at {step} rests on {min(core - allowed)}, which the proof does not show")
    for step, cores in by_step.items():
        wrong += [f"{name} is not shown to hold after {step}" for name in unconfirmed(asked, step, cores)]
    return wrong


def _assumed(asked: Obligations, question: Question, core: frozenset[str]) -> frozenset[str]:
    """Nothing is assumed of a start state. That the step does not fault is assumed wherever that is not the question:
    a step that faults has no state after it."""
    step, name = question
    if step == START:
        return frozenset()
    return core | {NO_FAULT_YET} if name in asked.goals else core


def _default(question: Question, conjuncts: Collection[str]) -> frozenset[str]:
    step, name = question
    return frozenset({name} if step != START and name in conjuncts else ())
