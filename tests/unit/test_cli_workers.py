"""Jobs in processes of their own: results, deaths, time limits, interrupts."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from cowspec.cli.workers import default_jobs, runner
from cowspec.judge.jobs import AnyJob, Died, Job, Runner, run_here


def collect(run: Runner, works: Sequence[Callable[[], Any]], timeout: float = 30.0) -> dict[int, Any]:
    """What came of each piece of work."""
    found: dict[int, Any] = {}

    def job(number: int, work: Callable[[], Any]) -> AnyJob:
        def then(outcome: Any) -> Sequence[AnyJob]:
            found[number] = outcome
            return []

        return Job(str(number), work, then, timeout)

    run([job(number, work) for number, work in enumerate(works)])
    return found


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(7)


def fail() -> None:
    raise ValueError("wrong")


@dataclass
class Unsendable:
    work: Any


def test_results_come_back() -> None:
    found = collect(runner(2), [lambda n=n: n * n for n in range(7)])
    assert found == {n: n * n for n in range(7)}
    assert collect(runner(2), [lambda: os.getpid()])[0] != os.getpid()


def test_a_large_result_comes_back() -> None:
    assert collect(runner(1), [lambda: "x" * 5_000_000])[0] == "x" * 5_000_000


def test_a_dead_worker_takes_nobody_with_it() -> None:
    found = collect(runner(2), [kill_myself, lambda: 1, leave, lambda: 2, fail, lambda: Unsendable(lambda: 0)])
    assert found[0] == Died("worker died: signal 9") and found[2] == Died("worker died: exit 7")
    assert (found[1], found[3]) == (1, 2)
    assert found[4].bug and found[4].reason.startswith("ValueError: wrong (test_cli_workers.py:")
    assert found[5].bug and "cannot be sent" in found[5].reason


def test_a_slow_worker_is_killed() -> None:
    began = time.monotonic()
    found = collect(runner(2), [lambda: time.sleep(60), lambda: 5], timeout=0.3)
    assert found == {0: Died("no answer within 0 s"), 1: 5}
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("run", [run_here, runner(2)], ids=["here", "processes"])
def test_jobs_lead_to_jobs(run: Runner) -> None:
    seen: list[int] = []

    def job(number: int) -> AnyJob:
        def then(outcome: Any) -> Sequence[AnyJob]:
            seen.append(outcome)
            return [job(number - 1)] if number else []

        return Job("", lambda: number, then, 30.0)

    run([job(3)])
    assert seen == [3, 2, 1, 0]


def test_an_interrupt_ends_the_workers() -> None:
    workers: list[int] = []

    def watch(finished: int, known: int, running: Sequence[str]) -> None:
        if finished:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(runner(2, watch), [os.getpid, lambda: time.sleep(60)])
    assert workers == []
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    collect(runner(1, lambda done, known, running: told.append((done, known))), [lambda: 1, lambda: 2])
    assert told[0] == (0, 2) and told[-1][1] == 2


def test_there_is_a_default() -> None:
    assert default_jobs() >= 1
