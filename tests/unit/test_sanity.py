"""What `check` remarks about a model: what follows from what, which lemmas are needed, how it is shown."""

import json
from pathlib import Path

import pytest
from cowspec.cli.main import run
from cowspec.encode.relational.steps import in_words
from cowspec.engines.induction.implied import Follows, implied
from cowspec.engines.known import Known
from cowspec.judge.check import check
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, outcome_of, run_here
from cowspec.judge.proving import Attempts, attempt
from cowspec.judge.remarks.necessary import Trial, untainted, without
from cowspec.judge.remarks.sanity import implications
from cowspec.judge.selection import Selection
from cowspec.report.places import place_of, text_of
from cowspec.source import Span
from cowspec.system.ir import TRUE, And, SwitchIs
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Unknown
from report_examples import SMALL, system_of

SYSTEM = system_of(SMALL)
LIMITS = Limits(max_steps=6, timeout=20.0)
CHAIN = """\
module chain
sort Page
fix strict "a implies b"
var a[Page]: bool
var b[Page]: bool
var c[Page]: bool
action go(p: Page) { a[p] := true  b[p] := true  c[p] := true }
invariant a_then_b "": forall p: Page: a[p] and strict -> b[p]
invariant b_then_c "": forall p: Page: b[p] -> c[p]
invariant a_then_c "": forall p: Page: a[p] -> c[p]
invariant many "": forall p: Page: count(q: Page where a[q]) <= 3 -> a[p] or not a[p]
"""


def test_what_follows_depends_on_the_settings() -> None:
    system = system_of(CHAIN)
    questions = {"a_then_c": ("many", "b_then_c", "a_then_b")}
    assert implied(system, questions, TRUE, LIMITS) == ()
    assert implied(system, questions, SwitchIs("strict", "on"), LIMITS) == (
        Follows("a_then_c", ("b_then_c", "a_then_b")),
    )


def test_counts_that_are_too_large_are_left_out() -> None:
    assert implied(system_of(CHAIN), {"many": ("a_then_b",), "a_then_b": ("many",)}, TRUE, LIMITS) == ()


def test_invariants_are_not_asked_to_follow_from_lemmas() -> None:
    questions = implications(SYSTEM)
    assert questions["no_stale"] == () and questions["cached"] == ("no_stale", "cleared", "read_only")


# ---- lemmas --------------------------------------------------------------------------------------------------------

KNOWN = Known(
    ("fact", "lemma", "helped", "goal"),
    {
        ("s", "fact"): frozenset(),
        ("s", "lemma"): frozenset({"fact"}),
        ("s", "helped"): frozenset({"lemma"}),
        ("t", "goal"): frozenset({"helped"}),
        ("t", "helped"): frozenset({"fact"}),
    },
    confirmed=frozenset({("s", "fact"), ("t", "helped")}),
)


def test_what_rests_on_a_lemma_is_not_known_without_it() -> None:
    left = untainted(KNOWN, frozenset({"lemma"}))
    assert left == Known(("fact",), {("s", "fact"): frozenset()}, confirmed=frozenset({("s", "fact")}))
    assert untainted(KNOWN, frozenset({"goal"})).inductive == ("fact", "lemma", "helped")


def test_one_lemma_of_the_small_model_is_not_needed() -> None:
    (report,) = check([SYSTEM], Selection(), LIMITS, run_here, necessary=True)
    (remark,) = report.remarks
    assert (remark.code, remark.subject) == ("N805", "cached") and "the 2 properties proved" in remark.message
    assert report.notes == ()


def test_what_rests_on_a_lemma_is_proved_again() -> None:
    docket = Docket(SYSTEM, all_settings(SYSTEM), Selection(), LIMITS)
    when = And((SwitchIs("policy", "eager"),))
    docket.proof_ended(attempt(SYSTEM, ("no_stale", "no_fault"), when, LIMITS), when)
    (shown,) = docket.shown
    assert {"cleared", "read_only"} <= shown.rests_on["no_stale"]
    assert without(SYSTEM, ["read_only"], docket.shown, LIMITS) == Trial(None)
    (smaller,) = without(SYSTEM, ["cached"], docket.shown, LIMITS).proofs or ()
    assert smaller.rests_on == {**shown.rests_on, "no_stale": smaller.rests_on["no_stale"]}
    assert "cached" not in smaller.rests_on["no_stale"] | frozenset(smaller.known.inductive)


def test_without_all_proofs_nothing_is_said_of_lemmas() -> None:
    missing = SMALL.replace('lemma cleared "": forall t: Cpu: t at protect.flush -> not pte[protect[t].m].write', "")
    (report,) = check([system_of(missing)], Selection(), LIMITS, run_here, necessary=True)
    assert any("some proofs are missing" in note for note in report.notes)
    assert not any(remark.code == "N805" for remark in report.remarks)


def test_a_trial_that_dies_decides_nothing() -> None:
    def dying(jobs: object) -> None:
        waiting: list[AnyJob] = list(jobs)  # type: ignore[call-overload]
        while waiting:
            job = waiting.pop(0)
            lost = Died("worker died: signal 9")
            waiting += job.then(lost if "proofs without" in job.label else outcome_of(job))

    (report,) = check([SYSTEM], Selection(), LIMITS, dying, necessary=True)
    undecided = [remark for remark in report.remarks if remark.code == "N807"]
    assert {remark.subject for remark in undecided} == {"cleared", "read_only"}
    assert all("was not decided in time" in remark.message for remark in undecided)


def test_a_lemma_that_no_proof_could_use_is_remarked() -> None:
    docket = Docket(SYSTEM, all_settings(SYSTEM), Selection(), LIMITS)
    docket.proof_ended(Attempts((), ("cached",), (("cached", "kept elsewhere"), ("cleared", "is of no use"))), TRUE)
    (remark,) = docket.close(interrupted=False).remarks
    assert (remark.code, remark.message, remark.subject) == ("N806", "is of no use", "cleared")
    assert place_of(SYSTEM, remark.span).line == 1 + SMALL[: SMALL.index("lemma cleared")].count("\n")


def test_the_step_that_breaks_a_lemma_is_named_in_words() -> None:
    text = """\
module reasons
sort Cpu, Page
enum Why { to_read, to_write }
var dirty[Page]: bool
action touch(c: Cpu, why: Why, p: Page) {
  if why == to_write { dirty[p] := true }
}
lemma spotless "": forall p: Page: not dirty[p]
"""
    found = attempt(system_of(text), ("spotless",), TRUE, LIMITS)
    assert found.dropped == (("spotless", "lemma spotless is of no use: not preserved by touch (why = to_write)"),)
    (spotless,) = found.found
    assert isinstance(spotless.verdict, Unknown)
    assert spotless.verdict.reason == "not preserved by touch (why = to_write)"


def test_names_of_obligations_in_words() -> None:
    assert in_words(SYSTEM, "protect.clear") == "protect.clear"
    assert in_words(SYSTEM, "gone #1") == "gone #1"
    enums = system_of(
        "module m\nsort Cpu\nenum E { a, b }\nvar x[Cpu]: E?\n"
        "action f(one: E, c: Cpu, two: E) { x[c] := choose e: E }\n"
    )
    assert in_words(enums, "f #0 1 1: fault 0") == "f (one = a, two = b, e = b): fault 0"


# ---- places and reports --------------------------------------------------------------------------------------------


def test_places() -> None:
    start = SMALL.index("expect {")
    place = place_of(SYSTEM, Span("models/small.cow", start, start + 12))
    line = SMALL[:start].count("\n") + 1
    assert (place.line, place.column, place.end_line, place.end_column) == (line, 1, line + 1, 4)
    assert place_of(SYSTEM, None).path == "models/small.cow" and place_of(SYSTEM, Span("other.cow", 5, 6)).line == 1
    assert text_of(SYSTEM, SYSTEM.expectations[2].span) == "busy: reached"
    assert text_of(SYSTEM, Span("other.cow", 5, 6)) == ""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.cow").write_text((Path(__file__).parents[1] / "cases/sanity/V702_never_fires.cow").read_text())
    return tmp_path


def test_remarks_are_printed_and_in_json(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "odd.cow", "--jobs", "1", "--max-steps", "6"]) == 7
    out = " ".join(capsys.readouterr().out.split())
    assert "vacuous[V702]: step use_broken fires under no setting within 6 steps at Cpu=2, Page=3 (odd.cow:6)" in out
    assert "NOT as declared" in out
    assert run(["check", "odd.cow", "--jobs", "1", "--max-steps", "6", "--json"]) == 7
    (model,) = json.loads(capsys.readouterr().out)["models"]
    first, second = model["remarks"]
    assert first == {
        "code": "V702",
        "severity": "vacuous",
        "subject": "use_broken",
        "message": "step use_broken fires under no setting within 6 steps at Cpu=2, Page=3",
        "path": "odd.cow",
        "line": 6,
        "column": 1,
    }
    assert second["subject"] == "sweep.mend" and model["vacuous"] == [first["message"], second["message"]]


def test_lemmas_are_tried_only_if_asked_for(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[1] / "cases/sanity/N805_one_of_two.cow").read_text()
    (odd / "odd.cow").write_text(text)
    found = []
    for options in ((), ("--necessary",)):
        assert run(["check", "odd.cow", "--jobs", "1", "--max-steps", "6", "--json", *options]) == 0
        (model,) = json.loads(capsys.readouterr().out)["models"]
        found.append([(remark["code"], remark["subject"]) for remark in model["remarks"]])
    either = [[("N804", "first_way"), ("N805", name)] for name in ("first_way", "other_way")]
    assert found[0] == [("N804", "first_way")] and found[1] in either
