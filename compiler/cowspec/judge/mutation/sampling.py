"""Which mutants are tried: of some kinds or names, a sample of them, or one of several parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from cowspec.judge.selection import SelectionError, suggestion
from cowspec.mutation.mutants import Mutant
from cowspec.syntax.ast import Mutation


@dataclass(frozen=True, slots=True)
class Sample:
    """Which mutants: of these kinds (none: of all), and of these names (none: of all), no more than `limit` of them,
    drawn by the seed of the limits; of what is left the `part` of so many, counted from 1."""

    kinds: tuple[Mutation, ...] = ()
    limit: int | None = None
    names: tuple[str, ...] = ()
    part: tuple[int, int] = (1, 1)


def chosen(everything: Sequence[Mutant], sample: Sample, seed: int) -> list[Mutant]:
    """The sample, in the order of the mutants. Raises `SelectionError` for a name that none of them has."""
    known = [each.name for each in everything]
    for name in sample.names:
        if name not in known:
            raise SelectionError(f"there is no mutant `{name}`{suggestion(name, known)}")
    wanted = [
        each
        for each in everything
        if (not sample.kinds or each.mutation in sample.kinds) and (not sample.names or each.name in sample.names)
    ]
    if sample.limit is not None and sample.limit < len(wanted):
        drawn = sorted(Random(seed).sample(range(len(wanted)), sample.limit))
        wanted = [wanted[number] for number in drawn]
    number, parts = sample.part
    return wanted[(number - 1) * len(wanted) // parts : number * len(wanted) // parts]
