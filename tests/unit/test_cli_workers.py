"""Jobs in processes of their own: results, deaths, time limits, interrupts."""

import faulthandler
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from logging import INFO, getLogger
from pathlib import Path
from typing import Any

import pytest
import z3
from cowspec.cli.progress import BETWEEN
from cowspec.cli.workers import LEAST_MEMORY, default_jobs, default_memory, runner
from cowspec.judge.jobs import AnyJob, Died, Job, Runner, died_of, run_here


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


def test_what_is_prepared_is_there_in_the_workers() -> None:
    shared: list[int] = []
    found: list[Any] = []

    def then(outcome: Any) -> Sequence[AnyJob]:
        found.append(outcome)
        return []

    runner(1)([Job("sum", lambda: sum(shared), then, 30.0, prepare=lambda: shared.append(7)) for _ in range(2)])
    assert found == [7, 14]


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


def test_what_a_worker_says_on_the_way_is_shown_beside_its_job() -> None:
    """And is no result: neither before it, nor when the time is over."""

    def says(number: int) -> int:
        for step in range(3):
            getLogger("cowspec.engines.some").info("%d steps", step)
            time.sleep(2 * BETWEEN / 3)
        return number

    def hangs() -> None:
        while True:
            says(0)

    shown: list[str] = []
    outcomes: list[object] = []

    def then(outcome: object) -> list[Job[object]]:
        outcomes.append(outcome)
        return []

    jobs = [Job("counts", partial(says, 7), then, 30.0), Job("hangs", hangs, then, 4.0)]
    runner(2, lambda _, __, running: shown.extend(running))(jobs)
    assert outcomes == [7, Died("no answer within 4 s")]
    assert {"counts", "counts (0 steps)", "counts (2 steps)", "hangs (2 steps)"} <= set(shown)


def test_nobody_listens_where_nothing_is_shown() -> None:
    assert collect(runner(1), [lambda: getLogger("cowspec").isEnabledFor(INFO)]) == {0: False}


def test_there_is_a_default() -> None:
    assert default_jobs() >= 1


# ---- killed, hanging, out of memory: from outside, and by what they do ---------------------------------------------


def test_a_worker_killed_in_the_middle_of_its_job(tmp_path: Path) -> None:
    """By somebody else, as the kernel does when memory runs out."""
    place = tmp_path / "pid"

    def work() -> None:
        place.write_text(str(os.getpid()))
        time.sleep(60)

    def watch(finished: int, known: int, running: Sequence[str]) -> None:
        if place.exists() and place.read_text():
            os.kill(int(place.read_text()), signal.SIGKILL)
            place.unlink()

    found = collect(runner(2, watch), [work, lambda: 1, lambda: 2])
    assert found == {0: Died("worker died: signal 9"), 1: 1, 2: 2}


def test_a_worker_that_hears_nothing_is_killed_at_its_limit() -> None:
    def work() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGSTOP)

    assert collect(runner(1), [work, lambda: 1], timeout=0.5) == {0: Died("no answer within 0 s"), 1: 1}


def hoard() -> int:
    return len(b"x" * (700 << 20))


def refused_by_a_solver() -> None:
    raise z3.Z3Exception(b"out of memory")


def abort() -> None:
    faulthandler.disable()
    os.abort()


def test_memory_has_a_limit() -> None:
    found = collect(runner(2, memory=600), [hoard, lambda: 1, refused_by_a_solver, abort, lambda: "x" * (10 << 20)])
    assert found[0].reason.startswith("out of memory") and not found[0].bug
    assert found[1] == 1 and len(found[4]) == 10 << 20
    assert "memory" in found[2].reason and not found[2].bug
    assert found[3] == Died("worker died: signal 6, perhaps as it needs more than 600 MB")
    assert collect(runner(1, memory=0), [hoard]) == {0: 700 << 20}


def test_no_memory_is_no_mistake_of_ours_whoever_says_so() -> None:
    for error in (MemoryError(), RuntimeError("out of memory"), SystemError("error return without exception set")):
        assert not died_of(error).bug
    assert died_of(SystemError("unknown opcode")).bug


def test_memory_is_shared_out() -> None:
    assert LEAST_MEMORY <= default_memory(2) <= default_memory(1)
    assert default_memory(10**6) == LEAST_MEMORY


def test_workers_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        os.write(2, b"terminate called after throwing")
        os.write(1, b"x")
        return 1

    assert collect(runner(1), [work]) == {0: 1}
    assert capfd.readouterr() == ("", "")


# ---- signals to the whole program ----------------------------------------------------------------------------------

PROGRAM = """
import os, sys, time
from cowspec.cli import main
from cowspec.cli.workers import runner
from cowspec.judge.jobs import Job

def slow():
    os.write(out, b"%d " % os.getpid())
    time.sleep(60)

def then(outcome):
    done.append(outcome)
    return []

def watch(finished, known, running):
    if finished == 1:
        os.write(out, b"-1 ")

out, done = os.dup(1), []
main.COMMANDS.clear()

@main.cowspec.command("go")
def go():
    try:
        runner(3, watch)([Job("", work, then, 60.0) for work in (lambda: 1, slow, slow)])
    except KeyboardInterrupt:
        os.write(out, b"kept %d" % len(done))
        raise

main.Commands.get_command = lambda *_: go
sys.argv = ["cowspec", "go"]
main.main()
"""


def ends(pid: int) -> bool:
    """Within five seconds the process is gone, or waits for nothing but that somebody takes note."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_no_worker_outlives_the_program(number: signal.Signals) -> None:
    """What was finished is kept, unless the program itself is killed."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background may ignore it
    )
    with program:
        assert program.stdout is not None and program.stderr is not None
        said = b""
        while b"-1 " not in said or said.count(b" ") < 3:
            said += os.read(program.stdout.fileno(), 100)
        workers = {int(word) for word in said.split()} - {-1}
        program.send_signal(number)
        rest = program.stdout.read()  # ends when nobody has the pipe any more
        assert program.wait(10) == (-9 if number == signal.SIGKILL else 130)
        assert number == signal.SIGKILL or rest.endswith(b"kept 1")
        assert program.stderr.read().strip() == b""
    assert len(workers) == 2 and all(ends(pid) for pid in workers)
