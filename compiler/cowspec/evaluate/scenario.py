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
- Among the runs that violate the property one with the fewest steps of allowed operations is shown: a script says what
  is essential, so the search adds as little as possible. Among those it is the one that is found first by going on
  where most lines are done; to ask for a shortest one takes twice the time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from logging import getLogger
from time import process_time

from cowspec.evaluate.contents import Numbers
from cowspec.evaluate.effects import Changes, changed, changes, part_read
from cowspec.evaluate.firing import Arguments
from cowspec.evaluate.keys import Keys, Looks, Position
from cowspec.evaluate.script import Line, least_sizes, lines_of
from cowspec.evaluate.search import NO_FAULT, firing_of, run_from
from cowspec.evaluate.settings import Machines, Mask, Tried, bits
from cowspec.syntax.ast import Outcome, PropertyKind
from cowspec.system import ir
from cowspec.verdict import Limits, Trace

Key = tuple[Position, int]
"""A position in the script, and what stands for the state."""

Cost = tuple[int, int]
"""Steps of allowed operations, and all steps."""

Order = tuple[int, int, int]
"""What is followed first: the fewest steps of allowed operations, the most lines (less than zero), the fewest steps."""

LOG = getLogger(__name__)

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
    numbers: Numbers  # of the contents of its tables
    looks: Looks
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
    """Dijkstra's algorithm over lines and states, by steps of allowed operations; all settings at once. By number of
    the setting: `violations`, `ends`, `faults`; by number of lines: under which settings some run got through so
    many."""

    machines: Machines
    prop: ir.Property | None
    lines: tuple[Line, ...]
    named: dict[str, int]
    deadline: float
    max_states: int
    along: Trace | None = None
    visited: dict[Key, list[tuple[Cost, Mask]]] = field(default_factory=dict)
    heap: list[tuple[Order, int, _Node]] = field(default_factory=list)
    keys: dict[Position, Keys] = field(default_factory=dict)
    tried: dict[Position, Tried] = field(default_factory=dict)
    bad: dict[object, Mask] = field(default_factory=dict)  # by what the property reads of a state
    asked: Callable[[Numbers], object] | None = None
    violations: dict[int, tuple[Cost, _End]] = field(default_factory=dict)
    ends: dict[int, _End] = field(default_factory=dict)
    faults: dict[int, _End] = field(default_factory=dict)
    through: dict[int, Mask] = field(default_factory=dict)
    last: tuple[ir.State, Numbers, Looks] | None = None  # start state
    open: Mask = 0
    ticket: int = 0
    looks: int = 0
    stopped: str = ""

    def run(self) -> None:
        self.open = self.machines.all
        if self.prop is not None and self.prop.kind is not PropertyKind.TRANSITION:
            self.asked = part_read(self.machines.system, self.prop.formula)
        for start, mask in self._starts():
            if self._out_of_bounds():
                return
            self._start(start, mask)
        while self.heap and self.open:
            (extra, _, _), _, node = heappop(self.heap)
            self._close_violated(extra)
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
                for move, different, target, cost_after, under in self._following(node, mask):
                    self._judge_step(node, move, different, cost_after, under)
                    self._reach(node, move, different, target, cost_after, under)

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

    def _keys(self, position: Position) -> Keys:
        if position not in self.keys:
            system, scope = self.machines.system, self.machines.scope
            asked = () if self.prop is None else (self.prop.formula,)
            self.keys[position] = Keys(system, scope, self.named, self.lines, position, asked)
        return self.keys[position]

    def _trace(self, number: int, name: str, end: _End) -> Trace:
        machine = self.machines.machine(number)
        firings = [] if end.move is None else [firing_of(machine, *end.move)]
        node = end.node
        while node.parent is not None and node.move is not None:
            firings.append(firing_of(machine, *node.move))
            node = node.parent
        return run_from(machine, name, node.state, tuple(reversed(firings)), end.fault)

    def _tried(self, position: Position) -> Tried:
        """The steps that may come next, and what is known of their arguments."""
        if position not in self.tried:
            done, begun = position
            line = self.lines[done]
            scripted = line.inside if begun else line.first
            free = dict.fromkeys(() if begun else line.before, ())
            self.tried[position] = tuple(sorted({**scripted, **free}.items()))
        return self.tried[position]

    def _following(self, node: _Node, mask: Mask) -> Iterator[tuple[Move, Changes, Position, Cost, Mask]]:
        """What may come next under these settings: the step, what it changes, the position and the cost after it."""
        (done, begun), _ = node.key
        line = self.lines[done]
        allowed = {} if begun else line.before
        scripted = line.inside if begun else line.first
        extra, length = node.cost
        ways = self.machines.ways(node.state, node.numbers, self._tried((done, begun)), mask)
        for number, args, choices, different, fault, under in ways:
            move = number, args, choices
            if not self._is_along(length, move):
                continue
            as_allowed = number in allowed and not (args and args[0] in allowed[number])
            as_scripted = number in scripted and _match(scripted[number], args)
            if different is None:
                if as_allowed or as_scripted:
                    for setting in bits(under):
                        self.faults.setdefault(setting, _End(node, move, fault))
                continue
            if as_allowed:
                yield move, different, (done, False), (extra + 1, length + 1), under
            if as_scripted:
                is_done = line.is_done is None or line.is_done(changed(node.state, node.numbers, different)[0])
                target = (done + 1, False) if is_done else (done, True)
                yield move, different, target, (extra, length + 1), under

    def _start(self, state: ir.State, mask: Mask) -> None:
        """A start state; as these come one after the other they share most tables with the one before."""
        contents, keys = self.machines.contents, self._keys((0, False))
        if self.last is None:
            numbers = contents.numbers(state)
            looks = keys.looks(state, numbers)
        else:
            before, numbers, looks = self.last
            different = changes(contents, before, state)
            _, numbers = changed(before, numbers, different)
            looks = keys.looks_after(looks, different)
        self.last = state, numbers, looks
        key = (0, False), keys.key(looks)
        mask = self._first(key, (0, 0), mask)
        if mask:
            self._keep(_Node(key, state, numbers, looks, (0, 0), mask, None, None))

    def _reach(self, node: _Node, move: Move, different: Changes, target: Position, cost: Cost, mask: Mask) -> None:
        """A run comes from the node to another state; keeps it if none came there at less under some settings."""
        keys = self._keys(target)
        if target == node.key[0]:
            looks = keys.looks_after(node.looks, different)
        else:
            looks = keys.looks(*changed(node.state, node.numbers, different))
        key = target, keys.key(looks)
        mask = self._first(key, cost, mask)
        if mask:
            state, numbers = changed(node.state, node.numbers, different)
            self._keep(_Node(key, state, numbers, looks, cost, mask, node, move))

    def _first(self, key: Key, cost: Cost, mask: Mask) -> Mask:
        """Those of the settings under which no run came there at less, or as early."""
        for least, of_visit in self.visited.get(key, ()):
            if least <= cost:
                mask &= ~of_visit
        return mask

    def _keep(self, node: _Node) -> None:
        self.visited.setdefault(node.key, []).append((node.cost, node.mask))
        (extra, length), ((done, _), _) = node.cost, node.key
        heappush(self.heap, ((extra, -done, length), self.ticket, node))
        self.ticket += 1
        self._violate(self._bad(node) & node.mask, _End(node), node.cost)

    def _still_first(self, node: _Node) -> Mask:
        """Those of the node's settings that are open, and under which no run came here at less since, or as early."""
        mask = node.mask & self.open
        for cost, other in self.visited[node.key]:
            if cost < node.cost:
                mask &= ~other
        return mask

    def _bad(self, node: _Node) -> Mask:
        """The settings under which the state of the node violates the property."""
        if self.prop is None or self.asked is None:
            return 0
        part = self.asked(node.numbers)
        known = self.bad.get(part)
        if known is None:
            known = self.bad[part] = self.machines.violated(self.prop.formula, node.state, self.machines.all)
        return known

    def _judge_step(self, node: _Node, move: Move, different: Changes, cost: Cost, under: Mask) -> None:
        if self.prop is not None and self.prop.kind is PropertyKind.TRANSITION:
            after, _ = changed(node.state, node.numbers, different)
            bad = self.machines.violated(self.prop.formula, after, under, node.state)
            self._violate(bad, _End(node, move), cost)

    def _violate(self, bad: Mask, end: _End, cost: Cost) -> None:
        for setting in bits(bad):
            if setting not in self.violations or cost < self.violations[setting][0]:
                self.violations[setting] = cost, end

    def _close_violated(self, extra: int) -> None:
        """No run that is still to be followed violates it with fewer steps of allowed operations than `extra`."""
        for setting, ((least, _), _) in self.violations.items():
            if least <= extra:
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
        elif self.looks % STATES_BETWEEN_LOOKS == 1:
            LOG.info("%d states", len(self.visited))
            if process_time() > self.deadline:
                self.stopped = "timeout"
        return bool(self.stopped)


def _match(pattern: Arguments, args: tuple[int, ...]) -> bool:
    return all(want is None or want == arg for want, arg in zip(pattern, args, strict=True))
