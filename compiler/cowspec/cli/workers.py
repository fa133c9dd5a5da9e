"""Jobs in processes of their own: forked, killable, with limits of time and memory each; results come back as pickled
values.

A worker that dies gives `Died` for its job, and the others go on. Everything is started and collected by one loop in
one thread, so forking is safe. Ctrl-C and SIGTERM are heard only while that loop waits: never between starting a worker
and knowing of it, nor in the middle of taking down a result. A worker does not outlive this process, however that ends
(Linux), and prints nothing.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from textwrap import shorten
from typing import Any

from cowspec.cli.progress import Said, Watch, tell_by
from cowspec.judge.jobs import AnyJob, Died, Runner, outcome_of, run_here

TICK = 0.25  # seconds between two looks at the clock
ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
LEAST_MEMORY = 1024  # MB that a worker gets on the smallest machine
SHOWN = 40  # characters of a job's label where the worker says how far it is
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass(frozen=True, slots=True)
class Pool:
    """How many workers at a time, and the MB of address space that each may have; None: what `default_jobs` and
    `default_memory` say."""

    workers: int | None = None
    memory: int | None = None

    def runner(self, watch: "Watch | None" = None) -> Runner:
        return runner(self.workers or default_jobs(), watch, self.memory)


@dataclass(slots=True)
class Worker:
    """A process that does one job. `said`: how far it is, by its own account."""

    job: AnyJob
    process: BaseProcess
    end: Connection
    deadline: float
    memory: int
    said: str = ""

    @property
    def shown(self) -> str:
        if not self.said:
            return self.job.label
        return f"{shorten(self.job.label, SHOWN, placeholder=' ...')} ({self.said})"


def default_jobs() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_memory(workers: int) -> int:
    """What the machine has, shared out: so that no worker makes the others swap, or has the kernel choose a victim."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    except (ValueError, OSError, AttributeError):
        return 0
    return max(LEAST_MEMORY, whole // max(1, workers)) if whole > 0 else 0


def runner(workers: int, watch: Watch | None = None, memory: int | None = None) -> Runner:
    """A runner with up to `workers` processes at a time; without `fork` (Windows) everything runs in this process."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return run_here
    workers = max(1, workers)
    limit = default_memory(workers) if memory is None else memory

    def run(jobs: Sequence[AnyJob]) -> None:
        waiting = deque(jobs)
        running: dict[Connection, Worker] = {}
        finished = 0
        with deaf() as listening:
            try:
                while waiting or running:
                    while waiting and len(running) < workers:
                        job = waiting.popleft()
                        if job.prepare is not None:
                            job.prepare()
                        worker = start_worker(job, limit, tells=watch is not None)
                        running[worker.end] = worker
                    if watch is not None:
                        watch(finished, finished + len(running) + len(waiting), [w.shown for w in running.values()])
                    with listening():
                        ready = _ready(running)
                    for end in ready:
                        worker = running[end]
                        outcome = take_result(worker)
                        if isinstance(outcome, Said):
                            worker.said = outcome.text
                            continue
                        del running[end]
                        waiting.extendleft(reversed(worker.job.then(outcome)))  # the longest ways go first
                        finished += 1
            finally:
                for worker in running.values():
                    stop_worker(worker)

    return run


@contextmanager
def deaf() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Ctrl-C and SIGTERM wait, except within what is yielded."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    @contextmanager
    def listening() -> Iterator[None]:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    try:
        yield listening
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_worker(job: AnyJob, memory: int, *, tells: bool = False) -> Worker:
    """The job in a process of its own. `tells`: it says how far it is."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs, memory, os.getpid(), tells), daemon=True)
    process.start()
    theirs.close()
    return Worker(job, process, ours, time.monotonic() + job.timeout, memory)


def _work(job: AnyJob, end: Connection, memory: int, parent: int, tells: bool) -> None:
    """In the worker, where Ctrl-C means nothing: the parent hears it, too, and kills us."""
    _settle(memory, parent)
    if tells:
        tell_by(end)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
    outcome = outcome_of(job)
    try:
        end.send(outcome)
    except MemoryError:
        end.send(Died("out of memory: the result cannot be sent"))
    except Exception as error:  # not picklable
        end.send(Died(f"the result cannot be sent: {error}", bug=True))
    end.close()


def _settle(memory: int, parent: int) -> None:
    """Signals, memory, output and limits of a worker that has just been forked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    gc.freeze()  # what the parent made stays
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)  # what a library says when it aborts is no output of ours
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if memory:
        import resource  # not on Windows, where nothing is forked

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        least = memory << 20 if most == resource.RLIM_INFINITY else min(memory << 20, most)
        resource.setrlimit(resource.RLIMIT_AS, (least, most))


def _ready(running: dict[Connection, Worker]) -> list[Connection]:
    """The workers that have answered, ended, or used up their time; waits a little if there are none."""
    ends = [end for end in wait(list(running), TICK) if isinstance(end, Connection)]
    now = time.monotonic()
    return ends + [end for end, worker in running.items() if now > worker.deadline and end not in ends]


def take_result(worker: Worker) -> Any:
    """What the worker found, or said on the way; `Died` if it was killed or is over its time."""
    outcome: Any
    try:
        outcome = worker.end.recv() if worker.end.poll(0) else Died(f"no answer within {worker.job.timeout:.0f} s")
    except (EOFError, OSError):
        worker.process.join(5)
        outcome = Died(_death(worker.process.exitcode, worker.memory))
    except Exception as error:  # what was sent cannot be read
        outcome = Died(f"the result cannot be read: {error}", bug=True)
    if not isinstance(outcome, Said):
        stop_worker(worker)
    return outcome


def _death(code: int | None, memory: int) -> str:
    if code == -signal.SIGABRT and memory:  # what C++ does when memory is refused
        return f"worker died: signal 6, perhaps as it needs more than {memory} MB"
    return f"worker died: {f'signal {-code}' if code is not None and code < 0 else f'exit {code}'}"


def stop_worker(worker: Worker) -> None:
    """Whatever it is at."""
    if worker.process.is_alive() and not worker.end.closed:
        worker.process.join(0.05)
        worker.process.kill()
    worker.process.join(5)
    worker.end.close()
