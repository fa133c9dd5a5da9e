"""Runs as short records, for the cache and the lock: a start state and what fired, nothing that follows from these.

    {"setting": {"cow": "page_count"}, "scope": {"Cpu": 2}, "start": {"pte.page[mm0, va0]": "page0"},
     "steps": ["do_wp_page.copy(cpu0, mm0, va0)", "choose_one(cpu1) 2, 0"]}

Numbers after a step are its choices. A record that is read gives the run as the evaluator replays it, or an error: what
a record says of states, notes and violations is never taken from it.
"""

import re

from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evidence.names import element, number_of, options
from cowspec.evidence.traces import TraceError, read_scope, read_setting, read_start, state_record, step_named
from cowspec.system.ir import Scope, System
from cowspec.verdict import Firing, Trace, TraceStep

MAX_STEPS = 10_000
_STEP = re.compile(r"(?P<step>[^()]+)\((?P<args>[^()]*)\)(?: (?P<choices>[0-9]{1,4}(?:, [0-9]{1,4})*))?")


def run_record(system: System, trace: Trace) -> dict[str, object]:
    """A record that `read_run` reads."""
    record: dict[str, object] = {
        "setting": options(trace.setting, system),
        "scope": dict(trace.scope),
        "start": state_record(system, trace.scope, trace.start),
        "steps": [_firing_text(system, taken.firing) for taken in trace.steps],
    }
    return record if trace.fault is None else record | {"fault": trace.fault}


def read_run(system: System, name: str, record: object) -> Trace:
    """The run as the evaluator replays it, which shows what a run for the property `name` has to show; with name "" it
    is just a run. Raises `TraceError` for anything else, and for any record that is none."""
    if not isinstance(record, dict) or not all(
        isinstance(record.get(key), kind)
        for key, kind in (("setting", dict), ("scope", dict), ("start", dict), ("steps", list))
    ):
        raise TraceError("no run: `setting`, `scope`, `start` and `steps` are expected")
    if len(record["steps"]) > MAX_STEPS:
        raise TraceError(f"the run has more than {MAX_STEPS} steps")
    scope = read_scope(system, record["scope"])
    setting = read_setting(system, record["setting"])
    start = read_start(system, scope, record["start"])
    firings = [_firing(system, scope, text) for text in record["steps"]]
    fault = record.get("fault")
    if fault is not None and not isinstance(fault, str):
        raise TraceError("`fault` is no text")
    steps = tuple(TraceStep(firing, (), None) for firing in firings)
    try:
        return replay(system, Trace(system.path, name, setting, scope, start, steps, fault))
    except ReplayError as error:
        raise TraceError(str(error)) from error


def _firing_text(system: System, firing: Firing) -> str:
    binders = step_named(system, firing.step).params
    args = ", ".join(element(system, b.domain, arg) for b, arg in zip(binders, firing.args, strict=True))
    choices = ", ".join(str(choice) for choice in firing.choices)
    return f"{firing.step}({args})" + (f" {choices}" if choices else "")


def _firing(system: System, scope: Scope, text: object) -> Firing:
    match = _STEP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise TraceError(f"{str(text)[:80]!r} is no step")
    step = step_named(system, match["step"])
    names = match["args"].split(", ") if match["args"] else []
    args = [number_of(system, scope, b.domain, name) for b, name in zip(step.params, names, strict=False)]
    if len(names) != len(step.params) or None in args:
        raise TraceError(f"`{text}`: the arguments do not fit {step.name}")
    choices = match["choices"].split(", ") if match["choices"] else []
    return Firing(step.name, tuple(arg for arg in args if arg is not None), tuple(int(choice) for choice in choices))
