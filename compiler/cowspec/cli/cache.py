"""Answers of earlier runs, as files: `.cowspec/cache/3f/3fa4...`, one for each question.

The cache may be deleted at any time. It holds nothing that is believed without a check (`judge/recall.py`), grows to
`MAX_ENTRIES` files, and then loses those that were written first.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import click

from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import BadInput
from cowspec.cli.files import read, write
from cowspec.diagnostics import printable
from cowspec.judge.jobs import Memo, Runner
from cowspec.judge.recall import Cache, recalled, recalling

T = TypeVar("T")
MAX_ENTRY_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 4096
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class FileStore:
    """Entries as files of one folder, two characters of the key deep."""

    folder: Path

    def read(self, key: str) -> str | None:
        place = self._place(key)
        if not place.is_file():
            return None
        try:
            return read(str(place), MAX_ENTRY_BYTES)
        except BadInput as error:
            raise ValueError(str(error)) from None

    def write(self, key: str, text: str) -> None:
        if len(text.encode("utf-8", "surrogatepass")) > MAX_ENTRY_BYTES:
            raise ValueError("it is too large")
        try:
            write(str(self._place(key)), text)
        except BadInput as error:
            raise ValueError(str(error)) from None

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / key


@dataclass(slots=True)
class Memory:
    """A cache for one command, and what became of its entries. `verbose`: it says so on stderr."""

    cache: Cache
    verbose: bool
    known: int = 0
    asked: int = 0
    notes: list[str] = field(default_factory=list)

    def helping(self, runner: Runner) -> Runner:
        """The runner with this memory."""
        return recalling(runner, self.cache, self._told)

    def recall(self, memo: Memo[T], work: Callable[[], T]) -> T:
        """The answer to one question, in this process."""
        found = recalled(self.cache, memo, work)
        self._told("", found.known, found.note)
        return found.answer

    def summary(self) -> None:
        """How many answers were known, and what was wrong with others; only for those who ask for more."""
        if self.verbose:
            for note in self.notes:
                click.echo(f"note: {printable(note)}", err=True)
            click.echo(f"cache: {self.known} of {self.asked} answers known from earlier runs", err=True)

    def _told(self, label: str, known: bool, note: str) -> None:
        self.asked += 1
        self.known += known
        if note:
            self.notes.append(f"{label}: {note}" if label else note)


def memory_in(out_dir: str, *, verbose: bool) -> Memory:
    """The memory that lies in this folder for results."""
    folder = Path(out_dir) / "cache"
    _prune(folder)
    return Memory(Cache(FileStore(folder), tools()), verbose)


def tools() -> Mapping[str, str]:
    """The versions that an answer depends on; of cowspec also a checksum of its own files, which in a checkout change
    without a new version."""
    return tool_versions() | {"files": _own_files()}


@cache
def _own_files() -> str:
    total = sha256()
    for file in sorted((*_PACKAGE.rglob("*.py"), *_PACKAGE.rglob("*.lark"))):
        total.update(f"{file.relative_to(_PACKAGE).as_posix()} ".encode() + sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _prune(folder: Path) -> None:
    """Drops the older half of a cache that has grown too large; other processes may do the same meanwhile."""
    try:
        files = [file for file in folder.glob("*/*") if file.is_file()]
        if len(files) <= MAX_ENTRIES:
            return
        files.sort(key=lambda file: file.stat().st_mtime)
        for file in files[: len(files) // 2]:
            os.unlink(file)
    except OSError:
        return
