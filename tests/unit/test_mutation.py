"""Mutation operators: the mutants of small texts, each shown as the lines that it changes."""

from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.diagnostics import CompileError
from cowspec.mutation.edits import changes
from cowspec.mutation.mutants import changed, mutants, mutated
from cowspec.source import Source
from cowspec.syntax.ast import Mutation
from cowspec.system.build import build
from mutation_models import ROOM, loaded

ROOT = Path(__file__).parents[2]

HEAD = 'sort Cpu, Thing  mutex big  rwlock gate[Thing]  var on[Thing]: bool  ghost var seen[Thing]: bool  fix f "fix"\n'


def shown(body: str) -> dict[str, str]:
    """The mutants of a text, by name, each as its changed lines."""
    program, model, _ = loaded(HEAD + body)
    return {
        mutant.name: "; ".join(
            f"{change.line}: "
            + " / ".join([*(f"- {line}" for line in change.old), *(f"+ {line}" for line in change.new)])
            for change in changed(program, mutant)
        )
        for mutant in mutants(program, model)
    }


def test_guards_are_dropped_and_negated_part_by_part() -> None:
    assert shown("action a(t: Thing) {\n  require on[t] and (not held(gate[t]) or f)\n  on[t] := false\n}") == {
        "drop_guard a 1": "3: - require on[t] and (not held(gate[t]) or f) / + require (not held(gate[t]) or f)",
        "drop_guard a 2": "3: - require on[t] and (not held(gate[t]) or f) / + require on[t]",
        "negate a 1": "3: - require on[t] and (not held(gate[t]) or f)"
        " / + require not (on[t] and (not held(gate[t]) or f))",
        "skip a 1": "4: - on[t] := false",
    }


def test_a_single_guard_goes_as_a_whole() -> None:
    found = shown("action a(t: Thing, u: Thing) {\n  require t != u  // comments do not count\n}")
    assert found == {"drop_guard a 1": "3: - require t != u", "negate a 1": "3: - require t != u / + require t == u"}


def test_conditions_of_branches() -> None:
    found = shown("action a(t: Thing) {\n  if not on[t] { on[t] := true } else { on[t] := false }\n}")
    assert found["drop_guard a 1"].endswith("+ if true { on[t] := true } else { on[t] := false }")
    assert found["negate a 1"].endswith("+ if on[t] { on[t] := true } else { on[t] := false }")
    assert found["skip a 1"].endswith("+ if not on[t] { } else { on[t] := false }")
    assert found["skip a 2"].endswith("+ if not on[t] { on[t] := true } else { }")


def test_what_is_chosen_and_what_is_swept() -> None:
    found = shown(
        "action a() {\n  let t = choose t: Thing where on[t]\n  forall u: Thing where u == t { on[u] := false }\n}"
    )
    assert found == {
        "drop_guard a 1": "3: - let t = choose t: Thing where on[t] / + let t = choose t: Thing",
        "negate a 1": "3: - let t = choose t: Thing where on[t] / + let t = choose t: Thing where not on[t]",
        "negate a 2": "4: - forall u: Thing where u == t { on[u] := false }"
        " / + forall u: Thing where u != t { on[u] := false }",
        "skip a 1": "4: - forall u: Thing where u == t { on[u] := false }",
    }


def test_steps_are_swapped() -> None:
    found = shown(
        "proc p(t: Thing) {\n  step one { on[t] := true }\n  step two { on[t] := false }\n  step three { }\n}"
    )
    assert found["swap p.one 1"] == "3: + step two { on[t] := false }; 4: - step two { on[t] := false }"
    assert found["swap p.two 1"] == "4: + step three { }; 5: - step three { }"
    assert "swap p.three 1" not in found


def test_a_lock_is_not_taken_or_dropped_at_the_end_of_an_earlier_step() -> None:
    text = """proc p(t: Thing) {
  step one { acquire gate[t] for write }
  step two { on[t] := true }
  step three { on[t] := false }
}"""
    found = {name: text for name, text in shown(text).items() if name.startswith("unlock")}
    assert found == {
        "unlock p.one 1": "3: - step one { acquire gate[t] for write } / + step one { acquire gate[t] for read }",
        "unlock p.one 2": "3: - step one { acquire gate[t] for write } / + step one { }",
        "unlock p.one 3": "3: - step one { acquire gate[t] for write }"
        " / + step one { acquire gate[t] for write / + release gate[t] }",
        "unlock p.two 1": "4: - step two { on[t] := true } / + step two { on[t] := true / + release gate[t] }",
    }


def test_a_release_moves_to_the_step_that_takes_the_lock() -> None:
    text = "proc p(t: Thing) {\n  step one { acquire big }\n  step two { on[t] := true; release big }\n}"
    found = shown(text)
    assert found["unlock p.one 1"] == (
        "3: - step one { acquire big } / - step two { on[t] := true; release big }"
        " / + step one { } / + step two { on[t] := true; }"
    )
    assert found["unlock p.one 2"].endswith(
        "+ step one { acquire big / + release big } / + step two { on[t] := true; }"
    )
    assert found["skip p.two 2"].endswith("+ step two { on[t] := true; }")


def test_a_lock_that_a_macro_takes_is_dropped_early_too() -> None:
    text = """macro lock(x: Thing) { acquire gate[x] for read }
proc p(t: Thing) {
  step one { lock(t) }
  step two { on[t] := true }
}"""
    found = shown(text)
    assert (
        found["unlock lock 1"] == "2: - macro lock(x: Thing) { acquire gate[x] for read } / + macro lock(x: Thing) { }"
    )
    assert found["unlock p.one 1"].endswith("+ step one { lock(t) / + release gate[t] }")


def test_records_and_settings_are_left_alone() -> None:
    text = """macro remember(t: Thing) { seen[t] := true }
action a(t: Thing) {
  note "nothing"
  remember(t)
  if on[t] { seen[t] := false }
  if f { on[t] := true }
}"""
    assert shown(text) == {"skip a 1": "7: - if f { on[t] := true } / + if f { }"}


def test_only_what_the_model_uses_is_mutated() -> None:
    text = """macro used(t: Thing) { on[t] := true }
macro not_used(t: Thing) { on[t] := false }
action a(t: Thing) { used(t) }"""
    assert {name.split()[1] for name in shown(text)} == {"a", "used"}


def test_mutants_keep_their_names_and_get_their_explanations() -> None:
    program, model, _ = loaded(ROOM + 'survivors { skip visit.enter 1: "marked does as well" }')
    found = mutants(program, model)
    assert len({mutant.name for mutant in found}) == len(found) == 22
    assert {mutant.mutation for mutant in found} == set(Mutation)
    assert [mutant.name for mutant in found if mutant.why] == ["skip visit.enter 1"]


def test_every_mutant_is_a_model_with_other_steps_or_is_refused() -> None:
    program, model, system = loaded()
    others = 0
    for mutant in mutants(program, model):
        try:
            others += build(check(mutated(program, mutant))).steps != system.steps
        except CompileError:
            continue
    assert others == 22


def test_the_mutants_of_a_shipped_model_are_texts() -> None:
    path = ROOT / "models" / "truncate.cow"
    program = load(str(path), path.read_text(), loader(ROOT / "spec"))
    found = mutants(program, check(program))
    assert len(found) > 60
    for mutant in found[::4]:
        assert mutated(program, mutant).main.tree != program.main.tree
        assert changed(program, mutant)


@pytest.mark.parametrize("new", ["a\n\n  b // c\n", "a\nb"])
def test_blanks_and_comments_are_no_changes(new: str) -> None:
    assert changes(Source("x", "a // d\nb\n"), Source("x", new)) == ()
