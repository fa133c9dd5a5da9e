"""Aligns what belongs together in neighbouring lines: comments at line ends, options with their texts, and the like."""

from collections.abc import Sequence
from itertools import groupby

from cowspec.syntax.document import COMMENT_KEY, MARK, WIDTH, width

FARTHEST = 24  # columns that a line may be pushed for the sake of its neighbours
FARTHEST_COMMENT = 48


def align(lines: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The lines without marks. Lines that follow each other with the same indentation and one mark of the same key
    are aligned at it, unless one would be pushed too far or beyond the width."""
    for key in (*keys, COMMENT_KEY):
        lines = _align_key(lines, key)
    return [line.rstrip() for line in lines]


def _align_key(lines: Sequence[str], key: str) -> list[str]:
    mark = MARK + key + MARK
    result: list[str] = []
    for kind, run in groupby(lines, key=lambda line: _kind(line, mark)):
        if kind is None:
            result += [line.replace(mark, "  " if key == COMMENT_KEY else "") for line in run]
        else:
            result += _align_run([line.split(mark) for line in run], key)
    return result


def _kind(line: str, mark: str) -> int | None:
    """The indentation of a line that can be aligned."""
    parts = line.split(mark)
    if len(parts) != 2 or parts[1] == "=":
        return None
    return len(line) - len(line.lstrip(" "))


def _align_run(rows: list[list[str]], key: str) -> list[str]:
    column = max(width(before) for before, _ in rows)
    pads = [column - width(before) for before, _ in rows]
    if key == COMMENT_KEY:
        fits = max(pads) <= FARTHEST_COMMENT
    else:
        fits = max(pads) <= FARTHEST and all(column + width(after) <= WIDTH for _, after in rows)
    gap = 2 if key == COMMENT_KEY else 0
    return [
        before + " " * (gap + (pad if fits else 0)) + after for (before, after), pad in zip(rows, pads, strict=True)
    ]
