"""Whatever a text says, the checker refuses it with diagnostics or accepts it; it never fails otherwise or hangs."""

import random
import re
from pathlib import Path

import pytest
from cowspec.check import context
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.diagnostics import CompileError, render
from cowspec.source import Source

CASES = Path(__file__).parents[1] / "cases" / "check"
WORD = re.compile(r'//[^\n]*|"[^"\n]*"|[A-Za-z_]\w*')
KEYWORD = r"(?:sort|struct|enum|var|def|macro|choice|fix|action|proc|step|let) "
DECLARED = re.compile(rf"(?:{KEYWORD}|[(,{{] *|: )([A-Za-z_]\w*)")


def find(name: str, user: str) -> Source | None:
    path = CASES / "lib" / f"{name}.cow"
    return Source(str(path), path.read_text()) if path.exists() else None


def mutate(text: str, draw: random.Random) -> str:
    """The text with one to three of its names replaced by others of its names."""
    names = sorted({match[1] for match in DECLARED.finditer(text)})
    for _ in range(draw.randint(1, 3) if names else 0):
        place = draw.choice([match for match in WORD.finditer(text) if match[0] in names])
        text = text[: place.start()] + draw.choice(names) + text[place.end() :]
    return text


@pytest.mark.parametrize("seed", range(60))
def test_mutants_are_accepted_or_refused(seed: int) -> None:
    draw = random.Random(seed)
    path = draw.choice(sorted(CASES.glob("*.cow")))
    program = load(str(path), mutate(path.read_text(), draw), find)
    try:
        model = check(program)
    except CompileError as error:
        assert all(diagnostic.message for diagnostic in error.diagnostics)
        assert render(error.diagnostics, program.sources)
    else:
        assert model.path == str(path)


def refused(text: str) -> set[str]:
    with pytest.raises(CompileError) as error:
        check(load("model.cow", text, find))
    return {diagnostic.code for diagnostic in error.value.diagnostics}


def test_many_large_declarations_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MAX_TOTAL", 100_000)
    doubled = "\n".join(f"def d{n}(b: bool) = d{n - 1}(d{n - 1}(d{n - 1}(b)))" for n in range(1, 2))
    actions = "\n".join(f"action a{n}() {{ require d1(d1(d1(ready))) }}" for n in range(100))
    assert refused(f"use base\ndef d0(b: bool) = b and b or not b\n{doubled}\n{actions}") == {"E114"}


def test_a_value_shared_by_copies_counts_at_its_depth() -> None:
    text = "use base\ndef n0(b: bool) = not not b\n"
    text += "\n".join(f"def n{n}(b: bool) = n{n - 1}(n{n - 1}(b))" for n in range(1, 12))
    assert refused(f"{text}\naction a() {{ require n11(ready) }}") == {"E115"}


def test_a_long_chain_of_defs_is_refused_once() -> None:
    text = "use base\ndef d0(b: bool) = b\n" + "\n".join(f"def d{n}(b: bool) = d{n - 1}(b)" for n in range(1, 150))
    assert refused(f"{text}\naction a() {{ require d149(ready) }}") == {"E115"}


def test_a_long_chain_of_operators_is_no_nesting() -> None:
    chain = " and ".join(["ready"] * 120)
    check(load("model.cow", f"use base\ninit {chain}", find))


def test_what_went_wrong_while_loading_can_be_printed() -> None:
    program = load("model.cow", "use missing\nsort Cpu Mm", find)
    with pytest.raises(CompileError) as error:
        check(program)
    assert "model.cow:2" in render(error.value.diagnostics, program.sources)
