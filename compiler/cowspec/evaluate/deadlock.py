"""Calls that can never move again, whatever actions fire (M4), at a scope.

A call is stuck in a state if no run from there fires a step of it. All reachable states are explored, and for each the
set of calls that some run still moves is computed backwards along the steps. Until a call moves it is the same call, so
"proc p on CPU c" names it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from time import process_time

from cowspec.evaluate.machine import Disabled, Machine
from cowspec.evaluate.search import firing_of, run_from
from cowspec.system import ir
from cowspec.verdict import Firing, Limits, Trace

ALL = -1  # every bit: of a state that was not explored nothing is known


@dataclass(frozen=True, slots=True)
class Wait:
    """One way in which a stuck call cannot go on. `statement`: the `Require` or `Choose` that fails, if it was one (a
    `Choose`: perhaps only the scope has too few elements)."""

    firing: Firing
    reason: str
    statement: ir.Stmt | None


@dataclass(frozen=True, slots=True)
class StuckCall:
    proc: str
    cpu: int
    label: str  # its next step
    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Deadlock:
    """A shortest run (its property is "deadlock") to a state in which these calls can never move again."""

    trace: Trace
    calls: tuple[StuckCall, ...]


@dataclass(frozen=True, slots=True)
class DeadlockSearch:
    """`complete`: all states were seen, so there are no deadlocks but these; else `stopped` says why not."""

    states: int
    complete: bool
    stopped: str
    deadlocks: tuple[Deadlock, ...]


def deadlocks(machine: Machine, limits: Limits, *, max_states: int = 200_000) -> DeadlockSearch:
    """For each set of stuck calls (by proc and next step) the first state, breadth-first, that has it.

    Also where the limits stop the search, what is reported is stuck indeed: a state that was not explored counts as one
    in which everything can go on. Does not look at how deep the states are (`limits.max_steps`).
    """
    graph = _Graph(machine, _calls(machine))
    graph.explore(process_time() + limits.timeout, max_states)
    live = graph.live()
    found: dict[tuple[tuple[str, str], ...], Deadlock] = {}
    for number, state in enumerate(graph.states):
        stuck = [call for call in graph.calls if call.under_way(state) and not live[number] >> call.bit & 1]
        key = tuple(sorted((call.proc, call.label(state)) for call in stuck))
        if key and key not in found:
            calls = [StuckCall(call.proc, call.cpu, call.label(state), _waits(machine, state, call)) for call in stuck]
            found[key] = Deadlock(graph.trace(number), tuple(calls))
    return DeadlockSearch(len(graph.states), not graph.stopped, graph.stopped, tuple(found.values()))


@dataclass(frozen=True, slots=True)
class _Call:
    """A proc on a CPU. `table`: of its program counter."""

    proc: str
    cpu: int
    bit: int
    table: int
    labels: tuple[str, ...]

    def under_way(self, state: ir.State) -> bool:
        return state[self.table][self.cpu] is not None

    def label(self, state: ir.State) -> str:
        value = state[self.table][self.cpu]
        assert value is not None, "the call is under way"
        return self.labels[value]


def _calls(machine: Machine) -> tuple[_Call, ...]:
    system, found = machine.system, list[_Call]()
    tables = {var.name: number for number, var in enumerate(system.vars)}
    enums = dict(system.enums)
    for proc in system.procs:
        table = tables.get(f"{proc.name}@pc")
        if table is not None:
            var = system.vars[table]
            assert var.domain is not None, "a program counter has the labels of its proc as values"
            for cpu in range(dict(machine.scope)[var.index[0]]):
                found.append(_Call(proc.name, cpu, len(found), table, enums[var.domain]))
    return tuple(found)


class _Graph:
    """The states reached, their steps to each other, and which call each step moves."""

    def __init__(self, machine: Machine, calls: tuple[_Call, ...]) -> None:
        self.machine, self.calls = machine, calls
        self.numbers: dict[ir.State, int] = {}
        self.states: list[ir.State] = []
        self.links: list[tuple[int, Firing] | None] = []
        self.before: list[list[int]] = []  # of each state, the states with a step to it
        self.moved: list[int] = []  # of each state, the calls that a step moves, as bits
        self.stopped = ""

    def explore(self, deadline: float, max_states: int) -> None:
        movers = self._movers()
        for start in self.machine.starts():
            self._add(start, None)
            if self._out_of_bounds(deadline, max_states):
                break
        done = 0
        while done < len(self.states):
            if self._out_of_bounds(deadline, max_states):
                for left in range(done, len(self.states)):
                    self.moved[left] = ALL
                return
            for number, args, choices, after, _ in self.machine.moves(self.states[done]):
                bits = movers[number]
                if bits:
                    self.moved[done] |= 1 << bits[args[0]]
                if after is not None:
                    at = self.numbers.get(after)
                    if at is None:
                        at = self._add(after, (done, firing_of(self.machine, number, args, choices)))
                    self.before[at].append(done)
            done += 1

    def live(self) -> list[int]:
        """Of each state, the calls that some run from there moves."""
        live = list(self.moved)
        todo = deque(range(len(live)))
        while todo:
            here = todo.popleft()
            for earlier in self.before[here]:
                if live[here] & ~live[earlier]:
                    live[earlier] |= live[here]
                    todo.append(earlier)
        return live

    def trace(self, number: int) -> Trace:
        firings: list[Firing] = []
        while (link := self.links[number]) is not None:
            number, firing = link
            firings.append(firing)
        return run_from(self.machine, "deadlock", self.states[number], tuple(reversed(firings)))

    def _movers(self) -> list[dict[int, int]]:
        """For each step that a call under way fires: the bit of the call on each CPU."""
        bits = {(call.proc, call.cpu): call.bit for call in self.calls}
        return [
            {cpu: bit for (proc, cpu), bit in bits.items() if proc == step.operation}
            if step.kind in (ir.StepKind.NEXT, ir.StepKind.LEAVE)
            else {}
            for step in self.machine.system.steps
        ]

    def _add(self, state: ir.State, link: tuple[int, Firing] | None) -> int:
        number = self.numbers.setdefault(state, len(self.states))
        if number == len(self.states):
            self.states.append(state)
            self.links.append(link)
            self.before.append([])
            self.moved.append(0)
        return number

    def _out_of_bounds(self, deadline: float, max_states: int) -> bool:
        if len(self.states) >= max_states:
            self.stopped = f"the limit of {max_states} states"
        elif process_time() > deadline:
            self.stopped = "timeout"
        return bool(self.stopped)


def _waits(machine: Machine, state: ir.State, call: _Call) -> tuple[Wait, ...]:
    """What fails in each step that its program counter allows, for each choice of the step's other parameters."""
    sizes = dict(machine.scope) | {name: len(members) for name, members in machine.system.enums}

    def firings(step: ir.Step) -> Iterator[Firing]:
        for others in product(*(range(sizes[param.domain]) for param in step.params[1:])):
            yield Firing(step.name, (call.cpu, *others))

    waits: list[Wait] = []
    for step in machine.system.steps:
        ready = step.kind in (ir.StepKind.NEXT, ir.StepKind.LEAVE) and step.operation == call.proc
        if ready and step.label == call.label(state):
            for firing in firings(step):
                outcome = machine.fire(state, firing)
                if isinstance(outcome, Disabled):
                    waits.append(Wait(firing, outcome.reason, outcome.statement))
    return tuple(waits)
