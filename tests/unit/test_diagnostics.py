"""`render` is readable and harmless, whatever stands in the texts."""

import unicodedata

import pytest
from cowspec.diagnostics import CODES, CompileError, Diagnostic, render
from cowspec.source import Source, Span
from hypothesis import given, settings
from hypothesis import strategies as st

FORK = Source("fork.cow", "proc fork() {\n  map q -> f1\n\n  map q -> f2\n}\n")


def span_of(source: Source, text: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(text, start + 1)
    return Span(source.path, start, start + len(text))


def rendered(source: Source, *diagnostics: Diagnostic) -> str:
    return render(diagnostics, {source.path: source})


def test_two_places_and_a_hint() -> None:
    diagnostic = Diagnostic(
        "E001",
        "page `q` is mapped twice",
        span_of(FORK, "q", 1),
        "second mapping",
        ((span_of(FORK, "q"), "first mapping"),),
        "use `remap q -> f2` to replace a mapping",
    )
    assert rendered(FORK, diagnostic) == (
        "error[E001]: page `q` is mapped twice\n"
        " --> fork.cow:4:7\n"
        "  |\n"
        "4 |   map q -> f2\n"
        "  |       ^ second mapping\n"
        " --> fork.cow:2:7\n"
        "  |\n"
        "2 |   map q -> f1\n"
        "  |       - first mapping\n"
        "hint: use `remap q -> f2` to replace a mapping"
    )


def test_order_of_place_and_each_once() -> None:
    second = Diagnostic("E001", "second", span_of(FORK, "f2"))
    first = Diagnostic("E001", "first", span_of(FORK, "f1"))
    nowhere = Diagnostic("E001", "about the whole", None)
    text = rendered(FORK, second, first, second, nowhere)
    assert [line for line in text.splitlines() if line.startswith("error")] == [
        "error[E001]: about the whole",
        "error[E001]: first",
        "error[E001]: second",
    ]


def test_files_are_kept_apart() -> None:
    a, b = Source("a.cow", "x\ny\n"), Source("b.cow", "z\n")
    in_b = Diagnostic("E001", "in b", Span("b.cow", 0, 1))
    in_a = Diagnostic("E001", "in a", Span("a.cow", 2, 3))
    lines = render([in_b, in_a], {"a.cow": a, "b.cow": b}).splitlines()
    assert [line for line in lines if "-->" in line] == [" --> a.cow:2:1", " --> b.cow:1:1"]


def test_gutter_is_as_wide_as_the_widest_number() -> None:
    source = Source("long.cow", "\n" * 99 + "here")
    diagnostic = Diagnostic("E001", "m", Span("long.cow", 99, 103), more=((Span("long.cow", 0, 0), "top"),))
    lines = rendered(source, diagnostic).splitlines()
    assert lines[1:5] == ["   --> long.cow:100:1", "    |", "100 | here", "    | ^^^^"]
    assert lines[5:9] == ["   --> long.cow:1:1", "    |", "  1 |", "    | - top"]


def test_end_of_text_and_places_past_it() -> None:
    assert rendered(FORK, Diagnostic("E002", "m", Span("fork.cow", len(FORK.text), len(FORK.text)))).splitlines() == [
        "error[E002]: m",
        " --> fork.cow:6:1",
        "  |",
        "6 |",
        "  | ^",
    ]
    assert " --> fork.cow:6:1" in rendered(FORK, Diagnostic("E002", "m", Span("fork.cow", 10_000, 10_001)))


def test_a_place_of_several_lines_is_marked_on_its_first() -> None:
    span = Span("fork.cow", 0, len(FORK.text))
    assert rendered(FORK, Diagnostic("E001", "m", span)).splitlines()[-1] == "  | " + "^" * len("proc fork() {")


def test_tabs_and_wide_characters_keep_the_marks_in_place() -> None:
    source = Source("t.cow", "\tx 漢字 y // e\u0301 z")
    assert rendered(source, Diagnostic("E001", "m", span_of(source, "y"))).splitlines()[3:] == [
        "1 |     x 漢字 y // e\u0301 z",
        "  |            ^",
    ]
    assert rendered(source, Diagnostic("E001", "m", span_of(source, "z"))).splitlines()[4] == "  |" + " " * 19 + "^"


def test_control_characters_never_reach_the_terminal() -> None:
    source = Source("\x1b[2J.cow", "a\x1b[31mb\x07\u202e\ud800 \x00c\r\n")
    diagnostic = Diagnostic(
        "E003", "character `\x1b`", Span(source.path, 1, 2), "\x9b1m", ((Span(source.path, 0, 1), "\u2066"),), "\x08"
    )
    text = render([diagnostic], {source.path: source})
    assert text.encode("utf-8").isascii()
    assert all(character == "\n" or character.isprintable() for character in text)
    assert "a\\x1b[31mb\\x07\\u{202e}\\u{d800} \\x00c" in text


def test_a_long_line_is_cut_around_the_place() -> None:
    source = Source("l.cow", "a" * 50_000 + "HERE" + "b" * 50_000)
    lines = rendered(source, Diagnostic("E001", "m", span_of(source, "HERE"))).splitlines()
    assert max(map(len, lines)) < 130
    assert lines[1] == " --> l.cow:1:50001"
    column = lines[4].index("^")
    assert lines[4][column:] == "^^^^"
    assert lines[3][column : column + 4] == "HERE"


def test_an_unknown_text_still_names_the_file() -> None:
    assert render([Diagnostic("E001", "m", Span("gone.cow", 3, 4), "l")], {}) == "error[E001]: m\n --> gone.cow"


def test_codes() -> None:
    with pytest.raises(ValueError, match="E999"):
        Diagnostic("E999", "m", None)
    with pytest.raises(ValueError, match="without"):
        CompileError([])
    for code, row in CODES.items():
        assert code[0] in "EWVNR" and code[1:].isdigit() and len(code) == 4, code
        assert row.title and row.example and row.explanation.endswith("."), code
        for kind in ("W6", "V7", "N8", "R9"):
            assert code.startswith(kind) == code.startswith(kind[0]), code


def test_the_error_carries_its_diagnostics() -> None:
    diagnostic = Diagnostic("E001", "m", None)
    error = CompileError(iter([diagnostic]))
    assert error.diagnostics == (diagnostic,)
    assert str(error) == "E001: m"


@settings(deadline=None)
@given(st.text(max_size=40), st.integers(-2, 45), st.integers(-2, 45), st.text(max_size=5))
def test_render_is_total_and_printable(text: str, start: int, end: int, path: str) -> None:
    source = Source(path, text)
    shown = render([Diagnostic("E001", text, Span(path, start, end), text, hint=text)], {path: source})
    harmful = {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert harmful <= {"\n"}
    shown.encode("utf-8")
    marks = [line for line in shown.splitlines() if "|" in line and "^" in line]
    assert marks
