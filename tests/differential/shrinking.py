"""From a failing input to a small one: parts are left out as long as it still fails (Zeller and Hildebrandt: delta
debugging, TSE 2002). Where the smallest is written: `COWSPEC_FOUND`, or a folder of the temporary ones."""

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
MOST_TRIES = 400


def shrunk(parts: Sequence[T], fails: Callable[[Sequence[T]], bool], tries: int = MOST_TRIES) -> list[T]:
    """Parts that still fail, in order; without any single one of them it does not fail (unless the tries are used
    up)."""
    found, size = list(parts), max(1, len(parts) // 2)
    while size and tries > 0:
        at, smaller = 0, False
        while at < len(found) and tries > 0:
            without = found[:at] + found[at + size :]
            tries -= 1
            if fails(without):
                found, smaller = without, True
            else:
                at += size
        if not (smaller and size == 1):
            size //= 2
    return found


def small_model(text: str, fails: Callable[[str], bool], tries: int = MOST_TRIES) -> str:
    """The model with as few declarations, then lines, then words as it takes to fail; up to so many tries each."""
    for pieces in (_declarations, _lines, _words):
        text = "".join(shrunk(pieces(text), lambda each: fails("".join(each)), tries))
    return text


def same_failure(check: Callable[[str], object], error: Exception) -> Callable[[str], bool]:
    """Whether the check of a text raises an exception of the same type at the same place."""

    def fails(text: str) -> bool:
        try:
            check(text)
        except Exception as again:
            return type(again) is type(error) and _raised_at(again) == _raised_at(error)
        return False

    return fails


def _raised_at(error: Exception) -> tuple[str, int]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else ("", 0)


def small_bytes(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The same for bytes: in lines, then in bytes where few are left."""
    data = b"".join(shrunk(data.splitlines(keepends=True), lambda each: fails(b"".join(each))))
    if len(data) > 4000:
        return data
    return b"".join(shrunk([data[i : i + 1] for i in range(len(data))], lambda each: fails(b"".join(each))))


def saved(stem: str, data: bytes, suffix: str) -> Path:
    """Where it has been written."""
    folder = Path(os.environ.get("COWSPEC_FOUND") or Path(tempfile.gettempdir()) / "cowspec-found")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{sha256(data).hexdigest()[:8]}{suffix}"
    path.write_bytes(data)
    return path


def _declarations(text: str) -> list[str]:
    """From a line that begins at its start, and not with a brace, to the next."""
    parts: list[str] = []
    for line in text.splitlines(keepends=True):
        if not parts or (line[:1].strip() and not line.startswith("}")):
            parts.append(line)
        else:
            parts[-1] += line
    return parts


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(text: str) -> list[str]:
    return re.findall(r"\s*(?:\w+|[^\w\s])\s*", text)
