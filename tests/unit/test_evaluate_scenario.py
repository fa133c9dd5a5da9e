"""Scenarios on the paging example: outcomes worked out by hand, and a search of all runs as a reference."""

from dataclasses import replace
from itertools import product

import pytest
from cowspec.evaluate.machine import Machine, Moved
from cowspec.evaluate.replay import replay
from cowspec.evaluate.scenario import Played, least_sizes
from cowspec.evaluate.scenario import play as play_under
from cowspec.syntax.ast import Outcome, PropertyKind
from cowspec.system import ir
from cowspec.verdict import Limits
from evaluate_examples import (
    NOWHERE,
    action,
    assign,
    binders,
    call_step,
    flag,
    forall,
    get,
    go,
    idle,
    is_set,
    paging,
    prop,
    system,
    table,
)

OFF = (("early", "off"), ("lazy", "off"))
EARLY = (("early", "on"), ("lazy", "off"))
NAMES = "a:Va c0:Cpu c1:Cpu"
SCOPE = (("Cpu", 2), ("Va", 1), ("Page", 2))


def line(cpu: str, operation: str, *args: str | None, until: str | None = None) -> ir.ScriptLine:
    return ir.ScriptLine(cpu, operation, args, until)


def script(*lines: ir.ScriptLine | ir.ScriptFinish, allow: str = "fill", names: str = NAMES) -> ir.Scenario:
    return ir.Scenario("s", None, binders(names), tuple(allow.split()), lines, (), NOWHERE)


def named(name: str) -> ir.Property:
    return next(each for each in paging().properties if each.name == name)


def play(
    model: ir.System,
    scenario: ir.Scenario,
    asked: ir.Property | None,
    setting: ir.Setting,
    scope: ir.Scope,
    limits: Limits,
    *,
    max_states: int = 100_000,
) -> Played:
    """Under one setting."""
    ((settings, played),) = play_under(model, scenario, asked, [setting], scope, limits, max_states=max_states)
    assert settings == (setting,)
    return played


def steps(played: Played) -> list[str]:
    assert played.trace is not None
    replay(paging(), played.trace)
    return [taken.firing.step for taken in played.trace.steps]


def test_a_violation_is_shown_with_as_little_as_possible_added() -> None:
    scenario = script(line("c1", "store", "a"), line("c0", "protect", "a", until="flush"))
    played = play(paging(), scenario, named("no_stale"), OFF, SCOPE, Limits())
    assert played.outcome is Outcome.VIOLATED
    assert steps(played) == ["fill", "store", "protect.clear"]
    assert [taken.firing.args for taken in played.trace.steps][1:] == [(1, 0), (0, 0)]  # type: ignore[union-attr]
    settings = [(("early", early), ("lazy", lazy)) for early, lazy in product(("off", "on"), repeat=2)]
    groups = play_under(paging(), scenario, named("no_stale"), settings, SCOPE, Limits())
    assert [(len(alike), found.outcome) for alike, found in groups] == [(2, Outcome.VIOLATED), (2, Outcome.HOLDS)]
    assert all(dict(setting)["early"] == "off" for setting in groups[0][0]) and steps(groups[0][1]) == steps(played)


def test_what_is_met_first_gives_way_to_what_needs_less_added() -> None:
    """`tick` before the second line violates it; without that only the last line does."""
    names = ("one", "two", "three", "tick")
    model = system(
        sorts=("Cpu",),
        vars=tuple(flag(f"did_{name}") for name in names),
        steps=tuple(action(name, "", assign(f"did_{name}", (), ir.TRUE)) for name in names),
    )
    added = ir.And((is_set("did_one"), is_set("did_tick")))
    never = prop("never", ir.Not(ir.Or((added, is_set("did_three")))))
    lines = (line("c0", "one"), line("c0", "two"), line("c0", "three"))
    played = play(model, script(*lines, allow="tick", names="c0:Cpu"), never, (), (("Cpu", 1),), Limits())
    assert played.trace is not None
    assert [taken.firing.step for taken in played.trace.steps] == ["one", "two", "three"]


def test_a_violation_in_the_middle_counts_even_if_the_script_is_blocked_later() -> None:
    lines = (line("c1", "store", "a"), line("c0", "protect", "a", until="flush"), line("c1", "protect", "a"))
    for name, outcome in (("no_stale", Outcome.VIOLATED), (None, Outcome.BLOCKED)):
        asked = named(name) if name else None
        assert play(paging(), script(*lines), asked, OFF, SCOPE, Limits()).outcome is outcome


def test_a_start_state_can_violate() -> None:
    never = prop("never", ir.FALSE)
    played = play(paging(), script(line("c1", "store", "a")), never, OFF, SCOPE, Limits())
    assert played.outcome is Outcome.VIOLATED and played.trace is not None and played.trace.steps == ()


def test_blocked_where_an_action_is_not_allowed() -> None:
    blocked = play(paging(), script(line("c1", "store", "a"), allow=""), named("clean"), OFF, SCOPE, Limits())
    assert (blocked.outcome, blocked.lines, blocked.trace) == (Outcome.BLOCKED, 0, None)
    runs = play(paging(), script(line("c1", "store", "a")), None, OFF, SCOPE, Limits())
    assert (runs.outcome, runs.lines, steps(runs)) == (Outcome.HOLDS, 1, ["fill", "store"])


def test_nothing_fires_after_the_last_line() -> None:
    """`unmap` after a store would violate this; before it, it only keeps the store from happening."""
    kept = prop("kept", forall("p:Page a:Va", ir.Implies(is_set("dirty", "p"), is_set("pte", "a"))))
    last = script(line("c1", "store", "a"), allow="fill unmap")
    assert play(paging(), last, kept, OFF, SCOPE, Limits()).outcome is Outcome.HOLDS
    then = script(line("c1", "store", "a"), line("c0", "protect", "a"), allow="fill unmap")
    assert play(paging(), then, kept, OFF, SCOPE, Limits()).outcome is Outcome.VIOLATED


def test_until_stops_before_the_step_and_an_earlier_end_blocks() -> None:
    half = script(line("c0", "protect", "a", until="flush"), allow="")
    assert steps(play(paging(), half, None, OFF, SCOPE, Limits())) == ["protect.clear"]
    again = script(line("c0", "protect", "a", until="clear"), allow="")
    assert play(paging(), again, None, OFF, SCOPE, Limits()).outcome is Outcome.BLOCKED


def test_finish_runs_to_the_end_and_needs_a_call() -> None:
    whole = script(line("c0", "protect", "a", until="flush"), ir.ScriptFinish("c0"), allow="")
    assert steps(play(paging(), whole, None, OFF, SCOPE, Limits())) == ["protect.clear", "protect.flush"]
    for lines in ((ir.ScriptFinish("c0"),), (line("c0", "protect", "a"), ir.ScriptFinish("c0"))):
        assert play(paging(), script(*lines, allow=""), None, OFF, SCOPE, Limits()).outcome is Outcome.BLOCKED


def test_names_are_different_elements() -> None:
    pair = script(line("c0", "protect", "a"), line("c0", "protect", "b"), allow="", names="a:Va b:Va c0:Cpu")
    assert least_sizes(pair) == {"Va": 2, "Cpu": 1}
    with pytest.raises(ValueError, match="2 different elements of Va"):
        play(paging(), pair, None, OFF, SCOPE, Limits())
    larger = (("Cpu", 1), ("Va", 2), ("Page", 2))
    played = play(paging(), pair, None, OFF, larger, Limits())
    assert played.trace is not None
    assert [taken.firing.args for taken in played.trace.steps] == [(0, 0), (0,), (0, 1), (0,)]


def test_any_value_fits_an_underscore() -> None:
    anywhere = script(line("c0", "protect", None), allow="", names="c0:Cpu")
    larger = (("Cpu", 1), ("Va", 2), ("Page", 2))
    assert play(paging(), anywhere, None, OFF, larger, Limits()).outcome is Outcome.HOLDS


def test_an_allowed_call_goes_on_between_lines_but_not_a_scripted_one() -> None:
    scripted = script(
        line("c0", "protect", "a", until="flush"),
        line("c1", "protect", "a"),
        allow="protect",
        names="a:Va c0:Cpu c1:Cpu",
    )
    assert play(paging(), scripted, None, OFF, SCOPE, Limits()).outcome is Outcome.BLOCKED
    helped = script(line("c0", "copy", "a"), line("c1", "store", "a"), allow="fill copy", names=NAMES)
    assert play(paging(), helped, named("no_stale"), OFF, SCOPE, Limits()).outcome is Outcome.HOLDS
    stale = prop("few_calls", forall("c:Cpu", ir.Not(ir.Present(get("copy@pc", "c")))))
    both_calls = script(line("c0", "store", "a"), line("c0", "store", "a"), allow="fill copy", names="a:Va c0:Cpu")
    assert play(paging(), both_calls, stale, OFF, SCOPE, Limits()).outcome is Outcome.VIOLATED


def test_faults_are_reported_beside_the_outcome() -> None:
    scenario = script(line("c1", "store", "a"), line("c1", "store", "a"), allow="fill unmap", names="a:Va c1:Cpu")
    played = play(paging(), scenario, None, OFF, SCOPE, Limits())
    assert played.outcome is Outcome.HOLDS
    unguarded = script(line("c1", "store", "a"), allow="fill unmap", names="a:Va c1:Cpu")
    checked = play(paging(), unguarded, named("clean"), OFF, SCOPE, Limits())
    assert checked.outcome is Outcome.VIOLATED
    never = prop("nothing", ir.TRUE)
    fault = play(paging(), unguarded, never, OFF, SCOPE, Limits()).fault
    assert fault is not None and fault.fault == "`pte[a]` is absent"
    replay(paging(), fault)


def test_until_waits_for_a_called_proc() -> None:
    """outer calls inner in its first step: its second step is next only when inner has ended."""
    model = system(
        sorts=("Cpu",),
        enums=(("outer@step", ("one", "two")), ("inner@step", ("only",))),
        vars=(table("outer@pc", "Cpu", "outer@step"), table("inner@pc", "Cpu", "inner@step"), flag("done")),
        steps=(
            call_step(
                "outer",
                "one",
                ir.StepKind.START,
                "",
                "",
                (
                    ir.Require(idle("outer", "inner")),
                    go("outer", "two"),
                    ir.Assign("inner@pc", (ir.Param("self"),), ir.Member("inner@step", "only")),
                ),
            ),
            call_step(
                "outer",
                "two",
                ir.StepKind.NEXT,
                "",
                "",
                (
                    ir.Require(ir.Equal(get("outer@pc", "self"), ir.Member("outer@step", "two"))),
                    ir.Require(idle("inner")),
                    go("outer", None),
                ),
            ),
            call_step(
                "inner",
                "only",
                ir.StepKind.NEXT,
                "",
                "",
                (ir.Require(ir.Present(get("inner@pc", "self"))), go("inner", None), ir.Assign("done", (), ir.TRUE)),
            ),
        ),
        procs=(
            ir.ProcInfo("outer", (), ("one", "two"), ("inner",), True),
            ir.ProcInfo("inner", (), ("only",), (), False),
        ),
    )
    scope = (("Cpu", 1),)
    until = script(line("c0", "outer", until="two"), allow="", names="c0:Cpu")
    played = play(model, until, None, (), scope, Limits())
    assert played.trace is not None
    assert [taken.firing.step for taken in played.trace.steps] == ["outer.one", "inner.only"]
    whole = play(model, script(line("c0", "outer"), allow="", names="c0:Cpu"), None, (), scope, Limits())
    assert whole.trace is not None and len(whole.trace.steps) == 3


def test_limits_leave_it_undecided() -> None:
    scenario = script(line("c1", "store", "a"), line("c0", "protect", "a"))
    for limits, most in ((Limits(timeout=0.0), 1000), (Limits(), 5)):
        played = play(paging(), scenario, None, OFF, SCOPE, limits, max_states=most)
        assert played.outcome is None and played.stopped


def test_covers_are_refused() -> None:
    with pytest.raises(ValueError, match="cover"):
        play(paging(), script(), prop("x", ir.TRUE, PropertyKind.COVER), OFF, SCOPE, Limits())


# ---- against all runs ----------------------------------------------------------------------------------------------


def reference(
    model: ir.System, scenario: ir.Scenario, asked: ir.Property | None, setting: ir.Setting, scope: ir.Scope
) -> tuple[Outcome, int | None]:
    """All runs, state by state, without any reduction; the fewest steps of allowed operations in a violating run.

    Only for scripts whose allowed operations are actions.
    """
    machine = Machine(model, scope, setting)
    elements: dict[str, int] = {}
    for name in scenario.names:
        elements[name.name] = sum(
            1 for other in scenario.names if other.domain == name.domain and other.name in elements
        )
    counters = [number for number, var in enumerate(model.vars) if var.name.endswith("@pc")]
    level = {(0, False, state) for state in machine.starts()}
    seen: set[tuple[int, bool, ir.State]] = set()
    added, ended = 0, False
    while level:
        todo, following = list(level), set()
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            position, begun, state = node
            if asked is not None and not machine.holds(asked.formula, state):
                return Outcome.VIOLATED, added
            if position == len(scenario.lines):
                ended = True
                continue
            here = scenario.lines[position]
            cpu = elements[here.cpu]
            for firing, outcome in machine.successors(state):
                if not isinstance(outcome, Moved):
                    continue
                step = next(each for each in model.steps if each.name == firing.step)
                if not begun and step.operation in scenario.allowed:
                    following.add((position, False, outcome.state))
                goes_on = begun or isinstance(here, ir.ScriptFinish)
                if goes_on and (step.kind != ir.StepKind.NEXT or firing.args[0] != cpu):
                    continue
                if not goes_on:
                    assert isinstance(here, ir.ScriptLine)
                    wanted = [cpu, *(None if arg is None else elements[arg] for arg in here.args)]
                    fits = all(want in (None, arg) for want, arg in zip(wanted, firing.args, strict=False))
                    if step.operation != here.operation or step.kind == ir.StepKind.NEXT or not fits:
                        continue
                idle_now = all(outcome.state[number][cpu] is None for number in counters)
                done = idle_now
                if isinstance(here, ir.ScriptLine) and here.until is not None:
                    label = dict(model.enums)[f"{here.operation}@step"].index(here.until)
                    done = outcome.state[[v.name for v in model.vars].index(f"{here.operation}@pc")][cpu] == label
                if step.kind == ir.StepKind.ACTION:
                    done = True
                todo.append((position + 1, False, outcome.state) if done else (position, True, outcome.state))
        level = following - seen
        added += 1
    return (Outcome.HOLDS if ended else Outcome.BLOCKED), None


SCRIPTS = [
    script(line("c1", "store", "a"), line("c0", "protect", "a", until="flush"), line("c1", "store", "a")),
    script(line("c0", "protect", "a"), line("c1", "store", "a"), allow="fill unmap"),
    script(
        line("c0", "copy", "a", until="install"),
        line("c1", "protect", None, until="flush"),
        line("c1", "store", "a"),
        ir.ScriptFinish("c1"),
        ir.ScriptFinish("c0"),
    ),
    script(line("c0", "copy", None, until="install"), line("c1", "copy", "a"), ir.ScriptFinish("c0"), allow="unmap"),
]


@pytest.mark.parametrize("pages", [1, 2])
def test_outcomes_are_those_of_all_runs(pages: int) -> None:
    scope = (("Cpu", 2), ("Va", 1), ("Page", pages))
    seen: set[Outcome] = set()
    settings = [(("early", early), ("lazy", lazy)) for early, lazy in product(("off", "on"), repeat=2)]
    together = 0
    for scenario, name in product(SCRIPTS, ("no_stale", "clean", None)):
        asked = named(name) if name else None
        groups = play_under(paging(), scenario, asked, settings, scope, Limits())
        assert sorted(setting for alike, _ in groups for setting in alike) == sorted(settings)
        together += sum(len(alike) > 1 for alike, _ in groups)
        for setting, played in ((setting, played) for alike, played in groups for setting in alike):
            outcome, added = reference(paging(), scenario, asked, setting, scope)
            assert played.outcome is outcome, (setting, name)
            if added is not None:
                assert played.trace is not None
                allowed = [taken for taken in played.trace.steps if taken.firing.step in scenario.allowed]
                assert len(allowed) == added
                replay(paging(), replace(played.trace, setting=setting))
            seen.add(outcome)
    assert seen == set(Outcome) and together > 0
