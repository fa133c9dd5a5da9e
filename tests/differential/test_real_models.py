"""The agreement tests on the models of the project, at small scopes, along random runs."""

from random import Random

import pytest
from agreement import differ, outcomes
from cowspec.evaluate.machine import Machine
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.slicing import slice_system
from cowspec.system.switches import all_settings
from finite_steps import FiniteSteps
from real_models import MODELS, rel_of, system_of, walk
from relations import holds, relations_of
from seeds import NIGHTLY

SCOPES = (
    {"Page": 2, "Cpu": 1, "Mm": 1},
    {"Page": 2, "Cpu": 2, "Mm": 1, "Gup": 1, "Value": 2},
    {"Page": 3, "Cpu": 1, "Mm": 2, "Value": 2},
)
RUNS = 40 if NIGHTLY else 4

CONDITIONAL = {"protected_flushed": ("clear_refs_flush", "on")}
"""Lemmas of the library that need a switch: a clear_refs that forgets its flush leaves one owed. (Under other settings
the prover leaves them out.)"""


def scopes_of(system: ir.System) -> list[ir.Scope]:
    return [tuple((sort, sizes.get(sort, 1)) for sort in system.sorts) for sizes in SCOPES]


def test_there_are_models() -> None:
    assert MODELS


@pytest.mark.parametrize("number", range(len(SCOPES)))
@pytest.mark.parametrize("model", MODELS)
def test_next_states(model: str, number: int) -> None:
    """The finite encoding allows the evaluator's steps and no other; properties and facts have the same value."""
    system, rel, random = system_of(model), rel_of(model), Random(number)
    scope = scopes_of(system)[number]
    finite = FiniteSteps(system, rel, scope)
    compared = 0
    settings = all_settings(system)
    for tried, setting in enumerate(random.sample(settings, len(settings))):
        if tried >= RUNS // 2 and compared >= 10:
            break
        machine = Machine(system, scope, setting)
        sliced = Machine(slice_system(system, setting), scope, setting)
        for state in list(walk(machine, random, 16))[::4]:
            found = outcomes(machine, state)
            differ("sliced steps", outcomes(sliced, state).items(), found.items())
            differ("finite steps", finite.successors(state, setting), found.items())
            now = relations_of(system, scope, setting, state)
            named: list[ir.Property | ir.Fact] = [*system.properties, *system.facts]
            for prop, formula in zip(named, (*rel.properties, *rel.facts), strict=True):
                if not formula.is_transition:
                    assert holds(formula.formula, now, dict(scope), {}) == machine.holds(prop.formula, state), prop.name
            compared += len(found)
    assert compared >= 10


@pytest.mark.parametrize("model", MODELS)
def test_facts_hold(model: str) -> None:
    """No step faults, and what the compiler derived is true, wherever random runs come by."""
    system, random = system_of(model), Random(1)
    fired: set[str] = set()
    for _ in range(4 * RUNS):
        setting = random.choice(all_settings(system))
        scope = random.choice(scopes_of(system))
        machine = Machine(slice_system(system, setting), scope, setting)
        for state in walk(machine, random, 40):
            for fact in machine.system.facts:
                assert machine.holds(fact.formula, state), fact.name
            for number, _, _, after, fault in machine.moves(state):
                assert after is not None, fault
                fired.add(machine.system.steps[number].name)
    assert len(fired) > len(system.steps) // 2


@pytest.mark.parametrize("model", MODELS)
def test_lemmas_hold_along_short_runs(model: str) -> None:
    """Lemmas are no axioms: one that is false would make proofs impossible, and say nothing of why."""
    system, random = system_of(model), Random(2)
    lemmas = [prop for prop in system.properties if prop.kind is PropertyKind.LEMMA]
    assert lemmas
    for _ in range(2 * RUNS):
        setting = random.choice(all_settings(system))
        machine = Machine(system, random.choice(scopes_of(system)), setting)
        for state in walk(machine, random, 12):
            false = [
                lemma.name
                for lemma in lemmas
                if CONDITIONAL.get(lemma.name, ("", ""))[0] not in dict(setting) or CONDITIONAL[lemma.name] in setting
                if not machine.holds(lemma.formula, state)
            ]
            assert not false, f"under {setting}"
