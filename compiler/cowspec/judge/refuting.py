"""Runs that violate a property (or reach a cover) under each of some settings: what a worker does, and what it returns.

The search finds a shortest run for each setting. A run that is one under other settings too is shown once for all of
them; elements are numbered by first appearance, and what results is replayed again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cowspec.engines.bmc import EncodingDisagrees, search
from cowspec.engines.bmc_goals import Faults, Goal, Target, Violates, at_setting
from cowspec.engines.scopes import default_scope, growing, largest_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evidence.renumber import renumber
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
    system: System, name: str, settings: Sequence[Setting], scopes: Sequence[Scope], limits: Limits
) -> tuple[Searched, ...] | Disagreement:
    """Searches a run for each of the settings, at the scopes in their order."""
    goal: Goal = Faults() if name == NO_FAULT else Violates(name)
    targets = {setting: Target(goal, at_setting(setting)) for setting in settings}
    try:
        found = search(system, targets.values(), scopes, limits, replay=replay)
    except EncodingDisagrees as error:
        return Disagreement(str(error), error.trace)
    return together(system, name, [(setting, found[target]) for setting, target in targets.items()])


def scopes_for(system: System, sizes: Iterable[tuple[str, int]], *, exact: bool) -> tuple[Scope, ...]:
    """Where to search: one scope (`exact`), or growing ones that give the named sorts their sizes."""
    fixed = dict(sizes)
    return (default_scope(system, fixed),) if exact else growing(system, fixed, largest_scope(system, fixed))


def together(
    system: System, name: str, found: Sequence[tuple[Setting, Refuted | NoViolation | Unknown]]
) -> tuple[Searched, ...]:
    """Settings with the same run, or the same other answer, become one."""
    groups: list[Searched] = []
    waiting = list(found)
    while waiting:
        setting, verdict = waiting[0]
        if isinstance(verdict, Refuted):
            trace = shown(system, verdict.trace)
            alike = [s for s, other in waiting if s == setting or _also(system, trace, s, verdict, other)]
            final: Refuted | NoViolation | Unknown = replace(verdict, trace=trace)
            groups.append(Searched(tuple(alike), final, witness_of(system, trace)))
        else:
            alike = [s for s, other in waiting if other == verdict]
            groups.append(Searched(tuple(alike), verdict))
        taken = set(alike)
        waiting = [pair for pair in waiting if pair[0] not in taken]
    return tuple(groups)


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


def _also(
    system: System, trace: Trace, setting: Setting, verdict: Refuted, other: Refuted | NoViolation | Unknown
) -> bool:
    """The run is one under this setting too, where none shorter was found and none at a smaller scope."""
    if not isinstance(other, Refuted):
        return False
    theirs, ours = other.trace, verdict.trace
    if (theirs.scope, len(theirs.steps), other.smaller) != (ours.scope, len(ours.steps), verdict.smaller):
        return False
    try:
        replay(system, replace(trace, setting=setting))
    except ReplayError:
        return False
    return True
