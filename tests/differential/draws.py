"""Where the random models get their choices from: a seed, or hypothesis (which can then shrink the model).

The first alternative of every choice is the simplest one, so that a shrunken model is a simple one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draws:
    """`below(n)` is a number from 0 to n - 1."""

    below: Callable[[int], int]

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))] if len(options) > 1 else options[0]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; the simple answer is no."""
        return self.below(100) >= 100 - percent

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def several(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Different ones of the options, in their order."""
        left = list(range(len(options)))
        chosen = []
        for _ in range(min(self.between(least, most), len(options))):
            chosen.append(left.pop(self.below(len(left))))
        return [options[number] for number in sorted(chosen)]

    def weighted(self, options: Sequence[tuple[int, T]]) -> T:
        number = self.below(sum(weight for weight, _ in options))
        for weight, option in options:
            if number < weight:
                return option
            number -= weight
        raise AssertionError("the weights do not add up")


def from_seed(seed: int) -> Draws:
    return Draws(Random(seed).randrange)
