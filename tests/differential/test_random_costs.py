"""On random small models with `spend`s put in at random: what calls spend, counted along all runs one by one, is what
the bounded search finds; and nobody else sees that anything is spent."""

import re
from collections import Counter
from random import Random

import pytest
from agreement import Disagreement
from cases import Case
from cost_search import amounts
from coverage_of import COSTS, constructs
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.engines.bmc.depths import reach
from cowspec.engines.bmc.goals import Target, Violates, at_setting
from cowspec.evaluate.replay import replay
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.costs import counting, operations
from cowspec.system.show import show
from cowspec.system.slicing import slice_system
from cowspec.verdict import Limits
from evaluate_naive import is_supported
from seeds import CHUNKS, case, chunk_name

DEPTH = 3
MOST_STATES = 60


def spending(text: str, random: Random) -> str:
    """The model with two costs, spent at some of the places where a statement may stand."""
    has_cpu = "Cpu" in text
    lines = [*text.split("\n"), 'cost coin "plain"', 'cost seen "elements"']
    found = []
    inside = ""
    for line in lines:
        found.append(line)
        word = line.strip().partition(" ")[0]
        inside = word if word in ("action", "step", "macro", "proc") else inside
        opens = line.endswith("{") and word in ("action", "step", "macro", "if", "}")
        if opens and inside in ("action", "step", "macro") and "=>" not in line and random.random() < 0.4:
            where = random.choice(("", " where zz != self", " where not idle(zz)")) if has_cpu else ""
            sort = "Cpu" if has_cpu else "Page"
            found.append(random.choice(("spend coin", f"spend seen for zz: {sort}{where}")))
    return "\n".join(found)


def built(text: str, *, costs: bool) -> ir.System:
    return build(check(load("random.cow", text, lambda name, path: None)), costs=costs)


def unnumbered(system: ir.System) -> str:
    """The system with bound names as they were written: an `if` that was empty before is gone with its names."""
    return re.sub(r"@\d+", "", show(system))


@pytest.mark.parametrize("chunk", CHUNKS, ids=chunk_name)
def test_random_models_that_spend(chunk: range) -> None:
    compared = 0
    for seed in chunk:
        try:
            compared += check_costs(case(seed))
        except Exception as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}\n\n{case(seed).text}")
    assert compared > 0


def test_every_construct_of_costs_is_in_the_models() -> None:
    seen: Counter[str] = Counter()
    for seed in range(30):
        text = spending(case(seed).text, Random(seed))
        seen += constructs(text, built(text, costs=True))
    assert not COSTS - set(seen)
    assert seen["ast.Spend"] > 30 and seen["ast.Spend"] > seen["ast.CostDecl"]


def check_costs(found: Case) -> int:
    """How many amounts were compared."""
    text = spending(found.text, found.random)
    if unnumbered(built(text, costs=False)) != unnumbered(found.system):
        raise Disagreement("what is spent changes the system")
    system = built(text, costs=True)
    setting = found.setting()
    sliced = slice_system(system, setting)
    scope = found.scope()
    wanted = [operation.name for operation in operations(sliced)]
    if not wanted or not is_supported(system):
        return 0
    expected = amounts(system, scope, setting, DEPTH, MOST_STATES)
    if expected is None:
        return 0
    counted = counting(sliced, scope, wanted)
    targets = {Target(Violates(name), at_setting(setting)): amount for name, amount in counted.goals.items()}
    reached = reach(counted.system, targets, scope, Limits(DEPTH), replay=replay)
    lengths = {targets[target]: len(trace.steps) for target, trace in reached.traces.items()}
    if lengths != expected:
        raise Disagreement(f"at {scope}, {setting}: found {lengths}, counted {expected}\n\n{text}")
    return len(expected)
