"""Playing scenarios (R7): scripted runs, searched for one that violates a property, or that gets to the end at all.

What the design leaves open is decided so:
- Before a line, the first too, any steps of what `allow` names may fire, any number of times; not within a line and not
  after the last. An allowed proc may start on any CPU and go on before later lines, also with the procs that it calls,
  but never moves a call that the script has left under way.
- `c: action(...)` fires it once. `c: proc(...)` starts a call, and then only steps of CPU c fire until the CPU is idle;
  with `until s` until s is the next step of that proc and no proc that it calls is under way. `c: finish` goes on until
  the CPU is idle, and is blocked if it is idle already.
- A violation in any state or step along a run counts, also if the run cannot go on to the end of the script.
- A faulting step ends its run there; the first one found is reported beside the outcome.
- Among the runs that violate the property one with the fewest steps of allowed operations is shown, among those a
  shortest: a script says what is essential, so the search adds as little as possible.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import product
from time import process_time

from cowspec.evaluate.machine import Machine
from cowspec.evaluate.relevance import Cells, matches, relevant_cells
from cowspec.evaluate.script import Arguments, Line, counters_of, least_sizes, lines_of, uses_of
from cowspec.evaluate.search import NO_FAULT, firing_of, run_from
from cowspec.evaluate.symmetry import representative
from cowspec.syntax.ast import Outcome, PropertyKind
from cowspec.system import ir
from cowspec.verdict import Limits, Trace

Key = tuple[int, bool, ir.State]
"""Lines done, whether the next has begun, and what stands for the state."""

Cost = tuple[int, int]
"""Steps of allowed operations, and all steps."""


@dataclass(frozen=True, slots=True)
class Played:
    """`outcome`: None if the limits stopped the search before it was decided (`stopped` says why). `trace`: the run
    that violates the property; if the script was asked for no property and can run, a run to its end. `fault`: a run of
    the script that ends in a fault, if one was met. `lines`: how many lines some run got through. `switches_read`: the
    outcome is the same under all settings that agree on these."""

    outcome: Outcome | None
    trace: Trace | None
    states: int
    switches_read: frozenset[str]
    lines: int
    stopped: str = ""
    fault: Trace | None = None


def play(
    system: ir.System,
    scenario: ir.Scenario,
    prop: ir.Property | None,
    setting: ir.Setting,
    scope: ir.Scope,
    limits: Limits,
    *,
    max_states: int = 1_000_000,
) -> Played:
    """Is the property (an invariant, a lemma or a transition property) violated by some run of the script, by none, or
    is there no run to its end? Without property: is there one? `limits.max_steps` does not count here.

    Raises ValueError if the scope has fewer elements than the script names, or the property is a cover.
    """
    if prop is not None and prop.kind is PropertyKind.COVER:
        raise ValueError(f"{prop.name} is a cover: no run violates it")
    named = least_sizes(scenario)
    for sort, least in named.items():
        if dict(scope).get(sort, 0) < least:
            raise ValueError(f"the script names {least} different elements of {sort}")
    machine = Machine(system, scope, setting)
    search = _Search(machine, prop, lines_of(system, scenario), process_time() + limits.timeout, max_states)
    search.run(named)
    trace: Trace | None = None
    outcome: Outcome | None = None
    if prop is not None and search.violation is not None:
        _, key, last = search.violation
        outcome, trace = Outcome.VIOLATED, search.trace(prop.name, key, last)
    elif prop is None and search.end is not None:
        outcome, trace = Outcome.HOLDS, search.trace("", search.end)
    if outcome is None and not search.stopped:
        outcome = Outcome.BLOCKED if search.end is None else Outcome.HOLDS
    stopped = "" if outcome is not None else search.stopped
    return Played(outcome, trace, len(search.nodes), machine.switches_read, search.furthest, stopped, search.fault)


Move = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Number of the step, arguments, choices."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A real state of a run, and how the cheapest run known came here."""

    state: ir.State
    cost: Cost
    parent: Key | None
    move: Move | None
    is_bad: bool


@dataclass(slots=True)
class _Search:
    """Dijkstra's algorithm over lines and states. `violation`: its cost, the node before the last step, that step."""

    machine: Machine
    prop: ir.Property | None
    lines: tuple[Line, ...]
    deadline: float
    max_states: int
    nodes: dict[Key, _Node] = field(default_factory=dict)
    heap: list[tuple[Cost, int, Key]] = field(default_factory=list)
    ticket: int = 0
    violation: tuple[Cost, Key, Move | None] | None = None
    end: Key | None = None
    furthest: int = 0
    fault: Trace | None = None
    stopped: str = ""

    def run(self, named: dict[str, int]) -> None:
        key_of = self._keys(named)
        for start in self.machine.starts(named=named, up_to_symmetry=True):
            if self._out_of_bounds():
                return
            self._reach((0, False, key_of(start)), start, (0, 0), None, None)
        while self.heap:
            cost, _, key = heappop(self.heap)
            node = self.nodes[key]
            if node.cost < cost:
                continue  # reached at less cost since then
            if self.violation is not None and cost >= self.violation[0]:
                return
            position = key[0]
            self.furthest = max(self.furthest, position)
            if position == len(self.lines):
                if self.end is None:
                    self.end = key
                if self.prop is None:
                    return
            elif self._out_of_bounds():
                return
            else:
                for move, after, target, cost_after in self._following(key, node):
                    self._judge_step(node.state, after, cost_after, key, move)
                    self._reach((*target, key_of(after)), after, cost_after, key, move)

    def _keys(self, named: dict[str, int]) -> Callable[[ir.State], ir.State]:
        """What stands for a state: what the rest of the script and the property depend on, up to permutations."""
        system, scope = self.machine.system, self.machine.scope
        counters: Cells = {system.vars[table].name: {(None,)} for table in counters_of(system).values()}
        asked = () if self.prop is None else (self.prop.formula,)
        cells = relevant_cells(uses_of(system, self.lines), asked, counters)
        tables = tuple(number for number, var in enumerate(system.vars) if var.name in cells)
        reduced = replace(system, vars=tuple(system.vars[number] for number in tables))
        permuted = representative(reduced, scope, named)
        hidden = _hidden_places(reduced, scope, cells)
        known: dict[ir.State, ir.State] = {}

        def key_of(state: ir.State) -> ir.State:
            seen = [state[table] for table in tables]
            for table, is_hidden in hidden:
                seen[table] = tuple([None if hide else v for hide, v in zip(is_hidden, seen[table], strict=True)])
            relevant = tuple(seen)
            key = known.get(relevant)
            if key is None:
                key = permuted(relevant)
                key = known[relevant] = known.setdefault(key, key)
            return key

        return key_of

    def trace(self, name: str, key: Key, last: Move | None = None, fault: str | None = None) -> Trace:
        """The run to a node, and one more step if given."""
        firings = [] if last is None else [firing_of(self.machine, *last)]
        node = self.nodes[key]
        while node.parent is not None and node.move is not None:
            firings.append(firing_of(self.machine, *node.move))
            node = self.nodes[node.parent]
        return run_from(self.machine, name, node.state, tuple(reversed(firings)), fault)

    def _following(self, key: Key, node: _Node) -> Iterator[tuple[Move, ir.State, tuple[int, bool], Cost]]:
        """What may come next: the step, the state after it, lines done and whether the next has begun, the cost."""
        position, begun, _ = key
        line = self.lines[position]
        allowed = {} if begun else line.before
        scripted = line.inside if begun else line.first
        extra, length = node.cost
        for number, args, choices, after, fault in self.machine.moves(node.state, frozenset({*allowed, *scripted})):
            move = number, args, choices
            as_allowed = number in allowed and not (args and args[0] in allowed[number])
            as_scripted = number in scripted and _match(scripted[number], args)
            if after is None:
                if self.fault is None and (as_allowed or as_scripted):
                    self.fault = self.trace(NO_FAULT, key, move, fault)
                continue
            if as_allowed:
                yield move, after, (position, False), (extra + 1, length + 1)
            if as_scripted:
                is_done = line.is_done is None or line.is_done(after)
                yield move, after, (position + 1, False) if is_done else (position, True), (extra, length + 1)

    def _reach(self, key: Key, state: ir.State, cost: Cost, parent: Key | None, move: Move | None) -> None:
        """A run comes to this state at this cost; keeps it if none came at less."""
        known = self.nodes.get(key)
        if known is not None and known.cost <= cost:
            return
        is_bad = self._is_bad(state) if known is None else known.is_bad
        self.nodes[key] = _Node(state, cost, parent, move, is_bad)
        heappush(self.heap, (cost, self.ticket, key))
        self.ticket += 1
        if is_bad and (self.violation is None or cost < self.violation[0]):
            self.violation = cost, parent or key, move

    def _is_bad(self, state: ir.State) -> bool:
        if self.prop is None or self.prop.kind is PropertyKind.TRANSITION:
            return False
        return not self.machine.code(self.prop.formula)(state)

    def _judge_step(self, before: ir.State, after: ir.State, cost: Cost, key: Key, move: Move) -> None:
        if self.prop is None or self.prop.kind is not PropertyKind.TRANSITION:
            return
        if not self.machine.holds(self.prop.formula, after, before) and (
            self.violation is None or cost < self.violation[0]
        ):
            self.violation = cost, key, move

    def _out_of_bounds(self) -> bool:
        if len(self.nodes) >= self.max_states:
            self.stopped = f"the limit of {self.max_states} states"
        elif process_time() > self.deadline:
            self.stopped = "timeout"
        return bool(self.stopped)


def _match(pattern: Arguments, args: tuple[int, ...]) -> bool:
    return all(want is None or want == arg for want, arg in zip(pattern, args, strict=True))


def _hidden_places(system: ir.System, scope: ir.Scope, cells: Cells) -> list[tuple[int, tuple[bool, ...]]]:
    """For each table with cells that are not relevant: which."""
    sizes = dict(scope) | {name: len(members) for name, members in system.enums}
    found: list[tuple[int, tuple[bool, ...]]] = []
    for table, var in enumerate(system.vars):
        places = product(*(range(sizes[name]) for name in var.index))
        is_hidden = tuple([not matches(place, cells[var.name]) for place in places])
        if any(is_hidden):
            found.append((table, is_hidden))
    return found
