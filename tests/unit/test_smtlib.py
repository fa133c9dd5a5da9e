"""Obligations as SMT-LIB text: what the text is, that two solvers read it alike, and the files of `compile`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cowspec.cli.main import run
from cowspec.encode.relational.formula import TRUE, And, Either, Truth
from cowspec.encode.relational.obligation import NO_FAULT, START, Obligation, Question
from cowspec.encode.smtlib.names import WORDS, quoted
from cowspec.encode.smtlib.script import body, digest, script
from cowspec.engines.cvc5_solver import PORTFOLIO, opinion
from cowspec.engines.induction.prove import prove
from cowspec.engines.induction.text import opinion_of_z3
from cowspec.engines.obligation import Incomplete, obligations, questions, subject
from cowspec.system import ir
from cowspec.verdict import Limits, Proved
from relational_examples import protect
from report_examples import system_of

OWNERS = """\
module owners
sort Cpu, Page
var owner[Page]: Cpu?
var dirty[Page]: bool
fix clean "owners clean up"
action take(c: Cpu, p: Page) "[ take ]" {
  require owner[p] == none
  owner[p] := c
}
action mark(c: Cpu, p: Page) "[ mark ]" {
  require owner[p] == c
  dirty[p] := true
}
action drop(c: Cpu, p: Page) "[ drop ]" {
  require owner[p] == c
  owner[p] := none
  if clean { dirty[p] := false }
}
invariant dirty_is_owned "what is dirty has an owner": forall p: Page: dirty[p] -> owner[p] != none
transition stays "nothing gets dirty by itself": forall p: Page: dirty[p] -> old(dirty[p]) or old(owner[p]) != none
expect {
  dirty_is_owned: proved when clean
  dirty_is_owned: refuted when not clean
  stays: proved
}
"""
DROP = """\
(set-logic UF)
(declare-sort Cpu 0)
(declare-sort Page 0)
(declare-fun owner (Page Cpu) Bool)
(declare-fun |owner?| (Page) Bool)
(declare-fun dirty (Page) Bool)
(declare-fun |clean=on| () Bool)
(declare-const c Cpu)
(declare-const p Page)
(declare-const owner_2 Cpu)
(define-fun |owner?'| ((y Page)) Bool (and (not (= p y)) (|owner?| y)))
(define-fun |dirty'| ((y Page)) Bool (or (and |clean=on| (not (= p y)) (dirty y)) (and (not |clean=on|) (dirty y))))
(assert (! |clean=on| :named when))
(assert (! (and (or (not (|owner?| p)) (owner p owner_2)) (|owner?| p) (= owner_2 c)) :named guard))
(assert (! (forall ((p_2 Page)) (or (not (dirty p_2)) (|owner?| p_2))) :named dirty_is_owned))
(assert (! (not (forall ((p_2 Page)) (or (not (|dirty'| p_2)) (|owner?'| p_2)))) :named |goal, denied|))
(check-sat)
"""
CLEAN = ir.SwitchIs("clean", "on")
DROPPED = Question("drop", "dirty_is_owned", frozenset({"dirty_is_owned"}))


def made(system: ir.System, question: Question, when: ir.Formula = ir.TRUE) -> Obligation:
    (found,) = obligations(system, [(subject(system), question, when)])
    return found


def proved(system: ir.System, *goals: str, when: ir.Formula = ir.TRUE) -> Iterator[Obligation]:
    """All obligations of proofs of these goals."""
    result = prove(system, goals, when, Limits(timeout=5.0))
    assert all(isinstance(verdict, Proved) for _, verdict in result.verdicts)
    of = subject(system)
    for goal in goals:
        yield from obligations(system, questions(of, result.known.cores, result.known.under, goal))


def both(text: str) -> set[str]:
    return {opinion_of_z3(text, 1), opinion(text).answer}


# ---- the text ------------------------------------------------------------------------------------------------------


def test_an_obligation_reads_like_the_model() -> None:
    assert body(made(system_of(OWNERS), DROPPED, CLEAN)) == DROP


def test_a_script_says_what_it_is() -> None:
    text = script(made(system_of(OWNERS), DROPPED, CLEAN), "from a|b\\c", ["to read"])
    assert text.startswith("; to read\n(set-info :smt-lib-version 2.6)\n(set-info :source |from a/b/c|)\n")
    assert "(set-info :status unsat)\n(set-logic UF)" in text and text.endswith("(check-sat)\n(exit)\n")
    assert both(text) == {"unsat"}


def test_the_text_does_not_depend_on_the_rest_of_the_model() -> None:
    more = OWNERS.replace("var owner", "sort Gup\nvar gup[Gup]: Page?\nvar owner").replace(
        "action take", "action pin(g: Gup, p: Page) { gup[g] := p }\naction take"
    )
    texts = {body(made(system_of(text), DROPPED, CLEAN)) for text in (OWNERS, more)}
    assert len(texts) == 1 and len({digest(text) for text in texts}) == 1


def test_what_is_after_a_step_is_told_from_what_is_before_it() -> None:
    """In a transition property both occur; what the step does not change is the same before and after."""
    text = body(made(system_of(OWNERS), Question("mark", "stays", frozenset())))
    assert "(define-fun |dirty'|" in text and "|owner?'|" not in text
    assert text.splitlines()[-2].startswith("(assert (! (not (forall ((p_2 Page)) (or (not (|dirty'| p_2)) (dirty p_2)")


def test_a_start_state_has_no_step() -> None:
    found = made(system_of(OWNERS), Question(START, "dirty_is_owned", frozenset()))
    assert found.updates == () and found.constants == ()
    assert [name for name, _ in found.assumptions] == ["when", "init 1", "init 2", "init 3"]
    assert both(body(found)) == {"unsat"}


def test_names_that_the_format_has_are_others() -> None:
    model = """\
module names
sort Cpu, Int, Array
var select[Int]: Array?
var distinct[Int]: bool
action ite(store: Int, forall_: Array) { select[store] := forall_  distinct[store] := true }
invariant div "": forall xor: Int: distinct[xor] -> select[xor] != none
"""
    for found in proved(system_of(model), "div"):
        text = body(found)
        assert both(text) == {"unsat"} and "(declare-sort |sort Int| 0)" in text
    assert {"select", "distinct", "Int"} <= WORDS and quoted("fork@pc=flush") == "|fork@pc=flush|"


def test_an_obligation_has_one_form_only() -> None:
    found = made(system_of(OWNERS), DROPPED)
    with pytest.raises(TypeError):
        body(replace(found, violated=Either(TRUE, TRUE)))
    assert "(assert (! false :named |goal, denied|))" in body(replace(found, violated=Truth(False)))
    assert "(assert (! true :named |goal, denied|))" in body(replace(found, violated=And(())))


# ---- two solvers, one answer ---------------------------------------------------------------------------------------


def test_both_solvers_confirm_proofs() -> None:
    found = list(proved(protect(), "visible", "few", NO_FAULT))
    assert len(found) > 20
    assert all(both(body(each)) == {"unsat"} for each in found)


def test_neither_solver_confirms_what_does_not_hold() -> None:
    system = system_of(OWNERS)
    assert both(body(made(system, DROPPED))) == {"sat"}, "not every setting cleans up"
    assert both(body(made(system, replace(DROPPED, needed=frozenset()), CLEAN))) == {"sat"}, "nothing is assumed"


def test_every_assumption_is_in_the_text() -> None:
    """Without what the prover needed of an obligation, it does not hold; cvc5 need not find out."""
    held = [each for each in proved(system_of(OWNERS), "dirty_is_owned", when=CLEAN) if each.step != START]
    for each in held:
        weaker = replace(each, assumptions=tuple(a for a in each.assumptions if a[0] != "dirty_is_owned"))
        assert opinion_of_z3(body(weaker), 1) == "sat" and opinion(body(weaker)).answer != "unsat"


def test_cvc5_says_why_it_does_not_know() -> None:
    hard = next(each for each in proved(protect(), "visible") if each.goal == "visible" and each.step != START)
    found = opinion(body(hard), tries=((1e-5, PORTFOLIO[0][1]),))
    assert (found.answer, found.reason, found.model) == ("unknown", "resource limit", "")
    with pytest.raises(RuntimeError):
        opinion("(set-logic UF)\n(assert nobody)\n(check-sat)\n")


# ---- what a proof consists of --------------------------------------------------------------------------------------


def test_a_proof_that_lacks_an_obligation_is_none() -> None:
    system = system_of(OWNERS)
    known = prove(system, ["dirty_is_owned", "stays"], CLEAN, Limits(timeout=5.0)).known
    of = subject(system)
    for goal in ("dirty_is_owned", "stays"):
        asked = questions(of, known.cores, known.under, goal)
        assert {question.step for _, question, _ in asked} >= {"take", "mark", "drop"}
        for _, question, _ in asked:
            rest = {key: core for key, core in known.cores.items() if key != (question.step, question.goal)}
            with pytest.raises(Incomplete):
                questions(of, rest, known.under, goal)


# ---- files ---------------------------------------------------------------------------------------------------------


def test_compile_writes_a_file_for_each_obligation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owners.cow").write_text(OWNERS)
    assert run(["compile", "owners.cow", "--to", "smtlib", "--out-dir", "one"]) == 0
    assert capsys.readouterr().out == "7 obligations of 3 proofs in one\n"
    assert run(["compile", "owners.cow", "--to", "smtlib", "--out-dir", "two"]) == 0
    files = {path.name: path.read_text() for path in Path("one").iterdir()}
    assert files == {path.name: path.read_text() for path in Path("two").iterdir()} and len(files) == 7
    (drop,) = (text for text in files.values() if text.startswith("; drop: dirty_is_owned\n"))
    assert DROP in drop and "; Under every setting with: clean\n" in drop and "|cowspec, owners.cow|" in drop
    assert all(both(text) == {"unsat"} for text in files.values())


def test_compile_says_what_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owners.cow").write_text(OWNERS)
    smtlib = ["compile", "owners.cow", "--to", "smtlib"]
    assert run([*smtlib, "--out-dir", "o", "-i", "no_fault"]) == 0
    assert " of 1 proof in o\n" in capsys.readouterr().out
    assert run(smtlib) == 2 and "--out-dir" in capsys.readouterr().err
    assert run([*smtlib, "--out-dir", "o", "-i", "dirty_is_owned", "--set", "no-clean"]) == 4
    out, err = capsys.readouterr()
    assert out == "0 obligations of 0 proofs in o\n" and err.startswith("dirty_is_owned: not proved")
