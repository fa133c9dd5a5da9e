"""Obligations of certificates in jobs of a few each, and the answers in the order of the obligations."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from cowspec.judge.jobs import AnyJob, Died, Job, Runner

T = TypeVar("T")
SIZE = 20
"""Obligations in one job."""


def in_portions(
    runner: Runner,
    title: str,
    work: Callable[[range], tuple[T, ...]],
    count: int,
    seconds: float,
    lost: Callable[[int, str], T],
) -> tuple[T, ...]:
    """Runs `work` on parts of the numbers below `count`, for up to `seconds` each number. `lost` makes the answer for a
    number whose job died, from the reason."""
    found: dict[int, T] = {}

    def ended(part: range, answer: tuple[T, ...] | Died) -> Sequence[AnyJob]:
        if isinstance(answer, Died):
            reason = answer.reason
            answer = tuple(lost(number, reason) for number in part)
        found.update(zip(part, answer, strict=True))
        return []

    parts = [range(at, min(at + SIZE, count)) for at in range(0, count, SIZE)]
    runner(
        [
            Job(
                f"{title} {part.start + 1} to {part.stop}",
                partial(work, part),
                partial(ended, part),
                seconds * len(part),
            )
            for part in parts
        ]
    )
    return tuple(found[number] for number in range(count))
