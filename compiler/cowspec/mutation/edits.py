"""Changes of texts at the places of nodes, and the lines that they change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from cowspec.source import Source, Span
from cowspec.syntax.comments import COMMENT


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in the place of what stands at `span` (which may be empty: an insertion)."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of a file as they were and as they are now, without comments; `line` is the first one's number, counted
    from 1 in the text as it was."""

    path: str
    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def text_at(source: Source, span: Span) -> str:
    return source.text[span.start : span.end]


def apply(source: Source, edits: Iterable[Edit]) -> Source:
    """The text with the edits made; they must not overlap."""
    text = source.text
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return Source(source.path, text)


def changes(old: Source, new: Source) -> tuple[Change, ...]:
    """What differs between two texts of a file, in order. Blanks, empty lines and comments do not count."""
    before, after = _lines(old), _lines(new)
    found = []
    matcher = SequenceMatcher(None, [text for _, text in before], [text for _, text in after], autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag != "equal":
            number = before[min(first, len(before) - 1)][0]
            taken, put = (tuple(text for _, text in part) for part in (before[first:last], after[start:end]))
            found.append(Change(old.path, number, taken, put))
    return tuple(found)


def _lines(source: Source) -> Sequence[tuple[int, str]]:
    """The numbered lines that say something."""
    bare = COMMENT.sub(lambda match: "" if match.group(1) else match.group(), source.text)
    numbered = ((number, " ".join(line.split())) for number, line in enumerate(bare.split("\n"), 1))
    return [(number, line) for number, line in numbered if line]
