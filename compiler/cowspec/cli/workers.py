"""Jobs in processes of their own: forked, killable, with a time limit each; results come back as pickled values.

A worker that dies gives `Died` for its job, and the others go on. Everything is started and collected by one loop in
one thread, so forking is safe.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from cowspec.judge.jobs import AnyJob, Died, Runner, outcome_of, run_here

TICK = 0.25  # seconds between two looks at the clock
Watch = Callable[[int, int, Sequence[str]], None]
"""Told how many jobs are finished, how many are known, and what is running."""


@dataclass(frozen=True, slots=True)
class _Worker:
    job: AnyJob
    process: BaseProcess
    end: Connection
    deadline: float


def default_jobs() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def runner(workers: int, watch: Watch | None = None) -> Runner:
    """A runner with up to `workers` processes at a time; without `fork` (Windows) everything runs in this process."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return run_here

    def run(jobs: Sequence[AnyJob]) -> None:
        waiting = deque(jobs)
        running: dict[Connection, _Worker] = {}
        finished = 0
        try:
            while waiting or running:
                while waiting and len(running) < max(1, workers):
                    worker = _start(waiting.popleft())
                    running[worker.end] = worker
                if watch is not None:
                    watch(finished, finished + len(running) + len(waiting), [w.job.label for w in running.values()])
                for end in _ready(running):
                    worker = running.pop(end)
                    outcome = _collect(worker)
                    waiting.extend(worker.job.then(outcome))
                    finished += 1
        finally:
            for worker in running.values():
                _stop(worker)

    return run


def _start(job: AnyJob) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(job, process, ours, time.monotonic() + job.timeout)


def _work(job: AnyJob, end: Connection) -> None:
    """In the worker: only the parent listens to Ctrl-C, it kills us; nothing is printed by a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
    outcome = outcome_of(job)
    try:
        end.send(outcome)
    except (ValueError, TypeError, AttributeError) as error:  # not picklable
        end.send(Died(f"the result cannot be sent: {error}", bug=True))
    end.close()


def _ready(running: dict[Connection, _Worker]) -> list[Connection]:
    """The workers that have answered, ended, or used up their time; waits a little if there are none."""
    ends = [end for end in wait(list(running), TICK) if isinstance(end, Connection)]
    now = time.monotonic()
    return ends + [end for end, worker in running.items() if now > worker.deadline and end not in ends]


def _collect(worker: _Worker) -> Any:
    """What the worker found; `Died` if it was killed or is over its time."""
    outcome: Any
    try:
        outcome = worker.end.recv() if worker.end.poll(0) else Died(f"no answer within {worker.job.timeout:.0f} s")
    except (EOFError, OSError):
        worker.process.join(5)
        code = worker.process.exitcode
        outcome = Died(f"worker died: {f'signal {-code}' if code is not None and code < 0 else f'exit {code}'}")
    _stop(worker)
    return outcome


def _stop(worker: _Worker) -> None:
    if worker.process.is_alive() and not worker.end.closed:
        worker.process.join(0.05)
        worker.process.kill()
    worker.process.join(5)
    worker.end.close()
