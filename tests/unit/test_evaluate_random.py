"""Random formulas, steps and start conditions: the evaluator against the plain reading in `evaluate_naive`."""

from typing import Any

from cowspec.evaluate.machine import Disabled, Faulted, Machine, Moved
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.verdict import Firing
from evaluate_examples import NOWHERE, flag, system, table
from evaluate_naive import Naive
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = {"A": 2, "B": 3, "E": 2}
SCOPE = (("A", 2), ("B", 3))
SETTING = (("fix", "on"), ("other", "off"))
VARS = (
    flag("f", "A", ir.AnyValue()),
    table("o", "A", "B", ir.Presence.OWN, ir.AnyValue()),
    flag("o.flag", "A", ir.AnyValue(), "o"),
    table("o.to", "A", "A", ir.Presence.OWNER, ir.AnyValue(), "o"),
    table("t", "B", "A", ir.Presence.TOTAL, ir.AnyValue()),
    table("e", "", "E", ir.Presence.TOTAL, ir.Member("E", "y")),
    flag("r", "A B"),
    flag("k", "A E B"),
)
BY_DOMAIN = {domain: [var for var in VARS if var.domain == domain] for domain in (None, "A", "B", "E")}
SYSTEM = system(
    sorts=("A", "B"),
    enums=(("E", ("x", "y")),),
    switches=tuple(ir.Switch(name, True, (("off", ""), ("on", ""))) for name in ("fix", "other")),
    vars=VARS,
)
Scope = dict[str, str | None]
"""The names in scope, with their domains; None for a truth value."""


@st.composite
def states(draw: Any) -> ir.State:
    """Any values, also where an owner is absent."""
    tables = []
    for var in VARS:
        cells = 1
        for name in var.index:
            cells *= SIZES[name]
        value = st.booleans() if var.domain is None else st.integers(0, SIZES[var.domain] - 1)
        if var.presence != ir.Presence.TOTAL:
            value = st.none() | value
        tables.append(tuple(draw(st.lists(value, min_size=cells, max_size=cells))))
    return tuple(tables)


def fresh(draw: Any, names: Scope) -> str:
    return f"n{len(names)}"


def a_term(draw: Any, domain: str, names: Scope, depth: int, old: bool) -> ir.Term:
    known = [name for name, of in names.items() if of == domain]
    kinds = ["get"] * (2 if depth else 0) + ["name"] * (4 if known else 0) + ["none"]
    kinds += ["member"] * (2 if domain == "E" else 0) + ["pick"] * (depth > 1) + ["old"] * (depth > 0 and old)
    match draw(st.sampled_from(kinds)):
        case "get":
            var = draw(st.sampled_from(BY_DOMAIN[domain]))
            return ir.Get(var.name, tuple(a_term(draw, of, names, depth - 1, old) for of in var.index))
        case "name":
            return ir.Param(draw(st.sampled_from(known)))
        case "member":
            return ir.Member("E", draw(st.sampled_from("xy")))
        case "pick":
            condition = a_formula(draw, names, depth - 1, old)
            return ir.Pick(condition, *(a_term(draw, domain, names, depth - 1, old) for _ in range(2)))
        case "old":
            return ir.OldTerm(a_term(draw, domain, names, depth - 1, old))
        case _:
            return ir.Absent()


def a_formula(draw: Any, names: Scope, depth: int, old: bool = False) -> ir.Formula:
    flags = [name for name, of in names.items() if of is None]
    kinds = ["test", "equal", "equal", "present"] + ["flag"] * len(flags) + ["const", "switch"]
    if depth > 0:
        kinds += ["not", "and", "or", "implies", "iff", "quant", "quant", "tally"] + ["old"] * old
    match draw(st.sampled_from(kinds)):
        case "test":
            var = draw(st.sampled_from(BY_DOMAIN[None]))
            return ir.Test(var.name, tuple(a_term(draw, of, names, 1, old) for of in var.index))
        case "equal":
            domain = draw(st.sampled_from(["A", "B", "E"]))
            return ir.Equal(*(a_term(draw, domain, names, 2, old) for _ in range(2)))
        case "present":
            return ir.Present(a_term(draw, draw(st.sampled_from(["A", "B"])), names, 2, old))
        case "flag":
            return ir.Flag(draw(st.sampled_from(flags)))
        case "const":
            return ir.Const(draw(st.booleans()))
        case "switch":
            return ir.SwitchIs(draw(st.sampled_from(["fix", "other"])), draw(st.sampled_from(["on", "off"])))
        case "not":
            return ir.Not(a_formula(draw, names, depth - 1, old))
        case "old":
            return ir.Old(a_formula(draw, names, depth - 1, old))
        case "and" | "or" as kind:
            parts = tuple(a_formula(draw, names, depth - 1, old) for _ in range(draw(st.integers(0, 4))))
            return ir.And(parts) if kind == "and" else ir.Or(parts)
        case "implies":
            return ir.Implies(*(a_formula(draw, names, depth - 1, old) for _ in range(2)))
        case "iff":
            return ir.Iff(*(a_formula(draw, names, depth - 1, old) for _ in range(2)))
        case "quant":
            kind = draw(st.sampled_from(list(QuantKind)))
            return ir.Quant(kind, *some_bound(draw, names, depth, old, 1))
        case _:
            counts = [ir.Count(*some_bound(draw, names, depth, old, 0)) for _ in range(draw(st.integers(1, 2)))]
            op = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
            return ir.Tally(tuple(counts), op, draw(st.integers(0, 3)))


def some_bound(draw: Any, names: Scope, depth: int, old: bool, least: int) -> tuple[tuple[ir.Binder, ...], ir.Formula]:
    inner, bound = dict(names), list[ir.Binder]()
    for _ in range(draw(st.integers(least, 2))):
        name, domain = fresh(draw, inner), draw(st.sampled_from(["A", "B", "E"]))
        inner[name] = domain
        bound.append(ir.Binder(name, domain))
    return tuple(bound), a_formula(draw, inner, depth - 1, old)


def an_assign(draw: Any, names: Scope, must: tuple[str, ...] = ()) -> ir.Assign:
    """`must`: bound names of domain A that the arguments contain (at most one)."""
    fitting = [var for var in VARS if not must or "A" in var.index]
    var = draw(st.sampled_from(fitting))
    args = [a_term(draw, of, names, 1, False) for of in var.index]
    if must:
        args[var.index.index("A")] = ir.Param(must[0])
    value = a_formula(draw, names, 1) if var.domain is None else a_term(draw, var.domain, names, 2, False)
    return ir.Assign(var.name, tuple(args), value)


def a_body(draw: Any, names: Scope, depth: int, most: int) -> tuple[ir.Stmt, ...]:
    body: list[ir.Stmt] = []
    for _ in range(draw(st.integers(0, most))):
        kinds = ["require", "check", "assign", "assign", "bulk", "let", "flag", "choose", "note"] + ["if"] * depth
        written = [part for part in body if isinstance(part, ir.Assign)]
        match draw(st.sampled_from(kinds + ["require what is written"] * min(4, 4 * len(written)))):
            case "require what is written":
                last = written[-1]
                domain = next(var.domain for var in VARS if var.name == last.var)
                if domain is None:
                    body.append(ir.Require(ir.Test(last.var, last.args)))
                else:
                    body.append(
                        ir.Require(ir.Equal(ir.Get(last.var, last.args), a_term(draw, domain, names, 1, False)))
                    )
            case "require":
                body.append(ir.Require(a_formula(draw, names, 2)))
            case "check":
                body.append(ir.Check(a_formula(draw, names, 1), "m", NOWHERE))
            case "assign":
                body.append(an_assign(draw, names))
            case "bulk":
                name = fresh(draw, names)
                inner = names | {name: "A"}
                parts: list[ir.Assign | ir.Check] = [
                    an_assign(draw, inner, (name,)) for _ in range(draw(st.integers(1, 2)))
                ]
                if draw(st.booleans()):
                    parts.append(ir.Check(a_formula(draw, inner, 1), "b", NOWHERE))
                names[name] = "gone"
                body.append(ir.Bulk((ir.Binder(name, "A"),), a_formula(draw, inner, 1), tuple(parts)))
            case "let":
                name, domain = fresh(draw, names), draw(st.sampled_from(["A", "B"]))
                body.append(ir.Let(name, a_term(draw, domain, names, 2, False)))
                names[name] = domain
            case "flag":
                name = fresh(draw, names)
                body.append(ir.LetBool(name, a_formula(draw, names, 1)))
                names[name] = None
            case "choose":
                name = fresh(draw, names)
                names[name] = "B"
                body.append(ir.Choose(name, "B", a_formula(draw, names, 1)))
            case "if":
                condition = a_formula(draw, names, 1)
                arms = []
                for _ in range(2):
                    inner = dict(names)
                    arms.append(a_body(draw, inner, depth - 1, 2))
                    names |= dict.fromkeys(inner.keys() - names.keys(), "gone")
                body.append(ir.If(condition, *arms))
            case _:
                body.append(ir.Note("a note"))
    return tuple(body)


@st.composite
def steps(draw: Any) -> ir.Step:
    names: Scope = {}
    params: list[ir.Binder] = []
    for _ in range(draw(st.integers(0, 3))):
        name = fresh(draw, names)
        names[name] = draw(st.sampled_from(["A", "B", "E"]))
        params.append(ir.Binder(name, str(names[name])))
    frame = ()
    if "A" in names.values() and draw(st.booleans()):
        of = next(name for name, domain in names.items() if domain == "A")
        name = fresh(draw, names)
        frame, names[name] = ((name, ir.Get("o.to", (ir.Param(of),))),), "A"
    body = a_body(draw, names, 1, 6)
    return ir.Step("s", ir.StepKind.ACTION, "s", "s", tuple(params), frame, body, None, None, NOWHERE)


@st.composite
def formulas(draw: Any, old: bool) -> ir.Formula:
    return a_formula(draw, {}, 4, old)


NAIVE = Naive(SYSTEM, SIZES, dict(SETTING))


@given(formulas(True), states(), states())
@settings(max_examples=150, deadline=None)
def test_formulas_mean_what_ir_says(formula: ir.Formula, before: ir.State, state: ir.State) -> None:
    NAIVE.before = NAIVE.open(before)
    machine = Machine(SYSTEM, SCOPE, SETTING)
    assert machine.holds(formula, state, before) == NAIVE.true(formula, NAIVE.open(state), {})


@given(steps(), states())
@settings(max_examples=100, deadline=None)
def test_steps_do_what_ir_says(step: ir.Step, state: ir.State) -> None:
    with_step = system(
        sorts=SYSTEM.sorts, enums=SYSTEM.enums, switches=SYSTEM.switches, vars=SYSTEM.vars, steps=(step,)
    )
    naive = Naive(with_step, SIZES, dict(SETTING))
    machine = Machine(with_step, SCOPE, SETTING)
    expected = naive.moves(state)
    moves = machine.moves(state)
    assert {(Firing("s", args, choices), after) for _, args, choices, after, _ in moves} == expected
    assert len(moves) == len(expected)
    assert machine.moves_of(0, (), state) == moves
    for given_args in {args[:1] for _, args, *_ in moves} | {args for _, args, *_ in moves}:
        wanted = (*given_args, *[None for _ in step.params[len(given_args) :]])
        assert machine.moves_of(0, wanted, state) == [m for m in moves if m[1][: len(given_args)] == given_args]
    for firing, outcome in machine.successors(state):
        after, log = naive.fire(state, step, firing.args, firing.choices) or (None, [])
        notes = tuple(line for line in log if not line.startswith("fault: "))
        match outcome:
            case Moved():
                assert (outcome.state, outcome.notes) == (after, notes)
            case Faulted():
                assert after is None and outcome.notes == notes
            case Disabled():
                raise AssertionError(f"{firing} was enabled")


@given(formulas(False), formulas(False))
@settings(max_examples=12, deadline=None)
def test_start_states_are_those_that_init_allows(first: ir.Formula, second: ir.Formula) -> None:
    some = tuple(var for var in VARS if var.name in ("f", "o", "o.flag", "o.to", "t", "e", "r", "k"))
    with_init = system(
        sorts=SYSTEM.sorts, enums=SYSTEM.enums, switches=SYSTEM.switches, vars=some, init=(first, second)
    )
    scope = (("A", 1), ("B", 1))
    naive = Naive(with_init, {"A": 1, "B": 1, "E": 2}, dict(SETTING))
    machine = Machine(with_init, scope, SETTING)
    found = list(machine.starts())
    assert len(found) == len(set(found))
    assert set(found) == naive.starts()
    assert all(machine.is_start(state) for state in found)
