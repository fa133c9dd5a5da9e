"""Procs as steps: kinds and names, starting, waiting, leaving and ending a call, locks."""

from dataclasses import replace

from cowspec.check import typed as t
from cowspec.evaluate.machine import Faulted, Machine, Moved
from cowspec.syntax.ast import LockKind
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.lower import lower
from cowspec.system.show import show_body
from cowspec.verdict import Firing
from typed_models import (
    AT,
    BOOL,
    MMAP_LOCK,
    NONE_PTE,
    PTES,
    READ,
    WRITE,
    M,
    acquire,
    assign,
    begin,
    call,
    calls,
    equal,
    goto,
    local,
    lock,
    model,
    no,
    note,
    proc,
    pte,
    read,
    release,
    require,
    sections,
    sort,
    step,
    var,
    variable,
    when,
)

SMALL = (("Cpu", 1), ("Mm", 1), ("Va", 2), ("Page", 1))


def kinds(system: ir.System) -> list[tuple[str, str]]:
    return [(step.kind, step.name) for step in system.steps]


def body(system: ir.System, name: str) -> list[str]:
    return list(show_body({step.name: step for step in system.steps}[name].body, ""))


# ---- steps and their names -----------------------------------------------------------------------------------------


def test_every_kind_of_step_has_its_name() -> None:
    assert kinds(lower(calls())) == [
        ("action", "tlb_fill"),
        ("next", "flush.one"),  # only called: it has no START
        ("leave", "flush.one:leave"),
        ("start", "sync.enter:start"),  # started and called
        ("next", "sync.enter"),
        ("leave", "sync.return"),
        ("start", "protect.clear"),
        ("next", "protect.last"),
        ("leave", "protect.return"),
        ("start", "walk.visit:start"),
        ("start", "walk.visit:start-leave"),
        ("next", "walk.visit"),
        ("leave", "walk.visit:leave"),
        ("next", "walk.done"),
        ("next", "walk.after"),
    ]


def test_a_first_step_that_is_jumped_to_is_also_resumed() -> None:
    back = proc("p", "", (step("one"), step("two", goto("one"))))
    assert kinds(lower(model(procs=(back,)))) == [("start", "p.one:start"), ("next", "p.one"), ("next", "p.two")]


def test_steps_carry_what_traces_need() -> None:
    system = lower(calls())
    by_name = {step.name: step for step in system.steps}
    assert by_name["tlb_fill"].cpu == "c"
    visit = by_name["walk.visit"]
    assert (visit.operation, visit.label, visit.cpu) == ("walk", "visit", "self")
    assert [p.name for p in visit.params] == ["self", "a"] and visit.frame == (
        ("m", ir.Get("walk@m", (ir.Param("self"),))),
    )
    assert by_name["walk.after"].frame == ()  # binds what the body mentions
    infos = {info.name: info for info in system.procs}
    assert infos["protect"] == ir.ProcInfo(
        "protect", (ir.Binder("m", "Mm"), ir.Binder("a", "Va")), ("clear", "last", "return"), ("sync", "flush"), True
    )
    assert not infos["flush"].startable
    assert dict(system.enums)["sync@step"] == ("enter", "return")


def test_the_frame_belongs_to_the_call() -> None:
    table = {v.name: v for v in lower(sections()).vars}
    assert (table["fork@pc"].domain, table["fork@pc"].presence, table["fork@pc"].start) == (
        "fork@step", ir.Presence.OWN, ir.Absent(),
    )  # fmt: skip
    assert (table["fork@k"].owner, table["fork@k"].presence) == ("fork@pc", ir.Presence.OWNER)
    assert (table["gup_fast@done"].owner, table["gup_fast@done"].start) == (
        "gup_fast@pc",
        False,
    )
    assert table["seq@seen@gup_fast"].index == ("Mm", "Cpu")


# ---- begin and end -------------------------------------------------------------------------------------------------


def test_locals_start_as_declared() -> None:
    heat = t.EnumDecl("Heat", ("cold", "hot"), span=AT)
    of = t.Type(t.EnumType("Heat"))
    locals_ = (
        variable("h", "", of, t.EnumLit("Heat", "cold", span=AT)),
        variable("any_page", "", sort("Page", True), t.StartAny()),
        variable("any_bool", "", BOOL, t.StartAny()),
        variable("nothing", "", sort("Page", True)),
    )
    system = lower(replace(model(procs=(proc("p", "", (step("s"), step("t")), locals_),)), enums=(heat,)))
    assert body(system, "p.s") == [
        "require p@pc[self] == none",
        "p@pc[self] := s",
        "p@h[self] := cold",
        "choose any_page: Page",
        "choose any_page@2: bool@any",
        "p@any_page[self] := (if any_page@2 == true then any_page else none)",
        "choose any_bool: bool@any",
        "p@any_bool[self] := any_bool == true",
        "p@pc[self] := t",
    ]
    assert dict(system.enums)["bool@any"] == ("false", "true")


def test_the_end_of_a_call_clears_what_it_owned() -> None:
    system = build(sections())
    machine = Machine(system, (("Cpu", 1), ("Mm", 2), ("Va", 1), ("Page", 1)), ())
    state = start = next(machine.starts())
    for name, args in (("fork.start", (0, 0, 1)), ("fork.share:leave", (0,)), ("fork.unlock", (0,)),
                       ("fork.flush", (0,)), ("fork.end", (0,))):  # fmt: skip
        outcome = machine.fire(state, Firing(name, args))
        if name == "fork.share:leave" and not isinstance(outcome, Moved):
            outcome = machine.fire(state, Firing("fork.share", (0, 0)))
            assert isinstance(outcome, Moved)
            outcome = machine.fire(outcome.state, Firing(name, args))
        assert isinstance(outcome, Moved), name
        state = outcome.state
    calls_and_locks = [n for n, v in enumerate(system.vars) if "@" in v.name]
    assert [state[n] for n in calls_and_locks] == [start[n] for n in calls_and_locks]


def test_an_each_first_may_find_nothing() -> None:
    """A call with nothing to visit starts and leaves its first step at once; otherwise it must visit."""
    machine = Machine(build(calls()), SMALL, ())
    for state in machine.starts():
        names = {firing.step for firing, _ in machine.successors(state)}
        empty = state[0] == (False, False)
        assert ("walk.visit:start-leave" in names) == empty
        assert ("walk.visit:start" in names) == (not empty)


def test_a_caller_holds_its_lock_until_its_last_callee_has_ended() -> None:
    system = build(calls())
    machine = Machine(system, SMALL, ())
    names = [v.name for v in system.vars]
    state = next(s for s in machine.starts() if s[0] == (True, True))
    for name in ("protect.clear", "sync.enter", "flush.one:leave", "sync.return", "protect.last"):
        args = (0, 0, 0) if name == "protect.clear" else (0,)
        outcome = machine.fire(state, Firing(name, args))
        assert isinstance(outcome, Moved), (name, outcome)
        state = outcome.state
        assert state[names.index("mmap_lock@read@protect")] == (True,)
    waiting = {firing.step for firing, _ in machine.successors(state)}
    assert "flush.one:leave" in waiting and not waiting & {"protect.return", "walk.visit:start", "sync.enter:start"}
    for name in ("flush.one:leave", "protect.return"):
        outcome = machine.fire(state, Firing(name, (0,)))
        assert isinstance(outcome, Moved)
        state = outcome.state
    assert state[names.index("mmap_lock@read@protect")] == (False,)
    assert all(state[names.index(f"{p}@pc")] == (None,) for p in ("protect", "sync", "flush"))


def test_a_call_in_an_each_comes_back_to_it() -> None:
    inner = proc("inner", "a: Va", (step("s"),), startable=False)
    outer = proc("outer", "", (step("go", call("inner", var("a", "Va")), each="a: Va"), step("end")))
    lines = body(lower(model(procs=(inner, outer))), "outer.go")
    assert lines[-2:] == ["inner@pc[self] := s", "inner@a[self] := a"]  # the caller's counter stays


def test_arguments_are_evaluated_before_the_frame_changes_and_must_be_there() -> None:
    inner = proc("inner", "p: Page", (step("s"),), startable=False)
    page = t.FieldOf(pte(M, var("a", "Va")), "page", sort("Page", True), span=AT)
    outer = proc("outer", "m: Mm, a: Va", (step("go", call("inner", page)), step("end")))
    assert body(lower(model(vars=(PTES,), procs=(inner, outer))), "outer.go")[4:] == [
        'check pte[m, a] else "`pte[m, a].page` is none, which cannot be stored in parameter `p` of `inner`"',
        "let p = pte.page[m, a]",
        "inner@pc[self] := s",
        "inner@p[self] := p",
        "outer@pc[self] := end",
    ]


def test_own_parameters_and_locals_are_there() -> None:
    """Inside its own call a parameter read from the frame needs no check; another call's does."""
    own = local("p", "m", sort("Mm"))
    other = t.FrameRead("q", "m", var("c", "Cpu"), sort("Mm", True), span=AT)
    table = variable("seen", "Mm", BOOL)

    def write(index: t.Expr) -> t.Stmt:
        return assign("seen", (index,), t.BoolLit(True, span=AT), BOOL)

    system = lower(model(vars=(table,), procs=(
        proc("p", "m: Mm", (step("a", write(own)), step("b", write(own)))),
        proc("q", "m: Mm", (step("a"),)),
        proc("r", "c: Cpu", (step("a", write(other)),)),
    )))  # fmt: skip
    assert not [line for name in ("p.a", "p.b") for line in body(system, name) if line.startswith("check")]
    assert 'check q@pc[c] != none else "`q[c].m` is none, so `seen[q[c].m]` cannot be written"' in body(system, "r.a")


# ---- locks ---------------------------------------------------------------------------------------------------------


def lock_model(*procs: t.Proc) -> ir.System:
    return build(model(vars=(PTES,), locks=(MMAP_LOCK, lock(LockKind.SEQCOUNT, "seq", "Mm")), procs=procs))


def reaches(machine: Machine, firings: list[Firing]) -> ir.State | str | None:
    """The state after the firings; the message of a fault; None if one is disabled."""
    state = next(machine.starts())
    for firing in firings:
        match machine.fire(state, firing):
            case Moved(state):
                pass
            case Faulted(message):
                return message
            case _:
                return None
    return state


def test_who_excludes_whom() -> None:
    reader = proc("reader", "m: Mm", (step("in", acquire("mmap_lock", M, mode=READ)), step("out")))
    writer = proc("writer", "m: Mm", (step("in", acquire("mmap_lock", M, mode=WRITE)), step("out")))
    machine = Machine(lock_model(reader, writer), (("Cpu", 2), ("Mm", 2), ("Va", 1), ("Page", 1)), ())
    enter = {(p, c, m): Firing(f"{p}.in", (c, m)) for p in ("reader", "writer") for c in (0, 1) for m in (0, 1)}
    assert reaches(machine, [enter["reader", 0, 0], enter["reader", 1, 0]]) is not None
    assert reaches(machine, [enter["reader", 0, 0], enter["writer", 1, 0]]) is None
    assert reaches(machine, [enter["writer", 0, 0], enter["reader", 1, 0]]) is None
    assert reaches(machine, [enter["writer", 0, 0], enter["writer", 1, 0]]) is None
    assert reaches(machine, [enter["writer", 0, 0], enter["writer", 1, 1]]) is not None
    assert reaches(machine, [enter["writer", 0, 0], Firing("writer.out", (0,)), enter["reader", 1, 0]]) is not None


def test_misuse_is_a_fault() -> None:
    twice = proc("twice", "m: Mm", (step("s", acquire("mmap_lock", M, mode=READ), acquire("mmap_lock", M, mode=READ)),))
    again = proc("again", "m: Mm", (step("s", acquire("mmap_lock", M), acquire("mmap_lock", M)),))
    lower_ = proc("lower", "m: Mm", (step("s", t.Downgrade("mmap_lock", (M,), span=AT)),))
    drop = proc(
        "drop", "m: Mm", (step("s", acquire("mmap_lock", M), release("mmap_lock", M), release("mmap_lock", M)),)
    )
    machine = Machine(lock_model(twice, again, lower_, drop), (("Cpu", 1), ("Mm", 1), ("Va", 1), ("Page", 1)), ())

    def outcome(name: str) -> ir.State | str | None:
        return reaches(machine, [Firing(f"{name}.s", (0, 0))])

    assert outcome("twice") == "`mmap_lock[m]` is already held for reading by this call"
    assert outcome("again") is None  # waits for itself for ever
    assert outcome("lower") == "`mmap_lock[m]` is downgraded by a call that never takes it for writing"
    assert outcome("drop") == "`mmap_lock[m]` is released by a call that does not hold it"


def test_held_asks_for_anybody() -> None:
    owner = proc("owner", "m: Mm", (step("in", acquire("mmap_lock", M, mode=READ)), step("out")))
    for write, seen in ((False, "exists holder: Cpu: mmap_lock@read@owner[m, holder]"), (True, "false")):
        asks = proc("asks", "m: Mm", (step("s", when(t.Held("mmap_lock", (M,), write, span=AT), note("held"))),))
        text = "\n".join(body(lock_model(owner, asks), "asks.s"))
        assert (f"if {seen}" in text) == (not write)


def test_a_seqcount_reader_sees_a_writer_that_was_inside_or_came() -> None:
    changed = t.Changed("seq", (M,), span=AT)
    writer = proc("writer", "m: Mm", (step("in", acquire("seq", M)), step("out")))
    reader = proc("reader", "m: Mm", (step("begin", begin("seq", M)), step("ask", require(changed)), step("end")))
    machine = Machine(lock_model(writer, reader), (("Cpu", 2), ("Mm", 2), ("Va", 1), ("Page", 1)), ())
    start, ask = Firing("reader.begin", (0, 0)), Firing("reader.ask", (0,))
    enter, leave, elsewhere = Firing("writer.in", (1, 0)), Firing("writer.out", (1,)), Firing("writer.in", (1, 1))
    assert reaches(machine, [start, ask]) is None
    assert reaches(machine, [enter, start, ask]) is not None
    assert reaches(machine, [start, enter, ask]) is not None
    assert reaches(machine, [start, enter, leave, ask]) is not None
    assert reaches(machine, [enter, leave, start, ask]) is None
    assert reaches(machine, [start, elsewhere, ask]) is None


def test_a_lock_index_that_may_change_is_kept() -> None:
    """The index is read once: the next statement may change what it was read from."""
    slots = variable("slot", "Cpu", sort("Mm", True))
    at = read("slot", (var("self", "Cpu"),), sort("Mm", True))
    taker = proc("taker", "", (step("s", acquire("mmap_lock", at)), step("t")))
    lines = body(build(model(vars=(slots,), locks=(MMAP_LOCK,), procs=(taker,))), "taker.s")[2:]
    assert lines == [
        'check slot[self] != none else "`slot[self]` is none, so there is no lock `mmap_lock[slot[self]]`"',
        "let lock = slot[self]",
        "require not (exists holder: Cpu: mmap_lock@write@taker[lock, holder])",
        "mmap_lock@write@taker[lock, self] := true",
        "taker@pc[self] := t",
    ]


def test_requires_and_exits_in_an_each() -> None:
    out = when(equal(pte(M, var("a", "Va")), NONE_PTE), t.Return("gone", span=AT))
    each = proc("p", "m: Mm", (step("s", out, require(no(equal(pte(M, var("a", "Va")), NONE_PTE))), each="a: Va"),))
    assert body(lower(model(vars=(PTES,), procs=(each,))), "p.s") == [
        "require p@pc[self] == s",
        "if not pte[m, a]",
        '  note "gone"',
        "  p@pc[self] := none",
        "  p@m[self] := none",
        "else",
        "  require pte[m, a]",
    ]
