"""Searches that start from lemmas somebody wrote: the library's, or all; and the way backwards from a claim."""

import re
from pathlib import Path

import pytest
from cowspec.cli.main import run
from cowspec.engines.inference.backwards import FRONT, SHARE, settle_goals
from cowspec.engines.inference.claims import Claim
from cowspec.engines.inference.cover import Instances
from cowspec.engines.inference.infer import infer_all
from cowspec.engines.inference.reached import reachable
from cowspec.engines.inference.search import Level, begin
from cowspec.report.formulas import expression
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import System
from cowspec.system.lemmas import Written, with_written
from cowspec.verdict import Limits
from inference_models import LIBRARY_TOKEN, PAIRS, REASONS, ROOT, TOKEN, USES_TOKEN, system_of

AWAY = "forall n: Node: here[n] -> not at_home"
SCOPE = (("Node", 2),)


def lemma_names(system: System) -> set[str]:
    return {prop.name for prop in system.properties if prop.kind is PropertyKind.LEMMA}


def model_in(folder: Path) -> Path:
    (folder / "library_token.cow").write_text(LIBRARY_TOKEN)
    path = folder / "uses_token.cow"
    path.write_text(USES_TOKEN)
    return path


def test_the_library_keeps_its_lemmas_and_the_model_loses_its_own() -> None:
    path = ROOT / "models" / "uffd_wp.cow"
    system = system_of(path.read_text(), str(path))
    own = set(re.findall(r"^lemma (\w+)", path.read_text(), re.MULTILINE))
    assert len(own) > 2
    assert with_written(system, Written.ALL) == system
    assert lemma_names(system) - lemma_names(with_written(system, Written.LIBRARY)) == own
    assert not lemma_names(with_written(system, Written.NONE))
    kept = with_written(system, Written.NONE).properties
    assert kept == tuple(prop for prop in system.properties if prop.kind is not PropertyKind.LEMMA)


@pytest.mark.parametrize(("written", "is_known"), [(Written.ALL, True), (Written.LIBRARY, True), (Written.NONE, False)])
def test_what_is_written_is_not_found_again(tmp_path: Path, written: Written, is_known: bool) -> None:
    path = model_in(tmp_path)
    system = system_of(path.read_text(), str(path))
    claims = [Claim("one_holder", ir.TRUE)]
    (found,) = infer_all(system, claims, Limits(), seconds=60, written=written)
    assert found.is_proved
    texts = [expression(system, lemma.prop.formula) for lemma in found.lemmas]
    assert (not texts) == (written is Written.ALL)
    assert not is_known or AWAY not in texts


def test_own_lemmas_are_left_out_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say = ["infer", str(model_in(tmp_path))]
    assert run([*say, "--no-cache"]) == 0
    assert "nothing had to be found" in capsys.readouterr().out
    assert run([*say, "--no-cache", "--without-own"]) == 0
    out = capsys.readouterr().out
    assert 'lemma one_holder_1 "found"' in out and AWAY not in out


def test_a_lemma_that_holds_under_the_settings_of_one_line() -> None:
    lemmas = """
lemma entered "": forall n: Node: inside[n] -> asked[n] and counted[n]
lemma asked_once "": forall n, k: Node: asked[n] and asked[k] -> n == k
lemma counted_once "": forall n, k: Node: counted[n] and counted[k] -> n == k
"""
    system = system_of(REASONS.replace("invariant one_inside", lemmas + "invariant one_inside", 1))
    claims = [Claim("one_inside", ir.SwitchIs(switch, "on")) for switch in ("one_asks", "one_counts")]
    found = infer_all(system, claims, Limits(), seconds=60, written=Written.ALL)
    assert [(each.is_proved, each.lemmas, each.effort.samples) for each in found] == [(True, (), 0), (True, (), 0)]


# ---- backwards -----------------------------------------------------------------------------------------------------


def level_of(text: str, goal: str) -> Level:
    system = system_of(text)
    samples: list[Instances] = reachable(system, ir.TRUE, 0)
    return Level(begin(system, [Claim(goal, ir.TRUE)], (), samples, float("inf")), SCOPE)


def test_backwards_alone_finds_what_protects_a_claim() -> None:
    level = level_of(TOKEN, "one_holder")
    assert level.is_broken()
    level = settle_goals(level)
    search = level.search
    assert not search.failed and search.counterexamples and not level.is_broken()
    numbers = list(level.pool.settled)
    assert set(level.pool.inductive(numbers, level.hold, float("inf"))) == set()  # they are assumed already
    assert set(level.unsettled().needed(0, numbers)) <= set(numbers)


def test_backwards_gives_up_what_is_false() -> None:
    level = settle_goals(level_of(TOKEN, "never_sent"))
    stuck = level.search.failed[0]
    assert stuck.reason == "no clause excludes a state from which send breaks never_sent"
    assert stuck.cti is not None and stuck.cti.step.firing.step == "send"


def test_backwards_gives_up_after_many_counterexamples() -> None:
    level = level_of(TOKEN, "one_holder")
    level.search.patience = 0
    settle_goals(level)
    assert level.search.failed[0].reason == "too many counterexamples to induction"
    assert level.search.counterexamples <= FRONT


@pytest.mark.parametrize(("patience", "is_enough"), [(SHARE, False), (6 * SHARE, True)])
def test_a_guess_that_needs_much_is_let_go_of(patience: int, is_enough: bool) -> None:
    said: list[str] = []
    level = level_of(TOKEN, "one_holder")
    level.search.patience, level.search.say = patience, said.append
    settle_goals(level)
    guesses = [line.split()[-6] for line in said if "steps away" in line]
    assert guesses and (not level.search.failed) == is_enough
    assert is_enough or all(guesses.count(number) <= 2 for number in guesses)


def test_levels_of_one_scope_share_their_encoding() -> None:
    level = level_of(PAIRS, "never_one")
    again = level.again()
    assert again.at.template is level.at.template and again.pool.states.template is level.pool.states.template
    assert again.at is not level.at
