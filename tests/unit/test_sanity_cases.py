"""Models under tests/cases/sanity: each names, on the lines where `check` remarks something, exactly what.

`// vacuous: V702` and `// note: N801` stand on the line of a remark; on the first one if it has no place. A line
`// run: --necessary` asks for the lemmas that are needed, too.
"""

import re
from pathlib import Path

import pytest
from cowspec.check.check import check as check_program
from cowspec.check.modules import load
from cowspec.codes import CODES
from cowspec.judge.check import check
from cowspec.judge.jobs import run_here
from cowspec.judge.results import ModelReport, status_of_check
from cowspec.judge.selection import Selection
from cowspec.report.places import place_of
from cowspec.system.build import build
from cowspec.verdict import Limits

CASES = Path(__file__).parents[1] / "cases" / "sanity"
FILES = sorted(CASES.glob("*.cow"))
EXPECTED = re.compile(r"// (?:vacuous|note): ([VN]\d{3})")
LIMITS = Limits(max_steps=8, timeout=20.0)


def judged(path: Path) -> ModelReport:
    text = path.read_text()
    system = build(check_program(load(str(path), text, lambda name, user: None)))
    (report,) = check([system], Selection(), LIMITS, run_here, necessary="// run: --necessary" in text)
    return report


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_expected_remarks(path: Path) -> None:
    report = judged(path)
    lines = enumerate(path.read_text().split("\n"), 1)
    expected = [(number, code) for number, line in lines for code in EXPECTED.findall(line)]
    found = [(place_of(report.system, remark.span).line, remark.code) for remark in report.remarks]
    assert sorted(found) == expected, report.remarks
    assert all(result.as_declared for result in report.results), report.results
    assert status_of_check([report]) == (7 if any(code.startswith("V") for _, code in expected) else 0)
    assert report.notes == () and report.bugs == ()


def test_every_remark_has_a_case() -> None:
    shown = {code for path in FILES for code in EXPECTED.findall(path.read_text())}
    assert {code for code in CODES if code[0] in "VN"} - {"N806", "N807"} == shown
