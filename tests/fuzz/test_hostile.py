"""Inputs that were made to hurt, each by the command line: what it prints, in how much time and memory."""

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from cowspec.cli.main import run
from seeds import NIGHTLY
from targets import limited

SECONDS = 20.0
"""Of processor time, on a slow machine. Most need a hundredth of it."""
MEMORY = 1 << 30


@pytest.fixture(autouse=True)
def bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    with limited(SECONDS):
        yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def doubled(kind: str) -> str:
    """Sixty definitions, each of which uses the one before twice."""
    if kind == "def":
        lines = ["def d0(b: bool) = b and not b", *(f"def d{n}(b: bool) = d{n - 1}(d{n - 1}(b))" for n in range(1, 60))]
        return "\n".join([*lines, "var x: bool", "action a() { require d59(x) }"])
    lines = ["macro d0() { x := not x }", *(f"macro d{n}() {{ d{n - 1}() d{n - 1}() }}" for n in range(1, 60))]
    return "\n".join([*lines, "var x: bool", "action a() { d59() }"])


REFUSED = {
    "a million lines": ("sort A\n" * 1_000_000, "larger than 2097152 bytes"),
    "too many words": ("sort A\n" * 60_000, "E006"),
    "brackets": ("init " + "(" * 100_000 + "true" + ")" * 100_000, "E007"),
    "prefixes": ("init " + "not " * 2_000 + "true", "E007"),
    "implications": ("init " + "true -> " * 9_000 + "true", "E007"),
    "fields": ("init a" + ".b" * 9_000 + " == none", "E007"),
    "branches": ("init " + "if true then true else " * 2_000 + "true", "E007"),
    "blocks": ("action a() { " + "if true { " * 9_000, "E007"),
    "quantifiers": ("sort A\ninit " + "".join(f"forall x{n}: A: " for n in range(9_000)) + "true", "E007"),
    "a number": ('sort A\ninvariant i "": count(a: A where true) <= ' + "9" * 100_000, "E014"),
    "a size": ('sort A\ninvariant i "": true\nexpect { i: proved at A=' + "9" * 5_000 + " }", "E014"),
    "a name": ("sort A\nvar v: " + "x" * 1_000_000, "E109"),
    "doubling defs": (doubled("def"), "E114"),
    "doubling macros": (doubled("macro"), "E114"),
    "switches": ("".join(f'fix f{n} ""\n' for n in range(60)), "E118"),
    "up the tree": ("use ...etc.passwd", "E001"),
    "a path": ("use etc/passwd", "E003"),
    "a path in quotes": ('use "/etc/passwd"', "E001"),
    "a long path": ("use " + ".".join(["x" * 300] * 30), "E101"),
    "itself": ("module model\nuse model", "E102"),
    "NUL": (b"sort A\x00B", "E003"),
    "no UTF-8": (b"sort \xff\xfe", "no UTF-8 text (byte 5)"),
    "UTF-16": ("sort A".encode("utf-16"), "no UTF-8"),
    "an escape sequence": ("// \x1b[2J", "E003"),
    "other direction": ("// \u202e", "E003"),
    "a lone surrogate": (b"// \xed\xa0\x80", "no UTF-8"),
}


if not NIGHTLY:
    del REFUSED["doubling macros"]  # takes seconds, as it is refused only when it has grown


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, said = REFUSED[name]
    Path("model.cow").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert run(["list", "model.cow"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and len(err) < 20_000


READ = {
    "empty lines": "\n" * 1_000_000,
    "a byte order mark": "\ufeffsort A",
    "CRLF": "sort A\r\nvar x: bool\r\n",
    "CR": "sort A\rvar x: bool\r",
    "a long text": 'sort A\ninvariant i "' + "x" * 100_000 + '": true',
    "many sorts": "\n".join(f"sort S{n}" for n in range(2_000)),
    "a large enum": "enum E { " + ", ".join(f"e{n}" for n in range(2_000)) + " }\nvar x: E",
    "a wide table": "sort A\nvar x[" + ", ".join(["A"] * 1_000) + "]: bool",
    "many paths": "var x: bool\nvar y: bool\naction a() {" + " if x { y := not y } else { x := not x }" * 200 + "}",
}


@pytest.mark.parametrize("name", READ)
def test_is_read(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("model.cow").write_bytes(READ[name].encode())
    assert run(["list", "model.cow"]) == 0
    assert capsys.readouterr().err == ""


# ---- files ---------------------------------------------------------------------------------------------------------


def test_links_do_not_lead_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A module that is a link to elsewhere, or lies in a folder that is, is not read; a cycle of links ends."""
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "secret.cow").write_text("secret of somebody")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "linked.cow").symlink_to(outside / "secret.cow")
    (inside / "folder").symlink_to(outside)
    (inside / "ring").symlink_to(inside)
    (inside / "loop.cow").symlink_to(inside / "loop.cow")
    os.mkfifo(inside / "pipe.cow")
    for used in ("linked", "folder.secret", "ring.ring.linked", "loop", "pipe"):
        (inside / "model.cow").write_text(f"use {used}")
        assert run(["list", "inside/model.cow"]) == 2
        err = capsys.readouterr().err
        assert "E101" in err and "somebody" not in err


def test_a_cycle_of_modules(capsys: pytest.CaptureFixture[str]) -> None:
    for name, used in (("a", "b"), ("b", "c"), ("c", "a"), *((f"m{n}", f"m{n + 1}") for n in range(100))):
        Path(f"{name}.cow").write_text(f"use {used}")
    Path("m100.cow").write_text("")
    for start, said in (("a", "a -> b -> c -> a"), ("m0", "more than 60 modules")):
        assert run(["list", f"{start}.cow"]) == 2
        err = capsys.readouterr().err
        assert "E102" in err and said in err


# ---- sizes, and other files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["A=99999", "A=65", "A=0", "A=-1", "A=1e3", "A=٣", "A", "=", "A=1,A=2", "Nowhere=3"])
def test_sizes_that_do_not_fit(scope: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("model.cow").write_text('sort A\nvar x: bool\ninvariant i "": x\nexpect { i: refuted }')
    assert run(["check", "model.cow", "--scope", scope, "--jobs", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and ("Error" in err or "error" in err)


def test_sizes_that_no_machine_has(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is found out, and that is said: the worker stops at its limit of memory or time."""
    text = "sort A\nvar x[A, A, A, A, A]: bool\naction a(i: A, j: A) { x[i, j, i, j, i] := true }\n"
    Path("model.cow").write_text(text + 'invariant i "": forall a: A: not x[a, a, a, a, a]')
    limits = ["--timeout", "1", "--jobs", "1", "--memory", "512"]
    assert run(["refute", "model.cow", "--scope", "A=64", *limits]) == 4
    out, err = capsys.readouterr()
    assert "i: unknown" in out and err == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\xff", b"[" * 200_000, b"{" * 200_000, b'{"a":' * 100_000, b"1" * 200_000, b'"\\ud800"', b"null"],
    ids=lambda data: repr(data[:8]),
)
def test_no_trace(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("trace.json").write_bytes(data)
    assert run(["trace", "trace.json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("trace.json: ") and len(err) < 2_000


@pytest.mark.parametrize(
    "model", ["/etc/passwd", "../../etc/passwd", "", "\x00", "x" * 5_000, "trace.json", "/dev/zero"]
)
def test_a_trace_names_its_model(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it names is read as a model, and shown as far as messages show models."""
    record = {"schema_version": 1, "kind": "trace", "model": model, "property": "p"}
    Path("trace.json").write_text(json.dumps(record))
    assert run(["trace", "trace.json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err and "root:" not in err.splitlines()[0] and "internal error" not in err
