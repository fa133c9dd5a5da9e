"""The cheapest cube of a state's literals that no sample has: an implicit hitting set.

Of the literals that are true in the state, a set is *possible* if some sample has all of them, of some elements. A
cube is impossible exactly if it has a literal outside of every maximal possible set. So: take the cheapest cube that
meets the complements of all maximal possible sets found so far; if a sample has it, enlarge what that sample has to a
maximal possible set, and repeat (Ignatiev, Previti, Liffiton, Marques-Silva: Smallest MUS Extraction with Minimal
Hitting Set Dualization, CP 2015).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from cowspec.engines.inference.atoms import Literal, Names, cost
from cowspec.engines.inference.bitsets import Batch
from pysat.examples.rc2 import RC2
from pysat.formula import WCNF

MAX_COST = 26
"""No lemma costs more, a plain literal being worth 3: what needs a longer one is not found."""


@dataclass(slots=True)
class Instances:
    """The truth of atoms in a batch of samples, by the elements that their names stand for."""

    batch: Batch
    known: dict[tuple[object, tuple[int, ...]], int]

    def bits(self, literal: Literal, names: Sequence[str], elements: Sequence[int]) -> int:
        atom, truth = literal
        key = (atom.formula, tuple(elements))
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.batch.holds(atom.formula, dict(zip(names, elements, strict=True)))
        return found if truth else self.batch.every & ~found


def instances(batch: Batch) -> Instances:
    return Instances(batch, {})


class Cover:
    """The literals of one state about `names`, against the samples. `apart`: no cube has two of these."""

    def __init__(
        self, names: Names, literals: Sequence[Literal], batches: Sequence[Instances], apart: Sequence[int] = ()
    ) -> None:
        self._names, self._literals, self._batches = names, literals, batches
        self._sorts = {name.name: name.domain for name in names}
        self._own = [tuple(sorted(atom.names)) for atom, _ in literals]
        formula = WCNF()
        for number, literal in enumerate(literals, 1):
            formula.append([-number], weight=max(1, (cost(*literal) + 1) // 3))
        for one, two in combinations(apart, 2):
            formula.append([-(one + 1), -(two + 1)])
        self._solver = RC2(formula)
        self._count = len(literals)
        self.rounds = 0

    def cubes(self, give_up: Callable[[], bool]) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Impossible cubes, as numbers of literals, each with its cost, cheapest first; none contains another."""
        while not give_up():
            model = self._solver.compute()
            if model is None or self._solver.cost > MAX_COST:
                return
            chosen = tuple(k for k in range(self._count) if model[k] > 0)
            self.rounds += 1
            possible = self._possible(chosen)
            if possible is None:
                yield self._solver.cost, chosen
                self._solver.add_clause([-(k + 1) for k in chosen])
            else:
                self._solver.add_clause([k + 1 for k in range(self._count) if k not in possible])

    def compare(self, batches: Iterable[Instances]) -> None:
        """From now on also with these samples."""
        self._batches = [*self._batches, *batches]

    def close(self) -> None:
        self._solver.delete()

    def _possible(self, cube: Sequence[int]) -> set[int] | None:
        """A large set of literals around the cube that some sample has; None if none has the cube."""
        for batch in self._batches:
            found = self._place(batch, list(cube), {}, batch.batch.every)
            if found is not None:
                return self._enlarged(batch, *found)
        return None

    def _place(
        self, batch: Instances, cube: list[int], at: dict[str, int], states: int
    ) -> tuple[dict[str, int], int] | None:
        """Elements for the cube's names, and samples that have the cube of them."""
        rest = []
        for k in cube:
            if all(name in at for name in self._own[k]):
                states &= self._bits(batch, k, at)
                if not states:
                    return None
            else:
                rest.append(k)
        if not rest:
            return at, states
        k = min(rest, key=lambda k: sum(name not in at for name in self._own[k]))
        name = next(name for name in self._own[k] if name not in at)
        for element in range(batch.batch.sizes[self._sorts[name]]):
            found = self._place(batch, rest, {**at, name: element}, states)
            if found is not None:
                return found
        return None

    def _bits(self, batch: Instances, k: int, at: dict[str, int]) -> int:
        return batch.bits(self._literals[k], self._own[k], [at[name] for name in self._own[k]])

    def _enlarged(self, batch: Instances, at: dict[str, int], states: int) -> set[int]:
        """Greedily: more literals of the elements placed so far, then for each other name the element that allows
        most."""
        kept: set[int] = set()
        states = self._grow(batch, at, states, kept)
        for name in [name.name for name in self._names if name.name not in at]:
            best: tuple[int, int, int, set[int]] | None = None
            for element in range(batch.batch.sizes[self._sorts[name]]):
                trial, larger = {**at, name: element}, set(kept)
                left = self._grow(batch, trial, states, larger)
                if best is None or len(larger) > best[0]:
                    best = (len(larger), element, left, larger)
            if best is not None:
                at, states, kept = {**at, name: best[1]}, best[2], best[3]
        return kept

    def _grow(self, batch: Instances, at: dict[str, int], states: int, kept: set[int]) -> int:
        for k in range(self._count):
            if k not in kept and all(name in at for name in self._own[k]):
                both = states & self._bits(batch, k, at)
                if both:
                    states = both
                    kept.add(k)
        return states
