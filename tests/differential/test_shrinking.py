"""A failing model is shrunk to one that still fails, for the same reason, and is saved."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from broken import BROKEN
from cases import Case
from random_models import model_of
from shrinking import same_failure, saved, shrunk, small_bytes, small_model


@pytest.mark.parametrize("needed", [{3}, {0, 39}, {5, 6, 7, 20}, set(range(40))])
def test_what_is_not_needed_is_left_out(needed: set[int]) -> None:
    asked = []

    def fails(parts: Sequence[int]) -> bool:
        asked.append(parts)
        return needed <= set(parts)

    assert shrunk(range(40), fails) == sorted(needed)
    assert len(asked) < 200
    assert len(shrunk(range(40), fails, tries=3)) >= len(needed)


def test_bytes_are_shrunk() -> None:
    assert small_bytes(b"one\ntwo\nthree bad words\n" * 3, lambda data: b"bad" in data) == b"bad"


def test_a_disagreement_is_shrunk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = BROKEN[0]
    broken.patch(monkeypatch)

    def check(text: str, seed: int) -> None:
        broken.check(Case(text, Random(seed)))

    for seed in range(200):
        text = model_of(seed)
        try:
            check(text, seed)
        except AssertionError as error:
            fails = same_failure(lambda each, seed=seed: check(each, seed), error)
            small = small_model(text, fails, tries=25)
            break
    else:
        pytest.fail("nothing was noticed")
    assert fails(small) and len(small) < len(text)
    monkeypatch.setenv("COWSPEC_FOUND", str(tmp_path / "new"))
    path = saved("steps-1", small.encode(), ".cow")
    assert path.parent == tmp_path / "new" and path.read_text() == small
