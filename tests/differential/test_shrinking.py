"""A failing model is shrunk to one that still fails, for the same reason, and is saved."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from cases import Disagreement, compile_text
from cowspec.system import ir
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
    """With a check that finds fault with every `choose`."""

    def check(text: str) -> None:
        steps = compile_text(text).steps
        if any(choices(step) for step in steps):
            raise Disagreement("a choice")

    text = next(text for text in map(model_of, range(50)) if ":= choose" in text)
    with pytest.raises(Disagreement) as error:
        check(text)
    fails = same_failure(check, error.value)
    small = small_model(text, fails, tries=60)
    assert fails(small) and small.count("\n") < 12 < text.count("\n") and not fails(small.replace("choose", ""))
    monkeypatch.setenv("COWSPEC_FOUND", str(tmp_path / "new"))
    path = saved("steps-1", small.encode(), ".cow")
    assert path.parent == tmp_path / "new" and path.read_text() == small


def choices(step: ir.Step) -> bool:
    return "Choose(" in repr(step.body)
