"""Lines that are too long, folded between the fields of a record, the clauses of an EXCEPT, and before THEN and ELSE.

TLA+ reads bulleted lists by their columns. So what follows a break stands inside of the bracket, or below the IF, that
it belongs to, to the right of any bullet before; a line is left alone if those after it are aligned with its middle.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cowspec.encode.tla.text import WIDTH

_PART = re.compile(r"\w+ \|-> |!\[|!\.|\w+: ")  # of a record, of an EXCEPT, of the type of a record
_OPENING, _CLOSING = ("<<", "(", "[", "{"), (">>", ")", "]", "}")


def folded(lines: Sequence[str]) -> Iterator[str]:
    """The same text over more lines."""
    flat = [line for text in lines for line in text.rstrip().split("\n")]
    for n, line in enumerate(flat):
        following = flat[n + 1] if n + 1 < len(flat) else ""
        if len(line) <= WIDTH or "\\*" in line or _margin(following) > _margin(line):
            yield line
        else:
            yield from _fold(line)


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


@dataclass(frozen=True, slots=True)
class _Break:
    """Before this place; what follows stands at `column`, inside of the `open` brackets and IFs."""

    at: int
    column: int
    open: tuple[tuple[str, int], ...]

    def rank(self, line: str) -> tuple[int, bool, int]:
        """The outermost break is best; THEN before ELSE; the last of several fields."""
        return sum(sign != "IF" for sign, _ in self.open), line.startswith("ELSE ", self.at), -self.at


def _fold(line: str) -> Iterator[str]:
    open_: tuple[tuple[str, int], ...] = ()
    while len(line) > WIDTH:
        breaks = list(_breaks(line, open_))
        if not breaks:
            break
        best = min(breaks, key=lambda each: each.rank(line))
        yield line[: best.at].rstrip()
        line, open_ = " " * best.column + line[best.at :], best.open
    yield line


def _breaks(line: str, open_: tuple[tuple[str, int], ...]) -> Iterator[_Break]:
    """The places where the line could be broken so that it fits. `open_`: brackets and IFs open before it, each with
    the column of its contents."""
    stack, n, margin = list(open_), _margin(line), _margin(line)
    while n < min(len(line), WIDTH):
        if line[n] == '"':
            n = line.find('"', n + 1) + 1
            if not n:
                return
            continue
        if sign := next((s for s in _OPENING if line.startswith(s, n)), None):
            stack.append((sign, n + len(sign)))
            n += len(sign)
            continue
        if sign := next((s for s in _CLOSING if line.startswith(s, n)), None):
            _leave(stack)
            if stack:
                stack.pop()
            n += len(sign)
            continue
        if line.startswith("IF ", n) and not line[n - 1 : n].isalnum():
            stack.append(("IF", n))
        elif line.startswith(("THEN ", "ELSE "), n) and n > margin and stack and stack[-1][0] == "IF":
            yield _Break(n, stack[-1][1], tuple(stack if line[n] == "T" else stack[:-1]))
            if line[n] == "E":
                stack.pop()
        elif line.startswith(", ", n):
            _leave(stack)
            if stack and _PART.match(line, n + 2):
                yield _Break(n + 2, stack[-1][1], tuple(stack))
        n += 1


def _leave(stack: list[tuple[str, int]]) -> None:
    """The IFs end with the part of the bracket that they are in."""
    while stack and stack[-1][0] == "IF":
        stack.pop()
