"""The relational encoding in detail: shapes of formulas, counts, names for values and conditions, start states. That it
says what the evaluator says is tested on random models, in tests/differential."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count as numbers
from itertools import product

import pytest
from cowspec.encode.relational.connectives import (
    conj,
    disj,
    either,
    exists,
    forall,
    ite,
    neg,
    predicates_of,
    resolve,
    simplify,
    substitute,
)
from cowspec.encode.relational.formula import FALSE, TRUE, And, Atom, Exists, Forall, Formula, Not, Or, Same, Sym
from cowspec.encode.relational.translate import (
    CountTooLarge,
    Naming,
    counts_above_two,
    formula_of,
    primed,
    translate,
)
from cowspec.evaluate.machine import Machine
from cowspec.system import ir
from hypothesis import given, settings
from hypothesis import strategies as st
from relational_examples import NOWHERE, action, assign, count, eq, get, prop, protect, system, table, true
from relational_examples import forall as for_all
from relations import holds, relations_of

X, Y, C = Sym("x", "A"), Sym("y", "A"), Sym("c", "A")
P = [Atom("p", (sym,)) for sym in (X, Y, C)]
Q = [Atom("q", (sym, C)) for sym in (X, Y, C)]

# ---- connectives ---------------------------------------------------------------------------------------------------


def test_constants_fold() -> None:
    assert conj((P[0], TRUE, P[0])) == P[0]
    assert conj((P[0], Not(P[0]))) == FALSE
    assert disj((Not(P[0]), Q[0], P[0])) == TRUE
    assert conj(()) == TRUE and disj(()) == FALSE
    assert neg(neg(P[0])) == P[0]
    assert ite(P[0], TRUE, P[1]) == Or((P[0], P[1]))
    assert ite(P[0], P[1], P[1]) == P[1]
    assert either(P[0], P[0]) == P[0]
    assert forall((X,), TRUE) == TRUE and exists((X,), FALSE) == FALSE


def test_one_point_rule() -> None:
    assert simplify(exists((X,), conj((Same(X, C), P[0])))) == P[2]
    assert simplify(forall((X,), disj((neg(Same(C, X)), P[0])))) == P[2]
    assert simplify(exists((X, Y), conj((Same(X, Y), P[0], Q[1])))) == Exists((Y,), And((P[1], Q[1])))


def test_one_point_rule_reaches_into_cases() -> None:
    """`exists x: (if p then x == c else q(x)) and r(x)`, as it stands after an assignment."""
    read = ite(P[2], Same(X, C), Q[0])
    found = simplify(exists((X,), conj((read, P[0]))))
    assert found == Or((P[2], And((Not(P[2]), Exists((X,), And((Q[0], P[0])))))))


def test_idle_quantifiers_go() -> None:
    assert simplify(Forall((X, Y), P[0])) == Forall((X,), P[0])
    assert simplify(Forall((X,), And((P[0], P[2])))) == And((Forall((X,), P[0]), P[2]))


def test_substitution_and_predicates() -> None:
    assert substitute(Exists((Y,), And((P[0], Q[1]))), {X: C}) == Exists((Y,), And((P[2], Q[1])))
    assert predicates_of(Exists((Y,), either(P[0], Not(Q[1])))) == {"p", "q"}


def test_resolve_follows_the_polarity() -> None:
    formula = disj((neg(either(P[0], Q[0])), either(P[1], Q[1])))
    assert resolve(formula, True) == Or((Not(Q[0]), P[1]))
    assert resolve(formula, False) == Or((Not(P[0]), Q[1]))


SYMS = [Sym(name, "A") for name in ("a", "b", "d")]
LITERALS = st.one_of(
    st.sampled_from([Atom("p", (sym,)) for sym in SYMS]),
    st.builds(Atom, st.just("q"), st.tuples(st.sampled_from(SYMS), st.sampled_from(SYMS))),
    st.builds(Same, st.sampled_from(SYMS), st.sampled_from(SYMS)),
)


def _larger(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    names = st.lists(st.sampled_from(SYMS), min_size=1, max_size=2, unique=True).map(tuple)
    return st.one_of(
        st.builds(Not, inner), st.builds(And, parts), st.builds(Or, parts), st.builds(Forall, names, inner),
        st.builds(Exists, names, inner),
    )  # fmt: skip


def _renamed(formula: Formula, made: Iterator[int]) -> Formula:
    """The same with a new name for each quantified one, as in every formula that the encoding makes."""
    match formula:
        case Forall(names, body) | Exists(names, body):
            fresh = {name: Sym(f"{name.name}{next(made)}", name.sort) for name in names}
            return type(formula)(tuple(fresh.values()), _renamed(substitute(body, fresh), made))
        case Not(body):
            return Not(_renamed(body, made))
        case And(parts) | Or(parts):
            return type(formula)(tuple(_renamed(part, made) for part in parts))
        case _:
            return formula


@settings(max_examples=150, deadline=None)
@given(st.recursive(LITERALS, _larger, max_leaves=12), st.sets(st.integers(0, 1)), st.sets(st.integers(0, 3)))
def test_simplify_keeps_the_meaning(formula: Formula, p: set[int], q: set[int]) -> None:
    formula = _renamed(formula, numbers())
    relations = {"p": {(each,) for each in p}, "q": {divmod(each, 2) for each in q}}
    simple = simplify(formula)
    for elements in product(range(2), repeat=3):
        names = {sym.name: element for sym, element in zip(SYMS, elements, strict=True)}
        assert holds(simple, relations, {"A": 2}, names) == holds(formula, relations, {"A": 2}, names)


# ---- counts --------------------------------------------------------------------------------------------------------

OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "==": int.__eq__, "!=": int.__ne__, "<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__,
}  # fmt: skip


@pytest.mark.parametrize("op", OPERATORS)
def test_counts_are_sums(op: str) -> None:
    """Two counts, one over pairs, one without names, and an enum among the names."""
    example = system(
        "A", (table("p", ("A", "A")), table("q", ()), table("e", ("A",), "E", start=ir.Member("E", "m"))), (),
        enums=(("E", ("m", "n")),),
    )  # fmt: skip
    counts = (
        count("x:A y:A", true("p", "x", "y")),
        count("", true("q")),
        count("x:A k:E", ir.Equal(get("e", "x"), ir.Param("k"))),
    )
    scope = (("A", 2),)
    for bound in (0, 2, 3):
        formula = formula_of(example, ir.Tally(counts, op, bound))
        for cells in product((False, True), repeat=5):
            state: ir.State = (cells[:4], cells[4:], (0, 1))
            relations = relations_of(example, scope, (), state)
            assert holds(formula, relations, dict(scope), {}) == OPERATORS[op](sum(cells) + 2, bound)


def test_counts_too_large() -> None:
    example = system("A", (table("p", ("A",)),), ())
    many = ir.Tally(tuple(count("x:A", true("p", "x")) for _ in range(9)), "<=", 8)
    with pytest.raises(CountTooLarge, match="9 counts"):
        formula_of(example, many)
    few = ir.Tally((count("x:A", true("p", "x")),), "<=", 12)
    assert len(predicates_of(formula_of(example, few))) == 1


def test_counts_above_two_are_found_wherever_they_stand() -> None:
    def at_most(bound: int) -> ir.Formula:
        return ir.Tally((count("x:A", true("p", "x")),), "<=", bound)

    nested = ir.If(ir.TRUE, (ir.Choose("c", "A", ir.Not(at_most(5))),), ())
    example = system(
        "A", (table("p", ("A",)),), (action("s", "", nested), action("t", "", ir.Require(at_most(2)))),
        (prop("three", for_all("y:A", ir.Implies(true("p", "y"), at_most(3)))), prop("two", at_most(2))),
        init=(at_most(4),),
    )  # fmt: skip
    assert counts_above_two(example) == {"three": 3, "s": 5, "init": 4}


# ---- steps ---------------------------------------------------------------------------------------------------------


def updates(example: ir.System, step: str, naming: Naming) -> dict[str, Formula]:
    return {u.pred: u.body for s in translate(example, naming).steps if s.name == step for u in s.updates}


def test_only_what_changes_is_updated() -> None:
    store = updates(protect(), "store", Naming())
    assert set(store) == {"content", "memory", "memory?"}
    assert set(updates(protect(), "flush", Naming())) == {"tlb", "tlb.page", "tlb.write", "owed"}


def test_an_assignment_of_the_same_value_is_no_update() -> None:
    example = system("A", (table("p", ("A",)),), (action("s", "x:A", assign(true("p", "x"), true("p", "x"))),))
    assert updates(example, "s", Naming()) in ({}, {"p": updates(example, "s", Naming()).get("p")})
    bulk = ir.Bulk((ir.Binder("y", "A"),), ir.TRUE, (assign(true("p", "y"), true("p", "y")),))
    assert updates(system("A", (table("p", ("A",)),), (action("s", "", bulk),)), "s", Naming()) == {}


def test_values_read_before_the_step_get_names() -> None:
    (store,) = (step for step in translate(protect()).steps if step.name == "store")
    assert store.arity == 3 and len(store.params) == 4
    assert [param.sort for param in store.params[3:]] == ["Page"]
    (bare,) = (step for step in translate(protect(), Naming(values=False)).steps if step.name == "store")
    assert len(bare.params) == 3


def test_values_after_an_assignment_get_no_name() -> None:
    """NOTE(named-values): else the fault before would be assumed away."""
    step = action(
        "s", "x:A",
        ir.Check(ir.Present(get("o", "x")), "absent", NOWHERE),
        assign(get("t", "x"), get("o", "x")),
        assign(true("p", get("t", "x")), ir.TRUE),
    )  # fmt: skip
    example = system(
        "A", (table("o", ("A",), "A", optional=True), table("t", ("A",), "A"), table("p", ("A",))), (step,)
    )
    (found,) = translate(example).steps
    assert [param.name.partition("#")[0] for param in found.params] == ["x", "o"]


def test_conditions_get_names_where_asked_for() -> None:
    condition = ir.And((true("p", "x"), for_all("y:A", ir.Implies(true("p", "y"), eq("x", "y")))))
    branch = ir.If(condition, (assign(true("p", "x"), ir.FALSE), assign(true("r", "x"), ir.TRUE)), ())
    example = system("A", (table("p", ("A",)), table("r", ("A",))), (action("s", "x:A", branch),))
    (plain,) = translate(example).steps
    assert plain.definitions == ()
    (named,) = translate(example, Naming(conditions=True)).steps
    ((name, meaning),) = named.definitions
    assert predicates_of(meaning) == {"p"}
    assert predicates_of(named.updates[1].body) == {name, "r"}


def test_enum_parameters_and_choices_are_spelled_out() -> None:
    enums = (("E", ("m", "n")), ("F", ("u", "v", "w")))
    variables = (table("e", ("A",), "E", start=ir.Member("E", "m")), table("f", (), "F", start=ir.Member("F", "u")))
    step = action(
        "s", "x:A k:E",
        ir.Choose("c", "F", ir.Not(ir.Equal(get("f"), ir.Param("c")))),
        assign(get("e", "x"), ir.Param("k")), assign(get("f"), ir.Param("c")),
    )  # fmt: skip
    found = translate(system("A", variables, (step,), enums=enums)).steps
    assert [each.enum_args for each in found] == [((1, k), (2, c)) for k in range(2) for c in range(3)]
    assert all(each.arity == 1 and each.choices == () for each in found)
    last = {update.pred: update.body for update in found[-1].updates}
    assert last["f=w"] == TRUE and last["f=u"] == FALSE
    assert [each.member_choices for each in found[:2]] == [((0, 0, TRUE),), ((0, 1, TRUE),)]


# ---- properties, typing, start states ------------------------------------------------------------------------------


def test_transition_properties_speak_of_two_states() -> None:
    found = {each.name: each for each in translate(protect()).properties}
    assert found["mapped_stays"].is_transition and not found["flushed"].is_transition
    assert predicates_of(found["mapped_stays"].formula) == {"pte", "pte'"}
    assert primed("p")((X,)) == Atom("p'", (X,))


def test_assumptions_are_universal() -> None:
    """Invariants that read through optional values have no existential where they are assumed."""

    def existentials(formula: Formula, asserted: bool) -> int:
        match formula:
            case Not(body):
                return existentials(body, not asserted)
            case And(parts) | Or(parts):
                return sum(existentials(part, asserted) for part in parts)
            case Forall(_, body) | Exists(_, body):
                return existentials(body, asserted) + (isinstance(formula, Exists) == asserted)
            case _:
                return 0

    for each in translate(protect()).properties:
        if each.name in ("visible", "same_page", "flushed", "few"):
            assert existentials(resolve(each.formula, True), True) == 0, each.name
            assert existentials(resolve(each.formula, True), False) > 0, each.name


def test_start_states_are_those_of_the_evaluator() -> None:
    """Every kind of start value, with owners: all states at a scope."""
    enums = (("E", ("m", "n")),)
    variables: Sequence[ir.StateVar] = (
        table("a", ("A",), start=False),
        table("b", ("A",), start=ir.AnyValue()),
        table("b.v", ("A",), "A", owner="b", start=ir.AnyValue()),
        table("b.w", ("A",), owner="b", start=True),
        table("b.e", ("A",), "E", owner="b", start=ir.Member("E", "n")),
        table("o", ("A",), "A", optional=True),
        table("t", (), "A", start=ir.AnyValue()),
    )
    example = system("A", tuple(variables), (), init=(ir.Not(true("b", get("t"))),), enums=enums)
    scope = (("A", 2),)
    machine = Machine(example, scope, ())
    rel = translate(example)
    starts = set(machine.starts())
    assert len(starts) > 1
    for state in {*starts, *_states(example, 2)[::19]}:
        relations = relations_of(example, scope, (), state)
        facts = (*rel.init, *rel.exact, *(formula for _, formula in rel.typing))
        assert all(holds(each, relations, {"A": 2}, {}) for each in facts) == (state in starts)


def _states(example: ir.System, size: int) -> list[ir.State]:
    """All states in which variables hold what their type allows, owners ignored (of some variables fewer values)."""
    tables = []
    for var in example.vars:
        cells = size ** len(var.index)
        if var.domain is None:
            values: tuple[ir.Value, ...] = (False, True)
        else:
            absent = () if var.presence == ir.Presence.TOTAL else (None,)
            values = (*absent, 0, 1)
        if var.name in ("a", "o"):
            values = values[:2]
        tables.append(list(product(values, repeat=cells)))
    return [tuple(state) for state in product(*tables)]
