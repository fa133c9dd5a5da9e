"""Breadth-first search over the states of a machine: shortest runs, and all reachable states where they fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import process_time
from typing import assert_never

from cowspec.evaluate.machine import Disabled, Faulted, Machine, Moved
from cowspec.evaluate.symmetry import representative
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Firing, Limits, Trace, TraceStep

NO_FAULT = "no_fault"
"""The implied invariant of M5, as a property name."""

Link = tuple[ir.State, int, tuple[int, ...], tuple[int, ...]] | None
"""How a state was first reached: from which state, by which step, arguments, choices; None for a start state."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """`complete`: every reachable state was seen; then `states` is their number (up to symmetry, if that was asked) and
    what has neither a violation nor a run to it never has. Otherwise `stopped` says why, and every run of up to `depth`
    steps was searched (-1: not even all start states). Traces are the shortest of their property; faults are violations
    of `no_fault`."""

    states: int
    depth: int
    complete: bool
    stopped: str
    violations: Mapping[str, Trace]
    reached: Mapping[str, Trace]
    fired: frozenset[str]


def explore(
    machine: Machine,
    properties: tuple[ir.Property, ...],
    limits: Limits,
    *,
    max_states: int = 500_000,
    up_to_symmetry: bool = False,
    until_decided: bool = False,
) -> Exploration:
    """Searches up to `limits.max_steps` steps deep, `limits.timeout` seconds long.

    `until_decided`: stop once every property has its trace. `up_to_symmetry`: of states that differ by a permutation of
    elements one may stand for all. A state without enabled step stutters: no transition property is asked of that.
    """
    key = representative(machine.system, machine.scope, {}) if up_to_symmetry else None
    search = _Search(machine, properties, max_states, process_time() + limits.timeout, key)
    frontier = search.starts()
    depth = -1 if search.stopped else 0
    while frontier and not search.stopped:
        if until_decided and search.is_decided():
            search.stopped = "every property is decided"
        elif depth == limits.max_steps:
            search.stopped = f"the limit of {limits.max_steps} steps"
        else:
            following = search.level(frontier)
            if search.stopped or not following:
                break
            frontier, depth = following, depth + 1
    return Exploration(
        states=len(search.links),
        depth=depth,
        complete=not search.stopped,
        stopped=search.stopped,
        violations=search.violations,
        reached=search.reached,
        fired=frozenset(machine.system.steps[number].name for number in search.fired),
    )


@dataclass(slots=True)
class _Search:
    machine: Machine
    properties: tuple[ir.Property, ...]
    max_states: int
    deadline: float
    key: Callable[[ir.State], ir.State] | None  # what stands for a state in `seen`
    links: dict[ir.State, Link] = field(default_factory=dict)
    seen: set[ir.State] = field(default_factory=set)
    violations: dict[str, Trace] = field(default_factory=dict)
    reached: dict[str, Trace] = field(default_factory=dict)
    fired: set[int] = field(default_factory=set)
    stopped: str = ""

    def starts(self) -> list[ir.State]:
        found: list[ir.State] = []
        for state in self.machine.starts(up_to_symmetry=self.key is not None):
            if self._is_new(state):
                if self._out_of_bounds(len(found)):
                    break
                self.links[state] = None
                found.append(state)
                self._judge(state)
        return found

    def level(self, frontier: list[ir.State]) -> list[ir.State]:
        """The states one step further. Stops between two states when a limit is met."""
        machine, links = self.machine, self.links
        has_transitions = any(prop.kind is PropertyKind.TRANSITION for prop in self.properties)
        found: list[ir.State] = []
        for done, state in enumerate(frontier):
            if self._out_of_bounds(done):
                break
            for number, args, choices, after, fault in machine.moves(state):
                self.fired.add(number)
                if after is None:
                    if NO_FAULT not in self.violations:
                        last = firing_of(machine, number, args, choices)
                        self.violations[NO_FAULT] = self._trace(NO_FAULT, state, last, fault)
                    continue
                if has_transitions:
                    self._judge_step(state, firing_of(machine, number, args, choices), after)
                if after not in links and self._is_new(after):
                    links[after] = (state, number, args, choices)
                    found.append(after)
                    self._judge(after)
        return found

    def is_decided(self) -> bool:
        return all(prop.name in self.violations or prop.name in self.reached for prop in self.properties)

    def _is_new(self, state: ir.State) -> bool:
        if self.key is None:
            return True
        key = self.key(state)
        if key in self.seen:
            return False
        self.seen.add(key)
        return True

    def _out_of_bounds(self, done: int) -> bool:
        if len(self.links) >= self.max_states:
            self.stopped = f"the limit of {self.max_states} states"
        elif done % 64 == 0 and process_time() > self.deadline:
            self.stopped = "timeout"
        return bool(self.stopped)

    def _judge(self, state: ir.State) -> None:
        """Asks the properties of single states that have no trace yet."""
        for prop in self.properties:
            match prop.kind:
                case PropertyKind.INVARIANT | PropertyKind.LEMMA:
                    if prop.name not in self.violations and not self.machine.code(prop.formula)(state):
                        self.violations[prop.name] = self._trace(prop.name, state)
                case PropertyKind.COVER:
                    if prop.name not in self.reached and self.machine.code(prop.formula)(state):
                        self.reached[prop.name] = self._trace(prop.name, state)
                case PropertyKind.TRANSITION:
                    pass
                case _:
                    assert_never(prop.kind)

    def _judge_step(self, before: ir.State, firing: Firing, after: ir.State) -> None:
        for prop in self.properties:
            asked = prop.kind is PropertyKind.TRANSITION and prop.name not in self.violations
            if asked and not self.machine.holds(prop.formula, after, before):
                self.violations[prop.name] = self._trace(prop.name, before, firing)

    def _trace(self, name: str, state: ir.State, last: Firing | None = None, fault: str | None = None) -> Trace:
        """The run to a state, and one more firing if given."""
        firings = [] if last is None else [last]
        while (link := self.links[state]) is not None:
            state, number, args, choices = link
            firings.append(firing_of(self.machine, number, args, choices))
        return run_from(self.machine, name, state, tuple(reversed(firings)), fault)


def firing_of(machine: Machine, number: int, args: tuple[int, ...], choices: tuple[int, ...]) -> Firing:
    return Firing(machine.system.steps[number].name, args, choices)


def run_from(
    machine: Machine, name: str, start: ir.State, firings: tuple[Firing, ...], fault: str | None = None
) -> Trace:
    """The trace of firings known to be possible one after the other; `fault`: what the last one ends in."""
    steps: list[TraceStep] = []
    state = start
    for firing in firings:
        match machine.fire(state, firing):
            case Moved(after, notes):
                steps.append(TraceStep(firing, notes, after))
                state = after
            case Faulted(_, notes):
                steps.append(TraceStep(firing, notes, None))
            case Disabled(reason):
                raise AssertionError(f"{firing.step} was enabled and is not any more: {reason}")
    return Trace(machine.system.name, name, machine.setting, machine.scope, start, tuple(steps), fault)
