"""The emitted modules as texts: they parse by tree-sitter's grammar of TLA+, their types are what Apalache reads, and
two small ones are kept under `tests/cases/tla` to be looked at.

To write those anew: `cowspec compile tests/cases/tla/NAME.cow --to tla --out-dir tests/cases/tla`.
"""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import tree_sitter_tlaplus
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.cli.main import run
from cowspec.encode.tla.fold import folded
from cowspec.encode.tla.module import Module, tla_module
from cowspec.system.build import build
from lark import Lark
from lark.exceptions import LarkError
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "cases" / "tla"
PATHS = sorted((*(ROOT / "models").glob("*.cow"), *KEPT.glob("*.cow")))


@cache
def emitted(path: Path) -> Module:
    model = check(load(str(path), path.read_text(), loader(ROOT / "spec")))
    return tla_module(model, build(model))


every_model = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


# ---- they parse ----------------------------------------------------------------------------------------------------


@cache
def parser() -> Parser:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the wheel hands out its grammar as a number
        return Parser(Language(tree_sitter_tlaplus.language()))


def wrong(text: str) -> list[str]:
    """What does not parse, with its line."""
    return [
        f"line {node.start_point[0] + 1}: {(node.text or b'')[:60]!r}"
        for node in nodes(parser().parse(text.encode()).root_node)
        if node.type == "ERROR" or node.is_missing
    ]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    if node.has_error:
        for child in node.children:
            yield from nodes(child)


@every_model
def test_modules_parse(path: Path) -> None:
    module = emitted(path)
    assert module.text.startswith("---") and module.checking.startswith("---")
    assert wrong(module.text) == [] and wrong(module.checking) == []


def test_a_module_that_does_not_parse_is_noticed() -> None:
    text = emitted(KEPT / "migrate.cow").text
    assert wrong(text.replace("Next ==", "Next =", 1)) and wrong(text.replace("EXCEPT", "", 1))


# ---- they are kept -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stale_tlb", "migrate"])
def test_a_kept_module_is_what_is_written(name: str, tmp_path: Path) -> None:
    assert run(["compile", str(KEPT / f"{name}.cow"), "--to", "tla", "--out-dir", str(tmp_path)]) == 0
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert sorted(written) == [f"MC{name}.cfg", f"MC{name}.tla", f"{name}.tla"]
    for file, text in written.items():
        assert text == (KEPT / file).read_text(), file


# ---- types that Apalache reads -------------------------------------------------------------------------------------

TYPES = r"""
// Type System 1.2 of Apalache (its ADR 002)
start: type
?type: term | term "->" type -> function | "(" [type ("," type)*] ")" "=>" type -> operator
?term: "Bool" | "Int" | "Str" | ("Set" | "Seq") "(" type ")" | "<<" type ("," type)* ">>" | CONSTANT | VARIABLE
  | "{" [field ("," field)*] "}" | "(" type ")"
field: NAME ":" type
CONSTANT: /[A-Z_][A-Z0-9_]*/
VARIABLE: /[a-z]/
NAME: /[a-zA-Z_][a-zA-Z0-9_]*/
%ignore /\s+/
"""
GRAMMAR = Lark(TYPES, parser="earley")
ANNOTATION = re.compile(r"@type: ([^;]*);")


@cache
def is_type(text: str) -> bool:
    try:
        GRAMMAR.parse(text)
    except LarkError:
        return False
    return True


@every_model
def test_every_annotation_is_a_type(path: Path) -> None:
    text = emitted(path).text
    found = ANNOTATION.findall(text)
    assert len(found) == text.count("@type") > 5
    assert [each for each in found if not is_type(each)] == []


@pytest.mark.parametrize("text", ["Page", "Set(Page)", "<<CPU>", "{ pc Str }", "CPU => PAGE", "[pc: Str]", "Set()", ""])
def test_what_is_no_type_is_noticed(text: str) -> None:
    assert not is_type(text)


@every_model
def test_every_constant_and_variable_has_a_type(path: Path) -> None:
    lines = emitted(path).text.split("\n")
    for head in ("CONSTANTS", "VARIABLES"):
        rows = lines[lines.index(head) + 1 :]
        rows = rows[: next(n for n, row in enumerate(rows) if not row.startswith("  "))]
        names = [n for n, row in enumerate(rows) if re.match(r"  \w+", row)]
        assert names
        for begun, name in zip([0, *(n + 1 for n in names)], names, strict=False):
            (said,) = ANNOTATION.findall("\n".join(rows[begun:name]))
            assert is_type(said)


@every_model
def test_what_apalache_cannot_infer_has_a_type(path: Path) -> None:
    """`x[e]` may be a function, a sequence or a record: an operator that says so of its parameter needs a type."""
    applied = [
        (name, before)
        for before, name, params, body in definitions(emitted(path).text)
        if any(re.search(rf"\b{param}[.\[]|DOMAIN {param}\b", body) for param in params)
    ]
    assert any(name == "ValueAt" for name, _ in applied)
    assert [name for name, before in applied if "@type" not in before] == []


def definitions(text: str) -> Iterator[tuple[str, str, list[str], str]]:
    """Of each operator with parameters: the comments above, its name, its parameters, and the lines below."""
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines) if re.match(r"\w+(\(.*\))? ==", line)]
    for n, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        head = lines[n].partition(" ==")[0]
        name, _, params = head.partition("(")
        above = n
        while lines[above - 1].startswith(("\\*", "(*", "   ")) and "==" not in lines[above - 1]:
            above -= 1
        if params:
            yield "\n".join(lines[above:n]), name, params.rstrip(")").split(", "), "\n".join(lines[n:end])


@every_model
def test_only_what_is_for_tlc_extends_it(path: Path) -> None:
    module = emitted(path)
    assert "EXTENDS Naturals, FiniteSets\n" in module.text and "Permutations" not in module.text
    assert f"EXTENDS {module.name}, TLC\n" in module.checking


# ---- long lines ----------------------------------------------------------------------------------------------------


def test_lines_are_folded_where_it_reads_well() -> None:
    fields = ", ".join(f"field{n} |-> {{<<c, n>> : c \\in Cpu, n \\in Page}}" for n in range(4))
    assert list(folded([f"  /\\ x' = [x EXCEPT ![self] = [{fields}]]"])) == [
        "  /\\ x' = [x EXCEPT ![self] = [field0 |-> {<<c, n>> : c \\in Cpu, n \\in Page},",
        "                               field1 |-> {<<c, n>> : c \\in Cpu, n \\in Page},",
        "                               field2 |-> {<<c, n>> : c \\in Cpu, n \\in Page},",
        "                               field3 |-> {<<c, n>> : c \\in Cpu, n \\in Page}]]",
    ]
    long = "x" * 60
    assert list(folded([f"y = [i \\in Page |-> IF a[i, i] THEN {long} ELSE {long}]"])) == [
        "y = [i \\in Page |-> IF a[i, i]",
        f"                    THEN {long}",
        f"                    ELSE {long}]",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [f"\\* a comment, which is {'very ' * 20}long: x, y"],
        [f"f({', '.join('argument' for _ in range(20))})"],
        [f'"{", a |-> " * 20}"'],
        [f"x == [a |-> {'y' * 110}, b |-> /\\ c", "                                  /\\ d]"],
    ],
)
def test_other_lines_are_left_alone(lines: list[str]) -> None:
    assert list(folded(lines)) == lines


@every_model
def test_folding_changes_no_word(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = check(load(str(path), path.read_text(), loader(ROOT / "spec")))
    system = build(model)
    text = tla_module(model, system).text
    monkeypatch.setattr("cowspec.encode.tla.module.folded", lambda lines: (line.rstrip() for line in lines))
    assert text.split() == tla_module(model, system).text.split()
