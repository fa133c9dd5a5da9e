"""Traces as JSON: `write` one, `read` it back against a model, `subject` to learn which model it is of.

A state is an object from places to values, `{"pte.write[mm0, va0]": true}`; places with their default value (false,
absent, the first one) are left out. After each step only what changed is written. Reading checks the form, the names
and the sizes; whether the model can take these steps is for `evaluate.replay` to say.
"""

import json
from dataclasses import dataclass

from cowspec.evidence.names import changes, default, element, index_text, indices, number_of, offset, size, value_text
from cowspec.evidence.names import options as switch_options
from cowspec.system.ir import Scope, Setting, State, StateVar, Step, System, Value
from cowspec.verdict import Firing, Trace, TraceStep

SCHEMA_VERSION = 1
MAX_ELEMENTS = 64  # of one sort in a trace that is read
MAX_PLACES = 1_000_000  # of all tables together
NO_TRACE = "no trace of a run, as `check` and `refute` save them"
_MISSING = object()


class TraceError(Exception):
    """The text is no trace, or not one of this model; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a trace is about: the model's path as it was given, and the property."""

    model: str
    property: str


def write(system: System, trace: Trace) -> str:
    """The trace as JSON text, the same for the same trace byte for byte."""
    steps = []
    before = trace.start
    for taken in trace.steps:
        after = before if taken.state is None else taken.state
        step = step_named(system, taken.firing.step)
        steps.append(
            {
                "step": taken.firing.step,
                "args": {
                    binder.name: element(system, binder.domain, number)
                    for binder, number in zip(step.params, taken.firing.args, strict=True)
                },
                "choices": list(taken.firing.choices),
                "notes": list(taken.notes),
                "changes": {
                    _place(system, var, index): _value(system, var, now)
                    for var, index, _, now in changes(system, trace.scope, before, after)
                },
            }
        )
        before = after
    record = {
        "schema_version": SCHEMA_VERSION,
        "kind": "trace",
        "model": trace.model,
        "property": trace.property,
        "switches": switch_options(trace.setting, system),
        "scope": dict(trace.scope),
        "start": state_record(system, trace.scope, trace.start),
        "steps": steps,
        "fault": trace.fault,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def subject(text: str) -> Subject:
    """Which model and property a saved trace speaks of. Raises `TraceError`."""
    record = _record(text)
    return Subject(_text(record, "model"), _text(record, "property"))


def read(system: System, text: str) -> Trace:
    """The trace that `write` wrote, if it fits the system. Raises `TraceError`, and nothing else, for any text."""
    record = _record(text)
    setting = read_setting(system, _object(record, "switches"))
    scope = read_scope(system, _object(record, "scope"))
    start = read_start(system, scope, _object(record, "start"))
    steps: list[TraceStep] = []
    fault = record.get("fault")
    if fault is not None and not isinstance(fault, str):
        raise TraceError("`fault` is no text")
    entries = _list(record, "steps")
    state = start
    for number, entry in enumerate(entries, 1):
        where = f"step {number}"
        if not isinstance(entry, dict):
            raise TraceError(f"{where} is no object")
        firing = _read_firing(system, scope, entry, where)
        notes = _list(entry, "notes")
        if not all(isinstance(note, str) for note in notes):
            raise TraceError(f"{where}: a note is no text")
        state = _read_state(system, scope, state, _object(entry, "changes"), where)
        faulted = fault is not None and number == len(entries)
        steps.append(TraceStep(firing, tuple(str(note) for note in notes), None if faulted else state))
    return Trace(_text(record, "model"), _text(record, "property"), setting, scope, start, tuple(steps), fault)


def state_record(system: System, scope: Scope, state: State) -> dict[str, object]:
    """The places of a state that have not their default value."""
    return {
        _place(system, var, index): _value(system, var, value)
        for var, table in zip(system.vars, state, strict=True)
        for index, value in zip(indices(system, scope, var), table, strict=True)
        if value != default(var)
    }


def read_start(system: System, scope: Scope, given: dict[str, object]) -> State:
    """The state that `state_record` wrote. Raises `TraceError`."""
    empty = tuple(tuple(default(var) for _ in indices(system, scope, var)) for var in system.vars)
    return _read_state(system, scope, empty, given, "start")


def step_named(system: System, name: str) -> Step:
    """The step of that name. Raises `TraceError` if the model has none."""
    for step in system.steps:
        if step.name == name:
            return step
    raise TraceError(f"the model has no step `{name}`")


def _record(text: str) -> dict[str, object]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{NO_TRACE}: no JSON: {error}") from None
    if not isinstance(record, dict) or record.get("kind") != "trace":
        raise TraceError(f'{NO_TRACE}: an object with "kind": "trace" is expected')
    if record.get("schema_version") != SCHEMA_VERSION:
        raise TraceError(f"schema_version is {record.get('schema_version')!r}, {SCHEMA_VERSION} is expected")
    return record


def _text(record: dict[str, object], key: str) -> str:
    value = record.get(key, _MISSING)
    if not isinstance(value, str):
        raise TraceError(f"`{key}` is missing or no text")
    return value


def _object(record: dict[str, object], key: str) -> dict[str, object]:
    value = record.get(key, _MISSING)
    if not isinstance(value, dict):
        raise TraceError(f"`{key}` is missing or no object")
    return value


def _list(record: dict[str, object], key: str) -> list[object]:
    value = record.get(key, _MISSING)
    if not isinstance(value, list):
        raise TraceError(f"`{key}` is missing or no list")
    return value


def read_setting(system: System, given: dict[str, object]) -> Setting:
    setting = []
    for switch in system.switches:
        value = given.get(switch.name, _MISSING)
        option = {True: "on", False: "off"}.get(value) if switch.is_fix and isinstance(value, bool) else value
        if not isinstance(option, str) or option not in {name for name, _ in switch.options}:
            raise TraceError(f"switch `{switch.name}` is missing or has no such option")
        setting.append((switch.name, option))
    _refuse_others(given, {switch.name for switch in system.switches}, "switch")
    return tuple(setting)


def read_scope(system: System, given: dict[str, object]) -> Scope:
    scope = []
    for sort in system.sorts:
        count = given.get(sort, _MISSING)
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_ELEMENTS:
            raise TraceError(f"the scope gives no size from 1 to {MAX_ELEMENTS} for sort `{sort}`")
        scope.append((sort, count))
    _refuse_others(given, set(system.sorts), "sort")
    places = 0
    for var in system.vars:
        table = 1
        for domain in var.index:
            table *= size(system, tuple(scope), domain)
        places += table
    if places > MAX_PLACES:
        raise TraceError(f"the scope is too large: {places} places")
    return tuple(scope)


def _refuse_others(given: dict[str, object], known: set[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise TraceError(f"the model has no {what} `{name}`")


def _read_firing(system: System, scope: Scope, entry: dict[str, object], where: str) -> Firing:
    step = step_named(system, _text(entry, "step"))
    given = _object(entry, "args")
    args = []
    for binder in step.params:
        name = given.get(binder.name, _MISSING)
        number = number_of(system, scope, binder.domain, name) if isinstance(name, str) else None
        if number is None:
            raise TraceError(f"{where}: argument `{binder.name}` of {step.name} is missing or no {binder.domain}")
        args.append(number)
    choices: list[int] = []
    for choice in _list(entry, "choices"):
        if not isinstance(choice, int) or isinstance(choice, bool) or choice < 0:
            raise TraceError(f"{where}: a choice is no number")
        choices.append(choice)
    return Firing(step.name, tuple(args), tuple(choices))


def _place(system: System, var: StateVar, index: tuple[int, ...]) -> str:
    return var.name + index_text(system, var.index, index)


def _value(system: System, var: StateVar, value: Value) -> bool | str | None:
    return value if value is None or isinstance(value, bool) else value_text(system, var, value)


def _read_state(system: System, scope: Scope, state: State, given: dict[str, object], where: str) -> State:
    """`state` with the given places overwritten."""
    numbered = {var.name: number for number, var in enumerate(system.vars)}
    tables: dict[int, list[Value]] = {}
    for place, value in given.items():
        name, bracket, rest = place.partition("[")
        number = numbered.get(name)
        if number is None:
            raise TraceError(f"{where}: the model has no variable `{name}`")
        var = system.vars[number]
        names = rest.removesuffix("]").split(", ") if bracket else []
        index = [number_of(system, scope, d, n) for d, n in zip(var.index, names, strict=False)]
        if len(names) != len(var.index) or None in index or (bracket and not rest.endswith("]")):
            raise TraceError(f"{where}: `{place}` is no place of `{name}`")
        exact = tuple(i for i in index if i is not None)
        table = tables.setdefault(number, list(state[number]))
        table[offset(system, scope, var, exact)] = _read_value(system, scope, var, value, f"{where}: {place}")
    return tuple(tuple(tables[i]) if i in tables else table for i, table in enumerate(state))


def _read_value(system: System, scope: Scope, var: StateVar, value: object, where: str) -> Value:
    if var.domain is None and isinstance(value, bool):
        return value
    if var.domain is not None and value is None and var.presence != "total":
        return None
    if var.domain is not None and isinstance(value, str):
        number = number_of(system, scope, var.domain, value)
        if number is not None:
            return number
    raise TraceError(f"{where} cannot be {value!r}")
