"""One system under several settings of its switches at once.

Most steps read few switches, and most states say nothing of them: a search that follows all settings together visits a
state once, for the set of settings under which it is reached, and computes what a step does once for all settings that
agree on the switches which the step mentions.

A set of settings is a bit mask: bit k stands for the k-th setting.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cowspec.evaluate.contents import Contents, Numbers
from cowspec.evaluate.effects import Changes, Effects, Footprint, footprint_of
from cowspec.evaluate.firing import Arguments
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.names import Node, switches_mentioned
from cowspec.system import ir

Mask = int

Classes = tuple[tuple[int, Mask], ...]
"""Sets of settings: the first of each, and all of it."""

Tried = tuple[tuple[int, Arguments], ...]
"""Numbers of steps, in order, and what is given of their arguments; () is nothing."""

Way = tuple[int, tuple[int, ...], tuple[int, ...], Changes | None, str | None, Mask]
"""A firing: number of the step, arguments, choices, what it changes, or None and the fault; under which settings."""


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
        self._plans: dict[tuple[Tried, Mask], tuple[tuple[Effects, Mask], ...]] = {}
        self._effects: dict[tuple[int, int, Arguments], Effects] = {}
        self._footprints: dict[int, Footprint] = {}
        self.contents = Contents(len(system.vars))

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

    def ways(self, state: ir.State, numbers: Numbers, tried: Tried, mask: Mask) -> Iterator[Way]:
        """Every enabled firing of these steps, with those of the settings under which it is one, in order of the steps.
        `numbers`: the state by `contents`."""
        plan = self._plans.get((tried, mask))
        if plan is None:
            plan = self._plans[tried, mask] = self._plan(tried, mask)
        for effects, under in plan:
            for args, choices, changes, fault in effects.at(state, numbers):
                yield effects.number, args, choices, changes, fault, under

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

    def _plan(self, tried: Tried, mask: Mask) -> tuple[tuple[Effects, Mask], ...]:
        """Which machines are asked for which steps, each for which settings."""
        plan: list[tuple[Effects, Mask]] = []
        for number, given in tried:
            for first, of_class in sorted(self._by_step[number]):
                if of_class & mask:
                    plan.append((self._effects_of(first, number, given), of_class & mask))
        return tuple(plan)

    def _effects_of(self, first: int, number: int, given: Arguments) -> Effects:
        """Of a step under the setting with the number `first`."""
        key = first, number, given
        if key not in self._effects:
            if number not in self._footprints:
                self._footprints[number] = footprint_of(self.system, self.system.steps[number])
            footprint = self._footprints[number]
            self._effects[key] = Effects(self.machine(first), number, given, footprint, self.contents)
        return self._effects[key]

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
