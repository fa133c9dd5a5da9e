"""Small pieces of TLA+ text: where parentheses are needed, and lists of conjuncts laid out over lines."""

from collections.abc import Iterable, Sequence

WIDTH = 110


def atomic(text: str) -> bool:
    """No blank outside of brackets and strings: `pte[m, a].page`, `"idle"`, `(x = y)`, `[a |-> b]`."""
    depth, quoted, escaped = 0, False, False
    for n, char in enumerate(text):
        if quoted:
            escaped = char == "\\" and not escaped
            quoted = char != '"' or text[n - 1 : n] == "\\"
        elif char == '"':
            quoted = True
        elif char in "([{" or text.startswith("<<", n):
            depth += 1
        elif char in ")]}" or text.startswith(">>", n):
            depth -= 1
        elif char == " " and depth <= 0:
            return False
    return True


def inner(text: str) -> str:
    """In parentheses where it is not one word."""
    return text if atomic(text) else f"({text})"


_LOOSE = {"/\\", "\\/", "=>", "<=>", "\\A", "\\E", "IF", "LET"}
_OPPOSITE = {"=": "#", "#": "=", "\\in": "\\notin", "\\notin": "\\in"}


def words(text: str) -> list[str]:
    """The text at its blanks outside of brackets and strings."""
    found, start, depth, quoted = [], 0, 0, False
    for n, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char in " \n" and depth <= 0:
            found.append(text[start:n])
            start = n + 1
    return [*found, text[start:]]


def operand(text: str) -> str:
    """As a part of a conjunction: in parentheses if it is one itself, or looser."""
    return f"({text})" if any(word.startswith(("\\A", "\\E")) or word in _LOOSE for word in words(text)) else text


def _is_enclosed(text: str) -> bool:
    """One pair of parentheses around all of it: `(a = b)`, not `(IF c THEN r ELSE s).write`."""
    depth = 0
    for n, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return n == len(text) - 1 and text[0] == "("
    return False


def negated(text: str) -> str:
    if text in ("TRUE", "FALSE"):
        return "FALSE" if text == "TRUE" else "TRUE"
    if text.startswith("~") and atomic(text):
        return text[2:-1] if _is_enclosed(text[1:]) else text[1:]
    match words(text):
        case [left, sign, right] if sign in _OPPOSITE:
            return f"{left} {_OPPOSITE[sign]} {right}"
        case _:
            return f"~{inner(text)}"


def joined(parts: Iterable[str], sign: str, empty: str) -> str:
    """`a /\\ b`; `empty` for no parts."""
    kept = [part for part in parts if part != empty]
    if len(kept) == 1:
        return kept[0]
    return f" {sign} ".join(operand(part) for part in kept) or empty


def conj(parts: Iterable[str]) -> str:
    kept = list(parts)
    return "FALSE" if "FALSE" in kept else joined(kept, "/\\", "TRUE")


def disj(parts: Iterable[str]) -> str:
    kept = list(parts)
    return "TRUE" if "TRUE" in kept else joined(kept, "\\/", "FALSE")


def implies(left: str, right: str) -> str:
    if left == "TRUE":
        return right
    if "\n" in right:  # a list below its first item
        return "\n".join(hanging(f"{operand(left)} => (", [right])) + ")"
    return f"{operand(left)} => {operand(right)}"


def pick(condition: str, then: str, otherwise: str) -> str:
    return then if then == otherwise else f"IF {bare(condition)} THEN {then} ELSE {bare(otherwise)}"


def bare(text: str) -> str:
    """`(IF ...)` without its parentheses."""
    return text[1:-1] if text.startswith("(IF ") and _is_enclosed(text) else text


def indented(lines: Iterable[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def bullet(lines: Sequence[str], sign: str = "/\\") -> list[str]:
    """The lines as one item of a list of conjuncts."""
    return hanging(f"{sign} ", lines)


def hanging(head: str, texts: Sequence[str]) -> list[str]:
    """The first line behind `head`, the others below it."""
    lines = [line for text in texts for line in text.split("\n")]
    return [head + lines[0], *indented(lines[1:], len(head))] if lines else [head.rstrip()]


def filled(opening: str, parts: Sequence[str], closing: str) -> list[str]:
    """`<<a, b, c>>` over as many lines as it needs, with several parts a line."""
    if not parts:
        return [opening + closing]
    out: list[str] = []
    line = opening
    for n, part in enumerate(parts):
        piece = part + (", " if n + 1 < len(parts) else closing)
        if len(line) + len(piece) > WIDTH - 10:
            out.append(line.rstrip())
            line = " " * len(opening)
        line += piece
    return [*out, line]


def enclosed(opening: str, parts: Sequence[str], closing: str) -> list[str]:
    """`{ a, b }` on one line if it fits, else one part a line."""
    line = opening + ", ".join(parts) + closing
    if len(line) <= WIDTH - 20 or len(parts) < 2:
        return [line]
    first, *rest = (part + ("," if n + 1 < len(parts) else closing) for n, part in enumerate(parts))
    return hanging(opening, [first, *rest])
