"""Small transition systems built by hand, for the tests of the evaluator.

`ring`: a token goes round between any number of threads that use it as a mutex. `paging`: page-table entries cached in
TLBs, a store, a write-protect call in two steps under a lock, and a call that chooses a free page.
"""

from dataclasses import replace

from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind, QuantKind
from cowspec.system import ir

NOWHERE = Span("example.cow", 0, 0)


def term(text: str | ir.Term) -> ir.Term:
    return ir.Param(text) if isinstance(text, str) else text


def get(var: str, *args: str | ir.Term) -> ir.Get:
    return ir.Get(var, tuple(map(term, args)))


def is_set(var: str, *args: str | ir.Term) -> ir.Test:
    return ir.Test(var, tuple(map(term, args)))


def same(left: str | ir.Term, right: str | ir.Term) -> ir.Equal:
    return ir.Equal(term(left), term(right))


def both(*parts: ir.Formula) -> ir.And:
    return ir.And(parts)


def binders(text: str) -> tuple[ir.Binder, ...]:
    return tuple(ir.Binder(*each.split(":")) for each in text.split())


def forall(names: str, body: ir.Formula) -> ir.Quant:
    return ir.Quant(QuantKind.FORALL, binders(names), body)


def exists(names: str, body: ir.Formula) -> ir.Quant:
    return ir.Quant(QuantKind.EXISTS, binders(names), body)


def assign(var: str, args: tuple[str | ir.Term, ...], value: ir.Term | ir.Formula) -> ir.Assign:
    return ir.Assign(var, tuple(map(term, args)), value)


def flag(name: str, index: str = "", start: ir.StartValue = False, owner: str | None = None) -> ir.StateVar:
    return ir.StateVar(
        name, tuple(index.split()), None, ir.Presence.TOTAL, owner, start, False, False, tuple(name.split("."))
    )


def table(
    name: str,
    index: str,
    domain: str,
    presence: str = ir.Presence.OWN,
    start: ir.StartValue | None = None,
    owner: str | None = None,
) -> ir.StateVar:
    start = ir.Absent() if start is None else start
    return ir.StateVar(name, tuple(index.split()), domain, presence, owner, start, False, False, tuple(name.split(".")))


def action(name: str, params: str, *body: ir.Stmt) -> ir.Step:
    return ir.Step(name, ir.StepKind.ACTION, name, name, binders(params), (), body, None, None, NOWHERE)


def prop(name: str, formula: ir.Formula, kind: PropertyKind = PropertyKind.INVARIANT) -> ir.Property:
    return ir.Property(kind, name, None, formula, True, (), NOWHERE)


def system(**parts: object) -> ir.System:
    """A system with these parts and nothing else."""
    empty = ir.System("example", "example.cow", (), (), (), (), (), (), (), (), (), (), ())
    return replace(empty, **parts)  # type: ignore[arg-type]


# ---- ring ----------------------------------------------------------------------------------------------------------


def ring() -> ir.System:
    """State: who has the token, who waits, who is inside. A thread enters with the token and passes it on outside."""
    inside = forall("t:Thread u:Thread", ir.Implies(both(is_set("inside", "t"), is_set("inside", "u")), same("t", "u")))
    return system(
        sorts=("Thread",),
        vars=(
            table("token", "", "Thread", ir.Presence.TOTAL, ir.AnyValue()),
            flag("waits", "Thread"),
            flag("inside", "Thread"),
        ),
        steps=(
            action("want", "t:Thread", ir.Require(ir.Not(is_set("inside", "t"))), assign("waits", ("t",), ir.TRUE)),
            action(
                "enter",
                "t:Thread",
                ir.Require(both(is_set("waits", "t"), same(get("token"), "t"))),
                assign("waits", ("t",), ir.FALSE),
                assign("inside", ("t",), ir.TRUE),
            ),
            action("leave", "t:Thread", ir.Require(is_set("inside", "t")), assign("inside", ("t",), ir.FALSE)),
            action(
                "pass",
                "t:Thread u:Thread",
                ir.Require(both(same(get("token"), "t"), ir.Not(is_set("inside", "t")))),
                assign("token", (), ir.Param("u")),
            ),
        ),
        properties=(
            prop("exclusive", inside),
            prop("holder_inside", forall("t:Thread", ir.Implies(is_set("inside", "t"), same(get("token"), "t")))),
            prop("no_waiter", forall("t:Thread", ir.Not(is_set("waits", "t")))),
            prop("all_wait", forall("t:Thread", is_set("waits", "t")), PropertyKind.COVER),
            prop("two_inside", ir.Not(inside), PropertyKind.COVER),
            prop(
                "token_stays",
                ir.Equal(get("token"), ir.OldTerm(get("token"))),
                PropertyKind.TRANSITION,
            ),
        ),
    )


# ---- paging --------------------------------------------------------------------------------------------------------

PROTECT, COPY = "protect@step", "copy@step"


def at(proc: str, label: str, cpu: str = "self") -> ir.Equal:
    return ir.Equal(get(f"{proc}@pc", cpu), ir.Member(f"{proc}@step", label))


def idle(*procs: str, cpu: str = "self") -> ir.Formula:
    return both(*(ir.Not(ir.Present(get(f"{proc}@pc", cpu))) for proc in procs))


def go(proc: str, label: str | None) -> ir.Assign:
    to: ir.Term = ir.Absent() if label is None else ir.Member(f"{proc}@step", label)
    return assign(f"{proc}@pc", ("self",), to)


def call_step(
    proc: str, label: str, kind: str, params: str, frame: str, body: tuple[ir.Stmt, ...], name: str | None = None
) -> ir.Step:
    held = tuple((local, get(f"{proc}@{local}", "self")) for local in frame.split())
    names = binders(f"self:Cpu {params}")
    return ir.Step(name or f"{proc}.{label}", kind, proc, label, names, held, body, None, "self", NOWHERE)


def write_lock(mode: bool) -> ir.Assign:
    return assign("ptl@write@protect", ("a", "self"), ir.Const(mode))


def paging() -> ir.System:
    """One address space. `protect(a)`: take the lock of a and clear W; then flush (unless the fix `early` did so in the
    first step) and end. `copy(a)`: choose a free page; then map it at a. Fault: a store where nothing is mapped."""
    flush = ir.Bulk(
        binders("c:Cpu"),
        ir.TRUE,
        (
            assign("tlb", ("c", "a"), ir.FALSE),
            assign("tlb.page", ("c", "a"), ir.Absent()),
            assign("tlb.write", ("c", "a"), ir.FALSE),
        ),
    )
    no_holder = ir.Not(exists("k:Cpu", is_set("ptl@write@protect", "a", "k")))
    mapped = both(same(get("pte.page", "a"), "p"), same(get("pte.page", "b"), "p"))
    free = both(
        ir.Not(exists("b:Va", same(get("pte.page", "b"), "q"))),
        ir.Not(exists("k:Cpu", same(get("copy@new", "k"), "q"))),
    )
    return system(
        sorts=("Cpu", "Va", "Page"),
        enums=((PROTECT, ("clear", "flush")), (COPY, ("pick", "install"))),
        switches=(
            ir.Switch("early", True, (("off", ""), ("on", ""))),
            ir.Switch("lazy", True, (("off", ""), ("on", ""))),
        ),
        vars=(
            flag("pte", "Va", ir.AnyValue()),
            table("pte.page", "Va", "Page", ir.Presence.OWNER, ir.AnyValue(), "pte"),
            flag("pte.write", "Va", ir.AnyValue(), "pte"),
            flag("tlb", "Cpu Va"),
            table("tlb.page", "Cpu Va", "Page", ir.Presence.OWNER, owner="tlb"),
            flag("tlb.write", "Cpu Va", owner="tlb"),
            flag("dirty", "Page"),
            table("protect@pc", "Cpu", PROTECT),
            table("protect@a", "Cpu", "Va", ir.Presence.OWNER, owner="protect@pc"),
            flag("ptl@write@protect", "Va Cpu"),
            table("copy@pc", "Cpu", COPY),
            table("copy@a", "Cpu", "Va", ir.Presence.OWNER, owner="copy@pc"),
            table("copy@new", "Cpu", "Page", ir.Presence.OWN, owner="copy@pc"),
        ),
        init=(forall("a:Va b:Va p:Page", ir.Implies(mapped, same("a", "b"))), exists("a:Va", is_set("pte", "a"))),
        steps=(
            action(
                "fill",
                "c:Cpu a:Va",
                ir.Require(is_set("pte", "a")),
                assign("tlb", ("c", "a"), ir.TRUE),
                assign("tlb.page", ("c", "a"), get("pte.page", "a")),
                assign("tlb.write", ("c", "a"), is_set("pte.write", "a")),
            ),
            action(
                "store",
                "c:Cpu a:Va",
                ir.Require(is_set("tlb.write", "c", "a")),
                ir.Let("p", get("pte.page", "a")),
                ir.Check(ir.Present(term("p")), "`pte[a]` is absent", NOWHERE),
                assign("dirty", (get("tlb.page", "c", "a"),), ir.TRUE),
                ir.Note("[ dirty ]"),
            ),
            action("unmap", "a:Va", *unmap("a")),
            call_step(
                "protect",
                "clear",
                ir.StepKind.START,
                "a:Va",
                "",
                (
                    ir.Require(idle("protect", "copy")),
                    ir.Require(no_holder),
                    write_lock(True),
                    ir.Require(is_set("pte", "a")),
                    assign("pte.write", ("a",), ir.FALSE),
                    ir.If(ir.SwitchIs("early", "on"), (flush,), ()),
                    assign("protect@a", ("self",), term("a")),
                    go("protect", "flush"),
                ),
            ),
            call_step(
                "protect",
                "flush",
                ir.StepKind.NEXT,
                "",
                "a",
                (
                    ir.Require(at("protect", "flush")),
                    ir.If(ir.SwitchIs("early", "off"), (flush,), ()),
                    write_lock(False),
                    assign("protect@a", ("self",), ir.Absent()),
                    go("protect", None),
                ),
            ),
            call_step(
                "copy",
                "pick",
                ir.StepKind.START,
                "a:Va",
                "",
                (
                    ir.Require(idle("protect", "copy")),
                    ir.Choose("q", "Page", free),
                    assign("copy@a", ("self",), term("a")),
                    assign("copy@new", ("self",), term("q")),
                    go("copy", "install"),
                ),
            ),
            call_step(
                "copy",
                "install",
                ir.StepKind.NEXT,
                "",
                "a",
                (
                    ir.Require(at("copy", "install")),
                    ir.Require(no_holder),
                    assign("pte", ("a",), ir.TRUE),
                    assign("pte.page", ("a",), get("copy@new", "self")),
                    assign("pte.write", ("a",), ir.SwitchIs("lazy", "off")),
                    assign("copy@a", ("self",), ir.Absent()),
                    assign("copy@new", ("self",), ir.Absent()),
                    go("copy", None),
                ),
            ),
        ),
        procs=(
            ir.ProcInfo("protect", binders("a:Va"), ("clear", "flush"), (), True),
            ir.ProcInfo("copy", binders("a:Va"), ("pick", "install"), (), True),
        ),
        properties=(
            prop("no_stale", forall("c:Cpu a:Va", ir.Implies(is_set("tlb.write", "c", "a"), is_set("pte.write", "a")))),
            prop("clean", forall("p:Page", ir.Not(is_set("dirty", "p")))),
        ),
    )


def unmap(a: str) -> tuple[ir.Stmt, ...]:
    return (
        ir.Require(is_set("pte", a)),
        ir.Require(ir.Not(exists("k:Cpu", is_set("ptl@write@protect", a, "k")))),
        assign("pte", (a,), ir.FALSE),
        assign("pte.page", (a,), ir.Absent()),
        assign("pte.write", (a,), ir.FALSE),
    )
