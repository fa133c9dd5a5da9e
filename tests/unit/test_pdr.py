"""Invariants at a scope: what PDR finds, that a second look at it finds what is wrong, where the judge asks for it."""

import json
from dataclasses import replace
from math import factorial

import pytest
from cowspec.encode.relational.translate import Naming, translate
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.pdr.cells import Cells, cube_of
from cowspec.engines.pdr.confirm import failure
from cowspec.engines.pdr.frames import Frames
from cowspec.engines.pdr.prove import Directed, InvariantRefused, prove_at
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evaluate.search import explore
from cowspec.evidence.records import RecordError
from cowspec.judge import directed
from cowspec.judge.check import check, prove
from cowspec.judge.clauses import clause_text
from cowspec.judge.directed import DirectedAnswer, direct, directed_job
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import run_here
from cowspec.judge.plan import Question, plan
from cowspec.judge.results import Claim, Disagreement, Finding, Result, status_of_check
from cowspec.judge.selection import Selection
from cowspec.system import ir
from cowspec.system.switches import all_settings
from cowspec.verdict import Invariant, Limits, Refuted, Trace
from report_examples import system_of

TOKENS = """
module tokens
sort Cpu, Place

fix sloppy "a token may be put anywhere"

var token[Place]: Cpu?
var mark[Cpu, Place]: bool = any
mutex table

init forall c: Cpu, p: Place: not mark[c, p]

action take(c: Cpu, p: Place) "[ take ]" {
  require token[p] == none
  token[p] := c
  mark[c, p] := true
}

action give(c: Cpu, p: Place) "[ give ]" {
  require token[p] == c
  token[p] := none
  if not sloppy { mark[c, p] := false }
}

proc swap(p: Place) {
  var whose: Cpu?
  step look "[ look ]" {
    acquire table
    require token[p] != none
    whose := token[p]
    mark[whose, p] := false
    token[p] := none
  }
  step back "[ back ]" {
    if token[p] == none {
      mark[whose, p] := true
      token[p] := whose
    }
  }
}

invariant one_mark "nobody's token is another's": forall c, d: Cpu, p: Place: mark[c, p] and mark[d, p] -> c == d
invariant never_two "": forall c, d: Cpu: swap[c] != none and swap[d] != none -> c == d

expect {
  one_mark: proved at Cpu=3, Place=3 when not sloppy
  one_mark: refuted when sloppy
  never_two: proved
}
"""
SYSTEM = system_of(TOKENS)
SCOPE = (("Cpu", 3), ("Place", 3))
LIMITS = Limits(timeout=60.0)
SLOPPY = ir.SwitchIs("sloppy", "on")
SOUND = ir.SwitchIs("sloppy", "off")


def searched(when: ir.Formula, scope: ir.Scope = SCOPE, limits: Limits = LIMITS) -> tuple[Directed, list[Trace]]:
    """From the facts alone; the search ends with the first run."""
    runs: list[Trace] = []
    found = prove_at(
        SYSTEM, "one_mark", when, scope, limits, replay=replay, rest=lambda run: runs.append(run), lemmas=False
    )
    return found, runs


def refused(invariant: Invariant, when: ir.Formula = SOUND, property: str = "one_mark") -> str | None:
    return failure(SYSTEM, translate(SYSTEM), property, when, SCOPE, invariant, float("inf"))


# ---- the search ------------------------------------------------------------------------------------------------------


def test_a_true_property_has_an_invariant_with_clauses_of_its_own() -> None:
    found, runs = searched(SOUND)
    assert found.invariant is not None and not runs and not found.stopped
    assert len(found.invariant.clauses) >= 2
    assert found.invariant.size > len(found.invariant.clauses)
    assert refused(found.invariant) is None


def test_a_false_property_has_a_run_that_the_evaluator_replays() -> None:
    found, runs = searched(SLOPPY)
    assert found.invariant is None and not found.stopped
    (run,) = runs
    assert run.setting == (("sloppy", "on"),)
    assert replay(SYSTEM, run).steps == run.steps
    last = run.steps[-1].state
    assert last is not None
    formula = next(prop.formula for prop in SYSTEM.properties if prop.name == "one_mark")
    assert not Machine(SYSTEM, SCOPE, run.setting).holds(formula, last)


def test_the_same_search_has_the_same_answer() -> None:
    assert searched(SOUND)[0] == searched(SOUND)[0]
    assert searched(SLOPPY)[1] == searched(SLOPPY)[1]


def test_out_of_time_is_no_answer() -> None:
    found, runs = searched(SOUND, limits=Limits(timeout=0.0))
    assert found == Directed(None, found.stopped) and found.stopped.startswith("time limit") and not runs


def test_a_run_that_the_evaluator_refuses_is_a_disagreement() -> None:
    def refuse(system: ir.System, run: Trace) -> Trace:
        raise ReplayError("no such run", 0)

    with pytest.raises(EncodingDisagrees):
        prove_at(SYSTEM, "one_mark", SLOPPY, SCOPE, LIMITS, replay=refuse, rest=lambda run: None)


def test_an_orbit_has_every_renaming_once() -> None:
    rel = translate(SYSTEM, Naming(conditions=True))
    cells = Cells(rel, (("Cpu", 3), ("Place", 4)))
    cube = cells.cube((("token", (0, 0), True), ("token", (1, 1), True), ("mark", (2, 3), False)))
    orbit = cells.orbit(cube)
    assert cube in orbit and len(set(orbit)) == len(orbit)
    assert len(orbit) == factorial(3) * factorial(4) // 2  # exchanging both tokens changes nothing
    assert all(cells.orbit(each) == orbit for each in orbit[:5])
    assert cells.cube(cells.named(cube)) == cube == cube_of(reversed(cube))


def test_a_clause_with_too_many_images_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cowspec.engines.pdr.cells.MOST_IMAGES", 3)
    found, runs = searched(SOUND)
    assert found.invariant is None and found.stopped.startswith("a clause would stand for more than") and not runs


def test_sums_of_too_many_counts_are_left_to_others() -> None:
    nine = " + ".join(["count(c: Cpu, p: Place where mark[c, p])"] * 9)
    system = system_of(TOKENS + f'invariant few "": {nine} <= 8')
    found = prove_at(system, "few", ir.TRUE, SCOPE, LIMITS, replay=replay, rest=lambda run: None)
    assert found.invariant is None and "9 counts" in found.stopped


# ---- the second look -------------------------------------------------------------------------------------------------


def test_an_invariant_without_one_of_its_clauses_is_refused() -> None:
    """Not of every clause: what is found is not minimal."""
    invariant = searched(SOUND)[0].invariant
    assert invariant is not None
    fewer = [
        replace(invariant, clauses=(*invariant.clauses[:k], *invariant.clauses[k + 1 :]))
        for k in range(len(invariant.clauses))
    ]
    assert any(refused(each) for each in fewer)
    assert refused(replace(invariant, clauses=())) is not None


def test_each_way_to_be_wrong_has_its_words() -> None:
    invariant = searched(SOUND)[0].invariant
    assert invariant is not None
    nothing = Invariant((), (), 0, 0)
    assert refused(nothing) == "one_mark does not follow"
    never_taken = replace(nothing, clauses=((("token", (0, 0), True),),))
    assert "a step leads to what is excluded" in str(refused(never_taken))
    never_free = replace(nothing, clauses=((("token?", (0,), False),),))
    assert "a start state is excluded" in str(refused(never_free))
    assert "a step breaks one_mark" in str(refused(replace(nothing, conjuncts=("one_mark",))))
    assert refused(invariant, SLOPPY) is not None


def test_a_search_that_blocks_what_it_must_not_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frames, "needed", lambda frames, frame, cube: list(cube))
    monkeypatch.setattr(Frames, "_enters", lambda frames, frame, cube: False)
    with pytest.raises(InvariantRefused):
        searched(SLOPPY)


def test_an_invariant_that_is_refused_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cowspec.engines.pdr.prove.failure", lambda *arguments: "a step breaks it")
    with pytest.raises(InvariantRefused):
        searched(SOUND)
    answer = direct(SYSTEM, "one_mark", (all_settings(SYSTEM)[0],), SCOPE, LIMITS)
    assert isinstance(answer, Disagreement) and "a step breaks it" in answer.message


# ---- the judge -------------------------------------------------------------------------------------------------------


def test_all_settings_are_asked_at_once() -> None:
    settings = all_settings(SYSTEM)
    answer = direct(SYSTEM, "one_mark", settings, SCOPE, LIMITS)
    assert isinstance(answer, DirectedAnswer) and answer.invariant is not None
    assert answer.settings == ((("sloppy", "off"),),)
    (run,) = answer.runs
    assert run.settings == ((("sloppy", "on"),),) and isinstance(run.verdict, Refuted)
    shortest = explore(Machine(SYSTEM, SCOPE, run.settings[0]), SYSTEM.properties, Limits(10, 60.0))
    assert len(run.verdict.trace.steps) == len(shortest.violations["one_mark"].steps)


def results_of(text: str, limits: Limits, *, name: str) -> tuple[list[Result], int]:
    (report,) = check([system_of(text)], Selection(), limits, run_here)
    return [result for result in report.results if result.property == name], status_of_check([report])


LARGE = (
    TOKENS.replace("proved at Cpu=3, Place=3", "proved at Cpu=4, Place=5")
    + """
var near[Place, Place]: bool = any
action move(c: Cpu, p: Place, q: Place) "[ move ]" { if near[p, q] { near[p, q] := false } else { near[p, q] := true } }
"""
)
"""With more states than can be counted."""


def test_where_the_states_are_too_many_an_invariant_is_found() -> None:
    scope = (("Cpu", 4), ("Place", 5))
    system = system_of(LARGE)
    counted = explore(Machine(system, scope, (("sloppy", "off"),)), system.properties, Limits(10**6, 2.0))
    assert not counted.complete
    found, status = results_of(LARGE, Limits(timeout=2.0), name="one_mark")
    proved = next(result for result in found if result.claim == Claim.SCOPE)
    assert (proved.verdict, proved.engine, proved.scope, proved.as_declared) == (Finding.PROVED, "pdr", scope, True)
    assert proved.evidence == (("invariant", ("cadical",)),)
    assert "inductive at this scope" in proved.notes[0]
    assert any(line.startswith("never ") for line in proved.details)
    assert status == 0


def test_where_the_states_fit_they_are_counted() -> None:
    found, _ = results_of(TOKENS.replace("at Cpu=3, Place=3", "at Cpu=1, Place=1"), LIMITS, name="one_mark")
    assert {result.engine for result in found if result.claim == Claim.SCOPE} == {"explicit"}


def test_what_neither_decides_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directed, "prove_at", lambda *arguments, **others: Directed(None, "time limit in frame 3"))
    found, status = results_of(LARGE, Limits(timeout=0.5), name="one_mark")
    (result,) = [each for each in found if each.expected == "proved"]
    assert result.verdict == Finding.UNKNOWN and status == 4
    assert "all states: timeout; an invariant: time limit in frame 3" in result.reason


def test_a_question_left_open_says_what_holds_at_a_scope() -> None:
    """`one_mark` is not inductive, and no lemma is searched."""
    text = TOKENS.replace("proved at Cpu=3, Place=3", "proved")
    (report,) = prove(
        [system_of(text)], Selection(options=(("sloppy", "off"),), names=("one_mark",)), Limits(8, 20.0), run_here
    )
    (result,) = report.results
    assert result.verdict == Finding.UNKNOWN and not result.as_declared and result.cti is not None
    assert any(note.startswith("proved at Cpu=2, Place=2: ") for note in result.notes)


# ---- what is kept ----------------------------------------------------------------------------------------------------


def kept() -> tuple[Docket, Question]:
    settings = all_settings(SYSTEM)
    docket = Docket(SYSTEM, settings, Selection(), LIMITS)
    question = plan(SYSTEM, settings, Selection()).questions[0]
    return docket, replace(question, settings=settings, when=ir.TRUE)


def test_an_answer_is_kept_with_its_invariant_and_its_runs() -> None:
    docket, question = kept()
    memo = directed_job(docket, question, SCOPE, LIMITS, lambda part, answer: []).memo
    assert memo is not None
    answer = direct(SYSTEM, question.property, question.settings, SCOPE, LIMITS)
    assert isinstance(answer, DirectedAnswer)
    data = json.loads(json.dumps(memo.write(answer)))
    assert replace(memo.read(data), seconds=answer.seconds) == answer
    data["runs"] = []
    with pytest.raises(RecordError):
        memo.read({**data, "invariant": None})
    assert memo.write(replace(answer, invariant=None, stopped="time limit")) is None
    assert memo.write(Disagreement("they differ", None)) is None


def test_clauses_in_words() -> None:
    clause = (
        ("token", (1, 0), True), ("token?", (2,), False), ("mark", (1, 2), False), ("swap@pc=back", (0,), True),
        ("swap@whose", (0, 1), False), ("swap@p?", (1,), True), ("sloppy=on", (), False),
    )  # fmt: skip
    assert clause_text(SYSTEM, clause) == (
        "never token[place1] == cpu0, token[place2] == none, not mark[cpu1, place2], cpu0 at swap.back, "
        "swap[cpu0].whose != cpu1, swap[cpu1].p != none, not sloppy"
    )


def test_a_model_without_switches() -> None:
    text = TOKENS.replace('fix sloppy "a token may be put anywhere"', "").replace("if not sloppy ", "if true ")
    plain = system_of(text.replace(" when not sloppy", "").replace("one_mark: refuted when sloppy", ""))
    answer = direct(plain, "one_mark", all_settings(plain), default_scope(plain, {}), LIMITS)
    assert isinstance(answer, DirectedAnswer) and answer.invariant is not None and not answer.runs
