"""What stands for a state in the search of a script: what the rest of the script and the property depend on, up to
permutations of the elements that the script does not name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from cowspec.evaluate.contents import Contents, Numbers
from cowspec.evaluate.effects import Changes
from cowspec.evaluate.relevance import Cells, matches, relevant_cells
from cowspec.evaluate.script import Line, counters_of, uses_of
from cowspec.evaluate.symmetry import representative_number
from cowspec.system import ir

Position = tuple[int, bool]
"""Lines done, and whether the next has begun."""

Looks = Numbers
"""What matters of a state: for each table that matters the number of what matters of its contents."""


class Keys:
    """At one position of the script. Two states have the same key only if they are equal in all that matters from there
    on. `numbers`, of a state or in changes, are those of the contents of its tables."""

    def __init__(
        self,
        system: ir.System,
        scope: ir.Scope,
        named: Mapping[str, int],
        lines: tuple[Line, ...],
        position: Position,
        asked: Sequence[ir.Formula],
    ) -> None:
        counters: Cells = {system.vars[table].name: {(None,)} for table in counters_of(system).values()}
        cells = relevant_cells(uses_of(system, lines, *position), asked, counters)
        self._tables = tuple(number for number, var in enumerate(system.vars) if var.name in cells)
        self._places = {table: place for place, table in enumerate(self._tables)}
        reduced = replace(system, vars=tuple(system.vars[number] for number in self._tables))
        self._hidden = _hidden_places(reduced, scope, cells)
        self._contents = Contents(len(self._tables))
        self._seen: list[dict[int, int]] = [{} for _ in self._tables]
        self._permuted = representative_number(reduced, scope, named, self._contents)
        self._keys: dict[Looks, int] = {}
        self._classes: dict[Looks, int] = {}

    def looks(self, state: ir.State, numbers: Numbers) -> Looks:
        pairs = enumerate(self._tables)
        return tuple([self._number(place, state[table], numbers[table]) for place, table in pairs])

    def looks_after(self, looks: Looks, changes: Changes) -> Looks:
        """Of the state after the changes."""
        after = list(looks)
        for table, cells, number in changes:
            place = self._places.get(table)
            if place is not None:
                after[place] = self._number(place, cells, number)
        return tuple(after)

    def key(self, looks: Looks) -> int:
        found = self._keys.get(looks)
        if found is None:
            found = self._keys[looks] = self._classes.setdefault(self._permuted(looks), len(self._classes))
        return found

    def _number(self, place: int, cells: tuple[ir.Value, ...], number: int) -> int:
        """Of what matters of these contents, of which `number` is the number."""
        seen = self._seen[place]
        found = seen.get(number)
        if found is None:
            hidden = self._hidden.get(place)
            if hidden is not None:
                cells = tuple([None if hide else value for hide, value in zip(hidden, cells, strict=True)])
            found = seen[number] = self._contents.number(place, cells)
        return found


def _hidden_places(system: ir.System, scope: ir.Scope, cells: Cells) -> dict[int, tuple[bool, ...]]:
    """For each table with cells that are not relevant: which."""
    sizes = dict(scope) | {name: len(members) for name, members in system.enums}
    found: dict[int, tuple[bool, ...]] = {}
    for table, var in enumerate(system.vars):
        places = product(*(range(sizes[name]) for name in var.index))
        is_hidden = tuple([not matches(place, cells[var.name]) for place in places])
        if any(is_hidden):
            found[table] = is_hidden
    return found
