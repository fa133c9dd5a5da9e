"""What `-v` says of proofs: what they rest on, and whether that is decidable."""

from pathlib import Path

import pytest
from cowspec.cli.main import run

MODEL = """module m
sort Page
var mapped[Page]: bool
var counted[Page]: bool
action map(p: Page) { mapped[p] := true  counted[p] := true }
invariant counts "": forall p: Page: mapped[p] -> counted[p]
transition stays "": forall p: Page: old(counted[p]) -> counted[p]
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.cow").write_text(MODEL)
    return tmp_path / "m.cow"


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert run(["prove", "m.cow", "--jobs", "1", "--no-cache", *args]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_what_proofs_rest_on_is_told_if_asked_for(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "inductive" not in said(capsys, "-i", "counts")
    told = said(capsys, "-i", "counts", "-i", "stays", "-v")
    assert "counts: proved, any size 2 obligations; inductive together: counts decidable fragment" in told
    assert "stays: proved, any size 1 obligation; nothing has to be inductive decidable fragment" in told
