"""`cowspec explain`: every code and every verdict has an explanation."""

import json

import pytest
from cowspec.cli.main import run
from cowspec.codes import CODES
from cowspec.judge.results import Finding
from cowspec.report.explain import VERDICTS, kind_of


def test_every_verdict_is_explained() -> None:
    words = {value for name, value in vars(Finding).items() if name.isupper()}
    assert set(VERDICTS) == words | {"vacuous"}
    assert {kind_of(code) for code in CODES} == {"error", "warning", "vacuous", "note", "result"}


def test_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "e203", "no violation"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"error[E203]: {CODES['E203'].title}\n\n  {CODES['E203'].explanation[:20]}")
    assert f"for example: {CODES['E203'].example}\n\nno_violation\n\n  No run of up to" in out


def test_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(f"{code}  {row.title[:30]}" in out for code, row in CODES.items()) and "verdicts: proved" in out
    assert run(["explain", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert set(record) == {*CODES, *VERDICTS} and record["proved"]["kind"] == "verdict"


def test_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "E2O3"]) == 2
    assert "there is no code or verdict `E2O3`: did you mean `E2" in capsys.readouterr().err
    assert run(["explain", "prooved"]) == 2
    assert "`prooved`: did you mean `proved`?" in capsys.readouterr().err
