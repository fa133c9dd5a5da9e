"""The command line: statuses, streams, files, and bad input of every kind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cowspec.cli.errors import BadInput
from cowspec.cli.files import loader, models, read, shipped, write
from cowspec.cli.load import load_systems
from cowspec.cli.main import run
from cowspec.diagnostics import CompileError
from cowspec.judge.selection import Selection, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_examples import SMALL

ONE_SETTING = ("--set", "policy=lazy,no-flush_late")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with the small model in `models`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.cow").write_text(SMALL)
    return tmp_path


def test_check_prints_the_table_and_saves_the_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--jobs", "2"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("models/small.cow ") and "as declared" in out and err == ""
    assert (folder / ".cowspec" / "small-no_stale-lazy.json").is_file()


def test_check_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "models/small.cow", "--json", "-i", "no_stale", *ONE_SETTING, "--out-dir", "o"]) == 0
    record = json.loads(capsys.readouterr().out)
    (result,) = record["results"]
    assert result["verdict"] == "refuted" and result["steps"] == 3 and result["trace"] == "o/small-no_stale-lazy.json"
    assert (folder / result["trace"]).is_file()


def test_a_saved_trace_replays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["refute", "models/small.cow", "-i", "no_stale", *ONE_SETTING]) == 0
    printed = capsys.readouterr().out
    path = ".cowspec/small-no_stale-lazy.json"
    assert run(["trace", path]) == 0
    again = capsys.readouterr().out
    assert again.startswith("models/small.cow: no_stale, 3 steps at ") and again.split("\n\n", 1)[1].strip() in printed
    assert run(["trace", path, "--json"]) == 0
    assert capsys.readouterr().out == (folder / path).read_text()


def test_a_changed_trace_is_rejected(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["refute", "models/small.cow", "-i", "no_stale", *ONE_SETTING])
    path = folder / ".cowspec" / "small-no_stale-lazy.json"
    record = json.loads(path.read_text())
    record["steps"] = record["steps"][:-1]
    path.write_text(json.dumps(record))
    assert run(["trace", str(path)]) == 6
    assert "rejects this trace" in capsys.readouterr().err
    for text, why in (
        ("{", "no JSON: Expecting"),
        ('{"results": []}', 'an object with "kind": "trace"'),
        ("1", "kind"),
    ):
        path.write_text(text)
        assert run(["trace", str(path)]) == 2
        err = capsys.readouterr().err
        assert "no trace of a run, as `check` and `refute` save them: " in err and why in err


def test_prove(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "models/small.cow", "-i", "no_stale", "--set", "policy=eager"]) == 0
    assert "no_stale: proved, any size, under policy=eager\n" in capsys.readouterr().out
    assert run(["prove", "models/small.cow", "-i", "no_stale", *ONE_SETTING]) == 1


def test_run_plays_or_walks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "models/small.cow", *ONE_SETTING]) == 0
    assert "scenario stale, no_stale: violated in 3 steps" in capsys.readouterr().out
    assert run(["run", "models/small.cow", "--random", "6", "--seed", "3"]) == 0
    walked = capsys.readouterr().out
    assert walked.startswith("start: ") and "CPU" in walked
    assert run(["run", "models/small.cow", "--random", "6", "--seed", "3"]) == 0
    assert capsys.readouterr().out == walked


def test_list_and_compile(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "models/small.cow"]) == 0
    listed = capsys.readouterr().out
    for words in (
        "choice policy",
        "fix flush_late",
        "action tlb_fill(c: Cpu, m: Mm)",
        "step clear",
        "invariant no_stale",
    ):
        assert words in listed
    assert run(["list", "--json", "models/small.cow"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["scenarios"][0]["name"] == "stale"
    assert run(["compile", "models/small.cow", *ONE_SETTING]) == 0
    assert capsys.readouterr().out.startswith("system small\n")


def test_compile_writes_to_one_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target in ("system", "tla", "smtlib"):
        assert run(["compile", "models/small.cow", "--to", target, "-o", "x", "--out-dir", "y"]) == 2
        assert "give one of them" in capsys.readouterr().err
    assert sorted(os.listdir(folder)) == ["models"]
    assert run(["compile", "models/small.cow", "--out-dir", "y"]) == 0
    assert (folder / "y" / "small.system").read_text().startswith("system small\n")


def test_list_shows_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    assert "cow_invisible" in capsys.readouterr().out


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    assert "z3-solver" in capsys.readouterr().out
    assert run(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["works"]["z3-solver"] is True


def test_fmt(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "models" / "small.cow"
    path.write_text(SMALL.replace("sort Cpu, Mm, Page", "sort   Cpu,Mm , Page"))
    assert run(["fmt", "--check", "models"]) == 1
    assert "would change models/small.cow" in capsys.readouterr().err
    assert run(["fmt", "models"]) == 0
    assert "sort Cpu, Mm, Page\n" in path.read_text()
    assert run(["fmt", "--check", "models"]) == 0


def test_colour_only_adds_colour(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "models", "-i", "busy"]
    assert run([*arguments, "--color", "never"]) == 0
    plain = capsys.readouterr().out
    assert run([*arguments, "--color", "always"]) == 0
    coloured = capsys.readouterr().out
    assert "\x1b[" in coloured and "\x1b[" not in plain
    import click

    assert click.unstyle(coloured) == plain


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "nowhere"],
        ["check", "models/small.cow", "--set", "nothing=x"],
        ["check", "models/small.cow", "--set", "policy=wrong"],
        ["check", "models/small.cow", "--set", "policy=lazy", "--set", "policy=eager"],
        ["check", "models/small.cow", "--set", "=="],
        ["check", "models/small.cow", "--set", ""],
        ["check", "models/small.cow", "--set", ",,"],
        ["check", "models/small.cow", "--set", "policy"],
        ["check", "models/small.cow", "--set", "no-policy"],
        ["check", "models/small.cow", "--scope", ""],
        ["check", "models/small.cow", "-i", "nothing"],
        ["check", "models/small.cow", "--scope", "Cpu"],
        ["check", "models/small.cow", "--scope", "Cpu=0"],
        ["check", "models/small.cow", "--scope", "Cpu=1,Cpu=2"],
        ["check", "models/small.cow", "--scope", "Cpus=1"],
        ["check", "models/small.cow", "--max-steps", "x"],
        ["check", "models/small.cow", "--width", "3"],
        ["check", "models/small.cow", "--nonsense"],
        ["run", "models"],
        ["fmt"],
        ["fmt", "nowhere.cow"],
        ["trace", "nowhere.json"],
        ["trace", "models/small.cow"],
        ["nonsense"],
        ["list", "models/broken.cow"],
    ],
)
def test_bad_usage_is_status_2(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    (folder / "models" / "broken.cow").write_text("sort Cpu Mm\n") if "models/broken.cow" in arguments else None
    if arguments == ["run", "models"]:
        (folder / "models" / "small.cow").write_text("sort Cpu Mm\n")
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err and "Traceback" not in err and "internal error" not in err


def test_all_broken_models_are_told_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "models" / "a.cow").write_text("sort Cpu Mm\n")
    (folder / "models" / "b.cow").write_text("use nowhere\n")
    assert run(["check"]) == 2
    err = capsys.readouterr().err
    assert "models/a.cow:1" in err and "models/b.cow:1" in err and "module `nowhere` is not found" in err


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_refused_or_understood(folder: Path, capsys: pytest.CaptureFixture[str], raw: bytes) -> None:
    path = folder / "any.cow"
    path.write_bytes(raw)
    assert run(["list", str(path)]) in (0, 2)
    assert "internal error" not in capsys.readouterr().err
    assert run(["trace", str(path)]) == 2


def test_mistakes_of_ours_are_status_3(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import cowspec.cli.list as command

    def broken(*_: object, **__: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(command, "load_systems", broken)
    assert run(["list", "models/small.cow"]) == 3
    err = capsys.readouterr().err
    assert "internal error: KeyError: 'gone'" in err and "Traceback" not in err


NO_SPACE = "error: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        (">/dev/full", 2, NO_SPACE),
        (">/dev/full 2>&1", 2, ""),
        (">&-", 2, "error: the output cannot be written: it is closed\n"),
        ("2>/dev/full", 0, ""),
        ("2>&-", 0, ""),
    ],
)
def test_an_output_that_cannot_be_written_is_no_bug(folder: Path, redirected: str, status: int, said: str) -> None:
    command = f"{sys.executable} -m cowspec list models/small.cow {redirected}"
    done = _in_a_shell(command)
    assert (done.returncode, done.stderr) == (status, said)
    assert _in_a_shell(command.replace("small.cow", "gone.cow").replace(">/dev/full ", "")).returncode == 2


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (f"check - -i no_stale --set {ONE_SETTING[1]}", 0, "refuted 3 steps"),
        ("prove - -i no_stale --set policy=eager", 0, "no_stale: proved, any size"),
        (f"refute - -i no_stale --set {ONE_SETTING[1]}", 0, "no_stale: refuted in 3 steps"),
        ("run - --random 3", 0, "start: "),
        ("check - --update-lock", 2, ""),
        ("check - --locked", 2, ""),
        ("infer - -i no_stale --write", 2, ""),
    ],
)
def test_a_model_may_come_through_the_standard_input(folder: Path, words: str, status: int, said: str) -> None:
    done = _in_a_shell(f"{sys.executable} -m cowspec {words} <models/small.cow")
    assert done.returncode == status and said in done.stdout, done.stderr
    assert ("standard input" in done.stderr) == (status == 2)


@pytest.mark.parametrize("words", ["compile models/small.cow", "list models/small.cow", "--help", "explain"])
def test_a_closed_pipe_is_silent(folder: Path, words: str) -> None:
    """And no success: what nobody has read may have been a refutation."""
    done = _in_a_shell(f"({sys.executable} -m cowspec {words}; echo $? >status) | true")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "status").read_text() == "141\n"


def _in_a_shell(command: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": paths})  # fmt: skip


# ---- files ---------------------------------------------------------------------------------------------------------


def test_modules_are_found_beside_the_model_then_in_the_library(folder: Path) -> None:
    (folder / "library").mkdir()
    (folder / "library" / "machine.cow").write_text("// library\n")
    (folder / "models" / "near.cow").write_text("// near\n")
    find = loader(folder / "library")
    near, far = find("near", "models/small.cow"), find("machine", "models/small.cow")
    assert near is not None and near.text == "// near\n" and near.path == "models/near.cow"
    assert far is not None and far.text == "// library\n"
    assert find("near", "library/machine.cow") is None
    assert find("nowhere", "models/small.cow") is None


def test_a_module_in_two_places_is_an_error(folder: Path) -> None:
    (folder / "library").mkdir()
    for place in ("library", "models"):
        (folder / place / "machine.cow").write_text("")
    with pytest.raises(CompileError, match=r"models/machine\.cow and library/machine\.cow"):
        loader(folder / "library")("machine", "models/small.cow")
    assert loader(folder / "library")("machine", "library/other.cow") is not None


@pytest.mark.parametrize("name", ["..secret", "/etc/passwd", "a..b", "", "../secret", "a/b", "secret"])
def test_nothing_outside_is_read(folder: Path, name: str) -> None:
    (folder / "secret.cow").write_text("// secret\n")
    (folder / "models" / "secret.cow").symlink_to(folder / "secret.cow")
    (folder / "library").mkdir()
    assert loader(folder / "library")(name, "models/small.cow") is None


def test_reading_has_limits(folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * 101)
    with pytest.raises(BadInput, match="larger than 100"):
        read("large", 100)
    (folder / "bytes").write_bytes(b"ab\xff")
    with pytest.raises(BadInput, match=r"no UTF-8 text \(byte 2\)"):
        read("bytes")
    with pytest.raises(BadInput, match="cannot be read"):
        read("models")
    with pytest.raises(BadInput, match="cannot be read"):
        read("a\0b")


def test_writing_is_atomic_and_keeps_the_mode(folder: Path) -> None:
    target = folder / "new" / "file"
    write(str(target), "one\n")
    target.chmod(0o640)
    write(str(target), "two\n")
    assert target.read_text() == "two\n" and target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(target.parent) == ["file"]
    with pytest.raises(BadInput, match="cannot be written"):
        write(str(target / "below"), "x")


def test_models_of_folders_and_files(folder: Path) -> None:
    (folder / "models" / "deep").mkdir()
    (folder / "models" / "deep" / "b.cow").write_text("")
    assert models([]) == ["models/deep/b.cow", "models/small.cow"]
    assert models(["models/small.cow", "models"]) == ["models/small.cow", "models/deep/b.cow"]
    (folder / "empty").mkdir()
    with pytest.raises(BadInput, match=r"no `\.cow` file"):
        models(["empty"])


def test_the_library_is_found() -> None:
    assert (shipped("spec") / "machine.cow").is_file()


def test_the_version_loads_nothing_heavy() -> None:
    code = (
        "import sys; from cowspec.cli.main import run; status = run(['--version']);"
        "heavy = {'z3', 'lark', 'rich', 'pysat'} & set(sys.modules); print(heavy); sys.exit(status or bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("cowspec ")


def test_no_fix_turns_off_what_is_not_named() -> None:
    systems = load_systems([str(Path(__file__).parents[2] / "models" / "uffd_wp.cow")])
    chosen = validate(systems, Selection((("fix", "off"), ("keep_write", "on"))))
    assert dict(chosen.options) == {
        "keep_write": "on",
        "flush_if_pending": "off",
        "lock_for_write": "off",
        "flush_in_ptl": "off",
    }
