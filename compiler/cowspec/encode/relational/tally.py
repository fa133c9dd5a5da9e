"""Sums of counts by thresholds: "at least k" as the existence of k pairwise different holders.

The sum of counts c1 + ... + cr is at least k exactly if k splits into k1 + ... + kr with at least ki holders in each
count: holders in different counts are different anyway. That is exact for every k; only its size grows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

from cowspec.encode.relational.connectives import conj, disj, exists, neg, same
from cowspec.encode.relational.formula import FALSE, TRUE, Formula, Sym

LARGEST = 2_000
"""No more than this many ways to split a threshold over the counts."""


class CountTooLarge(ValueError):
    """A sum of counts is compared with a number too large to spell out."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The body of a count for one tuple of names."""

    names: tuple[Sym, ...]
    body: Formula


def at_least(counts: list[Callable[[], Instance]], number: int) -> Formula:
    """The sum of the counts is at least `number`; each function gives its count's body for new names."""
    if number <= 0:
        return TRUE
    if not counts:
        return FALSE
    if comb(number + len(counts) - 1, number) > LARGEST:
        raise CountTooLarge(f"a sum of {len(counts)} counts compared with {number} is too large to spell out")
    found: dict[tuple[int, int], Formula] = {}

    def holders(position: int, share: int) -> Formula:
        if (position, share) not in found:
            found[position, share] = _holders(counts[position], share) if share else TRUE
        return found[position, share]

    return disj(
        conj(holders(position, share) for position, share in enumerate(split)) for split in _splits(number, len(counts))
    )


def _splits(number: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All tuples of `parts` numbers with sum `number`."""
    if parts == 1:
        yield (number,)
        return
    for first in range(number, -1, -1):
        for rest in _splits(number - first, parts - 1):
            yield (first, *rest)


def _holders(count: Callable[[], Instance], number: int) -> Formula:
    """At least `number` (>= 1) different tuples make the body true."""
    instances = [count() for _ in range(number)]
    if number > 1 and not instances[0].names:
        return FALSE
    different = (
        disj(neg(same(left, right)) for left, right in zip(one.names, two.names, strict=True))
        for one, two in combinations(instances, 2)
    )
    body = conj((*(instance.body for instance in instances), *different))
    return exists((name for instance in instances for name in instance.names), body)
