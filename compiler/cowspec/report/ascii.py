"""Text that can be pasted into a commit message: ASCII only, wrapped at words, no trailing spaces."""

import textwrap

_PLAIN = str.maketrans({"—": "-", "–": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "→": "->", "×": "x"})


def plain(text: str) -> str:
    """The text on one line in printable ASCII; a character without a likeness becomes `?`."""
    flat = " ".join(text.translate(_PLAIN).split())
    return "".join(char if " " <= char <= "~" else "?" for char in flat)


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most `width` characters; the first is led in by `first`, the others by `rest`."""
    return fold(plain(text), width, first, rest)


def fold(text: str, width: int, first: str, rest: str) -> list[str]:
    """The same for a text that is plain already."""
    room = max(width, len(first) + 4, len(rest) + 4)
    lines = textwrap.wrap(text, room, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.rstrip() for line in lines]


def listed(items: list[str], width: int, first: str = "", rest: str = "") -> list[str]:
    """Items separated by commas, wrapped between items where they fit on a line."""
    lines: list[str] = []
    line = first
    for number, item in enumerate(items):
        piece = plain(item) + ("," if number + 1 < len(items) else "")
        blank = line in (first, rest)
        if not blank and len(line) + 1 + len(piece) > width:
            lines.append(line)
            line, blank = rest, True
        line += piece if blank else " " + piece
        if len(line) > width:
            *full, line = wrap(line.strip(), width, line[: len(line) - len(line.lstrip())], rest + "  ")
            lines += full
    return [text.rstrip() for text in [*lines, line]]
