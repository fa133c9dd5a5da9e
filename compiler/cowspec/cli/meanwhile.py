"""Work beside the main line of a search, in forked processes (`engines/beside.py`).

In: how many workers at a time, and their memory. Out: a `Beside`. Work waits for a worker in the order in which it
was begun. A worker that dies, of whatever, has no result: the work is then done here. No worker outlives the block.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, TypeVar

from cowspec.cli.workers import Worker, deaf, default_memory, start_worker, stop_worker, take_result
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
    crew = _Crew(workers, default_memory(workers) if memory is None else memory)
    try:
        yield crew.begin
    finally:
        crew.dismiss()


class _Crew:
    """Workers, and the work that waits for one. They are started and collected where something is begun or asked for:
    in one thread."""

    def __init__(self, workers: int, memory: int) -> None:
        self._most, self._memory, self.owner = workers, memory, os.getpid()
        self._waiting: deque[_Elsewhere] = deque()
        self._running: dict[_Elsewhere, Worker] = {}

    def begin(self, label: str, work: Callable[[], T], /) -> Later[T]:
        each = _Elsewhere(self, Job(label, work, lambda _: [], LONGEST))
        self._waiting.append(each)
        self.collect(0)
        return Later(work, each)

    def collect(self, seconds: float | None) -> None:
        """Waits so long (None: for ever) until some worker has ended; those that have make place for others."""
        ends = [worker.end for worker in self._running.values()]
        ready = wait(ends, seconds) if ends else []
        for each in [each for each, worker in self._running.items() if worker.end in ready]:
            outcome = take_result(self._running.pop(each))
            each.ends(None if isinstance(outcome, Died) else (outcome,))
        while self._waiting and len(self._running) < self._most:
            each = self._waiting.popleft()
            with deaf():
                self._running[each] = start_worker(each.job, self._memory)

    def leave(self, each: "_Elsewhere") -> None:
        """Nobody wants its result."""
        if each in self._waiting:
            self._waiting.remove(each)
        if each in self._running:
            stop_worker(self._running.pop(each))

    def dismiss(self) -> None:
        self._waiting.clear()
        for each in list(self._running):
            self.leave(each)


class _Elsewhere:
    """A piece of work that waits for a worker, has one, or had one."""

    def __init__(self, crew: _Crew, job: Job[Any]) -> None:
        self._crew, self.job = crew, job
        self._outcome: tuple[Any] | None = None
        self._has_ended = False

    def ends(self, outcome: tuple[Any] | None) -> None:
        """With a result, or without one."""
        self._has_ended, self._outcome = True, outcome

    def fetch(self) -> tuple[Any] | None:
        if os.getpid() != self._crew.owner:  # a worker has no part in the others
            return None
        while not self._has_ended:
            self._crew.collect(None)
        return self._outcome

    def stop(self) -> None:
        if os.getpid() == self._crew.owner:
            self._crew.leave(self)
            self.ends(None)
