"""Which random models the tests take: 200 with fixed seeds, 2,000 with COWSPEC_NIGHTLY=1."""

import os
from functools import lru_cache
from random import Random

from cases import Case
from random_models import model_of

NIGHTLY = os.environ.get("COWSPEC_NIGHTLY") == "1"
MODELS = 2000 if NIGHTLY else 200
CHUNK = 10
CHUNKS = [range(first, first + CHUNK) for first in range(0, MODELS, CHUNK)]


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
