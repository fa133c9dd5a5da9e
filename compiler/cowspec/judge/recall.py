"""Answers of earlier runs in the place of work: a runner that looks into a cache before a job is run.

In: a runner, and a store of texts by key, which the command line keeps in files. Out: a runner. An entry counts only if
it was written for the same question about the same model by the same versions of everything; its runs are replayed when
it is read (`Memo.read`). Anything else about it, whatever the reason, is no answer: the work is done.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

from cowspec.evidence.fingerprint import fingerprint
from cowspec.judge.jobs import AnyJob, Died, Job, Memo, Runner, died_of

T = TypeVar("T")
SCHEMA_VERSION = 1


class Store(Protocol):
    """Texts by key. Both methods may be called in several processes at a time, and may raise `OSError` or
    `ValueError`."""

    def read(self, key: str) -> str | None:
        """The text kept under the key, None if there is none."""

    def write(self, key: str, text: str) -> None:
        """Keeps the text: who reads at the same time gets the old one or the new one."""


@dataclass(frozen=True, slots=True)
class Cache:
    """`tools`: the versions of all that had a part in an answer."""

    store: Store
    tools: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recalled(Generic[T]):
    """`note`: why an entry was not used, or an answer not kept."""

    answer: T
    known: bool
    note: str = ""


Prepare = Callable[[], None]
Tell = Callable[[str, bool, str], None]
"""Told for each job that can be kept: its label, whether the answer was known, and what was wrong."""


def recalling(runner: Runner, cache: Cache, tell: Tell) -> Runner:
    """The runner, but jobs whose answers are known end at once. Entries are read and written by the workers. What jobs
    share is prepared once the answer of one of them was not known."""

    def run(jobs: Sequence[AnyJob]) -> None:
        unknown: list[Prepare] = []
        runner([_through(cache, tell, unknown, job) for job in jobs])

    return run


def recalled(cache: Cache, memo: Memo[T], work: Callable[[], T]) -> Recalled[T]:
    """The answer kept for this question; if there is none to be believed, that of the work, which is kept."""
    key = fingerprint(SCHEMA_VERSION, cache.tools, memo.key)
    note = ""
    try:
        text = cache.store.read(key)
        if text is not None:
            return Recalled(memo.read(_opened(key, text)), known=True)
    except Exception as error:  # whatever a damaged entry does to who reads it: it is no answer
        note = f"an entry of the cache is not used: {died_of(error).reason}"
    answer = work()
    try:
        data = memo.write(answer)
        if data is not None:
            cache.store.write(key, _closed(key, data))
    except (OSError, ValueError) as error:
        note = note or f"the answer is not kept: {error}"
    return Recalled(answer, known=False, note=note)


def _through(cache: Cache, tell: Tell, unknown: list[Prepare], job: Job[T]) -> AnyJob:
    def then(outcome: T | Died) -> list[AnyJob]:
        return [_through(cache, tell, unknown, each) for each in job.then(outcome)]

    def told(outcome: Recalled[T] | Died) -> list[AnyJob]:
        if isinstance(outcome, Died):
            return then(outcome)
        if not outcome.known and job.prepare is not None:
            unknown.append(job.prepare)
        tell(job.label, outcome.known, outcome.note)
        return then(outcome.answer)

    def prepare() -> None:
        if job.prepare is not None and job.prepare in unknown:
            job.prepare()

    if job.memo is None:
        return replace(job, then=then)
    return Job(job.label, partial(recalled, cache, job.memo, job.work), told, job.timeout, prepare=prepare)


def _closed(key: str, data: object) -> str:
    """An entry: what it answers, a checksum, the answer on a line of its own."""
    answer = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = {"schema_version": SCHEMA_VERSION, "key": key, "sha256": _checksum(answer)}
    return json.dumps(head) + "\n" + answer + "\n"


def _opened(key: str, text: str) -> object:
    """The answer in an entry. Raises `ValueError` if it is not whole, or answers something else."""
    head, _, answer = text.removesuffix("\n").partition("\n")
    if json.loads(head) != {"schema_version": SCHEMA_VERSION, "key": key, "sha256": _checksum(answer)}:
        raise ValueError("it is damaged, or answers another question")
    return json.loads(answer)


def _checksum(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
