"""Traces as JSON: written, read back, refused, renumbered."""

import json
from dataclasses import replace

import pytest
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import replay
from cowspec.evaluate.walk import random_walk
from cowspec.evidence.names import changes, element, number_of
from cowspec.evidence.renumber import choice_domains, renumber
from cowspec.evidence.traces import TraceError, read, subject, write
from cowspec.system import ir
from cowspec.system.switches import all_settings
from cowspec.verdict import Trace
from hypothesis import given, settings
from hypothesis import strategies as st
from report_examples import SMALL, system_of

SYSTEM = system_of(SMALL)


def walk(seed: int) -> Trace:
    machine = Machine(SYSTEM, default_scope(SYSTEM, {"Cpu": 3}), all_settings(SYSTEM)[seed % 4])
    trace = random_walk(machine, seed, 12)
    assert trace is not None
    return replace(trace, model=SYSTEM.path)


WALKS = [walk(seed) for seed in range(12)]


@pytest.mark.parametrize("trace", WALKS)
def test_what_is_written_is_read_back(trace: Trace) -> None:
    text = write(SYSTEM, trace)
    assert read(SYSTEM, text) == trace
    assert subject(text).model == SYSTEM.path
    assert write(SYSTEM, read(SYSTEM, text)) == text


@pytest.mark.parametrize("trace", WALKS)
def test_renumbered_runs_are_runs(trace: Trace) -> None:
    renumbered = renumber(SYSTEM, trace)
    assert replay(SYSTEM, renumbered) == renumbered
    assert renumber(SYSTEM, renumbered) == renumbered
    cpus = [step.firing.args[0] for step in renumbered.steps]
    assert [cpu for at, cpu in enumerate(cpus) if cpu not in cpus[:at]] == sorted(set(cpus))


def test_renumbering_moves_something() -> None:
    assert any(renumber(SYSTEM, trace) != trace for trace in WALKS)


def test_what_choices_range_over() -> None:
    choose = {name: ir.Choose("q", name, ir.TRUE) for name in ("Page", "Cpu")}

    def body(*stmts: ir.Stmt) -> ir.Step:
        return replace(SYSTEM.steps[0], body=stmts)

    either = ir.If(ir.TRUE, (choose["Page"],), (choose["Cpu"],))
    assert choice_domains(body(choose["Page"], choose["Cpu"]), 2) == ("Page", "Cpu")
    assert choice_domains(body(either), 1) is None
    assert choice_domains(body(ir.If(ir.TRUE, (choose["Page"],), ())), 1) == ("Page",)
    assert choice_domains(body(), 0) == ()


def test_changes_are_where_states_differ() -> None:
    trace = next(trace for trace in WALKS if trace.steps)
    first = trace.steps[0].state
    assert first is not None
    state = [list(table) for table in trace.start]
    numbers = {var.name: number for number, var in enumerate(SYSTEM.vars)}
    sizes = dict(trace.scope)
    for var, index, was, now in changes(SYSTEM, trace.scope, trace.start, first):
        flat = 0
        for sort, at in zip(var.index, index, strict=True):
            flat = flat * sizes[sort] + at
        assert state[numbers[var.name]][flat] == was != now
        state[numbers[var.name]][flat] = now
    assert tuple(map(tuple, state)) == first


def test_names_of_elements() -> None:
    scope = default_scope(SYSTEM, {})
    assert element(SYSTEM, "Cpu", 1) == "cpu1" and element(SYSTEM, "protect@step", 1) == "flush"
    assert number_of(SYSTEM, scope, "Cpu", "cpu1") == 1
    assert number_of(SYSTEM, scope, "protect@step", "flush") == 1
    for wrong in ("cpu2", "cpu-1", "cpu01", "cpu", "mm0", "cpu\u0661", "cpu" + "9" * 30, ""):
        assert number_of(SYSTEM, scope, "Cpu", wrong) is None


RECORD = json.loads(write(SYSTEM, next(trace for trace in WALKS if len(trace.steps) > 3)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "other"}, "no trace"),
        ({"schema_version": 2}, "schema_version"),
        ({"switches": {}}, "switch `policy`"),
        ({"switches": {**RECORD["switches"], "extra": True}}, "no switch `extra`"),
        ({"scope": {"Cpu": 2, "Mm": 2}}, "sort `Page`"),
        ({"scope": {"Cpu": 0, "Mm": 2, "Page": 1}}, "from 1 to"),
        ({"scope": {"Cpu": True, "Mm": 2, "Page": 1}}, "from 1 to"),
        ({"start": {"nowhere[mm0]": True}}, "no variable `nowhere`"),
        ({"start": {"pte[mm9]": True}}, "no place"),
        ({"start": {"pte[mm0": True}}, "no place"),
        ({"start": {"pte": True}}, "no place"),
        ({"start": {"pte[mm0]": "page0"}}, "cannot be"),
        ({"start": {"pte.page[mm0]": True}}, "cannot be"),
        ({"steps": [{"step": "fly", "args": {}, "choices": [], "notes": [], "changes": {}}]}, "no step `fly`"),
        ({"steps": [{"step": "tlb_fill", "args": {}, "choices": [], "notes": [], "changes": {}}]}, "argument `c`"),
        ({"steps": ["x"]}, "no object"),
        ({"fault": 3}, "fault"),
        ({"model": None}, "`model`"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(TraceError, match=words):
        read(SYSTEM, json.dumps({**RECORD, **change}))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"kind": "trace"}', "\x00"])
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(TraceError):
        read(SYSTEM, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(RECORD)), JSON)
def test_any_record_is_read_or_refused(key: str, value: object) -> None:
    try:
        trace = read(SYSTEM, json.dumps({**RECORD, key: value}))
    except TraceError:
        return
    assert isinstance(trace, Trace)
