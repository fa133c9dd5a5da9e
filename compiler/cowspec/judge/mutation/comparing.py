"""Whether two systems do the same: the steps that are other ones are compared at every reachable state of a scope.

Ghosts do not count, nor does a step that changes nothing. If no step does anything else at any state that the one
reaches, both reach the same states by the same steps: the difference of the texts shows nowhere at that scope.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import process_time

from cowspec.evaluate.context import Move
from cowspec.evaluate.machine import Machine
from cowspec.system.ghosts import without_ghosts
from cowspec.system.ir import Scope, Setting, State, System
from cowspec.system.slicing import slice_system
from cowspec.verdict import Limits

MAX_STATES = 30_000
"""Of one setting; more are not compared."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`same`: at all `states` of the scope under all settings asked. `differs`: a step that does something else in a
    state that is reached. `stopped`: there are too many states. None of these: no step in question ever fires at this
    scope."""

    scope: Scope
    states: int
    same: bool = False
    differs: str = ""
    stopped: bool = False


def compare(
    old: System, new: System, steps: Collection[str], settings: Sequence[Setting], scope: Scope, limits: Limits
) -> Compared:
    """Compares the steps of these names under each setting that makes a difference to them. Both systems have the same
    variables."""
    deadline = process_time() + limits.timeout
    bare, changed = without_ghosts(old), without_ghosts(new)
    states = compared = 0
    fired = False
    for setting in settings:
        before, after = slice_system(bare, setting), slice_system(changed, setting)
        if _of(before, steps) == _of(after, steps):
            continue
        walk = _Walk(Machine(before, scope, setting), Machine(after, scope, setting), steps, deadline)
        ended = walk.run()
        states, compared, fired = states + walk.states, compared + 1, fired or walk.fired
        if walk.differs:
            return Compared(scope, states, differs=walk.differs)
        if not ended:
            return Compared(scope, states, stopped=True)
    return Compared(scope, states, same=fired or compared == 0)


def _of(system: System, steps: Collection[str]) -> list[object]:
    return [step for step in system.steps if step.name in steps]


@dataclass(slots=True)
class _Walk:
    """Through all states that the old system reaches. `ended`: all were seen."""

    old: Machine
    new: Machine
    steps: Collection[str]
    deadline: float
    states: int = 0
    fired: bool = False
    differs: str = ""

    def run(self) -> bool:
        """Whether all states were seen, up to the first difference."""
        seen: set[State] = set()
        waiting: deque[State] = deque()
        for state in self.old.starts(up_to_symmetry=True):
            if self._is_over(len(seen), len(seen)):
                return False
            if state not in seen:
                seen.add(state)
                waiting.append(state)
        changed = frozenset(n for n, step in enumerate(self.new.system.steps) if step.name in self.steps)
        while waiting:
            state = waiting.popleft()
            self.states += 1
            if self._is_over(len(seen), self.states):
                return False
            moves = self.old.moves(state)
            self._compare(state, moves, self.new.moves(state, changed))
            if self.differs:
                return False
            for _, _, _, after, _ in moves:
                if after is not None and after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return True

    def _compare(self, state: State, old: Sequence[Move], new: Sequence[Move]) -> None:
        """What the steps in question do at one state: which arguments lead where."""
        ours = {each for each in _named(self.old, old) if each[0] in self.steps and each[2] != state}
        theirs = {each for each in _named(self.new, new) if each[2] != state}
        self.fired = self.fired or bool(ours) or bool(theirs)
        if ours != theirs:
            self.differs = min(each[0] for each in ours ^ theirs)

    def _is_over(self, seen: int, done: int) -> bool:
        return seen > MAX_STATES or (done % 64 == 0 and process_time() > self.deadline)


def _named(machine: Machine, moves: Sequence[Move]) -> list[tuple[str, tuple[int, ...], State | None, bool]]:
    """Choices are only names for the states that they lead to."""
    steps = machine.system.steps
    return [(steps[number].name, args, after, fault is not None) for number, args, _, after, fault in moves]
