"""Predicates that stay false, and sorts whose size matters to no run."""

from dataclasses import replace

import pytest
from cowspec.encode.finite.dead import dead_predicates, distinct, inert_sorts
from cowspec.encode.relational.formula import Exists, Not, Same, Sym
from cowspec.encode.relational.translate import translate
from cowspec.engines.bmc.goals import Fires, Meets, Target
from cowspec.engines.bmc.search import search
from cowspec.engines.scopes import growing
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import replay
from cowspec.system import ir
from cowspec.verdict import Limits, NoViolation, Refuted
from finite_systems import SLOTS, action

GHOST, SLOT = ir.Param("g"), ir.Param("s")
HAUNTS = ir.StateVar("haunts", ("Ghost",), "Slot", ir.Presence.OWN, None, ir.Absent(), False, False, ("haunts",))
SCARED = ir.StateVar("scared", ("Ghost", "Slot"), None, ir.Presence.TOTAL, None, False, True, False, ("scared",))
SCARE = action(
    "scare",
    (("s", "Slot"),),
    ir.Bulk(
        (ir.Binder("g", "Ghost"),),
        ir.Equal(ir.Get("haunts", (GHOST,)), SLOT),
        (ir.Assign("scared", (GHOST, SLOT), ir.TRUE),),
    ),
)
APPEAR = action("appear", (("g", "Ghost"), ("s", "Slot")), ir.Assign("haunts", (GHOST,), SLOT))
HAUNTED = replace(SLOTS, sorts=("Ghost", *SLOTS.sorts), vars=(*SLOTS.vars, HAUNTS, SCARED), steps=(*SLOTS.steps, SCARE))
TWO_GHOSTS = Exists((Sym("x", "Ghost"), Sym("y", "Ghost")), Not(Same(Sym("x", "Ghost"), Sym("y", "Ghost"))))


def test_what_only_dead_predicates_could_make_true_is_dead() -> None:
    assert dead_predicates(HAUNTED, translate(HAUNTED)) == {"haunts", "haunts?", "scared"}


@pytest.mark.parametrize("change", [
    replace(HAUNTED, steps=(*HAUNTED.steps, APPEAR)),
    replace(HAUNTED, vars=(*SLOTS.vars, replace(HAUNTS, start=ir.AnyValue()), SCARED)),
])  # fmt: skip
def test_what_may_become_true_is_not(change: ir.System) -> None:
    rel = translate(change)
    assert dead_predicates(change, rel) == set()
    assert inert_sorts(change, rel, (), []) == set()


def test_dead_predicates_are_false_in_every_reached_state() -> None:
    machine = Machine(HAUNTED, (("Ghost", 2), ("Owner", 1), ("Slot", 2)), (("careful", "off"), ("shade", "dark")))
    states = list(machine.starts())
    for state in states:
        assert set(state[-2]) == {None}
        assert set(state[-1]) == {False}
        for _, outcome in machine.successors(state):
            after = getattr(outcome, "state", None)
            if after is not None and after not in states:
                states.append(after)
    assert len(states) > 50


def test_inert_sorts_are_searched_at_one_size() -> None:
    rel = translate(HAUNTED)
    dead = dead_predicates(HAUNTED, rel)
    assert inert_sorts(HAUNTED, rel, dead, []) == {"Ghost"}
    assert inert_sorts(HAUNTED, rel, dead, [TWO_GHOSTS]) == set()
    scopes = growing(HAUNTED, {"Owner": 1, "Slot": 1}, (("Ghost", 3), ("Owner", 1), ("Slot", 1)))
    assert distinct(scopes, {"Ghost"}) == scopes[:1]
    never, two = Target(Fires("never")), Target(Meets("two ghosts", TWO_GHOSTS))
    assert search(HAUNTED, [never], scopes, Limits(3), replay=replay, rel=rel)[never] == NoViolation(scopes[-1], 3)
    verdict = search(HAUNTED, [two], scopes, Limits(3), replay=replay, rel=rel)[two]
    assert isinstance(verdict, Refuted)
    assert verdict.trace.scope == scopes[1]
