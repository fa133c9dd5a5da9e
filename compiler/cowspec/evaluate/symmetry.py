"""States up to permutations of elements: sorts are interchangeable, so one state of each class is enough.

`representative` maps a state to one of its class, cheaply: the elements of each sort are put in the order of what the
state says of them. Two states with the same representative are in the same class; two states of one class usually, not
always, have the same representative. So a search that skips states whose representative it has seen misses nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

from cowspec.evaluate.contents import Cells, Contents, Numbers, part
from cowspec.system import ir


@dataclass(slots=True)
class _Described:
    """What a table says of each element of a sort, remembered for each content of the table: there are few.

    `rows`: the places with the element as index (`masked`: only whether they hold a value), `holds`: the table's values
    are of the sort, and where the element stands counts.
    """

    table: int
    rows: tuple[tuple[int, ...], ...]
    masked: bool
    holds: bool
    known: dict[Cells, tuple[tuple[int, ...], ...]] = field(default_factory=dict)

    def of(self, cells: Cells) -> tuple[tuple[int, ...], ...]:
        found = self.known.get(cells)
        if found is None:
            found = self.known[cells] = tuple(self._element(cells, element) for element in range(len(self.rows)))
        return found

    def _element(self, cells: Cells, element: int) -> tuple[int, ...]:
        values = [cells[place] for place in self.rows[element]]
        row = [-1 if value is None else 0 if self.masked else int(value) for value in values]
        return (*row, *(place for place, value in enumerate(cells) if self.holds and value == element))


@dataclass(slots=True)
class _Renamed:
    """A table after a permutation of one sort, remembered for each content."""

    table: int
    sources: tuple[int, ...]  # where each new cell comes from
    names: Mapping[int, int] | None  # the new names of its values
    known: dict[Cells, Cells] = field(default_factory=dict)

    def of(self, cells: Cells) -> Cells:
        found = self.known.get(cells)
        if found is None:
            moved = [cells[source] for source in self.sources]
            if self.names is not None:
                moved = [None if value is None else self.names[value] for value in moved]
            found = self.known[cells] = tuple(moved)
        return found


@dataclass(slots=True)
class _Plan:
    """How the elements of one sort are put in order. `named`: how many of them stay where they are."""

    sort: str
    named: int
    described: tuple[_Described, ...]
    renamings: dict[tuple[int, ...], tuple[_Renamed, ...]] = field(default_factory=dict)


def representative(system: ir.System, scope: ir.Scope, named: Mapping[str, int]) -> Callable[[ir.State], ir.State]:
    """A function from a state to one that differs by a permutation which leaves the first `named[sort]` elements of
    each sort alone."""
    sizes, plans = _plans(system, scope, named)

    def representative(state: ir.State) -> ir.State:
        for plan in plans:
            renaming = _renaming_of(system, sizes, plan, state)
            if renaming:
                tables = list(state)
                for renamed in renaming:
                    tables[renamed.table] = renamed.of(tables[renamed.table])
                state = tuple(tables)
        return state

    return representative


def representative_number(
    system: ir.System, scope: ir.Scope, named: Mapping[str, int], contents: Contents
) -> Callable[[Numbers], Numbers]:
    """The same for states as numbers of `contents`."""
    sizes, plans = _plans(system, scope, named)
    parts = [part([each.table for each in plan.described]) for plan in plans]
    known: list[dict[object, tuple[_Renamed, ...]]] = [{} for _ in plans]
    renamed_number: dict[tuple[int, int], int] = {}

    def of(renamed: _Renamed, number: int) -> int:
        key = id(renamed), number
        found = renamed_number.get(key)
        if found is None:
            cells = renamed.of(contents.cells(renamed.table, number))
            found = renamed_number[key] = contents.number(renamed.table, cells)
        return found

    def representative(numbers: Numbers) -> Numbers:
        for plan, part_of, by_part in zip(plans, parts, known, strict=True):
            key = part_of(numbers)
            renaming = by_part.get(key)
            if renaming is None:
                renaming = by_part[key] = _renaming_of(system, sizes, plan, contents.state(numbers))
            if renaming:
                tables = list(numbers)
                for renamed in renaming:
                    tables[renamed.table] = of(renamed, tables[renamed.table])
                numbers = tuple(tables)
        return numbers

    return representative


def _plans(system: ir.System, scope: ir.Scope, named: Mapping[str, int]) -> tuple[dict[str, int], list[_Plan]]:
    """The sizes of all domains, and the sorts to be put in order."""
    sizes = dict(scope) | {name: len(members) for name, members in system.enums}
    movable = [sort for sort in system.sorts if sizes[sort] - named.get(sort, 0) > 1]
    movable.sort(key=lambda sort: _rank(system, sort))
    return sizes, [
        _Plan(sort, named.get(sort, 0), _describe(system, sizes, sort, set(movable[position:])))
        for position, sort in enumerate(movable)
    ]


def _renaming_of(system: ir.System, sizes: Mapping[str, int], plan: _Plan, state: ir.State) -> tuple[_Renamed, ...]:
    """What puts the elements of the state in order; nothing if they are."""
    order = _order(plan.described, plan.named, state)
    if order is None:
        return ()
    renaming = plan.renamings.get(order)
    if renaming is None:
        renaming = plan.renamings[order] = tuple(_renaming(system, sizes, plan.sort, order))
    return renaming


def _rank(system: ir.System, sort: str) -> tuple[int, int]:
    """Sorts that are only indexes come first, those that are only values last."""
    values = sum(var.domain == sort for var in system.vars)
    indexes = sum(sort in var.index for var in system.vars)
    return values if indexes else len(system.vars), values


def _describe(system: ir.System, sizes: Mapping[str, int], sort: str, unsettled: set[str]) -> tuple[_Described, ...]:
    """Values of sorts that are not in their final order yet count only as present."""
    found: list[_Described] = []
    for table, var in enumerate(system.vars):
        places: list[list[int]] = [[] for _ in range(sizes[sort])]
        if sort in var.index:
            for place, index in enumerate(product(*(range(sizes[name]) for name in var.index))):
                places[index[var.index.index(sort)]].append(place)
        if sort in var.index or var.domain == sort:
            rows = tuple(map(tuple, places))
            found.append(_Described(table, rows, var.domain in unsettled, var.domain == sort))
    return tuple(found)


def _order(described: tuple[_Described, ...], fixed: int, state: ir.State) -> tuple[int, ...] | None:
    """The elements in their new order; None if that is the old one."""
    keys = list(zip(*[each.of(state[each.table]) for each in described], strict=True))[fixed:]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if order == list(range(len(keys))):
        return None
    return (*range(fixed), *[fixed + k for k in order])


def _renaming(system: ir.System, sizes: Mapping[str, int], sort: str, order: tuple[int, ...]) -> list[_Renamed]:
    """Element `order[k]` gets the name k."""
    found: list[_Renamed] = []
    names = {element: k for k, element in enumerate(order)}
    for table, var in enumerate(system.vars):
        if sort in var.index or var.domain == sort:
            strides, stride = [], 1
            for name in reversed(var.index):
                strides.append(stride)
                stride *= sizes[name]
            strides.reverse()
            sources = tuple(
                sum(
                    step * (order[element] if name == sort else element)
                    for step, element, name in zip(strides, index, var.index, strict=True)
                )
                for index in product(*(range(sizes[name]) for name in var.index))
            )
            found.append(_Renamed(table, sources, names if var.domain == sort else None))
    return found
