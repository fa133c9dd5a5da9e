"""Relational formulas over a box of elements, as literals of a circuit.

A *box* gives each sort the largest size it may have; `Universe.inside[sort][e]` says whether element e exists, so one
circuit can serve every scope within the box. Each predicate is a flat table of literals, the last argument running
fastest. A constant of a step is a *register*: one literal for each element, exactly one of them true; an atom with a
register among its arguments becomes a mux. Formulas are first compiled to closures (one for all equal parts), then run
for each assignment of elements; results are kept by the values of the free names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import assert_never

from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Literal
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

Table = list[Literal]

Environment = dict[str, int]
"""What each name means: an element, or, from `FIRST_REGISTER` on, the number of a register."""

FIRST_REGISTER = 1 << 20

Run = Callable[[Environment], Literal]


@dataclass(frozen=True, slots=True)
class _Code:
    """A compiled formula and its free names."""

    free: tuple[str, ...]
    run: Run


@dataclass(frozen=True, slots=True)
class Universe:
    """`sizes`: the box; `inside`: for each sort and element, whether it exists (the first always does)."""

    sizes: Mapping[str, int]
    inside: Mapping[str, tuple[Literal, ...]]

    def tuples(self, sorts: Sequence[str]) -> list[tuple[int, ...]]:
        """All tuples of elements, the last running fastest: the order of a table."""
        return list(product(*[range(self.sizes[sort]) for sort in sorts]))

    def exist(self, sorts: Sequence[str], elements: Sequence[int]) -> list[Literal]:
        """The literals that say that these elements exist; none of them constant."""
        found = (self.inside[sort][e] for sort, e in zip(sorts, elements, strict=True))
        return [literal for literal in found if literal != TRUE]


class Grounder:
    """Grounds formulas with a fixed meaning of the predicates. `registers` may grow between calls."""

    def __init__(
        self,
        circuit: Circuit,
        universe: Universe,
        predicates: Sequence[Predicate],
        tables: Mapping[str, Table],
        registers: Sequence[tuple[Literal, ...]] = (),
    ) -> None:
        self._circuit = circuit
        self._universe = universe
        self._sorts = {predicate.name: predicate.sorts for predicate in predicates}
        self._tables = dict(tables)
        self._registers = registers
        self._codes: list[_Code] = []
        self._numbers: dict[tuple[str | int, ...], int] = {}
        self._lookups: dict[tuple[str, tuple[int, ...]], Literal] = {}

    def define(self, name: str, literal: Literal) -> None:
        """A further predicate, without arguments."""
        self._sorts[name] = ()
        self._tables[name] = [literal]

    def ground(self, formula: Formula, environment: Environment | None = None) -> Literal:
        return self.compile(formula)(environment or {})

    def compile(self, formula: Formula) -> Run:
        """The formula as a function of what its free names mean."""
        run = self._codes[self._number(formula)].run
        return lambda environment: run(dict(environment))

    def _number(self, formula: Formula) -> int:
        """The number of the formula's code. Formulas come as trees with many equal parts; these have one code."""
        match formula:
            case And(parts):
                return self._code(formula, ("and", *[self._number(part) for part in parts]))
            case Or(parts):
                return self._code(formula, ("or", *[self._number(part) for part in parts]))
            case Not(body):
                return self._code(formula, ("not", self._number(body)))
            case Atom(name, args):
                return self._code(formula, ("atom", name, *[arg.name for arg in args]))
            case Same(left, right):
                return self._code(formula, ("same", left.name, right.name))
            case Forall(bound, body):
                return self._code(formula, ("forall", self._number(body), *[each.name for each in bound]))
            case Exists(bound, body):
                return self._code(formula, ("exists", self._number(body), *[each.name for each in bound]))
            case Either(positive, _):
                return self._number(positive)
            case Truth(value):
                return self._code(formula, ("true" if value else "false",))
            case _:
                assert_never(formula)

    def _code(self, formula: Formula, key: tuple[str | int, ...]) -> int:
        """`key`: the formula with numbers for its parts."""
        found = self._numbers.get(key)
        if found is None:
            parts = [self._codes[part] for part in key if isinstance(part, int)]
            self._codes.append(self._new_code(formula, parts))
            found = self._numbers[key] = len(self._codes) - 1
        return found

    def _new_code(self, formula: Formula, parts: list[_Code]) -> _Code:
        match formula:
            case Truth(value):
                literal = TRUE if value else FALSE
                return _Code((), lambda environment: literal)
            case Atom(name, args):
                names = tuple(arg.name for arg in args)
                return _Code(tuple(dict.fromkeys(names)), self._atom(name, names))
            case Same(left, right):
                return _Code((left.name, right.name), self._same(left.name, right.name))
            case Not():
                inner = parts[0].run
                return _Code(parts[0].free, lambda environment: -inner(environment))
            case And():
                return _kept(_free(parts), _junction(parts, FALSE, self._circuit.all))
            case Or():
                return _kept(_free(parts), _junction(parts, TRUE, self._circuit.any))
            case Forall(bound, _) | Exists(bound, _):
                names = tuple(name.name for name in bound)
                free = tuple(name for name in parts[0].free if name not in names)
                return _kept(free, self._quantifier(bound, parts[0].run, isinstance(formula, Forall)))
            case Either():
                raise AssertionError("compiled as its first form")
            case _:
                assert_never(formula)

    def _quantifier(self, names: tuple[Sym, ...], inner: Run, is_forall: bool) -> Run:
        circuit = self._circuit
        bound = [name.name for name in names]
        sorts = tuple(name.sort for name in names)
        cases = [(values, self._universe.exist(sorts, values)) for values in self._universe.tuples(sorts)]
        stop = FALSE if is_forall else TRUE  # the value of the body that decides

        def run(environment: Environment) -> Literal:
            literals = []
            for values, exist in cases:
                for name, value in zip(bound, values, strict=True):
                    environment[name] = value
                literal = inner(environment)
                if exist and is_forall:
                    literal = circuit.any([literal, *[-each for each in exist]])
                elif exist:
                    literal = circuit.all([literal, *exist])
                if literal == stop:
                    return stop
                literals.append(literal)
            return circuit.all(literals) if is_forall else circuit.any(literals)

        return run

    def _atom(self, name: str, args: tuple[str, ...]) -> Run:
        table = self._tables[name]
        sizes = [self._universe.sizes[sort] for sort in self._sorts[name]]
        if len(sizes) != len(args):
            raise ValueError(f"{name} takes {len(sizes)} arguments, not {len(args)}")
        pairs = list(zip(args, sizes, strict=True))

        def run(environment: Environment) -> Literal:
            index = 0
            for arg, size in pairs:
                value = environment[arg]
                if value >= FIRST_REGISTER:
                    return self._lookup(name, tuple([environment[a] for a in args]))
                index = index * size + value
            return table[index]

        return run

    def _lookup(self, name: str, values: tuple[int, ...]) -> Literal:
        """The atom with registers among its arguments: one mux over all of them at once."""
        found = self._lookups.get((name, values))
        if found is not None:
            return found
        circuit, table = self._circuit, self._tables[name]
        sizes = [self._universe.sizes[sort] for sort in self._sorts[name]]
        choices = [range(n) if v >= FIRST_REGISTER else (v,) for v, n in zip(values, sizes, strict=True)]
        selectors, data = [], []
        for elements in product(*choices):
            index, chosen = 0, []
            for element, value, size in zip(elements, values, sizes, strict=True):
                index = index * size + element
                if value >= FIRST_REGISTER:
                    chosen.append(self._registers[value - FIRST_REGISTER][element])
            selectors.append(circuit.all(chosen))
            data.append(table[index])
        found = self._lookups[name, values] = circuit.mux(selectors, data)
        return found

    def _same(self, left: str, right: str) -> Run:
        circuit, registers = self._circuit, self._registers

        def run(environment: Environment) -> Literal:
            one, two = environment[left], environment[right]
            if one == two:
                return TRUE
            if one < FIRST_REGISTER and two < FIRST_REGISTER:
                return FALSE
            if one < FIRST_REGISTER:
                return registers[two - FIRST_REGISTER][one]
            if two < FIRST_REGISTER:
                return registers[one - FIRST_REGISTER][two]
            return circuit.mux(registers[one - FIRST_REGISTER], registers[two - FIRST_REGISTER])

        return run


def _free(parts: Sequence[_Code]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.free))


def _junction(parts: Sequence[_Code], stop: Literal, join: Callable[[list[Literal]], Literal]) -> Run:
    inner = [part.run for part in parts]

    def run(environment: Environment) -> Literal:
        literals = []
        for part in inner:
            literal = part(environment)
            if literal == stop:
                return stop
            literals.append(literal)
        return join(literals)

    return run


def _kept(free: tuple[str, ...], run: Run) -> _Code:
    """The same code, which remembers its results by the values of its free names."""
    results: dict[object, Literal] = {}
    if len(free) == 1:
        name = free[0]

        def run_unary(environment: Environment) -> Literal:
            key = environment[name]
            found = results.get(key)
            if found is None:
                found = results[key] = run(environment)
            return found

        return _Code(free, run_unary)

    def run_any(environment: Environment) -> Literal:
        key = tuple([environment[name] for name in free])
        found = results.get(key)
        if found is None:
            found = results[key] = run(environment)
        return found

    return _Code(free, run_any)
