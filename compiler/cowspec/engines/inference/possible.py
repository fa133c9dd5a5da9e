"""Whether any sample has some literals, of any elements: the test that every candidate lemma passes."""

from collections.abc import Sequence
from itertools import product

from cowspec.engines.inference.atoms import Literal, Names
from cowspec.engines.inference.bitsets import Batch


class Samples:
    """Literals about some names against batches of samples: a few first, all of them before a cube is impossible."""

    def __init__(self, names: Names, literals: Sequence[Literal], batches: Sequence[Batch]) -> None:
        self.names, self.literals, self._batches = names, literals, batches
        place = {name.name: k for k, name in enumerate(names)}
        self._own = [tuple(sorted(place[name] for name in atom.names)) for atom, _ in literals]
        self._sizes = [[batch.sizes[name.domain] for name in names] for batch in batches]
        self._known: list[list[dict[tuple[int, ...], int]]] = [[{} for _ in literals] for _ in batches]

    def possible(self, cube: Sequence[int]) -> bool:
        """Some sample has all these literals, of some elements."""
        at = [-1] * len(self.names)
        return any(self._place(b, cube, 0, at, batch.every) for b, batch in enumerate(self._batches))

    def _bits(self, b: int, k: int, elements: tuple[int, ...]) -> int:
        known = self._known[b][k]
        found = known.get(elements)
        if found is None:
            atom, truth = self.literals[k]
            where = {self.names[p].name: e for p, e in zip(self._own[k], elements, strict=True)}
            bits = self._batches[b].holds(atom.formula, where)
            found = known[elements] = bits if truth else self._batches[b].every & ~bits
        return found

    def _place(self, b: int, cube: Sequence[int], number: int, at: list[int], states: int) -> bool:
        if number == len(cube):
            return True
        own = self._own[cube[number]]
        free = [p for p in own if at[p] < 0]
        if not free:
            states &= self._bits(b, cube[number], tuple([at[p] for p in own]))
            return states != 0 and self._place(b, cube, number + 1, at, states)
        sizes = self._sizes[b]
        found = False
        for elements in product(*[range(sizes[p]) for p in free]):
            for p, element in zip(free, elements, strict=True):
                at[p] = element
            left = states & self._bits(b, cube[number], tuple([at[p] for p in own]))
            if left and self._place(b, cube, number + 1, at, left):
                found = True
                break
        for p in free:
            at[p] = -1
        return found
