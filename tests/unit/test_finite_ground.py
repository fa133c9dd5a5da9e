"""Grounding against a direct evaluation of relational formulas, with registers and with sizes left open."""

from itertools import product
from typing import Any, assert_never

from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Clauses, Literal
from cowspec.encode.finite.ground import FIRST_REGISTER, Grounder, Universe
from cowspec.encode.relational.formula import (
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    Predicate,
    Same,
    Sym,
    Truth,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Minisat22

SIZES = {"A": 3, "B": 2}
PREDICATES = (Predicate("p", ("A", "B")), Predicate("q", ("A",)), Predicate("r", ("A", "A")), Predicate("s", ()))
FREE = (Sym("k", "A"), Sym("l", "A"), Sym("m", "B"))


def formulas(names: tuple[Sym, ...], depth: int) -> st.SearchStrategy[Formula]:
    def of_sort(sort: str) -> st.SearchStrategy[Sym]:
        return st.sampled_from([name for name in names if name.sort == sort])

    atoms: st.SearchStrategy[Formula] = st.one_of(
        st.sampled_from(PREDICATES).flatmap(
            lambda p: st.tuples(*(of_sort(sort) for sort in p.sorts)).map(lambda args: Atom(p.name, args))
        ),
        st.tuples(of_sort("A"), of_sort("A")).map(lambda pair: Same(*pair)),
        st.booleans().map(Truth),
    )
    if depth == 0:
        return atoms
    inner = formulas(names, depth - 1)
    bound = Sym(f"x{depth}", "A"), Sym(f"y{depth}", "B")
    body = formulas((*names, *bound), depth - 1)
    pair = st.tuples(inner, inner)
    return st.one_of(
        atoms,
        inner.map(Not),
        pair.map(And),
        pair.map(Or),
        inner.map(lambda f: Either(f, f)),
        body.map(lambda f: Forall(bound, f)),
        body.map(lambda f: Exists(bound, f)),
    )


def holds(
    formula: Formula, sizes: dict[str, int], true: set[tuple[str, tuple[int, ...]]], names: dict[str, int]
) -> bool:
    match formula:
        case Truth(value):
            return value
        case Atom(pred, args):
            return (pred, tuple(names[arg.name] for arg in args)) in true
        case Same(left, right):
            return names[left.name] == names[right.name]
        case Not(body):
            return not holds(body, sizes, true, names)
        case And(parts):
            return all(holds(part, sizes, true, names) for part in parts)
        case Or(parts):
            return any(holds(part, sizes, true, names) for part in parts)
        case Either(positive, _):
            return holds(positive, sizes, true, names)
        case Forall(bound, body) | Exists(bound, body):
            cases = (
                holds(body, sizes, true, {**names, **dict(zip((b.name for b in bound), values, strict=True))})
                for values in product(*(range(sizes[b.sort]) for b in bound))
            )
            return all(cases) if isinstance(formula, Forall) else any(cases)
        case _:
            assert_never(formula)


def exactly_one(literals: tuple[Literal, ...]) -> list[list[Literal]]:
    return [list(literals), *([-a, -b] for a in literals for b in literals if a < b)]


@settings(max_examples=120, deadline=None)
@given(formulas(FREE, 3), st.data())
def test_grounding_agrees_with_evaluation(formula: Formula, data: st.DataObject) -> None:
    circuit = Circuit()
    open_sizes = {sort: tuple(circuit.variable() for _ in range(size - 1)) for sort, size in SIZES.items()}
    universe = Universe(SIZES, {sort: (TRUE, *literals) for sort, literals in open_sizes.items()})
    tables = {p.name: [circuit.variable() for _ in universe.tuples(p.sorts)] for p in PREDICATES}
    registers = [tuple(circuit.variable() for _ in range(SIZES[name.sort])) for name in FREE]
    grounder = Grounder(circuit, universe, PREDICATES, tables, registers)
    clauses = Clauses(circuit)
    literal = grounder.ground(formula, {name.name: FIRST_REGISTER + i for i, name in enumerate(FREE)})
    asked = circuit.variable()
    clauses.require(-asked, literal)
    clauses.require(asked, -literal)
    one_hot = [clause for register in registers for clause in exactly_one(register)]
    new_solver: Any = Minisat22
    with new_solver(bootstrap_with=[[TRUE], *one_hot, *clauses.clauses]) as solver:
        for _ in range(4):
            sizes = {sort: data.draw(st.integers(1, size)) for sort, size in SIZES.items()}
            names = {name.name: data.draw(st.integers(0, sizes[name.sort] - 1)) for name in FREE}
            atoms = [(p.name, e) for p in PREDICATES for e in universe.tuples(p.sorts)]
            true = set(data.draw(st.lists(st.sampled_from(atoms), max_size=8)))
            given_literals = [
                (lit if (p.name, e) in true else -lit)
                for p in PREDICATES
                for lit, e in zip(tables[p.name], universe.tuples(p.sorts), strict=True)
            ]
            given_literals += [register[names[name.name]] for name, register in zip(FREE, registers, strict=True)]
            for sort, literals in open_sizes.items():
                given_literals += [lit if e + 1 < sizes[sort] else -lit for e, lit in enumerate(literals)]
            expected = asked if holds(formula, sizes, true, names) else -asked
            assert solver.solve(assumptions=[*given_literals, expected])
            assert not solver.solve(assumptions=[*given_literals, -expected])


def test_constants_fold_to_constants() -> None:
    """With tables of constants, a formula is evaluated (this is how traces are decoded)."""
    universe = Universe(SIZES, {sort: (TRUE,) * size for sort, size in SIZES.items()})
    tables = {p.name: [FALSE] * len(universe.tuples(p.sorts)) for p in PREDICATES}
    tables["q"][2] = TRUE
    grounder = Grounder(Circuit(), universe, PREDICATES, tables)
    x = Sym("x", "A")
    assert grounder.ground(Exists((x,), Atom("q", (x,)))) == TRUE
    assert grounder.ground(Forall((x,), Atom("q", (x,)))) == FALSE
    assert grounder.ground(Atom("q", (FREE[0],)), {"k": 2}) == TRUE
