"""Runs of a mutant that the claims of the model exclude.

All claims are asked at once, at one scope after the other, as most mutants violate some claim within a few steps. Of
what would survive, each claim that has lost its proof is asked on its own: that goes a few steps deeper in the same
time, and there is time for it, as few mutants come so far.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from cowspec.encode.relational.translate import formula_of
from cowspec.engines.bmc.depths import Reached, reach
from cowspec.engines.bmc.goals import Faults, Meets, Target, Violates
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import replay, replays_under
from cowspec.judge.mutation.scopes import fitting_first
from cowspec.judge.mutation.subject import Examined, Subject
from cowspec.judge.plan import Question
from cowspec.judge.proving import replay_without_claim
from cowspec.judge.refuting import shown, witness_of
from cowspec.judge.results import Disagreement
from cowspec.judge.selection import NO_FAULT
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import And, Formula, Not, Or, Scope, System
from cowspec.system.slicing import slice_system
from cowspec.system.switches import holds
from cowspec.verdict import Limits, Trace

MUTANT = "mutant"

CLOSER_SCOPES = 3
"""Of the scopes that fit the change, so many are searched again for each claim."""

CLOSER = 20
"""So many times the seconds for a scope are shared by these searches; each has at least the seconds for a scope."""


def search(subject: Subject, examined: Examined, scopes: Sequence[Scope], limits: Limits) -> Examined | Disagreement:
    """Depth by depth at one scope after the other, for all claims and settings at once."""
    assert examined.system is not None
    asked = ((subject.claims, scope) for scope in fitting_first(examined.system, examined.steps, scopes))
    return _search(examined, asked, limits)


def search_each(
    examined: Examined, claims: Sequence[Question], scopes: Sequence[Scope], limits: Limits
) -> Examined | Disagreement:
    """The same for each of the claims alone, at the first few scopes."""
    assert examined.system is not None
    fitting = fitting_first(examined.system, examined.steps, scopes)[:CLOSER_SCOPES]
    asked = [((claim,), scope) for scope, claim in product(fitting, claims)]
    share = max(limits.timeout, limits.timeout * CLOSER / max(len(asked), 1))
    return _search(examined, asked, replace(limits, timeout=share))


def _search(
    examined: Examined, asked: Iterable[tuple[Sequence[Question], Scope]], limits: Limits
) -> Examined | Disagreement:
    system = examined.system
    assert system is not None
    said = list(examined.searched)
    for claims, scope in asked:
        here = [q for q in claims if not q.scope or default_scope(system, dict(q.scope)) == scope]
        if not here:
            continue
        bounds = [question.within for question in here if question.within is not None]
        within = replace(limits, max_steps=min([limits.max_steps, *bounds]))
        try:
            found = reach(system, _targets(system, here), scope, within, replay=replay_without_claim, any_of=True)
        except EncodingDisagrees as error:
            return Disagreement(str(error), error.trace)
        if found.traces:
            return _refuted(examined, system, here, next(iter(found.traces.values())))
        said.append(_said(found, scope, here[0].property if len(claims) == 1 else None))
    return replace(examined, searched=tuple(said))


def _said(found: Reached, scope: Scope, name: str | None) -> str:
    place = ", ".join(f"{sort}={size}" for sort, size in scope)
    alone = f" that violates {name}" if name else ""
    return f"{found.steps} steps{alone} at {place}" + (f" ({found.stopped})" if found.stopped else "")


def _targets(system: System, claims: Iterable[Question]) -> list[Target]:
    """One for all violations in a state, one for faults, one for each transition property."""
    kinds = {prop.name: prop for prop in system.properties}
    states: list[Formula] = []
    targets: list[Target] = []
    for claim in claims:
        if claim.property == NO_FAULT:
            targets.append(Target(Faults(), claim.when))
        elif kinds[claim.property].kind is PropertyKind.TRANSITION:
            targets.append(Target(Violates(claim.property), claim.when))
        else:
            states.append(And((claim.when, _violation(system, claim.property))))
    if states:
        targets.append(Target(Meets(MUTANT, formula_of(system, Or(tuple(states))))))
    return targets


def _violation(system: System, name: str) -> Formula:
    """What must never be true."""
    (prop,) = (prop for prop in system.properties if prop.name == name)
    return prop.formula if prop.kind is PropertyKind.COVER else Not(prop.formula)


def _refuted(examined: Examined, system: System, claims: Sequence[Question], trace: Trace) -> Examined | Disagreement:
    """The run with the property that it violates, and the settings under which it does."""
    names = [trace.property] if trace.property != MUTANT else _violated_at_end(system, claims, trace)
    if not names:
        return Disagreement("the run found for the mutant violates no claim", trace)
    named = shown(system, replay(system, replace(trace, property=names[0])))
    claimed = dict.fromkeys(s for claim in claims if claim.property == names[0] for s in claim.settings)
    settings = replays_under(system, named, claimed)
    return replace(examined, trace=named, settings=settings, witness=witness_of(system, named))


def _violated_at_end(system: System, claims: Sequence[Question], trace: Trace) -> list[str]:
    machine = Machine(slice_system(system, trace.setting), trace.scope, trace.setting)
    last = trace.steps[-1].state if trace.steps else trace.start
    asked = [claim.property for claim in claims if holds(claim.when, trace.setting) and claim.property != NO_FAULT]
    kinds = {prop.name: prop.kind for prop in system.properties}
    states = [name for name in dict.fromkeys(asked) if kinds[name] is not PropertyKind.TRANSITION]
    return [name for name in states if last is not None and machine.holds(_violation(system, name), last)]
