"""Answers of earlier runs: what is known again, what is not, and what damaged entries do (nothing)."""

import json
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cowspec.cli import cache as cli_cache
from cowspec.cli.cache import FileStore, memory_in, tools
from cowspec.cli.load import load_system, loader
from cowspec.cli.main import run
from cowspec.evidence.fingerprint import fingerprint, substance
from cowspec.evidence.records import RecordError, read, record
from cowspec.evidence.runs import read_run, run_record
from cowspec.evidence.traces import TraceError
from cowspec.judge import inferring
from cowspec.judge.jobs import AnyJob, Job, Memo, run_here
from cowspec.judge.proving import Attempts, attempt
from cowspec.judge.recall import Cache, Recalled, recalled, recalling
from cowspec.judge.refuting import refute, scopes_for
from cowspec.judge.selection import Selection
from cowspec.syntax.ast import Outcome
from cowspec.system import ir
from cowspec.system.ir import System
from cowspec.system.lemmas import Written
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, NoViolation, Refuted
from hypothesis import given
from hypothesis import strategies as st
from report_examples import SMALL


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.cow").write_text(SMALL)
    return tmp_path


@pytest.fixture
def small(folder: Path) -> System:
    return load_system("models/small.cow", loader())


def known(capsys: pytest.CaptureFixture[str], *args: str, status: int = 0) -> tuple[int, int, str, str]:
    """How many answers of how many were known, what was printed, and the notes."""
    assert run(["check", "--jobs", "2", "-v", *args]) == status
    out, err = capsys.readouterr()
    match = re.search(r"cache: (\d+) of (\d+) answers known", err)
    assert match is not None
    return int(match[1]), int(match[2]), out, err


def entries(folder: Path) -> list[Path]:
    return sorted(file for file in (folder / ".cowspec" / "cache").glob("*/*") if file.is_file())


# ---- the command ---------------------------------------------------------------------------------------------------


def test_the_second_run_knows_every_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, asked, cold, _ = known(capsys)
    second, again, warm, _ = known(capsys)
    assert (first, second) == (0, asked) and asked == again > 3
    assert warm == cold


def test_without_cache_nothing_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--no-cache", "-v"]) == 0
    assert "cache:" not in capsys.readouterr().err and not (folder / ".cowspec" / "cache").exists()


@pytest.mark.parametrize("limit", [["--seed", "3"], ["--timeout", "5"], ["--max-steps", "9"]])
def test_other_limits_are_another_question(folder: Path, capsys: pytest.CaptureFixture[str], limit: list[str]) -> None:
    known(capsys)
    assert known(capsys, *limit)[0] == 0


def test_other_versions_are_another_question(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = known(capsys)[1]
    now = dict(tools())
    for tool in now:
        monkeypatch.setattr(cli_cache, "tools", lambda changed=now | {tool: "0"}: changed)
        assert known(capsys)[0] == 0, tool
    monkeypatch.setattr(cli_cache, "tools", lambda: now)
    assert known(capsys)[0] == asked


def test_a_changed_model_is_another_question_and_its_comments_are_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = known(capsys)[1]
    model = folder / "models" / "small.cow"
    model.write_text("// a comment\n" + SMALL.replace('"the flush is part of the call"', '"part of the call"'))
    assert known(capsys)[0] == asked
    model.write_text(SMALL.replace("acquire lock[m]", "", 1))
    assert known(capsys)[0] == 0


def test_a_changed_line_asks_only_what_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "no_stale: proved when policy == eager or flush_late"
    two = "no_stale: proved when policy == eager\n  no_stale: proved when {}"
    model = folder / "models" / "small.cow"
    model.write_text(SMALL.replace(line, two.format("policy == lazy and flush_late")))
    asked = known(capsys)[1]
    model.write_text(SMALL.replace(line, two.format("flush_late")))
    assert known(capsys)[:2] == (asked - 1, asked)


def test_damaged_entries_are_no_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked, cold = known(capsys)[1:3]
    for damage in (
        lambda raw: b"",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-40] + b"x" + raw[-39:],
        lambda raw: b"\xff\xfe" + raw,
        lambda raw: b"{}\n{}\n",
        lambda raw: b"[" * 100_000,
        lambda raw: b"1" * 10_000 + b"\n2\n",
    ):
        for file in entries(folder):
            file.write_bytes(damage(file.read_bytes()))
        found, _, out, err = known(capsys)
        assert found == 0 and out == cold
        assert err.count("an entry of the cache is not used") == asked
        assert known(capsys)[0] == asked, "they were written anew"


def test_an_entry_that_cannot_be_read_is_no_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = known(capsys)[1]
    first, *rest = entries(folder)
    first.unlink()
    first.mkdir()
    found, _, _, err = known(capsys)
    assert found == asked - 1 and "the answer is not kept" in err
    for file in rest:
        file.write_bytes(first.name.encode() * 1_000_000)  # more than is ever read
    assert known(capsys)[0] == 0


def test_entries_of_other_questions_are_no_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known(capsys)
    files = entries(folder)
    texts = [file.read_bytes() for file in files]
    for file, text in zip(files, texts[1:] + texts[:1], strict=True):
        file.write_bytes(text)
    found, _, _, err = known(capsys)
    assert found == 0 and "answers another question" in err


def test_a_cache_that_cannot_be_written_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".cowspec").mkdir()
    (folder / ".cowspec" / "cache").write_text("in the way")
    found, asked, _, err = known(capsys)
    assert found == 0 and err.count("the answer is not kept") == asked


def test_prove_and_refute_have_a_memory_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb, status in (("prove", 1), ("refute", 0)):
        texts, counts = [], []
        for _ in range(2):
            assert run([verb, "models/small.cow", "-i", "no_stale", "-v"]) == status
            out, err = capsys.readouterr()
            texts.append(out)
            counts.append(int(err.split("cache: ")[1].split(" ")[0]))
        assert counts[0] < counts[1] and texts[0] == texts[1]


def test_proofs_from_a_cache_are_confirmed_by_a_second_solver(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("cvc5")
    asked = known(capsys)[1]
    found, _, crossed, _ = known(capsys, "--cross")
    assert found == asked and "7 proved twice, 0 once, 0 in dispute" in crossed


def test_certificates_are_made_of_proofs_from_a_cache(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pysat")
    words = ["prove", "models/small.cow", "-i", "no_stale", "--set", "policy=eager", "-v"]
    assert run([*words, "--cert", "cold.json"]) == 0
    capsys.readouterr()
    assert run([*words, "--cert", "warm.json"]) == 0
    assert "cache: 1 of 1 answers known" in capsys.readouterr().err
    assert (folder / "warm.json").read_bytes() == (folder / "cold.json").read_bytes()
    assert run(["verify-cert", "warm.json"]) == 0


def test_a_large_cache_loses_its_oldest_entries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_cache, "MAX_ENTRIES", 10)
    store = FileStore(folder / "out" / "cache")
    for number in range(12):
        store.write(f"{number:02}key", "text")
        os.utime(folder / "out" / "cache" / f"{number:02}" / f"{number:02}key", (number, number))
    memory_in(str(folder / "out"), verbose=False)
    assert [number for number in range(12) if store.read(f"{number:02}key")] == list(range(6, 12))


# ---- forged answers ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Kept:
    texts: dict[str, str] = field(default_factory=dict)

    def read(self, key: str) -> str | None:
        return self.texts.get(key)

    def write(self, key: str, text: str) -> None:
        self.texts[key] = text


def search(small: System) -> tuple[Memo[object], object]:
    """A search for runs, and what is kept of it."""
    from cowspec.judge.outcomes import search_memo

    settings = all_settings(small)
    found = refute(small, "no_stale", settings, scopes_for(small, (), exact=True), Limits(max_steps=6))
    memo = search_memo("key", small, "no_stale", settings)
    data = json.loads(json.dumps(memo.write((found, 1.0))))  # type: ignore[arg-type]
    assert memo.read(data)[0] == found
    return memo, data  # type: ignore[return-value]


def test_forged_runs_are_not_believed(small: System) -> None:
    memo, data = search(small)
    shown = next(each for each in data if "run" in each)  # type: ignore[attr-defined]
    other = next(each for each in data if "none" in each)  # type: ignore[attr-defined]
    whole = json.dumps(data)

    def refused() -> None:
        with pytest.raises((TraceError, RecordError)):
            memo.read(data)

    shown["run"]["steps"].pop()
    refused()
    data = json.loads(whole)
    data[0]["settings"], data[1]["settings"] = data[1]["settings"], data[0]["settings"]
    refused()
    data = json.loads(whole)
    data.remove(other)
    refused()
    data = json.loads(whole)
    data[0]["settings"] = [99]
    refused()


def test_a_run_is_read_as_it_is_replayed(small: System) -> None:
    settings = all_settings(small)
    found = refute(small, "no_stale", settings, scopes_for(small, (), exact=True), Limits(max_steps=6))
    assert isinstance(found, tuple)
    verdict = found[0].verdict
    assert isinstance(verdict, Refuted)
    written = json.loads(json.dumps(run_record(small, verdict.trace)))
    assert read_run(small, "no_stale", written) == verdict.trace
    with pytest.raises(TraceError, match="not"):
        read_run(small, "busy", written)
    for key, wrong in (
        ("steps", [1]),
        ("steps", ["tlb_fill(cpu0)"]),
        ("steps", ["tlb_fill(cpu0, mm7)"]),
        ("steps", ["nothing()"]),
        ("steps", ["protect.clear:start(cpu0, mm0"]),
        ("steps", "x"),
        ("steps", written["steps"] * 20_000),
        ("scope", {"Cpu": 1_000_000}),
        ("scope", []),
        ("setting", {}),
        ("start", {"pte": True, "nothing": True}),
        ("start", None),
        ("fault", 3),
        ("fault", "it faults"),
    ):
        with pytest.raises(TraceError):
            read_run(small, "no_stale", written | {key: wrong})
    for wrong in (None, [], {}, "text", 3):
        with pytest.raises(TraceError):
            read_run(small, "no_stale", wrong)


def test_unknown_is_not_kept(small: System) -> None:
    from cowspec.judge.outcomes import proof_memo

    answer = attempt(small, ("no_stale",), ir.TRUE, Limits())
    memo = proof_memo("key", ("no_stale",))
    assert memo.write(answer) is None
    cache = Cache(Kept(), {})
    assert not recalled(cache, memo, lambda: answer).known
    assert not recalled(cache, memo, lambda: answer).known


def test_only_what_is_not_known_is_prepared() -> None:
    """Four jobs share something; the answers of the first two are kept."""
    cache, told, shared = Cache(Kept(), {}), list[bool](), list[str]()

    def share() -> None:
        shared.append("made")

    def job(number: int) -> AnyJob:
        memo = Memo(str(number), str, lambda data: int(str(data)))
        return Job(str(number), lambda: number, lambda answer: [], 1.0, memo, share)

    def run(jobs: Sequence[AnyJob]) -> None:
        for each in jobs:
            if each.prepare is not None:
                each.prepare()
            run_here([each])

    recalling(run, cache, lambda label, known, note: told.append(known))([job(0), job(1)])
    assert told == [False, False] and shared == ["made"]  # the first of them was not expected to be unknown
    recalling(run, cache, lambda label, known, note: told.append(known))([job(n) for n in range(4)])
    assert told[2:] == [True, True, False, False] and shared == ["made", "made"]


def test_a_proof_comes_back_with_what_it_showed(small: System) -> None:
    from cowspec.judge.outcomes import proof_memo

    eager = ir.SwitchIs("policy", "eager")
    answer = attempt(small, ("no_stale",), eager, Limits())
    memo = proof_memo("key", ("no_stale",))
    data = json.loads(json.dumps(memo.write(answer)))
    back = memo.read(data)
    assert back == replace(answer, found=tuple(replace(each, seconds=0.0) for each in answer.found))
    assert back.known.under and back.known.under == answer.known.under
    assert back.known.confirmed and back.known.cores == answer.known.cores
    with pytest.raises(RecordError, match="other properties"):
        proof_memo("key", ("cached",)).read(data)


# ---- writers at the same time, and writers that are killed ---------------------------------------------------------


def numbers(text: str) -> Memo[str]:
    return Memo("key", lambda answer: answer, lambda data: read(str, data))


def in_child(act: object) -> int:
    child = os.fork()
    if child == 0:
        try:
            act()  # type: ignore[operator]
        finally:
            os._exit(0)
    return child


def test_writers_at_the_same_time(tmp_path: Path) -> None:
    texts = [str(number) * 300_000 for number in range(4)]

    def keep(text: str) -> None:
        for _ in range(20):
            FileStore(tmp_path).write("abkey", text)

    children = [in_child(lambda text=text: keep(text)) for text in texts]
    while children:
        done, status = os.waitpid(children[0], os.WNOHANG)
        if done:
            assert status == 0
            children.pop(0)
        seen = FileStore(tmp_path).read("abkey")
        assert seen is None or seen in texts


def test_a_writer_killed_in_the_middle_leaves_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(FileStore(tmp_path), {"tool": "1"})

    def killed() -> None:
        monkeypatch.setattr(os, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        recalled(cache, numbers(""), lambda: "first")

    os.waitpid(in_child(killed), 0)
    assert list(tmp_path.rglob(".*")), "the file it was writing"
    again = recalled(cache, numbers(""), lambda: "second")
    assert again == Recalled("second", known=False)
    assert recalled(cache, numbers(""), lambda: "third") == Recalled("second", known=True)
    assert not recalled(Cache(cache.store, {"tool": "2"}), numbers(""), lambda: "other").known


# ---- fingerprints and records --------------------------------------------------------------------------------------


def test_fingerprints_tell_apart_what_differs() -> None:
    values: list[object] = [
        None, 0, False, 0.0, "", "0", (), ((),), (0,), (0, 0), ((0,), 0), frozenset(), frozenset({0}), {}, {0: 0},
        {(): 0}, Outcome.HOLDS, Outcome.BLOCKED, ir.TRUE, ir.FALSE, ir.Not(ir.TRUE), ir.And((ir.TRUE,)),
        ir.Or((ir.TRUE,)), ir.Param("x"), ir.Flag("x"), Limits(), Limits(seed=1), ir.And((ir.TRUE, ir.TRUE)),
    ]  # fmt: skip
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint(ir.Or((ir.Not(ir.FALSE), ir.TRUE))) == fingerprint(ir.Or((ir.Not(ir.Const(False)), ir.TRUE)))
    assert fingerprint({"a": 1, "b": frozenset("xy")}) == fingerprint({"b": frozenset("yx"), "a": 1})
    with pytest.raises(TypeError):
        fingerprint(object())


def test_the_substance_of_a_system(small: System) -> None:
    """What no verdict depends on is left out; all else is there."""
    same = replace(small, path="elsewhere", name="other", expectations=(), scenarios=(), warnings=("w",))
    assert fingerprint(substance(same)) == fingerprint(substance(small))
    for part in ("sorts", "enums", "switches", "vars", "init", "steps", "procs", "properties", "facts"):
        if getattr(small, part):
            changed = replace(small, **{part: getattr(small, part)[:-1]})
            assert fingerprint(substance(changed)) != fingerprint(substance(small)), part


@dataclass(frozen=True)
class Example:
    names: tuple[str, ...]
    pair: tuple[int, float]
    table: Mapping[tuple[str, str], frozenset[str]]
    outcome: Outcome | None
    inner: "NoViolation | Limits"
    flag: bool


def test_records_come_back() -> None:
    value = Example(("a",), (1, 2.0), {("a", "b"): frozenset({"x", "y"})}, Outcome.HOLDS, Limits(), True)
    data = json.loads(json.dumps(record(value)))
    assert read(Example, data) == value
    for field_name, wrong in (
        ("names", "a"), ("names", [1]), ("pair", [1]), ("pair", [True, 2.0]), ("table", {"a": []}),
        ("table", [[["a"], []]]),
        ("table", [[["a", "b"], []], [["a", "b"], []]]), ("outcome", "GONE"), ("outcome", 3), ("inner", {"is": 1}),
        ("inner", None), ("flag", 1), ("unheard", 0),
    ):  # fmt: skip
        with pytest.raises(RecordError):
            read(Example, data | {field_name: wrong})
    with pytest.raises(RecordError):
        read(Example, {key: each for key, each in data.items() if key != "flag"})


JSON: st.SearchStrategy[object] = st.deferred(
    lambda: (
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.lists(JSON, max_size=3)
        | st.dictionaries(st.sampled_from(["is", "x"]), JSON, max_size=3)
    )
)


@given(JSON)
def test_any_data_is_read_or_refused(data: object) -> None:
    with pytest.raises(RecordError):
        read(Attempts, data)


# ---- lemmas --------------------------------------------------------------------------------------------------------


def test_found_lemmas_are_kept_and_proved_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    args = ["infer", "models/small.cow", "-i", "no_stale", "--set", "policy=eager", "--from-scratch", "-v"]
    assert run(args) == 0
    first, err = capsys.readouterr()
    assert "cache: 0 of 1" in err and "lemma" in first

    def searched(*_: object, **__: object) -> None:
        raise AssertionError("a search")

    monkeypatch.setattr(inferring, "infer_all", searched)
    assert run(args) == 0
    again, err = capsys.readouterr()
    assert "cache: 1 of 1" in err and again == first
    monkeypatch.setattr(inferring, "reproved", lambda *_, **__: None)
    with pytest.raises(AssertionError, match="a search"):
        inferring.inferences(
            load_system("models/small.cow", loader()),
            Selection((("policy", "eager"),), ("no_stale",)),
            Limits(),
            seconds=300.0,
            written=Written.NONE,
            recall=memory_in(".cowspec", verbose=False).recall,
        )
