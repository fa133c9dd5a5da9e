"""Where in the `.cow` files something stands, as reports name it: file, lines and columns counted from 1."""

from dataclasses import dataclass

from cowspec.source import Source, Span
from cowspec.system.ir import System


@dataclass(frozen=True, slots=True)
class Place:
    """From `line` and `column` to `end_line` and `end_column`, exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


def place_of(system: System, span: Span | None) -> Place:
    """The place of a span of the model or of a module that it uses; its file's first character if there is no span, or
    no such text."""
    source = _source(system, span)
    if span is None or source is None:
        return Place(system.path if span is None else span.path, 1, 1, 1, 1)
    return Place(span.path, *source.line_and_column(span.start), *source.line_and_column(span.end))


def text_of(system: System, span: Span) -> str:
    """The text of a span in one line, without comments; empty if it is not known."""
    source = _source(system, span)
    if source is None:
        return ""
    lines = source.text[span.start : span.end].split("\n")
    return " ".join(" ".join(line.partition("//")[0] for line in lines).split())


def _source(system: System, span: Span | None) -> Source | None:
    return next((each for each in system.sources if span is not None and each.path == span.path), None)
