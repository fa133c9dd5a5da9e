"""Which random models the tests take: 200 with fixed seeds, 2,000 with COWSPEC_NIGHTLY=1; COWSPEC_FIRST_MODEL=N begins
with seed N, for others than last time."""

import os
from functools import lru_cache
from random import Random

from cases import Case
from random_models import model_of

NIGHTLY = os.environ.get("COWSPEC_NIGHTLY") == "1"
CHUNK = 10


def chunks(size: int) -> list[range]:
    """The seeds, so many in a test."""
    begin = int(os.environ.get("COWSPEC_FIRST_MODEL", "0"))
    return [range(first, first + size) for first in range(begin, begin + (2000 if NIGHTLY else 200), size)]


CHUNKS = chunks(CHUNK)


@lru_cache(maxsize=4 * CHUNK)
def compiled(seed: int) -> Case:
    """Kept, as several tests look at one model; what they sample is decided by `case`."""
    return Case(model_of(seed), Random(seed))


def case(seed: int) -> Case:
    """The model of a seed, with the same samples whatever was tried before."""
    found = compiled(seed)
    found.random.seed(seed)
    return found


def chunk_name(chunk: range) -> str:
    return f"{chunk.start}-{chunk.stop - 1}"
