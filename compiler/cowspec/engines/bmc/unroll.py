"""A template's transition unrolled over a SAT solver: frames of states, a step between each two of them.

Frame k + 1 exists once `extend` was called k + 1 times. A run may end before the last frame: the steps after its end
are idle and leave its last state in place. A faulting step ends the run (`faulted(k)`: before frame k).
"""

from collections.abc import Sequence

from cowspec.encode.finite.circuit import TRUE, Clause, Literal
from cowspec.encode.finite.template import Template
from cowspec.engines.bmc.sat import Sat


class Unrolling:
    def __init__(self, template: Template, sat: Sat) -> None:
        self.template = template
        self._sat = sat
        self._last = 1  # 1 is true, as in the template
        self._shared = {TRUE: 1, **{variable: self.fresh() for variable in template.shared}}
        self._fixed = {*self._shared, *template.current, *template.following}
        self._frames: list[list[int]] = []
        self._faulted = [-1]
        self._asked: dict[tuple[str, int], int] = {}
        self._step_locals = self._locals(template.step)
        self._goal_locals = {name: self._locals(goal.clauses) for name, goal in template.goals.items()}
        self._frame([self.fresh() for _ in template.current])
        self.add([1])
        self._assert(template.start, self._locals(template.start), 0)

    @property
    def depth(self) -> int:
        return len(self._frames) - 1

    def fresh(self) -> int:
        self._last += 1
        return self._last

    def add(self, clause: Clause) -> None:
        self._sat.add([clause])

    def solve(self, assumptions: Sequence[int], deadline: float) -> bool | None:
        return self._sat.solve(assumptions, deadline)

    def core(self, assumptions: Sequence[int]) -> list[int] | None:
        """Some of the assumptions that cannot hold together; None if all can."""
        return self._sat.core(assumptions)

    def failed(self) -> list[int]:
        """Some of the assumptions of the last question, which had no answer, that cannot hold together."""
        return self._sat.failed()

    def literal(self, literal: Literal, frame: int) -> int:
        """The solver's literal for the template's at this frame."""
        found = self._frames[frame][literal]
        if found == 0:
            self._name(self._frames[frame], abs(literal))
            found = self._frames[frame][literal]
        return found

    def value(self, literal: Literal, frame: int) -> bool:
        """The template's literal at this frame, in the model found."""
        return self._sat.value(self.literal(literal, frame))

    def solver_value(self, literal: int) -> bool:
        """The solver's literal, in the model found."""
        return self._sat.value(literal)

    def solver_model(self) -> Sequence[int]:
        """The solver's literals that are true in the model found."""
        return self._sat.model()

    def extend(self) -> None:
        """One more step and the state after it."""
        last, template = self.depth, self.template
        after = [self.fresh() for _ in template.following]
        names = self._frames[last]
        for variable, name in zip(template.following, after, strict=True):
            names[variable], names[-variable] = name, -name
        self._assert(template.step, self._step_locals, last)
        if last > 0:
            self.add([-self.literal(template.idle, last - 1), self.literal(template.idle, last)])
            self.add([-self.literal(template.faulting, last - 1), self.literal(template.idle, last)])
        self._faulted.append(self.fresh())
        for earlier in (self._faulted[last], self.literal(template.faulting, last)):
            self.add([-earlier, self._faulted[last + 1]])
        self._frame(after)

    def faulted(self, frame: int) -> int:
        """A literal that is true if a step before this frame faults."""
        return self._faulted[frame]

    def length(self) -> int:
        """How many steps the model found takes before it is idle."""
        idle = (frame for frame in range(self.depth) if self.value(self.template.idle, frame))
        return next(idle, self.depth)

    def goal(self, name: str, frame: int) -> int:
        """A literal that implies the goal at this frame (a crossing one: from this frame to the next)."""
        found = self._asked.get((name, frame))
        if found is None:
            goal = self.template.goals[name]
            self._assert(goal.clauses, self._goal_locals[name], frame)
            found = self._asked[name, frame] = self.literal(goal.literal, frame)
        return found

    def _locals(self, clauses: Sequence[Clause]) -> list[int]:
        return sorted({abs(literal) for clause in clauses for literal in clause} - self._fixed)

    def _frame(self, current: Sequence[int]) -> None:
        """The names of the template's variables at a new frame: at v that of v, at -v that of its negation."""
        names = [0] * (2 * self.template.variables + 1)
        for variable, name in self._shared.items():
            names[variable], names[-variable] = name, -name
        for variable, name in zip(self.template.current, current, strict=True):
            names[variable], names[-variable] = name, -name
        self._frames.append(names)

    def _name(self, names: list[int], variable: Literal) -> None:
        self._last += 1
        names[variable], names[-variable] = self._last, -self._last

    def _assert(self, clauses: Sequence[Clause], local: Sequence[int], frame: int) -> None:
        names = self._frames[frame]
        for variable in local:
            if names[variable] == 0:
                self._name(names, variable)
        self._sat.add([[names[literal] for literal in clause] for clause in clauses])
