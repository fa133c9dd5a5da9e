"""States in words, violations and counterexamples to induction."""

from dataclasses import replace

import pytest
from cowspec.evaluate.machine import Machine, Moved
from cowspec.report.states import describe, differences, relevant
from cowspec.report.text import Style, cti_text, firing_text, headline, setting_text, trace_text
from cowspec.system.ir import Setting, State
from cowspec.verdict import Cti, Firing, Trace, TraceStep
from report_examples import SMALL, system_of

SYSTEM = system_of(SMALL)
SCOPE = (("Cpu", 2), ("Mm", 2), ("Page", 2))
LAZY: Setting = (("policy", "lazy"), ("flush_late", "off"))
MACHINE = Machine(SYSTEM, SCOPE, LAZY)


def start() -> State:
    """mm0 maps page1 for writing; nothing else is there."""
    held = {"pte": (True, False), "pte.page": (1, None), "pte.write": (True, False)}
    tables = ((None if v.domain else False,) * 2 ** len(v.index) for v in SYSTEM.vars)
    return tuple(held.get(var.name, table) for var, table in zip(SYSTEM.vars, tables, strict=True))


def run(*firings: tuple[str, int, int] | tuple[str, int]) -> list[TraceStep]:
    state = start()
    steps = []
    for name, *args in firings:
        outcome = MACHINE.fire(state, Firing(name, tuple(args)))
        assert isinstance(outcome, Moved), outcome
        steps.append(TraceStep(Firing(name, tuple(args)), outcome.notes, outcome.state))
        state = outcome.state
    return steps


STEPS = run(("tlb_fill", 1, 0), ("protect.clear", 0, 0), ("protect.flush", 0))
TRACE = Trace("models/small.cow", "no_stale", LAZY, SCOPE, start(), tuple(STEPS))
WITNESS = (("c", "Cpu", 1), ("m", "Mm", 0))


def state_after(number: int) -> State:
    state = STEPS[number].state
    assert state is not None
    return state


def test_the_start_is_one() -> None:
    assert MACHINE.is_start(start())


def test_a_state_says_what_is_there() -> None:
    assert describe(SYSTEM, SCOPE, start()) == ["pte[mm0] = { page: page1, write }"]
    assert describe(SYSTEM, SCOPE, state_after(1)) == [
        "pte[mm0] = { page: page1 }",
        "tlb[cpu1, mm0] = { page: page1, write }",
        "lock[mm0] held for writing by protect on cpu0",
        "protect[cpu0] = { at flush, m: mm0 }",
    ]


def test_ghosts_are_said_when_asked() -> None:
    last = state_after(2)
    assert "protected[mm0]" not in describe(SYSTEM, SCOPE, last)
    assert "protected[mm0]" in describe(SYSTEM, SCOPE, last, ghosts=True)


def test_what_is_everywhere_is_said_once() -> None:
    number = next(n for n, var in enumerate(SYSTEM.vars) if var.name == "protected")
    everywhere = tuple((True, True) if n == number else table for n, table in enumerate(start()))
    assert "protected[*]" in describe(SYSTEM, SCOPE, everywhere, ghosts=True)


def test_differences_are_said_of_the_variable_as_it_was_written() -> None:
    assert differences(SYSTEM, SCOPE, state_after(0), state_after(1)) == [
        "pte[mm0]: { page: page1, write } -> { page: page1 }",
        "lock[mm0] held for writing by protect on cpu0: no -> yes",
        "protect[cpu0]: idle -> { at flush, m: mm0 }",
    ]
    assert differences(SYSTEM, SCOPE, start(), start()) == []


def test_what_explains_a_violation() -> None:
    places = relevant(SYSTEM, SCOPE, state_after(2), {"tlb.write", "protected", "pte.page"}, WITNESS)
    assert places == {("tlb", (1, 0)), ("protected", (0,)), ("pte", (0,))}
    unknown = relevant(SYSTEM, SCOPE, state_after(2), {"tlb.write"}, (("m", "Mm", 0),))
    assert unknown == {("tlb", (0, 0)), ("tlb", (1, 0))}


def test_a_trace_in_full() -> None:
    assert trace_text(SYSTEM, TRACE, WITNESS, Style(80)) == (
        "start: pte[mm0] = { page: page1, write }\n"
        "\n"
        "CPU0          CPU1\n"
        "----          ----\n"
        "              [ TLB caches PTE ]\n"
        "change_pte()\n"
        " [ clear W ]\n"
        "finish()\n"
        " [ unlock ]\n"
        "\n"
        "violated: no_stale: no writable TLB entry outlives a write-protect\n"
        "  at c = cpu1, m = mm0\n"
        "  with tlb[cpu1, mm0] = { page: page1, write }, protected[mm0]\n"
    )


def test_verbose_adds_what_each_step_changed() -> None:
    text = trace_text(SYSTEM, TRACE, WITNESS, Style(80, verbose=True))
    assert "1. tlb_fill on cpu1 (m = mm0)\n     tlb[cpu1, mm0]: none -> { page: page1, write }\n" in text
    assert "     protected[mm0]: false -> true\n" in text


def test_a_run_that_claims_nothing_shows_its_end() -> None:
    text = trace_text(SYSTEM, replace(TRACE, property=""), (), Style(80))
    assert "\nend: pte[mm0] = { page: page1 }" in text and "violated" not in text


def test_a_fault_is_said() -> None:
    faulted = replace(TRACE, property="no_fault", steps=(replace(STEPS[0], state=None),), fault="`pte[m]` is absent")
    assert "fault: `pte[m]` is absent, in tlb_fill on cpu1 (m = mm0)\n" in trace_text(SYSTEM, faulted, (), Style(80))


def test_a_cover_is_reached() -> None:
    text = trace_text(SYSTEM, replace(TRACE, property="busy", steps=tuple(STEPS[:2])), (), Style(80))
    assert "reached: busy: somebody protects" in text


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_fit(width: int) -> None:
    text = trace_text(SYSTEM, TRACE, WITNESS, Style(width, verbose=True))
    assert max(map(len, text.split("\n"))) <= width
    assert all(line == line.rstrip() for line in text.split("\n"))


def test_a_counterexample_to_induction() -> None:
    cti = Cti("no_stale", SCOPE, state_after(1), STEPS[2], LAZY)
    assert cti_text(SYSTEM, cti, WITNESS, Style(100)) == (
        "not preserved: no_stale: no writable TLB entry outlives a write-protect\n"
        "by: protect.flush on cpu0 under policy=lazy, no fix\n"
        "before: pte[mm0] = { page: page1 }, tlb[cpu1, mm0] = { page: page1, write },\n"
        "        lock[mm0] held for writing by protect on cpu0, protect[cpu0] = { at flush, m: mm0 }\n"
        "changes: protected[mm0]: false -> true, lock[mm0] held for writing by protect on cpu0: yes -> no,\n"
        "         protect[cpu0]: { at flush, m: mm0 } -> idle\n"
        "  at c = cpu1, m = mm0\n"
        "  with tlb[cpu1, mm0] = { page: page1, write }, protected[mm0]\n"
    )
    fault = replace(cti, conjunct="no_fault", step=replace(STEPS[2], state=None))
    assert "after: the step faults\n" in cti_text(SYSTEM, fault, (), Style(100))


def test_names_of_settings_firings_and_traces() -> None:
    assert setting_text(SYSTEM, LAZY) == "policy=lazy, no fix"
    assert setting_text(SYSTEM, (("policy", "lazy"), ("flush_late", "on"))) == "policy=lazy, flush_late"
    assert setting_text(SYSTEM, (("policy", "lazy"),)) == "policy=lazy"
    assert firing_text(SYSTEM, Firing("protect.flush", (1,))) == "protect.flush on cpu1"
    assert headline(SYSTEM, TRACE) == (
        "models/small.cow: no_stale, 3 steps at Cpu=2, Mm=2, Page=2 under policy=lazy, no fix"
    )
