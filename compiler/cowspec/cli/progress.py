"""How far the work is: a line on stderr that changes, for whoever waits at a terminal.

Engines say how far they are by `logging` (level INFO, below the logger `cowspec`), where nobody listens as a rule. In a
worker whose parent shows the line a handler sends what they say, now and then, through the worker's own pipe.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

BETWEEN = 0.5
"""Seconds between two things that a worker says: a pipe that nobody reads for minutes does not fill."""

LONGEST = 200
"""Characters of what is said, so that it goes through a pipe in one piece."""

Watch = Callable[[int, int, Sequence[str]], None]
"""Told how many jobs are finished, how many are known, and what is running."""


@dataclass(frozen=True, slots=True)
class Said:
    """Of a job that is under way: how far it is."""

    text: str


@contextmanager
def progress() -> Iterator[Watch | None]:
    """The line; None unless stderr is a terminal. It has no thread of its own, because workers are forked meanwhile."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as line:

        def watch(finished: int, known: int, running: Sequence[str]) -> None:
            text = Text(f"{finished}/{known}  {'; '.join(running)}", no_wrap=True, overflow="ellipsis")
            line.update(text, refresh=True)

        yield watch


def tell_by(end: Connection) -> None:
    """From now on what the engines of this process say goes to whoever reads the other end, as `Said`."""
    listened = logging.getLogger("cowspec")
    listened.handlers = [_Telling(end)]
    listened.propagate = False
    listened.setLevel(logging.INFO)


class _Telling(logging.Handler):
    """A subclass because `logging` offers no other way."""

    def __init__(self, end: Connection) -> None:
        super().__init__(logging.INFO)
        self._end = end
        self._last = -BETWEEN

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now - self._last >= BETWEEN:
            self._last = now
            self._end.send(Said(record.getMessage()[:LONGEST]))
