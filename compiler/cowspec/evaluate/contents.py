"""The contents that tables were seen with, by number: a state is then a tuple of small integers, which is compared and
hashed much faster than what it stands for."""

from collections.abc import Callable, Sequence
from operator import itemgetter

from cowspec.system import ir

Cells = tuple[ir.Value, ...]
"""The contents of a table."""

Numbers = tuple[int, ...]
"""A state: for each table the number of its contents."""


class Contents:
    """The contents of each of some tables are numbered in the order in which they are first asked for."""

    def __init__(self, tables: int) -> None:
        self._numbers: list[dict[Cells, int]] = [{} for _ in range(tables)]
        self._cells: list[list[Cells]] = [[] for _ in range(tables)]

    def number(self, table: int, cells: Cells) -> int:
        known = self._numbers[table]
        found = known.get(cells)
        if found is None:
            found = known[cells] = len(known)
            self._cells[table].append(cells)
        return found

    def cells(self, table: int, number: int) -> Cells:
        return self._cells[table][number]

    def numbers(self, state: ir.State) -> Numbers:
        return tuple([self.number(table, cells) for table, cells in enumerate(state)])

    def state(self, numbers: Numbers) -> ir.State:
        return tuple([cells[number] for cells, number in zip(self._cells, numbers, strict=True)])


def part(tables: Sequence[int]) -> Callable[[Numbers], object]:
    """A function that gives the same for two states exactly if they agree on these tables."""
    return itemgetter(*tables) if tables else lambda numbers: ()
