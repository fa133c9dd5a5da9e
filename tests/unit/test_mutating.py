"""`cowspec mutate`: a model with a mutant of each fate, the report as text and as data, samples, statuses."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.cli.main import run
from cowspec.engines.bmc.depths import reach
from cowspec.engines.bmc.goals import Target, Violates
from cowspec.engines.induction.prove import no_longer_proved, prove
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.judge.jobs import AnyJob, Died, run_here
from cowspec.judge.mutation.aligning import aligned, is_alike
from cowspec.judge.mutation.comparing import compare
from cowspec.judge.mutation.mutate import FATES, Fate, MutationReport, Original, Trial, mutate, status_of_mutate
from cowspec.judge.mutation.sampling import Sample
from cowspec.judge.mutation.scopes import fitting_first, scopes_of
from cowspec.judge.proving import replay_without_claim
from cowspec.judge.selection import Selection
from cowspec.mutation.mutants import Mutant, mutants, mutated
from cowspec.report.mutants import mutants_text, score_lines
from cowspec.report.text import Style
from cowspec.syntax.ast import Mutation
from cowspec.system.build import build
from cowspec.system.ir import TRUE, System
from cowspec.verdict import Induction, Limits, Proved
from mutation_models import ROOM, loaded

LIMITS = Limits(max_steps=8, timeout=20.0)
EVERYTHING = Sample()
WHY = 'survivors { skip visit.enter 1: "`marked` keeps the others out as well" }'


@cache
def judged(extra: str = "", sample: Sample = EVERYTHING) -> MutationReport:
    program, model, system = loaded(ROOM + extra)
    return mutate(Original(program, model, system), Selection(), sample, LIMITS, run_here)


def fates(report: MutationReport) -> dict[str, str]:
    return {trial.mutant.name: trial.fate for trial in report.trials}


def trial(name: str) -> Trial:
    return next(trial for trial in judged().trials if trial.mutant.name == name)


def mutant_system(name: str) -> tuple[System, System, frozenset[str]]:
    """The model, a mutant of it, and the names of the steps in which they differ."""
    program, model, system = loaded()
    (mutant,) = (each for each in mutants(program, model) if each.name == name)
    other = build(check(mutated(program, mutant)))
    return system, other, frozenset(a.name for a, b in zip(system.steps, other.steps, strict=True) if a != b)


# ---- fates ---------------------------------------------------------------------------------------------------------


def test_all_but_one_operator_have_a_mutant_that_is_refuted() -> None:
    found = {
        "skip visit.leave 1": Fate.REFUTED,
        "unlock visit.look 1": Fate.REFUTED,
        "unlock visit.look 2": Fate.REFUTED,
        "swap visit.look 1": Fate.REFUTED,
        "negate visit.leave 2": Fate.REFUTED,
    }
    assert {name: fates(judged())[name] for name in found} == found


def test_a_guard_that_is_needed() -> None:
    text = ROOM.replace("require not busy[r] and not marked[r]", "require not busy[r]")
    program, model, system = loaded(text)
    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.DROP_GUARD,)), LIMITS, run_here)
    found = next(trial for trial in report.trials if trial.mutant.name == "drop_guard visit.look 1")
    assert found.fate == Fate.REFUTED and found.trace is not None
    assert (found.trace.property, len(found.trace.steps)) == ("alone", 4)
    assert found.system is not None and replay(found.system, found.trace).property == "alone"
    with pytest.raises(ReplayError):
        replay(system, found.trace)


def test_the_other_fates() -> None:
    found = fates(judged())
    assert found["drop_guard visit.look 2"] == Fate.EQUIVALENT  # where `marked` is set, so is `busy`
    assert found["drop_guard visit.leave 1"] == Fate.EQUIVALENT
    assert found["drop_guard visit.look 1"] == Fate.SURVIVOR  # `marked` does as well, and no lemma says so
    assert found["skip visit.enter 4"] == Fate.STILL_PROVED  # the lamp
    assert found["negate visit.look 1"] == Fate.NOTICED  # nobody ever enters
    assert trial("negate visit.look 1").noticed == ("visited has no run of 2 to 4 steps any more",)


def test_a_refuted_mutant_names_property_and_run() -> None:
    found = trial("unlock visit.look 1")
    assert found.trace is not None and found.settings == ((),)
    assert (found.trace.property, dict(found.trace.scope)) == ("alone", {"Cpu": 2, "Room": 1})


def test_claims_about_a_scope_are_violated_there_or_not_at_all() -> None:
    text = ROOM.replace("alone: proved", "alone: no_violation within 6 at Cpu=2, Room=1")
    program, model, system = loaded(text)
    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.UNLOCK,)), LIMITS, run_here)
    assert set(fates(report).values()) == {Fate.REFUTED}
    report = mutate(
        Original(program, model, system), Selection(), Sample(names=("skip visit.enter 4",)), LIMITS, run_here
    )
    assert set(fates(report).values()) == {Fate.SURVIVOR}  # what is not claimed for any size is not proved again
    text = ROOM.replace("alone: proved", "alone: no_violation within 3 at Cpu=2, Room=1")
    program, model, system = loaded(text)
    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.UNLOCK,)), LIMITS, run_here)
    assert Fate.REFUTED not in fates(report).values()  # the run has 4 steps


def test_the_checker_refuses_some() -> None:
    """No statement can stand behind a branch that always goes elsewhere."""
    text = ROOM.replace(
        "require not busy[r] and not marked[r]\n",
        "require not busy[r] and not marked[r]\n    if lamp[r] { goto enter } else { goto enter }\n",
    ).replace("release latch[r]", "")
    program, model, system = loaded(text)
    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.UNLOCK,)), LIMITS, run_here)
    found = {trial.mutant.name: (trial.fate, trial.notes) for trial in report.trials}
    assert found["unlock visit.look 2"] == (Fate.REJECTED, ("E301",))
    assert found["unlock visit.look 1"][0] == Fate.REFUTED


# ---- the parts -----------------------------------------------------------------------------------------------------


Cores = Mapping[tuple[str, str], frozenset[str]]


def proof(system: System) -> tuple[tuple[str, ...], Cores]:
    """What it consists of, and what each of its obligations needs."""
    result = prove(system, ["alone"], TRUE, LIMITS)
    ((_, verdict),) = result.verdicts
    assert isinstance(verdict, Proved) and isinstance(verdict.evidence, Induction)
    return verdict.evidence.conjuncts, result.known.cores


def test_a_proof_goes_through_with_the_lamp_off_and_not_without_the_lock() -> None:
    for name, lost in (
        ("skip visit.enter 4", ()),
        ("unlock visit.look 2", ("alone",)),
        ("skip visit.enter 1", ("alone",)),
    ):
        system, other, steps = mutant_system(name)
        mixed = System(**{each: getattr(other, each) for each in System.__dataclass_fields__} | {"facts": system.facts})
        for every in (False, True):
            assert no_longer_proved(mixed, steps, *proof(system), ["alone"], TRUE, LIMITS, every=every) == lost, name


def test_a_lock_that_nobody_takes_any_more_leaves_the_states_comparable() -> None:
    system, other, steps = mutant_system("unlock visit.look 1")
    assert not is_alike(system, other)
    both = aligned(system, other)
    assert both is not None and is_alike(*both)
    assert [var.name for var in both[1].vars] == [var.name for var in system.vars]
    assert compare(*both, steps, ((),), (("Cpu", 2), ("Room", 1)), LIMITS).differs == "visit.look"
    more = build(check(loaded(ROOM.replace("mutex latch", "var idle: bool = any\nmutex latch"))[0]))
    assert aligned(system, more) is None  # it may start as true


def test_a_lock_that_no_property_needs() -> None:
    text = ROOM.replace("mutex latch[Room]", "mutex latch[Room]\nmutex gate[Room]").replace(
        "    acquire latch[r]\n", "    acquire latch[r]\n    acquire gate[r]\n"
    )
    program, model, system = loaded(text)
    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.UNLOCK,)), LIMITS, run_here)
    found = fates(report)
    assert found["unlock visit.look 2"] == Fate.STILL_PROVED  # `gate` is left out
    assert found["unlock visit.look 1"] == Fate.STILL_PROVED  # `latch`: `gate` does as well


def test_what_is_still_proved_has_no_run() -> None:
    """Every mutant, also those of which only a part of the proof is left."""
    two_locks = ROOM.replace("mutex latch[Room]", "mutex latch[Room]\nmutex gate[Room]").replace(
        "    acquire latch[r]\n", "    acquire latch[r]\n    acquire gate[r]\n"
    )
    for text in (ROOM, two_locks):
        program, model, system = loaded(text)
        report = mutate(Original(program, model, system), Selection(), EVERYTHING, LIMITS, run_here)
        proved = [each for each in report.trials if each.fate == Fate.STILL_PROVED]
        assert len(proved) >= 3
        for each in proved:
            assert each.system is not None
            found = reach(
                each.system, [Target(Violates("alone"))], (("Cpu", 3), ("Room", 1)), LIMITS, replay=replay_without_claim
            )
            assert not found.traces and not found.stopped, each.mutant.name


BY_MARK = """
lemma waiting_mark "who is about to enter finds no mark":
  forall t: Cpu, r: Room: t at visit.enter and visit[t].r == r -> not marked[r]
lemma visitor_mark "a room is marked while somebody is inside":
  forall t: Cpu, r: Room: (t at visit.leave or t at visit.unmark) and visit[t].r == r -> marked[r]
lemma one_by_mark "and it is one":
  forall t, d: Cpu, r: Room:
    (t at visit.leave or t at visit.unmark) and visit[t].r == r
      and (d at visit.leave or d at visit.unmark) and visit[d].r == r
    -> t == d
"""


def test_what_survives_may_have_a_proof_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cowspec.judge.mutation.mutant._still_proved", lambda *_: False)
    names = ("drop_guard visit.look 1",)  # `busy`
    for text, expected in ((ROOM, Fate.SURVIVOR), (ROOM.replace("\nexpect", BY_MARK + "\nexpect"), Fate.STILL_PROVED)):
        program, model, system = loaded(text)
        report = mutate(Original(program, model, system), Selection(), Sample(names=names), LIMITS, run_here)
        assert [each.fate for each in report.trials] == [expected]


def test_a_claim_that_lost_its_proof_is_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no run of all claims together refutes in time, a run of one claim may."""
    monkeypatch.setattr("cowspec.judge.mutation.mutant.search", lambda _subject, examined, *_: examined)
    program, model, system = loaded()
    names = ("unlock visit.look 2", "skip visit.enter 1")
    report = mutate(Original(program, model, system), Selection(), Sample(names=names), LIMITS, run_here)
    harmless, wrong = report.trials
    assert wrong.fate == Fate.REFUTED and wrong.trace is not None and wrong.trace.property == "alone"
    assert harmless.fate == Fate.SURVIVOR
    assert harmless.notes[0] == "no run within 8 steps that violates alone at Cpu=2, Room=1"


def test_what_does_the_same_at_a_scope() -> None:
    scope = (("Cpu", 2), ("Room", 1))
    system, other, steps = mutant_system("drop_guard visit.look 2")
    same = compare(system, other, steps, ((),), scope, LIMITS)
    assert same.same and same.states > 10 and same.differs == ""
    system, other, steps = mutant_system("drop_guard visit.look 1")
    assert compare(system, other, steps, ((),), scope, LIMITS).differs == "visit.look"
    alone = compare(system, other, steps, ((),), (("Cpu", 1), ("Room", 1)), LIMITS)
    assert alone.same  # one CPU is too few to see it


def test_reach_stops_at_the_first_depth_with_any_target() -> None:
    _, _, system = loaded()
    lamp = loaded(
        ROOM
        + "cover lit: exists r: Room: marked[r] and not busy[r]\ncover never: exists r: Room: marked[r] and lamp[r]"
    )[2]
    targets = [Target(Violates("lit")), Target(Violates("never"))]
    found = reach(lamp, targets, (("Cpu", 1), ("Room", 1)), LIMITS, replay=replay_without_claim, any_of=True)
    assert [target.name for target in found.traces] == ["never"] and found.steps == 2
    assert system.name == "room"


# ---- where runs are searched ----------------------------------------------------------------------------------------

PAIRS = """\
sort Cpu, Mm, Page
var child[Mm]: bool
var seen[Mm]: bool
proc fork(m, k: Mm) {
  step start { require m != k and not child[m] child[k] := true }
  step end { child[k] := false }
}
action look(m: Mm) { seen[m] := true }
invariant parent "": forall t: Cpu, m: Mm: fork[t].m == m -> not child[m]
invariant quiet "": forall m: Mm: not (seen[m] and child[m])
expect { parent: no_violation within 6 at Cpu=2, Mm=2, Page=1 }
"""


def test_scopes_have_as_many_elements_as_an_operation_names_and_one_more() -> None:
    system = loaded(PAIRS)[2]
    scopes = [tuple(size for _, size in scope) for scope in scopes_of(system, Selection(), ())]
    assert scopes == [(2, 1, 2), (3, 1, 2), (2, 2, 2), (2, 3, 2), (2, 2, 3)]
    own = fitting_first(system, {"fork.end"}, scopes_of(system, Selection(), ()))
    assert [dict(scope)["Mm"] for scope in own] == [2, 3, 2, 1, 1]
    assert fitting_first(system, {"look"}, own) == own
    assert scopes_of(system, Selection(sizes=(("Mm", 1),)), ()) == ((("Cpu", 2), ("Mm", 1), ("Page", 3)),)


def test_a_change_of_such_an_operation_is_tried_there_first() -> None:
    program, model, system = loaded(PAIRS.replace("no_violation within 6 at Cpu=2, Mm=2, Page=1", "proved"))
    names = ("drop_guard fork.start 2",)  # `not child[m]`
    report = mutate(Original(program, model, system), Selection(), Sample(names=names), LIMITS, run_here)
    (found,) = report.trials
    assert found.fate == Fate.REFUTED and found.trace is not None and dict(found.trace.scope)["Mm"] == 2


# ---- scenarios -----------------------------------------------------------------------------------------------------

SCRIPT = """\
scenario both "two at once" {
  let r: Room, c0, c1: Cpu
  c0: visit(r) until leave
  c1: visit(r) until leave
}
scenario lamp_only "nobody visits" {
  let r: Room, c0: Cpu
  c0: dim(r)
  expect alone holds at Room=1
}
action dim(c: Cpu, r: Room) { lamp[r] := false }
"""


def scripted() -> str:
    text = ROOM.replace("acquire latch[r]\n    require not busy[r] and not marked[r]", "acquire latch[r]")
    return text.replace("expect {\n  alone: proved", SCRIPT + "expect {\n  alone: refuted by both at Room=1")


def test_a_run_that_a_scenario_has_is_asked_of_the_scenario() -> None:
    program, model, system = loaded(scripted())
    names = ("skip visit.enter 3", "skip dim 1")
    report = mutate(Original(program, model, system), Selection(), Sample(names=names), LIMITS, run_here)
    noticed = {each.mutant.name: each.noticed for each in report.trials}
    assert "scenario both: no longer alone violated" in noticed["skip visit.enter 3"]
    assert noticed["skip dim 1"] == ()


def test_a_scenario_without_a_changed_step_is_not_played(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []
    monkeypatch.setattr(
        "cowspec.judge.mutation.mutant._ends_otherwise", lambda system, ask: played.append(ask.scenario.name) or False
    )
    program, model, system = loaded(scripted())
    mutate(Original(program, model, system), Selection(), Sample(names=("skip dim 1",)), LIMITS, run_here)
    assert played == ["lamp_only"]


# ---- samples, explanations, statuses -------------------------------------------------------------------------------


def test_a_sample_is_the_same_for_a_seed() -> None:
    sample = Sample((Mutation.SKIP, Mutation.SWAP), 3)
    names = [list(fates(judged(sample=sample))) for _ in range(2)]
    assert names[0] == names[1] and len(names[0]) == 3
    assert all(name.startswith(("skip", "swap")) for name in names[0])


def test_one_mutant_by_its_name() -> None:
    assert list(fates(judged(sample=Sample(names=("swap visit.look 1",))))) == ["swap visit.look 1"]


def test_survivors_are_to_be_explained() -> None:
    report = judged()
    assert status_of_mutate([report]) == 1 and not report.wrong
    explained = judged(WHY, Sample((Mutation.SKIP,)))
    assert status_of_mutate([explained]) == 0
    text = mutants_text(explained, Style(100))
    assert "skip visit.enter 1: survivor, explained\n" in text and "why: `marked` keeps the others out" in text


def test_explanations_may_be_wrong() -> None:
    report = judged('survivors { skip visit.leave 1, skip visit.enter 9: "no" }', Sample((Mutation.SKIP,)))
    assert report.wrong == [
        "`survivors` names skip visit.enter 9: no such mutant",
        "`survivors` explains skip visit.leave 1, which is refuted",
    ]
    assert status_of_mutate([report]) == 1


def test_nothing_is_claimed_where_a_job_dies() -> None:
    program, model, system = loaded()

    def dying(jobs: Sequence[AnyJob]) -> None:
        for job in jobs:
            run_here([]) if job.label.endswith("proof") else job.then(Died("worker died: signal 9"))

    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.SWAP,)), LIMITS, dying)
    assert set(fates(report).values()) == {Fate.UNKNOWN} and status_of_mutate([report]) == 4


def test_an_interrupt_leaves_what_is_finished() -> None:
    program, model, system = loaded()

    def interrupted(jobs: Sequence[AnyJob]) -> None:
        run_here(jobs[:1])
        if len(jobs) > 1:
            raise KeyboardInterrupt

    report = mutate(Original(program, model, system), Selection(), Sample((Mutation.SWAP,)), LIMITS, interrupted)
    assert report.interrupted and len(report.trials) == 1


# ---- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("room.cow").write_text(ROOM)
    return "room.cow"


def test_the_report(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", model, "--only", "unlock,drop_guard", "--max-steps", "8", "--jobs", "1", "-v"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "unlock visit.look 1: refuted\n  room.cow:16:\n    - acquire latch[r]\n" in out
    assert "violates alone in 4 steps at Cpu=2, Room=1" in out
    assert "\nCPU0" in out  # the run in columns
    assert "drop_guard visit.look 1: survivor\n" in out
    assert "no run within 8 steps at Cpu=2, Room=2" in out
    assert "6 of 22 mutants: 2 refuted, 3 equivalent, 1 survivor\n" in out
    assert (
        "bound: runs of up to 8 steps, 20 s for each scope: Cpu=2, Room=1; Cpu=3, Room=1; Cpu=2, Room=2\n"
        in out.replace("60 s", "20 s")
    )


def test_one_mutant_is_no_plural() -> None:
    counts = dict.fromkeys(FATES, 0) | {Fate.EQUIVALENT: 1}
    assert score_lines(counts, 1, 0, 0, Style(80))[0] == "1 of 1 mutant: 1 equivalent"


def test_the_report_as_data(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", model, "--only", "swap", "--limit", "1", "--json", "--jobs", "1", "--max-steps", "8"]) in (
        0,
        1,
    )
    record = json.loads(capsys.readouterr().out)
    assert (record["mutants"], record["tried"], len(record["trials"])) == (22, 1, 1)
    (found,) = record["trials"]
    assert found["mutation"] == "swap" and found["changes"][0]["file"] == "room.cow"
    assert sum(record["totals"].values()) == 1


def test_bad_input(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", model, "--only", "skipp"]) == 2
    assert "`skipp` is none of drop_guard, skip, unlock, swap, negate" in capsys.readouterr().err
    assert run(["mutate", model, "-i", "alne"]) == 2
    assert "did you mean `alone`?" in capsys.readouterr().err
    assert run(["mutate", model, "--mutant", "swap visit.lok 1"]) == 2
    assert "did you mean `swap visit.look 1`?" in capsys.readouterr().err
    Path("none.cow").write_text("sort Cpu\nvar on[Cpu]: bool\naction a(c: Cpu) { on[c] := true }\n")
    assert run(["mutate", "none.cow"]) == 5


def test_names_of_mutants_are_read_back() -> None:
    mutant = Mutant(Mutation.SKIP, "visit", "enter", 1, 0, ())
    assert mutant.name == "skip visit.enter 1"
