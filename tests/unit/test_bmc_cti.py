"""Counterexamples to induction, and whether a state is reached, against the reference semantics."""

import pytest
from cowspec.encode.relational.translate import translate
from cowspec.engines.cti import find_cti, reach_state
from cowspec.engines.scopes import growing
from cowspec.evaluate.machine import Faulted, Machine, Moved
from cowspec.evaluate.replay import replay
from cowspec.system.ir import TRUE, SwitchIs
from cowspec.verdict import Cti, Limits, NoViolation, Trace
from finite_search import shortest
from finite_systems import SLOTS

REL = translate(SLOTS)
SCOPES = growing(SLOTS, {}, (("Owner", 2), ("Slot", 3)))
CAREFUL = SwitchIs("careful", "on")


def test_a_step_from_what_is_assumed_to_what_is_not() -> None:
    cti = find_cti(SLOTS, REL, ["exclusive"], "exclusive", None, CAREFUL, Limits(), scopes=SCOPES)
    assert cti is not None
    machine = Machine(SLOTS, cti.scope, cti.setting)
    exclusive = SLOTS.properties[0].formula
    assert machine.holds(exclusive, cti.before)
    assert cti.step.state is not None
    assert machine.fire(cti.before, cti.step.firing) == Moved(cti.step.state, ())
    assert not machine.holds(exclusive, cti.step.state)
    assert cti.scope == (("Owner", 2), ("Slot", 2))
    assert dict(cti.setting)["careful"] == "on"


def test_it_is_small() -> None:
    """Only what the step needs is held, marked, painted; elements in order."""
    cti = find_cti(SLOTS, REL, ["exclusive"], "exclusive", "leave_home", CAREFUL, Limits(), scopes=SCOPES)
    assert cti is not None
    held, mark, _, hue = cti.before
    assert (held, sum(map(bool, mark)), set(hue)) == ((0, None), 1, {0})


def test_the_step_asked_for() -> None:
    cti = find_cti(SLOTS, REL, ["exclusive"], "exclusive", "take", TRUE, Limits(), scopes=SCOPES)
    assert cti is not None
    assert cti.step.firing.step == "take"
    assert cti.scope == (("Owner", 2), ("Slot", 1))
    assert find_cti(SLOTS, REL, ["exclusive"], "exclusive", "take", CAREFUL, Limits(), scopes=SCOPES) is None
    assert find_cti(SLOTS, REL, ["exclusive"], "exclusive", "paint", TRUE, Limits(), scopes=SCOPES) is None


def test_a_fault() -> None:
    cti = find_cti(SLOTS, REL, [], "no_fault", None, TRUE, Limits(), scopes=SCOPES)
    assert cti is not None
    outcome = Machine(SLOTS, cti.scope, cti.setting).fire(cti.before, cti.step.firing)
    assert outcome == Faulted("the home is painted")
    assert cti.step.state is None


@pytest.mark.parametrize(("goal", "step"), [("blue_stays", "paint"), ("marks_stay", None)])
def test_a_transition_property(goal: str, step: str | None) -> None:
    cti = find_cti(SLOTS, REL, [], goal, None, TRUE, Limits(), scopes=SCOPES)
    if step is None:
        assert cti is None
        return
    assert cti is not None
    assert cti.step.firing.step == step
    assert cti.step.state is not None
    formula = next(each.formula for each in SLOTS.properties if each.name == goal)
    assert not Machine(SLOTS, cti.scope, cti.setting).holds(formula, cti.step.state, cti.before)


def reached(cti: Cti, steps: int) -> object:
    return reach_state(SLOTS, REL, cti.before, cti.scope, cti.setting, Limits(steps), replay=replay)


def test_a_state_is_reached_by_a_shortest_run() -> None:
    cti = find_cti(SLOTS, REL, [], "no_fault", None, SwitchIs("shade", "light"), Limits(), scopes=SCOPES)
    assert cti is not None
    trace = reached(cti, 6)
    assert isinstance(trace, Trace)
    assert (trace.steps[-1].state, trace.scope) == (cti.before, cti.scope)
    assert len(trace.steps) + 1 == shortest(SLOTS, cti.scope, cti.setting, 6)["no_fault"]
    assert reached(cti, len(trace.steps) - 1) == NoViolation(cti.scope, len(trace.steps) - 1)


def test_a_state_that_is_not_reached() -> None:
    cti = find_cti(SLOTS, REL, ["not_three_marked"], "not_three_marked", "drop", CAREFUL, Limits(), scopes=SCOPES)
    assert cti is not None
    _, mark, _, _ = cti.before
    assert sum(map(bool, mark)) == 2
    assert reached(cti, 1) == NoViolation(cti.scope, 1)
