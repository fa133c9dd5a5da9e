"""TLC as a process, played by shell scripts: whatever becomes of it, the command says so, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cowspec.cli.errors import INTERRUPTED
from cowspec.cli.main import run
from report_examples import SMALL


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, a jar, and temporary files; `java` is what the test writes there."""
    (tmp_path / "small.cow").write_text(SMALL)
    (tmp_path / "tla.jar").touch()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("TLA2TOOLS", str(tmp_path / "tla.jar"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path


def java(place: Path, script: str) -> None:
    (place / "java").write_text(script)
    (place / "java").chmod(0o755)


def tlc(place: Path, *options: str) -> int:
    """One setting, one property: one run of TLC."""
    asked = ["-i", "no_stale", "--set", "policy=lazy,no-fix", "--out-dir", str(place / "out")]
    return run(["tlc", str(place / "small.cow"), *asked, *options])


def left(place: Path) -> list[Path]:
    return list((place / "tmp").iterdir())


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -KILL $$", "Java was ended by SIGKILL"),
        ("exit 7", "Java ended with status 7 and said nothing"),
        ("echo java.lang.UnsupportedClassVersionError: tlc2/TLC; exit 1", "this Java is too old"),
        ("echo @!@!@STARTMSG 1001:1 @!@!@; echo Java ran out of memory. Running; echo @!@!@ENDMSG 1001 @!@!@",
         "Java ran out of memory: --heap 8g gives it more"),
        ("echo Error: Could not find or load main class tlc2.TLC; exit 1", "there is no TLC in the jar"),
        ("echo one; echo two; exit 1", "one two"),
        ("exec sleep 60", "no end within 1 s"),
    ],
)  # fmt: skip
def test_a_run_without_end_is_unknown(
    script: str, reason: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    java(place, f"#!/bin/sh\n{script}\n")
    assert tlc(place, "--timeout", "1" if "sleep" in script else "60") == 4
    assert f"TLC: {reason}" in " ".join(capsys.readouterr().out.split())
    assert left(place) == []


def test_the_heap_is_given(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    java(place, '#!/bin/sh\necho "$2" "$3"\nexit 1\n')
    assert tlc(place, "--heap", "8g") == 4
    assert "-Xmx8g" in capsys.readouterr().out


def test_what_is_no_program_is_bad_input(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    java(place, "\0")
    assert tlc(place) == 2 and left(place) == []
    assert "java: cannot be started: Exec format error" in capsys.readouterr().err


def test_a_newer_tlc_is_told_to_write_no_modules(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    java(place, '#!/bin/sh\necho "$@" | grep -o noGenerateSpecTE\nexit 1\n')
    for constants, told in ((b"-generateSpecTE", False), (b"-noGenerateSpecTE", True)):
        with zipfile.ZipFile(place / "tla.jar", "w") as jar:
            jar.writestr("tlc2/TLC.class", b"\xca\xfe\xba\xbe" + constants)
        assert tlc(place) == 4
        assert ("noGenerateSpecTE" in capsys.readouterr().out) is told


@pytest.mark.parametrize(
    "signals",
    [("TERM",), ("TERM", "TERM"), ("INT", "TERM"), ("HUP",), ("KILL",)],
    ids=lambda signals: "-".join(signals),
)
def test_nothing_is_left_behind(signals: tuple[str, ...], place: Path) -> None:
    """However the command is ended, Java ends, and the temporary files are removed."""
    java(place, f"#!/bin/sh\necho $$ > {place}/pid.new\nmv {place}/pid.new {place}/pid\nexec sleep 60\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(place / "tmp")}
    command = [sys.executable, "-m", "cowspec", "tlc", str(place / "small.cow"), "--out-dir", str(place / "out")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: (place / "pid").exists() and process.poll() is None)
        time.sleep(0.2)  # until somebody watches over Java
        assert len(left(place)) == 1
        for name in signals:
            process.send_signal(signal.Signals[f"SIG{name}"])
    assert process.returncode == (-signal.SIGKILL if signals == ("KILL",) else INTERRUPTED)
    pid = int((place / "pid").read_text())
    wait_until(lambda: not left(place) and not runs(pid))


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it does not come")


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
