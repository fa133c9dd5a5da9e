"""The start states: start values, every value where the model says `any`, and the `init` formulas.

Backtracking over the cells of the tables. Each instance of an `init` formula is evaluated on the partial state; if it
reads a cell without value yet, it waits for that cell (as a clause waits for its watched literal in a SAT solver) and
is evaluated again when the cell gets one. So an instance is settled as soon as the cells it really needs are.

Up to symmetry: for each two elements of a sort, swapping them must not give a state that comes earlier in the order of
the search (a lex-leader constraint, see Crawford et al., KR 1996). The first state of each class passes; others may.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from random import Random
from typing import NamedTuple

from cowspec.evaluate.closures import bind, compile_condition
from cowspec.evaluate.context import Context, Names, VarShape
from cowspec.evaluate.names import conjuncts
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir


class Cell(NamedTuple):
    table: int
    place: int
    var: ir.StateVar
    owner: int | None  # the table of the owner


class Unread(Exception):
    """A cell without value was read. `args[0]`: its position in the order of the search."""


class PartialTable(dict[int, ir.Value]):
    """A table some of whose cells have a value. Reading another one raises `Unread`."""

    def __init__(self, positions: dict[int, int]) -> None:
        super().__init__()
        self.positions = positions

    def __missing__(self, place: int) -> ir.Value:
        raise Unread(self.positions[place])


Partial = list[PartialTable]
Constraint = Callable[[Partial], object]


def is_start(c: Context, system: ir.System, state: ir.State) -> bool:
    """The state has the right shape, each cell a value that it may start with, and the `init` formulas hold."""
    lengths = [_length(c.shapes[var.name]) for var in system.vars]
    if [len(table) for table in state] != lengths:
        return False
    for shape in c.shapes.values():
        owner = None if shape.var.owner is None else c.shapes[shape.var.owner].number
        for place, value in enumerate(state[shape.number]):
            options = _options(c, shape.var, owner, state, place)
            if not any(value == option and type(value) is type(option) for option in options):
                return False
    return all(compile_condition(c, formula, {})(state) for formula in system.init)


def start_states(
    c: Context, system: ir.System, named: Mapping[str, int] | None, shuffle: Random | None
) -> Iterator[ir.State]:
    """All start states; with `named` only up to permutations that leave the first `named[sort]` elements alone."""
    cells = _order(c, system)
    positions: list[dict[int, int]] = [{} for _ in system.vars]
    for position, cell in enumerate(cells):
        positions[cell.table][cell.place] = position
    tables = [PartialTable(of_table) for of_table in positions]
    constraints = [instance for formula in system.init for instance in _instances(c, formula, {})]
    if named is not None:
        constraints += _lex_leaders(c, system, cells, named)
    search = _Search(c, cells, tables, [[] for _ in cells], [[] for _ in cells], shuffle)
    if all(search.settle(constraint, None) for constraint in constraints):
        lengths = [_length(c.shapes[var.name]) for var in system.vars]
        last = [max(of_table.values(), default=-1) for of_table in positions]
        state: list[tuple[ir.Value, ...]] = [() for _ in tables]
        for first in search.run():
            for number, table in enumerate(tables):
                if last[number] >= first:
                    state[number] = tuple([table[place] for place in range(lengths[number])])
            yield tuple(state)


def _length(shape: VarShape) -> int:
    length = 1
    for size in shape.sizes:
        length *= size
    return length


def _order(c: Context, system: ir.System) -> list[Cell]:
    """The cells in order of declaration, each followed by the cells that it owns; first those without any choice."""
    owned: dict[str, list[ir.StateVar]] = {}
    for var in system.vars:
        if var.owner is not None:
            owned.setdefault(var.owner, []).append(var)

    def cells_of(var: ir.StateVar, place: int) -> Iterator[Cell]:
        owner = None if var.owner is None else c.shapes[var.owner].number
        yield Cell(c.shapes[var.name].number, place, var, owner)
        for child in owned.get(var.name, ()):
            yield from cells_of(child, place)

    def is_free(var: ir.StateVar) -> bool:
        return isinstance(var.start, ir.AnyValue) or any(map(is_free, owned.get(var.name, ())))

    roots = sorted((var for var in system.vars if var.owner is None), key=is_free)
    return [cell for var in roots for place in range(_length(c.shapes[var.name])) for cell in cells_of(var, place)]


def _options(
    c: Context, var: ir.StateVar, owner: int | None, tables: ir.State | Partial, place: int
) -> tuple[ir.Value, ...]:
    """The values that a cell may start with, given its owner's."""
    if owner is not None:
        above = tables[owner][place]
        if above is None or above is False:
            return (False,) if var.domain is None else (None,)
    match var.start:
        case bool(value):
            return (value,)
        case ir.Member(enum, name):
            return (c.members[enum, name],)
        case ir.Absent():
            return (None,)
        case ir.AnyValue():
            if var.domain is None:
                return (False, True)
            elements = range(c.sizes[var.domain])
            return (None, *elements) if var.presence == ir.Presence.OWN else tuple(elements)


def _instances(c: Context, formula: ir.Formula, names: Names) -> Iterator[Constraint]:
    """The formula as constraints without outer `forall`: one for each tuple of elements."""
    for part in conjuncts(formula):
        match part:
            case ir.Quant(QuantKind.FORALL, binders, body):
                inner = bind(c, binders, names)
                bodies = tuple(_instances(c, body, inner))
                targets = tuple(inner[binder.name].cell for binder in binders)
                for elements in product(*(range(c.sizes[binder.domain]) for binder in binders)):
                    for constraint in bodies:
                        yield _with(c, targets, elements, constraint)
            case _:
                yield compile_condition(c, part, names)


def _with(c: Context, targets: tuple[int, ...], elements: tuple[int, ...], constraint: Constraint) -> Constraint:
    memory = c.cells

    def instance(tables: Partial) -> object:
        for cell, element in zip(targets, elements, strict=True):
            memory[cell] = element
        return constraint(tables)

    return instance


def _lex_leaders(c: Context, system: ir.System, cells: list[Cell], named: Mapping[str, int]) -> Iterator[Constraint]:
    for sort in system.sorts:
        for i, j in combinations(range(named.get(sort, 0), c.sizes[sort]), 2):
            swap = {i: j, j: i}
            pairs: list[tuple[int, int, int, bool]] = []
            for table, place, var, _ in cells:
                other, is_value = _swapped_place(c, var, place, sort, swap), var.domain == sort
                if other != place or is_value:
                    pairs.append((table, place, other, is_value))
            yield _not_after_swap(pairs, swap)


def _swapped_place(c: Context, var: ir.StateVar, place: int, sort: str, swap: Mapping[int, int]) -> int:
    at, factor = 0, 1
    for index, size in zip(reversed(var.index), reversed(c.shapes[var.name].sizes), strict=True):
        place, element = divmod(place, size)
        at += factor * (swap.get(element, element) if index == sort else element)
        factor *= size
    return at


def _not_after_swap(pairs: list[tuple[int, int, int, bool]], swap: Mapping[int, int]) -> Constraint:
    """The partial state is not lexicographically greater than what the swap makes of it."""

    def in_order(tables: Partial) -> bool:
        for table, place, other, is_value in pairs:
            here, there = tables[table][place], tables[table][other]
            left = -1 if here is None else here
            right = -1 if there is None else swap.get(there, there) if is_value else there
            if left != right:
                return left < right
        return True

    return in_order


# ---- the search ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Search:
    c: Context
    cells: list[Cell]
    tables: Partial
    waiting: list[list[Constraint]]  # for each position
    added: list[list[int]]  # for each position: where constraints went when it got its value
    shuffle: Random | None

    def settle(self, constraint: Constraint, at: int | None) -> bool:
        """False if the constraint is violated; if it cannot be told yet, it waits. `at`: the position just given."""
        try:
            return bool(constraint(self.tables))
        except Unread as unread:
            position: int = unread.args[0]
            self.waiting[position].append(constraint)
            if at is not None:
                self.added[at].append(position)
            return True

    def run(self) -> Iterator[int]:
        """Stops at every full assignment that violates nothing, and gives the first position that has another value
        than at the last."""
        if not self.cells:
            yield 0
            return
        untried = [self._values(0)]
        first = 0
        while untried:
            position = len(untried) - 1
            first = min(first, position)
            self._retract(position)
            if not untried[-1]:
                untried.pop()
                continue
            cell = self.cells[position]
            self.tables[cell.table][cell.place] = untried[-1].pop()
            if all(self.settle(constraint, position) for constraint in self.waiting[position]):
                if position + 1 == len(self.cells):
                    yield first
                    first = position
                else:
                    untried.append(self._values(position + 1))

    def _values(self, position: int) -> list[ir.Value]:
        """What the cell can be, the first last."""
        cell = self.cells[position]
        options = list(_options(self.c, cell.var, cell.owner, self.tables, cell.place))
        if self.shuffle is not None:
            self.shuffle.shuffle(options)
        return options[::-1]

    def _retract(self, position: int) -> None:
        cell = self.cells[position]
        self.tables[cell.table].pop(cell.place, None)
        for later in self.added[position]:
            self.waiting[later].pop()
        self.added[position].clear()
