"""Checking a trace: every step is fired again, and what the trace claims at its end is evaluated."""

from collections.abc import Iterable
from dataclasses import replace

from cowspec.evaluate.machine import Disabled, Faulted, Machine, Moved
from cowspec.evaluate.search import NO_FAULT
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Trace, TraceStep


class ReplayError(Exception):
    """The trace is no run of the system, or does not show what it claims. `step`: the number of the step that is wrong,
    counted from 1; 0 for the start state."""

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(f"step {step}: {reason}" if step else f"start: {reason}")
        self.step, self.reason = step, reason


def replay(system: ir.System, trace: Trace) -> Trace:
    """The trace with states and notes as the steps give them.

    Raises ReplayError if the start state is none, a firing is not enabled, a recorded state differs, or the last state
    (step, for a transition property) does not violate the property, reach the cover, or end in the fault. Recorded
    notes are not compared. A trace whose property is "" claims nothing but to be a run.
    """
    return _replayed(_machine(system, trace), trace)


def replays_under(system: ir.System, trace: Trace, settings: Iterable[ir.Setting]) -> tuple[ir.Setting, ...]:
    """Those of the settings under which the same firings from the same start are a run with the same end.

    One replay answers for all settings that agree on the switches it looked at.
    """
    bare = replace(trace, steps=tuple(replace(step, state=None) for step in trace.steps))
    found: set[ir.Setting] = set()
    waiting = tuple(settings)
    while waiting:
        tried = replace(bare, setting=waiting[0])
        machine = _machine(system, tried)
        try:
            _replayed(machine, tried)
            is_run = True
        except ReplayError:
            is_run = False
        decided = {pair for pair in waiting[0] if pair[0] in machine.switches_read}
        if is_run:
            found.update(setting for setting in waiting if decided <= set(setting))
        waiting = tuple(setting for setting in waiting if not decided <= set(setting))
    return tuple(setting for setting in settings if setting in found)


def _machine(system: ir.System, trace: Trace) -> Machine:
    try:
        return Machine(system, trace.scope, trace.setting)
    except ValueError as error:
        raise ReplayError(0, f"scope or switches do not fit the model: {error}") from error


def _replayed(machine: Machine, trace: Trace) -> Trace:
    try:
        is_start = machine.is_start(trace.start)
    except ValueError as error:
        raise ReplayError(0, f"scope or switches do not fit the model: {error}") from error
    if not is_start:
        raise ReplayError(0, "it is no start state of the model")
    steps: list[TraceStep] = []
    before = state = trace.start
    fault: str | None = None
    for number, recorded in enumerate(trace.steps, start=1):
        if fault is not None:
            raise ReplayError(number, "the step before it is a fault")
        taken, fault = _fire(machine, state, recorded, number)
        steps.append(taken)
        if taken.state is not None:
            before, state = state, taken.state
    _check_end(machine, trace, before, state, fault)
    return replace(trace, steps=tuple(steps), fault=fault)


def _fire(machine: Machine, state: ir.State, recorded: TraceStep, number: int) -> tuple[TraceStep, str | None]:
    """The step fired again, and its fault."""
    firing = recorded.firing
    try:
        outcome = machine.fire(state, firing)
    except KeyError as error:
        raise ReplayError(number, f"the model has no step {firing.step}") from error
    except ValueError as error:
        raise ReplayError(number, str(error)) from error
    match outcome:
        case Disabled(reason):
            raise ReplayError(number, f"{firing.step} is not enabled: {reason}")
        case Faulted(message, notes):
            if recorded.state is not None:
                raise ReplayError(number, f"{firing.step} faults ({message}), and a state is recorded after it")
            return TraceStep(firing, notes, None), message
        case Moved(after, notes):
            if recorded.state is not None and recorded.state != after:
                where = _difference(machine.system, recorded.state, after)
                raise ReplayError(number, f"the state after {firing.step} differs from the recorded one in {where}")
            return TraceStep(firing, notes, after), None


def _difference(system: ir.System, recorded: ir.State, found: ir.State) -> str:
    if len(recorded) != len(found):
        return "the number of its tables"
    pairs = zip(system.vars, recorded, found, strict=True)
    return ", ".join(var.name for var, theirs, ours in pairs if theirs != ours)


def _check_end(machine: Machine, trace: Trace, before: ir.State, state: ir.State, fault: str | None) -> None:
    end = len(trace.steps)
    if trace.property == NO_FAULT or trace.fault is not None:
        if fault is None or trace.fault not in (None, fault):
            raise ReplayError(end, f"it ends in {fault or 'no fault'}, not in {trace.fault or 'a fault'}")
        return
    if fault is not None:
        raise ReplayError(end, f"it ends in a fault: {fault}")
    if not trace.property:
        return
    kind, formula = _claim(machine.system, trace.property)
    match kind:
        case PropertyKind.COVER:
            if not machine.holds(formula, state):
                raise ReplayError(end, f"the last state does not reach {trace.property}")
        case PropertyKind.TRANSITION:
            if not trace.steps or machine.holds(formula, state, before):
                raise ReplayError(end, f"the last step does not violate {trace.property}")
        case PropertyKind.INVARIANT | PropertyKind.LEMMA:
            if machine.holds(formula, state):
                raise ReplayError(end, f"the last state does not violate {trace.property}")


def _claim(system: ir.System, name: str) -> tuple[PropertyKind, ir.Formula]:
    """A property of the model, or one of its structural facts."""
    for prop in system.properties:
        if prop.name == name:
            return prop.kind, prop.formula
    for fact in system.facts:
        if fact.name == name:
            return PropertyKind.INVARIANT, fact.formula
    raise ReplayError(0, f"the model has no property {name}")
