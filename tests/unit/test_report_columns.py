"""Runs drawn in CPU columns."""

from dataclasses import replace

import pytest
from cowspec.report.ascii import listed, plain, wrap
from cowspec.report.columns import columns
from cowspec.source import Span
from cowspec.system import ir
from cowspec.system.ir import Absent, Binder, StateVar, Step, StepKind, System
from cowspec.verdict import Firing, Trace, TraceStep

NOWHERE = Span("x", 0, 0)
STATE: ir.State = ((None,) * 6, (None,) * 6)  # the counters of the two procs


def counter(proc: str) -> StateVar:
    return StateVar(f"{proc}@pc", ("Cpu",), f"{proc}@step", "own", None, Absent(), False, False, (f"{proc}@pc",))


def step(name: str, kind: str, text: str | None, cpu: str | None = "c") -> Step:
    operation, _, label = name.partition(".")
    return Step(name, kind, operation, label or name, (Binder("c", "Cpu"),), (), (), text, cpu, NOWHERE)


STEPS = (
    step("store", StepKind.ACTION, "[ write to page ]"),
    step("timer", StepKind.ACTION, "[ timer fires ]", None),
    step("quiet", StepKind.ACTION, None),
    step("protect.clear", StepKind.START, "mwriteprotect_range() [ clear W, set uffd_wp, defer flush ]"),
    step("protect.flush", StepKind.NEXT, "tlb_finish_mmu() [ flush ]"),
    step("helper.go", StepKind.NEXT, "helper() [ help ]"),
    step("silent.go", StepKind.START, None),
)
PROCS = (
    ir.ProcInfo("protect", (), ("clear", "flush"), ("helper",), True),
    ir.ProcInfo("helper", (), ("go",), (), False),
)
SYSTEM = System(
    "m", "m.cow", ("Cpu",), (("protect@step", ("clear", "flush")), ("helper@step", ("go",))), (),
    (counter("protect"), counter("helper")), (), STEPS, PROCS, (), (), (), (),
)  # fmt: skip


def run(*events: tuple[str, int] | tuple[str, int, tuple[str, ...]] | TraceStep) -> Trace:
    steps = []
    for event in events:
        if isinstance(event, TraceStep):
            steps.append(event)
        else:
            name, cpu, *notes = event
            steps.append(TraceStep(Firing(name, (cpu,)), notes[0] if notes else (), STATE))
    return Trace("m.cow", "", (), (("Cpu", 6),), STATE, tuple(steps))


def drawn(trace: Trace, width: int = 100) -> str:
    return "\n".join(columns(SYSTEM, trace, width))


def test_one_column_a_cpu_and_one_event_a_row() -> None:
    assert drawn(run(("protect.clear", 0), ("store", 1), ("protect.flush", 0))) == (
        "CPU0                                    CPU1\n"
        "----                                    ----\n"
        "mwriteprotect_range()\n"
        " [ clear W, set uffd_wp, defer flush ]\n"
        "                                        [ write to page ]\n"
        "tlb_finish_mmu()\n"
        " [ flush ]"
    )


def test_effects_wrap_at_words_and_hang_inside_their_bracket() -> None:
    assert drawn(run(("protect.clear", 0), ("store", 1)), 48) == (
        "CPU0                      CPU1\n"
        "----                      ----\n"
        "mwriteprotect_range()\n"
        " [ clear W, set uffd_wp,\n"
        "   defer flush ]\n"
        "                          [ write to page ]"
    )


def test_actions_without_cpu_stand_in_the_last_column() -> None:
    lines = drawn(run(("timer", 0), ("store", 3))).split("\n")
    assert lines[0].split() == ["CPU3", "env"]
    assert lines[2].strip() == "[ timer fires ]" and lines[2].startswith(" ")


def test_silent_steps_are_left_out_but_the_last() -> None:
    assert "quiet" not in drawn(run(("quiet", 0), ("store", 0)))
    assert drawn(run(("store", 0), ("quiet", 0))).endswith("\nquiet")


def test_a_call_without_text_shows_its_name() -> None:
    assert "silent()" in drawn(run(("silent.go", 0), ("store", 0)))


def test_notes_follow_the_text() -> None:
    text = drawn(run(("protect.flush", 0, ("[ skipped ]", "handle_it()", "bare words"))))
    assert text.split("\n")[2:] == ["tlb_finish_mmu()", " [ flush ]", " [ skipped ]", "handle_it()", " [ bare words ]"]


def test_a_call_made_by_a_call_is_indented() -> None:
    inside: ir.State = ((1, None, None, None, None, None), (0, None, None, None, None, None))
    trace = run(TraceStep(Firing("protect.clear", (0,)), (), inside), ("helper.go", 0))
    assert drawn(trace).split("\n")[-2:] == ["  helper()", "   [ help ]"]


def test_repetitions_are_elided() -> None:
    assert drawn(run(*[("store", 0)] * 5)).split("\n")[2:] == ["[ write to page ]", "...", "[ write to page ]"]
    assert drawn(run(*[("store", 0)] * 2)).split("\n")[2:] == ["[ write to page ]"] * 2
    assert drawn(run(("store", 0), ("store", 1), ("store", 0))).count("write to page") == 3


def test_a_fifth_column_begins_a_new_block() -> None:
    text = drawn(run(*(("store", cpu) for cpu in range(5)), ("store", 0)))
    first, second = text.split("\n\n")
    assert first.split("\n")[0].split() == ["CPU0", "CPU1", "CPU2", "CPU3"]
    assert second.split("\n")[0].split() == ["CPU0", "CPU4"]
    assert second.count("[ write to page ]") == 2


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit_and_have_no_trailing_blanks(width: int) -> None:
    trace = run(*((name, cpu) for cpu in range(4) for name in ("protect.clear", "protect.flush", "store")))
    for line in columns(SYSTEM, trace, width):
        assert len(line) <= width and line == line.rstrip() and line.isascii()


def test_long_names_keep_whole_where_they_fit() -> None:
    assert "mwriteprotect_range()" in drawn(run(("protect.clear", 0), ("store", 1), ("store", 2)), 60)


def test_a_run_without_steps_draws_nothing() -> None:
    assert columns(SYSTEM, run(), 80) == []


def test_plain_text_is_ascii_on_one_line() -> None:
    assert plain("a — b\n\tc … “d” é") == 'a - b c ... "d" ?'


def test_listed_breaks_between_items() -> None:
    assert listed(["a[b, c] = d", "e", "f g h"], 16, "x: ", "   ") == ["x: a[b, c] = d,", "   e, f g h"]
    assert listed([], 20, "x: ") == ["x:"]


def test_wrap_never_loops_on_a_narrow_width() -> None:
    assert "".join(wrap("abcdefgh", 1, "  ", "    ")).replace(" ", "") == "abcdefgh"


def test_arguments_are_named_where_they_differ() -> None:
    table = StateVar("pte", ("Mm",), None, "total", None, False, False, False, ("pte",))
    both = (Binder("c", "Cpu"), Binder("m", "Mm"))
    store = Step("store", StepKind.ACTION, "store", "store", both, (), (), "[ write ]", "c", NOWHERE)
    munmap = Step("munmap.go", StepKind.START, "munmap", "go", both, (), (), "munmap() [ clear ]", "c", NOWHERE)
    system = replace(SYSTEM, sorts=("Cpu", "Mm"), vars=(*SYSTEM.vars, table), steps=(store, munmap))
    state: ir.State = (*STATE, (False, False))

    def lines(*events: tuple[str, int]) -> list[str]:
        steps = tuple(TraceStep(Firing(name, (0, mm)), (), state) for name, mm in events)
        return columns(system, Trace("m.cow", "", (), (("Cpu", 6), ("Mm", 2)), state, steps), 80)[2:]

    assert lines(("store", 0), ("munmap.go", 0)) == ["[ write ]", "munmap()", " [ clear ]"]
    assert lines(("store", 0), ("munmap.go", 1)) == ["[ write (mm0) ]", "munmap(mm1)", " [ clear ]"]
