"""Circuits: folding keeps the meaning, and the clauses say what the circuit says."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest
from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Clauses, Literal
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Minisat22

INPUTS = 4

Function = Callable[[Sequence[bool]], bool]


class Twin:
    """A literal and, independently, the function it should be."""

    def __init__(self, literal: Literal, function: Function) -> None:
        self.literal = literal
        self.function = function


def negated(twin: Twin) -> Twin:
    return Twin(-twin.literal, lambda v: not twin.function(v))


def node(circuit: Circuit, inputs: list[Literal], kind: str, parts: list[Twin]) -> Twin:
    literals, functions = [p.literal for p in parts], [p.function for p in parts]
    if kind == "all":
        return Twin(circuit.all(literals), lambda v: all(f(v) for f in functions))
    if kind == "any":
        return Twin(circuit.any(literals), lambda v: any(f(v) for f in functions))
    if kind == "ite":
        return Twin(circuit.ite(*literals[:3]), lambda v: functions[1 if functions[0](v) else 2](v))
    one, two = inputs[:2]
    selectors = [circuit.all((s, t)) for s in (-one, one) for t in (-two, two)]
    data, meant = (literals * 2)[:4], (functions * 2)[:4]
    return Twin(circuit.mux(selectors, data), lambda v: meant[2 * v[0] + v[1]](v))


def input_of(number: int, literal: Literal) -> Twin:
    return Twin(literal, lambda v: v[number])


def grow(circuit: Circuit, inputs: list[Literal], choices: list[tuple[str, list[int]]]) -> Twin:
    """The last of a row of nodes, each over earlier ones (a negative number negates)."""
    twins = [Twin(TRUE, lambda v: True), *(input_of(i, literal) for i, literal in enumerate(inputs))]
    for kind, numbers in choices:
        parts = [twins[abs(n) % len(twins)] for n in numbers]
        signed = [negated(p) if n < 0 else p for n, p in zip(numbers, parts, strict=True)]
        twins.append(node(circuit, inputs, kind, signed))
    return twins[-1]


NUMBERS = st.integers(-12, 12)
NODES = st.tuples(st.sampled_from(["all", "any", "ite", "mux"]), st.lists(NUMBERS, min_size=3, max_size=4))


@settings(max_examples=150, deadline=None)
@given(st.lists(NODES, min_size=1, max_size=8))
def test_clauses_say_what_the_circuit_says(nodes: list[tuple[str, list[int]]]) -> None:
    circuit = Circuit()
    inputs = [circuit.variable() for _ in range(INPUTS)]
    twin = grow(circuit, inputs, nodes)
    for sign in (1, -1):
        clauses = Clauses(circuit)
        clauses.require(inputs[0], sign * twin.literal)  # a clause with more than the literal asked for
        new_solver: Any = Minisat22
        with new_solver(bootstrap_with=[[TRUE], *clauses.clauses]) as solver:
            for values in product((False, True), repeat=INPUTS):
                given_inputs = [i if v else -i for i, v in zip(inputs, values, strict=True)]
                expected = values[0] or twin.function(values) == (sign == 1)
                assert solver.solve(assumptions=given_inputs) == expected


def test_equal_operands_give_one_node() -> None:
    circuit = Circuit()
    a, b, c = (circuit.variable() for _ in range(3))
    assert circuit.all((a, b, a)) == circuit.all((b, a))
    assert circuit.ite(-a, b, c) == circuit.ite(a, c, b)
    assert circuit.any((circuit.all((a, b)), circuit.all((-a, c)))) == circuit.ite(a, b, c)
    assert circuit.mux((a, b, c), (a, a, a)) == a


@pytest.mark.parametrize("parts", [(TRUE, FALSE), (2, -2)])
def test_contradictions_fold(parts: tuple[Literal, ...]) -> None:
    circuit = Circuit()
    circuit.variable()
    assert circuit.all(parts) == FALSE
    assert circuit.any(parts) == TRUE


def test_a_required_choice_needs_no_variable() -> None:
    circuit = Circuit()
    a, b, c, d = (circuit.variable() for _ in range(4))
    clauses = Clauses(circuit)
    clauses.require(-d, circuit.ite(a, b, c))
    assert sorted(map(sorted, clauses.clauses)) == sorted([sorted([-d, -a, b]), sorted([-d, a, c])])
