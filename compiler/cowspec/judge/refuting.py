"""Runs that violate a property (or reach a cover) under each of some settings: what a worker does, and what it returns.

The run found under a setting is a shortest one, and is shown once for all settings that it is one under. Elements are
numbered by first appearance, and what results is replayed again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cowspec.engines.bmc.goals import Faults, Goal, Target, Violates
from cowspec.engines.bmc.search import EncodingDisagrees, search
from cowspec.engines.scopes import default_scope, growing, largest_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay, replays_under
from cowspec.evidence.renumber import renumber
from cowspec.judge.plan import either
from cowspec.judge.relations import Relations
from cowspec.judge.results import Disagreement, Witness
from cowspec.judge.selection import NO_FAULT
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.slicing import slice_system
from cowspec.verdict import Limits, NoViolation, Refuted, Trace, Unknown


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found under these settings; the witness belongs to a violation."""

    settings: tuple[Setting, ...]
    verdict: Refuted | NoViolation | Unknown
    witness: Witness = ()


def refute(
    system: System,
    name: str,
    settings: Sequence[Setting],
    scopes: Sequence[Scope],
    limits: Limits,
    relations: Relations | None = None,
) -> tuple[Searched, ...] | Disagreement:
    """Searches a run for each of the settings, at the scopes in their order. `relations`: of the system, if at hand.

    One search asks for the first run under any of the settings. Where it is a run under others too, it is the first
    there as well; the search goes on where it is for the rest. Under one setting alone the system is searched without
    its switches, which takes two thirds of the time.
    """
    if len(settings) == 1 and system.switches:
        return _refute_under(system, name, settings[0], scopes, limits)
    goal: Goal = Faults() if name == NO_FAULT else Violates(name)
    open_settings = {Target(goal, either(system, settings)): tuple(settings)}
    runs: dict[Target, tuple[tuple[Setting, ...], Trace, Witness]] = {}

    def rest(target: Target, found: Trace) -> Target | None:
        trace, waiting = shown(system, found), open_settings[target]
        alike = replays_under(system, trace, waiting)
        runs[target] = alike, trace, witness_of(system, trace)
        taken = set(alike)
        left = tuple(setting for setting in waiting if setting not in taken)
        if not left:
            return None
        remaining = Target(goal, either(system, left))
        open_settings[remaining] = left
        return remaining

    try:
        rel = relations.form() if relations is not None else None
        verdicts = search(system, tuple(open_settings), scopes, limits, replay=replay, rest=rest, rel=rel)
    except EncodingDisagrees as error:
        return Disagreement(str(error), error.trace)
    groups: list[Searched] = []
    for target, verdict in verdicts.items():
        if isinstance(verdict, Refuted):
            alike, trace, witness = runs[target]
            groups.append(Searched(alike, replace(verdict, trace=trace), witness))
        else:
            groups.append(Searched(open_settings[target], verdict))
    return tuple(groups)


def _refute_under(
    system: System, name: str, setting: Setting, scopes: Sequence[Scope], limits: Limits
) -> tuple[Searched, ...] | Disagreement:
    """Searches the slice, and says what is found of the system: runs are replayed there."""
    sliced = replace(slice_system(system, setting), switches=())
    found = refute(sliced, name, ((),), scopes, limits)
    if isinstance(found, Disagreement):
        return replace(found, trace=replace(found.trace, setting=setting)) if found.trace is not None else found
    groups: list[Searched] = []
    for each in found:
        match each.verdict:
            case Refuted(trace=trace):
                whole = replace(trace, setting=setting)
                try:
                    whole = replay(system, whole)
                except ReplayError as error:
                    return Disagreement(
                        f"the run found for {name} under one setting cannot be replayed: {error}", whole
                    )
                verdict: Refuted | NoViolation | Unknown = replace(each.verdict, trace=whole)
            case NoViolation() if len(scopes) == 1:
                verdict = replace(each.verdict, never_fired=_never_fired(system, sliced, each.verdict.never_fired))
            case _:
                verdict = each.verdict
        groups.append(replace(each, settings=(setting,), verdict=verdict))
    return tuple(groups)


def _never_fired(system: System, sliced: System, found: Sequence[str]) -> tuple[str, ...]:
    """The steps of the system that never fired in the slice, or are not in it."""
    left = {step.name for step in sliced.steps} - set(found)
    return tuple(dict.fromkeys(step.name for step in system.steps if step.name not in left))


def scopes_for(system: System, sizes: Iterable[tuple[str, int]], *, exact: bool) -> tuple[Scope, ...]:
    """Where to search: one scope (`exact`), or growing ones that give the named sorts their sizes."""
    fixed = dict(sizes)
    return (default_scope(system, fixed),) if exact else growing(system, fixed, largest_scope(system, fixed))


def shown(system: System, trace: Trace) -> Trace:
    """The trace with elements numbered as they appear, under the path of its model, replayed; as it was if renumbering
    fails."""
    named = replace(trace, model=system.path)
    try:
        return replay(system, renumber(system, named))
    except ReplayError:
        return named


def witness_of(system: System, trace: Trace) -> Witness:
    """The elements for which the property fails at the end of the trace."""
    prop = next((prop for prop in system.properties if prop.name == trace.property), None)
    formula = (
        prop.formula
        if prop is not None
        else next((fact.formula for fact in system.facts if fact.name == trace.property), None)
    )
    last = trace.steps[-1].state if trace.steps else trace.start
    if formula is None or last is None:
        return ()
    before = trace.steps[-2].state if len(trace.steps) > 1 else trace.start
    machine = Machine(slice_system(system, trace.setting), trace.scope, trace.setting)
    return machine.witness(formula, last, before)
