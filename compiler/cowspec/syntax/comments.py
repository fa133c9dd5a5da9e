"""Finds the comments of a text and gives each to one token, so that printing every token prints every comment once."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from cowspec.syntax.document import Remark

COMMENT = re.compile(r'"[^"\n]*"|(//[^\r\n]*)')
GAP = " \t\r\n;"


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments above a token and the one behind it, by the offset where the token begins.

    What stands above no token, at the end of the text, is kept under the length of the text.
    """

    above: dict[int, tuple[Remark, ...]]
    behind: dict[int, Remark]


def find_comments(text: str, tokens: Sequence[int]) -> Comments:
    """`tokens` are the offsets of all tokens, in order. The text must be one that parses."""
    above: dict[int, tuple[Remark, ...]] = {}
    behind: dict[int, Remark] = {}
    for match in COMMENT.finditer(text):
        if match.group(1) is None:
            continue
        place = match.start()
        following = bisect_right(tokens, place)
        line_start = text.rfind("\n", 0, place) + 1
        own_line = following == 0 or not text[line_start:place].strip(GAP + "\ufeff")
        remark = Remark(match.group(1).rstrip(), own_line, blank_before(text, place))
        if own_line:
            offset = tokens[following] if following < len(tokens) else len(text)
            above[offset] = (*above.get(offset, ()), remark)
        else:
            behind[tokens[following - 1]] = remark
    return Comments(above, behind)


def blank_before(text: str, place: int) -> bool:
    """Whether an empty line stands between a place and what comes before it (not at the start of the text)."""
    lines = 0
    while place > 0 and text[place - 1] in GAP:
        place -= 1
        lines += text[place] == "\n"
    return lines > 1 and place > 0
