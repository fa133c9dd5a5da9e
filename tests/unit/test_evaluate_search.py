"""Exploring, deadlocks, replay, random walks."""

from dataclasses import replace

import pytest
from cowspec.evaluate.deadlock import deadlocks
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evaluate.search import NO_FAULT, explore
from cowspec.evaluate.walk import random_walk
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Limits, Trace, TraceStep
from evaluate_examples import (
    NOWHERE,
    action,
    assign,
    at,
    binders,
    call_step,
    exists,
    flag,
    forall,
    get,
    go,
    idle,
    is_set,
    paging,
    prop,
    ring,
    same,
    system,
    table,
    term,
)

DEEP = Limits(max_steps=1000)
PAGING_SCOPE = (("Cpu", 2), ("Va", 1), ("Page", 2))
OFF = (("early", "off"), ("lazy", "off"))


@pytest.mark.parametrize("threads", [1, 2, 3, 4, 5])
def test_ring_has_the_states_one_can_count(threads: int) -> None:
    machine = Machine(ring(), (("Thread", threads),), ())
    found = explore(machine, machine.system.properties, DEEP)
    # Who has the token; its holder is outside, waits or is inside, each other thread waits or not.
    assert found.complete and found.states == threads * 3 * 2 ** (threads - 1)
    assert found.depth == threads + 1
    assert found.fired == {"want", "enter", "leave", "pass"}
    assert {name: len(trace.steps) for name, trace in found.violations.items()} == (
        {"no_waiter": 1} if threads == 1 else {"no_waiter": 1, "token_stays": 1}
    )
    assert {name: len(trace.steps) for name, trace in found.reached.items()} == {"all_wait": threads}
    classes = explore(machine, machine.system.properties, DEEP, up_to_symmetry=True)
    assert classes.complete and classes.states == 3 * threads
    assert {name: len(trace.steps) for name, trace in classes.reached.items()} == {"all_wait": threads}


def test_paging_is_refuted_by_shortest_runs() -> None:
    machine = Machine(paging(), PAGING_SCOPE, OFF)
    found = explore(machine, machine.system.properties, DEEP)
    assert found.complete and found.states == 2092
    steps = {name: [taken.firing.step for taken in trace.steps] for name, trace in found.violations.items()}
    assert steps == {
        "clean": ["fill", "store"],
        "no_stale": ["fill", "unmap"],
        NO_FAULT: ["fill", "unmap", "store"],
    }
    assert found.violations[NO_FAULT].fault == "`pte[a]` is absent"
    for trace in found.violations.values():
        assert replay(machine.system, trace) == trace
    folded = explore(machine, machine.system.properties, DEEP, up_to_symmetry=True)
    assert folded.complete and folded.states < found.states / 3
    assert {n: len(t.steps) for n, t in folded.violations.items()} == {n: len(s) for n, s in steps.items()}
    for trace in folded.violations.values():
        replay(machine.system, trace)


def test_limits_stop_a_search() -> None:
    machine = Machine(paging(), PAGING_SCOPE, OFF)
    shallow = explore(machine, (), Limits(max_steps=2))
    assert (shallow.complete, shallow.depth, shallow.stopped) == (False, 2, "the limit of 2 steps")
    few = explore(machine, (), DEEP, max_states=50)
    assert not few.complete and few.states < 200 and "50 states" in few.stopped
    none = explore(machine, (), DEEP, max_states=1)
    assert (none.complete, none.depth) == (False, -1)
    late = explore(machine, (), Limits(max_steps=1000, timeout=0.0))
    assert (late.complete, late.stopped) == (False, "timeout")
    decided = explore(machine, machine.system.properties, DEEP, until_decided=True)
    assert not decided.complete and decided.depth == 2 and set(decided.violations) >= {"clean", "no_stale"}


# ---- deadlock ------------------------------------------------------------------------------------------------------


def two_locks(*, ordered: bool, breakable: bool = False) -> ir.System:
    """Calls that take locks 0 and 1 one after the other: in the order of their names, or any. `breakable`: an action
    may free a lock at any time."""

    def take(lock: str) -> tuple[ir.Stmt, ...]:
        return (
            ir.Require(ir.Not(exists("k:Cpu", is_set("lock@write@p", lock, "k")))),
            assign("lock@write@p", (lock, "self"), ir.TRUE),
        )

    first_end = get("first")
    start_with = (ir.Require(same("l", first_end)),) if ordered else ()
    release = ir.Bulk(binders("l:Lock"), ir.TRUE, (assign("lock@write@p", ("l", "self"), ir.FALSE),))
    break_lock = action("break", "l:Lock c:Cpu", assign("lock@write@p", ("l", "c"), ir.FALSE))
    return system(
        sorts=("Cpu", "Lock"),
        enums=(("p@step", ("one", "two")),),
        vars=(
            table("first", "", "Lock", ir.Presence.TOTAL, ir.AnyValue()),
            table("p@pc", "Cpu", "p@step"),
            flag("lock@write@p", "Lock Cpu"),
        ),
        steps=(
            call_step(
                "p",
                "one",
                ir.StepKind.START,
                "l:Lock",
                "",
                (ir.Require(idle("p")), *start_with, *take("l"), go("p", "two")),
            ),
            call_step(
                "p",
                "two",
                ir.StepKind.NEXT,
                "l:Lock",
                "",
                (
                    ir.Require(at("p", "two")),
                    ir.Require(ir.Not(is_set("lock@write@p", "l", "self"))),
                    *take("l"),
                    release,
                    go("p", None),
                ),
            ),
            *((break_lock,) if breakable else ()),
        ),
        procs=(ir.ProcInfo("p", (), ("one", "two"), (), True),),
    )


def test_lock_inversion_is_a_deadlock() -> None:
    machine = Machine(two_locks(ordered=False), (("Cpu", 2), ("Lock", 2)), ())
    found = deadlocks(machine, Limits())
    assert found.complete and len(found.deadlocks) == 1
    (deadlock,) = found.deadlocks
    assert [taken.firing.step for taken in deadlock.trace.steps] == ["p.one", "p.one"]
    assert [(call.proc, call.cpu, call.label) for call in deadlock.calls] == [("p", 0, "two"), ("p", 1, "two")]
    assert all(wait.statement is not None and wait.firing.step == "p.two" for c in deadlock.calls for wait in c.waits)
    assert {wait.firing.args for wait in deadlock.calls[0].waits} == {(0, 0), (0, 1)}


def test_no_deadlock_with_an_order_or_a_way_out() -> None:
    for model in (two_locks(ordered=True), two_locks(ordered=False, breakable=True)):
        found = deadlocks(Machine(model, (("Cpu", 2), ("Lock", 2)), ()), Limits())
        assert found.complete and found.deadlocks == ()


def test_an_unfinished_search_claims_no_deadlock_that_it_did_not_see() -> None:
    machine = Machine(two_locks(ordered=False, breakable=True), (("Cpu", 2), ("Lock", 2)), ())
    for limit in range(1, 12):
        found = deadlocks(machine, Limits(), max_states=limit)
        assert not found.complete and found.deadlocks == ()


def test_a_call_that_waits_for_what_never_comes_is_stuck_alone() -> None:
    """Another CPU goes on for ever."""
    model = system(
        sorts=("Cpu",),
        enums=(("p@step", ("wait",)),),
        vars=(table("p@pc", "Cpu", "p@step"), flag("come"), flag("busy")),
        steps=(
            call_step("p", "start", ir.StepKind.START, "", "", (ir.Require(idle("p")), go("p", "wait"))),
            call_step("p", "wait", ir.StepKind.NEXT, "", "", (ir.Require(at("p", "wait")), ir.Require(is_set("come")))),
            action("turn", "", assign("busy", (), ir.Not(is_set("busy")))),
        ),
        procs=(ir.ProcInfo("p", (), ("start", "wait"), (), True),),
    )
    found = deadlocks(Machine(model, (("Cpu", 2),), ()), Limits())
    assert [len(deadlock.calls) for deadlock in found.deadlocks] == [1, 2]
    assert found.deadlocks[0].calls[0].waits[0].statement == ir.Require(is_set("come"))


# ---- replay --------------------------------------------------------------------------------------------------------


def violation(name: str) -> tuple[ir.System, Trace]:
    machine = Machine(paging(), PAGING_SCOPE, OFF)
    return machine.system, explore(machine, machine.system.properties, DEEP).violations[name]


def test_replay_fills_states_and_notes() -> None:
    model, trace = violation("clean")
    bare = replace(trace, steps=tuple(TraceStep(taken.firing, (), None) for taken in trace.steps))
    assert replay(model, bare) == trace
    assert trace.steps[1].notes == ("[ dirty ]",)


def test_replay_refuses_what_is_no_run() -> None:
    model, trace = violation("clean")
    fill, store = trace.steps

    def fails(step: int, word: str, **changes: object) -> None:
        with pytest.raises(ReplayError, match=word) as error:
            replay(model, replace(trace, **changes))  # type: ignore[arg-type]
        assert error.value.step == step

    fails(0, "no start state", start=fill.state)
    fails(0, "Page", scope=(("Cpu", 2), ("Va", 1)))
    fails(0, "early has no option maybe", setting=(("early", "maybe"),))
    fails(0, "no property", property="unheard_of")
    fails(1, "not enabled", steps=(replace(store, state=None),))
    fails(1, "no step", steps=(replace(fill, firing=replace(fill.firing, step="fly")), store))
    fails(1, "parameters", steps=(replace(fill, firing=replace(fill.firing, args=(9, 9))), store))
    fails(1, "differs .* in tlb, tlb.page, tlb.write", steps=(replace(fill, state=trace.start), store))
    fails(1, "does not violate", steps=(fill,))
    fails(2, "no fault", fault="`pte[a]` is absent")
    fails(2, "no fault", property=NO_FAULT)


def test_replay_checks_covers_transitions_and_faults() -> None:
    machine = Machine(ring(), (("Thread", 2),), ())
    found = explore(machine, machine.system.properties, DEEP)
    cover, transition = found.reached["all_wait"], found.violations["token_stays"]
    assert replay(machine.system, cover) == cover and replay(machine.system, transition) == transition
    with pytest.raises(ReplayError, match="does not reach"):
        replay(machine.system, replace(cover, steps=cover.steps[:1]))
    with pytest.raises(ReplayError, match="does not violate"):
        replay(machine.system, replace(cover, property="token_stays"))
    with pytest.raises(ReplayError, match="does not violate"):
        replay(machine.system, replace(transition, steps=()))
    model, fault = violation(NO_FAULT)
    assert replay(model, replace(fault, fault=None)).fault == "`pte[a]` is absent"
    with pytest.raises(ReplayError, match="ends in"):
        replay(model, replace(fault, fault="something else"))
    with pytest.raises(ReplayError, match="ends in a fault"):
        replay(model, replace(fault, property="clean", fault=None))
    with pytest.raises(ReplayError, match="before it is a fault"):
        replay(model, replace(fault, steps=(*fault.steps, fault.steps[-1])))


def test_replay_knows_structural_facts() -> None:
    nobody = ir.Fact("nobody_waits", forall("t:Thread", ir.Not(is_set("waits", "t"))))
    model = replace(ring(), facts=(nobody,))
    found = explore(Machine(model, (("Thread", 1),), ()), (prop("nobody_waits", nobody.formula),), DEEP)
    assert len(replay(model, found.violations["nobody_waits"]).steps) == 1


# ---- walk ----------------------------------------------------------------------------------------------------------


def test_walks_are_runs_and_depend_on_the_seed_alone() -> None:
    model = replace(paging(), steps=tuple(step for step in paging().steps if step.name != "store"))
    walks = [random_walk(Machine(model, PAGING_SCOPE, OFF), seed, 12) for seed in (1, 1, 2, 3)]
    assert walks[0] == walks[1]
    assert len({walk.start for walk in walks if walk}) > 1
    for walk in walks:
        assert walk is not None and len(walk.steps) == 12
        assert replay(model, walk) == walk


def test_walks_end_where_nothing_goes_on() -> None:
    once = system(
        vars=(flag("x"),), steps=(action("s", "", ir.Require(ir.Not(is_set("x"))), assign("x", (), ir.TRUE)),)
    )
    walk = random_walk(Machine(once, (), ()), 0, 10)
    assert walk is not None and len(walk.steps) == 1
    faulty = system(steps=(action("s", "", ir.Check(ir.FALSE, "broken", NOWHERE)),))
    walk = random_walk(Machine(faulty, (), ()), 0, 10)
    assert walk is not None and (len(walk.steps), walk.fault) == (1, "broken")
    assert replay(faulty, walk) == walk
    assert random_walk(Machine(replace(once, init=(ir.FALSE,)), (), ()), 0, 10) is None


def test_transition_properties_see_both_states() -> None:
    x = table("x", "A", "A", ir.Presence.OWN)
    once = prop(
        "assigned_once",
        forall("a:A", ir.Implies(ir.Old(ir.Present(get("x", "a"))), same(get("x", "a"), ir.OldTerm(get("x", "a"))))),
        PropertyKind.TRANSITION,
    )
    steps = (action("set", "a:A b:A", assign("x", ("a",), term("b"))),)
    model = system(sorts=("A",), vars=(x,), steps=steps, properties=(once,))
    found = explore(Machine(model, (("A", 2),), ()), (once,), DEEP)
    assert [taken.firing.args[0] for taken in found.violations["assigned_once"].steps] == [0, 0]
    assert explore(Machine(model, (("A", 1),), ()), (once,), DEEP).violations == {}
