"""Structural facts: which are derived, that they hold in every reachable state, and that they are inductive."""

from dataclasses import replace

import pytest
from cowspec.check import typed as t
from cowspec.evaluate.machine import Machine, Moved
from cowspec.syntax.ast import LockKind
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.structure.rigid import Cases, cases
from cowspec.system.switches import all_settings, holds
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_induction import Plain
from typed_models import (
    AT,
    BOOL,
    FALSE,
    MMAP_LOCK,
    PTES,
    READ,
    TRUE,
    M,
    acquire,
    assign,
    begin,
    both,
    call,
    calls,
    choose,
    downgrade,
    equal,
    fault,
    fix,
    goto,
    local,
    lock,
    model,
    no,
    on,
    options,
    proc,
    release,
    require,
    ret,
    sections,
    sort,
    step,
    var,
    variable,
    when,
)

MODELS = {"fault": fault, "sections": sections, "calls": calls}
SCOPE = (("Cpu", 2), ("Mm", 2), ("Va", 1), ("Page", 1))


def names(system: ir.System, about: str = "") -> list[str]:
    return [fact.name for fact in system.facts if fact.name.startswith(about)]


def reachable(machine: Machine, most: int = 3000) -> set[ir.State]:
    seen = set(machine.starts())
    frontier = list(seen)
    while frontier and len(seen) < most:
        state = frontier.pop()
        for _, outcome in machine.successors(state):
            if isinstance(outcome, Moved) and outcome.state not in seen:
                seen.add(outcome.state)
                frontier.append(outcome.state)
    return seen


def broken(system: ir.System, most: int = 3000) -> set[str]:
    """The facts that some reachable state contradicts."""
    found: set[str] = set()
    for setting in all_settings(system):
        machine = Machine(system, SCOPE, setting)
        states = reachable(machine, most)
        found |= {fact.name for fact in system.facts for state in states if not machine.holds(fact.formula, state)}
    return found


# ---- the models ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_facts_hold_wherever_a_run_comes(name: str) -> None:
    assert broken(build(MODELS[name]()), 600) == set()


@pytest.mark.parametrize("name", MODELS)
def test_facts_are_inductive_and_exclude_every_fault(name: str) -> None:
    assert Plain(build(MODELS[name]())).open_goals() == []


def test_facts_of_another_program_are_found_out() -> None:
    """The facts of `fork` that releases nothing do not hold in `fork` as it is, and induction says so."""
    made = sections()
    fork, gup = made.procs
    keeps = replace(fork, steps=tuple(replace(s, body=()) if s.name == "unlock" else s for s in fork.steps))
    wrong = replace(build(made), facts=build(replace(made, procs=(keeps, gup))).facts)
    assert "fork.unlock: fork.flush: mmap_lock[k] is held" in Plain(wrong).open_goals()
    assert "fork.flush: mmap_lock[k] is held" in broken(wrong, 600)


def test_what_is_known_at_a_step() -> None:
    assert names(build(fault()), "wp_fault.install") == [
        "wp_fault.install: only when not reuse",
        "wp_fault.install: mmap_lock[m] is held when exclusive_lock",
        "wp_fault.install: holds at most mmap_lock[m] when exclusive_lock",
        "wp_fault.install: mmap_lock[m] is read-held when not exclusive_lock",
        "wp_fault.install: read-holds at most mmap_lock[m] when not exclusive_lock",
        "wp_fault.install: orig is present",
        "wp_fault.install: orig.write is false",
        "wp_fault.install: new is present",
    ]


def test_two_locks_of_a_kind() -> None:
    assert names(build(sections()), "fork.unlock") == [
        "fork.unlock: mmap_lock[m] is held",
        "fork.unlock: mmap_lock[k] is held",
        "fork.unlock: holds at most mmap_lock[m] or mmap_lock[k]",
        "fork.unlock: mmap_lock[m] is not mmap_lock[k]",
        "fork.unlock: read-holds no mmap_lock",
        "fork.unlock: seq[m] is held",
    ]
    assert names(build(sections()), "fork.end") == [
        "fork.end: holds no mmap_lock",
        "fork.end: mmap_lock[m] is read-held",
        "fork.end: holds no seq",
    ]


def test_who_runs_with_whom() -> None:
    about = [name for name in names(build(calls())) if "lock" not in name and "." not in name.split(":")[0]]
    assert about == [
        "flush, walk: not both on one CPU",
        "sync, walk: not both on one CPU",
        "protect, walk: not both on one CPU",
        "sync waits while flush, which it called, runs",
        "protect waits while flush, which it called, runs",
        "protect waits while sync, which it called, runs",
        "flush: has a caller",
    ]
    assert "sync.m is protect.m" in names(build(calls())) and "flush.m is protect.m" not in names(build(calls()))


# ---- single questions to the control flow --------------------------------------------------------------------------


def one(*steps: t.Step, locals: tuple[t.VarDecl, ...] = (), switches: tuple[t.Switch, ...] = ()) -> ir.System:
    """One proc p(m) with a place to put things."""
    return build(
        model(
            vars=(PTES, variable("flag", "Mm", BOOL), variable("spot", "Mm", sort("Page", True))),
            locks=(MMAP_LOCK,),
            switches=switches,
            procs=(proc("p", "m: Mm", steps, locals),),
        )
    )


FLAG = t.Read("flag", (M,), BOOL, span=AT)
SPOT = t.Read("spot", (M,), sort("Page", True), span=AT)
NO_PAGE = t.NoneLit(sort("Page", True), span=AT)
KEPT = variable("kept", "", sort("Page", True))


def keep(value: t.Expr) -> t.Assign:
    return assign("kept", (), value, sort("Page", True), proc="p")


def test_a_lock_taken_on_one_of_two_paths_is_no_fact() -> None:
    system = one(step("a", when(FLAG, acquire("mmap_lock", M))), step("b"))
    assert names(system, "p.b") == []
    assert broken(system) == set()


def test_mixed_conditions_say_what_the_switch_says() -> None:
    """`fast and flag`: without the switch the lock is surely not taken; with it, perhaps."""
    system = one(step("a", when(both(on("fast"), FLAG), acquire("mmap_lock", M))), step("b"), switches=(fix("fast"),))
    assert names(system, "p.b") == ["p.b: holds at most mmap_lock[m] when fast"]
    assert Plain(system).open_goals() == []


def test_choices_are_said_shortly() -> None:
    cow = options("cow", "mapcount", "page_count", "exclusive")
    test = t.Or((on("cow", "mapcount"), on("cow", "exclusive")), span=AT)
    system = one(step("a", when(test, acquire("mmap_lock", M))), step("b"), switches=(cow, fix("other")))
    assert "p.b: mmap_lock[m] is held when not cow == page_count" in names(system)
    assert Plain(system).open_goals() == []


def test_known_from_a_require() -> None:
    system = one(step("a", require(no(equal(SPOT, NO_PAGE))), keep(SPOT)), step("b"), locals=(KEPT,))
    assert names(system, "p.b") == ["p.b: kept is present"]


def test_known_until_it_changes() -> None:
    clear = assign("spot", (M,), NO_PAGE, sort("Page", True))
    other = assign("spot", (var("n", "Mm"),), NO_PAGE, sort("Page", True))
    for between, known in ((clear, ["p.b: kept is none"]), (other, [])):
        pick = (choose("n", "Mm"), require(no(equal(SPOT, NO_PAGE))), between, keep(SPOT))
        system = one(step("a", *pick), step("b"), locals=(KEPT,))
        assert names(system, "p.b") == known
        assert broken(system) == set() and Plain(system).open_goals() == []


def test_known_from_a_branch_and_a_comparison() -> None:
    page = var("q", "Page")
    chosen = (choose("q", "Page"), when(no(equal(SPOT, page)), ret()), keep(SPOT))
    system = one(step("a", *chosen), step("b"), locals=(KEPT,))
    assert names(system, "p.b") == ["p.b: kept is present"]


def test_a_loop_forgets_what_only_the_way_in_knows() -> None:
    system = one(
        step("a", choose("q", "Page"), keep(var("q", "Page")), acquire("mmap_lock", M)),
        step("b", when(FLAG, keep(NO_PAGE), release("mmap_lock", M), goto("c"))),
        step("c", when(FLAG, goto("b"))),
        locals=(KEPT,),
    )
    assert names(system, "p.b") == []
    assert broken(system) == set() and Plain(system).open_goals()[:1] != ["start: p.b"]


def test_a_lock_named_by_a_local_is_forgotten_with_it() -> None:
    where = variable("where", "", sort("Mm", True))

    def go(to: t.Expr) -> t.Stmt:
        return assign("where", (), to, sort("Mm", True), proc="p")

    here = local("p", "where", sort("Mm", True))
    system = one(step("a", go(M), acquire("mmap_lock", here)), step("b", go(t.NoneLit(sort("Mm", True), span=AT))),
                 step("c"), locals=(where,))  # fmt: skip
    assert "p.b: mmap_lock[where] is held" in names(system)
    assert names(system, "p.c") == ["p.c: where is none"]
    assert broken(system) == set() and Plain(system).open_goals() == []


def test_releasing_one_of_two_read_locks_leaves_the_other_open() -> None:
    """Nothing says that m and k differ; written locks do differ."""
    for mode, known in ((READ, False), (t.LockMode.WRITE, True)):
        first = step("a", acquire("mmap_lock", M, mode=mode), acquire("mmap_lock", var("k", "Mm"), mode=mode))
        two = proc("p", "m: Mm, k: Mm", (first, step("b", release("mmap_lock", M)), step("c")))
        system = build(model(vars=(PTES,), locks=(MMAP_LOCK,), procs=(two,)))
        assert any(name.startswith("p.c: mmap_lock[k]") for name in names(system)) == known
        assert broken(system) == set()


def test_a_step_without_a_way_in() -> None:
    system = one(step("a", goto("c")), step("b"), step("c"))
    assert names(system, "p.b") == ["p.b: never waited at"] and names(system, "p.a") == ["p.a: never waited at"]


# ---- sets of settings ----------------------------------------------------------------------------------------------

SWITCHES = (
    ir.Switch("cow", False, (("a", ""), ("b", ""), ("c", ""))),
    ir.Switch("f", True, (("off", ""), ("on", ""))),
    ir.Switch("g", True, (("off", ""), ("on", ""))),
)
EMPTY = replace(build(model()), switches=SWITCHES)
ALL = cases(EMPTY, [ir.SwitchIs(s.name, s.options[0][0]) for s in SWITCHES])


@given(st.integers(0, ALL.everything), st.integers(0, ALL.everything))
def test_a_set_of_settings_as_a_formula(these: int, among: int) -> None:
    formula = ALL.formula(these, among)
    for n, setting in enumerate(all_settings(EMPTY)):
        if among & 1 << n:
            assert holds(formula, setting) == bool(these & 1 << n)


def test_short_formulas() -> None:
    f_on = ALL.where("f", "on") or 0
    assert ALL.formula(f_on, ALL.everything) == ir.SwitchIs("f", "on")
    assert ALL.formula(ALL.everything & ~f_on, ALL.everything) == ir.Not(ir.SwitchIs("f", "on"))
    assert ALL.formula(f_on, f_on) == ir.TRUE
    assert ALL.where("unknown", "on") is None


def test_too_many_switches_are_not_followed() -> None:
    many = tuple(ir.Switch(f"s{n}", True, (("off", ""), ("on", ""))) for n in range(13))
    found = cases(replace(EMPTY, switches=many), [ir.SwitchIs(s.name, "on") for s in many])
    assert found == Cases((), ((),), 1)


# ---- random procs --------------------------------------------------------------------------------------------------

K = var("k", "Mm")
SEQ = lock(LockKind.SEQCOUNT, "seq", "Mm")
CHANGED = t.Changed("seq", (M,), span=AT)
BIT = variable("bit", "", BOOL)


def set_bit(value: t.Expr) -> t.Assign:
    return assign("bit", (), value, BOOL, proc="p")


SIMPLE: list[t.Stmt] = [
    acquire("mmap_lock", M), acquire("mmap_lock", K), acquire("mmap_lock", M, mode=READ), release("mmap_lock", M),
    acquire("mmap_lock", K, mode=READ), release("mmap_lock", K), downgrade("mmap_lock", M), acquire("seq", M),
    release("seq", M), begin("seq", M), require(no(CHANGED)), set_bit(TRUE), set_bit(FALSE), set_bit(FLAG),
    assign("flag", (M,), TRUE, BOOL), assign("flag", (K,), FALSE, BOOL), keep(SPOT), keep(NO_PAGE),
    require(no(equal(SPOT, NO_PAGE))), assign("spot", (M,), local("p", "kept", sort("Page", True)), sort("Page", True)),
    require(local("p", "bit", BOOL)), require(on("f")), require(no(FLAG)),
]  # fmt: skip
EXITS: list[t.Stmt] = [goto("s0"), goto("s1"), goto("s2"), ret(), call("helper", M)]
TESTS: list[t.Expr] = [on("f"), on("g"), FLAG, both(on("f"), FLAG), no(on("g")), local("p", "bit", BOOL), CHANGED]


@st.composite
def bodies(draw: st.DrawFn) -> tuple[t.Stmt, ...]:
    simple = st.lists(st.sampled_from(SIMPLE), max_size=2)
    made: list[t.Stmt] = draw(simple)
    if draw(st.booleans()):
        leave = st.lists(st.sampled_from(EXITS), max_size=1)
        made.append(when(draw(st.sampled_from(TESTS)), *draw(simple), *draw(leave), otherwise=draw(simple)))
    return (*made, *draw(simple))


@st.composite
def models(draw: st.DrawFn) -> ir.System:
    steps = [step(f"s{n}", *draw(bodies()), each="n: Mm" if n == 1 and draw(st.booleans()) else "") for n in range(3)]
    p = proc("p", "m: Mm, k: Mm", steps, (KEPT, BIT))
    helper = proc("helper", "m: Mm", (step("h", acquire("mmap_lock", M, mode=READ)), step("i")), startable=False)
    return build(
        model(
            vars=(variable("flag", "Mm", BOOL), variable("spot", "Mm", sort("Page", True), t.StartAny())),
            locks=(MMAP_LOCK, SEQ),
            switches=(fix("f"), fix("g")),
            procs=(p, helper),
        )
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(models())
def test_facts_of_random_procs_hold_in_their_runs(system: ir.System) -> None:
    assert broken(system, 60) == set()


@settings(max_examples=5, deadline=None, derandomize=True)
@given(models())
def test_facts_of_random_procs_are_inductive(system: ir.System) -> None:
    assert [goal for goal in Plain(system).open_goals() if "fault:" not in goal] == []
