"""The largest inductive part of thousands of candidate lemmas, at one scope (Flanagan and Leino: Houdini, FME 2001).

In: `Steps` at a scope, and clauses. Each clause has a *guard*, a literal that implies all its instances before the
step, and for each violation after the step, up to renaming of elements (they are interchangeable), a literal that
implies it.
So a question is one call of the SAT solver, and one answer throws out every clause that its second state violates.

What was found inductive can be *settled*: it is assumed from then on, except what follows from the rest of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from cowspec.engines.inference.clauses import Clause
from cowspec.engines.inference.stepping import Steps
from cowspec.system import ir

GROUP = 150
"""So many clauses are asked about at once."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`literal` implies that all of `falsified` are false: an instance of the clause after the step."""

    literal: int
    falsified: tuple[int, ...]


class Pool:
    """Clauses by number, at one scope. `settled`: those assumed without asking. `states` and `starts`: at the same
    scope, without steps: there it is asked what follows from what, and what is false in a start state. `larger`: states
    of another scope: what follows does so there, too."""

    def __init__(self, at: Steps, states: Steps, starts: Steps, larger: Steps | None = None) -> None:
        self.at, self.states, self.starts, self.larger = at, states, starts, larger
        self._is_true_at_start: dict[int, bool] = {}
        self.settled: dict[int, None] = {}
        self._guard: dict[int, int] = {}
        self._clauses: dict[int, Clause] = {}
        self._violations: dict[int, list[Violation]] = {}

    def add(self, number: int, clause: Clause) -> None:
        """One more clause; nothing if it is there."""
        if number in self._guard:
            return
        guard = self._guard[number] = self.at.fresh()
        self._clauses[number] = clause
        sizes = [range(self.at.size(name.domain)) for name in clause.names]
        self.at.require([-guard, *_instance(self.at, clause, 0, elements)] for elements in product(*sizes))
        violations = []
        for elements in representatives(clause.names, self.at.size):
            instance = _instance(self.at, clause, 1, elements)
            literal = self.at.fresh()
            self.at.require([-literal, -each] for each in instance)
            violations.append(Violation(literal, tuple(instance)))
        self._violations[number] = violations

    def unsettled(self) -> list[int]:
        """Those that are not assumed."""
        return [number for number in self._guard if number not in self.settled]

    def inductive(self, numbers: Collection[int], given: Sequence[int], deadline: float) -> list[int]:
        """The largest part of the clauses that is inductive relative to what is settled and to the literals `given`;
        nothing if time ran out."""
        while True:
            alive = self._preserved(numbers, given, deadline)
            false = [number for number in alive if not self._holds_at_start(number)]
            if not false:
                return alive
            numbers = [number for number in alive if number not in false]

    def _preserved(self, numbers: Collection[int], given: Sequence[int], deadline: float) -> list[int]:
        """The same, whatever the start states.

        A round assumes all that are left when it begins, by one literal: what is violated after a step from such a
        state is in no inductive part, as each of these satisfies at least as much before the step."""
        alive = dict.fromkeys(number for number in numbers if number not in self.settled)
        while True:
            count, assumed = len(alive), self.at.fresh()
            self.at.require([-assumed, self._guard[number]] for number in alive)
            for group in [list(alive)[k : k + GROUP] for k in range(0, len(alive), GROUP)]:
                answer: bool | None = True
                while answer and any(number in alive for number in group):
                    answer = self._broken([n for n in group if n in alive], [*given, assumed], deadline)
                    if answer is None:
                        return []
                    if answer:
                        for number in self._violated(alive):
                            del alive[number]
            self.at.require([[-assumed]])
            if len(alive) == count:
                return list(alive)

    def settle(self, numbers: Iterable[int]) -> list[int]:
        """Assumes these, the simplest first, but for those that follow from the others and from the facts."""
        fresh = []
        for number in sorted(numbers, key=lambda number: (self._clauses[number].cost, number)):
            clause = self._clauses[number]
            if number not in self.settled and not self.follows(clause):
                self.at.require([[self._guard[number]]])
                for states in self._every_states():
                    sizes = [range(states.size(name.domain)) for name in clause.names]
                    states.require(_instance(states, clause, 0, elements) for elements in product(*sizes))
                self.settled[number] = None
                fresh.append(number)
        return fresh

    def follows(self, clause: Clause) -> bool:
        """No state that satisfies all that is settled violates the clause."""
        return not any(_is_violated_in(states, clause) for states in self._every_states())

    def _every_states(self) -> list[Steps]:
        return [self.states] if self.larger is None else [self.larger, self.states]

    def _holds_at_start(self, number: int) -> bool:
        if number not in self._is_true_at_start:
            self._is_true_at_start[number] = not _is_violated_in(self.starts, self._clauses[number])
        return self._is_true_at_start[number]

    def breaks(self, number: int, assumed: Iterable[int], given: Sequence[int], deadline: float) -> bool | None:
        """Is there a step from a state with all of these to one that violates the clause? The state is then
        `at.before()`; None: out of time."""
        return self._broken([number], [*given, *(self._guard[each] for each in assumed)], deadline)

    def guards(self, numbers: Iterable[int]) -> list[int]:
        return [self._guard[number] for number in numbers]

    def needed(self, target: int, assumed: Sequence[int], given: Sequence[int]) -> list[int] | None:
        """Some of the clauses, from which the target follows after a step, none of which can be left out; None if all
        are not enough."""
        number_of = {self._guard[number]: number for number in assumed}
        core = self.at.core([*given, *number_of, target])
        if core is None:
            return None
        kept = [literal for literal in core if literal in number_of]
        for literal in sorted(kept, key=lambda each: -self._clauses[number_of[each]].cost):
            rest = [each for each in kept if each != literal]
            smaller = self.at.core([*given, *rest, target]) if literal in kept else None
            if smaller is not None:
                kept = [each for each in rest if each in smaller]
        return [number_of[literal] for literal in kept]

    def violation_of(self, number: int) -> int:
        """A literal that implies that the clause is violated after the step."""
        some = self.at.fresh()
        self.at.require([[-some, *(each.literal for each in self._violations[number])]])
        return some

    def _broken(self, numbers: Sequence[int], given: list[int], deadline: float) -> bool | None:
        some = self.at.fresh()
        self.at.require([[-some, *(each.literal for number in numbers for each in self._violations[number])]])
        answer = self.at.ask([*given, some], deadline)
        if not answer:
            self.at.require([[-some]])
        return answer

    def _violated(self, numbers: Iterable[int]) -> list[int]:
        """Those of the clauses that the state after the last step found violates."""
        true = self.at.model()
        return [
            number for number in numbers if any(true.isdisjoint(each.falsified) for each in self._violations[number])
        ]


def _is_violated_in(states: Steps, clause: Clause) -> bool:
    return any(
        states.satisfiable([-literal for literal in _instance(states, clause, 0, elements)])
        for elements in representatives(clause.names, states.size)
    )


def _instance(at: Steps, clause: Clause, frame: int, elements: Sequence[int]) -> list[int]:
    """The literals of the disjunction."""
    where = {name.name: element for name, element in zip(clause.names, elements, strict=True)}
    found = []
    for atom, truth in clause.cube:
        literal = at.atom(atom.formula, clause.names, where, frame, asserted=not truth)
        found.append(-literal if truth else literal)
    return found


def representatives(names: Sequence[ir.Binder], size: Callable[[str], int]) -> Iterator[tuple[int, ...]]:
    """Elements for the names, one choice of each that differ in the numbering of elements only."""

    def grow(at: tuple[int, ...], used: dict[str, int]) -> Iterator[tuple[int, ...]]:
        if len(at) == len(names):
            yield at
            return
        sort = names[len(at)].domain
        for element in range(min(used.get(sort, 0) + 1, size(sort))):
            yield from grow((*at, element), {**used, sort: max(used.get(sort, 0), element + 1)})

    return grow((), {})
