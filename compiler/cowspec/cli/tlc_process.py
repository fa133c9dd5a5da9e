"""TLC as a process: started, listened to, and ended, with all that it wrote, however this program ends.

In: files for one run. Out: what TLC reports. A run that Java cannot finish is a report with its reason in `errors`.
"""

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cowspec.cli.errors import BadInput
from cowspec.cli.files import write
from cowspec.cli.java import jar, java, quiet
from cowspec.encode.tla.module import Module
from cowspec.encode.tla.output import TlcReport, add, messages
from cowspec.judge.confirming.tlc import Run

TICK = 0.5  # seconds between two looks at the clock
OPTIONS = ("-XX:+UseParallelGC", "-Dfile.encoding=UTF-8")
HINTS = (
    ("UnsupportedClassVersionError", "this Java is too old for these TLA+ tools, which need 11 or newer"),
    ("OutOfMemoryError", "Java ran out of memory: --heap 8g gives it more"),
    ("ran out of memory", "Java ran out of memory: --heap 8g gives it more"),
    ("Could not find or load main class", "there is no TLC in the jar of the TLA+ tools"),
    ("Invalid maximum heap size", "Java does not understand --heap: write for example 8g"),
    ("exceeds the maximum representable size", "this Java cannot have so large a heap"),
)
"""What Java says, and what that means."""

KEEPER = 'read -r end; if [ -d "$2" ]; then kill -9 "$1"; rm -rf -- "$2"; fi'
"""Waits for the end of this program, and cleans up if that did not."""

Tell = Callable[[int, int, str], None]


def tlc(folder: str, workers: int, timeout: float, heap: str | None = None, tell: Tell = lambda *said: None) -> Run:
    """A runner of TLC that keeps the files of its last run in `folder`. Raises `BadInput` without Java or the jar.
    `timeout`: seconds of one run. `heap`: of Java, as `8g`. `tell` is told how
    many settings are finished, of how many, and how far a run is."""
    program, tools = java(), jar().resolve()
    sized = () if heap is None else (f"-Xmx{heap}",)
    silent = quiet(tools)

    def run(module: Module, files: Mapping[str, str], place: tuple[int, int]) -> TlcReport:
        for name, text in files.items():
            write(str(Path(folder) / name), text)
        with _one_end(), _scratch() as scratch:
            options = ["-tool", "-nowarning", "-deadlock", *silent, "-workers", str(workers), "-metadir", scratch]
            # TLC unpacks its standard modules where temporary files go: two runs in one place would disturb each other.
            started = [
                program,
                *OPTIONS,
                *sized,
                f"-Djava.io.tmpdir={scratch}",
                "-cp",
                str(tools),
                "tlc2.TLC",
                *options,
            ]
            command = [*started, "-config", f"{module.root}.cfg", f"{module.root}.tla"]
            with _process(command, folder, scratch) as process:
                return _report(process, timeout, lambda said: tell(*place, said))

    return run


def _report(process: "subprocess.Popen[bytes]", timeout: float, tell: Callable[[str], None]) -> TlcReport:
    report, loose = TlcReport(), list[str]()
    begun = time.monotonic()

    def tick() -> None:
        tell(f"{time.monotonic() - begun:.0f} s, {report.progress or 'Java starts'}")

    try:
        for message in messages(_lines(process, begun + timeout, tick)):
            report = add(report, message)
            loose = loose if message.code else [*loose[-20:], message.text]
    except TimeoutError:
        return _lost(report, f"no end within {timeout:.0f} s")
    said = "\n".join((*report.errors, *loose))
    if hint := next((hint for sign, hint in HINTS if sign in said), None):
        return _lost(report, hint)
    if report.complete or report.violated is not None or report.errors:
        return report
    status = process.wait()
    if status < 0:
        return _lost(report, f"Java was ended by {_signal(-status)}")
    return _lost(report, " ".join(loose[-3:]) or f"Java ended with status {status} and said nothing")


def _lost(report: TlcReport, why: str) -> TlcReport:
    return replace(report, complete=False, violated=None, states=(), errors=(why,))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _lines(process: "subprocess.Popen[bytes]", deadline: float, tick: Callable[[], None]) -> Iterator[str]:
    """What the process prints, line by line. Raises `TimeoutError` after the deadline."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        rest = b""
        while True:
            if time.monotonic() > deadline:
                raise TimeoutError
            tick()
            if not selector.select(TICK):
                continue
            more = os.read(process.stdout.fileno(), 65536)
            if not more:
                break
            *whole, rest = (rest + more).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")


# ---- how it ends ---------------------------------------------------------------------------------------------------


@contextmanager
def _one_end() -> Iterator[None]:
    """SIGTERM and SIGHUP are taken for Ctrl-C. Only the first of them counts, as nothing may interrupt the cleaning up:
    `timeout` sends SIGTERM twice."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, frame: object) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(each, stop) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler or signal.SIG_DFL)


@contextmanager
def _scratch() -> Iterator[str]:
    """A folder for the time of one run."""
    try:
        folder = tempfile.mkdtemp(prefix="cowspec-tlc-")
    except OSError as error:
        raise BadInput(f"error: no temporary folder: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(command: list[str], folder: str, scratch: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The process with its keeper; at the end it is killed, and its scratch folder removed."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, cwd=folder, stdin=null, stdout=pipe, stderr=subprocess.STDOUT)
    except OSError as error:
        raise BadInput(f"error: {command[0]}: cannot be started: {error.strerror}") from None
    with process:
        try:
            keep = ["/bin/sh", "-c", KEEPER, "keeper", str(process.pid), scratch]
            with subprocess.Popen(keep, stdin=pipe, stdout=null, stderr=null, start_new_session=True):
                try:
                    yield process
                finally:
                    process.kill()
                    process.wait()
                    shutil.rmtree(scratch, ignore_errors=True)
        finally:
            process.kill()
