"""On random small models the evaluator, the any-size encoding and the finite encoding agree: on next states, on values
of properties, on start states, and on verdicts; and two solvers on obligations. See `agreement.py`, `second_judge.py`
and `verdict_agreement.py` for what exactly."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NoReturn

import pytest
from agreement import check_fol, check_format, check_namings, check_starts, check_steps
from cases import Case, Disagreement
from coverage_of import WANTED, constructs
from hypothesis import HealthCheck, given, settings
from random_models import models
from scope_agreement import check_pdr
from second_judge import check_proofs, check_texts
from seeds import CHUNKS, NIGHTLY, case, chunk_name
from shrinking import same_failure, saved, small_model
from verdict_agreement import check_bmc, check_cti, check_facts, check_induction, check_symmetry

Check = tuple[Callable[[Case], int], int, int]
"""A check, on every how manieth model it is made, and how much it must have compared in a chunk."""

ABOUT_STATES: tuple[Check, ...] = (
    (check_steps, 1, 50), (check_starts, 1, 3), (check_format, 2, 5), (check_namings, 9, 0), (check_fol, 5, 0),
)  # fmt: skip
ABOUT_PROOFS: tuple[Check, ...] = ((check_texts, 3, 20), (check_proofs, 8, 0))
ABOUT_RUNS: tuple[Check, ...] = (
    (check_facts, 1, 0), (check_symmetry, 2, 1), (check_bmc, 3, 10), (check_cti, 1, 10), (check_induction, 12, 0),
    (check_pdr, 1, 10),
)  # fmt: skip


@pytest.mark.parametrize("chunk", CHUNKS, ids=chunk_name)
def test_random_models(chunk: range) -> None:
    agree((*ABOUT_STATES, *ABOUT_PROOFS, *ABOUT_RUNS), chunk)


def agree(checks: tuple[Check, ...], chunk: range) -> None:
    """Every check on the models of the chunk; fails with the model that it fails at, or if too little was compared."""
    compared: Counter[str] = Counter()
    for seed in chunk:
        for check, every, _ in checks:
            if seed % every:
                continue
            try:
                compared[check.__name__] += check(case(seed))
            except Exception as error:
                report(check, seed, error)
    for check, _, least in checks:
        assert compared[check.__name__] >= least, f"{check.__name__} compared only {compared[check.__name__]}"


def report(check: Callable[[Case], int], seed: int, error: Exception) -> NoReturn:
    """Fails with the smallest model of the disagreement, which is saved, too."""
    small = small_model(case(seed).text, same_failure(lambda text: check(Case(text, Random(seed))), error))
    path = saved(f"{check.__name__}-{seed}", small.encode(), ".cow")
    pytest.fail(f"{check.__name__}, seed {seed}: {type(error).__name__}: {error}\n\n{path}:\n{small}")


def test_every_construct_is_in_the_models() -> None:
    found: Counter[str] = Counter()
    for seed in range(100):
        model = case(seed)
        found += constructs(model.text, model.system)
    assert not WANTED - set(found)


@given(models())
@settings(max_examples=200 if NIGHTLY else 10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_models_that_can_be_shrunk(text: str) -> None:
    """The same by hypothesis: a failure comes with the smallest model that it could find."""
    for check, _, _ in ABOUT_STATES:
        check(Case(text, Random(0)))


def test_a_disagreement_is_an_assertion() -> None:
    with pytest.raises(AssertionError):
        raise Disagreement("the evaluator says otherwise")
