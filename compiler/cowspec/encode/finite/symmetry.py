"""Elements of a sort are interchangeable: of all runs that differ by a renaming only, keep one.

No formula names an element, so renaming the elements of one sort turns runs into runs. From each run, read for each
sort S a sequence of its elements such that renaming S renames the sequence and renaming the sorts treated after S
leaves it alone; then some renaming makes the elements of every sequence appear in their order (first 0, then 0 or 1,
...), and only such runs are kept (value precedence: Law and Lee, "Global constraints for integer and set value
precedence", 2004). The sequence of S here: the values of those cells of the start state whose index has only sorts
treated before S, then the params and choices of the steps.
"""

from collections.abc import Mapping, Sequence

from cowspec.encode.finite.circuit import TRUE, Circuit, Clauses, Literal
from cowspec.encode.finite.ground import Table, Universe

Cells = Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
"""For each sort, the predicates whose cells begin its sequence, with their sorts (the last is the value's)."""

Seen = Mapping[str, Sequence[tuple[Literal, Literal]]]
"""For each sort and each element but the last: was it named so far, in this frame and in the next."""


def start_cells(chosen: Sequence[tuple[str, tuple[str, ...], str]]) -> Cells:
    """Those predicates `(name, index, sort of the value)`, of what a start state may choose, that can serve: they are
    taken in order as long as no sort would be treated both before and after another."""
    before: dict[str, set[str]] = {}

    def reaches(sort: str, target: str) -> bool:
        return sort == target or any(reaches(b, target) for b in before.get(sort, ()))

    cells: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for name, index, sort in chosen:
        if not any(reaches(of_index, sort) for of_index in index):
            before.setdefault(sort, set()).update(index)
            cells[sort] = (*cells.get(sort, ()), (name, (*index, sort)))
    return cells


class Symmetry:
    def __init__(self, circuit: Circuit, universe: Universe, sorts: Sequence[str]) -> None:
        self._circuit = circuit
        self._universe = universe
        self._sorts = sorts

    def start(self, clauses: Clauses, tables: Mapping[str, Table], seen: Seen, cells: Cells) -> None:
        """Order by the cells of the first frame; what they named is seen there."""
        for sort in self._sorts:
            size = self._universe.sizes[sort]
            if size == 1:
                continue
            named: list[Literal] = [-TRUE] * (size - 1)
            for name, sorts in cells.get(sort, ()):
                for cell in range(len(self._universe.tuples(sorts[:-1]))):
                    values = tables[name][cell * size : (cell + 1) * size]
                    named = self._next(clauses, named, TRUE, values)
            for (now, _), literal in zip(seen[sort], named, strict=True):
                clauses.require(-now, literal)

    def step(self, clauses: Clauses, seen: Seen, uses: Sequence[tuple[str, Literal, tuple[Literal, ...]]]) -> None:
        """Order by the registers: for each its sort, whether it is used, and its literals."""
        for sort in self._sorts:
            named = [now for now, _ in seen[sort]]
            for used_sort, used, register in uses:
                if used_sort == sort:
                    named = self._next(clauses, named, used, register)
            for (_, later), literal in zip(seen[sort], named, strict=True):
                clauses.require(-later, literal)

    def _next(
        self, clauses: Clauses, named: Sequence[Literal], used: Literal, values: Sequence[Literal]
    ) -> list[Literal]:
        """What is named after one more value, which may be new only if all elements before it are named."""
        for element, literal in enumerate(values):
            if element > 0:
                clauses.require(-used, -literal, named[element - 1])
        return [
            self._circuit.any((before, self._circuit.all((used, literal))))
            for before, literal in zip(named, values, strict=False)
        ]
