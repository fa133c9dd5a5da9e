"""The documents tell the truth: the reference's grammar is the parser's, its examples check, and so do the samples."""

import json
import re
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.cli.main import run
from cowspec.encode.tla.module import tla_module
from cowspec.mutation.mutants import mutants
from cowspec.syntax.ast import Mutation
from cowspec.system.build import build

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "spec" / "LANGUAGE.md").read_text()
EXAMPLES = re.findall(r"^```cow\n(.*?)^```$", REFERENCE, re.MULTILINE | re.DOTALL)


def test_the_grammar_section_is_the_grammar() -> None:
    (section,) = re.findall(r"<!-- grammar -->\n```lark\n(.*?)```\n<!-- /grammar -->", REFERENCE, re.DOTALL)
    grammar = (ROOT / "compiler" / "cowspec" / "syntax" / "grammar.lark").read_text()
    assert section.rstrip() == grammar.rstrip()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split()[1])
def test_example_checks(text: str) -> None:
    system = build(check(load("example.cow", text, loader(ROOT / "spec"))))
    assert system.name == text.split()[1]


def test_the_tla_page_shows_what_is_written() -> None:
    page = (ROOT / "spec" / "TLA.md").read_text()
    (text,) = re.findall(r"^```cow\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    model = check(load("example.cow", text, loader(ROOT / "spec")))
    written = tla_module(model, build(model)).text
    shown = re.findall(r"^```tla\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(shown) == 3 and all(part in written for part in shown)


def test_the_page_on_mutants_shows_a_model() -> None:
    page = (ROOT / "spec" / "MUTATION.md").read_text()
    (text,) = re.findall(r"^```cow\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    program = load("example.cow", text, loader(ROOT / "spec"))
    names = {mutant.name: mutant.why for mutant in mutants(program, check(program))}
    assert names["drop_guard tlb_evict 1"] == "to evict what is not there changes nothing"
    assert all(f"\n| `{mutation.value}` |" in page for mutation in Mutation)


def test_the_page_on_certificates_shows_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "spec" / "CERTIFICATES.md").read_text()
    (text,) = re.findall(r"^```cow\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("latch.cow").write_text(text)
    assert run(["prove", "latch.cow", "-i", "done_was_asked", "--jobs", "1", "--cert", "latch.cert.json"]) == 0
    assert run(["verify-cert", "latch.cert.json", "latch.cow", "--jobs", "1"]) == 0
    assert json.loads(shown) == json.loads(Path("latch.cert.json").read_text())["obligations"][-1]
