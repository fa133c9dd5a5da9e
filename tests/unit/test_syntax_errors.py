"""What a wrong text is told, and that no text whatever is answered with anything but a tree or diagnostics."""

import random
import sys
import time
from bisect import bisect_left
from pathlib import Path

import pytest
from cowspec.diagnostics import CODES, CompileError, Diagnostic, render
from cowspec.source import Source
from cowspec.syntax import grammar
from cowspec.syntax.errors import DECLARATIONS, EXPRESSIONS, OPERATORS, OTHER_WORDS, STATEMENTS
from cowspec.syntax.format import format_source
from cowspec.syntax.parse import MAX_CHARACTERS, MAX_DEPTH, MAX_DIAGNOSTICS, MAX_WORDS, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from syntax_sentences import words_of

SAMPLES = sorted((Path(__file__).parent / "syntax_samples").glob("*.cow"))


def refused(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        parse(Source("x.cow", text))
    return caught.value.diagnostics


def marked(text: str, diagnostic: Diagnostic) -> str:
    assert diagnostic.span is not None
    return text[diagnostic.span.start : diagnostic.span.end]


WRONG = [
    # text, code, marked text, message, hint
    ("sort Cpu Mm", "E001", "Mm", "found `Mm`, expected `,` or a declaration", None),
    ("invarant x: y", "E001", "invarant", "found `invarant`, expected a declaration", "did you mean `invariant`?"),
    ("init a == ", "E002", "", "the text ends where an expression should stand", None),
    ("init a == b == c", "E001", "==", "expected an operator", "comparisons do not chain"),
    ("init a + < b", "E001", "<", "found `<`, expected an expression", None),
    ("init $", "E003", "$", "`$`", None),
    ("init \x1b", "E003", "\x1b", "a character that cannot be printed", None),
    ("init é", "E003", "é", "`é`", None),
    ('fix f "with\ttab"', "E003", '"with\ttab"', "a tab in a text", None),
    ('fix f "flush first', "E004", '"flush first', "without a closing", None),
    ('fix f "flush\nsort A', "E004", '"flush', "without a closing", None),
    ("cost copy", "E002", "", "the text ends where a text in quotes should stand", None),
    ("action a() { spend }", "E001", "}", "found `}`, expected a name", None),
    ("var cost[Cpu]: bool", "E005", "cost", "`cost` is a word of the language", "another name"),
    ("var step[Cpu]: bool", "E005", "step", "`step` is a word of the language", "another name"),
    ("sort sort", "E005", "sort", "`sort` is a word", None),
    ("struct S { at: Cpu }", "E005", "at", "`at` is a word", None),
    ("def f(each: Va) = x", "E005", "each", "`each` is a word", None),
    ("action a() { when[c] := x }", "E005", "when", "`when` is a word", None),
    ("init until.x == y", "E005", "until", "`until` is a word", None),
    ("init a && b", "E008", "&&", "`&&`", "write `and`"),
    ("init a & b", "E008", "&", "`&`", "write `and`"),
    ("init a || b", "E008", "||", "`||`", "write `or`"),
    ("init !x", "E008", "!", "`!`", "write `not`"),
    ("init a ==> b", "E008", "==>", "`==>`", "write `->`"),
    ("init a => b", "E008", "=>", "`=>`", "write `->`"),
    ("init a <=> b", "E008", "<=>", "`<=>`", "write `==`"),
    ("init a <> b", "E008", "<>", "`<>`", "write `!=`"),
    ("init a === b", "E008", "===", "`===`", "write `==`"),
    ("init a !== b", "E008", "!==", "`!==`", "write `!=`"),
    ("init ∀ c: Cpu: x", "E008", "∀", "`∀`", "write `forall`"),
    ("init forall c: Cpu | idle(c): x", "E008", "|", "`|`", "conditions follow `where`"),
    ("init count(c: Cpu | x) == 1", "E008", "|", "`|`", "conditions follow `where`"),
    ("# a comment", "E008", "#", "`#`", "comments begin with `//`"),
    ("fix f 'text'", "E008", "'", "`'`", 'texts stand in `"`'),
    ("action a() { x = none }", "E009", "=", "`=` is no assignment", "write `:=`"),
    ("action a() { x[c].f = none }", "E009", "=", "`=` is no assignment", "write `:=`"),
    ("init a = b", "E009", "=", "`=` compares nothing", "write `==`"),
    ("action a() { let x := y }", "E001", ":=", "expected `=`", "changes state"),
    ("def f() := x", "E001", ":=", "expected `=`", "changes state"),
    ("action a() { x == y }", "E001", "==", "expected `:=`", "`require`"),
    ("init a and forall c: Cpu: b", "E010", "forall", "`forall` after an operator", "write `(forall ...)`"),
    ("init not exists c: Cpu: b", "E010", "exists", "`exists` after an operator", "write `(exists ...)`"),
    ("init a or if b then c else d", "E010", "if", "`if` after an operator", "write `(if ...)`"),
    ("init pte[_] == none", "E011", "_", "a line of a scenario", None),
    ("action a() { p(_) }", "E011", "_", "a line of a scenario", None),
    ("scenario s { c: f(g(_)) }", "E011", "_", "a line of a scenario", None),
    ('invariant inv "text" a == b', "E012", "a", "expected `:`", None),
    ("invariant inv forall a: Va: b", "E012", "forall", "expected `:`", None),
    ("lemma l = x", "E012", "=", "expected `:`", None),
    ("scenario s { expect blocked let c: Cpu }", "E013", "let", "`let` comes too late", "first the `let` lines"),
    ("scenario s { allow a let c: Cpu }", "E013", "let", "`let` comes too late", None),
    ("scenario s { c: f() allow g }", "E013", "allow", "`allow` comes too late", None),
    ("scenario s { expect p holds when x c: f() }", "E013", "c", "a line of the script comes too late", None),
    ("init count(c: Cpu where x) == 12345678901234", "E014", "12345678901234", "more than nine digits", None),
    ("proc p() { step s { } var x: bool }", "E001", "var", "a local variable after a step", "before the first step"),
    ("proc p() { step s {\n acquire l read\n x := y } }", "E001", "x", "expected", "write `for read`"),
    ("proc p() { step s { aquire l[m] } }", "E001", "l", "expected", "did you mean `acquire`?"),
    ("action a() { acquire l for foo }", "E001", "foo", "expected `read` or `write`", None),
    ("action a() { x := (choose p: P) }", "E001", "choose", "expected an expression", "`choose` stands alone"),
    ("var x: A??", "E001", "?", "found `?`", "no optional values of optional"),
    ("expect { p: no_violation }", "E001", "}", "expected `within`", None),
    ("sort 3", "E001", "3", "expected a name", None),
    ('sort "A"', "E001", '"A"', "found a text in quotes, expected a name", None),
    ("sort\n\nproc p() { }", "E001", "proc", "found `proc`, expected a name", None),
    ("action a() { match c { x => y } }", "E001", "y", "expected `{`", None),
]


@pytest.mark.parametrize(("text", "code", "mark", "message", "hint"), WRONG, ids=[text for text, *_ in WRONG])
def test_one_mistake(text: str, code: str, mark: str, message: str, hint: str | None) -> None:
    (diagnostic,) = refused(text)
    assert diagnostic.code == code
    assert marked(text, diagnostic) == mark
    assert message in diagnostic.message
    assert (hint or "") in (diagnostic.hint or "")


def test_every_syntax_code_is_earned() -> None:
    """The limits are tested below."""
    assert {code for _, code, *_ in WRONG} | {"E006", "E007"} == {code for code in CODES if code < "E1"}


@pytest.mark.parametrize("code", sorted(code for code in CODES if code < "E1" and code not in ("E006", "E007")))
def test_examples_earn_their_code(code: str) -> None:
    assert [diagnostic.code for diagnostic in refused(CODES[code].example)] == [code]


def test_groups_of_words_are_terminals() -> None:
    names = {terminal.name for terminal in grammar.abstract_parser().terminals} | {"$END"}
    assert set(OTHER_WORDS) | DECLARATIONS | STATEMENTS | EXPRESSIONS | OPERATORS <= names


# ---- several errors, and where they are ----------------------------------------------------------------------------


def test_the_end_is_the_end_of_the_text() -> None:
    text = "proc p() {\n  step s {\n    x := y\n  // comment\n\n"
    (diagnostic,) = refused(text)
    assert diagnostic.code == "E002"
    assert diagnostic.span is not None and diagnostic.span.start == diagnostic.span.end == len(text)
    ((span, label),) = diagnostic.more
    assert (span.start, label) == (text.index("{", 11), "this is still open")


def test_parsing_goes_on_at_the_next_declaration() -> None:
    text = (
        "sort A B\nvar x bool\nvar y: bool\naction a() {\n  x = 3\n  y = 4\n}\nfix f\nsort C\ninit $\nvar $\nsort D\n"
    )
    assert [(d.code, marked(text, d)) for d in refused(text)] == [
        ("E001", "B"),
        ("E001", "bool"),
        ("E009", "="),
        ("E001", "sort"),
        ("E003", "$"),
        ("E003", "$"),
    ]


def test_a_missing_brace_is_one_error() -> None:
    text = "proc p() {\n  step s {\n    x := y\n  }\n\nproc q() { step t { } }\nsort A\n"
    (diagnostic,) = refused(text)
    assert marked(text, diagnostic) == "proc"
    assert text[: diagnostic.more[0][0].end] == "proc p() {"


def test_at_most_ten() -> None:
    assert len(refused("sort 1\n" * 1000)) == MAX_DIAGNOSTICS


def test_several_wrong_lock_modes() -> None:
    text = "action a() { acquire l for reed acquire l for read acquire l for wright }"
    assert sorted(marked(text, d) for d in refused(text)) == ["reed", "wright"]


# ---- limits --------------------------------------------------------------------------------------------------------

DEEP = {
    "parentheses": lambda n: "init " + "(" * n + "x" + ")" * n,
    "not": lambda n: "init " + "not " * n + "x",
    "implies": lambda n: "init " + "x -> " * n + "x",
    "fields": lambda n: "init x" + ".f" * n,
    "indices": lambda n: "init x" + "[y]" * n,
    "nested indices": lambda n: "init " + "x[" * n + "y" + "]" * n,
    "quantifiers": lambda n: "init " + "forall a: A: " * n + "x",
    "if else": lambda n: "init " + "if a then b else " * n + "x",
    "else if": lambda n: "action a() { " + "if x { } else " * n + "if y { } }",
    "blocks": lambda n: "action a() { " + "if x { " * n + "}" * n + " }",
    "matches": lambda n: "init " + "match c { a => " * n + "x" + "}" * n,
    "records": lambda n: "init x == " + "{ f: " * n + "x" + "}" * n,
    "chains in chains": lambda n: "init " + "x or (y and (" * (n // 2) + "z" + "))" * (n // 2),
}


@pytest.mark.parametrize("kind", DEEP)
def test_too_deep(kind: str) -> None:
    for count in (MAX_DEPTH + 1, 1000):
        assert [diagnostic.code for diagnostic in refused(DEEP[kind](count))] == ["E007"]


@pytest.mark.parametrize("kind", DEEP)
def test_deep_but_accepted(kind: str) -> None:
    """Deepest accepted nesting: no stage here may come near Python's limit of recursion."""
    count = bisect_left(range(1, MAX_DEPTH + 2), True, key=lambda n: not accepts(DEEP[kind](n)))
    assert count >= 40
    source = Source("x.cow", DEEP[kind](count))
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(700)
        tree = parse(source)
        assert parse(Source("x.cow", format_source(source))) == tree
    finally:
        sys.setrecursionlimit(limit)


def accepts(text: str) -> bool:
    try:
        parse(Source("x.cow", text))
    except CompileError:
        return False
    return True


@pytest.mark.parametrize("op", ["and", "or", "+"])
def test_long_chains_are_accepted(op: str) -> None:
    source = Source("x.cow", "init " + f"\n  {op} ".join(["x"] * 400))
    assert parse(Source("x.cow", format_source(source))) == parse(source)


HOSTILE = {
    "a million lines": "\n" * 1_000_000,
    "a long line": "x" * 1_000_000,
    "a long comment": "//" + "x" * 1_000_000,
    "open parentheses": "init " + "(" * 100_000,
    "too many characters": " " * (MAX_CHARACTERS + 1),
    "too many words": "sort A\n" * (MAX_WORDS // 2 + 1),
    "quotes": '"' * 500_000,
    "NUL": "\0" * 500_000,
    "surrogates": "\ud800" * 500_000,
    "wrong lines": "$\n" * 500_000,
    "wrong declarations": "sort $\n" * 10_000,
    "closing braces": "}" * 90_000,
    "spaces": " \t" * 400_000 + "sort A",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_cost_little(kind: str) -> None:
    source = Source("x.cow", HOSTILE[kind])
    start = time.process_time()
    try:
        assert parse(source).name is None
    except CompileError as error:
        text = render(error.diagnostics, {"x.cow": source})
        assert max(map(len, text.splitlines())) < 300
        text.encode("utf-8")
    assert time.process_time() - start < 5


def test_the_limits_of_size() -> None:
    assert [d.code for d in refused(HOSTILE["too many characters"])] == ["E006"]
    assert [d.code for d in refused(HOSTILE["too many words"])] == ["E006"]
    assert accepts(HOSTILE["a million lines"])


def test_bytes_of_other_worlds() -> None:
    assert [d.code for d in refused("\ufeff\ufeffsort A")] == ["E003"]
    assert [d.code for d in refused("sort\u00a0A")] == ["E003"]
    assert [d.code for d in refused("// \ud800")] == ["E003"]
    assert [d.code for d in refused('fix f "\u202e"')] == ["E003"]
    assert [d.code for d in refused("sort A\x00")] == ["E003"]
    assert accepts("\ufeff// é 漢字 \t\r\nsort A\r\n")


# ---- any text ------------------------------------------------------------------------------------------------------


def check_any(text: str) -> None:
    source = Source("x.cow", text)
    try:
        parse(source)
    except CompileError as error:
        assert 0 < len(error.diagnostics) <= MAX_DIAGNOSTICS
        starts = []
        for diagnostic in error.diagnostics:
            assert diagnostic.span is not None
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
            starts.append(diagnostic.span.start)
        assert starts == sorted(starts)
        render(error.diagnostics, {"x.cow": source}).encode("utf-8")
        with pytest.raises(CompileError):
            format_source(source)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_characters(text: str) -> None:
    check_any(text)


SIGNS = [t.pattern.value for t in grammar.abstract_parser().terminals if t.pattern.type == "str"]
PIECES = [*SIGNS, *["x", "Cpu", '"text"', "1", "==", "\n", "\n", "$", '"', "// c\n", "&&", "=", "==>"]]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_words(pieces: list[str]) -> None:
    check_any(" ".join(pieces))


@pytest.mark.parametrize("seed", range(60))
def test_samples_with_one_change(seed: int) -> None:
    chance = random.Random(seed)
    words = words_of(chance.choice(SAMPLES).read_text())
    place = chance.randrange(len(words))
    words[place : place + chance.randrange(2)] = chance.choices(PIECES, k=chance.randrange(3))
    check_any(" ".join("\n" + word if word in ("proc", "var", "action", "invariant") else word for word in words))
