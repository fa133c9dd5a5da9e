"""Work that a runner may put into a process of its own: jobs, what follows from them, and the runner of this process.

The judge only says what is to be done; who does it is passed in. A job that dies (an exception, a kill, a time limit)
comes back as `Died`: nothing is claimed from it, and the others go on.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

NO_MEMORY = ("out of memory", "error return without exception set")
"""What else is said where memory was refused: by the solvers, and by the interpreter of C code that did not say why."""


@dataclass(frozen=True, slots=True)
class Died:
    """The job gave no result: "worker died: signal 9", "no answer within 600 s", "out of memory", "KeyError: ...".

    `bug`: it raised, which only a mistake in this program does, unless there was no memory left.
    """

    reason: str
    bug: bool = False


@dataclass(frozen=True, slots=True)
class Memo(Generic[T]):
    """How the answer of a job is kept for a later run (`recall.py`). `key` stands for all that the answer depends on
    but the versions of the tools. `write` gives data for JSON, None for an answer not worth keeping. `read` gives the
    answer back, with every run replayed, and raises for data that it does not believe."""

    key: str
    write: Callable[[T], object]
    read: Callable[[object], T]


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """`work` runs anywhere and returns a value that can be pickled; `then` gets that value (or how the job died) in the
    process of the judge, and returns the jobs that follow. After `timeout` seconds the work is killed. `prepare` makes
    what the works of several jobs share; whoever runs them in processes of their own may call it before, any number of
    times. It raises nothing."""

    label: str
    work: Callable[[], T]
    then: Callable[[T | Died], "Sequence[AnyJob]"]
    timeout: float
    memo: Memo[T] | None = None
    prepare: Callable[[], None] | None = None


AnyJob = Job[Any]
Runner = Callable[[Sequence[AnyJob]], None]


def run_here(jobs: Sequence[AnyJob]) -> None:
    """Runs the jobs and all that follow from them, one after the other, in this process and without time limits."""
    waiting = deque(jobs)
    while waiting:
        job = waiting.popleft()
        waiting.extend(job.then(outcome_of(job)))


def outcome_of(job: Job[T]) -> T | Died:
    """The value of the job's work, or the exception that it raised."""
    try:
        return job.work()
    except Exception as error:
        return died_of(error)


def died_of(error: BaseException) -> Died:
    """An exception with the place that raised it, in one line."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        place = f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"
        trace = trace.tb_next
    words = " ".join(str(error).split())
    if isinstance(error, MemoryError) or any(said in words for said in NO_MEMORY):
        return Died(f"out of memory{place}")
    return Died(f"{type(error).__name__}{': ' + words if words else ''}{place}", bug=True)
