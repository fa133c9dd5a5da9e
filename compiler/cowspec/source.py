"""Source texts and places in them. A `Span` is a pair of offsets; line and column are computed when printing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the file called `path`."""

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file. `path` is what diagnostics print, and the key by which spans find their text."""

    path: str
    text: str

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1; past the end counts as the end."""
        before = self.text[: max(0, offset)]
        line = before.count("\n") + 1
        return line, len(before) - (before.rfind("\n") + 1) + 1

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its line end; empty past the end."""
        lines = self.text.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""
