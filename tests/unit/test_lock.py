"""The proof lock: what it keeps is checked, what differs is said, what is forged does not hold."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cowspec.cli.load import load_system, loader
from cowspec.cli.main import run
from cowspec.engines.induction import prove as induction
from cowspec.engines.induction.checking import failing
from cowspec.engines.known import Certificate, certificate
from cowspec.evidence.lock import LockError, read_lock, write_lock
from cowspec.judge import refuting
from cowspec.judge.docket import Docket
from cowspec.judge.lock.checking import locked_jobs
from cowspec.judge.lock.making import Fingerprints, options_of, under
from cowspec.judge.selection import Selection
from cowspec.system import ir
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_examples import SMALL

ROOT = Path(__file__).parents[2]

REFUTED = "no_stale: refuted when policy == lazy and not flush_late"
PROVED = "no_stale: proved when policy == eager or flush_late"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with the small model, locked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.cow").write_text(SMALL)
    assert PROVED in SMALL
    assert run(["check", "--update-lock", "--jobs", "2"]) == 0
    assert capsys.readouterr().err == "wrote models/cowspec.lock\n"
    return tmp_path


def lock_of(folder: Path) -> Any:
    return json.loads((folder / "models" / "cowspec.lock").read_text())


def forge(folder: Path, change: Callable[[Any], object]) -> None:
    """Changes what the lock says of the model."""
    data = lock_of(folder)
    change(data["models"]["small.cow"])
    (folder / "models" / "cowspec.lock").write_text(json.dumps(data))


def change_model(folder: Path, old: str, new: str) -> None:
    text = (folder / "models" / "small.cow").read_text()
    assert old in text
    (folder / "models" / "small.cow").write_text(text.replace(old, new, 1))


def locked(capsys: pytest.CaptureFixture[str], *args: str, status: int = 1) -> list[str]:
    """The codes of the findings."""
    assert run(["check", "--locked", "--jobs", "2", "--no-cache", *args]) == status
    return re.findall(r"^error\[(E\d+)\]", capsys.readouterr().err, re.MULTILINE)


def entry(model: Any, name: str, verdict: str = "") -> Any:
    return next(e for e in model["entries"] if e["property"] == name and verdict in ("", e["verdict"]))


# ---- what holds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.cow")), ids=lambda path: path.stem)
def test_the_lock_of_our_models_is_up_to_date(path: Path) -> None:
    """If not: `cowspec check models/ --update-lock`. (That its evidence holds, `--locked` shows.)"""
    system = load_system(str(path), loader())
    docket = Docket(system, all_settings(system), Selection(), Limits())
    lock = read_lock((ROOT / "models" / "cowspec.lock").read_text())
    assert locked_jobs(docket, lock.models[path.name])
    assert not docket.findings, [finding.message for finding in docket.findings]


def test_a_lock_holds_and_shows_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--no-cache"]) == 0
    cold = capsys.readouterr().out
    assert run(["check", "--locked", "--no-cache"]) == 0
    assert capsys.readouterr() == (cold, "")


def test_nothing_in_the_lock_is_searched_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def searched(*_: object, **__: object) -> None:
        raise AssertionError("a search")

    monkeypatch.setattr(induction, "houdini", searched)
    monkeypatch.setattr(refuting, "search", searched)
    assert locked(capsys, status=0) == []


def test_the_lock_is_the_same_every_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "models" / "cowspec.lock").read_text()
    for args in ([], ["--no-cache"], ["--jobs", "1", "--no-cache"]):
        assert run(["check", "--update-lock", *args]) == 0
        assert (folder / "models" / "cowspec.lock").read_text() == text
    assert write_lock(read_lock(text)) == text
    assert max(map(len, text.splitlines())) < 200


def test_texts_comments_and_more_lemmas_change_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_model(folder, "nobody flushes", "they do not")
    more = 'lemma more "": forall m: Mm: protected[m] -> protected[m]'
    change_model(folder, "lemma cached", f"// why\n{more}\nlemma cached")
    assert locked(capsys, status=0) == []


def test_lines_may_overlap(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "no_stale: proved when policy == eager", "no_stale: proved when flush_late"
    change_model(folder, PROVED, "\n  ".join(lines))
    assert locked(capsys, status=0) == []
    assert run(["check", "--update-lock"]) == 0
    assert locked(capsys, status=0) == []
    change_model(folder, lines[0], "")
    assert locked(capsys) == ["E601"]


def test_a_model_of_its_own_folder_is_updated_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = lock_of(folder)["models"]["small.cow"]
    (folder / "models" / "other.cow").write_text(SMALL.replace("module small", "module other"))
    assert locked(capsys) == ["E604"]
    assert run(["check", "models/other.cow", "--update-lock"]) == 0
    models = lock_of(folder)["models"]
    assert set(models) == {"small.cow", "other.cow"} and models["small.cow"] == before
    assert locked(capsys, status=0) == []
    (folder / "models" / "other.cow").unlink()
    assert locked(capsys) == ["E601"]
    assert run(["check", "--update-lock"]) == 0
    assert set(lock_of(folder)["models"]) == {"small.cow"}


def test_the_run_of_a_scenario_is_followed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by = "no_stale: refuted by stale when policy == lazy and not flush_late"
    change_model(folder, REFUTED, by)
    assert locked(capsys) == ["E603"], "the lock has a run of no scenario"
    assert run(["check", "--update-lock"]) == 0
    capsys.readouterr()
    assert entry(lock_of(folder)["models"]["small.cow"], "no_stale", "refuted")["by"] == "stale"
    assert run(["check", "--no-cache"]) == 0
    cold = capsys.readouterr().out
    assert run(["check", "--locked", "--no-cache"]) == 0
    assert capsys.readouterr().out == cold
    change_model(folder, "c0: protect(m)", "c1: protect(m)\n  c0: protect(m)")
    assert "E603" in locked(capsys)


def test_a_run_that_is_none_of_its_scenario_shows_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_of_none = entry(lock_of(folder)["models"]["small.cow"], "no_stale", "refuted")["run"]
    change_model(folder, "allow tlb_fill\n", "")
    change_model(folder, "c0: protect(m)", "c1: tlb_fill(m)\n  c0: protect(m)")
    change_model(folder, REFUTED, "no_stale: refuted by stale when policy == lazy and not flush_late")
    assert run(["check", "--update-lock"]) == 0
    forge(folder, lambda model: entry(model, "no_stale", "refuted")["run"]["steps"].insert(0, "tlb_fill(cpu0, mm0)"))
    assert locked(capsys) == ["E605"]
    forge(folder, lambda model: entry(model, "no_stale", "refuted").update(run=run_of_none | {"steps": []}))
    assert locked(capsys) == ["E605"]


def test_a_lock_is_compared_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--necessary"], ["--cert-dir", "certs"]):
        assert run(["check", "--locked", *option]) == 2
        assert "not with --cross, --necessary or --cert-dir" in capsys.readouterr().err


# ---- the model has moved away from the lock ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        (PROVED, "", ["E601"]),
        (PROVED, "no_stale: proved at Cpu=1, Mm=1, Page=1 when policy == eager or flush_late", ["E602"]),
        (PROVED, "no_stale: no_violation within 3 at Cpu=1 when policy == eager or flush_late", ["E602"]),
        (PROVED, "no_stale: proved when policy == eager", ["E601"]),
        (PROVED, "no_stale: refuted when policy == eager or flush_late", ["E603"]),
        ("pte[m].write := false", "pte[m].write := false\n    protected[m] := false", ["E603"] * 6),
        ("protected[m] -> not tlb[c, m].write", "protected[m] -> tlb[c, m] == none", ["E603"] * 4),
        ("lemma cleared", "lemma cleaned", ["E605"]),
    ],
)
def test_what_is_weaker_other_or_gone_is_found(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, codes: list[str]
) -> None:
    change_model(folder, old, new)
    found = locked(capsys)
    assert found == codes


def test_what_the_lock_does_not_know_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge(folder, lambda model: model["entries"].remove(entry(model, "no_stale", "proved")))
    assert locked(capsys) == ["E604"]
    forge(folder, lambda model: model["entries"].clear())
    assert set(locked(capsys)) == {"E604"}


def test_findings_have_a_place_and_a_hint(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_model(folder, PROVED, "no_stale: refuted when policy == eager or flush_late")
    assert run(["check", "--locked"]) == 1
    err = capsys.readouterr().err
    assert "error[E603]: `no_stale` is locked as `proved`" in err and "the model expects `refuted`" in err
    assert "--> models/small.cow:" in err and "hint: if this is meant, write the lock anew" in err
    assert run(["check", "--locked", "--json"]) == 1
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert not model["as_declared"] and model["lock"][0].startswith("E603: `no_stale` is locked as `proved`")


# ---- forged locks --------------------------------------------------------------------------------------------------


def proof_of(model: Any, name: str) -> Any:
    return next(proof for proof in model["proofs"] if name in proof["goals"])


def forged_proofs() -> dict[str, Callable[[Any], object]]:
    def own(change: Callable[[Any], object]) -> Callable[[Any], object]:
        return lambda model: change(proof_of(model, "no_stale"))

    return {
        "without a lemma": own(lambda proof: proof["conjuncts"].remove("cleared")),
        "without its conjuncts": own(lambda proof: (proof["conjuncts"].clear(), proof["cores"].clear())),
        "from itself alone": own(lambda proof: proof.update(conjuncts=["no_stale"], cores={})),
        "from a lemma that is none": own(lambda proof: proof["conjuncts"].append("nothing")),
        "from a lemma that does not hold": own(lambda proof: proof["conjuncts"].append("busy")),
        "core outside of the proof": own(lambda proof: proof["cores"].update(no_stale={"tlb_fill": ["cached"]})),
        "core that is too small": own(lambda proof: proof["cores"].update(no_stale={"tlb_fill": []})),
        "of something else": own(lambda proof: proof.update(goals=["busy"])),
        "under fewer settings": own(lambda proof: proof.update(when=[{"policy": "eager"}])),
        "under no settings": own(lambda proof: proof.update(when=[{"policy": "never"}])),
        "builds on itself": own(lambda proof: proof.update(builds_on=[1])),
        "builds on a later one": own(lambda proof: proof.update(builds_on=[7])),
        "that is not there": lambda model: entry(model, "no_stale", "proved").update(proofs=[9]),
        "none": lambda model: entry(model, "no_stale", "proved").update(proofs=[]),
        "of another property": lambda model: entry(model, "no_stale", "proved").update(proofs=[0]),
    }


@pytest.mark.parametrize("how", list(forged_proofs()))
def test_a_forged_proof_does_not_hold(folder: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    forge(folder, forged_proofs()[how])
    assert locked(capsys) == ["E605"], how


def test_a_lock_that_claims_what_is_false(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Model and lock say `proved` under every setting, and every number fits: the obligations do not hold."""
    change_model(folder, PROVED, "no_stale: proved")
    change_model(folder, "no_stale: refuted when policy == lazy and not flush_late", "")
    system = load_system("models/small.cow", loader())
    everything = all_settings(system)

    def claim(model: Any) -> None:
        model["entries"].remove(entry(model, "no_stale", "refuted"))
        entry(model, "no_stale").update(when=[{}], obligation=Fingerprints(system).of("no_stale", None, everything))
        proof_of(model, "no_stale")["when"] = [{}]

    forge(folder, claim)
    assert locked(capsys) == ["E605"]


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["run"]["steps"].pop(),
        lambda found: found["run"]["steps"].reverse(),
        lambda found: found["run"].update(start={}),
        lambda found: found["run"]["setting"].update(policy="eager"),
        lambda found: found.update(run=None),
        lambda found: found.update(run=[1]),
        lambda found: found.update(steps=2),
        lambda found: found.update(scope={"Cpu": 2, "Mm": 1, "Page": 1}),
        lambda found: found["run"].update(scope={"Cpu": 64, "Mm": 64, "Page": 64}),
    ],
)
def test_a_forged_run_does_not_hold(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Any], object]
) -> None:
    forge(folder, lambda model: change(entry(model, "no_stale", "refuted")))
    assert locked(capsys) == ["E605"]


def test_a_run_that_is_none_of_the_script_does_not_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "models" / "cowspec.lock").read_text()

    for change in (
        lambda run: run.update(steps=[each.replace("cpu0", "cpu1") for each in run["steps"]]),
        lambda run: run["steps"].pop(),
        lambda run: run["steps"].insert(0, run["steps"][0]),
        lambda run: run["scope"].update(Page=2),
    ):
        forge(folder, lambda model, change=change: change(entry(model, "no_stale", "violated")["run"]))
        assert locked(capsys) == ["E605"]
        (folder / "models" / "cowspec.lock").write_text(text)
    assert locked(capsys, status=0) == []


def test_other_claims_than_were_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for change in (
        {"claim": "scope"}, {"claim": "bounded"}, {"claim": "none"}, {"verdict": "unknown"}, {"expected": "refuted"},
        {"obligation": "0" * 64}, {"when": [{}]}, {"when": []}, {"when": [{"policy": "x"}]}, {"property": "cached"},
    ):  # fmt: skip
        text = (folder / "models" / "cowspec.lock").read_text()
        forge(folder, lambda model, change=change: entry(model, "no_stale", "proved").update(change))
        assert locked(capsys), change
        (folder / "models" / "cowspec.lock").write_text(text)


# ---- files ---------------------------------------------------------------------------------------------------------


def test_no_lock_is_written_of_what_is_not_declared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "models" / "cowspec.lock").read_text()
    change_model(folder, "protected[m] := true", "protected[m] := not protected[m]")
    change_model(folder, PROVED, "no_stale: refuted when policy == eager or flush_late")
    assert run(["check", "--update-lock", "--max-steps", "4"]) != 0
    assert "the lock is not written" in capsys.readouterr().err
    assert (folder / "models" / "cowspec.lock").read_text() == text


def test_a_lock_that_cannot_be_written_is_refused_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    assert run(["check", "--update-lock"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: models/cowspec.lock: cannot be written") and not said.out


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"kind": "lock"}', "[" * 100_000, '{"kind":"lock","schema_version":1,"models":3}']
)
def test_what_is_no_lock_is_bad_input(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    place = folder / "models" / "cowspec.lock"
    place.write_text(text)
    for option in ("--locked", "--update-lock"):
        assert run(["check", option]) == 2
        assert capsys.readouterr().err.startswith("error: models/cowspec.lock: ")
    place.unlink()
    os.mkfifo(place)
    assert run(["check", "--locked"]) == 2
    place.unlink()
    assert run(["check", "--locked"]) == 2
    assert "hint: `cowspec check --update-lock` writes it" in capsys.readouterr().err


def test_options_that_do_not_go_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for args in (["-i", "no_stale"], ["--set", "policy=eager"], ["--scope", "Cpu=2"]):
        for option in ("--locked", "--update-lock"):
            assert run(["check", option, *args]) == 2
    assert run(["check", "--locked", "--update-lock"]) == 2
    assert "do not go together" in capsys.readouterr().err


JSON: st.SearchStrategy[object] = st.deferred(
    lambda: (
        st.none()
        | st.integers(-2, 12)
        | st.sampled_from(["", "no_stale", "tlb_fill", "x"])
        | st.lists(JSON, max_size=2)
        | st.dictionaries(st.sampled_from(["policy", "x"]), JSON, max_size=2)
    )
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_lock_holds_the_run_ends_as_it_should(
    folder: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Any part of a lock replaced by anything: the lock holds, differs, or is no lock; never a bug."""
    place = folder / "models" / "cowspec.lock"
    text = place.read_text()
    lock = lock_of(folder)
    at: Any = lock["models"]["small.cow"]
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            at[key] = data.draw(JSON)
            break
        at = at[key]
    place.write_text(json.dumps(lock))
    try:
        assert run(["check", "--locked", "--jobs", "2"]) in (0, 1, 2)
    finally:
        place.write_text(text)
        capsys.readouterr()


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_text_is_read_or_refused(raw: bytes) -> None:
    with pytest.raises(LockError):
        read_lock(raw.decode("utf-8", "replace"))


# ---- certificates --------------------------------------------------------------------------------------------------


def test_certificates_hold_and_are_not_believed(folder: Path) -> None:
    system = load_system("models/small.cow", loader())
    when = ir.SwitchIs("policy", "eager")
    known = induction.prove(system, ("no_stale", "no_fault"), when, Limits()).known
    proof = certificate(known, ("no_stale", "no_fault"))
    assert failing(system, proof, ("no_stale", "no_fault"), (), when, Limits()) == ()
    assert failing(system, proof, ("no_stale",), (), ir.TRUE, Limits())
    start = {("start", name): frozenset(proof.conjuncts) for name in proof.conjuncts}
    unstarted = Certificate((*proof.conjuncts, "busy"), {**proof.cores, **start})
    assert failing(system, unstarted, ("no_stale",), (), when, Limits()), "nothing is assumed of a start state"
    assert failing(system, Certificate(), ("gone",), (), when, Limits()) == (
        "there is no lemma, invariant or fact gone to prove it with",
    )


def test_settings_as_a_lock_says_them(folder: Path) -> None:
    system = load_system("models/small.cow", loader())
    everything = all_settings(system)
    for count in range(len(everything) + 1):
        some = everything[:count]
        assert under(everything, options_of(system, some)) == some
    assert under(everything, [{"policy": "eager"}] * 1000) == ()
