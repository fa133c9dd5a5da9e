"""What the checker makes of a right program: the typed tree, hand-checked piece by piece."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cowspec.check import typed
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.check.walk import statements, walk
from cowspec.diagnostics import CompileError
from cowspec.source import Source
from cowspec.syntax.ast import LockMode

ROOT = Path(__file__).parents[2]
BASE = """
sort Cpu, Mm, Va, Page
enum Want { get_read, get_write, pin }
struct Pte { page: Page, write: bool }
var pte[Mm, Va]: ref Pte?
var wanted[Mm]: Want
var dirty[Page]: bool
var ready: bool
rwlock lock[Mm]
mutex page_lock
def free(p: Page) = refs(p) == 0
"""


def model_of(text: str, **modules: str) -> typed.Model:
    """The model of a text; `modules` are texts by their dotted names, with `__` for the dot."""
    texts = {name.replace("__", "."): module for name, module in modules.items()}

    def find(name: str, user: str) -> Source | None:
        return Source(f"{name}.cow", texts[name]) if name in texts else None

    return check(load("model.cow", text, find))


def body_of(
    statements_text: str, params: str = "c: Cpu, m: Mm, a: Va, p: Page", more: str = ""
) -> tuple[typed.Stmt, ...]:
    return model_of(f"{BASE}{more}\naction act({params}) {{ {statements_text} }}").actions[0].body


def formula_of(text: str, more: str = "") -> typed.Expr:
    return model_of(f"{BASE}{more}\ninvariant inv: {text}").properties[0].body


def show(expr: typed.Expr) -> str:
    """A short text for an expression, for comparing with what a test expects."""
    match expr:
        case typed.BoolLit(value=value):
            return str(value).lower()
        case typed.EnumLit(enum=enum, member=member):
            return f"{enum}.{member}"
        case typed.NoneLit(type=of):
            return f"none:{base_name(of)}"
        case typed.Var(name=name):
            return name
        case typed.Read(var=var, index=index):
            return f"{var}[{', '.join(map(show, index))}]"
        case typed.FrameRead(proc=proc, name=name, cpu=cpu):
            return f"{proc}[{show(cpu)}].{name}"
        case typed.FieldOf(base=base, field=field):
            return f"{show(base)}.{field}"
        case typed.Record(fields=fields):
            return "{" + ", ".join(f"{name}: {show(value)}" for name, value in fields) + "}"
        case typed.Cond(condition=test, then=then, otherwise=otherwise):
            return f"({show(test)} ? {show(then)} : {show(otherwise)})"
        case typed.Equal(left=left, right=right):
            return f"{show(left)} == {show(right)}"
        case typed.Not(body=body):
            return f"not ({show(body)})"
        case typed.And(parts=parts):
            return f"and({', '.join(map(show, parts))})"
        case typed.Or(parts=parts):
            return f"or({', '.join(map(show, parts))})"
        case typed.Implies(left=left, right=right):
            return f"({show(left)} -> {show(right)})"
        case typed.Quant(kind=kind, binders=binders, where=where, body=body):
            guard = f" where {show(where)}" if where is not None else ""
            return f"{kind.value} {', '.join(f'{b.name}: {b.sort}' for b in binders)}{guard}: {show(body)}"
        case typed.Tally(terms=terms, op=op, bound=bound):
            return f"{' + '.join(type(term).__name__ for term in terms)} {op} {bound}"
        case typed.At(cpu=cpu, proc=proc, step=step):
            return f"{show(cpu)} at {proc}.{step}"
        case typed.Active(proc=proc, cpu=cpu):
            return f"active {proc}[{show(cpu)}]"
        case typed.Idle(cpu=cpu):
            return f"idle({show(cpu)})"
        case typed.Held(lock=lock, index=index, write=write):
            return f"{'write_' if write else ''}held({lock}[{', '.join(map(show, index))}])"
        case typed.Changed(lock=lock):
            return f"changed({lock})"
        case typed.SwitchIs(switch=switch, option=option):
            return f"{switch} is {option}"
        case typed.Old(body=body):
            return f"old({show(body)})"


def base_name(of: typed.Type) -> str:
    base = of.base
    return ("bool" if isinstance(base, typed.BoolType) else base.name) + ("?" if of.optional else "")


# ---- expressions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ready and ready and not ready", "and(ready[], ready[], not (ready[]))"),
        ("ready or ready and ready", "or(ready[], and(ready[], ready[]))"),
        ("ready -> ready -> ready", "(ready[] -> (ready[] -> ready[]))"),
        ("forall m: Mm: wanted[m] == pin", "forall m: Mm: wanted[m] == Want.pin"),
        ("forall m: Mm: pin != wanted[m]", "forall m: Mm: not (Want.pin == wanted[m])"),
        ("forall m: Mm, a: Va: pte[m, a] == none", "forall m: Mm, a: Va: pte[m, a] == none:Pte?"),
        ("forall p: Page: 1 >= refs(p)", "forall p: Page: Refs <= 1"),
        ("forall p: Page: 2 != refs(p)", "forall p: Page: Refs != 2"),
        ("forall p: Page: refs(p) + count(m: Mm where ready) < 3", "forall p: Page: Refs + Count < 3"),
        ("forall p: Page: 0 < refs(p)", "forall p: Page: Refs > 0"),
        ("forall p: Page: free(p)", "forall p: Page: Refs == 0"),
        ("exists p: Page where dirty[p]: free(p)", "exists p: Page where dirty[p]: Refs == 0"),
        ("held(page_lock) and (forall m: Mm: write_held(lock[m]))",
         "and(held(page_lock[]), forall m: Mm: write_held(lock[m]))"),
        ("forall c: Cpu: idle(c)", "forall c: Cpu: idle(c)"),
        ("ready == (if ready then false else true)", "ready[] == (ready[] ? false : true)"),
        ("forall m: Mm: wanted[m] == (if ready then pin else get_read)",
         "forall m: Mm: wanted[m] == (ready[] ? Want.pin : Want.get_read)"),
        ("forall m: Mm, a: Va, p: Page: pte[m, a] == { write: ready, page: p }",
         "forall m: Mm, a: Va, p: Page: pte[m, a] == {page: p, write: ready[]}"),
        ("forall w: Want: w == w", "forall w: Want: w == w"),
    ],
)  # fmt: skip
def test_formulas(text: str, expected: str) -> None:
    assert show(formula_of(text)) == expected


def test_absence_propagates_but_a_bool_is_never_optional() -> None:
    formula = formula_of("forall m: Mm, a: Va: pte[m, a].write and dirty[pte[m, a].page] and pte[m, a].page == none")
    assert isinstance(formula, typed.Quant) and isinstance(formula.body, typed.And)
    write, dirty, equal = formula.body.parts
    assert isinstance(write, typed.FieldOf) and write.type == typed.Type(typed.BoolType())
    assert isinstance(dirty, typed.Read) and dirty.type == typed.Type(typed.BoolType())
    assert isinstance(equal, typed.Equal) and isinstance(equal.left, typed.FieldOf)
    assert equal.left.type == typed.Type(typed.SortType("Page"), True)


def test_an_option_is_known_by_the_choice_on_the_other_side() -> None:
    more = 'choice cow { free "a", pin "b" }\nfix ready_too "c"\n'
    assert show(formula_of("cow == free and pin != cow and ready_too", more)) == (
        "and(cow is free, not (cow is pin), ready_too is on)"
    )


def test_a_member_is_known_by_the_other_side_even_if_a_variable_has_its_name() -> None:
    more = "enum State { lazy, busy }\nvar lazy: bool\nvar state[Cpu]: State\n"
    assert show(formula_of("forall c: Cpu: state[c] == lazy and lazy", more)) == (
        "forall c: Cpu: and(state[c] == State.lazy, lazy[])"
    )


def test_match_becomes_a_chain_of_conditions() -> None:
    more = 'choice cow { x "x", y "y", z "z" }\n'
    assert show(formula_of("match cow { x => ready  z => false  y => true }", more)) == (
        "(cow is x ? ready[] : (cow is z ? false : true))"
    )
    assert (
        show(formula_of("match cow { x, z => ready  y => true }", more)) == "(or(cow is x, cow is z) ? ready[] : true)"
    )
    assert show(formula_of("match cow { x, y, z => ready }", more)) == "ready[]"
    assert show(formula_of("forall m: Mm: match wanted[m] { pin => ready  get_read, get_write => true }")) == (
        "forall m: Mm: (wanted[m] == Want.pin ? ready[] : true)"
    )


def test_no_fix_means_every_fix_of_the_model() -> None:
    model = model_of('use other\nfix f "f"\ninvariant inv: no fix', other='fix g "g"')
    assert show(model.properties[0].body) == "and(not (g is on), not (f is on))"
    assert show(model_of("invariant inv: no fix").properties[0].body) == "true"


# ---- expansion -----------------------------------------------------------------------------------------------------


def test_expansion_captures_nothing() -> None:
    more = (
        "def some(m: Mm) = exists a: Va: pte[m, a] != none\ndef twice(b: bool, m: Mm) = (exists a: Va: b) and some(m)\n"
    )
    formula = formula_of("forall a: Mm: twice(exists m: Va: pte[a, m] != none, a)", more)
    assert show(formula) == (
        "forall a: Mm: and(exists a#2: Va: exists m#2: Va: not (pte[a, m#2] == none:Pte?), "
        "exists a#3: Va: not (pte[a, a#3] == none:Pte?))"
    )


def test_each_copy_of_an_argument_binds_names_of_its_own() -> None:
    formula = formula_of("both(exists p: Page: dirty[p])", "def both(b: bool) = b and b\n")
    names = [binder.name for part in walk(formula) if isinstance(part, typed.Quant) for binder in part.binders]
    assert len(names) == len(set(names)) == 2


def test_a_def_takes_what_may_be_absent() -> None:
    formula = formula_of(
        "forall m: Mm, a: Va: clean(pte[m, a].page)", "def clean(p: Page) = p != none and not dirty[p]\n"
    )
    assert show(formula) == (
        "forall m: Mm, a: Va: and(not (pte[m, a].page == none:Page?), not (dirty[pte[m, a].page]))"
    )


def test_what_a_macro_is_given_is_read_when_it_is_used() -> None:
    more = "macro move(p: Page, m: Mm, a: Va) { pte[m, a].page := p  dirty[p] := true }\n"
    body = body_of("move(pte[m, a].page, m, a)", more=more)
    let, first, second = body
    assert isinstance(let, typed.Let) and show(let.value) == "pte[m, a].page"
    assert let.type == typed.Type(typed.SortType("Page"), True)
    assert isinstance(first, typed.Assign) and isinstance(first.value, typed.Var) and first.value.name == let.name
    assert isinstance(second, typed.Assign) and show(second.place.index[0]) == let.name
    assert isinstance(first.place.index[0], typed.Var) and first.place.index[0].name == "m"


def test_a_macro_in_a_bulk_update_expands_to_assignments() -> None:
    more = "macro clean(p: Page) { dirty[p] := false  dirty[p] := ready }\n"
    (bulk,) = body_of("forall q: Page where not free(q) { clean(q) }", more=more)
    assert isinstance(bulk, typed.Bulk) and len(bulk.body) == 2
    assert [show(assign.place.index[0]) for assign in bulk.body] == ["q", "q"]


# ---- statements ----------------------------------------------------------------------------------------------------


def test_choose_binds_a_fresh_name() -> None:
    choose, assign, other, let = body_of("pte[m, a].page := choose q: Page where free(q)  let n = choose q: Page")
    assert isinstance(choose, typed.Choose) and choose.name == "q" and isinstance(choose.where, typed.Tally)
    assert isinstance(assign, typed.Assign) and show(assign.value) == "q" and assign.place.path == ("page",)
    assert (
        isinstance(other, typed.Choose) and other.name == "q#2" and other.where == typed.BoolLit(True, span=other.span)
    )
    assert isinstance(let, typed.Let) and let.name == "n" and show(let.value) == "q#2"


def test_a_match_statement_becomes_a_chain_of_ifs() -> None:
    body = body_of("match wanted[m] { get_read => { ready := true } pin => { } get_write => { ready := false } }")
    (first,) = body
    assert isinstance(first, typed.If) and show(first.condition) == "wanted[m] == Want.get_read"
    (second,) = first.otherwise
    assert isinstance(second, typed.If) and second.then == () and len(second.otherwise) == 1


PROC = """
proc work(m: Mm, a: Va) {
  var seen: Pte?
  ghost var was: bool
  step first "go" {
    acquire lock[m] for read
    acquire page_lock
    seen := pte[m, a]
    seen.write := false
    was := idle(self)
    if work[self].seen == seen { goto last }
    call leaf(m)
  }
  step middle each b: Va where pte[m, b] != none { pte[m, b] := none }
  step last { return "[ done ]" }
}
proc leaf(m: Mm) { step only { wanted[m] := pin } }
"""


def test_procs() -> None:
    model = model_of(
        BASE + PROC + "invariant inv: forall c: Cpu: work[c] != none and work[c].m == none or c at work.last"
    )
    work = model.procs[0]
    assert [local.name for local in work.locals] == ["seen", "was"]
    assert work.locals[0].start == typed.NoneLit(work.locals[0].type, span=work.span)
    read, mutex, seen, field, was, branch, call = work.steps[0].body
    assert isinstance(read, typed.Acquire) and read.mode is LockMode.READ and show(read.index[0]) == "m"
    assert isinstance(mutex, typed.Acquire) and mutex.mode is LockMode.WRITE and mutex.index == ()
    assert isinstance(seen, typed.Assign) and (seen.place.proc, seen.place.var) == ("work", "seen")
    assert isinstance(field, typed.Assign) and field.place.path == ("write",)
    assert isinstance(was, typed.Assign) and show(was.value) == "idle(self)"
    assert isinstance(branch, typed.If) and show(branch.condition) == "work[self].seen == work[self].seen"
    assert isinstance(call, typed.Call) and call.proc == "leaf" and show(call.args[0]) == "m"
    assert [binder.sort for binder in work.steps[1].each] == ["Va"] and work.steps[1].where is not None
    assert show(model.properties[0].body) == (
        "forall c: Cpu: or(and(active work[c], work[c].m == none:Mm?), c at work.last)"
    )


def test_start_values() -> None:
    model = model_of(
        BASE
        + "struct Slot { page: Page?, want: Want }\nvar slot: Slot = { want: pin, page: none }\nvar other: Page = any"
    )
    starts = {var.name: var.start for var in model.vars}
    assert isinstance(starts["pte"], typed.NoneLit) and isinstance(starts["other"], typed.StartAny)
    assert isinstance(starts["wanted"], typed.EnumLit) and starts["wanted"].member == "get_read"
    assert isinstance(starts["ready"], typed.BoolLit) and not starts["ready"].value
    slot = starts["slot"]
    assert isinstance(slot, typed.Record) and show(slot) == "{page: none:Page?, want: Want.pin}"


def test_ghost_only_actions() -> None:
    more = "ghost var seen[Page]: bool\naction watch(p: Page) { seen[p] := true }\naction work() { ready := true }"
    assert [action.ghost_only for action in model_of(BASE + more).actions] == [True, False]


# ---- modules -------------------------------------------------------------------------------------------------------

LOW = (
    BASE
    + """
var hidden: bool
init hidden
action low_act() { require hidden ready := true }
proc low_proc() { step only { ready := false } }
invariant low_inv: ready
lemma low_lemma: ready
"""
)
MID = """
use low
action mid_act() { ready := true }
action mid_other() { ready := true }
proc mid_proc() { step only { if ready { call low_proc() } } }
invariant mid_inv: forall c: Cpu: low_proc[c] == none
lemma mid_lemma: forall c: Cpu: not (c at low_proc.only)
"""


def names_of(model: typed.Model) -> tuple[list[str], list[tuple[str, bool]], dict[str, bool]]:
    return (
        [action.name for action in model.actions],
        [(proc.name, proc.startable) for proc in model.procs],
        {prop.name: prop.checked for prop in model.properties},
    )


def test_only_the_own_use_lines_start_things() -> None:
    actions, procs, properties = names_of(model_of("use mid\naction own() { ready := false }", low=LOW, mid=MID))
    assert actions == ["mid_act", "mid_other", "own"]
    assert procs == [("low_proc", False), ("mid_proc", True)]
    assert properties == {"low_inv": False, "low_lemma": False, "mid_inv": True, "mid_lemma": True}


def test_braces_start_and_check_only_what_they_name() -> None:
    model = model_of("use mid { mid_act, mid_lemma }", low=LOW, mid=MID)
    actions, procs, properties = names_of(model)
    assert (actions, procs, properties) == (["mid_act"], [], {"mid_lemma": True})
    assert [var.name for var in model.vars][-1] == "hidden"
    assert [show(init) for init in model.inits] == ["hidden[]"]


def test_a_proc_that_never_runs_is_idle() -> None:
    model = model_of("use mid { mid_inv, mid_lemma }", low=LOW, mid=MID)
    bodies = {prop.name: show(prop.body) for prop in model.properties}
    assert bodies == {"mid_inv": "forall c: Cpu: true", "mid_lemma": "forall c: Cpu: not (false)"}


def test_modules_come_before_their_users_and_only_once() -> None:
    model = model_of(
        "module top\nuse b, a\nvar t: bool", a="use low\nvar x: bool", b="use low\nvar y: bool", low="var z: bool"
    )
    assert [var.name for var in model.vars] == ["z", "y", "x", "t"]
    assert model.name == "top"
    assert model_of("var t: bool").name == "model"


def test_a_module_sees_its_own_uses_only() -> None:
    with pytest.raises(CompileError) as error:
        model_of("use a, b", a="var x: bool", b="init x")
    assert [diagnostic.code for diagnostic in error.value.diagnostics] == ["E107"]
    assert "`x` is declared in `a`" in (error.value.diagnostics[0].hint or "")


def test_loading_reports_everything_at_once() -> None:
    with pytest.raises(CompileError) as error:
        model_of("use a, missing, also_missing", a="sort Cpu Mm")
    assert sorted(diagnostic.code for diagnostic in error.value.diagnostics) == ["E001", "E101", "E101"]


def test_a_long_chain_of_modules_is_refused() -> None:
    texts = {f"m{number}": f"use m{number + 1}" for number in range(200)}
    with pytest.raises(CompileError) as error:
        model_of("use m0", **texts)
    assert [diagnostic.code for diagnostic in error.value.diagnostics] == ["E102"]


def test_what_is_found_inside_an_expansion_is_a_mistake_of_the_use() -> None:
    text = BASE + "def of_pin(w: Want) = match w { pin => true  get_read, get_write => false }\n"
    text += "var last: Mm?\ninit of_pin(wanted[last])"
    with pytest.raises(CompileError) as error:
        model_of(text)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.span is not None and diagnostic.span.start == text.index("of_pin(wanted[last])")
    assert diagnostic.more[0][0].start == text.index("w { pin")


# ---- names are unique ----------------------------------------------------------------------------------------------


def bound_names(blocks: list[tuple[typed.Stmt, ...]], roots: list[typed.Expr]) -> Iterator[str]:
    for block in blocks:
        for stmt in statements(block):
            match stmt:
                case typed.Let(name=name, value=value):
                    yield name
                    roots.append(value)
                case typed.Choose(name=name, where=where):
                    yield name
                    roots.append(where)
                case typed.Bulk(binders=binders, where=where):
                    yield from (binder.name for binder in binders)
                    roots += [where] if where else []
                case typed.Assign(place=place, value=value):
                    roots += [*place.index, value]
                case typed.Require(condition=condition) | typed.If(condition=condition):
                    roots.append(condition)
                case _:
                    pass
    for part in walk(*roots):
        match part:
            case typed.Quant(binders=binders):
                yield from (binder.name for binder in binders)
            case typed.Tally(terms=terms):
                for term in terms:
                    if isinstance(term, typed.Count):
                        yield from (binder.name for binder in term.binders)
            case _:
                pass


def file_loader(name: str, user: str) -> Source | None:
    for folder in (Path(user).parent, ROOT / "spec", ROOT / "tests" / "cases" / "check" / "lib"):
        path = folder / f"{name.replace('.', '/')}.cow"
        if path.exists():
            return Source(str(path), path.read_text())
    return None


MODELS = [*sorted((ROOT / "models").glob("*.cow")), ROOT / "tests" / "cases" / "check" / "accepted.cow"]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_bound_names_are_unique_within_a_declaration(path: Path) -> None:
    model = check(load(str(path), path.read_text(), file_loader))
    declarations: list[list[str]] = []
    for action in model.actions:
        declarations.append([*(param.name for param in action.params), *bound_names([action.body], [])])
    for proc in model.procs:
        params = [*(param.name for param in proc.params), *(local.name for local in proc.locals)]
        each = [binder.name for step in proc.steps for binder in step.each]
        wheres = [step.where for step in proc.steps if step.where is not None]
        declarations.append([*params, *each, *bound_names([step.body for step in proc.steps], list(wheres))])
    for prop in model.properties:
        declarations.append(list(bound_names([], [prop.body])))
    assert any(declarations)
    for names in declarations:
        assert len(names) == len(set(names)), names
