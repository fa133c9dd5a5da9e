"""Certificates: written, checked again without a solver, and refused when anything in them is changed or missing."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from certificate_examples import Record, certified_in, changed, record
from cowspec.cli.certificates import files_in
from cowspec.cli.main import run
from cowspec.engines.instantiation.certify import Open, Wrong
from cowspec.evidence.certificate_reading import CertificateError, read
from cowspec.evidence.certificates import write
from cowspec.judge.confirming import certifying
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_examples import SMALL

MODEL = "small.cow"
CERT = "small.cert.json"
EAGER = ("--set", "policy=eager")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a model and a certificate of all that is proved of it under one policy."""
    folder, goals = tmp_path_factory.mktemp("certificates"), ("-i", "no_stale", "-i", "no_fault")
    with certified_in(folder, MODEL, SMALL, CERT, *goals, *EAGER):
        yield folder


@pytest.fixture
def folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


def verified(path: Path | str, *more: str) -> int:
    return run(["verify-cert", str(path), *more, "--jobs", "1"])


# ---- what is accepted ----------------------------------------------------------------------------------------------


def test_a_certificate_is_accepted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(CERT, MODEL) == 0
    out = capsys.readouterr().out
    assert "no_stale: proved, any size, under policy=eager: all " in out and "no_fault: proved" in out
    assert verified(CERT) == 0
    assert "no model given" in capsys.readouterr().out


def test_neither_a_prover_nor_a_sat_solver_is_needed(folder: Path) -> None:
    program = (
        "import sys; sys.modules['z3'] = sys.modules['pysat'] = sys.modules['cvc5'] = None\n"
        "from cowspec.cli.main import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    paths = os.pathsep.join(path for path in sys.path if path)

    def ran(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip

    checked = ran("verify-cert", CERT, MODEL)
    assert checked.returncode == 0 and "checked" in checked.stdout, checked.stderr
    assert ran("prove", MODEL, "-i", "no_stale", *EAGER).returncode != 0


def test_the_text_is_read_back_and_written_alike(folder: Path) -> None:
    text = (folder / CERT).read_text()
    assert write(read(text)) == text


def test_the_same_proof_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    """Whatever the order of Python's sets, and however many workers there are."""
    path = tmp_path / "again.json"
    words = ["prove", MODEL, "-i", "no_stale", "-i", "no_fault", *EAGER, "--jobs", "2", "--cert", str(path)]
    subprocess.run(
        [sys.executable, "-m", "cowspec", *words], check=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "77"},
    )  # fmt: skip
    assert path.read_bytes() == (folder / CERT).read_bytes()


def test_an_interrupt_leaves_the_proofs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cowspec.cli.certificates.certified", interrupted)
    words = ["prove", MODEL, "-i", "no_fault", *EAGER, "--jobs", "1", "--cert", str(tmp_path / "c.json")]
    assert run(words) == 130
    out = capsys.readouterr().out
    assert "no_fault: proved" in out and "not written: interrupted" in out


@pytest.mark.parametrize("words", [["prove", "--cert"], ["check", "--cert-dir"]])
def test_a_certificate_that_cannot_be_written_leaves_the_report(
    words: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, option = words
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file" / "below")
    assert run([command, MODEL, "-i", "no_fault", *EAGER, "--jobs", "1", option, place]) == 2
    out, err = capsys.readouterr()
    assert "no_fault" in out and "proved" in out and "accepted by drup" in " ".join(out.split())
    assert place in err and "cannot be written" in err


def test_a_compressed_certificate_is_one_too(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.json.gz"
    path.write_bytes(gzip.compress((folder / CERT).read_bytes()))
    assert verified(path, MODEL) == 0
    path.write_bytes(path.read_bytes()[:-20])
    assert verified(path, MODEL) == 2


def test_the_checker_is_named_as_evidence(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["prove", MODEL, "-i", "no_fault", *EAGER, "--jobs", "1", "--cert", str(tmp_path / "c.json"), "--json"]
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["results"][0]["evidence"] == {"induction": ["z3", "drup"]}
    assert "accepted by drup; 0 checked by solvers only" in " ".join(err.split())


def test_nothing_is_written_where_nothing_is_proved(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["prove", MODEL, "-i", "no_stale", "--set", "policy=lazy,no-flush_late", "--jobs", "1"]
    assert run([*words, "--out-dir", str(tmp_path), "--cert", str(tmp_path / "c.json")]) == 1
    assert "not written" in capsys.readouterr().out and not (tmp_path / "c.json").exists()


def test_check_writes_a_certificate_of_each_model(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model expects different things under different settings: several proofs of one property."""
    words = ["check", MODEL, "-i", "no_stale", "--jobs", "1", "--out-dir", str(tmp_path)]
    assert run([*words, "--cert-dir", str(tmp_path / "certs")]) == 0
    assert "accepted by drup" in " ".join(capsys.readouterr().out.split())
    assert verified(tmp_path / "certs" / "small.cert.json.gz", MODEL) == 0
    assert "no_stale: proved, any size, under" in capsys.readouterr().out


def test_models_of_one_name_have_certificates_apart() -> None:
    reports: Any = [SimpleNamespace(path=path) for path in ("a/one.cow", "b/one.cow", "two.cow")]
    assert files_in("d", reports) == ["d/a-one.cert.json.gz", "d/b-one.cert.json.gz", "d/two.cert.json.gz"]


def test_the_checker_may_be_missing(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "drup", None)
    for words in (["prove", MODEL, "--cert", "c.json"], ["check", MODEL, "--cert-dir", "d"], ["verify-cert", CERT]):
        assert run(words) == 2
        assert "pip install 'cowspec[cert]'" in capsys.readouterr().err


def test_one_certificate_is_of_one_model(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.cow").write_text(SMALL)
    assert run(["prove", MODEL, str(tmp_path / "other.cow"), "--cert", "c.json"]) == 2
    assert "of one model" in capsys.readouterr().err


@pytest.mark.parametrize(("outcome", "status"), [(Open("too hard", ("Cpu",)), 0), (Wrong("it has a model"), 6)])
def test_what_is_not_refuted_is_named(
    outcome: Any,
    status: int,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real, path = certifying.certify, tmp_path / "c.json"

    def certify(interner: Any, obligation: Any) -> Any:
        return outcome if obligation.step == "start" else real(interner, obligation)

    monkeypatch.setattr(certifying, "certify", certify)
    assert run(["prove", MODEL, "-i", "no_stale", *EAGER, "--jobs", "1", "--cert", str(path)]) == status
    out = capsys.readouterr().out
    assert (
        "by solvers only: start / no_stale: too hard" if status == 0 else "rejected: start / no_stale: it has"
    ) in out
    assert verified(path, MODEL) == 4
    out = capsys.readouterr().out
    assert "not checked: start / no_stale" in out and "no_stale: not proved by this" in out


# ---- what is refused -----------------------------------------------------------------------------------------------


def refuted_entries(made: Record) -> Iterator[tuple[int, Record]]:
    yield from ((number, entry) for number, entry in enumerate(made["obligations"]) if "lemmas" in entry)


def test_an_omitted_obligation_is_noticed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any one of them; the others are still in order, but the claim is refused."""
    goals = [claim["goal"] for claim in record(folder / CERT)["claims"]]
    claim = goals.index("no_stale")
    for at in range(0, len(record(folder / CERT)["claims"][claim]["obligations"]), 2):

        def omit(made: Record, at: int = at) -> None:
            del made["claims"][claim]["obligations"][at]

        path = changed(folder / CERT, tmp_path, omit)
        assert verified(path, MODEL) == 6
        assert "is missing" in capsys.readouterr().out
        assert verified(path) == 0


def test_a_missing_lemma_is_noticed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An assumption, an instance: without it the obligation is rejected."""
    for number, entry in list(refuted_entries(record(folder / CERT)))[::2]:

        def drop(made: Record, number: int = number, last: int = len(entry["lemmas"]) - 1) -> None:
            del made["obligations"][number]["lemmas"][last]

        assert verified(changed(folder / CERT, tmp_path, drop), MODEL) == 6
        assert f"rejected: {entry['step']} / {entry['goal']}" in " ".join(capsys.readouterr().out.split())


def test_a_missing_proof_is_noticed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def drop(made: Record) -> None:
        made["obligations"][0]["proof"] = ""

    assert verified(changed(folder / CERT, tmp_path, drop)) == 6
    assert "does not end with the empty clause" in capsys.readouterr().out


def test_a_dropped_conjunct_is_noticed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The obligation without one of its assumptions, used or not, is not that of the model."""
    for number, _ in list(refuted_entries(record(folder / CERT)))[::2]:

        def drop(made: Record, number: int = number) -> None:
            del made["obligations"][number]["assumptions"][-1]

        assert verified(changed(folder / CERT, tmp_path, drop), MODEL) == 6
        assert "rejected" in capsys.readouterr().out


def test_a_flipped_literal_is_noticed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somewhere in a formula an atom is denied: the formulas are no longer those of the model."""
    atoms = [number for number, each in enumerate(record(folder / CERT)["formulas"]) if each[0] == "atom"]
    for atom in atoms[::12]:

        def flip(made: Record, atom: int = atom) -> None:
            for each in made["formulas"]:
                if each[0] in ("and", "or") and atom in each[1]:
                    nots = [n for n, other in enumerate(made["formulas"]) if other == ["not", atom]]
                    if nots and nots[0] < made["formulas"].index(each):
                        each[1][each[1].index(atom)] = nots[0]
                        return
                if each == ["not", atom]:
                    each[:] = ["and", [atom]]
                    return

        path = changed(folder / CERT, tmp_path, flip)
        if json.loads(path.read_text()) != record(folder / CERT):
            assert verified(path, MODEL) == 6
            assert "rejected" in capsys.readouterr().out


def test_an_assumption_that_nobody_proved_is_noticed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def assume_false(made: Record) -> None:
        made["formulas"].append(["false"])
        false = len(made["formulas"]) - 1
        for entry in made["obligations"]:
            entry["assumptions"].append(["magic", false])
            entry["needed"].append("magic")
            entry["lemmas"], entry["proof"] = [["assume", "magic"]], "0\n"

    path = changed(folder / CERT, tmp_path, assume_false)
    assert verified(path) == 0  # each obligation holds, but it is not one of the model's
    assert verified(path, MODEL) == 6
    assert "assumes `magic`, which the model has not" in capsys.readouterr().out


def test_a_claim_about_more_settings_is_noticed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def everywhere(made: Record) -> None:
        made["formulas"].append(["true"])
        for claim in made["claims"]:
            claim["when"] = len(made["formulas"]) - 1

    assert verified(changed(folder / CERT, tmp_path, everywhere), MODEL) == 6
    assert "is not asked under all settings of the claim" in capsys.readouterr().out

    def of_the_state(made: Record) -> None:
        atom = next(n for n, each in enumerate(made["formulas"]) if each[0] == "atom" and each[1] == "pte")
        for claim in made["claims"]:
            claim["when"] = atom

    assert verified(changed(folder / CERT, tmp_path, of_the_state), MODEL) == 6
    assert "speaks of more than switches" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("    pte[m].write := false\n", ""),  # a step does less
        ("  require pte[m] != none\n  tlb", "  tlb"),  # another guard
        ("protected[m] -> not pte[m].write", "protected[m] -> pte[m] == none or not pte[m].write"),  # another lemma
        ("protected[m] -> not tlb[c, m].write", "protected[m] -> not tlb[c, m].write and not pte[m].write"),
        ("var tlb[Cpu, Mm]: Pte?", "var tlb[Cpu, Mm]: Pte? = any"),  # other start states
    ],
)
def test_a_certificate_of_another_model_is_refused(
    line: str, other: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert SMALL.count(line) == 1
    (tmp_path / MODEL).write_text(SMALL.replace(line, other))
    assert verified(CERT, str(tmp_path / MODEL)) == 6
    assert "no_stale: rejected" in capsys.readouterr().out


def test_a_claim_of_something_else_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def rename(made: Record) -> None:
        made["claims"][0]["goal"] = "world_peace"

    assert verified(changed(folder / CERT, tmp_path, rename), MODEL) == 6
    assert "world_peace: rejected: the model has no such property" in capsys.readouterr().out


# ---- hostile texts -------------------------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(CertificateError):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"kind": "certificate", "schema_version": 1' + "0" * 10_000 + "}",
        '{"kind": "certificate", "schema_version": true}',
        '{"kind": "certificate", "schema_version": 1, "sorts": ["\\u001b[31m"]}',
        '{"kind": "certificate", "schema_version": 1, "sorts": ["\\ud800"]}',
    ],
)
def test_bad_texts(text: str) -> None:
    with pytest.raises(CertificateError):
        read(text)


def test_deep_formulas_are_refused(folder: Path) -> None:
    made = record(folder / CERT)
    start = len(made["formulas"])
    made["formulas"] += [["true"], *(["not", start + number] for number in range(100_000))]
    with pytest.raises(CertificateError, match="deep"):
        read(json.dumps(made))


def test_wide_sharing_takes_no_time(folder: Path, tmp_path: Path) -> None:
    """A hundred formulas, each twice in the next: as text 2 to the 100."""

    def share(made: Record) -> None:
        start = len(made["formulas"])
        made["formulas"] += [["true"], *(["and", [start + n, start + n]] for n in range(100))]
        made["obligations"][0]["violated"] = start + 100
        made["claims"][0]["when"] = start + 100

    assert verified(changed(folder / CERT, tmp_path, share), MODEL) == 6


def test_random_changes_give_a_verdict_or_a_diagnostic(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values replaced, removed, doubled, exchanged: never an internal error, and never more claimed than before."""
    random = Random(5)
    small = record(folder / CERT)
    small["claims"] = small["claims"][:1]
    statuses = set()
    for _ in range(60):
        made = json.loads(json.dumps(small))
        for _ in range(random.randint(1, 3)):
            mutate(made, random)
        path = tmp_path / "mutated.json"
        path.write_text(json.dumps(made))
        statuses.add(run(["verify-cert", str(path), MODEL, "--jobs", "1", "--timeout", "5"]))
        assert "internal error" not in capsys.readouterr().err
    assert statuses <= {0, 2, 4, 5, 6} and {2, 6} <= statuses


def mutate(made: Any, random: Random) -> None:
    holder, key = made, None
    for _ in range(random.randint(1, 8)):
        if isinstance(holder, dict) and holder:
            key = random.choice(sorted(holder))
        elif isinstance(holder, list) and holder:
            key = random.randrange(len(holder))
        else:
            return
        if not isinstance(holder[key], dict | list) or random.random() < 0.2:
            break
        holder = holder[key]
        key = None
    if key is None:
        return
    choice = random.randrange(4)
    if choice == 0:
        del holder[key]
    elif choice == 1:
        holder[key] = random.choice([None, -1, 0, 3, 10**12, "x", [], {}, [0], True, 0.5, "1 0\n0\n"])
    elif choice == 2 and isinstance(holder, list):
        holder.append(holder[key])
    elif isinstance(holder, list):
        holder[key], holder[0] = holder[0], holder[key]
