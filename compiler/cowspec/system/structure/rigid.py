"""Sets of switch settings, as bit masks, and the shortest formulas that say them.

A structural fact often depends on a switch ("the lock is held if `lock_for_write`"). The analysis of `flow.py` runs
once for all settings of the switches it meets; a condition over switches is the set of settings where it holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula
from cowspec.system.simplify import conj, disj, neg
from cowspec.system.traverse import nodes

TOO_MANY = 1 << 12  # settings; beyond, the analysis takes switches for unknown

Settings = int
"""A set of settings: bit n for the n-th setting of `Cases`."""


@dataclass(frozen=True, slots=True)
class Cases:
    """All settings of some switches, in the order of their product; `everything` is the set of all."""

    switches: tuple[ir.Switch, ...]
    settings: tuple[tuple[str, ...], ...]  # one option for each switch
    everything: Settings

    def where(self, switch: str, option: str) -> Settings | None:
        """The settings with this option; None for a switch that is not followed."""
        for n, known in enumerate(self.switches):
            if known.name == switch:
                return sum(1 << k for k, setting in enumerate(self.settings) if setting[n] == option)
        return None

    def formula(self, these: Settings, among: Settings) -> Formula:
        """A short formula that holds in the settings `these` and not in the rest of `among`; outside `among` it may say
        anything."""
        yes = {setting for k, setting in enumerate(self.settings) if these & among & (1 << k)}
        no = {setting for k, setting in enumerate(self.settings) if among & ~these & (1 << k)}
        left = list(range(len(self.switches)))
        for n in reversed(range(len(self.switches))):
            fewer = [k for k in left if k != n]
            if {_only(s, fewer) for s in yes}.isdisjoint({_only(s, fewer) for s in no}):
                left = fewer
        return self._decide(left, {_only(s, left) for s in yes}, {_only(s, left) for s in no})

    def _decide(self, left: list[int], yes: set[tuple[str, ...]], no: set[tuple[str, ...]]) -> Formula:
        """A decision tree over the switches `left`, equal branches joined."""
        if not no:
            return TRUE
        if not yes:
            return FALSE
        switch = self.switches[left[0]]
        branches: dict[Formula, list[str]] = {}
        for option, _ in switch.options:
            sub_yes = {s[1:] for s in yes if s[0] == option}
            sub_no = {s[1:] for s in no if s[0] == option}
            if sub_yes or sub_no:
                branches.setdefault(self._decide(left[1:], sub_yes, sub_no), []).append(option)
        return disj(conj((_options(switch, options), rest)) for rest, options in branches.items())


def cases(system: ir.System, formulas: Iterable[Formula | ir.Term]) -> Cases:
    """The settings of the switches that the formulas mention; of none if these have too many settings."""
    mentioned = {node.switch for node in nodes(formulas) if isinstance(node, ir.SwitchIs)}
    switches = tuple(switch for switch in system.switches if switch.name in mentioned)
    count = 1
    for switch in switches:
        count *= len(switch.options)
    if count > TOO_MANY:
        switches, count = (), 1
    settings = tuple(product(*([option for option, _ in switch.options] for switch in switches)))
    return Cases(switches, settings, (1 << count) - 1)


def _only(setting: tuple[str, ...], positions: list[int]) -> tuple[str, ...]:
    return tuple(setting[n] for n in positions)


def _options(switch: ir.Switch, options: list[str]) -> Formula:
    """`cow in { a, b }`, said by what is left out if that is shorter; of a fix by "on" alone."""
    rest = [option for option, _ in switch.options if option not in options]
    if not rest:
        return TRUE
    if switch.is_fix:
        on = ir.SwitchIs(switch.name, "on")
        return on if options == ["on"] else neg(on)
    if len(rest) == 1 and len(options) > 1:
        return neg(ir.SwitchIs(switch.name, rest[0]))
    return disj(ir.SwitchIs(switch.name, option) for option in options)
