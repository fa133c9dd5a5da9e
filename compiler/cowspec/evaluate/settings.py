"""One system under several settings of its switches at once.

Most steps read few switches, and most states say nothing of them: a search that follows all settings together visits a
state once, for the set of settings under which it is reached, and computes what a step does once for all settings that
agree on the switches which the step mentions.

A set of settings is a bit mask: bit k stands for the k-th setting.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cowspec.evaluate.context import Move
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.names import Node, switches_mentioned
from cowspec.system import ir

Mask = int

Classes = tuple[tuple[int, Mask], ...]
"""Sets of settings: the first of each, and all of it."""


def bits(mask: Mask) -> Iterator[int]:
    """The numbers of the settings, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class Machines:
    """The machines of these settings (at least one). ValueError as `Machine` raises it."""

    def __init__(self, system: ir.System, scope: ir.Scope, settings: Sequence[ir.Setting]) -> None:
        self.system, self.scope, self.settings = system, scope, settings
        self.all: Mask = (1 << len(settings)) - 1
        self._machines: dict[int, Machine] = {0: Machine(system, scope, settings[0])}
        self._by_step = tuple(self._classes(step.body) for step in system.steps)
        self._by_formula: dict[int, tuple[ir.Formula, Classes]] = {}
        self._plans: dict[tuple[frozenset[int], Mask], tuple[tuple[Machine, frozenset[int]], ...]] = {}
        self._masks: dict[tuple[int, int], Mask] = {
            (id(self._machines[first]), number): mask
            for number, classes in enumerate(self._by_step)
            for first, mask in classes
        }

    def machine(self, number: int) -> Machine:
        """Of the setting with this number."""
        if number not in self._machines:
            self._machines[number] = Machine(self.system, self.scope, self.settings[number])
        return self._machines[number]

    def starts(self, named: Mapping[str, int]) -> Iterator[tuple[ir.State, Mask]]:
        """The start states up to symmetry, as `Machine.starts` finds them, each with settings that it is one of."""
        for first, mask in self._classes(self.system.init):
            for state in self.machine(first).starts(named=named, up_to_symmetry=True):
                yield state, mask

    def moves(self, state: ir.State, among: frozenset[int], mask: Mask) -> list[tuple[Move, Mask]]:
        """Every enabled firing of the steps with these numbers, with those of the settings under which it is one, in
        order of the steps."""
        found: list[tuple[Move, Mask]] = []
        plan = self._plan(among, mask)
        for machine, steps in plan:
            here = id(machine)
            found += [(move, mask & self._masks[here, move[0]]) for move in machine.moves(state, steps)]
        if len(plan) > 1:
            found.sort(key=_step_of)
        return found

    def violated(self, formula: ir.Formula, state: ir.State, mask: Mask, before: ir.State | None = None) -> Mask:
        """Those of the settings under which the closed formula is false."""
        known = self._by_formula.get(id(formula))
        if known is None:
            known = self._by_formula[id(formula)] = formula, self._classes([formula])
        found = 0
        for first, of_class in known[1]:
            if of_class & mask and not self.machine(first).holds(formula, state, before):
                found |= of_class & mask
        return found

    def _plan(self, among: frozenset[int], mask: Mask) -> tuple[tuple[Machine, frozenset[int]], ...]:
        """Which machines are asked for which steps."""
        plan = self._plans.get((among, mask))
        if plan is None:
            asked: dict[int, set[int]] = {}
            for number in among:
                for first, of_class in self._by_step[number]:
                    if of_class & mask:
                        asked.setdefault(first, set()).add(number)
            plan = tuple((self.machine(first), frozenset(steps)) for first, steps in sorted(asked.items()))
            self._plans[among, mask] = plan
        return plan

    def _classes(self, nodes: Iterable[Node]) -> Classes:
        """The settings that agree on the switches mentioned."""
        mentioned = frozenset[str]().union(*map(switches_mentioned, nodes))
        found: dict[ir.Setting, tuple[int, Mask]] = {}
        for number, setting in enumerate(self.settings):
            key = tuple(pair for pair in setting if pair[0] in mentioned)
            first, mask = found.get(key, (number, 0))
            found[key] = first, mask | 1 << number
        for first, _ in found.values():
            self.machine(first)
        return tuple(found.values())


def _step_of(found: tuple[Move, Mask]) -> int:
    return found[0][0]
