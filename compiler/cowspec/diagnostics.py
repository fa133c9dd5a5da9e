"""What a stage has to say about a text, and how it is printed.

A stage collects `Diagnostic`s and raises one `CompileError` with all of them at its end; `render` turns them into text.
The table of codes is `codes.py`.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cowspec.codes import CODES, Code
from cowspec.source import Source, Span

__all__ = ["CODES", "Code", "CompileError", "Diagnostic", "render"]

WINDOW = 110  # columns of source text shown around a place
LONGEST = 2000  # characters of a message
TAB = "    "


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `span` is the primary place (None: no place in a text), `more` are further places with labels."""

    code: str
    message: str
    span: Span | None
    label: str = ""
    more: tuple[tuple[Span, str], ...] = ()
    hint: str | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"diagnostic code {self.code} has no row in codes.py")


class CompileError(Exception):
    """A text was refused. `diagnostics` is never empty."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        if not self.diagnostics:
            raise ValueError("CompileError without a diagnostic")
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in self.diagnostics))


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source]) -> str:
    """All diagnostics in order of place, those without a place first, equal ones once; no line end at the end.

    The result is printable whatever stands in the texts: control characters, marks that change the direction of
    writing and lone surrogates are shown as escapes.
    """
    ordered = sorted(dict.fromkeys(diagnostics), key=_place)
    return "\n\n".join(_render_one(diagnostic, sources) for diagnostic in ordered)


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    span = diagnostic.span
    if span is None:
        return ("", -1, -1, diagnostic.code, diagnostic.message)
    return (span.path, span.start, span.end, diagnostic.code, diagnostic.message)


def _render_one(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> str:
    severity = "warning" if diagnostic.code.startswith("W") else "error"
    lines = [f"{severity}[{diagnostic.code}]: {_shortened(printable(diagnostic.message))}"]
    places: list[tuple[Span, str, str]] = []
    if diagnostic.span is not None:
        places.append((diagnostic.span, diagnostic.label, "^"))
    places += [(span, label, "-") for span, label in diagnostic.more]
    numbers = [sources[span.path].line_and_column(span.start)[0] for span, _, _ in places if span.path in sources]
    gutter = len(str(max(numbers, default=1)))
    for span, label, mark in places:
        lines += _render_place(span, label, mark, gutter, sources.get(span.path))
    if diagnostic.hint is not None:
        lines.append(f"hint: {_shortened(printable(diagnostic.hint))}")
    return "\n".join(lines)


def _shortened(text: str) -> str:
    """Without the middle, if a name in it is longer than anyone reads."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def _render_place(span: Span, label: str, mark: str, gutter: int, source: Source | None) -> list[str]:
    """The arrow line and, if the text is known, the source line with the place marked under it."""
    if source is None:
        return [f"{' ' * gutter}--> {printable(span.path)}"]
    number, column = source.line_and_column(span.start)
    text = source.line(number).removesuffix("\r")
    first = min(column - 1, len(text))
    last = max(first, min(len(text), first + span.end - span.start))
    before, marked, after = _clip(text, first, last)
    marks = mark * max(1, _width(marked))
    shown = (before + marked + after).rstrip()
    labelled = f"{' ' * _width(before)}{marks} {_shortened(printable(label))}".rstrip()
    bar = f"{' ' * gutter} |"
    return [
        f"{' ' * gutter}--> {printable(span.path)}:{number}:{column}",
        bar,
        f"{number:>{gutter}} | {shown}".rstrip(),
        f"{bar} {labelled}",
    ]


def _clip(text: str, first: int, last: int) -> tuple[str, str, str]:
    """The printable parts of a line before, in and after its characters `first` to `last`, cut to the window."""
    start = 0 if last <= WINDOW else max(0, first - WINDOW // 2)
    stop = min(len(text), start + WINDOW)
    before = printable(text[start:first])
    if start > 0 or len(before) > WINDOW:
        before = "..." + before[-WINDOW // 2 :]
    marked = printable(text[first : min(last, stop)])[:WINDOW]
    after = printable(text[min(last, stop) : stop])
    if stop < len(text) or len(after) > WINDOW:
        after = after[:WINDOW] + "..."
    return before, marked, after


def printable(text: str) -> str:
    """The text with tabs as four blanks and everything a terminal could obey or refuse as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character == "\t":
        return TAB
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
    return character


def _width(text: str) -> int:
    """Columns a terminal uses for printable text: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
