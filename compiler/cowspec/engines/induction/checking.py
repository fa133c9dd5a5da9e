"""Proofs found before, checked without searching: each obligation is asked once, with what it is known to need.

In: a system, a certificate, goals. Out: what does not hold. Nothing that a certificate says is believed: the
obligations are those of the system as it is now, and a core is only what a fresh solver is given to show one of them.
"""

from collections.abc import Collection, Sequence

from cowspec.encode.relational.obligation import NO_FAULT
from cowspec.encode.relational.translate import NAMED, CountTooLarge, counts_above_two, formula_of, translate
from cowspec.engines.induction.hints import assumed
from cowspec.engines.induction.obligations import Obligations, fault_pairs, obligations, pairs, unconfirmed
from cowspec.engines.induction.prove import conjuncts_of
from cowspec.engines.known import Certificate, Question, usual_core
from cowspec.system import ir
from cowspec.verdict import Limits


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
        found += fault_pairs(asked)
    return found


def _failing(
    asked: Obligations, proof: Certificate, questions: Sequence[Question], allowed: frozenset[str]
) -> list[str]:
    by_step: dict[str, dict[str, frozenset[str]]] = {}
    wrong: list[str] = []
    for step, name in questions:
        core = proof.cores.get((step, name), usual_core((step, name), allowed))
        if core <= allowed:
            by_step.setdefault(step, {})[name] = assumed(asked, (step, name), core)
        else:
            wrong.append(f"{name} at {step} rests on {min(core - allowed)}, which the proof does not show")
    for step, cores in by_step.items():
        wrong += [f"{name} is not shown to hold after {step}" for name in unconfirmed(asked, step, cores)]
    return wrong
