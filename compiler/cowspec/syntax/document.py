"""Documents: texts with places where a line may end, and the layout that fits them into a width.

After Wadler, "A prettier printer" (2003), with comments as parts of a document: a comment ends its line whatever the
layout wanted, and a group that has one inside is broken. `lay_out` walks with an explicit stack.
"""

from dataclasses import dataclass
from typing import assert_never

WIDTH = 120
MARK = "\x00"  # stands in no text that parses
COMMENT_KEY = "//"


@dataclass(frozen=True, slots=True)
class Text:
    """Characters without a line end. Blanks at the start of a line are dropped."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line end if the group around it is broken, otherwise `flat`."""

    flat: str = " "


@dataclass(frozen=True, slots=True)
class Hard:
    """A line end, followed by an empty line if `blank`; the group around it is broken."""

    blank: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment: on a line of its own, or at the end of the line so far. What follows begins a new line."""

    text: str
    own_line: bool
    blank: bool  # an empty line before it, if something stands before it in the same block


@dataclass(frozen=True, slots=True)
class Fresh:
    """After comments: the empty line between them and what follows, if `blank`."""

    blank: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to align with the same `key` in the lines above and below (`align.py`), in broken groups only."""

    key: str


@dataclass(frozen=True, slots=True)
class Nest:
    """Lines that begin inside `body` are indented by that much more."""

    indent: int
    body: "Doc"


@dataclass(frozen=True, slots=True)
class Group:
    """Laid out flat, on one line, if that fits."""

    body: "Doc"


@dataclass(frozen=True, slots=True)
class Concat:
    parts: tuple["Doc", ...]


Doc = Text | Line | Hard | Remark | Fresh | Mark | Nest | Group | Concat
Pending = list[tuple[int, bool, Doc]]  # indent, whether the group around is broken, document; the next one last


class Lines:
    """The lines written so far. A line that ended in a comment is closed before the next text."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.current = ""
        self.empty = True  # nothing but indentation on the current line
        self.closed = False
        self.blank = False  # an empty line is due when the closed line is left
        self.column: int | None = None  # of a comment on its own line: what it stands above begins there too

    def end(self, indent: int, blank: bool) -> None:
        self.done.append(self.current.rstrip())
        if blank or (self.closed and self.blank):
            self.done.append("")
        self.current = " " * indent
        self.empty, self.closed, self.blank, self.column = True, False, False, None

    def write(self, indent: int, text: str) -> None:
        if not text:
            return
        if self.closed:
            self.end(indent if self.column is None else self.column, False)
        if self.empty:
            text = text.lstrip(" ")
        self.current += text
        self.empty = self.empty and not text

    def remark(self, indent: int, remark: Remark) -> None:
        if remark.own_line or self.closed:
            if self.closed or not self.empty:
                self.end(indent if self.column is None else self.column, remark.blank and remark.own_line)
            self.column = len(self.current)
            self.current += remark.text
        else:
            self.current = self.current.rstrip() + MARK + COMMENT_KEY + MARK + remark.text
        self.empty, self.closed = False, True


def lay_out(document: Doc) -> list[str]:
    """The lines of a document, with marks (a key between two `MARK`s) at each `Mark` and each comment behind text."""
    lines = Lines()
    pending: Pending = [(0, True, document)]
    while pending:
        indent, broken, doc = pending.pop()
        match doc:
            case Text(text):
                lines.write(indent, text)
            case Line(flat):
                if broken:
                    lines.end(indent, False)
                else:
                    lines.write(indent, flat)
            case Hard(blank):
                lines.end(indent, blank)
            case Remark():
                lines.remark(indent, doc)
            case Fresh(blank):
                lines.blank = blank
            case Mark(key):
                if broken and not lines.closed and not lines.empty:
                    lines.current += MARK + key + MARK
            case Nest(more, body):
                pending.append((indent + more, broken, body))
            case Group(body):
                room = WIDTH - width(lines.current)
                pending.append((indent, broken and not _fits(body, indent, room, pending), body))
            case Concat(parts):
                pending += [(indent, broken, part) for part in reversed(parts)]
            case _:
                assert_never(doc)
    lines.done.append(lines.current.rstrip())
    return lines.done


def width(line: str) -> int:
    """Columns of a line without its marks."""
    return sum(map(len, line.split(MARK)[::2])) if MARK in line else len(line)


def _fits(body: Doc, indent: int, room: int, after: Pending) -> bool:
    """Whether `body` fits flat into `room` columns together with what follows it up to the next possible line end."""
    rest = [body]
    written = commented = False
    while rest:
        doc = rest.pop()
        match doc:
            case Text(text) | Line(text):
                if commented and text.strip():
                    return False
                room -= len(text)
                written = written or bool(text.strip())
            case Hard():
                return False
            case Remark():
                if not doc.own_line:
                    commented = True
                elif written:
                    return False
                else:
                    room = WIDTH - indent
            case Nest(_, inner) | Group(inner):
                rest.append(inner)
            case Concat(parts):
                rest += reversed(parts)
            case Fresh() | Mark():
                pass
            case _:
                assert_never(doc)
        if room < 0:
            return False
    return commented or _rest_fits(room, after)


def _rest_fits(room: int, after: Pending) -> bool:
    rest: list[Doc] = []
    position = len(after)
    while room >= 0:
        if not rest:
            position -= 1
            if position < 0:
                return True
            rest.append(after[position][2])
        doc = rest.pop()
        match doc:
            case Text(text):
                room -= len(text)
            case Line() | Hard() | Remark():
                return True
            case Nest(_, inner) | Group(inner):
                rest.append(inner)
            case Concat(parts):
                rest += reversed(parts)
            case Fresh() | Mark():
                pass
            case _:
                assert_never(doc)
    return False
