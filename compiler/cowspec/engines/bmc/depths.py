"""Bounded model checking, depth by depth: a shortest run to each of many targets at one scope.

In: a system, targets, a scope. Out: for each target that can be met within the depth a replayed trace, and how deep the
search went. `bmc.search` asks to the full depth at once and shortens what it finds, which is cheaper for a few targets;
here one question, "is any open target met after exactly d steps?", serves all of them, and what it finds is shortest.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from cowspec.encode.finite.dead import dead_predicates
from cowspec.encode.finite.template import build
from cowspec.encode.relational.translate import NAMED, translate
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.goals import Target, open_cells, questions_of
from cowspec.engines.bmc.sat import NewSat, cadical
from cowspec.engines.bmc.search import Replay, replayed, starting
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.system.ir import Scope, System
from cowspec.verdict import Limits, Trace


@dataclass(frozen=True, slots=True)
class Reached:
    """`traces`: of the targets that are met within `steps`, after the fewest steps. `stopped`: why it went no deeper
    than `steps`, empty if it went as deep as it was asked to."""

    traces: dict[Target, Trace]
    steps: int
    stopped: str = ""


def reach(
    system: System,
    targets: Iterable[Target],
    scope: Scope,
    limits: Limits,
    *,
    replay: Replay,
    new_sat: NewSat = cadical,
    any_of: bool = False,
) -> Reached:
    """Every target at its first depth, up to `limits.max_steps`; with `any_of` only those of the first depth at which
    there is any. Raises `EncodingDisagrees`.

    `limits.timeout` bounds the whole search; what was found before it is returned (`steps` is -1 if not even the start
    states were searched).
    """
    deadline = time.process_time() + limits.timeout
    asked = tuple(dict.fromkeys(targets))
    rel = translate(system, NAMED)
    questions = questions_of(system, rel, asked)
    template = build(rel, (scope,), starting(rel), questions, open_cells(system), dead_predicates(system, rel))
    asker = Asker(system, rel, Unrolling(template, new_sat()))
    found: dict[Target, Trace] = {}
    for depth in range(limits.max_steps + 1):
        if time.process_time() > deadline or not _search_depth(asker, asked, depth, found, deadline):
            return Reached(_replayed(system, found, replay), depth - 1, "time limit")
        if any_of and found:
            return Reached(_replayed(system, found, replay), depth)
    return Reached(_replayed(system, found, replay), limits.max_steps)


def _search_depth(
    asker: Asker, asked: tuple[Target, ...], depth: int, found: dict[Target, Trace], deadline: float
) -> bool:
    """Adds the targets that a run of exactly this length meets. False if time ran out."""
    while is_open := [target for target in asked if target not in found]:
        met = asker.ask(depth, is_open, asker.under_way(depth), deadline)
        if met is None:
            return False
        if not met:
            break
        found |= {target: asker.trace(steps, target) for target, steps in met.items()}
    return True


def _replayed(system: System, found: dict[Target, Trace], replay: Replay) -> dict[Target, Trace]:
    return {target: replayed(system, trace, replay) for target, trace in found.items()}
