"""Whether any sample has some literals, of any elements: the test that every candidate lemma passes."""

from collections.abc import Iterable, Sequence
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

    def ruled_out(self, cube: Sequence[int], masks: Sequence[Sequence[int]], among: Iterable[int]) -> list[int]:
        """Those of the regions in which no sample has all these literals. `masks`: of each batch, for each region the
        samples that are in it."""
        alive = list(among)
        at = [-1] * len(self.names)
        for b in range(len(self._batches)):
            if not alive:
                break
            self._sift(b, cube, 0, at, _together(masks[b], alive), masks[b], alive)
        return alive

    def _sift(
        self,
        b: int,
        cube: Sequence[int],
        number: int,
        at: list[int],
        states: int,
        masks: Sequence[int],
        alive: list[int],
    ) -> None:
        """Takes from `alive` each region in which some of the states has the rest of the cube."""
        if number == len(cube):
            alive[:] = [region for region in alive if not states & masks[region]]
            return
        own = self._own[cube[number]]
        free = [p for p in own if at[p] < 0]
        sizes = self._sizes[b]
        left = len(alive)
        for elements in product(*[range(sizes[p]) for p in free]) if free else ((),):
            for p, element in zip(free, elements, strict=True):
                at[p] = element
            both = states & self._bits(b, cube[number], tuple([at[p] for p in own]))
            if both:
                self._sift(b, cube, number + 1, at, both, masks, alive)
                if len(alive) < left:
                    left = len(alive)
                    states &= _together(masks, alive)
                if not states:
                    break
        for p in free:
            at[p] = -1

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


def _together(masks: Sequence[int], regions: Iterable[int]) -> int:
    found = 0
    for region in regions:
        found |= masks[region]
    return found
