"""`--cross`: a second solver confirms proofs, does not know, disagrees, dies, or is not there."""

import json
import os
import signal
from pathlib import Path

import pytest
from cowspec.cli import options
from cowspec.cli.main import run
from cowspec.engines.cvc5_solver import Opinion, opinion
from cowspec.judge.check import check
from cowspec.judge.confirming import crossing
from cowspec.judge.jobs import run_here
from cowspec.judge.results import Crossed, Finding, ModelReport
from cowspec.judge.selection import Selection
from cowspec.report.crossed import cross_lines
from cowspec.verdict import Limits
from report_examples import system_of
from test_smtlib import OWNERS

SELECTION = Selection(names=("dirty_is_owned", "stays"), options=(("clean", "on"),))
REFUSED = "(assert (! (not (forall ((p_2 Page)) (or (not (|dirty'| p_2)) (|owner?'| p_2))))"
"""Stands in one obligation only: that of `drop` and `dirty_is_owned`."""


def checked() -> ModelReport:
    (report,) = check([system_of(OWNERS)], SELECTION, Limits(timeout=20.0), run_here, twice=True)
    return report


def crossed(report: ModelReport) -> Crossed:
    assert report.crossed is not None
    return report.crossed


def answering(monkeypatch: pytest.MonkeyPatch, answer: Opinion) -> None:
    """The second judge says this of one obligation."""
    monkeypatch.setattr(crossing, "opinion", lambda text, seed: answer if REFUSED in text else opinion(text, seed))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owners.cow").write_text(OWNERS)
    return tmp_path


def test_proofs_are_confirmed() -> None:
    report = checked()
    assert {result.evidence for result in report.results} == {(("induction", ("z3", "cvc5")),)}
    found = crossed(report)
    assert (found.obligations, found.confirmed, found.refused) == (7, 7, 0)
    assert (found.twice, found.once, found.against) == (2, 0, 0)
    assert found.judges[0].startswith("z3 ") and found.judges[1].startswith("cvc5 ")


def test_what_two_lines_prove_counts_once() -> None:
    text = OWNERS.replace("  stays: proved\n", "  stays: proved\n  stays: proved when clean\n")
    (report,) = check([system_of(text)], Selection(names=("stays",)), Limits(timeout=20.0), run_here, twice=True)
    assert crossed(report).twice == 2 == sum(len(result.settings) for result in report.results)


def test_without_the_option_nobody_is_asked() -> None:
    (report,) = check([system_of(OWNERS)], SELECTION, Limits(timeout=20.0), run_here)
    assert report.crossed is None and cross_lines([report], timings=False) == []


def test_a_proof_with_an_open_obligation_is_proved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, Opinion("unknown", 0.1, "resource limit"))
    report = checked()
    by_name = {result.property: result for result in report.results}
    once = by_name["dirty_is_owned"]
    assert once.verdict == Finding.PROVED and once.as_declared and once.evidence == (("induction", ("z3",)),)
    assert once.notes == ("cvc5 does not know of 1 of 4 obligations: dirty_is_owned at drop",)
    assert by_name["stays"].evidence == (("induction", ("z3", "cvc5")),)
    found = crossed(report)
    assert (found.confirmed, found.refused, found.twice, found.once) == (6, 0, 1, 1)
    lines = cross_lines([report], timings=True)
    assert lines[1].split() == ["judge", "obligations", "unsat", "unknown", "sat", "seconds"]
    assert lines[3].split()[2:6] == ["7", "6", "1", "0"]
    assert lines[4] == "any-size proofs of properties x settings: 1 proved twice, 1 once, 0 in dispute"


def test_a_disagreement_stops_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, Opinion("sat", 0.1, model="; nobody trusts this"))
    options = ["--cross", "--jobs", "1", "--out-dir", "o"]
    assert run(["check", "owners.cow", *options]) == 6
    out = capsys.readouterr().out
    assert "engines disagree: dirty_is_owned at drop: z3 proved it, cvc5 finds a counterexample" in " ".join(
        out.split()
    )
    assert "0 once, 1 in dispute" in out and "judges disagree: cvc5 refuses dirty_is_owned at drop" in out
    (place,) = (folder / "o").glob("disagreement-*")
    files = {path.name: path.read_text() for path in place.iterdir()}
    assert set(files) == {"obligation.smt2", "model.txt", "README.txt", "message.txt", "system.txt"}
    assert REFUSED in files["obligation.smt2"] and files["model.txt"] == "; nobody trusts this\n"
    assert "z3 asked again about the same text: unsat" in files["message.txt"]
    assert "cvc5 --enum-inst" in files["README.txt"] and "Versions: cvc5 1" in files["README.txt"]
    assert run(["prove", "owners.cow", "-i", "dirty_is_owned", "--set", "clean", *options, "--json"]) == 6
    record = json.loads(capsys.readouterr().out)
    assert record["status"] == 6 and record["results"][0]["verdict"] == "unknown"
    assert record["models"][0]["cross"]["in_dispute"] == 1


def test_a_solver_that_dies_confirms_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes its process with it; the other obligations of the same job are asked again."""

    def dying(text: str, seed: int) -> Opinion:
        if REFUSED in text:
            os.kill(os.getpid(), signal.SIGKILL)
        return opinion(text, seed)

    monkeypatch.setattr(crossing, "opinion", dying)
    assert run(["prove", "owners.cow", "--set", "clean", "--cross", "--jobs", "2", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    found = record["models"][0]["cross"]
    assert (found["confirmed"], found["unknown"], found["refused"]) == (6, 1, 0)
    by_name = {result["property"]: result["evidence"] for result in record["results"]}
    assert by_name["dirty_is_owned"] == {"induction": ["z3"]} and by_name["stays"] == {"induction": ["z3", "cvc5"]}


def test_a_text_that_cvc5_cannot_read_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing, "body", lambda obligation: "(assert nobody)")
    report = checked()
    assert len(report.bugs) == 1 and report.bugs[0].startswith("cvc5: RuntimeError")
    assert crossed(report).confirmed == 0


def test_without_cvc5_the_option_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(options, "available", lambda: False)
    for command in ("check", "prove"):
        assert run([command, "owners.cow", "--cross"]) == 2
        assert capsys.readouterr().err == (
            "error: --cross needs cvc5, which is not installed: `pip install 'cowspec[cross]'`\n"
        )
