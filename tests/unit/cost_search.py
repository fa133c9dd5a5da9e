"""What calls spend, counted along all runs: the yardstick for `system/costs.py` and `engines/bmc/depths.py`.

The runs are those of the reference semantics, what a step spends is read off its statements by the naive semantics, and
a call is over when nothing is under way on its CPU any more: nothing here looks at the tables that `counting` adds.
"""

from dataclasses import dataclass, replace
from itertools import islice

from cowspec.evaluate.machine import Machine, Moved
from cowspec.system.costs import CAP, SET_CAP, Amount, operations
from cowspec.system.ir import Scope, Setting, State, StepKind, System
from cowspec.system.slicing import slice_system
from evaluate_naive import Naive

Tokens = tuple[tuple[str, tuple[int, ...] | None], ...]


@dataclass(frozen=True)
class Ledger:
    """The operation of the call under way on a CPU, and everything it has spent, in order."""

    operation: str
    spent: Tokens


def amounts(
    system: System, scope: Scope, setting: Setting, depth: int, most: int | None = None
) -> dict[Amount, int] | None:
    """For everything that a call, or an action that spends, can end with: the length of a shortest run to it. None if
    there are more than `most` start states."""
    sliced = slice_system(system, setting)
    machine, naive = Machine(sliced, scope, setting), Naive(sliced, _sizes(sliced, scope), dict(setting))
    listed = {operation.name: operation.costs for operation in operations(sliced)}
    steps = {step.name: step for step in sliced.steps}
    idle: tuple[Ledger | None, ...] = (None,) * dict(scope).get("Cpu", 0)
    starts = set(islice(machine.starts(), None if most is None else most + 1))
    if most is not None and len(starts) > most:
        return None
    layer: set[tuple[State, tuple[Ledger | None, ...]]] = {(state, idle) for state in starts}
    seen = set(layer)
    found: dict[Amount, int] = {}
    for length in range(1, depth + 1):
        following = set()
        for state, ledgers in layer:
            for firing, outcome in machine.successors(state):
                if not isinstance(outcome, Moved):
                    continue
                step = steps[firing.step]
                assert naive.fire(state, step, firing.args, firing.choices) is not None
                spent, after = tuple(naive.spent), list(ledgers)
                over: Ledger | None = None
                if step.kind == StepKind.ACTION:
                    over = Ledger(step.operation, spent)
                else:
                    cpu = firing.args[0]
                    under_way = after[cpu] or Ledger(step.operation, ())
                    after[cpu] = replace(under_way, spent=_plus(under_way.spent, spent))
                    if _is_idle(sliced, outcome.state, cpu):
                        over, after[cpu] = after[cpu], None
                if over is not None and over.operation in listed:
                    for amount in _said(sliced, over, listed[over.operation]):
                        found.setdefault(amount, length)
                node = (outcome.state, tuple(after))
                if node not in seen:
                    seen.add(node)
                    following.add(node)
        layer = following
    return found


def _sizes(system: System, scope: Scope) -> dict[str, int]:
    return dict(scope) | {name: len(members) for name, members in system.enums}


def _plus(spent: Tokens, more: Tokens) -> Tokens:
    """Plain tokens one by one, elements once; sorted, as the order does not matter."""
    plain = [token for token in (*spent, *more) if token[1] is None]
    elements = {token for token in (*spent, *more) if token[1] is not None}
    return (*sorted(plain), *sorted(elements, key=str))


def _is_idle(system: System, state: State, cpu: int) -> bool:
    counters = [n for n, var in enumerate(system.vars) if var.name.endswith("@pc")]
    return all(state[n][cpu] is None for n in counters)


def _said(system: System, ledger: Ledger, costs: tuple[str, ...]) -> list[Amount]:
    said = [Amount(ledger.operation, None)]
    counted = {cost.name: cost.counted for cost in system.costs}
    for name in costs:
        count = len(_plus((), tuple(token for token in ledger.spent if token[0] == name)))
        cap = SET_CAP if counted[name] else CAP
        said.append(Amount(ledger.operation, name, min(count, cap), count >= cap))
    return said
