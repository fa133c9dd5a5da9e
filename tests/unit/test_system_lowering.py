"""Expressions, assignments and single steps: what the typed model becomes, read in the text of `show`."""

from dataclasses import replace

import pytest
from cowspec.check import typed as t
from cowspec.diagnostics import CompileError
from cowspec.system import ir
from cowspec.system.lower import lower
from cowspec.system.show import show_body, show_formula
from typed_models import (
    AT,
    BOOL,
    FALSE,
    NONE_PTE,
    PTES,
    SELF,
    TRUE,
    A,
    M,
    action,
    assign,
    bulk,
    choose,
    dot,
    equal,
    exists,
    fix,
    forall,
    free,
    goto,
    invariant,
    let,
    model,
    no,
    note,
    on,
    proc,
    pte,
    read,
    record,
    ret,
    sort,
    step,
    struct,
    var,
    variable,
    when,
)

P, Q, C = var("p", "Page"), var("q", "Page"), var("c", "Cpu")
PAGE = dot(pte(M, A), "page", sort("Page", True))
OPTIONAL_PTE = struct("Pte", True)
CONTENT = variable("content", "Page", sort("Value"))
SLOT = variable("slot", "Cpu", sort("Page", True), is_ref=True)
HOME = variable("home", "Mm", struct("Pte"))
SORTS = "Cpu, Mm, Va, Page, Value"
VARIABLES = (PTES, CONTENT, SLOT, HOME)


def body_of(params: str, *stmts: t.Stmt, **declared: object) -> list[str]:
    """The lowered body of an action as lines."""
    whole = replace(model(SORTS, vars=VARIABLES, actions=(action("act", params, *stmts),)), **declared)  # type: ignore[arg-type]
    (step,) = lower(whole).steps
    return list(show_body(step.body, ""))


def formula_of(expr: t.Expr) -> str:
    prop = invariant("inv", expr)
    (lowered,) = lower(model(SORTS, vars=VARIABLES, switches=(fix("f"),), properties=(prop,))).properties
    return show_formula(lowered.formula)


# ---- variables -----------------------------------------------------------------------------------------------------


def test_a_record_becomes_one_variable_for_each_field_and_its_presence() -> None:
    table = {v.name: v for v in lower(model(SORTS, vars=VARIABLES)).vars}
    assert list(table) == [
        "pte", "pte.page", "pte.write", "content", "slot", "home.page", "home.write",
    ]  # fmt: skip
    assert (table["pte"].domain, table["pte"].presence, table["pte"].owner) == (None, ir.Presence.TOTAL, None)
    assert (table["pte.page"].domain, table["pte.page"].presence) == ("Page", ir.Presence.OWNER)
    assert table["pte.page"].owner == table["pte.write"].owner == "pte"
    assert table["slot"].presence == ir.Presence.OWN
    assert table["home.page"].presence == ir.Presence.TOTAL and table["home.page"].owner is None
    assert table["pte.page"].source == ("pte", "page")
    assert [v.name for v in table.values() if v.is_ref] == ["pte.page", "slot"]


def test_start_values() -> None:
    hot = t.EnumLit("Heat", "hot", span=AT)
    heat = t.EnumDecl("Heat", ("cold", "hot"), span=AT)
    box = t.StructDecl("Box", (("heat", t.Type(t.EnumType("Heat"))), ("open", BOOL)), span=AT)
    started = variable("box", "", struct("Box", True), t.Record("Box", (("heat", hot), ("open", TRUE)), span=AT))
    closed = variable("shut", "", struct("Box", True))
    table = {v.name: v.start for v in lower(model(structs=(box,), enums=(heat,), vars=(started, closed))).vars}
    assert table == {
        "box": True, "box.heat": ir.Member("Heat", "hot"), "box.open": True,
        "shut": False, "shut.heat": ir.Absent(), "shut.open": False,
    }  # fmt: skip


# ---- expressions ---------------------------------------------------------------------------------------------------


def test_records_compare_by_presence_and_fields() -> None:
    same = formula_of(forall("m: Mm, n: Mm, a: Va", equal(pte(M, A), pte(var("n", "Mm"), A))))
    assert same.endswith(
        "(pte[m, a] <-> pte[n, a]) and pte.page[m, a] == pte.page[n, a] and (pte.write[m, a] <-> pte.write[n, a])"
    )


def test_none_asks_for_presence_alone() -> None:
    assert formula_of(exists("m: Mm, a: Va", no(equal(pte(M, A), NONE_PTE)))).endswith(": pte[m, a]")
    assert formula_of(exists("m: Mm, a: Va", equal(NONE_PTE, pte(M, A)))).endswith(": not pte[m, a]")
    none = t.NoneLit(sort("Page", True), span=AT)
    assert formula_of(exists("c: Cpu", equal(read("slot", (C,), sort("Page", True)), none))).endswith("slot[c] == none")
    # a field with a value wherever its record is present: ask the record
    assert formula_of(exists("m: Mm, a: Va", no(equal(PAGE, none)))).endswith(": pte[m, a]")


def test_a_place_indexed_by_a_page_that_may_be_absent() -> None:
    value = read("content", (PAGE,), sort("Value", True))
    none = t.NoneLit(sort("Value", True), span=AT)
    assert formula_of(exists("m: Mm, a: Va", no(equal(value, none)))).endswith(": pte[m, a]")


def test_where_stands_apart_until_here() -> None:
    guarded = forall("p: Page", FALSE, where=free(P))
    assert formula_of(guarded) == (
        "forall p: Page: not (count(m@ref: Mm, v@ref: Va where pte.page[m@ref, v@ref] == p)"
        " + count(c@ref: Cpu where slot[c@ref] == p) == 0)"
    )


def test_an_absent_page_has_no_reference() -> None:
    text = formula_of(exists("m: Mm, a: Va", free(PAGE)))
    assert "where pte[m, a] and slot[c@ref] == pte.page[m, a]" in text


def test_old_goes_to_the_scalars() -> None:
    old = t.Old(pte(M, A), OPTIONAL_PTE, span=AT)
    text = formula_of(forall("m: Mm, a: Va", equal(pte(M, A), old)))
    assert text.endswith(
        "(pte[m, a] <-> old(pte[m, a])) and pte.page[m, a] == old(pte.page[m, a])"
        " and (pte.write[m, a] <-> old(pte.write[m, a]))"
    )


def test_conditional_records_are_picked_by_field() -> None:
    made = t.Cond(on("f"), record(P, TRUE), pte(M, A), OPTIONAL_PTE, span=AT)
    lines = body_of("m: Mm, a: Va, p: Page", assign("pte", (M, A), made, OPTIONAL_PTE), switches=(fix("f"),))
    assert lines == [
        "pte.page[m, a] := (if f then p else pte.page[m, a])",
        "pte.write[m, a] := f or (not f and pte.write[m, a])",
        "pte[m, a] := f or (not f and pte[m, a])",
    ]


# ---- assignments ---------------------------------------------------------------------------------------------------


def test_none_clears_the_fields_too() -> None:
    assert body_of("m: Mm, a: Va", assign("pte", (M, A), NONE_PTE, OPTIONAL_PTE)) == [
        "pte.page[m, a] := none",
        "pte.write[m, a] := false",
        "pte[m, a] := false",
    ]


def test_a_copy_reads_its_record_before_it_changes() -> None:
    """Presence comes last: a field is read while its record is there, at the same index too."""
    assert body_of("m: Mm, n: Mm, a: Va", assign("pte", (M, A), pte(var("n", "Mm"), A), OPTIONAL_PTE)) == [
        "pte.page[m, a] := pte.page[n, a]",
        "pte.write[m, a] := pte.write[n, a]",
        "pte[m, a] := pte[n, a]",
    ]


def test_what_an_earlier_scalar_changes_is_saved_first() -> None:
    """Two bits change places."""
    bits = t.StructDecl("Bits", (("x", BOOL), ("y", BOOL)), span=AT)
    word = read("word", (), struct("Bits"))
    value = t.Record("Bits", (("x", dot(word, "y", BOOL)), ("y", dot(word, "x", BOOL))), span=AT)
    words = (variable("word", "", struct("Bits"), t.StartAny()),)
    assert body_of("", assign("word", (), value, struct("Bits")), vars=words, structs=(bits,)) == [
        "let was = word.x",
        "word.x := word.y",
        "word.y := was",
    ]


def test_an_index_that_reads_the_record_is_saved_first() -> None:
    box = t.StructDecl("Box", (("next", sort("Page")), ("on", BOOL)), span=AT)
    boxes = variable("box", "Page", struct("Box"))
    at = dot(read("box", (P,), struct("Box")), "next", sort("Page"))
    value = t.Record("Box", (("next", P), ("on", TRUE)), span=AT)
    lines = body_of("p: Page", assign("box", (at,), value, struct("Box")), vars=(boxes,), structs=(box,))
    assert lines == ["let was = box.next[p]", "box.next[was] := p", "box.on[was] := true"]


@pytest.mark.parametrize(
    ("stmt", "line"),
    [
        (
            assign("pte", (M, A), TRUE, BOOL, ("write",)),
            'check pte[m, a] else "`pte[m, a]` is none, so its field `write` cannot be written"',
        ),
        (
            assign("content", (PAGE,), var("v", "Value"), sort("Value")),
            'check pte[m, a] else "`pte[m, a].page` is none, so `content[pte[m, a].page]` cannot be written"',
        ),
        (
            assign("home", (M,), PAGE, sort("Page"), ("page",)),
            'check pte[m, a] else "`pte[m, a].page` is none, which cannot be stored in `home[m].page`"',
        ),
        (
            assign("home", (M,), pte(M, A), struct("Pte")),
            'check pte[m, a] else "`pte[m, a]` is none, which cannot be stored in `home[m]`"',
        ),
        (
            assign("pte", (M, A), record(PAGE, TRUE), OPTIONAL_PTE),
            'check pte[m, a] else "field `page` of the record stored in `pte[m, a]` is none"',
        ),
    ],
)
def test_faults_are_checked_first(stmt: t.Stmt, line: str) -> None:
    assert body_of("m: Mm, a: Va, v: Value", stmt)[0] == line


def test_copies_that_cannot_fault_are_not_checked() -> None:
    quiet = (
        assign("pte", (M, A), pte(M, A), OPTIONAL_PTE),
        assign("slot", (C,), PAGE, sort("Page", True)),
        assign("content", (P,), read("content", (Q,), sort("Value")), sort("Value")),
    )
    assert not [line for line in body_of("c: Cpu, m: Mm, a: Va, p: Page, q: Page", *quiet) if "check" in line]


def test_a_bulk_checks_inside() -> None:
    lines = body_of("m: Mm", bulk("a: Va", assign("pte", (M, A), FALSE, BOOL, ("write",)), where=on("f")),
                    switches=(fix("f"),))  # fmt: skip
    assert lines == [
        "forall a: Va where f",
        '  check pte[m, a] else "`pte[m, a]` is none, so its field `write` cannot be written"',
        "  pte.write[m, a] := false",
    ]


# ---- binding names -------------------------------------------------------------------------------------------------


def test_let_binds_every_scalar_and_remembers_absence() -> None:
    old = t.Var("old", OPTIONAL_PTE, span=AT)
    lines = body_of(
        "m: Mm, a: Va",
        let("old", pte(M, A), OPTIONAL_PTE),
        assign("pte", (M, A), NONE_PTE, OPTIONAL_PTE),
        assign("home", (M,), dot(old, "page", sort("Page", True)), sort("Page"), ("page",)),
    )
    assert lines == [
        "let old = pte[m, a]",
        "let old.page = pte.page[m, a]",
        "let old.write = pte.write[m, a]",
        "pte.page[m, a] := none",
        "pte.write[m, a] := false",
        "pte[m, a] := false",
        'check old.page != none else "`old.page` is none, which cannot be stored in `home[m].page`"',
        "home.page[m] := old.page",
    ]


def test_names_are_handed_out_once() -> None:
    """Both branches continue with the same `choose`: two different constants for the encoders."""
    rest = (choose("q", "Page", free(Q)), assign("slot", (SELF,), Q, sort("Page", True)))
    p = proc("p", "", (step("s", when(on("f"), when(on("g"), ret())), *rest),))
    (lowered,) = lower(model(SORTS, vars=VARIABLES, switches=(fix("f"), fix("g")), procs=(p,))).steps
    chosen = [line.split()[1] for line in show_body(lowered.body) if line.strip().startswith("choose")]
    assert chosen == ["q:", "q@2:"]


def test_names_are_the_authors() -> None:
    """The checker tells expanded names apart by a mark (`c#2`), which nobody should read."""
    inner = t.Var("n#2", sort("Mm"), span=AT)
    quiet = bulk("n#2: Mm", assign("home", (inner,), FALSE, BOOL, ("write",)))
    assert body_of("m: Mm", quiet) == ["forall n: Mm", "  home.write[n] := false"]
    loud = bulk("n#2: Mm", assign("pte", (inner, A), FALSE, BOOL, ("write",)))
    assert body_of("n: Mm, a: Va", loud) == [
        "forall n@2: Mm",
        '  check pte[n@2, a] else "`pte[n, a]` is none, so its field `write` cannot be written"',
        "  pte.write[n@2, a] := false",
    ]


# ---- paths ---------------------------------------------------------------------------------------------------------


def one_proc(*stmts: t.Stmt) -> list[str]:
    made = model(SORTS, vars=VARIABLES, switches=(fix("f"), fix("g")),
                 procs=(proc("p", "", (step("s", *stmts), step("t"))),))  # fmt: skip
    return list(show_body(lower(made).steps[0].body, ""))[2:]


def test_what_follows_an_early_exit_runs_on_the_other_path_only() -> None:
    assert one_proc(when(on("f"), ret("out")), note("on")) == [
        "if f",
        '  note "out"',
        "  p@pc[self] := none",
        "else",
        '  note "on"',
        "  p@pc[self] := t",
    ]


def test_a_branch_that_may_exit_takes_the_rest_along() -> None:
    assert one_proc(when(on("f"), when(on("g"), ret("out")), note("in")), note("on")) == [
        "if f",
        "  if g",
        '    note "out"',
        "    p@pc[self] := none",
        "  else",
        '    note "in"',
        '    note "on"',
        "    p@pc[self] := t",
        "else",
        '  note "on"',
        "  p@pc[self] := t",
    ]


def test_statements_after_an_exit_are_dropped() -> None:
    assert one_proc(goto("t"), note("never")) == ["p@pc[self] := t"]


def test_too_many_paths_are_refused() -> None:
    twice = when(on("f"), when(on("g"), ret()))
    with pytest.raises(CompileError) as refused:
        one_proc(*([twice] * 14))
    assert [d.code for d in refused.value.diagnostics] == ["E501"]
    assert one_proc(*([when(on("f"), ret())] * 14))  # exits that do not come back do not multiply


def test_a_local_called_pc_is_refused() -> None:
    with pytest.raises(CompileError) as refused:
        lower(model(procs=(proc("p", "", (step("s"),), (variable("pc", "", BOOL),)),)))
    assert [d.code for d in refused.value.diagnostics] == ["E502"]
