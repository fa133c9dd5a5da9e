"""`cowspec cost`: the report as text and as data, the saved runs, statuses, bad input, an interrupt."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.main import run
from cowspec.judge.costing import cost_all, cost_selection, status_of_cost
from cowspec.judge.jobs import AnyJob, Died
from cowspec.judge.results import Disagreement
from cowspec.judge.selection import Selection, validate
from cowspec.report.costs import cost_files, cost_text
from cowspec.report.text import Style
from cowspec.system.build import build
from cowspec.system.ir import System
from cowspec.verdict import Limits
from test_costs import PURSE

SMALL = ("models/purse.cow", "--scope", "Item=1", "--max-steps", "6", "--jobs", "1")
LAVISH = """\
models/purse.cow: what a call spends, over all calls that end within 6 steps at Cpu=2, Item=1; fixes
  that are off: free_look

policy=lavish  coin   touched  lock
pay            1..4   0..1     1
spin           3..8+  0        0
never          no run within 6 steps
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "purse.cow").write_text(PURSE)
    return tmp_path


def purse() -> System:
    return build(check(load("purse.cow", PURSE, lambda name, user: None)), costs=True)


def test_the_table_and_the_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = [part for name in ("pay", "spin", "never") for part in ("--proc", name)]
    assert run(["cost", *SMALL, *only, "--set", "policy=lavish"]) == 4
    out, err = capsys.readouterr()
    assert out.startswith(LAVISH) and err == ""
    assert re.search(
        r"^  pay: coin 4(, \w+ \d)* in 5 steps: \.cowspec/purse-cost-pay-\w+-lavish\.json$", out, re.MULTILINE
    )
    assert "spin: coin 8+ in 5 steps" in out and out.endswith("\npolicy=lavish  as is\n")
    assert "\nN+             at least so many: counting stops there\n" in out
    assert len(out[len(LAVISH) :].split("for the other amounts (-v names them)")) == 2
    saved = sorted(path.name for path in (folder / ".cowspec").iterdir())
    assert "purse-cost-pay-coin_1-lavish.json" in saved and len(saved) >= 4
    assert all((folder / named).is_file() for named in re.findall(r"\.cowspec/\S+\.json", out))
    for name in saved:
        assert run(["trace", f".cowspec/{name}"]) == 0


def test_the_same_bytes_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        assert run(["cost", *SMALL, "--proc", "pay"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] and "policy=thrifty" in printed[0] and "policy=lavish" in printed[0]


def test_verbose_draws_the_runs_that_show_a_most(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", *SMALL, "--proc", "pay", "--set", "policy=lavish", "-v"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"coin 1, .*in 1 step:", out)
    assert out.count("CPU0\n") >= 2 and "[ cheap ]" in out and "-v names" not in out


def test_columns_that_do_not_fit_go_below(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "models" / "purse.cow").write_text(PURSE.replace("coin", "a_coin_with_a_rather_long_name"))
    assert run(["cost", *SMALL, "--proc", "pay", "--set", "policy=lavish", "--width", "50"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert [line for line in lines if line.startswith("operation  ")] == [
        "operation  a_coin_with_a_rather_long_name  touched",
        "operation  lock",
    ]


def test_a_setting_that_is_too_long_stands_above(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PURSE.replace("free_look", "a_fix_with_a_long_name_that_makes_looking_free")
    (folder / "models" / "purse.cow").write_text(text)
    options = ("--set", "policy=lavish,a_fix_with_a_long_name_that_makes_looking_free")
    assert run(["cost", *SMALL, "--proc", "pay", *options, "--width", "70"]) == 0
    head = "policy=lavish, a_fix_with_a_long_name_that_makes_looking_free"
    assert f"\n{head}\noperation  coin  touched  lock\npay        1..4" in capsys.readouterr().out


def test_only_an_operation_that_never_ends(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", *SMALL, "--proc", "never", "--set", "policy=lavish"]) == 4
    assert "\npolicy=lavish  coin  touched  lock\nnever          no run within 6 steps\n" in capsys.readouterr().out


def test_as_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", *SMALL, "--proc", "pay", "--proc", "never", "--set", "policy=lavish", "--json"]) == 4
    record = json.loads(capsys.readouterr().out)
    (found,) = record["costs"]
    assert (found["switches"], found["claim"]) == ({"policy": "lavish", "free_look": False}, "bounded")
    assert (found["scope"], found["steps"]) == ({"Cpu": 2, "Item": 1}, 6)
    pay, never = found["operations"]
    assert never == {"operation": "never", "ends": False}
    coin = pay["costs"]["coin"]
    assert (coin["least"], coin["most"], "or_more" in coin) == (1, 4, False)
    assert all((folder / coin[key]).is_file() for key in ("least_trace", "most_trace"))
    assert record["status"] == 4 and record["models"][0]["legend"]["lock"] == "`lock` taken"


def test_what_is_wrong_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "models/purse.cow", "--proc", "pya"]) == 2
    assert capsys.readouterr().err == ("error: there is no operation `pya` that has costs: did you mean `pay`?\n")
    assert run(["cost", "models/purse.cow", "--set", "policy=mean"]) == 2
    assert "choice of thrifty, lavish" in capsys.readouterr().err
    assert run(["cost"]) == 2
    (folder / "models" / "none.cow").write_text("sort Page var x[Page]: bool action a(p: Page) { x[p] := true }")
    assert run(["cost", "models/none.cow"]) == 5
    assert "nothing is counted" in capsys.readouterr().out


def test_other_commands_do_not_see_costs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "models/purse.cow"]) == 0
    out = capsys.readouterr().out
    assert "proc" not in out and "step" in out and "spend" not in out and "coin" not in out


def test_the_list_of_a_model_names_its_costs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "models/purse.cow"]) == 0
    assert "\ncosts\n  coin  coins spent\n  touched  other CPUs that had the item\n  lock  `lock` taken\n" in (
        capsys.readouterr().out
    )
    assert run(["list", "models/purse.cow", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["costs"][0] == {"name": "coin", "text": "coins spent"}


def test_an_interrupt_keeps_what_is_finished() -> None:
    def interrupted(jobs: Sequence[AnyJob]) -> None:
        assert len(jobs) == 2
        jobs[0].then(jobs[0].work())
        raise KeyboardInterrupt

    selection = validate([purse()], cost_selection(Selection(sizes=(("Item", 1),))))
    (report,) = cost_all([purse()], selection, Limits(2), interrupted, ("drop",))
    assert report.interrupted and len(report.settings) == 1 and status_of_cost([report]) == 4
    files, _ = cost_files([report], "out")
    text = cost_text([report], files, Style())
    assert "policy=thrifty" in text and "interrupted: the rest was not tried" in text


def test_a_worker_that_dies_and_engines_that_disagree() -> None:
    def lost(jobs: Sequence[AnyJob]) -> None:
        jobs[0].then(Died("no answer within 180 s"))
        jobs[1].then(Died("KeyError: 'x' (costs.py:1)", bug=True))

    selection = validate([purse()], cost_selection(Selection()))
    (report,) = cost_all([purse()], selection, Limits(2), lost, ("drop",))
    assert status_of_cost([report]) == 3
    text = cost_text([report], {}, Style())
    assert "unknown under policy=thrifty, no fix: no answer within 180 s" in text
    report.bugs.clear()
    assert status_of_cost([report]) == 4

    run_of = cost_all([purse()], selection, Limits(1), _first, ("drop",))[0].settings[0].operations[0].run
    assert run_of is not None
    report.disagreements.append(Disagreement("the run cannot be replayed", run_of))
    assert status_of_cost([report]) == 6
    files, texts = cost_files([report], "out")
    assert [path.rpartition("/")[2] for path in texts] == ["trace.json", "message.txt", "system.txt"]
    assert "engines disagree: the run cannot be replayed" in cost_text([report], files, Style())


def _first(jobs: Sequence[AnyJob]) -> None:
    jobs[0].then(jobs[0].work())
