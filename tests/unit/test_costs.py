"""Costs of calls: what is claimed of a small model known by hand, and of all runs counted one by one."""

from itertools import product

import pytest
from cost_search import amounts
from cowspec.check import typed
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.engines.bmc.depths import reach
from cowspec.engines.bmc.goals import Target, Violates, at_setting
from cowspec.evaluate.machine import Machine, Moved
from cowspec.evaluate.replay import replay
from cowspec.judge.costing import CostReport, SettingCosts, cost_all, cost_selection, setting_costs, status_of_cost
from cowspec.judge.jobs import run_here
from cowspec.judge.results import Status
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.costs import Amount, Operation, counting, operations
from cowspec.system.ir import Scope, Setting
from cowspec.system.show import show
from cowspec.system.slicing import slice_system
from cowspec.verdict import Limits

PURSE = """\
module purse

sort Cpu, Item
choice policy { thrifty "one coin less", lavish "as is" }
fix free_look "looking costs nothing"

cost coin    "coins spent"
cost touched "other CPUs that had the item"

var has[Cpu, Item]: bool = any
var big: bool
ghost var paid[Item]: bool
mutex lock[Item]

action toggle() { big := not big }
action look(c: Cpu, i: Item) {
  require has[c, i]
  if not free_look { spend coin }
}

proc pay(i: Item) {
  step first {
    acquire lock[i]
    spend coin
    if not big { return "[ cheap ]" }
    spend touched for c: Cpu where c != self and has[c, i]
  }
  step more {
    if policy == lavish { spend coin }
    spend coin
    call drop(i)
  }
  step last {
    if paid[i] { spend coin }
    paid[i] := true
  }
}

proc drop(i: Item) {
  step only {
    spend coin
    forall c: Cpu { has[c, i] := false }
  }
}

proc spin(i: Item) {
  step again {
    spend coin
    spend coin
    spend coin
    if big { goto again }
  }
}

proc never() {
  step only {
    require big and not big
    spend coin
  }
}
"""
LAVISH: Setting = (("policy", "lavish"), ("free_look", "off"))
THRIFTY: Setting = (("policy", "thrifty"), ("free_look", "on"))
TWO: Scope = (("Cpu", 2), ("Item", 1))


def model_of(text: str) -> typed.Model:
    return check(load("purse.cow", text, lambda name, user: None))


@pytest.fixture(scope="module")
def purse() -> ir.System:
    return build(model_of(PURSE), costs=True)


def found(system: ir.System, scope: Scope, setting: Setting, depth: int) -> dict[Amount, int]:
    """The lengths of the runs that the bounded search finds."""
    sliced = slice_system(system, setting)
    counted = counting(sliced, scope, [operation.name for operation in operations(sliced)])
    targets = {Target(Violates(name), at_setting(setting)): amount for name, amount in counted.goals.items()}
    reached = reach(counted.system, targets, scope, Limits(depth), replay=replay)
    assert (reached.steps, reached.stopped) == (depth, "")
    return {targets[target]: len(trace.steps) for target, trace in reached.traces.items()}


def everything(system: ir.System, scope: Scope, setting: Setting, depth: int) -> dict[Amount, int]:
    """What all runs show."""
    counted = amounts(system, scope, setting, depth)
    assert counted is not None
    return counted


# ---- the system ----------------------------------------------------------------------------------------------------


def test_the_operations_and_what_they_may_spend(purse: ir.System) -> None:
    assert [cost.name for cost in purse.costs] == ["coin", "touched", "lock"]
    assert [cost.counted for cost in purse.costs] == [(), ("Cpu",), ()]
    assert operations(purse) == (
        Operation("pay", ("coin", "touched", "lock")),
        Operation("drop", ("coin",)),
        Operation("spin", ("coin",)),
        Operation("never", ("coin",)),
        Operation("look", ("coin",)),
    )
    assert Operation("look", ()) not in operations(slice_system(purse, THRIFTY))
    assert [each.name for each in operations(slice_system(purse, THRIFTY))] == ["pay", "drop", "spin", "never"]


def test_what_is_not_counted_leaves_no_trace() -> None:
    """Without the costs, and the statements that stand there for them only, it is the same system to the letter."""
    plain = "\n".join(line for line in PURSE.split("\n") if "spend " not in line and not line.startswith("cost "))
    assert "spend" not in plain and "spend" in PURSE
    counted, bare = build(model_of(PURSE)), build(model_of(plain))
    assert counted.costs == () and "spend" not in show(counted)
    assert show(counted) == show(bare)


def test_lets_that_only_a_spend_reads_go_too() -> None:
    text = (
        'sort Cpu, Page var of[Cpu]: Page? var on[Page]: bool cost c "" macro m(p: Page) {{ {} }} '
        "action a(t: Cpu) {{ let q = of[t]  let r = on[q]  of[t] := none  m(of[t])  {} }}"
    )
    spending = text.format("if on[p] { spend c }", "if r { spend c }")
    assert "let" not in show(build(model_of(spending))).split("action a")[1]
    unread = show(build(model_of(text.format("", "")))).split("action a")[1]
    assert "let q = of[t]" in unread  # the author's own


def test_counting_changes_no_run(purse: ir.System) -> None:
    """Without the tables that are added, the same steps lead to the same states."""
    sliced = slice_system(purse, LAVISH)
    counted = counting(sliced, TWO, [operation.name for operation in operations(sliced)]).system
    assert counted.vars[: len(sliced.vars)] == sliced.vars
    assert all(var.ghost for var in counted.vars[len(sliced.vars) :])
    plain, more = Machine(sliced, TWO, LAVISH), Machine(counted, TWO, LAVISH)
    states = list(more.starts())
    seen = set(states)
    for state in states:
        cut = state[: len(sliced.vars)]
        theirs = {(firing, out.state) for firing, out in plain.successors(cut) if isinstance(out, Moved)}
        ours = [(firing, out.state) for firing, out in more.successors(state) if isinstance(out, Moved)]
        assert {(firing, after[: len(sliced.vars)]) for firing, after in ours} == theirs
        for _, after in ours:
            if after not in seen and len(seen) < 300:
                seen.add(after)
                states.append(after)
    assert len(seen) == 300


# ---- amounts -------------------------------------------------------------------------------------------------------


def test_amounts_known_by_hand(purse: ir.System) -> None:
    """pay: cheap 1; else 1 + 2 + 1 (drop, called), and one more if it was paid before. The second pay is over after
    toggle, 4 steps, 4 steps. spin: thrice 3 coins are 9, so 8 or more: toggle, again, again, toggle, again."""
    lengths = found(purse, TWO, LAVISH, 9)
    of_pay = {a.amount: length for a, length in lengths.items() if (a.operation, a.cost) == ("pay", "coin")}
    assert of_pay == {1: 1, 4: 5, 5: 9}
    assert {a.amount for a in lengths if (a.operation, a.cost) == ("pay", "touched")} == {0, 1}
    assert {a.amount for a in lengths if (a.operation, a.cost) == ("pay", "lock")} == {1}
    of_spin = {(a.amount, a.more): n for a, n in lengths.items() if (a.operation, a.cost) == ("spin", "coin")}
    assert of_spin == {(3, False): 1, (6, False): 4, (8, True): 5}
    assert {a.amount: n for a, n in lengths.items() if (a.operation, a.cost) == ("drop", "coin")} == {1: 1}
    assert {a.amount: n for a, n in lengths.items() if (a.operation, a.cost) == ("look", "coin")} == {1: 1}
    assert not [a for a in lengths if a.operation == "never"]


def test_in_an_action_self_is_nobody() -> None:
    text = """
    sort Cpu, Mm
    cost ipi "other CPUs"
    macro shoot() { spend ipi for c: Cpu where c != self }
    action wake(m: Mm) { shoot() }
    proc call_all() { step only { shoot() } }
    """
    system = build(model_of(text), costs=True)
    lengths = found(system, (("Cpu", 3), ("Mm", 1)), (), 2)
    assert {(a.operation, a.amount) for a in lengths if a.cost == "ipi"} == {("wake", 3), ("call_all", 2)}


def test_more_elements_than_are_counted() -> None:
    text = 'sort Cpu, Page cost seen "pages" action look(p: Page) { spend seen for q: Page where q != p }'
    system = build(model_of(text), costs=True)
    for pages, expected in ((4, (3, False)), (5, (4, True)), (6, (4, True))):
        lengths = found(system, (("Cpu", 1), ("Page", pages)), (), 1)
        assert {(a.amount, a.more) for a in lengths if a.cost == "seen"} == {expected}


@pytest.mark.parametrize("setting", [LAVISH, THRIFTY], ids=["lavish", "thrifty"])
@pytest.mark.parametrize("sizes", list(product((1, 2), (1, 2))), ids=str)
def test_amounts_are_those_of_all_runs(purse: ir.System, setting: Setting, sizes: tuple[int, int]) -> None:
    scope = (("Cpu", sizes[0]), ("Item", sizes[1]))
    depth = 5 if sizes == (2, 2) else 7
    assert found(purse, scope, setting, depth) == amounts(purse, scope, setting, depth)


def test_time_that_runs_out(purse: ir.System) -> None:
    sliced = slice_system(purse, LAVISH)
    counted = counting(sliced, TWO, ["pay"])
    targets = [Target(Violates(name), at_setting(LAVISH)) for name in counted.goals]
    never = reach(counted.system, targets, TWO, Limits(9, timeout=-1.0), replay=replay)
    assert (never.steps, never.stopped, never.traces) == (-1, "time limit", {})


# ---- the report ----------------------------------------------------------------------------------------------------


def reports_of(system: ir.System, selection: Selection, depth: int = 6, names: tuple[str, ...] = ()) -> CostReport:
    selection = validate([system], cost_selection(selection))
    (report,) = cost_all([system], selection, Limits(depth), run_here, names)
    return report


def test_the_report_of_a_model(purse: ir.System) -> None:
    report = reports_of(purse, Selection(sizes=(("Item", 1),)))
    assert [each.setting for each in report.settings] == [
        (("policy", p), ("free_look", "off")) for p in ("thrifty", "lavish")
    ]
    assert report.scope == TWO and status_of_cost([report]) == Status.UNKNOWN  # `never` never ends
    thrifty = {each.operation: each for each in report.settings[0].operations}
    assert thrifty["never"].run is None and thrifty["never"].spent == ()
    coin, touched, lock = thrifty["pay"].spent
    assert (coin.cost, coin.least, coin.most, coin.more) == ("coin", 1, 3, False)
    assert (touched.least, touched.most, lock.least, lock.most) == (0, 1, 1, 1)
    assert thrifty["drop"].spent[1].most_run is None and thrifty["drop"].spent[1].most == 0
    assert (thrifty["spin"].spent[0].most, thrifty["spin"].spent[0].more) == (8, True)


def test_every_run_is_one_of_the_model_and_shows_its_amount(purse: ir.System) -> None:
    """Followed once more by the naive reading: what the call on its CPU has spent since it started."""
    for each in reports_of(purse, Selection(sizes=(("Item", 1),))).settings:
        sliced = slice_system(purse, each.setting)
        for operation in each.operations:
            for spent in operation.spent:
                for run, amount in ((spent.least_run, spent.least), (spent.most_run, spent.most)):
                    if run is None:
                        continue
                    assert replay(sliced, run) == run and run.property == ""
                    shown = everything(sliced, run.scope, each.setting, len(run.steps))
                    more = spent.more and amount == spent.most
                    assert shown[Amount(operation.operation, spent.cost, amount, more)] == len(run.steps)


def test_selected_operations(purse: ir.System) -> None:
    report = reports_of(purse, Selection((("policy", "lavish"),)), 3, ("drop", "look"))
    assert [[of.operation for of in each.operations] for each in report.settings] == [["drop", "look"]]
    assert status_of_cost([report]) == Status.DECLARED
    with pytest.raises(SelectionError, match=r"no operation `dorp` that has costs: did you mean `drop`\?"):
        reports_of(purse, Selection(), 3, ("dorp",))


def test_fixes_are_off_unless_they_are_set(purse: ir.System) -> None:
    on = reports_of(purse, Selection((("free_look", "on"),)), 2, ("look",))
    assert [dict(each.setting)["free_look"] for each in on.settings] == ["on", "on"]
    assert [of.run for each in on.settings for of in each.operations] == [None, None]


def test_nothing_to_count() -> None:
    system = build(model_of("sort Page var x[Page]: bool action a(p: Page) { x[p] := true }"), costs=True)
    assert operations(system) == ()
    assert status_of_cost([reports_of(system, Selection())]) == Status.NOTHING


def test_a_search_that_is_cut_short_says_so(purse: ir.System) -> None:
    answer = setting_costs(purse, LAVISH, TWO, ("pay",), Limits(6, timeout=-1.0))
    assert isinstance(answer, SettingCosts) and answer.stopped == "time limit"
    report = CostReport("purse.cow", purse, TWO, 6, [answer])
    assert status_of_cost([report]) == Status.UNKNOWN
