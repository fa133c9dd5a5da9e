"""Settings of switches, and the system under one of them."""

from dataclasses import replace

import pytest
from cowspec.evaluate.machine import Machine
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.ir import FALSE, TRUE, SwitchIs
from cowspec.system.slicing import slice_formula, slice_system
from cowspec.system.switches import all_settings, holds, settings_of
from cowspec.system.traverse import expressions, nodes
from typed_models import calls, fault, fix, model, on, options, proc, require, sections, step

SCOPE = (("Cpu", 1), ("Mm", 1), ("Va", 2), ("Page", 2))
REUSE, LOCK = SwitchIs("reuse", "on"), SwitchIs("exclusive_lock", "on")


def test_settings_come_in_order_of_declaration() -> None:
    system = build(model(switches=(options("cow", "a", "b"), fix("f"))))
    assert all_settings(system) == (
        (("cow", "a"), ("f", "off")),
        (("cow", "a"), ("f", "on")),
        (("cow", "b"), ("f", "off")),
        (("cow", "b"), ("f", "on")),
    )
    assert all_settings(build(model())) == ((),)
    assert settings_of(system, ir.Not(SwitchIs("cow", "a"))) == all_settings(system)[2:]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (TRUE, True),
        (SwitchIs("cow", "b"), True),
        (SwitchIs("f", "on"), False),
        (SwitchIs("f", "off"), True),
        (ir.Not(SwitchIs("f", "on")), True),
        (ir.And((SwitchIs("cow", "b"), SwitchIs("f", "on"))), False),
        (ir.Or((SwitchIs("cow", "b"), SwitchIs("f", "on"))), True),
        (ir.Implies(SwitchIs("cow", "b"), SwitchIs("f", "on")), False),
        (ir.Implies(SwitchIs("f", "on"), FALSE), True),
        (ir.Iff(SwitchIs("cow", "a"), SwitchIs("f", "on")), True),
    ],
)
def test_formulas_over_switches(formula: ir.Formula, expected: bool) -> None:
    assert holds(formula, (("cow", "b"), ("f", "off"))) is expected


def test_other_formulas_are_refused() -> None:
    with pytest.raises(ValueError, match="not a formula over switches"):
        holds(ir.Test("pte", ()), ())


def test_a_slice_mentions_no_switch() -> None:
    system = build(fault())
    for setting in all_settings(system):
        sliced = slice_system(system, setting)
        mentioned = [
            node
            for part in (
                *(expression for s in sliced.steps for expression in expressions(s.body)),
                *(p.formula for p in sliced.properties), *(f.formula for f in sliced.facts),
            )
            for node in nodes((part,))
            if isinstance(node, SwitchIs)
        ]  # fmt: skip
        assert mentioned == []
        assert (sliced.vars, sliced.enums, sliced.switches) == (system.vars, system.enums, system.switches)


def test_decided_branches_stand_in_line() -> None:
    sliced = slice_system(build(fault()), (("exclusive_lock", "on"), ("reuse", "off")))
    first = next(s for s in sliced.steps if s.name == "wp_fault.fault")
    assert not any(isinstance(stmt, ir.If) for stmt in first.body)
    assert any(isinstance(stmt, ir.Choose) for stmt in first.body)


@pytest.mark.parametrize("name", ["fault", "calls", "sections"])
def test_a_slice_moves_as_the_whole(name: str) -> None:
    system = build({"fault": fault, "calls": calls, "sections": sections}[name]())
    for setting in all_settings(system):
        whole, part = Machine(system, SCOPE, setting), Machine(slice_system(system, setting), SCOPE, setting)
        states = list(whole.starts())
        assert states == list(part.starts())
        seen = set(states)
        while states and len(seen) < 150:
            state = states.pop()
            moves = list(whole.successors(state))
            assert moves == list(part.successors(state))
            for _, outcome in moves:
                after = getattr(outcome, "state", None)
                if after is not None and after not in seen:
                    seen.add(after)
                    states.append(after)


def test_steps_that_cannot_fire_are_dropped() -> None:
    dead = proc("p", "", (step("a"), step("b", require(on("f"))), step("c")))
    system = build(model(switches=(fix("f"),), procs=(dead,)))
    names = {option: [s.name for s in slice_system(system, (("f", option),)).steps] for option in ("off", "on")}
    assert names == {"off": ["p.a", "p.c"], "on": ["p.a", "p.b", "p.c"]}


def test_what_mentions_no_switch_is_shared() -> None:
    system = build(fault())
    sliced = slice_system(system, all_settings(system)[0])
    copy = next(s for s in system.steps if s.name == "wp_fault.copy")
    assert any(s is copy for s in sliced.steps)
    assert sliced.properties[0] is system.properties[0]
    assert slice_system(replace(system, switches=()), ()).steps is system.steps


def test_formulas_are_simplified_where_decided() -> None:
    x, y = ir.Test("x", ()), ir.Present(ir.Param("y"))
    options_ = {"reuse": "on", "exclusive_lock": "off"}
    cases: list[tuple[ir.Formula, ir.Formula]] = [
        (ir.And((REUSE, x, y)), ir.And((x, y))),
        (ir.And((LOCK, x)), FALSE),
        (ir.Or((REUSE, x)), TRUE),
        (ir.Or((LOCK, x)), x),
        (ir.Not(ir.And((REUSE, x))), ir.Not(x)),
        (ir.Implies(REUSE, x), x),
        (ir.Implies(x, LOCK), ir.Not(x)),
        (ir.Iff(LOCK, x), ir.Not(x)),
        (ir.Old(ir.Or((LOCK, x))), ir.Old(x)),
        (ir.Equal(ir.Pick(REUSE, ir.Param("a"), ir.Param("b")), ir.Param("b")), ir.Equal(ir.Param("a"), ir.Param("b"))),
        (ir.Present(ir.Pick(LOCK, ir.Param("a"), ir.Absent())), FALSE),
        (ir.Tally((ir.Count((), LOCK),), "==", 0), TRUE),
        (ir.Tally((ir.Count((), LOCK), ir.Count((), x)), "==", 1), ir.Tally((ir.Count((), x),), "==", 1)),
        (ir.Test("t", (ir.Pick(LOCK, ir.Param("a"), ir.Param("b")),)), ir.Test("t", (ir.Param("b"),))),
    ]
    for whole, part in cases:
        assert slice_formula(whole, options_) == part
