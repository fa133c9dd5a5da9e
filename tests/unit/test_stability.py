"""`stability`: mutants say the same, what is counted, which obligations fall below 100 %, statuses, the command."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from cowspec.cli.main import run
from cowspec.encode.fol.renaming import renamed
from cowspec.encode.fol.terms import declaration, term
from cowspec.engines.induction import stability as retrying
from cowspec.engines.induction.obligations import NO_FAULT
from cowspec.engines.induction.prove import prove, questions
from cowspec.engines.induction.solver import Answer, Holds, Open
from cowspec.engines.induction.stability import Named, Tried, retried
from cowspec.judge.confirming.stability import Asked, Measured, StabilityReport, stability, status_of_stability
from cowspec.judge.jobs import AnyJob, Died, run_here
from cowspec.judge.results import Status
from cowspec.judge.selection import Selection
from cowspec.report.stability import spread, stability_json, stability_text
from cowspec.report.text import Style
from cowspec.system import ir
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits
from relational_examples import protect

LIMITS = Limits(timeout=5.0)
MODEL = """
module small
sort Cpu, Page
fix early "drops first"
var mapped[Page]: bool
var cached[Cpu, Page]: bool
action map(p: Page) { mapped[p] := true }
action fill(c: Cpu, p: Page) { require mapped[p]  cached[c, p] := true }
proc unmap(p: Page) {
  step drop { require mapped[p]  forall c: Cpu { cached[c, p] := false }  mapped[p] := false }
  step done { if early { mapped[p] := false  forall c: Cpu { cached[c, p] := false } } }
}
invariant covered "": forall c: Cpu, p: Page: cached[c, p] -> mapped[p]
cover never "": exists c: Cpu, p: Page: cached[c, p] and not mapped[p]
transition kept "": forall p: Page: old(mapped[p]) -> mapped[p] or not mapped[p]
invariant wrong "": forall p: Page: not mapped[p]
expect { covered, kept: proved  never: unreachable  wrong: refuted }
"""


def proof() -> tuple[ir.System, dict[Named, frozenset[str]]]:
    system = protect()
    known = prove(system, ("visible", NO_FAULT), ir.TRUE, LIMITS).known
    return system, {named: known.cores[named] for named in sorted(known.confirmed)}


# ---- mutants -------------------------------------------------------------------------------------------------------


def test_mutants_have_other_names_and_the_same_answers() -> None:
    system, cores = proof()
    assert any(name == "bad: fault 0" or ": fault" in name for _, name in cores), "faults are obligations, too"
    found = retried(system, ("visible", NO_FAULT), ir.TRUE, cores, 3, LIMITS)
    assert list(found) == list(cores) and len(found) > 10
    assert all(len(tried) == 3 and all(each.holds and each.first for each in tried) for tried in found.values())
    assert any(len({each.units for each in tried}) > 1 for tried in found.values()), "no mutant differs"
    assert found == retried(system, ("visible", NO_FAULT), ir.TRUE, cores, 3, LIMITS)
    assert found != retried(system, ("visible", NO_FAULT), ir.TRUE, cores, 3, replace(LIMITS, seed=1))


def test_renaming_changes_names_only() -> None:
    asked, _ = questions(protect(), ("visible",), ir.TRUE, LIMITS)
    one, other = (renamed(asked.language, Random(seed)) for seed in (1, 2))
    formula = asked.conjuncts["visible"]
    texts = [str(term(language, formula)) for language in (asked.language, one, other)]
    assert len(set(texts)) == 3 and all("pte" not in text for text in texts[1:])
    shapes = {tuple(char for char in text if char in "(),") for text in texts}
    assert len(shapes) == 1
    assert len({str(declaration(one, name)) for name in one.predicates}) == len(one.predicates)


def test_an_obligation_without_its_core_fails() -> None:
    """A mutant is no easier than the question: with a lemma too few, the solver finds a structure."""
    system, cores = proof()
    named = max(cores, key=lambda each: len(cores[each]))
    (tried,) = retried(system, ("visible", NO_FAULT), ir.TRUE, {named: frozenset()}, 2, LIMITS).values()
    assert all(each.fails and not each.holds for each in tried)


def test_an_open_answer_is_asked_again_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    system, cores = proof()
    asked: list[tuple[float, int, bool]] = []
    answers: list[Answer] = [Open("resource limit"), Open("resource limit"), Holds(frozenset())]

    def ask_once(language: object, facts: object, seconds: float, seed: int, *, prepared: bool) -> tuple[Answer, int]:
        asked.append((seconds, seed, prepared))
        return (answers if len(asked) <= 3 else [Open("incomplete")] * len(asked))[len(asked) - 1], 10

    monkeypatch.setattr(retrying, "ask_once", ask_once)
    named = next(iter(cores))
    one = {named: cores[named]}
    assert retried(system, ("visible", NO_FAULT), ir.TRUE, one, 1, LIMITS) == {named: (Tried(30, False),)}
    assert [prepared for _, _, prepared in asked] == [False, True, True] and len({seed for _, seed, _ in asked}) == 3
    assert asked[0][0] < asked[1][0] < asked[2][0]
    ((tried,),) = retried(system, ("visible", NO_FAULT), ir.TRUE, one, 1, LIMITS).values()
    assert not tried.holds and tried.open == "incomplete"
    assert sum(seconds for seconds, _, _ in asked[4:]) <= LIMITS.timeout


# ---- reports -------------------------------------------------------------------------------------------------------


def measured(*tried: Tried, step: str = "copy", conjunct: str = "shared") -> Measured:
    return Measured(step, conjunct, all_settings(protect()), ("lemma", "other"), tried)


def report(*each: Measured) -> StabilityReport:
    return StabilityReport("m.cow", protect(), 3, len(each), 1, list(each))


def test_spread() -> None:
    found = spread([Tried(10, True), Tried(30, True), Tried(20, False), Tried(9999, False, "resource limit")])
    assert found is not None and (found.least, found.middle, found.most) == (10, 20, 30)
    assert found.variation == pytest.approx(0.408, abs=0.001)
    assert spread([Tried(5, False, fails=True)]) is None


def test_what_is_below_is_named_with_its_core() -> None:
    good = measured(*(Tried(units, True) for units in (20_000, 40_000, 20_000)), conjunct="fine")
    bad = measured(Tried(50, True), Tried(99, False, "resource limit"), Tried(60, False))
    text = stability_text([report(good, bad)], Style(100, False))
    assert text.startswith(
        "m.cow: 2 obligations of 1 proof, 3 mutants of each\n  5 of 6 hold (83.33 %); 4 at the first"
    )
    assert "below 100 %:\n    copy: shared: 2/3, 50..60, median 55, variation 9 %; from lemma, other; resource" in text
    assert "most unsteady:\n    copy: fine: 3/3, 20,000..40,000, median 20,000, variation 35 %" in text
    nearly = report(measured(*[Tried(1, True)] * 99_999, Tried(1, True, "resource limit")))
    assert "(99.99 %)" in stability_text([nearly], Style(100, False))


def test_statuses() -> None:
    held, left, wrong = Tried(1, True), Tried(1, False, "resource limit"), Tried(1, True, fails=True)
    for tried, status in (((held,), 0), ((held, left), Status.NOT_DECLARED), ((left, wrong), Status.DISAGREE)):
        assert status_of_stability([report(measured(*tried))]) == status
    assert status_of_stability([report()]) == Status.NOTHING
    lost = replace(report(measured(held)), lost=[((("copy", "x"),), "worker died: signal 9")])
    assert status_of_stability([lost]) == Status.UNKNOWN
    assert "unknown: copy: x: worker died: signal 9" in stability_text([lost], Style(100, False))
    assert json.loads(stability_json([lost], {}, 4))["models"][0]["unknown"][0]["reason"] == "worker died: signal 9"
    assert status_of_stability([replace(lost, bugs=["KeyError"])]) == Status.INTERNAL


# ---- the judge and the command -------------------------------------------------------------------------------------


def test_a_lost_job_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[str] = []

    def runner(jobs: Sequence[AnyJob]) -> None:
        for job in jobs:
            if "mutants" in job.label:
                died.append(job.label)
                assert job.then(Died("out of memory")) == []
            else:
                runner(job.then(job.work()))

    monkeypatch.setattr("cowspec.judge.confirming.stability.PORTION", 5)
    (found,) = stability([system_of_model()], Selection(), LIMITS, runner, Asked(2))
    assert len(died) > 1 and not found.tested and not found.bugs
    assert sum(len(obligations) for obligations, _ in found.lost) == found.known > 5
    (whole,) = stability([system_of_model()], Selection(), LIMITS, run_here, Asked(2))
    assert len(whole.tested) == found.known and status_of_stability([whole]) == 0
    assert {each.conjunct for each in whole.tested} >= {"covered", "never", "kept"}
    (sample,) = stability([system_of_model()], Selection(), LIMITS, run_here, Asked(2, 4))
    assert len(sample.tested) == 4 and {(each.step, each.conjunct) for each in sample.tested} <= {
        (each.step, each.conjunct) for each in whole.tested
    }


def system_of_model() -> ir.System:
    from cowspec.check.check import check
    from cowspec.check.modules import load
    from cowspec.system.build import build

    return build(check(load("small.cow", MODEL, lambda name, user: None)))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.cow").write_text(MODEL)
    asked = ["stability", "small.cow", "--mutants", "2", "--sample", "3", "--jobs", "1"]
    assert run(asked) == 0
    out = capsys.readouterr().out
    assert out.startswith("small.cow: a sample of 3 of ") and "6 of 6 hold (100 %)" in out
    printed = []
    for _ in range(2):
        assert run([*asked, "--json", "-i", "covered"]) == 0
        printed.append(capsys.readouterr().out)
    (model,) = json.loads(printed[0])["models"]
    assert printed[0] == printed[1] and len(model["obligations"]) == 3 and model["held"] == model["tried"] == 6
    assert set(model["obligations"][0]["units"]) == {"min", "median", "max", "variation"}
    Path("small.cow").write_text(MODEL.replace("covered, kept: proved", "covered, kept, wrong: proved").replace(
        "  wrong: refuted", ""))  # fmt: skip
    assert run([*asked, "-i", "wrong"]) == 4
    assert "wrong is not proved" in capsys.readouterr().out
    assert run(["stability", "small.cow", "-i", "wrog"]) == 2
    Path("small.cow").write_text("module small\nsort A")
    assert run(["stability", "small.cow"]) == 5
    nothing = "nothing to ask: no step can break what is expected to be proved for any size"
    assert capsys.readouterr().out == f"small.cow\n  {nothing}\n"
    Path("small.cow").write_text(MODEL)
    assert run(["stability", "small.cow", "-i", "wrong"]) == 5
    assert capsys.readouterr().out == "small.cow\n  nothing is expected to be proved for any size\n"
