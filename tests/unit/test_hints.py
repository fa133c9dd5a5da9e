"""Hints: a proof from what an earlier one needed asks nothing twice, and believes nothing."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cowspec.cli.load import load_system, loader
from cowspec.cli.main import run
from cowspec.encode.relational.obligation import START
from cowspec.engines.induction import obligations as asking
from cowspec.engines.induction.prove import InductionResult, prove
from cowspec.engines.known import Certificate, certificate
from cowspec.evidence.lock import StoredProof
from cowspec.judge.hints import hints_for
from cowspec.judge.jobs import run_here
from cowspec.system import ir
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Proved
from report_examples import SMALL

GOALS = ("no_stale", "no_fault")
EAGER = ir.SwitchIs("policy", "eager")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the small model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.cow").write_text(SMALL)
    return tmp_path


def small() -> ir.System:
    return load_system("small.cow", loader())


def proved(result: InductionResult) -> list[str]:
    return [name for name, verdict in result.verdicts if isinstance(verdict, Proved)]


# ---- the prover ----------------------------------------------------------------------------------------------------


def test_with_the_hints_of_a_proof_nothing_is_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = small()
    first = prove(system, GOALS, EAGER, Limits())
    assert first.queries > 0

    def searched(*_: object, **__: object) -> None:
        raise AssertionError("a search")

    monkeypatch.setattr(asking, "_asked_shared", searched)
    hints = certificate(first.known, GOALS)
    again = prove(system, GOALS, EAGER, Limits(), hints=hints)
    assert again.queries == 0
    assert again.verdicts == first.verdicts
    assert certificate(again.known, GOALS) == hints
    assert set(again.known.part(GOALS)) <= again.known.confirmed, "a fresh solver has confirmed each"


def test_hints_that_do_not_hold_make_no_proof(folder: Path) -> None:
    """Whatever they say: the model is not changed by them, and neither is what is proved of it."""
    system = small()
    first = prove(system, GOALS, EAGER, Limits())
    names = [*first.inductive, "no_stale", "busy", "gone"]
    steps = [START, *dict.fromkeys(step for step, _ in first.known.cores)]
    chosen = random.Random(20)
    for _ in range(12):
        cores = {
            (step, name): frozenset(chosen.sample(names, chosen.randint(0, 3)))
            for step in steps
            for name in names
            if chosen.random() < 0.7
        }
        hints = Certificate(tuple(chosen.sample(names, len(names) // 2)), cores)
        assert proved(prove(system, GOALS, EAGER, Limits(), hints=hints)) == list(GOALS)
        assert proved(prove(system, GOALS, ir.TRUE, Limits(), hints=hints)) == ["no_fault"]


def test_what_a_change_breaks_is_not_proved_from_hints_of_before(folder: Path) -> None:
    hints = certificate(prove(small(), GOALS, EAGER, Limits()).known, GOALS)
    changed = SMALL.replace('note "[ flush ]"\n      forall c: Cpu { tlb[c, m] := none }', 'note "[ no flush ]"', 1)
    assert changed != SMALL
    (folder / "small.cow").write_text(changed)
    assert proved(prove(small(), GOALS, EAGER, Limits(), hints=hints)) == ["no_fault"]


def test_a_step_that_changed_is_asked_again_and_nothing_else(folder: Path) -> None:
    first = prove(small(), GOALS, EAGER, Limits())
    hints = certificate(first.known, GOALS)
    other = SMALL.replace("tlb[c, m] := pte[m]", "if pte[m].write { tlb[c, m] := pte[m] }", 1)
    (folder / "small.cow").write_text(other)
    again = prove(small(), GOALS, EAGER, Limits(), hints=hints)
    assert proved(again) == list(GOALS)
    assert again.queries < first.queries


# ---- which proofs of a lock ----------------------------------------------------------------------------------------


def stored(when: dict[str, str], cores: dict[str, dict[str, tuple[str, ...]]], *conjuncts: str) -> StoredProof:
    return StoredProof((when,), ("goal",), (), conjuncts, cores)


def test_the_proof_that_has_all_settings_is_taken_first(folder: Path) -> None:
    everything = all_settings(small())
    eager = tuple(setting for setting in everything if dict(setting)["policy"] == "eager")
    other = stored({"policy": "lazy"}, {"a": {"s": ("x",)}, "b": {"s": ("y",)}}, "a", "b")
    own = stored({"policy": "eager"}, {"a": {"t": ("z",)}}, "a")
    hints = hints_for([other, own], eager)
    assert hints == Certificate(("a", "b"), {("t", "a"): frozenset({"z"}), ("s", "b"): frozenset({"y"})})
    assert hints_for([other, own], everything).cores["s", "a"] == frozenset({"x"})
    assert hints_for([stored({}, {}, "a"), other], eager[:1]).cores.get(("s", "a")) is None
    many = StoredProof(({"policy": "eager"},) * 600_000, (), (), ("c",), {})
    assert hints_for([many, own], eager).conjuncts == ("a", "c"), "so long a lock is not compared setting by setting"


# ---- the command line ----------------------------------------------------------------------------------------------


Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Status, output and errors of a command, after a lock has been written."""
    assert run(["check", "small.cow", "--update-lock", "--jobs", "1"]) == 0
    capsys.readouterr()

    def say(*arguments: str) -> tuple[int, str, str]:
        status = run([*arguments, "--jobs", "1", "--no-cache"])
        return (status, *capsys.readouterr())

    return say


@pytest.mark.parametrize(
    "verb", [["prove", "small.cow", "-i", "no_stale", "--set", "policy=eager"], ["check", "small.cow"]]
)
def test_the_lock_beside_a_model_gives_hints(told: Told, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    asked: list[Any] = []
    real = asking._asked_shared

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(asking, "_asked_shared", counted)
    monkeypatch.setattr("cowspec.cli.workers.Pool.runner", lambda self, watch=None: run_here)
    without = told(*verb, "--no-hints")
    assert asked, "without hints a proof is searched"
    asked.clear()
    assert told(*verb) == without
    assert not asked, "with them it is not"


def test_a_lock_that_is_none_gives_no_hints_and_that_is_said(told: Told, folder: Path) -> None:
    verb = ("prove", "small.cow", "--set", "policy=eager")
    expected = told(*verb)
    (folder / "cowspec.lock").write_text("{")
    status, out, err = told(*verb)
    assert (status, out) == expected[:2]
    assert err.startswith("note: no hints: cowspec.lock: no JSON")
    assert told(*verb, "--no-hints") == expected
    assert told(*verb, "--from-scratch", "--no-infer")[2] == "", "from scratch is without hints, too"


def test_a_forged_lock_changes_no_verdict(told: Told, folder: Path) -> None:
    verb = ("prove", "small.cow", "-i", "no_stale")
    expected = told(*verb, "--no-hints")
    assert expected[0] == 1, "it is false under some setting"
    data = json.loads((folder / "cowspec.lock").read_text())
    for proof in data["models"]["small.cow"]["proofs"]:
        proof["when"] = [{}]
    (folder / "cowspec.lock").write_text(json.dumps(data))
    assert told(*verb) == expected
