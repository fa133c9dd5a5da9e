"""TLA+ without Java: the text of modules, TLC's output and states read back, and TLC as a judge that may be wrong."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.java import tla_tools
from cowspec.cli.main import run
from cowspec.encode.tla.module import Module, config, tla_module
from cowspec.encode.tla.names import fresh, identifier, string
from cowspec.encode.tla.output import TlcReport, read
from cowspec.encode.tla.states import StateError, parse_state, state_of
from cowspec.encode.tla.text import atomic, conj, negated
from cowspec.judge.confirming.tlc import Asked, judge_by_tlc, status_of_tlc
from cowspec.judge.results import Finding, Status
from cowspec.judge.selection import Selection
from cowspec.system.build import build
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits
from report_examples import SMALL

TINY = """
module tiny
sort Cpu, Page
enum Mode { calm, busy }
struct Pte { page: Page, write: bool }
struct Note { page: Page?, write: bool }
var p: Page?
var mode: Mode
var pte[Page]: Pte?
var memo: Note?
rwlock lock
action set(q: Page) "[ set ]" { p := q }
action fail(q: Page) "[ fail ]" { require p != none  pte[p].write := true }
proc op(a: Page) {
  var mine: Page?
  step one "op()" { acquire lock for read   mine := a }
  step two { }
}
invariant never "p is never set": p == none
invariant calm_always "": mode == calm
cover set_once "p is set": p != none
transition kept "": old(p) != none -> p == old(p)
expect { never: refuted }
"""
START = """
/\\ p = NoPage
/\\ mode = "calm"
/\\ pte = ( page0 :> [page |-> NoPage, write |-> FALSE] @@
  page1 :> [page |-> NoPage, write |-> FALSE] )
/\\ memo = [present |-> FALSE, page |-> NoPage, write |-> FALSE]
/\\ lock = [readers |-> {}, writers |-> {}]
/\\ op = (cpu0 :> [pc |-> "idle", a |-> NoPage, mine |-> NoPage])
/\\ fault = ""
"""
AFTER = START.replace("p = NoPage", "p = page1", 1)
SCOPE = (("Cpu", 1), ("Page", 2))
ASKED = Asked(Selection(sizes=SCOPE), Limits())
MODEL = check(load("tiny.cow", TINY, lambda name, path: None))
SYSTEM = build(MODEL)
MODULE = tla_module(MODEL, SYSTEM)


# ---- text ----------------------------------------------------------------------------------------------------------


def test_names_keep_out_of_the_way() -> None:
    assert identifier("do_wp_page.copy:leave") == "do_wp_page_copy_leave"
    assert (identifier("IF"), identifier("WF_x"), identifier("_1"), identifier("c#2")) == ("IF_", "WF_x_", "x_1", "c")
    assert fresh("c", {"c", "c_2"}) == "c_3"
    assert string('a "b" \\ `c` é') == '"a \\"b\\" \\\\ \'c\' ?"'


@pytest.mark.parametrize(
    ("text", "whole"),
    [("pte[m, a].page", True), ("a = b", False), ('"a b"', True), ("(a = b)", True), ("<<a, b>>", True), ("~x", True)],
)
def test_one_word(text: str, whole: bool) -> None:
    assert atomic(text) is whole


def test_connectives() -> None:
    assert conj(["a = b", "TRUE", "c \\/ d"]) == "a = b /\\ (c \\/ d)"
    assert conj(["a", "FALSE"]) == "FALSE" and conj([]) == "TRUE"
    assert negated("a = b") == "a # b" and negated("x \\notin s") == "x \\in s" and negated("~(a /\\ b)") == "a /\\ b"
    assert negated("a = b /\\ c = d") == "~(a = b /\\ c = d)"


def test_an_action_reads_like_one() -> None:
    wanted = """\\* op()
op_one(self, a) ==
  /\\ Idle(self)
  /\\ lock.writers = {}
  /\\ lock' = [lock EXCEPT !.readers = @ \\cup {<<self, "op">>}]
  /\\ op' = [op EXCEPT ![self] = [pc |-> "two", a |-> a, mine |-> a]]
  /\\ UNCHANGED <<p, mode, pte, memo, fault>>
"""
    assert wanted in MODULE.text


def test_a_fault_is_a_step() -> None:
    wanted = """  /\\ p # NoPage
  /\\ IF pte[p] = NoPte
     THEN Fault("'pte[p]' is none, so its field 'write' cannot be written")
     ELSE /\\ pte' = [pte EXCEPT ![p].write = TRUE]
          /\\ UNCHANGED <<p, mode, memo, lock, op, fault>>
"""
    assert MODULE.can_fault and wanted in MODULE.text and "[present |-> FALSE, page |-> NoPage" in MODULE.text


def test_the_configuration() -> None:
    text = config(MODULE, SCOPE, all_settings(SYSTEM)[0])
    lines = [line.strip() for line in text.split("\n")]
    assert "Page = {page0, page1}" in lines and "NoPage = NoPage" in lines and "Not_set_once" in lines
    assert {"SYMMETRY Symmetry", "ALIAS Alias", "CHECK_DEADLOCK FALSE", "CONSTRAINT NoFault"} <= set(lines)
    assert lines.index("kept") > lines.index("PROPERTIES") > lines.index("calm_always")


def test_the_configuration_names_switches() -> None:
    model = check(load("small.cow", SMALL, lambda name, path: None))
    system = build(model)
    text = config(tla_module(model, system), (("Cpu", 1), ("Mm", 1), ("Page", 1)), all_settings(system)[0])
    assert '  policy = "eager"  \\* or lazy\n  flush_late = FALSE\n' in text


# ---- states and messages -------------------------------------------------------------------------------------------


def test_a_state_is_read() -> None:
    assert state_of(MODULE, SYSTEM, SCOPE, START) == (explored_start(), "")
    after, _ = state_of(MODULE, SYSTEM, SCOPE, AFTER)
    assert after[0] == (1,) and after[1:] == explored_start()[1:]


def explored_start() -> tuple[tuple[object, ...], ...]:
    from cowspec.evaluate.machine import Machine

    return next(Machine(SYSTEM, SCOPE, all_settings(SYSTEM)[0]).starts())


def test_a_state_in_the_middle_of_a_call() -> None:
    text = START.replace("readers |-> {}", 'readers |-> {<<cpu0, "op">>}').replace(
        '[pc |-> "idle", a |-> NoPage', '[pc |-> "two", a |-> page1'
    )
    state, _ = state_of(MODULE, SYSTEM, SCOPE, text)
    values = dict(zip((var.name for var in SYSTEM.vars), state, strict=True))
    assert (values["op@pc"], values["op@a"], values["lock@read@op"]) == ((1,), (1,), (True,))


def test_a_model_without_sorts_and_switches() -> None:
    model = check(
        load("bare.cow", 'module bare var on: bool action a() { on := true } invariant i "": not on', lambda *_: None)
    )
    module = tla_module(model, build(model))
    assert "CONSTANTS" not in module.text  # TLC does not read an empty list of them
    assert "SYMMETRY" not in config(module, (), all_settings(build(model))[0])


@pytest.mark.parametrize(
    "text",
    ["", "/\\ p", "/\\ p = (a :> b", "/\\ p = page9", START.replace("mode =", "mood ="), START.replace("calm", "c"),
     START.replace("FALSE", "3"), START.replace("lock = [", "lock = {[").replace("{} ]", "{}]}")],
)  # fmt: skip
def test_no_state(text: str) -> None:
    with pytest.raises(StateError):
        state_of(MODULE, SYSTEM, SCOPE, text)


def test_values() -> None:
    found = parse_state('/\\ a = <<1, TRUE>> /\\ b = {} /\\ c = ("x \\"y\\"" :> {<<a>>} @@ k :> (v))')
    assert found == {"a": ("1", True), "b": frozenset(), "c": {'x "y"': frozenset({("a",)}), "k": "v"}}
    assert parse_state("a = (k :> TRUE)") == {"a": {"k": True}}  # so does TLC print the state of a single variable


def said(*messages: tuple[int, int, str]) -> TlcReport:
    lines = ["starting", *(f"@!@!@STARTMSG {c}:{k} @!@!@\n{t}\n@!@!@ENDMSG {c} @!@!@" for c, k, t in messages)]
    return read("\n".join(lines).split("\n"))


COUNTS = (2199, 0, "1,234 states generated, 567 distinct states found, 0 states left on queue.")
DEPTH = (2194, 0, "The depth of the complete state graph search is 9.")
DONE = (2193, 0, "Model checking completed. No error has been found.")


def violated(name: str, *states: str) -> TlcReport:
    shown = [(2217, 4, f"{number}: <x>{state}") for number, state in enumerate(states, 1)]
    return said((2110, 1, f"Invariant {name} is violated."), (2121, 1, "The behavior up to this point is:"), *shown)


def test_messages() -> None:
    report = said(DONE, COUNTS, DEPTH)
    assert (report.complete, report.generated, report.distinct, report.depth) == (True, 1234, 567, 8)
    report = said((2107, 1, f"Invariant x is violated by the initial state:{START}"))
    assert report.violated == "x" and state_of(MODULE, SYSTEM, SCOPE, report.states[0])[1] == ""
    assert said((2112, 1, "Action property y is violated.")).violated == "y"
    assert said((1000, 1, "TLC threw\nan exception")).errors == ("TLC threw\nan exception",)
    assert said((2200, 0, "Progress(3): 9 states generated (5 s/min), 7 distinct states found (3 ds/min), 2 states "
                          "left on queue.")).progress == "7 distinct states, 2 on the queue"  # fmt: skip


def test_how_far_a_run_is() -> None:
    assert said((2262, 0, "TLC2 Version 2.15")).progress == ""
    assert said((2220, 0, "Starting SANY...")).progress == "reading the module"
    assert said((2189, 0, "Computing initial states...")).progress == "start states"


# ---- the judge -----------------------------------------------------------------------------------------------------


class Script:
    """A TLC that answers as told; keeps the configurations that it was asked with."""

    def __init__(self, *reports: TlcReport) -> None:
        self.reports, self.asked = list(reports), list[str]()

    def __call__(self, module: Module, files: Mapping[str, str], place: tuple[int, int]) -> TlcReport:
        self.asked.append(files["MCtiny.cfg"])
        return self.reports.pop(0)


def test_violations_one_after_the_other() -> None:
    script = Script(violated("never", START, AFTER), violated("Not_set_once", START, AFTER), said(DONE, COUNTS, DEPTH))
    report = judge_by_tlc(MODEL, SYSTEM, ASKED, script)
    found = {result.property: (result.verdict, result.steps) for result in report.results}
    assert found == {
        "never": (Finding.REFUTED, 1), "set_once": (Finding.REACHED, 1), "calm_always": (Finding.PROVED, None),
        "kept": (Finding.PROVED, None), "no_fault": (Finding.PROVED, None),
    }  # fmt: skip
    assert "\n  never\n" in script.asked[0] and "\n  never\n" not in script.asked[1]
    assert report.notes == ("TLC: 567 distinct states up to symmetry, depth 8",)
    assert status_of_tlc(report) == Status.NOT_DECLARED


def test_a_fault_is_replayed() -> None:
    fault = AFTER.replace('fault = ""', "fault = \"'pte[p]' is none\"")
    report = judge_by_tlc(
        MODEL, SYSTEM, ASKED, Script(violated("NoFault", START, AFTER, fault), said(DONE, COUNTS, DEPTH))
    )
    (found,) = [result for result in report.results if result.property == "no_fault"]
    assert found.trace is not None and found.trace.fault == "`pte[p]` is none, so its field `write` cannot be written"


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (violated("never", AFTER), "never: the evaluator refuses TLC's run: start: it is no start state of the model"),
        (violated("never", START), "never: the evaluator refuses TLC's run: start: the last state does not violate"),
        (violated("never", START, START.replace("calm", "busy")), "knows no step from state 1"),
        (violated("never", "/\\ p = 3"), "does not fit the model"),
        (violated("never"), "TLC shows no state"),
        (violated("TypeOK", START), "TLC: TypeOK is violated"),
    ],
)
def test_a_wrong_run_is_a_disagreement(report: TlcReport, message: str) -> None:
    found = judge_by_tlc(MODEL, SYSTEM, ASKED, Script(report, said(DONE, COUNTS, DEPTH)))
    assert status_of_tlc(found) == Status.DISAGREE
    assert message in found.disagreements[0].message.replace("step 0", "start")


def test_another_count_is_a_disagreement() -> None:
    asked = Asked(ASKED.selection, Limits(), count=True)
    found = judge_by_tlc(MODEL, SYSTEM, asked, Script(said(DONE, COUNTS, DEPTH)))
    (wrong,) = found.disagreements
    assert wrong.message.startswith("TLC counts 567 states, depth 8, the evaluator ")
    states = int(wrong.message.partition("the evaluator ")[2].split()[0])
    depth = int(wrong.message.rpartition("depth ")[2])
    right = said(DONE, (2199, 0, f"9 states generated, {states} distinct states found, 0 states left on queue."),
                 (2194, 0, f"The depth of the complete state graph search is {depth + 1}."))  # fmt: skip
    found = judge_by_tlc(MODEL, SYSTEM, asked, Script(right))
    assert found.disagreements == () and found.notes[0].endswith(", and so does the evaluator")


def test_what_tlc_cannot_do_is_unknown() -> None:
    found = judge_by_tlc(MODEL, SYSTEM, ASKED, Script(TlcReport(errors=("no end within 3 s",))))
    assert {result.verdict for result in found.results} == {Finding.UNKNOWN} and found.notes == ()
    assert status_of_tlc(found) == Status.UNKNOWN


# ---- the commands --------------------------------------------------------------------------------------------------


def test_compile_writes_module_and_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "small.cow"
    model.write_text(SMALL)
    assert run(["compile", str(model), "--to", "tla"]) == 0
    text = capsys.readouterr().out
    assert " MODULE small " in text and text.endswith("=\n")
    assert run(["compile", str(model), "--to", "tla", "-o", str(tmp_path / "Other.tla"), "--set", "policy=lazy"]) == 0
    assert " MODULE Other " in (tmp_path / "Other.tla").read_text()
    assert '  policy = "lazy"' in (tmp_path / "MCOther.cfg").read_text()
    assert run(["compile", str(model), "--to", "tla", "--out-dir", str(tmp_path / "o"), "--scope", "Cpu=3"]) == 0
    assert (tmp_path / "o" / "small.tla").read_text() == text
    assert "Cpu = {cpu0, cpu1, cpu2}" in (tmp_path / "o" / "MCsmall.cfg").read_text()
    assert run(["compile", str(model), "--scope", "Cpus=3"]) == 2


def test_a_model_without_a_state_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cowspec.cli.tlc.tlc", lambda *_: None)  # there need be no Java
    model = tmp_path / "bare.cow"
    model.write_text('module bare\nsort Cpu\naction nothing(c: Cpu) {}\ninvariant same "": forall c: Cpu: c == c\n')
    for words in (["compile", str(model), "--to", "tla"], ["tlc", str(model), "--out-dir", str(tmp_path / "o")]):
        assert run(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and "the model has no variable" in err
    assert not (tmp_path / "o").exists()


def test_missing_tools_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "small.cow"
    model.write_text(SMALL)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["tlc", str(model)]) == 2
    assert "TLC needs Java" in capsys.readouterr().err
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho no such class\n")
    java.chmod(0o755)
    monkeypatch.setenv("TLA2TOOLS", str(tmp_path / "none.jar"))
    assert run(["tlc", str(model)]) == 2 and tla_tools() == tmp_path / "none.jar"
    assert "none.jar: no such file" in capsys.readouterr().err
    (tmp_path / "none.jar").touch()
    assert run(["tlc", str(model), "-i", "no_stale", "--out-dir", str(tmp_path / "o")]) == 4
    assert "TLC: no such class" in capsys.readouterr().out
    assert run(["tlc", str(model), "-i", "nothing"]) == 2
    assert run(["tlc", str(tmp_path / "absent.cow")]) == 2


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("~(a = b)", "a = b"),
        ("~(IF a THEN r ELSE s).present", "(IF a THEN r ELSE s).present"),
        ("~f[x]", "f[x]"),
        ("a = b", "a # b"),
        ("a /\\ b", "~(a /\\ b)"),
    ],
)
def test_the_opposite_of_a_text(text: str, opposite: str) -> None:
    assert negated(text) == opposite


@pytest.mark.parametrize("name", ["VIEW", "INIT", "INVARIANT", "Next", "WITH"])
def test_words_of_modules_and_of_their_configuration_are_no_names(name: str) -> None:
    assert identifier(name) == f"{name}_"


def test_a_variable_may_be_called_as_a_column_of_the_alias() -> None:
    text = "module m\nsort Cpu\nvar doing[Cpu]: bool\nproc p() { step one { } step two { } }\n"
    model = check(load("m.cow", text, lambda name, path: None))
    checking = tla_module(model, build(model)).checking
    assert "doing |-> doing" in checking and "doing_2 |-> [" in checking
