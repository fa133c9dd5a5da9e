"""Many states at once: a formula's truth in each of them, as the bits of one integer.

In: states of one scope, each with its setting. Out: for a formula and elements for its free names, an integer whose
bit k says whether the formula holds in state k. A connective is one operation on integers, whatever the number of
states; a candidate lemma is compared with tens of thousands of states in microseconds.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import assert_never

from cowspec.syntax.ast import QuantKind
from cowspec.system import ir

Environment = Mapping[str, int]
"""The element (or enum member) that each free name stands for."""

Values = list[tuple[int | None, int]]
"""The values that a term has, each with the states where it has it; every state once."""


class Batch:
    """States of a system at one scope, ready to be asked."""

    def __init__(self, system: ir.System, scope: ir.Scope, states: Sequence[tuple[ir.State, ir.Setting]]) -> None:
        self._system, self._states = system, states
        self.scope = scope
        self.count = len(states)
        self.every = (1 << self.count) - 1
        self.sizes = dict(scope) | {name: len(members) for name, members in system.enums}
        self._members = {(name, m): k for name, group in system.enums for k, m in enumerate(group)}
        self._vars = {var.name: (number, var) for number, var in enumerate(system.vars)}
        self._cells = _columns([state for state, _ in states])
        self._switches = _switches([setting for _, setting in states])
        self._known: dict[tuple[str, tuple[int, ...]], Values] = {}

    def thinned(self, count: int) -> "Batch":
        """About so many of the states, spread evenly."""
        step = max(1, len(self._states) // count)
        return Batch(self._system, self.scope, self._states[::step])

    def holds(self, formula: ir.Formula, names: Environment) -> int:
        """The states where the formula is true. Not for `old` and `Flag`: ValueError."""
        match formula:
            case ir.Const(value):
                return self.every if value else 0
            case ir.SwitchIs(switch, option):
                return self._switches.get((switch, option), 0)
            case ir.Test(var, args):
                return self._read_bool(var, args, names)
            case ir.Present(term):
                return self.every & ~sum(bits for value, bits in self.values(term, names) if value is None)
            case ir.Equal(left, right):
                return self._equal(left, right, names)
            case ir.Not(body):
                return self.every & ~self.holds(body, names)
            case ir.And(parts):
                found = self.every
                for part in parts:
                    found &= self.holds(part, names)
                    if not found:
                        break
                return found
            case ir.Or(parts):
                found = 0
                for part in parts:
                    found |= self.holds(part, names)
                return found
            case ir.Implies(left, right):
                return (self.every & ~self.holds(left, names)) | self.holds(right, names)
            case ir.Iff(left, right):
                return self.every & ~(self.holds(left, names) ^ self.holds(right, names))
            case ir.Quant(kind, binders, body):
                return self._quantified(kind, binders, body, names)
            case ir.Tally(counts, op, bound):
                return self._tally(counts, op, bound, names)
            case ir.Flag() | ir.Old():
                raise ValueError(f"not a formula over one state: {formula}")
            case _:
                assert_never(formula)

    def values(self, term: ir.Term, names: Environment) -> Values:
        """What the term is, and where."""
        match term:
            case ir.Param(name):
                return [(names[name], self.every)]
            case ir.Member(enum, name):
                return [(self._members[enum, name], self.every)]
            case ir.Absent():
                return [(None, self.every)]
            case ir.Get(var, args):
                return self._read(var, args, names)
            case ir.Pick(condition, then, otherwise):
                test = self.holds(condition, names)
                both = [(value, bits & test) for value, bits in self.values(then, names)]
                both += [(value, bits & ~test) for value, bits in self.values(otherwise, names)]
                return _merged(both)
            case ir.OldTerm():
                raise ValueError("not a term over one state")
            case _:
                assert_never(term)

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _equal(self, left: ir.Term, right: ir.Term, names: Environment) -> int:
        there = dict(self.values(right, names))
        return sum(bits & there.get(value, 0) for value, bits in self.values(left, names))

    def _read_bool(self, var: str, args: Sequence[ir.Term], names: Environment) -> int:
        return sum(bits for value, bits in self._read(var, args, names) if value == 1)

    def _read(self, var: str, args: Sequence[ir.Term], names: Environment) -> Values:
        if all(isinstance(arg, ir.Param) for arg in args):
            return self._cell(var, tuple(names[arg.name] for arg in args if isinstance(arg, ir.Param)))
        found: Values = []
        for places in product(*(self.values(arg, names) for arg in args)):
            where = self.every
            for _, bits in places:
                where &= bits
            elements = [value for value, _ in places if value is not None and value >= 0]
            if not where:
                continue
            if len(elements) < len(places):
                found.append((None, where))
            else:
                found += [(value, bits & where) for value, bits in self._cell(var, tuple(elements))]
        return _merged(found)

    def _cell(self, var: str, elements: tuple[int, ...]) -> Values:
        found = self._known.get((var, elements))
        if found is None:
            number, shape = self._vars[var]
            place = 0
            for element, sort in zip(elements, shape.index, strict=True):
                place = place * self.sizes[sort] + element
            found = self._known[var, elements] = self._cells(number, place)
        return found

    def _quantified(self, kind: QuantKind, binders: Sequence[ir.Binder], body: ir.Formula, names: Environment) -> int:
        is_exists = kind is QuantKind.EXISTS
        found = 0 if is_exists else self.every
        for elements in product(*(range(self.sizes[binder.domain]) for binder in binders)):
            inner = {**names, **{binder.name: e for binder, e in zip(binders, elements, strict=True)}}
            truth = self.holds(body, inner)
            found = found | truth if is_exists else found & truth
        return found

    def _tally(self, counts: Sequence[ir.Count], op: str, bound: int, names: Environment) -> int:
        """`at_least[k]`: the states with at least k tuples."""
        at_least = [self.every, *[0] * (bound + 1)]
        for count in counts:
            for elements in product(*(range(self.sizes[binder.domain]) for binder in count.binders)):
                inner = {**names, **{b.name: e for b, e in zip(count.binders, elements, strict=True)}}
                truth = self.holds(count.body, inner)
                for k in range(bound + 1, 0, -1):
                    at_least[k] |= at_least[k - 1] & truth
        exactly = at_least[bound] & ~at_least[bound + 1]
        match op:
            case "==":
                return exactly
            case "!=":
                return self.every & ~exactly
            case "<":
                return self.every & ~at_least[bound]
            case "<=":
                return self.every & ~at_least[bound + 1]
            case ">":
                return at_least[bound + 1]
            case ">=":
                return at_least[bound]
            case _:
                raise ValueError(f"unknown comparison {op}")


class _Columns:
    """Each cell's values over all states, made when first asked for."""

    def __init__(self, states: Sequence[ir.State]) -> None:
        self._states = states
        self._columns: dict[int, list[tuple[ir.Value, ...]]] = {}

    def __call__(self, table: int, place: int) -> Values:
        if table not in self._columns:
            self._columns[table] = list(zip(*(state[table] for state in self._states), strict=True))
        column = self._columns[table][place]
        found = sorted(set(column), key=lambda value: -2 if value is None else int(value))
        numbers = {value: number for number, value in enumerate(found)}
        text = bytes(map(numbers.__getitem__, column))[::-1]
        return [
            (None if value is None else int(value), int(text.translate(_only(number)), 2))
            for value, number in numbers.items()
        ]


@cache
def _only(number: int) -> bytes:
    """A table that makes of this byte the digit 1, and of all others 0."""
    return bytes(49 if k == number else 48 for k in range(256))


def _columns(states: Sequence[ir.State]) -> _Columns:
    return _Columns(states)


def _bits(numbers: Sequence[int]) -> int:
    return sum(1 << number for number in numbers) if len(numbers) < 64 else int.from_bytes(_raw(numbers), "little")


def _raw(numbers: Sequence[int]) -> bytearray:
    raw = bytearray(numbers[-1] // 8 + 1)
    for number in numbers:
        raw[number >> 3] |= 1 << (number & 7)
    return raw


def _switches(settings: Sequence[ir.Setting]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], list[int]] = {}
    for number, setting in enumerate(settings):
        for pair in setting:
            found.setdefault(pair, []).append(number)
    return {pair: _bits(numbers) for pair, numbers in found.items()}


def _merged(values: Values) -> Values:
    found: dict[int | None, int] = {}
    for value, bits in values:
        if bits:
            found[value] = found.get(value, 0) | bits
    return list(found.items())
