"""Work beside the main line of a search, in forked processes (`engines/beside.py`).

In: how many workers at a time, and their memory. Out: a `Beside`. A worker that dies, of whatever, has no result: the
work is then done here. No worker outlives the block.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, TypeVar

from cowspec.cli.workers import deaf, default_memory, start_worker, stop_worker, take_result
from cowspec.engines.beside import Beside, Later, when_asked
from cowspec.judge.jobs import Died, Job

T = TypeVar("T")

LONGEST = 86_400.0
"""Seconds by the clock that a piece of work may take."""


@contextmanager
def meanwhile(workers: int, memory: int | None = None) -> Iterator[Beside]:
    """With one worker, or without `fork` (Windows), all work is done here when its result is asked for."""
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield when_asked
        return
    limit = default_memory(workers) if memory is None else memory
    running: list[_Elsewhere] = []

    def begin(label: str, work: Callable[[], T], /) -> Later[T]:
        if sum(each.is_busy() for each in running) >= workers:
            return Later(work)
        running.append(_Elsewhere(Job(label, work, lambda _: [], LONGEST), limit, running))
        return Later(work, running[-1])

    try:
        yield begin
    finally:
        for each in list(running):
            each.stop()


class _Elsewhere:
    """One worker; it takes itself off the list of those that run."""

    def __init__(self, job: Job[Any], memory: int, running: "list[_Elsewhere]") -> None:
        self._running, self._owner = running, os.getpid()
        with deaf():
            self._worker = start_worker(job, memory)

    def is_busy(self) -> bool:
        """It has neither a result nor died."""
        return not self._worker.end.poll(0)

    def fetch(self) -> tuple[Any] | None:
        if os.getpid() != self._owner:  # a worker has no part in the others
            return None
        wait([self._worker.end])
        self._running.remove(self)
        outcome = take_result(self._worker)
        return None if isinstance(outcome, Died) else (outcome,)

    def stop(self) -> None:
        if self in self._running:
            self._running.remove(self)
            stop_worker(self._worker)
