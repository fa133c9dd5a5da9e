"""Reachable states by random walks: what a true lemma must not contradict.

In: a system, a scope, settings, a seed. Out: states, each with its setting, all reached by the evaluator. A walk picks
a step first and one of its firings second, so that steps with many parameters do not crowd out the others, and every
successor of a visited state is a sample, not only the one the walk goes on to. Of states in which the calls stand at
the same places only so many are kept: rare places count as much as common ones.
"""

from collections.abc import Iterable, Sequence
from random import Random

from cowspec.evaluate.machine import Machine
from cowspec.system import ir
from cowspec.system.slicing import slice_system

WALK = 40
"""Steps of a walk before it starts again."""

Sample = tuple[ir.State, ir.Setting]


def sample(
    system: ir.System, scope: ir.Scope, settings: Sequence[ir.Setting], seed: int, *, visits: int, kept: int
) -> list[Sample]:
    """About `kept` samples from `visits` visited states, shared out among the settings."""
    found: list[Sample] = []
    for number, setting in enumerate(settings):
        random = Random(f"{seed} {number} {scope}")
        states = _walk(slice_system(system, setting), scope, setting, random, visits // len(settings) + 1)
        found += [(state, setting) for state in _spread(system, states, random, kept // len(settings) + 1)]
    return found


def _walk(system: ir.System, scope: ir.Scope, setting: ir.Setting, random: Random, visits: int) -> Iterable[ir.State]:
    machine = Machine(system, scope, setting)
    seen: dict[ir.State, None] = {}
    state: ir.State | None = None
    for visit in range(visits):
        if visit % WALK == 0 or state is None:
            state = next(machine.starts(shuffle=random), None)
            if state is None:
                break
            seen[state] = None
        by_step: dict[int, list[ir.State]] = {}
        for number, _, _, after, _ in machine.moves(state):
            if after is not None:
                by_step.setdefault(number, []).append(after)
        for group in by_step.values():
            for after in group if len(group) <= 4 else random.sample(group, 4):
                seen[after] = None
        state = random.choice(by_step[random.choice(list(by_step))]) if by_step else None
    return seen


def _spread(system: ir.System, states: Iterable[ir.State], random: Random, kept: int) -> list[ir.State]:
    """At most `kept`, evenly over the places at which calls stand."""
    counters = [number for number, var in enumerate(system.vars) if var.name.endswith("@pc")]
    groups: dict[tuple[object, ...], list[ir.State]] = {}
    for state in states:
        groups.setdefault(tuple(state[number] for number in counters), []).append(state)
    for group in groups.values():
        random.shuffle(group)
    found: list[ir.State] = []
    while len(found) < kept and groups:
        for place, group in list(groups.items()):
            found.append(group.pop())
            if not group:
                del groups[place]
            if len(found) >= kept:
                break
    return found
