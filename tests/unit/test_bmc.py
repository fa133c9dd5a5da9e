"""Bounded model checking against breadth-first search in the reference semantics."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pytest
from cowspec.encode.relational.formula import TRUE as ANYTHING
from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import translate
from cowspec.engines.bmc.goals import Faults, Fires, Goal, Meets, Target, Violates, at_setting
from cowspec.engines.bmc.sat import NewSat, cadical, glucose, minisat
from cowspec.engines.bmc.search import NOT_SHORTEST, EncodingDisagrees, passes, search
from cowspec.engines.scopes import default_scope, elements, growing
from cowspec.evaluate.replay import replay
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting
from cowspec.verdict import Limits, NoViolation, Refuted, Unknown
from finite_search import shortest
from finite_systems import SLOTS

REL = translate(SLOTS)
DEPTH = 7
SETTINGS: tuple[Setting, ...] = tuple(
    (("careful", careful), ("shade", shade)) for careful in ("off", "on") for shade in ("light", "dark")
)
GOALS: tuple[Goal, ...] = (
    *(Violates(p.name) for p in SLOTS.properties),
    Faults(),
    *(Fires(s.name) for s in SLOTS.steps),
)
SMALL = growing(SLOTS, {}, (("Owner", 2), ("Slot", 2)))


def run(
    targets: list[Target], scopes: tuple[Scope, ...], depth: int = DEPTH, **options: object
) -> dict[Target, object]:
    return dict(search(SLOTS, targets, scopes, Limits(depth), replay=replay, rel=REL, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("break_symmetry", [True, False])
def test_shortest_runs_are_those_of_breadth_first_search(break_symmetry: bool) -> None:
    """Every goal, setting and scope, each scope by itself; with and without symmetry breaking."""
    for scope in SMALL:
        targets = {(goal, setting): Target(goal, at_setting(setting)) for goal in GOALS for setting in SETTINGS}
        verdicts = run(list(targets.values()), (scope,), 5, break_symmetry=break_symmetry)
        for setting in SETTINGS:
            expected = shortest(SLOTS, scope, setting, 5)
            for goal in GOALS:
                target = targets[goal, setting]
                verdict = verdicts[target]
                if target.name not in expected:
                    assert isinstance(verdict, NoViolation), (scope, target)
                    continue
                assert isinstance(verdict, Refuted), (scope, target)
                assert len(verdict.trace.steps) == expected[target.name]
                assert (verdict.trace.scope, verdict.trace.setting) == (scope, setting)


def test_growing_scopes_give_the_smallest_first() -> None:
    scopes = growing(SLOTS, {}, (("Owner", 3), ("Slot", 3)))[:6]
    setting = SETTINGS[0]
    targets = [Target(goal, at_setting(setting)) for goal in GOALS]
    verdicts = run(targets, scopes, 6)
    lengths = [shortest(SLOTS, scope, setting, 6) for scope in scopes]
    places = set()
    for target in targets:
        first = next((i for i, length in enumerate(lengths) if target.name in length), None)
        verdict = verdicts[target]
        if first is None:
            assert isinstance(verdict, NoViolation)
            continue
        assert isinstance(verdict, Refuted)
        assert verdict.trace.scope == scopes[first]
        assert len(verdict.trace.steps) == lengths[first][target.name]
        assert verdict.smaller == {
            0: "", 1: "no run within 6 steps at the one smaller scope"
        }.get(first, f"no run within 6 steps at the {first} smaller scopes")  # fmt: skip
        places.add(first)
    assert places == {0, 1, 2, 5}


def test_one_answer_serves_all_settings_that_allow_it() -> None:
    target = Target(Violates("exclusive"))
    verdict = run([target], (SMALL[-1],))[target]
    assert isinstance(verdict, Refuted)
    assert dict(verdict.trace.setting)["careful"] == "off"
    assert len(verdict.trace.steps) == 2


@pytest.mark.parametrize("when", [
    ir.Not(ir.SwitchIs("careful", "off")),
    ir.Implies(ir.SwitchIs("careful", "off"), ir.FALSE),
    ir.Iff(ir.SwitchIs("careful", "on"), ir.TRUE),
    ir.And((ir.SwitchIs("careful", "on"), ir.Or((ir.SwitchIs("shade", "dark"), ir.SwitchIs("shade", "light"))))),
])  # fmt: skip
def test_formulas_over_switches(when: ir.Formula) -> None:
    target = Target(Violates("exclusive"), when)
    verdict = run([target], (SMALL[-1],))[target]
    assert isinstance(verdict, Refuted)
    assert dict(verdict.trace.setting)["careful"] == "on"
    assert len(verdict.trace.steps) == 4


def test_a_formula_can_be_met_at_the_start() -> None:
    target = Target(Meets("anything", ANYTHING))
    verdict = run([target], SMALL)[target]
    assert isinstance(verdict, Refuted)
    assert verdict.trace.steps == ()
    assert verdict.smaller == ""


def test_steps_that_never_fire_are_named() -> None:
    target = Target(Violates("marks_stay"))
    for scope, steps in ((SMALL[0], ("leave_home", "never")), (SMALL[-1], ("never",))):
        assert run([target], (scope,))[target] == NoViolation(scope, DEPTH, steps)
    assert run([target], SMALL)[target] == NoViolation(SMALL[-1], DEPTH)


def test_a_fault_ends_the_trace() -> None:
    target = Target(Faults())
    verdict = run([target], SMALL)[target]
    assert isinstance(verdict, Refuted)
    assert verdict.trace.fault == "the home is painted"
    assert verdict.trace.steps[-1].state is None


@pytest.mark.parametrize("new_sat", [cadical, glucose, minisat])
def test_the_same_question_has_the_same_answer(new_sat: NewSat) -> None:
    targets = [Target(goal) for goal in GOALS]
    assert run(targets, SMALL, new_sat=new_sat) == run(targets, SMALL, new_sat=new_sat)


def test_no_time_is_unknown() -> None:
    target = Target(Violates("exclusive"))
    verdict = search(
        SLOTS, [target], SMALL, Limits(DEPTH, timeout=-1.0), replay=replay, rel=REL, new_sat=lambda: Slow()
    )
    assert verdict[target] == Unknown("no step searched, then the time limit")


class Slow:
    """A solver that never knows."""

    def add(self, clauses: object) -> None:
        pass

    def solve(self, assumptions: object, deadline: float) -> None:
        return None

    def value(self, literal: int) -> bool:
        raise AssertionError("no model")


class Tired:
    """A solver that knows so many answers and no more."""

    def __init__(self, answers: list[int]) -> None:
        self.sat = cadical()
        self.answers = answers

    def add(self, clauses: Iterable[Sequence[int]]) -> None:
        self.sat.add(clauses)

    def solve(self, assumptions: Sequence[int], deadline: float) -> bool | None:
        self.answers[0] -= 1
        return self.sat.solve(assumptions, deadline) if self.answers[0] >= 0 else None

    def value(self, literal: int) -> bool:
        return self.sat.value(literal)


def test_what_was_found_when_time_ran_out_stands_and_claims_no_more() -> None:
    """A search cut off after each number of answers: a run that is found replays, and is said to be perhaps not the
    shortest unless it is; the scopes before are not said to be searched unless they were."""
    target = Target(Violates("exclusive"), ir.SwitchIs("careful", "on"))
    kinds = set()
    for count in range(12):
        verdict = run([target], SMALL, new_sat=partial(Tired, [count]))[target]
        if isinstance(verdict, Unknown):
            assert verdict.reason == "no step searched, then the time limit"
            kinds.add("unknown")
            continue
        assert isinstance(verdict, Refuted)
        is_open = verdict.smaller.endswith(NOT_SHORTEST)
        assert is_open or len(verdict.trace.steps) == 4
        if "no run within" in verdict.smaller:
            assert verdict.trace.scope == SMALL[-1]
            assert verdict.smaller.startswith(f"no run within {DEPTH} steps at the 3 smaller scopes")
        kinds.add("open" if is_open else "settled")
    assert kinds == {"unknown", "open", "settled"}


def broken(rel: RelSystem) -> RelSystem:
    """`drop` forgets to mark its slot unmarked: an encoder with a mistake."""
    steps = tuple(
        replace(step, updates=tuple(u for u in step.updates if u.pred != "mark")) if step.name == "drop" else step
        for step in rel.steps
    )
    return replace(rel, steps=steps)


def test_a_broken_encoding_is_caught_by_replay() -> None:
    wrong = replace(REL, steps=tuple(replace(s, guard=ANYTHING) if s.name == "never" else s for s in REL.steps))
    with pytest.raises(EncodingDisagrees, match="never is not enabled") as caught:
        search(SLOTS, [Target(Fires("never"))], SMALL, Limits(DEPTH), replay=replay, rel=wrong)
    assert [step.firing.step for step in caught.value.trace.steps] == ["never"]


def test_states_that_differ_from_the_replayed_ones_are_caught() -> None:
    target = Target(Fires("drop"))
    with pytest.raises(EncodingDisagrees, match="differs from the recorded one in mark"):
        search(SLOTS, [target], SMALL, Limits(DEPTH), replay=replay, rel=broken(REL))


def test_scopes_grow_by_elements_then_by_the_first_sorts() -> None:
    scopes = growing(SLOTS, {"Slot": 2}, (("Owner", 3), ("Slot", 3)))
    assert scopes == tuple((("Owner", n), ("Slot", 2)) for n in (1, 2, 3))
    assert [tuple(dict(s).values()) for s in growing(SLOTS, {}, (("Owner", 2), ("Slot", 2)))] == [
        (1, 1), (2, 1), (1, 2), (2, 2),
    ]  # fmt: skip
    assert elements(default_scope(SLOTS, {"Owner": 5})) == 7
    assert passes(30, 2) == (8, 10, 12, 14, 17, 20, 25, 30)
    assert passes(7, 1) == (4, 6, 7)
    assert passes(8, 2) == (8,)
    assert passes(5, 1) == (4, 5)
