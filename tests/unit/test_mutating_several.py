"""`cowspec mutate` of several models: what they share is judged once for all, until a model refutes it."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.main import run
from cowspec.judge.jobs import AnyJob, run_here
from cowspec.judge.mutation.mutate import Fate, Original
from cowspec.judge.mutation.sampling import Sample
from cowspec.judge.mutation.several import JointReport, JointTrial, mutate_all, status_of_several
from cowspec.judge.selection import Selection, SelectionError
from cowspec.report.several_mutants import several_text
from cowspec.report.text import Style
from cowspec.source import Source
from cowspec.syntax.ast import Mutation
from cowspec.system.build import build
from cowspec.verdict import Limits

LIMITS = Limits(max_steps=6, timeout=20.0)

DOOR = """\
module door
sort Cpu, Room
mutex latch[Room]
var inside[Cpu, Room]: bool
var lit[Room]: bool
var rung[Room]: bool  // nobody cares

proc visit(r: Room) {
  step enter { acquire latch[r] inside[self, r] := true lit[r] := true rung[r] := true }
  step leave { inside[self, r] := false lit[r] := false }
}
"""

ALONE = """\
module alone
use door

invariant alone "nobody shares a room": forall c, d: Cpu, r: Room: inside[c, r] and inside[d, r] -> c == d

survivors { skip visit.enter 2, skip visit.enter 3: "light and bell are for show" }

expect { alone: no_violation within 5 at Cpu=2, Room=1 }
"""

LIGHTS = """\
module lights
use door

action knock(r: Room) { require lit[r] rung[r] := false }

invariant lights "no light in an empty room": forall r: Room: lit[r] -> (exists c: Cpu: inside[c, r])
lemma insider "who is inside is about to leave":
  forall c: Cpu, r: Room: inside[c, r] -> c at visit.leave and visit[c].r == r
lemma leaving "and the other way round":
  forall c: Cpu, r: Room: c at visit.leave and visit[c].r == r -> inside[c, r]
lemma one_visitor "it is one": forall c, d: Cpu, r: Room: inside[c, r] and inside[d, r] -> c == d

expect { lights: proved }
"""

TEXTS = {"alone.cow": ALONE, "lights.cow": LIGHTS}


def original(path: str, text: str) -> Original:
    program = load(path, text, lambda name, user: Source("door.cow", DOOR) if name == "door" else None)
    model = check(program)
    return Original(program, model, build(model))


def judged(texts: Mapping[str, str], sample: Sample = Sample(), selection: Selection = Selection()) -> JointReport:  # noqa: B008
    originals = [original(path, text) for path, text in texts.items()]
    return mutate_all(originals, selection, sample, LIMITS, run_here)


@cache
def everything() -> JointReport:
    return judged(TEXTS)


def trial(name: str, report: JointReport | None = None) -> JointTrial:
    return next(each for each in (report or everything()).trials if each.mutant.name == name)


def fates(joint: JointTrial) -> list[tuple[str, str]]:
    return [(report.path, each.fate) for report, each in joint.trials]


# ---- fates ---------------------------------------------------------------------------------------------------------


def test_the_cheaper_model_is_asked_first_and_the_other_only_for_the_rest() -> None:
    assert [report.path for report in everything().models] == ["alone.cow", "lights.cow"]
    assert fates(trial("unlock visit.enter 1")) == [("alone.cow", Fate.REFUTED)]
    assert len(everything().models[1].trials) < everything().models[1].found


def test_refuted_by_the_second_model_only() -> None:
    found = trial("skip visit.leave 2")  # the light stays on
    assert fates(found) == [("alone.cow", Fate.SURVIVOR), ("lights.cow", Fate.REFUTED)]
    assert found.fate == Fate.REFUTED
    report, deciding = found.deciding
    assert report.path == "lights.cow" and deciding.trace is not None and deciding.trace.property == "lights"


def test_a_survivor_of_one_model_that_no_other_notices() -> None:
    found = trial("skip visit.enter 3")
    assert fates(found) == [("alone.cow", Fate.SURVIVOR), ("lights.cow", Fate.STILL_PROVED)]
    assert found.fate == Fate.SURVIVOR and found.is_explained
    bare = judged(
        {**TEXTS, "alone.cow": ALONE.replace("survivors {", "// survivors {")}, Sample(names=("skip visit.enter 3",))
    )
    assert not trial("skip visit.enter 3", bare).is_explained
    assert status_of_several(bare) == 1 and status_of_several(everything()) == 0


def test_it_is_explained_in_each_model_where_it_survives() -> None:
    third = ALONE.replace("module alone", "module third").replace("survivors {", "// survivors {")
    report = judged({**TEXTS, "third.cow": third}, Sample(names=("skip visit.enter 3",)))
    found = trial("skip visit.enter 3", report)
    assert fates(found) == [
        ("alone.cow", Fate.SURVIVOR),
        ("third.cow", Fate.SURVIVOR),
        ("lights.cow", Fate.STILL_PROVED),
    ]
    assert not found.is_explained and status_of_several(report) == 1


def test_what_a_model_notices_counts_for_all() -> None:
    bell = ALONE.replace("module alone", "module bell").replace("survivors {", "// survivors {")
    bell = bell.replace("expect {", "cover rings: exists r: Room: rung[r]\nexpect { rings: reached at Cpu=1, Room=1\n")
    found = trial("skip visit.enter 3", judged({**TEXTS, "bell.cow": bell}, Sample(names=("skip visit.enter 3",))))
    assert fates(found)[1:] == [("bell.cow", Fate.NOTICED), ("lights.cow", Fate.STILL_PROVED)]
    assert (found.fate, found.deciding[0].path) == (Fate.NOTICED, "bell.cow")


def test_the_operations_of_a_model_itself_are_its_own() -> None:
    assert fates(trial("drop_guard knock 1")) == [("lights.cow", Fate.STILL_PROVED)]
    shared = len(everything().models[0].trials)
    assert everything().found == len(everything().trials) == shared + 3  # knock: a guard dropped, negated, a skip


def test_an_explanation_of_what_the_model_refutes_is_wrong() -> None:
    wrong = ALONE.replace("skip visit.enter 3:", "skip visit.enter 3, unlock visit.enter 1:")
    report = judged({"lights.cow": LIGHTS, "alone.cow": wrong}, Sample((Mutation.UNLOCK,)))
    assert [each.wrong for each in report.models] == [
        ["`survivors` explains unlock visit.enter 1, which is refuted"],
        [],
    ]
    assert status_of_several(report) == 1


# ---- samples, parts, interrupts ------------------------------------------------------------------------------------


def test_parts_are_everything_once() -> None:
    names = [
        each.mutant.name
        for part in (1, 2, 3)
        for each in judged(TEXTS, Sample((Mutation.SKIP,), part=(part, 3))).trials
    ]
    assert sorted(names) == sorted(
        each.mutant.name for each in everything().trials if each.mutant.mutation is Mutation.SKIP
    )
    assert len(judged(TEXTS, Sample(limit=2)).trials) == 2


def test_a_model_without_a_claim_that_is_asked_is_left_out() -> None:
    selected = Selection(names=("lights",))
    report = judged(TEXTS, Sample(names=("skip visit.enter 3",)), selected)
    assert [each.path for each in report.models] == ["lights.cow"]
    assert trial("skip visit.enter 3", report).fate == Fate.STILL_PROVED
    with pytest.raises(SelectionError, match=r"did you mean `skip visit.enter 3`"):
        judged(TEXTS, Sample(names=("skip visit.entr 3",)))


def test_an_interrupt_leaves_what_no_other_model_can_change() -> None:
    def interrupted(jobs: Sequence[AnyJob]) -> None:
        if jobs and jobs[0].label.startswith("lights"):
            raise KeyboardInterrupt
        run_here(jobs)

    originals = [original(path, text) for path, text in TEXTS.items()]
    report = mutate_all(originals, Selection(), Sample(), LIMITS, interrupted)
    assert report.interrupted and {each.fate for each in report.trials} == {Fate.REFUTED}
    assert "unlock visit.enter 1" in {each.mutant.name for each in report.trials}
    assert "interrupted: the rest was not tried\n" in several_text(report, Style(100))


# ---- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    for name, text in {**TEXTS, "door.cow": DOOR}.items():
        Path("models", name).write_text(text)
    return "models"


def test_the_report(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--only", "skip", "--max-steps", "6", "--jobs", "1"]
    assert run(["mutate", folder, *options]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("models/alone.cow: ") and "\nmodels/lights.cow: " in err
    assert (
        "skip visit.enter 3: survivor, explained\n  models/door.cow:9:\n" in out
        and "  models/alone.cow: survivor, explained\n" in out
        and "    why: light and bell are for show\n" in out
        and "  models/lights.cow: still proved\n" in out
    )
    assert "skip visit.leave 2" not in out  # it is refuted
    assert run(["mutate", "models/alone.cow", "models/lights.cow", *options, "-v"]) == 0
    out = capsys.readouterr().out
    assert "skip visit.leave 2: refuted\n" in out and "    violates lights in 2 steps at Cpu=" in out
    assert "\n  CPU0" in out


def test_the_report_as_data(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", folder, "--mutant", "skip visit.leave 2", "--json", "--jobs", "1", "--max-steps", "6"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [each["model"] for each in record["models"]] == ["models/alone.cow", "models/lights.cow"]
    (found,) = record["trials"]
    assert (found["fate"], found["changes"][0]["file"]) == ("refuted", "models/door.cow")
    assert [(each["model"], each["fate"]) for each in found["in"]] == [
        ("models/alone.cow", "survivor"),
        ("models/lights.cow", "refuted"),
    ]
    assert record["totals"]["refuted"] == 1 and record["tried"] == 1


def test_bad_input(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", folder, "--part", "4/3"]) == 2
    assert "`4/3` is no part: write for example 2/5" in capsys.readouterr().err
    assert run(["mutate", "models/alone.cow", "nowhere"]) == 2
    assert "nowhere: no such file or folder" in capsys.readouterr().err
