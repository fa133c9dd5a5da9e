"""The state of a scope as numbered cells, cubes over them, and what renaming elements makes of a cube.

A *cell* is a predicate at some elements; its number is a literal of `Cells.circuit`, negative for its negation. A
*cube* is a conjunction of such literals, sorted; what PDR learns is the clause that denies it. No formula names an
element, so with a clause every clause that differs by a permutation of the elements of a sort holds as well: its
*orbit* (Goel and Sakallah, "Towards an automatic proof of Lamport's Paxos", FMCAD 2021; arXiv 2108.08796).
"""

from collections.abc import Collection, Iterable

from cowspec.encode.finite.circuit import FALSE, Circuit, Literal
from cowspec.encode.finite.decode import universe_of
from cowspec.encode.finite.ground import Table
from cowspec.encode.relational.formula import RelSystem
from cowspec.system.ir import Scope

Cube = tuple[Literal, ...]
"""Sorted by cell."""

MOST_IMAGES = 100_000
"""So many cubes are at most made of one."""

Named = tuple[tuple[str, tuple[int, ...], bool], ...]
"""A cube in words: predicate, elements, and whether it is true."""


class OrbitTooLarge(Exception):
    """A cube becomes more than `MOST_IMAGES` others by renaming elements."""


class Cells:
    """Every cell of the scope; those of `dead` predicates are `FALSE`. `names`: predicate and elements by number."""

    def __init__(self, rel: RelSystem, scope: Scope, dead: Collection[str] = ()) -> None:
        self.circuit = Circuit()
        self.universe = universe_of(scope)
        self.tables: dict[str, Table] = {}
        self.names: dict[Literal, tuple[str, tuple[int, ...]]] = {}
        self._number: dict[tuple[str, tuple[int, ...]], Literal] = {}
        for predicate in rel.predicates:
            table = self.tables[predicate.name] = []
            for elements in self.universe.tuples(predicate.sorts):
                if predicate.name in dead:
                    table.append(FALSE)
                    continue
                cell = self.circuit.variable()
                table.append(cell)
                self.names[cell] = predicate.name, elements
                self._number[predicate.name, elements] = cell
        sorts = {predicate.name: predicate.sorts for predicate in rel.predicates}
        self._swaps = tuple(
            self._swap(sorts, sort, element) for sort, size in scope for element in range(size - 1)
        )  # these generate every permutation

    def _swap(self, sorts: dict[str, tuple[str, ...]], sort: str, element: int) -> dict[Literal, Literal]:
        """What exchanging the element and the next one of its sort makes of each literal that it changes."""
        other = {element: element + 1, element + 1: element}
        changed: dict[Literal, Literal] = {}
        for cell, (name, elements) in self.names.items():
            renamed = tuple(other.get(e, e) if s == sort else e for e, s in zip(elements, sorts[name], strict=True))
            if renamed != elements:
                image = self._number[name, renamed]
                changed[cell], changed[-cell] = image, -image
        return changed

    def orbit(self, cube: Cube) -> tuple[Cube, ...]:
        """The cube and all that it becomes by renaming elements, sorted: the first stands for all. Raises
        `OrbitTooLarge`."""
        found = {cube}
        waiting = [cube]
        while waiting:
            each = waiting.pop()
            for swap in self._swaps:
                if any(literal in swap for literal in each):
                    image = cube_of(swap.get(literal, literal) for literal in each)
                    if image not in found:
                        if len(found) == MOST_IMAGES:
                            raise OrbitTooLarge
                        found.add(image)
                        waiting.append(image)
        return tuple(sorted(found))

    def named(self, cube: Cube) -> Named:
        return tuple((*self.names[abs(literal)], literal > 0) for literal in cube)

    def cube(self, named: Named) -> Cube:
        """The inverse of `named`."""
        return cube_of(self._number[name, elements] * (1 if holds else -1) for name, elements, holds in named)


def cube_of(literals: Iterable[Literal]) -> Cube:
    return tuple(sorted(literals, key=_order))


def _order(literal: Literal) -> tuple[int, bool]:
    return abs(literal), literal < 0
