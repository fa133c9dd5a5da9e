"""The smallest models of disagreements that were found: each check on each, with several samples."""

from pathlib import Path
from random import Random

import pytest
from agreement import check_fol, check_format, check_namings, check_starts, check_steps
from cases import Case
from scope_agreement import check_pdr
from verdict_agreement import check_bmc, check_cti, check_facts, check_induction, check_symmetry

FOUND = sorted((Path(__file__).parent / "found").glob("*.cow"))


def test_there_are_some() -> None:
    assert FOUND


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_agrees_now(path: Path) -> None:
    for seed in range(4):
        for check in (check_steps, check_starts, check_namings, check_fol, check_bmc, check_cti):
            check(Case(path.read_text(), Random(seed)))
    for once in (check_format, check_facts, check_symmetry, check_induction, check_pdr):
        once(Case(path.read_text(), Random(0)))
