"""Small transition systems built by hand, for the tests of the relational encoding and of the any-size prover."""

from dataclasses import replace

from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind, QuantKind
from cowspec.system import ir

NOWHERE = Span("example.cow", 0, 0)
P, G, T, B = ir.Param, ir.Get, ir.Test, ir.Binder


def table(
    name: str,
    index: tuple[str, ...],
    domain: str | None = None,
    *,
    owner: str | None = None,
    optional: bool = False,
    start: ir.StartValue | None = None,
) -> ir.StateVar:
    """A variable; starts false, absent, or anything."""
    if domain is None or not (optional or owner):
        presence = ir.Presence.TOTAL
    else:
        presence = ir.Presence.OWN if optional else ir.Presence.OWNER
    if start is None:
        start = False if domain is None else ir.Absent() if presence != ir.Presence.TOTAL else ir.AnyValue()
    return ir.StateVar(name, index, domain, presence, owner, start, False, False, (name,))


def forall(binders: str, body: ir.Formula) -> ir.Formula:
    """`forall("m:Mm a:Va", ...)`"""
    return ir.Quant(QuantKind.FORALL, _binders(binders), body)


def exists(binders: str, body: ir.Formula) -> ir.Formula:
    return ir.Quant(QuantKind.EXISTS, _binders(binders), body)


def count(binders: str, body: ir.Formula) -> ir.Count:
    return ir.Count(_binders(binders), body)


def _binders(text: str) -> tuple[ir.Binder, ...]:
    return tuple(B(*each.split(":")) for each in text.split())


def get(var: str, *args: str | ir.Term) -> ir.Get:
    return G(var, tuple(P(arg) if isinstance(arg, str) else arg for arg in args))


def true(var: str, *args: str | ir.Term) -> ir.Test:
    return T(var, get(var, *args).args)


def eq(left: str | ir.Term, right: str | ir.Term) -> ir.Equal:
    left, right = (P(side) if isinstance(side, str) else side for side in (left, right))
    return ir.Equal(left, right)


def assign(place: ir.Get | ir.Test, value: "ir.Term | ir.Formula") -> ir.Assign:
    return ir.Assign(place.var, place.args, value)


def action(name: str, params: str, *body: ir.Stmt, frame: tuple[tuple[str, ir.Get], ...] = ()) -> ir.Step:
    return ir.Step(name, ir.StepKind.ACTION, name, name, _binders(params), frame, body, None, None, NOWHERE)


def prop(name: str, formula: ir.Formula, kind: PropertyKind = PropertyKind.INVARIANT) -> ir.Property:
    return ir.Property(kind, name, None, formula, True, (), NOWHERE)


def system(
    sorts: str,
    variables: tuple[ir.StateVar, ...],
    steps: tuple[ir.Step, ...],
    properties: tuple[ir.Property, ...] = (),
    *,
    init: tuple[ir.Formula, ...] = (),
    enums: tuple[tuple[str, tuple[str, ...]], ...] = (),
    switches: tuple[ir.Switch, ...] = (),
    facts: tuple[ir.Fact, ...] = (),
) -> ir.System:
    return ir.System(
        "example", "example.cow", tuple(sorts.split()), enums, switches, variables, init, steps, (), properties, facts,
        (), (),
    )  # fmt: skip


def protect(flush_at_once: bool = False) -> ir.System:
    """Write-protecting with a flush: no TLB entry is writable where the PTE is not, except until the flush is done.

    The page table maps to pages with content, a TLB caches it, `clear` takes the write bit away and remembers that it
    owes a flush. With `fix` on, the flush comes in the same step.
    """
    pte, tlb = table("pte", ("Va",), start=False), table("tlb", ("Cpu", "Va"))
    variables = (
        pte,
        table("pte.page", ("Va",), "Page", owner="pte"),
        table("pte.write", ("Va",), owner="pte"),
        tlb,
        table("tlb.page", ("Cpu", "Va"), "Page", owner="tlb"),
        table("tlb.write", ("Cpu", "Va"), owner="tlb"),
        table("content", ("Page",), "Value", start=ir.AnyValue()),
        table("memory", ("Va",), "Value", optional=True),
        table("owed", ("Va",)),
    )
    drop = ir.Bulk(
        (B("x", "Cpu"),),
        ir.TRUE,
        (assign(true("tlb", "x", "a"), ir.FALSE), assign(get("tlb.page", "x", "a"), ir.Absent()),
         assign(true("tlb.write", "x", "a"), ir.FALSE)),
    )  # fmt: skip
    page_of_tlb, page_of_pte = get("tlb.page", "c", "a"), get("pte.page", "a")
    steps = (
        action(
            "map", "a:Va",
            ir.Require(ir.And((ir.Not(true("pte", "a")), ir.Not(true("owed", "a"))))),
            ir.Choose("q", "Page", ir.And((
                forall("b:Va", ir.Not(eq(get("pte.page", "b"), "q"))),
                ir.Tally((count("c:Cpu b:Va", eq(get("tlb.page", "c", "b"), "q")),), "==", 0),
            ))),
            assign(true("pte", "a"), ir.TRUE), assign(get("pte.page", "a"), P("q")),
            assign(true("pte.write", "a"), ir.TRUE), assign(get("memory", "a"), get("content", "q")),
        ),
        action(
            "fill", "c:Cpu a:Va",
            ir.Require(true("pte", "a")),
            assign(true("tlb", "c", "a"), ir.TRUE), assign(get("tlb.page", "c", "a"), page_of_pte),
            assign(true("tlb.write", "c", "a"), true("pte.write", "a")),
        ),
        action(
            "store", "c:Cpu a:Va v:Value",
            ir.Require(true("tlb.write", "c", "a")),
            ir.Check(ir.Present(page_of_tlb), "no page to write to", NOWHERE),
            assign(get("content", page_of_tlb), P("v")),
            assign(get("memory", "a"), P("v")),
        ),
        action(
            "clear", "a:Va",
            ir.Require(ir.And((true("pte", "a"), ir.Not(true("owed", "a"))))),
            ir.Check(true("pte", "a"), "no PTE", NOWHERE),
            assign(true("pte.write", "a"), ir.FALSE),
            ir.If(ir.SwitchIs("fix", "on"), (drop,), (assign(true("owed", "a"), ir.TRUE),)),
        ),
        action("flush", "a:Va", ir.Require(true("owed", "a")), drop, assign(true("owed", "a"), ir.FALSE)),
    )  # fmt: skip
    properties = (
        prop("visible", forall("c:Cpu a:Va", ir.And((
            ir.Implies(true("pte", "a"), eq(get("content", page_of_pte), get("memory", "a"))),
            ir.Implies(true("tlb", "c", "a"), eq(get("content", page_of_tlb), get("memory", "a"))),
        )))),
        prop("flushed", forall("c:Cpu a:Va", ir.Implies(
            ir.And((true("tlb.write", "c", "a"), ir.Not(true("owed", "a")))), true("pte.write", "a")))),
        prop("no_stale_write", forall("c:Cpu a:Va", ir.Implies(true("tlb.write", "c", "a"), true("pte.write", "a")))),
        prop("same_page", forall("c:Cpu a:Va", ir.Implies(true("tlb", "c", "a"), eq(page_of_tlb, page_of_pte))),
             PropertyKind.LEMMA),
        prop("one_place", forall("a:Va b:Va p:Page", ir.Implies(
            ir.And((eq(get("pte.page", "a"), "p"), eq(get("pte.page", "b"), "p"))), eq("a", "b"))), PropertyKind.LEMMA),
        prop("few", forall("p:Page", ir.Tally((count("a:Va", eq(get("pte.page", "a"), "p")),), "<=", 1))),
        prop("mapped_stays", forall("a:Va", ir.Implies(ir.Old(true("pte", "a")), true("pte", "a"))),
             PropertyKind.TRANSITION),
        prop("write_stays", forall("a:Va", ir.Implies(ir.Old(true("pte.write", "a")), true("pte.write", "a"))),
             PropertyKind.TRANSITION),
        prop("stray", exists("c:Cpu a:Va", ir.And((true("tlb", "c", "a"), ir.Not(true("pte", "a"))))),
             PropertyKind.COVER),
    )  # fmt: skip
    switch = ir.Switch("fix", True, (("off", ""), ("on", "flush at once")))
    return system("Cpu Va Page Value", variables, steps, properties, switches=(switch,))


def without(source: ir.System, *properties: str) -> ir.System:
    return replace(source, properties=tuple(each for each in source.properties if each.name not in properties))
