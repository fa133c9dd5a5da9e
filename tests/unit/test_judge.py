"""What a model declares against what is found: plans, statuses, covers of settings, and whole small models."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from cowspec.judge.check import check, prove, refute_all, run
from cowspec.judge.cubes import cubes, prime_cubes
from cowspec.judge.jobs import AnyJob, Died, Job, outcome_of, run_here
from cowspec.judge.plan import plan
from cowspec.judge.results import (
    Claim,
    Disagreement,
    Finding,
    ModelReport,
    Remark,
    Result,
    status_of_check,
    status_of_prove,
    status_of_refute,
    status_of_run,
)
from cowspec.judge.selection import Selection, SelectionError, validate, within
from cowspec.system.ir import Setting, Switch
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Trace
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from report_examples import SMALL, system_of

SYSTEM = system_of(SMALL)
LIMITS = Limits(max_steps=6, timeout=20.0)
LAZY: Setting = (("policy", "lazy"), ("flush_late", "off"))


def checked(text: str, selection: Selection = Selection()) -> ModelReport:  # noqa: B008
    (report,) = check([system_of(text)], selection, LIMITS, run_here)
    return report


def verdicts(report: ModelReport, name: str) -> dict[Setting, str]:
    """Of the property itself, not of scenarios about it."""
    mine = [result for result in report.results if result.property == name and result.scenario is None]
    return {setting: result.verdict for result in mine for setting in result.settings}


# ---- sets of settings ----------------------------------------------------------------------------------------------

SWITCHES = (
    Switch("cow", False, (("a", ""), ("b", ""), ("c", ""))),
    Switch("f", True, (("off", ""), ("on", ""))),
    Switch("g", True, (("off", ""), ("on", ""))),
)
EVERY = [(("cow", cow), ("f", f), ("g", g)) for cow in ("a", "b", "c") for f in ("off", "on") for g in ("off", "on")]


def members(cube: tuple[tuple[str, str], ...]) -> set[Setting]:
    return {setting for setting in EVERY if set(cube) <= set(setting)}


@examples(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(EVERY)))
def test_cubes_are_a_disjoint_cover(chosen: set[Setting]) -> None:
    found = cubes(SWITCHES, chosen)
    assert sum(len(members(cube)) for cube in found) == len(chosen)
    assert set().union(*map(members, found)) == chosen


@examples(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(EVERY)))
def test_prime_cubes_are_a_cover(chosen: set[Setting]) -> None:
    found = prime_cubes(SWITCHES, chosen)
    assert set().union(*map(members, found)) == chosen
    assert len(found) <= len(chosen)


def test_everything_is_one_cube() -> None:
    assert cubes(SWITCHES, EVERY) == prime_cubes(SWITCHES, EVERY) == ((),)
    assert cubes((), [()]) == ((),)


# ---- plans and selections ------------------------------------------------------------------------------------------


def test_lines_of_one_verdict_become_one_question() -> None:
    asked = plan(SYSTEM, all_settings(SYSTEM), Selection())
    proved = [question for question in asked.questions if question.property == "no_stale"]
    assert [(question.expected.value, len(question.settings)) for question in proved] == [("proved", 3), ("refuted", 1)]
    assert asked.unlisted == ()
    assert asked.questions[-1].property == "no_fault" and len(asked.questions[-1].settings) == 4


def test_what_nobody_declares_is_unlisted() -> None:
    system = system_of(SMALL.replace("no_stale: refuted when policy == lazy and not flush_late", ""))
    (unlisted,) = plan(system, all_settings(system), Selection()).unlisted
    assert unlisted[0].name == "no_stale" and unlisted[1] == (LAZY,)


def test_selections_restrict() -> None:
    chosen = Selection((("policy", "lazy"),), ("busy",))
    settings = within(all_settings(SYSTEM), chosen)
    assert len(settings) == 2
    assert {question.property for question in plan(SYSTEM, settings, chosen).questions} == {"busy"}


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection((("polcy", "lazy"),)), "did you mean `policy`"),
        (Selection((("policy", "slow"),)), "choice of eager, lazy"),
        (Selection((("policy", "on"),)), "`policy` is no fix but a choice of eager, lazy: write policy=eager"),
        (Selection((("flush_late", "lazy"),)), "set on or off"),
        (Selection((("zzz", "on"),)), "no switch `zzz`: `cowspec list FILE` names those of a model"),
        (Selection(names=("zzz",)), "`cowspec list FILE`"),
        (Selection(names=("no_stal",)), "did you mean `no_stale`"),
        (Selection(sizes=(("Cpus", 2),)), "did you mean `Cpu`"),
        (Selection(sizes=(("Cpu", 0),)), "not 0"),
    ],
)
def test_unknown_names_are_refused(selection: Selection, words: str) -> None:
    with pytest.raises(SelectionError, match=words):
        validate([SYSTEM], selection)


# ---- whole models --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report() -> ModelReport:
    return checked(SMALL)


def test_a_model_is_as_declared(report: ModelReport) -> None:
    assert status_of_check([report]) == 0, report.results
    assert verdicts(report, "no_stale")[LAZY] == Finding.REFUTED
    assert set(verdicts(report, "no_fault").values()) == {Finding.PROVED}
    assert report.remarks == () and report.bugs == () and report.notes == ()


def test_every_setting_has_one_answer(report: ModelReport) -> None:
    for name in ("no_stale", "busy", "no_fault"):
        settings = [s for r in report.results if r.property == name and r.scenario is None for s in r.settings]
        assert len(settings) == 4 and set(settings) == set(all_settings(SYSTEM))


def test_runs_carry_their_evidence(report: ModelReport) -> None:
    (refuted,) = [result for result in report.results if result.verdict == Finding.REFUTED]
    assert refuted.trace is not None and refuted.steps == len(refuted.trace.steps) == 3
    assert refuted.trace.model == "models/small.cow" and refuted.evidence == (("trace", ("evaluator",)),)
    assert [name for name, _, _ in refuted.witness] == ["c", "m"]


def test_scenarios_are_judged(report: ModelReport) -> None:
    scripts = {s: r.verdict for r in report.results if r.scenario == "stale" for s in r.settings}
    assert scripts[LAZY] == Finding.VIOLATED
    assert list(scripts.values()).count(Finding.HOLDS) == 2


def test_the_report_is_the_same_twice(report: ModelReport) -> None:
    again = checked(SMALL)
    assert [replace(r, seconds=0.0) for r in again.results] == [replace(r, seconds=0.0) for r in report.results]


REFUTED = "no_stale: refuted when policy == lazy and not flush_late"
PROVED = "no_stale: proved when policy == eager or flush_late"


def test_a_wrong_expectation_of_a_proof_is_refuted() -> None:
    wrong = checked(SMALL.replace(REFUTED, "").replace(PROVED, "no_stale: proved"))
    assert verdicts(wrong, "no_stale")[LAZY] == Finding.REFUTED
    assert list(verdicts(wrong, "no_stale").values()).count(Finding.PROVED) == 3
    assert status_of_check([wrong]) == 1


def test_a_wrong_expectation_of_a_run_is_not_met() -> None:
    text = SMALL.replace(REFUTED, "").replace(PROVED, "no_stale: refuted")
    wrong = checked(text, Selection(names=("no_stale",)))
    assert verdicts(wrong, "no_stale")[LAZY] == Finding.REFUTED
    assert list(verdicts(wrong, "no_stale").values()).count(Finding.NO_VIOLATION) == 3
    assert status_of_check([wrong]) == 1


def test_where_no_run_is_found_a_proof_is_tried() -> None:
    system = system_of(SMALL.replace(REFUTED, "").replace(PROVED, "no_stale: refuted"))
    smallest = (("Cpu", 1), ("Mm", 1), ("Page", 1))
    (wrong,) = check([system], Selection((), ("no_stale",), smallest), Limits(15, 20.0), run_here)
    assert verdicts(wrong, "no_stale")[LAZY] == Finding.REFUTED
    assert list(verdicts(wrong, "no_stale").values()).count(Finding.PROVED) == 3
    assert status_of_check([wrong]) == 1
    eager = Selection((("policy", "eager"),), ("no_stale",), smallest)
    assert status_of_refute(refute_all([system], eager, Limits(15, 20.0), run_here)) == 1


def test_a_missing_lemma_shows_a_counterexample_to_induction() -> None:
    text = SMALL.replace('lemma cleared "": forall t: Cpu: t at protect.flush -> not pte[protect[t].m].write', "")
    open_report = checked(text, Selection((("policy", "eager"),), ("no_stale",)))
    assert status_of_check([open_report]) == 4
    (result,) = open_report.results
    assert result.verdict == Finding.UNKNOWN and len(result.settings) == 2
    assert result.cti is not None and result.cti.conjunct == "read_only"
    assert any("perhaps a lemma is missing" in note for note in result.notes)


def test_claims_at_a_scope_are_explored() -> None:
    scoped = SMALL.replace("no_stale: proved when", "no_stale: proved at Cpu=2, Mm=1, Page=1 when")
    explored = checked(scoped.replace("busy: reached", "busy: no_violation within 3 at Cpu=1, Mm=1, Page=1")
                       .replace('cover busy "somebody protects": exists', 'invariant busy "": not exists')
                       .replace("not exists t: Cpu: t at protect.flush", "true"))  # fmt: skip
    asked = [result for result in explored.results if result.scenario is None]
    results = {result.property: result for result in asked if result.verdict != Finding.REFUTED}
    assert results["no_stale"].claim == Claim.SCOPE and results["no_stale"].as_declared
    assert results["busy"].verdict == Finding.NO_VIOLATION and results["busy"].steps == 3


def test_unreachable_covers_are_proved() -> None:
    text = SMALL.replace(
        "exists t: Cpu: t at protect.flush\n\nscenario", "exists m: Mm: protected[m] and pte[m].write\n\nscenario"
    )
    unreachable = checked(text.replace("busy: reached", "busy: unreachable"), Selection(names=("busy",)))
    assert set(verdicts(unreachable, "busy").values()) == {Finding.UNREACHABLE}
    assert status_of_check([unreachable]) == 0


def test_what_never_happens_is_vacuous() -> None:
    never = SMALL.replace("require pte[m] != none\n  tlb", "require pte[m] != none and pte[m] == none\n  tlb")
    report = checked(never.replace("violated when", "holds when").replace("refuted when", "proved when"))
    assert any("tlb_fill fires under no setting" in text for text in report.vacuous)
    assert status_of_check([report]) == 7


def test_no_start_state_is_vacuous() -> None:
    report = checked(
        SMALL.replace("mutex lock[Mm]", "mutex lock[Mm]\ninit forall m: Mm: pte[m] != none and pte[m] == none")
    )
    assert report.vacuous and all("no start state" in text for text in report.vacuous)


def test_a_model_without_expectations_checks_nothing() -> None:
    bare = checked(SMALL[: SMALL.index("scenario")])
    assert not bare.declares and bare.results == () and status_of_check([bare]) == 5


def test_an_invariant_is_undeclared_also_where_only_scenarios_declare() -> None:
    scripted = checked(SMALL[: SMALL.index("\nexpect {")])
    assert scripted.declares and all(result.as_declared for result in scripted.results if result.scenario)
    unlisted = {result.property for result in scripted.results if result.expected is None}
    assert unlisted == {"no_stale", "busy"} and status_of_check([scripted]) == 1


def test_a_fault_is_found() -> None:
    faulty = SMALL.replace("    require pte[m] != none\n    pte[m].write := false", "    pte[m].write := false")
    report = checked(faulty, Selection(names=("no_fault",)))
    (result,) = report.results
    assert result.verdict == Finding.REFUTED and result.trace is not None and result.trace.fault
    assert status_of_check([report]) == 1


def test_prove_and_refute_ask_of_every_setting() -> None:
    only = Selection(names=("no_stale",))
    reports = prove([SYSTEM], only, LIMITS, run_here)
    assert status_of_prove(reports) == 1 and verdicts(reports[0], "no_stale")[LAZY] == Finding.REFUTED
    reports = refute_all([SYSTEM], only, LIMITS, run_here)
    assert status_of_refute(reports) == 0
    assert sorted(verdicts(reports[0], "no_stale").values()) == ["no_violation"] * 3 + ["refuted"]
    eager = Selection((("policy", "eager"),), ("no_stale",))
    assert status_of_prove(prove([SYSTEM], eager, LIMITS, run_here)) == 0
    assert status_of_refute(refute_all([SYSTEM], eager, LIMITS, run_here)) == 4
    scoped = prove([SYSTEM], replace(eager, sizes=(("Mm", 1), ("Page", 1))), LIMITS, run_here)
    assert {result.claim for result in scoped[0].results} == {Claim.SCOPE}


def test_run_plays_under_every_setting() -> None:
    (played,) = run([SYSTEM], Selection(), LIMITS, run_here)
    assert status_of_run([played]) == 0
    found = {s: r for r in played.results if r.property == "no_stale" for s in r.settings}
    assert sorted(result.verdict for result in found.values()) == ["holds"] * 3 + ["violated"]
    shown = [result for result in played.results if result.property == ""]
    assert all(result.trace is not None for result in shown) and sum(len(r.settings) for r in shown) == 3


# ---- jobs and statuses ---------------------------------------------------------------------------------------------


def test_a_lost_worker_is_unknown_and_the_rest_goes_on() -> None:
    def lossy(jobs: Sequence[AnyJob]) -> None:
        first, *rest = jobs
        run_here([*first.then(Died("worker died: signal 9")), *rest])

    (report,) = check([SYSTEM], Selection(names=("no_stale", "busy")), LIMITS, lossy)
    unknown = [result for result in report.results if result.verdict == Finding.UNKNOWN]
    assert {result.reason for result in unknown} == {"worker died: signal 9"}
    assert set(verdicts(report, "busy").values()) == {Finding.REACHED}
    assert status_of_check([report]) == 4


def test_a_run_that_the_evaluator_refuses_is_a_disagreement() -> None:
    def doubtful(jobs: Sequence[AnyJob]) -> None:
        for job in jobs:
            if "runs for no_stale" in job.label:
                job.then((Disagreement("cannot be replayed", TRACE), 0.0))
            else:
                run_here([job])

    (report,) = check([SYSTEM], Selection(names=("no_stale",)), LIMITS, doubtful)
    assert verdicts(report, "no_stale")[LAZY] == Finding.UNKNOWN
    assert status_of_check([report]) == 6


def test_an_interrupt_keeps_what_is_finished() -> None:
    def interrupted(jobs: Sequence[AnyJob]) -> None:
        run_here(jobs[:1])
        raise KeyboardInterrupt

    (report,) = check([SYSTEM], Selection(names=("no_stale", "busy")), LIMITS, interrupted)
    assert report.interrupted and report.results and status_of_check([report]) == 4


def test_exceptions_of_jobs_are_bugs() -> None:
    def fail() -> int:
        raise KeyError("x")

    died = outcome_of(Job("j", fail, lambda value: [], 1.0))
    assert isinstance(died, Died) and died.bug and "KeyError: 'x' (test_judge.py:" in died.reason


TRACE = Trace("m.cow", "p", LAZY, (), (), ())
RESULT = Result(
    "p", "invariant", (LAZY,), Finding.PROVED, Claim.ANY_SIZE, "induction", expected="proved", as_declared=True
)
FINE = ModelReport("m.cow", SYSTEM, (RESULT,), True)
VACUOUS = (Remark("V702", "step x never fires"),)
UNKNOWN = replace(RESULT, verdict=Finding.UNKNOWN, claim=Claim.NONE, as_declared=False)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 0),
        ({"results": (UNKNOWN,)}, 4),
        ({"results": (UNKNOWN,), "remarks": VACUOUS}, 7),
        ({"results": (UNKNOWN, replace(RESULT, as_declared=False)), "remarks": VACUOUS}, 1),
        ({"results": (replace(UNKNOWN, expected=None),)}, 1),
        ({"results": (replace(RESULT, as_declared=False),), "disagreements": (Disagreement("d", TRACE),)}, 6),
        ({"disagreements": (Disagreement("d", TRACE),), "bugs": ("b",)}, 3),
        ({"results": (), "declares": False}, 5),
        ({"interrupted": True}, 4),
    ],
)
def test_the_first_status_that_applies(change: dict[str, object], status: int) -> None:
    assert status_of_check([FINE, replace(FINE, **change)]) == status  # type: ignore[arg-type]


def test_a_script_names_members_of_enums() -> None:
    text = """\
module modes
sort Cpu
enum Mode { idle_mode, busy_mode }
enum Other { busy_mode_too, idle_mode_too }
var mode[Cpu]: Mode
action enter(wanted: Mode, c: Cpu, o: Other) { mode[c] := wanted }
invariant quiet "": forall c: Cpu: mode[c] == idle_mode
scenario busy "" { let c: Cpu  c: enter(busy_mode, idle_mode_too)  expect quiet violated }
scenario idle "" { let c: Cpu  c: enter(idle_mode, _)  expect quiet holds }
expect { quiet: refuted }
"""
    report = checked(text)
    assert [result.verdict for result in report.results if result.scenario] == ["violated", "holds"]
    assert all(result.as_declared for result in report.results)
