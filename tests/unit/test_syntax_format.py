"""`format_source` keeps the tree and every comment, is idempotent, and gives the look of the samples."""

import random
import re
from pathlib import Path

import pytest
from cowspec.diagnostics import CompileError
from cowspec.source import Source
from cowspec.syntax.format import format_source
from cowspec.syntax.parse import parse
from hypothesis import given, settings
from hypothesis import strategies as st
from syntax_sentences import sentence, spread, words_of

SAMPLES = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "syntax_samples").glob("*.cow"))}
COMMENT = re.compile(r'"[^"\n]*"|(//[^\r\n]*)')


def formatted(text: str) -> str:
    return format_source(Source("x.cow", text))


def comments_of(text: str) -> list[str]:
    return [match.group(1).rstrip() for match in COMMENT.finditer(text) if match.group(1)]


def check_text(text: str, comments: list[str]) -> str:
    """Whatever the text: same tree, same comments in the same order, nothing left to do."""
    result = formatted(text)
    assert comments_of(result) == comments
    assert parse(Source("x.cow", result)) == parse(Source("x.cow", text))
    assert formatted(result) == result
    assert result.endswith("\n") or not result
    lines = result.split("\n")
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n" not in result and not result.startswith("\n") and not result.endswith("\n\n")
    assert not any("\x00" in line or "\t" in line or "\r" in line for line in lines)
    return result


def same(text: str) -> None:
    """The text is in canonical layout."""
    assert check_text(text, comments_of(text)) == text


# ---- properties ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    text = SAMPLES[name]
    result = check_text(text, comments_of(text))
    spaceless = [line.replace(" ", "") for line in text.splitlines()]
    if name not in ("E40_lazy_tlb", "E28_gup_fast_fork", "fork_munmap_gup"):
        assert [line.replace(" ", "") for line in result.splitlines()] == spaceless


@pytest.mark.parametrize("name", ["policy", "uffd_wp", "uffd_wp_model", "invariants"])
def test_these_samples_are_canonical(name: str) -> None:
    same(SAMPLES[name])


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("comments", [0, 0.02, 0.3])
def test_samples_with_other_blanks_and_comments(name: str, comments: float) -> None:
    chance = random.Random(f"{name} {comments}")
    words = words_of(SAMPLES[name])
    ends = [len(words), *(i for i, word in enumerate(words) if word in ("proc", "action", "invariant"))]
    text, written = spread(words[: chance.choice(ends)], chance, comments)
    check_text(text, written)


def test_one_layout_for_a_text_on_one_line_or_one_word_a_line() -> None:
    words = words_of(
        "init forall c: Cpu where x[c]: { a: b, c: d } == y[c].f and not (z or count(c: Cpu where x) == 1)"
    )
    assert (
        formatted(" ".join(words))
        == "init forall c: Cpu where x[c]: { a: b, c: d } == y[c].f and not (z or count(c: Cpu where x) == 1)\n"
    )
    check_text("\n".join(words), [])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([8, 11, 14]), st.sampled_from([0, 0.01, 0.1, 0.4]))
def test_random_sentences(seed: int, depth: int, comments: float) -> None:
    chance = random.Random(seed)
    words = sentence(chance, depth=depth)[:]
    if len(words) < 400:
        check_text(*spread(words, chance, comments))


@pytest.mark.parametrize("name", ["policy", "uffd_wp_model"])
def test_a_comment_at_every_word(name: str) -> None:
    words = words_of(SAMPLES[name])
    comments = [f"// {i}" for i in range(len(words))]
    check_text("".join(f"{word} // {i}\n" for i, word in enumerate(words)), comments)
    check_text("".join(f"// {i}\n{word}\n" for i, word in enumerate(words)), comments)


def test_a_text_that_does_not_parse() -> None:
    with pytest.raises(CompileError):
        formatted("sort A B")
    with pytest.raises(CompileError):
        formatted("action a() { acquire l for foo }")


def test_nothing() -> None:
    assert formatted("") == formatted(" \n;\n") == ""
    assert formatted("\n\n // only a comment\n\n") == "// only a comment\n"
    assert formatted("\ufeffsort A") == "sort A\n"


# ---- the look ------------------------------------------------------------------------------------------------------


def test_blanks() -> None:
    text = (
        "module  a . b use m , n{x , y}\nsort A,B ordered sort C\nghost var x [A,B] :ref P ?=any\nrwlock l [ A ]\n"
        "def f ( m,n:A )=count ( q:A where x [q] . f==m )<= 2 and t at p . s\n"
    )
    assert formatted(text) == (
        "module a.b\n"
        "use m, n { x, y }\n"
        "sort A, B\n"
        "ordered sort C\n"
        "ghost var x[A, B]: ref P? = any\n"
        "rwlock l[A]\n"
        "def f(m, n: A) = count(q: A where x[q].f == m) <= 2 and t at p.s\n"
    )


def test_empty_lines() -> None:
    assert formatted(
        "\n\nsort A\n\n\n\n// b\n\n\nsort B\nsort C\nproc p() {\n\n\n  step s { }\n\n\n  step t { }\n\n}\n\n"
    ) == ("sort A\n\n// b\n\nsort B\nsort C\nproc p() {\n  step s { }\n\n  step t { }\n}\n")


def test_blocks_stay_on_one_line_if_they_were() -> None:
    same("action a() { x := y; p(z); return }\n")
    same("action a() {\n  x := y\n}\n")
    same("action a() { if x { p() } else if y { q() } else { r() } }\n")
    same('proc p() {\n  step s "text" each a: Va where x { note "n" }\n}\n')
    assert formatted("action a() { if x { p() } else { q()\n} }") == (
        "action a() {\n  if x {\n    p()\n  } else {\n    q()\n  }\n}\n"
    )


def test_blocks_that_do_not_fit_are_broken() -> None:
    text = formatted("action a() { " + "p(x); " * 20 + "if x { y := z } }")
    assert text == "action a() {\n" + "  p(x)\n" * 20 + "  if x { y := z }\n}\n"


def test_long_lines_are_broken() -> None:
    parts = [f"variable_{i}[m, a]" for i in range(5)]
    long = " and ".join(parts)
    assert formatted(f"init forall m: Mm, a: Va: {long} -> x") == f"init forall m: Mm, a: Va:\n  {long} -> x\n"
    assert formatted(f"init forall m: Mm, a: Va: {long} -> another_variable[m, a]") == (
        f"init forall m: Mm, a: Va:\n  {long}\n  -> another_variable[m, a]\n"
    )
    assert formatted(f"def f(m: Mm, a: Va) = {long}") == f"def f(m: Mm, a: Va) =\n  {long}\n"
    assert formatted(f"action a() {{ require {long} or {long} }}") == (
        f"action a() {{\n  require {long}\n    or {long}\n}}\n"
    )
    both = "\n      and ".join([*parts, *parts])
    assert formatted(f"action a() {{ require y or {long} and {long} }}") == (
        f"action a() {{\n  require y\n    or {both}\n}}\n"
    )


def test_broken_chains_stay_broken() -> None:
    same("init a\n  and b\n  and c\n")
    same("init a and b\n  and c and d\n")
    same("init forall a: A:\n  x\n  and (exists b: B:\n    y or z)\n  and (u\n    or v) and x\n  and y\n")
    assert formatted("init a and\n b and c") == "init a\n  and b and c\n"
    assert formatted("init a or b and\n c") == "init a\n  or b\n    and c\n"
    assert formatted("init a -> b and c ->\n d") == "init a -> b and c\n  -> d\n"


def test_records_are_on_one_line() -> None:
    assert formatted("action a() {\n x := {\n  a: b,\n  c: d,\n }\n}") == "action a() {\n  x := { a: b, c: d }\n}\n"


def test_enumerations() -> None:
    same("struct S { a: A, b: B }\n")
    same("struct S {\n  a: A,\n  b: B\n}\n")
    same("choice c { a, b }\n")
    same('choice c {\n  a   "x"\n  bcd "y"\n}\n')
    assert formatted("enum E { a, b, }  choice c { a b, c, }") == "enum E { a, b }\nchoice c { a, b, c }\n"
    assert formatted("choice c {\n a,\n b }") == "choice c {\n  a\n  b\n}\n"


def test_alignment() -> None:
    same('fix a    "x"\nfix long "y"\n\nfix longer "z"\n')
    same("def f(p: P)    = x\ndef g(p, q: P) = y\ndef h(p: P) =\n  match c {\n    a      => b\n    longer => c\n  }\n")
    same("rwlock a\nmutex  b\n")
    same("sort A   // a\nsort AB  // b\nsort C\nsort D  // c\n")
    same(f"sort A  // a\nsort {'B' * 60}  // too far away\n")


def test_costs() -> None:
    same('cost copy      "pages copied"\ncost interrupt "CPUs"\n')
    same("macro f(m: Mm) {\n  spend copy\n  spend ipi for c: Cpu where c != self and x[c]\n}\n")
    condition = " and ".join(["some_name_that_is_rather_long[c]"] * 3)
    assert formatted(f"action a() {{ spend ipi for c: Cpu where {condition} }}") == (
        f"action a() {{\n  spend ipi for c: Cpu\n      where {condition}\n}}\n"
    )


def test_comments_keep_their_places() -> None:
    same(
        "// top\n\n// module\nmodule m  // behind\n\n// above\nproc p() {  // brace\n  // first\n  step s {\n"
        "    // in\n    x := y  // behind\n\n    // last\n  }  // closed\n  // end\n}\n\n// the end\n"
    )
    same("init\n".replace("\n", " a  // why a\n  // why b\n  and b\n"))
    same("action a() {\n  // nothing\n}\n")


def test_expectations() -> None:
    line = "  p: refuted when cow == page_count and not (flush_in_ptl or lock_for_write or flush_if_pending"
    same(f"expect {{\n{line} or x)\n  q: proved at Cpu=2, Page=3\n  r: no_violation within 12 at Cpu=2 when x\n}}\n")
    assert formatted(f"expect {{\n{line} or some_other_switch or x)\n}}") == (
        f"expect {{\n{line} or some_other_switch or x)\n}}\n".replace(" when", "\n    when")
    )


def test_long_heads_are_broken() -> None:
    text = "t" * 90
    same(f'invariant a_rather_long_name_for_this\n    "{text}":\n  x\n')
    same(f'proc p() {{\n  step a_rather_long_name "{text}"\n      each a: Va {{\n    return\n  }}\n}}\n')


def test_a_broken_subject_of_a_match_breaks_its_block_at_once() -> None:
    text = "action o(m: m) { match o" + " + 1" * 28 + " { a => { } b => { } } //\n}"
    once = format_source(Source("m", text))
    assert format_source(Source("m", once)) == once and "{\n    a => { }\n" in once
