"""The agreement tests are worth something: with any of these mistakes in an encoder they fail, within few seeds."""

from random import Random

import pytest
from broken import BROKEN, Broken
from cases import Case
from random_models import model_of

SEEDS = 200


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_mistake_is_noticed(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.patch(monkeypatch)
    for seed in (*range(broken.first, SEEDS), *range(broken.first)):
        text = model_of(seed)
        if broken.word not in text:
            continue
        try:
            broken.check(Case(text, Random(seed)))
        except Exception as error:
            assert not isinstance(error, TypeError | AttributeError | NameError), "the mistake is in the test"
            return
    pytest.fail(f"no model of {SEEDS} notices that {broken.name}")
