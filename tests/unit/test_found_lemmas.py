"""Proofs by lemmas that were found: confirmed, certified and reported like proofs by lemmas that stand in the model."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certificate_examples import Record, certified_in, changed, record
from cowspec.cli.main import run
from cowspec.engines.cvc5_solver import Opinion, opinion
from cowspec.judge import check as judge
from cowspec.judge import lemmas
from cowspec.judge.confirming import crossing
from cowspec.judge.confirming.certifying import certified
from cowspec.judge.confirming.verifying import verify
from cowspec.judge.jobs import run_here
from cowspec.judge.proving import Attempt, Attempts
from cowspec.judge.results import Crossed, Finding, ModelReport, found_lemmas
from cowspec.judge.selection import Selection
from cowspec.verdict import Limits, Unknown
from inference_models import OWED, REASONS, TOKEN, system_of

CERT = "token.cert.json"
LIMITS = Limits(timeout=20.0)
READIED = """module readied
sort Node
var asked[Node]: bool
var counted[Node]: bool
var ready[Node]: bool
var inside[Node]: bool

action ask(n: Node) { asked[n] := true }
action count_in(n: Node) { counted[n] := true }
action prepare(n: Node) {
  require asked[n] and counted[n]
  ready[n] := true
}
action enter(n: Node) {
  require ready[n]
  inside[n] := true
}

lemma ready_asked "": forall n: Node: ready[n] -> asked[n]
lemma inside_ready "": forall n: Node: inside[n] -> ready[n]
invariant both "who is in has asked, and is counted": forall n: Node: inside[n] -> asked[n] and counted[n]
expect { both: proved }
"""


def crossed(text: str, *names: str) -> tuple[ModelReport, Crossed]:
    """What a model expects of these properties, with lemmas that are found, before two judges."""
    selection = Selection(names=names)
    (report,) = judge.check([system_of(text)], selection, LIMITS, run_here, inference=60.0, twice=True)
    assert report.crossed is not None and not report.bugs
    return report, report.crossed


# ---- the second solver ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "name"), [(TOKEN, "one_holder"), (OWED, "quiet")])
def test_found_lemmas_are_confirmed(text: str, name: str) -> None:
    """Universal ones; one that says that somebody owes something."""
    report, figures = crossed(text, name)
    (result,) = report.results
    assert found_lemmas(result) and result.evidence == (("induction", ("z3", "cvc5")),)
    asked = len({question for proof in result.proofs for question in proof.known.part((name,))})
    assert figures.obligations == figures.confirmed == asked > len(found_lemmas(result))
    assert (figures.twice, figures.once, figures.against) == (1, 0, 0)


def test_what_stands_in_the_model_is_asked_once() -> None:
    """The same obligations, whether the lemmas were found or written."""
    _, found = crossed(TOKEN, "one_holder")
    same = """
lemma one_holder_1 "": forall n: Node: at_home -> not here[n]
lemma one_holder_2 "": forall n: Node: at_home -> not sent[n]
lemma one_holder_3 "": forall n, n2: Node: here[n] -> not sent[n2]
lemma one_holder_4 "": forall n, n2: Node: sent[n] and sent[n2] -> n == n2
"""
    report, written = crossed(TOKEN + same, "one_holder")
    assert not found_lemmas(report.results[0])
    assert (found.obligations, found.confirmed) == (written.obligations, written.confirmed)


def test_a_refused_lemma_refutes_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(text: str, seed: int) -> Opinion:
        return Opinion("sat", 0.1, model="; nobody trusts this") if "one_holder_2" in text else opinion(text, seed)

    monkeypatch.setattr(crossing, "opinion", answer)
    report, figures = crossed(TOKEN, "one_holder")
    (result,) = report.results
    assert result.verdict == Finding.UNKNOWN and "judges disagree: cvc5 refuses" in result.reason
    assert figures.against == 1 and report.disagreements


def test_lemmas_for_other_settings_stay_apart() -> None:
    """Two proofs of one property, each with a lemma of its own, which has the same name."""
    line = "  one_inside: proved when one_asks or one_counts\n"
    lines = "  one_inside: proved when one_asks\n  one_inside: proved when one_counts and not one_asks\n"
    assert line in REASONS
    report, figures = crossed(REASONS.replace(line, lines), "one_inside")
    proved = [result for result in report.results if found_lemmas(result)]
    one, two = ([lemma.name for lemma in found_lemmas(result)] for result in proved)
    assert one[0] == two[0] == "one_inside_1"
    assert found_lemmas(proved[0])[0].formula != found_lemmas(proved[1])[0].formula
    assert all(result.evidence == (("induction", ("z3", "cvc5")),) for result in proved)
    assert (figures.confirmed, figures.refused, figures.twice) == (figures.obligations, 0, 7)
    told = certified(report.system, proved, LIMITS, run_here)
    found = verify(told.certificate, report.system, LIMITS, run_here)
    assert [(claim.found, claim.unchecked, claim.rejected) for claim in found.claims or ()] == [
        (len(one), 0, ""),
        (len(two), 0, ""),
    ]


def test_lemmas_with_which_nothing_is_proved_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the search says is not enough: the ordinary prover has the last word."""

    def gives_up(*_: object) -> Attempts:
        return Attempts((Attempt("one_holder", Unknown("resource limit")),), (), ())

    monkeypatch.setattr(lemmas, "attempt", gives_up)
    (report,) = judge.check([system_of(TOKEN)], Selection(names=("one_holder",)), LIMITS, run_here, inference=60.0)
    (result,) = report.results
    assert result.verdict == Finding.UNKNOWN and not result.proofs
    assert "lemmas were searched: the prover gave up" in result.notes


# ---- certificates --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a model and a certificate of what is proved of it by lemmas that were found."""
    with certified_in(tmp_path_factory.mktemp("found"), "token.cow", TOKEN, CERT, "-i", "one_holder") as folder:
        yield folder


@pytest.fixture
def folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


def refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Record], None]) -> str:
    """What `verify-cert` says of the certificate after the change, which it refuses."""
    path = changed(folder / CERT, tmp_path, change)
    assert run(["verify-cert", str(path), "token.cow", "--jobs", "1"]) == 6
    return " ".join(capsys.readouterr().out.split())


def test_a_certificate_brings_its_lemmas(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (claim,) = record(folder / CERT)["claims"]
    assert [name for name, _ in claim["found"]] == [f"one_holder_{number}" for number in range(1, 5)]
    assert run(["verify-cert", CERT, "token.cow", "--jobs", "1"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "one_holder: proved, any size, by 4 lemmas that are not in the model: all 18 obligations are there" in said


def test_check_writes_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """An existential lemma; and no lock is written."""
    monkeypatch.chdir(tmp_path)
    Path("owed.cow").write_text(OWED)
    assert run(["check", "owed.cow", "--jobs", "1", "--cross", "--cert-dir", "d", "--update-lock"]) == 0
    out, err = capsys.readouterr()
    assert "2 proved twice, 0 once, 0 in dispute" in out and "0 checked by solvers only" in " ".join(out.split())
    assert "the lock is not written: lemmas had to be found for quiet" in err
    assert run(["verify-cert", "d/owed.cert.json.gz", "owed.cow", "--jobs", "1"]) == 0
    assert "by 1 lemma that is not in the model" in " ".join(capsys.readouterr().out.split())


def test_one_setting_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """The lemmas are found for a slice of the model; the certificate is about the model."""
    monkeypatch.chdir(tmp_path)
    Path("reasons.cow").write_text(REASONS)
    under = ["--set", "one_asks,no-one_counts,no-closed"]
    words = ["prove", "reasons.cow", *under, "-i", "one_inside", "--jobs", "1", "--cross", "--cert", "c.json"]
    assert run(words) == 0
    assert "1 proved twice" in capsys.readouterr().out
    assert run(["verify-cert", "c.json", "reasons.cow", "--jobs", "1"]) == 0
    assert "one_inside: proved, any size, under one_asks" in " ".join(capsys.readouterr().out.split())


def test_lemmas_found_from_scratch_may_have_names_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """What `infer --write` has written is left out, and found again."""
    monkeypatch.chdir(tmp_path)
    Path("owed.cow").write_text(OWED)
    assert run(["infer", "owed.cow", "-i", "quiet", "--write"]) == 0
    assert run(["prove", "owed.cow", "-i", "quiet", "--jobs", "1", "--from-scratch", "--cert", "c.json"]) == 0
    assert run(["verify-cert", "c.json", "owed.cow", "--jobs", "1"]) == 0
    assert "proved, any size, by 1 lemma that is not in the model" in " ".join(capsys.readouterr().out.split())


def test_another_lemma_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each lemma in turn says what another one says; is missing; is the truth, or false."""
    count = len(record(folder / CERT)["claims"][0]["found"])
    for number in range(count):

        def exchange(made: Record, number: int = number) -> None:
            found = made["claims"][0]["found"]
            found[number][1] = found[(number + 1) % count][1]

        assert "one_holder: rejected" in refused(folder, tmp_path, capsys, exchange)

        def drop(made: Record, number: int = number) -> None:
            del made["claims"][0]["found"][number]

        assert f"assumes `one_holder_{number + 1}`, which the model has not" in refused(folder, tmp_path, capsys, drop)
        for constant in ("true", "false"):

            def say(made: Record, number: int = number, constant: str = constant) -> None:
                made["formulas"].append([constant])
                made["claims"][0]["found"][number][1] = len(made["formulas"]) - 1

            assert "one_holder: rejected" in refused(folder, tmp_path, capsys, say)


def test_a_lemma_that_nobody_proved_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is false, and helps every obligation; its own are missing."""

    def assume_false(made: Record) -> None:
        made["formulas"].append(["false"])
        false = len(made["formulas"]) - 1
        made["claims"][0]["found"].append(["magic", false])
        for entry in made["obligations"]:
            if entry["step"] != "start":
                entry["assumptions"] = [*entry["assumptions"], ["magic", false]]
                entry["needed"] = [*entry["needed"], "magic"]
                entry["lemmas"], entry["proof"] = [["assume", "magic"]], "0\n"

    assert "the obligation start / magic is missing" in refused(folder, tmp_path, capsys, assume_false)


def state_after(made: Record) -> int:
    """A formula about the state after a step."""
    return next(number for number, each in enumerate(made["formulas"]) if each[0] == "atom" and "'" in each[1])


def with_a_free_name(made: Record) -> int:
    return next(number for number, each in enumerate(made["formulas"]) if each[:2] == ["atom", "sent"])


def of_a_predicate_that_is_none(made: Record) -> int:
    made["formulas"].append(["atom", "nobody", []])
    return len(made["formulas"]) - 1


def with_another_number_of_arguments(made: Record) -> int:
    made["formulas"].append(["atom", "here", []])
    return len(made["formulas"]) - 1


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        (state_after, "is not closed"),
        (with_a_free_name, "the found lemma `one_holder_1` is not closed"),
        (of_a_predicate_that_is_none, "speaks of more than the state of the model"),
        (with_another_number_of_arguments, "speaks of more than the state of the model"),
    ],
)
def test_what_is_no_lemma_is_refused(
    formula: Callable[[Record], int],
    why: str,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def replace(made: Record) -> None:
        made["claims"][0]["found"][0][1] = formula(made)

    assert why in refused(folder, tmp_path, capsys, replace)


@pytest.mark.parametrize("name", ["one_holder", "no_fault", "send: fault 0", "stays"])
def test_a_lemma_takes_no_name_that_is_asked_for_otherwise(
    name: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The goal itself, faults, transition properties."""

    def rename(made: Record) -> None:
        made["claims"][0]["found"][0][0] = name

    stays = '\ntransition stays "": at_home -> at_home\n'
    (tmp_path / "token.cow").write_text(TOKEN + stays)
    made = record(folder / CERT)
    rename(made)
    (tmp_path / "renamed.json").write_text(json.dumps(made))
    assert run(["verify-cert", str(tmp_path / "renamed.json"), str(tmp_path / "token.cow"), "--jobs", "1"]) == 6
    assert f"a found lemma has the name `{name}`" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("found", [None, 3, "one_holder_1", [["one_holder_1"]], [["one_holder_1", 99_999]], [[7, 0]]])
def test_damaged_lemmas_are_no_certificate(
    found: object, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = record(folder / CERT)
    made["claims"][0]["found"] = found
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(made))
    assert run(["verify-cert", str(path), "token.cow", "--jobs", "1"]) == 2
    assert f"{path}: claim 0: " in capsys.readouterr().err


# ---- what else is said of proofs -----------------------------------------------------------------------------------


def test_what_the_proof_rests_on_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "token.cow", "-i", "one_holder", "--jobs", "1", "-v"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "18 obligations; inductive together: one_holder_1, one_holder_2, one_holder_3, one_holder_4" in told


def test_a_written_lemma_that_helps_the_found_ones_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--necessary` tries each proof without it, and with what was found for that proof."""
    monkeypatch.chdir(tmp_path)
    Path("readied.cow").write_text(READIED)
    assert run(["check", "readied.cow", "--jobs", "1", "--necessary"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1 lemma had to be found" in told
    assert "lemma inside_ready is not needed" in told and "lemma ready_asked" not in told
