"""Many settings at once: proofs in order of strength, and one run for all settings that it is one under."""

from collections.abc import Sequence
from dataclasses import replace

from cowspec.check.check import check as check_model
from cowspec.check.modules import load
from cowspec.evaluate.replay import replays_under
from cowspec.judge.check import check, refute_all
from cowspec.judge.jobs import AnyJob, Died, outcome_of, run_here
from cowspec.judge.selection import Selection
from cowspec.source import Source
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits
from report_examples import SMALL, system_of
from test_judge import verdicts

LIMITS = Limits(max_steps=6, timeout=20.0)
CHAIN = (
    SMALL[: SMALL.index("expect {")]
    + """
invariant same "": forall c: Cpu, m: Mm: tlb[c, m] == tlb[c, m]
expect {
  same: proved
  no_stale: proved when policy == eager
  no_stale: proved when policy == lazy and flush_late
  no_stale: refuted when policy == lazy and not flush_late
  busy: reached
}
"""
)


def test_proofs_under_fewer_settings_start_from_those_under_more() -> None:
    begun: list[str] = []

    def runner(jobs: Sequence[AnyJob]) -> None:
        for job in jobs:
            begun.append(job.label)
            runner(job.then(outcome_of(job)))

    (report,) = check([system_of(CHAIN)], Selection(), LIMITS, runner)
    proofs = [label for label in begun if "proof of" in label]
    assert proofs[0] == "small: proof of same, no_fault"  # under every setting, so first and by itself
    assert proofs[1:] == ["small: proof of no_stale", "small: proof of no_stale"]
    assert set(verdicts(report, "same").values()) == {"proved"}
    assert sorted(verdicts(report, "no_stale").values()) == ["proved", "proved", "proved", "refuted"]


def test_a_proof_that_dies_is_tried_property_by_property_and_the_chain_goes_on() -> None:
    begun: list[str] = []

    def runner(jobs: Sequence[AnyJob]) -> None:
        for job in jobs:
            begun.append(job.label)
            killed = len(begun) == 1
            runner(job.then(Died("worker died: signal 9") if killed else outcome_of(job)))

    text = CHAIN.replace(
        "  same: proved\n", "  same: proved when policy == eager\n  same: proved when policy == lazy\n"
    )
    selection = Selection(names=("same", "no_stale"))
    (report,) = check([system_of(text)], selection, LIMITS, runner)
    assert begun[0] == "small: proof of same, no_stale"
    assert {"small: proof of same", "small: proof of no_stale"} <= set(begun[1:])
    assert set(verdicts(report, "same").values()) == {"proved"}


# ---- runs ----------------------------------------------------------------------------------------------------------


def test_a_run_stands_for_the_settings_that_it_is_one_under() -> None:
    system = system_of(SMALL)
    (report,) = refute_all([system], Selection(names=("no_stale",)), LIMITS, run_here)
    (refuted,) = [result for result in report.results if result.trace is not None]
    assert refuted.trace is not None and refuted.settings == ((("policy", "lazy"), ("flush_late", "off")),)
    assert replays_under(system, refuted.trace, all_settings(system)) == refuted.settings
    shorter = replace(refuted.trace, steps=refuted.trace.steps[:-1])  # a run anywhere, but it shows nothing
    assert replays_under(system, shorter, all_settings(system)) == ()
    assert replays_under(system, replace(shorter, property=""), all_settings(system)) == all_settings(system)


def test_a_switch_that_the_run_does_not_look_at_makes_no_second_run() -> None:
    idle = 'fix other "for protect() only"\naction noop(m: Mm) { if other { pte[m].write := pte[m].write } }\n'
    text = SMALL.replace("action tlb_fill", idle + "action tlb_fill", 1)
    (report,) = refute_all([system_of(text)], Selection(names=("no_stale",)), LIMITS, run_here)
    (refuted,) = [result for result in report.results if result.trace is not None]
    assert len(refuted.settings) == 2


# ---- refuted by a scenario -----------------------------------------------------------------------------------------

STORY = """
scenario story "a store through an old entry" {
  let m: Mm, c0, c1: Cpu
  c1: tlb_fill(m)
  c0: protect(m)
}
"""


def test_a_run_of_the_scenario_named_refutes() -> None:
    text = (
        SMALL[: SMALL.index("expect {")]
        + STORY
        + "expect {\n  no_stale: refuted by story at Page=2\n  busy: reached\n}\n"
    )
    (report,) = check([system_of(text)], Selection(), LIMITS, run_here)
    found = [each for each in report.results if each.property == "no_stale" and each.scenario is None]
    (refuted,) = [result for result in found if result.trace is not None]
    assert (
        refuted.by == "story" and refuted.as_declared and refuted.engine == "evaluator" and len(refuted.settings) == 1
    )
    assert [step.firing.step for step in refuted.trace.steps] == ["tlb_fill", "protect.clear", "protect.flush"]  # type: ignore[union-attr]
    flushed = [result for result in found if result.trace is None]
    assert {result.verdict for result in flushed} == {"unknown"} and sum(len(each.settings) for each in flushed) == 3
    assert all("no run of scenario story violates it: holds" in result.reason for result in flushed)
    assert not any(result.as_declared for result in flushed)


# ---- switches that nothing reads -----------------------------------------------------------------------------------

LIBRARY = 'module lib\nsort Cpu\nfix idle ""\nfix used ""\nvar on[Cpu]: bool\naction set(c: Cpu) { on[c] := used }\n'


def test_a_switch_of_the_library_that_nothing_reads_makes_no_settings() -> None:
    def find(name: str, user: str) -> Source:
        return Source(f"{name}.cow", LIBRARY)

    for expect, names in (("", ["used"]), ("expect { quiet: refuted when idle }", ["idle", "used"])):
        text = f'module m\nuse lib\ninvariant quiet "": forall c: Cpu: not on[c]\n{expect}\n'
        model = check_model(load("m.cow", text, find))
        assert [switch.name for switch in model.switches] == names
