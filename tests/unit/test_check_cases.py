"""Programs under tests/cases/check: each names, on the offending lines, exactly what is wrong with it.

`// error: E203 E107` stands on the line of a diagnostic, `// warning: W601` on that of a warning. Modules that a case
uses are looked up beside it, then in lib/; what is wrong in those is written in them.
"""

import re
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import Program, load
from cowspec.diagnostics import CODES, CompileError, render
from cowspec.source import Source

CASES = Path(__file__).parents[1] / "cases" / "check"
FILES = sorted(CASES.glob("*.cow"))
EXPECTED = re.compile(r"// (?:error|warning): ((?:[EW]\d{3} ?)+)")
WARNING = re.compile(r"^warning\[(W\d{3})\].*\n *--> (.*):(\d+):\d+", re.MULTILINE)

Finding = tuple[str, int, str]  # file, line, code


def find(name: str, user: str) -> Source | None:
    for folder in (Path(user).parent, CASES / "lib"):
        path = folder / f"{name.replace('.', '/')}.cow"
        if path.exists():
            return Source(str(path), path.read_text())
    return None


def expected(program: Program) -> list[Finding]:
    return sorted(
        (path, number, code)
        for path, source in program.sources.items()
        for number, line in enumerate(source.text.split("\n"), 1)
        for match in EXPECTED.finditer(line)
        for code in match[1].split()
    )


def found(program: Program) -> list[Finding]:
    try:
        model = check(program)
    except CompileError as error:
        text = render(error.diagnostics, program.sources)
        print(text)
        assert all(f"error[{diagnostic.code}]" in text for diagnostic in error.diagnostics)
        assert "None" not in text
        places = [(diagnostic.span, diagnostic.code) for diagnostic in error.diagnostics]
        assert all(span is not None for span, _ in places)
        return sorted(
            (span.path, program.sources[span.path].line_and_column(span.start)[0], code)
            for span, code in places
            if span is not None
        )
    warnings = [WARNING.match(warning) for warning in model.warnings]
    return sorted((match[2], int(match[3]), match[1]) for match in warnings if match)


def test_there_are_cases() -> None:
    assert len(FILES) > 50


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_expected_diagnostics(path: Path) -> None:
    program = load(str(path), path.read_text(), find)
    assert found(program) == expected(program)


def test_every_code_of_the_checker_has_a_case() -> None:
    texts = [path.read_text() for path in CASES.rglob("*.cow")]
    shown = {code for text in texts for match in EXPECTED.finditer(text) for code in match[1].split()}
    assert {code for code in CODES if code[:2] in ("E1", "E2", "E3", "E4", "W6")} == shown
