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

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import heappop, heappush
from itertools import product
from time import process_time

from cowspec.evaluate.relevance import Cells, matches, relevant_cells
from cowspec.evaluate.script import Arguments, Line, counters_of, least_sizes, lines_of, uses_of
from cowspec.evaluate.search import NO_FAULT, firing_of, run_from
from cowspec.evaluate.settings import Machines, Mask, bits
from cowspec.evaluate.symmetry import representative
from cowspec.syntax.ast import Outcome, PropertyKind
from cowspec.system import ir
from cowspec.verdict import Limits, Trace

Position = tuple[int, bool]
"""Lines done, and whether the next has begun."""

Key = tuple[Position, ir.State]
"""A position in the script, and what stands for the state."""

Cost = tuple[int, int]
"""Steps of allowed operations, and all steps."""

STATES_BETWEEN_LOOKS = 256
"""How often the search looks at the clock."""


@dataclass(frozen=True, slots=True)
class Played:
    """`outcome`: None if the limits stopped the search before it was decided (`stopped` says why). `trace`: the run
    that violates the property; if the script was asked for no property and can run, a run to its end. `fault`: a run of
    the script that ends in a fault, if one was met. `lines`: how many lines some run got through."""

    outcome: Outcome | None
    trace: Trace | None
    lines: int
    stopped: str = ""
    fault: Trace | None = None


def play(
    system: ir.System,
    scenario: ir.Scenario,
    prop: ir.Property | None,
    settings: Sequence[ir.Setting],
    scope: ir.Scope,
    limits: Limits,
    *,
    max_states: int = 1_000_000,
    along: Trace | None = None,
) -> list[tuple[tuple[ir.Setting, ...], Played]]:
    """Is the property (an invariant, a lemma or a transition property) violated by some run of the script, by none, or
    is there no run to its end? Without property: is there one? `limits.max_steps` does not count here, the time limit
    counts once for each setting. Settings under which the script goes the same way are one item of what is returned.
    `along`: only this run is followed, and there is no outcome unless it is a run of the script that shows one.

    Raises ValueError if the scope has fewer elements than the script names, or the property is a cover.
    """
    if prop is not None and prop.kind is PropertyKind.COVER:
        raise ValueError(f"{prop.name} is a cover: no run violates it")
    named = least_sizes(scenario)
    for sort, least in named.items():
        if dict(scope).get(sort, 0) < least:
            raise ValueError(f"the script names {least} different elements of {sort}")
    deadline = process_time() + limits.timeout * len(settings)
    machines, lines = Machines(system, scope, settings), lines_of(system, scenario)
    search = _Search(machines, prop, lines, named, deadline, max_states, along)
    search.run()
    alike: dict[tuple[object, ...], list[int]] = {}
    for number in range(len(settings)):
        alike.setdefault(search.way(number), []).append(number)
    return [(tuple(settings[k] for k in numbers), search.played(numbers[0])) for numbers in alike.values()]


Move = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Number of the step, arguments, choices."""


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A real state of a run under the settings of `mask`, and how it came here."""

    key: Key
    state: ir.State
    cost: Cost
    mask: Mask
    parent: "_Node | None"
    move: Move | None


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """A run to the node, then this move if any. `fault`: what it ends in."""

    node: _Node
    move: Move | None = None
    fault: str | None = None


@dataclass(slots=True)
class _Search:
    """Dijkstra's algorithm over lines and states, for all settings at once. By number of the setting: `violations`,
    `ends`, `faults`; by number of lines: under which settings some run got through so many."""

    machines: Machines
    prop: ir.Property | None
    lines: tuple[Line, ...]
    named: dict[str, int]
    deadline: float
    max_states: int
    along: Trace | None = None
    visited: dict[Key, list[tuple[Cost, Mask]]] = field(default_factory=dict)
    heap: list[tuple[Cost, int, _Node]] = field(default_factory=list)
    bad: dict[Key, Mask] = field(default_factory=dict)
    violations: dict[int, tuple[Cost, _End]] = field(default_factory=dict)
    ends: dict[int, _End] = field(default_factory=dict)
    faults: dict[int, _End] = field(default_factory=dict)
    through: dict[int, Mask] = field(default_factory=dict)
    open: Mask = 0
    ticket: int = 0
    looks: int = 0
    stopped: str = ""

    def run(self) -> None:
        self.open = self.machines.all
        keys: dict[Position, Callable[[ir.State], ir.State]] = {}

        def key_of(position: Position, state: ir.State) -> Key:
            if position not in keys:
                keys[position] = self._keys(position)
            return position, keys[position](state)

        for start, mask in self._starts():
            if self._out_of_bounds():
                return
            self._reach(_Node(key_of((0, False), start), start, (0, 0), mask, None, None))
        while self.heap and self.open:
            cost, _, node = heappop(self.heap)
            self._close_violated(cost)
            mask = self._still_first(node)
            if not mask:
                continue
            (done, _), _ = node.key
            self.through[done] = self.through.get(done, 0) | mask
            if done == len(self.lines):
                self._at_end(node, mask)
            elif self._out_of_bounds():
                return
            else:
                for move, after, target, cost_after, under in self._following(node, mask):
                    self._judge_step(node, move, after, cost_after, under)
                    self._reach(_Node(key_of(target, after), after, cost_after, under, node, move))

    def _starts(self) -> Iterable[tuple[ir.State, Mask]]:
        if self.along is None:
            return self.machines.starts(self.named)
        start = self.along.start
        mask = sum(1 << number for number in bits(self.machines.all) if self.machines.machine(number).is_start(start))
        return ((start, mask),) if mask else ()

    def _is_along(self, length: int, move: Move) -> bool:
        """The move may come after so many steps."""
        if self.along is None:
            return True
        steps = self.along.steps
        return length < len(steps) and firing_of(self.machines.machine(0), *move) == steps[length].firing

    def way(self, number: int) -> tuple[object, ...]:
        """The same for settings of which `played` says the same."""
        violation, end, fault = self._violation(number), self.ends.get(number), self.faults.get(number)
        shown = violation or (end if self.prop is None else None)
        runs = ((run.node, run.move) if run is not None else None for run in (shown, fault))
        return (*runs, end is None, self._lines(number))

    def played(self, number: int) -> Played:
        trace: Trace | None = None
        outcome: Outcome | None = None
        violation, end, fault = self._violation(number), self.ends.get(number), self.faults.get(number)
        if self.prop is not None and violation is not None:
            outcome, trace = Outcome.VIOLATED, self._trace(number, self.prop.name, violation)
        elif self.prop is None and end is not None:
            outcome, trace = Outcome.HOLDS, self._trace(number, "", end)
        elif not self.stopped and self.along is None:
            outcome = Outcome.BLOCKED if end is None else Outcome.HOLDS
        run_into = None if fault is None else self._trace(number, NO_FAULT, fault)
        stopped = self.stopped or ("the run is none of the script, or does not show it" if self.along else "")
        return Played(outcome, trace, self._lines(number), "" if outcome is not None else stopped, run_into)

    def _violation(self, number: int) -> _End | None:
        return self.violations[number][1] if number in self.violations else None

    def _lines(self, number: int) -> int:
        return max((done for done, mask in self.through.items() if mask >> number & 1), default=0)

    def _keys(self, position: Position) -> Callable[[ir.State], ir.State]:
        """What stands for a state: what the rest of the script and the property depend on, up to permutations."""
        system, scope = self.machines.system, self.machines.scope
        counters: Cells = {system.vars[table].name: {(None,)} for table in counters_of(system).values()}
        asked = () if self.prop is None else (self.prop.formula,)
        cells = relevant_cells(uses_of(system, self.lines, *position), asked, counters)
        tables = tuple(number for number, var in enumerate(system.vars) if var.name in cells)
        reduced = replace(system, vars=tuple(system.vars[number] for number in tables))
        permuted = representative(reduced, scope, self.named)
        hiding = [
            (place, partial(_hidden, is_hidden, {})) for place, is_hidden in _hidden_places(reduced, scope, cells)
        ]
        known: dict[ir.State, ir.State] = {}

        def key_of(state: ir.State) -> ir.State:
            seen = [state[table] for table in tables]
            for place, hidden in hiding:
                seen[place] = hidden(seen[place])
            relevant = tuple(seen)
            key = known.get(relevant)
            if key is None:
                key = permuted(relevant)
                key = known[relevant] = known.setdefault(key, key)
            return key

        return key_of

    def _trace(self, number: int, name: str, end: _End) -> Trace:
        machine = self.machines.machine(number)
        firings = [] if end.move is None else [firing_of(machine, *end.move)]
        node = end.node
        while node.parent is not None and node.move is not None:
            firings.append(firing_of(machine, *node.move))
            node = node.parent
        return run_from(machine, name, node.state, tuple(reversed(firings)), end.fault)

    def _following(self, node: _Node, mask: Mask) -> Iterator[tuple[Move, ir.State, Position, Cost, Mask]]:
        """What may come next under these settings: the step, the state after it, the position, the cost."""
        (done, begun), _ = node.key
        line = self.lines[done]
        allowed = {} if begun else line.before
        scripted = line.inside if begun else line.first
        extra, length = node.cost
        among = frozenset({*allowed, *scripted})
        for (number, args, choices, after, fault), under in self.machines.moves(node.state, among, mask):
            move = number, args, choices
            if not self._is_along(length, move):
                continue
            as_allowed = number in allowed and not (args and args[0] in allowed[number])
            as_scripted = number in scripted and _match(scripted[number], args)
            if after is None:
                if as_allowed or as_scripted:
                    for setting in bits(under):
                        self.faults.setdefault(setting, _End(node, move, fault))
                continue
            if as_allowed:
                yield move, after, (done, False), (extra + 1, length + 1), under
            if as_scripted:
                is_done = line.is_done is None or line.is_done(after)
                target = (done + 1, False) if is_done else (done, True)
                yield move, after, target, (extra, length + 1), under

    def _reach(self, node: _Node) -> None:
        """Runs come to this state; keeps them if none came at less under some of their settings."""
        visits = self.visited.setdefault(node.key, [])
        new = node.mask
        for cost, mask in visits:
            if cost <= node.cost:
                new &= ~mask
        if not new:
            return
        if new != node.mask:
            node = replace(node, mask=new)
        visits.append((node.cost, new))
        heappush(self.heap, (node.cost, self.ticket, node))
        self.ticket += 1
        self._violate(self._bad(node) & new, _End(node), node.cost)

    def _still_first(self, node: _Node) -> Mask:
        """Those of the node's settings that are open, and under which no run came here at less since, or as early."""
        mask = node.mask & self.open
        for cost, other in self.visited[node.key]:
            if cost < node.cost:
                mask &= ~other
        return mask

    def _bad(self, node: _Node) -> Mask:
        """The settings under which the state of the node violates the property."""
        if self.prop is None or self.prop.kind is PropertyKind.TRANSITION:
            return 0
        known = self.bad.get(node.key)
        if known is None:
            known = self.bad[node.key] = self.machines.violated(self.prop.formula, node.state, self.machines.all)
        return known

    def _judge_step(self, node: _Node, move: Move, after: ir.State, cost: Cost, under: Mask) -> None:
        if self.prop is not None and self.prop.kind is PropertyKind.TRANSITION:
            bad = self.machines.violated(self.prop.formula, after, under, node.state)
            self._violate(bad, _End(node, move), cost)

    def _violate(self, bad: Mask, end: _End, cost: Cost) -> None:
        for setting in bits(bad):
            if setting not in self.violations or cost < self.violations[setting][0]:
                self.violations[setting] = cost, end

    def _close_violated(self, cost: Cost) -> None:
        """No run that is still to be followed violates the property at less than this cost."""
        for setting, (least, _) in self.violations.items():
            if least <= cost:
                self.open &= ~(1 << setting)

    def _at_end(self, node: _Node, mask: Mask) -> None:
        for setting in bits(mask):
            self.ends.setdefault(setting, _End(node))
        if self.prop is None:
            self.open &= ~mask

    def _out_of_bounds(self) -> bool:
        self.looks += 1
        if len(self.visited) >= self.max_states:
            self.stopped = f"the limit of {self.max_states} states"
        elif self.looks % STATES_BETWEEN_LOOKS == 1 and process_time() > self.deadline:
            self.stopped = "timeout"
        return bool(self.stopped)


def _match(pattern: Arguments, args: tuple[int, ...]) -> bool:
    return all(want is None or want == arg for want, arg in zip(pattern, args, strict=True))


def _hidden(
    is_hidden: tuple[bool, ...], known: dict[tuple[ir.Value, ...], tuple[ir.Value, ...]], table: tuple[ir.Value, ...]
) -> tuple[ir.Value, ...]:
    """The table without its hidden cells, remembered for each content."""
    found = known.get(table)
    if found is None:
        found = known[table] = tuple([None if hide else value for hide, value in zip(is_hidden, table, strict=True)])
    return found


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
