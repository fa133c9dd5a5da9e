"""Questions to an unrolling and what its answers say, in the system's terms."""

from collections.abc import Sequence
from typing import assert_never

from cowspec.encode.finite.circuit import TRUE
from cowspec.encode.finite.decode import Truths, evaluator, firing_of, setting_of, state_of, truths
from cowspec.encode.relational.formula import RelStep, RelSystem
from cowspec.engines.bmc.goals import Faults, Fires, Goal, Meets, Target, Violates
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.system import ir
from cowspec.system.ir import Scope, State, System
from cowspec.verdict import Firing, Trace, TraceStep


class Asker:
    """An unrolling with the targets that were asked of it; frames are added as the depth asks for them."""

    def __init__(self, system: System, rel: RelSystem, unrolling: Unrolling) -> None:
        self.system = system
        self.rel = rel
        self.unrolling = unrolling
        self._switches: dict[ir.Formula, int] = {}
        self._targets: dict[tuple[Target, int], int] = {}
        self._goals: dict[tuple[Goal, int], int] = {}

    # ---- questions ---------------------------------------------------------------------------------------------------

    def ask(
        self, bound: int, wanted: Sequence[Target], given: Sequence[int], deadline: float
    ) -> dict[Target, int] | None:
        """Those of the targets that one run meets, each within `bound` steps, and after how many; empty if there is no
        such run, None if time ran out. `given`: assumptions."""
        unrolling = self.unrolling
        while unrolling.depth < bound:
            unrolling.extend()
        literals = {target: self._target(target, bound) for target in wanted}
        some = unrolling.fresh()
        unrolling.add([-some, *literals.values()])
        answer = unrolling.solve([*given, some], deadline)
        if answer is None:
            return None
        unrolling.add([-some])
        if not answer:
            return {}
        met = [target for target, literal in literals.items() if unrolling.solver_value(literal)]
        return {target: self._steps_to(target, bound) for target in met}

    def at_scope(self, number: int) -> int:
        """An assumption: the run is at this scope of the template."""
        return self.unrolling.literal(self.unrolling.template.at_scope[number], 0)

    def ended(self, steps: int) -> list[int]:
        """Assumptions: the run takes no more steps than that."""
        is_last = steps >= self.unrolling.depth
        return [] if is_last else [self.unrolling.literal(self.unrolling.template.idle, steps)]

    def under_way(self, steps: int) -> list[int]:
        """Assumptions: the run takes at least so many steps."""
        return [] if steps <= 0 else [-self.unrolling.literal(self.unrolling.template.idle, steps - 1)]

    def _target(self, target: Target, bound: int) -> int:
        """A literal that implies that the run meets the target."""
        key = (target, bound)
        if key not in self._targets:
            parts = [self._reached(target, bound), self.setting_literal(target.when)]
            self._targets[key] = -self._either([-part for part in parts])
        return self._targets[key]

    def _reached(self, target: Target, bound: int) -> int:
        """A literal that implies that the run reaches what the target asks for, within the bound."""
        ends = [self._ends(target, frame) for frame in self._frames(target, bound)]
        return ends[0] if len(ends) == 1 else self._either(ends)

    def _frames(self, target: Target, bound: int) -> list[int]:
        """Where to look: a state is still there at the end; a step is where it is."""
        match target.goal:
            case Violates(name) | Meets(name):
                return list(range(bound)) if self.unrolling.template.goals[name].crossing else [bound]
            case Faults() | Fires():
                return list(range(bound))
            case _:
                assert_never(target.goal)

    def _ends(self, target: Target, frame: int) -> int:
        """A literal that implies what the target asks for, at this frame or in the step from it."""
        if (target.goal, frame) not in self._goals:
            self._goals[target.goal, frame] = self._new_end(target, frame)
        return self._goals[target.goal, frame]

    def _new_end(self, target: Target, frame: int) -> int:
        unrolling, template = self.unrolling, self.unrolling.template
        match target.goal:
            case Violates(name) | Meets(name):
                if not template.goals[name].crossing:
                    return -self._either([-unrolling.goal(name, frame), unrolling.faulted(frame)])
                idle, faulting = unrolling.literal(template.idle, frame), unrolling.literal(template.faulting, frame)
                return -self._either([-unrolling.goal(name, frame), idle, faulting])
            case Faults():
                return unrolling.literal(template.faulting, frame)
            case Fires(name):
                return -self._either([-self.fires(name, frame), unrolling.literal(template.faulting, frame)])
            case _:
                assert_never(target.goal)

    def _steps_to(self, target: Target, bound: int) -> int:
        """After how many steps the model found meets the target."""
        frames = self._frames(target, bound)
        if frames == [bound]:
            return min(bound, self.unrolling.length())
        return 1 + next(frame for frame in frames if self.unrolling.solver_value(self._ends(target, frame)))

    def fires(self, name: str, frame: int) -> int:
        """A literal that is true if one of the step's instances is taken."""
        unrolling, template = self.unrolling, self.unrolling.template
        steps = zip(self.rel.steps, template.selected, strict=True)
        return self._either([unrolling.literal(chosen, frame) for step, chosen in steps if step.name == name])

    def setting_literal(self, when: ir.Formula) -> int:
        """A literal that is equivalent to the switch formula."""
        found = self._switches.get(when)
        if found is None:
            found = self._switches[when] = self._switch_literal(when)
        return found

    def _switch_literal(self, when: ir.Formula) -> int:
        match when:
            case ir.Const(value):
                return self.unrolling.literal(TRUE if value else -TRUE, 0)
            case ir.SwitchIs(switch, option):
                tables = self.unrolling.template.tables
                if f"{switch}={option}" in tables:
                    return self.unrolling.literal(tables[f"{switch}={option}"][0], 0)
                return -self.unrolling.literal(tables[f"{switch}=on"][0], 0)
            case ir.Not(body):
                return -self.setting_literal(body)
            case ir.And(parts):
                return -self._either([-self.setting_literal(part) for part in parts])
            case ir.Or(parts):
                return self._either([self.setting_literal(part) for part in parts])
            case ir.Implies(left, right):
                return self._either([-self.setting_literal(left), self.setting_literal(right)])
            case ir.Iff(left, right):
                one, two = self.setting_literal(left), self.setting_literal(right)
                return self._either([-self._either([-one, -two]), -self._either([one, two])])
            case _:
                raise ValueError(f"not a formula over switches: {when}")

    def _either(self, parts: Sequence[int]) -> int:
        literal = self.unrolling.fresh()
        self.unrolling.add([-literal, *parts])
        for part in parts:
            self.unrolling.add([literal, -part])
        return literal

    def never_fired(self, when: ir.Formula, scope: int, depth: int, deadline: float) -> tuple[str, ...] | None:
        """The steps that no run of at most `depth` steps fires, at one of the template's scopes; None: out of time."""
        unrolling, template = self.unrolling, self.unrolling.template
        given = [self.setting_literal(when), self.at_scope(scope), -unrolling.faulted(depth)]
        left = dict.fromkeys(step.name for step in self.rel.steps)
        while left:
            some = unrolling.fresh()
            chosen = [c for step, c in zip(self.rel.steps, template.selected, strict=True) if step.name in left]
            unrolling.add([-some, *(unrolling.literal(c, frame) for frame in range(depth) for c in chosen)])
            answer = unrolling.solve([*given, some], deadline)
            if answer is None:
                return None
            if not answer:
                break
            for frame in range(depth):
                step = self.step(frame)
                if step is not None:
                    left.pop(step.name, None)
        return tuple(left)

    # ---- answers -----------------------------------------------------------------------------------------------------

    def scope(self) -> Scope:
        """The scope of the model found."""
        inside = self.unrolling.template.universe.inside
        return tuple((sort, sum(self.unrolling.value(e, 0) for e in inside[sort])) for sort in self.rel.sorts)

    def truths(self, scope: Scope, frame: int) -> Truths:
        """The predicates at a frame of the model found, at its scope."""
        template = self.unrolling.template
        sorts = {predicate.name: predicate.sorts for predicate in self.rel.predicates}
        sizes = template.universe.sizes

        def holds(name: str, elements: tuple[int, ...]) -> bool:
            index = 0
            for sort, element in zip(sorts[name], elements, strict=True):
                index = index * sizes[sort] + element
            return self.unrolling.value(template.tables[name][index], frame)

        return truths(self.rel.predicates, scope, holds)

    def state(self, scope: Scope, frame: int) -> State:
        return state_of(self.system, scope, self.truths(scope, frame))

    def step(self, frame: int) -> RelStep | None:
        """The step taken from this frame; None: idle."""
        for step, chosen in zip(self.rel.steps, self.unrolling.template.selected, strict=True):
            if self.unrolling.value(chosen, frame):
                return step
        return None

    def firing(self, scope: Scope, frame: int) -> tuple[Firing, str | None]:
        """The step taken from this frame, and the message of its fault."""
        template = self.unrolling.template
        number = next(n for n, chosen in enumerate(template.selected) if self.unrolling.value(chosen, frame))
        step = self.rel.steps[number]
        names = {
            name: next(e for e, literal in enumerate(template.registers[r]) if self.unrolling.value(literal, frame))
            for name, r in template.register_of[number].items()
        }
        holds = evaluator(self.rel, step, scope, self.truths(scope, frame), names)
        message = next((fault.message for fault in step.faults if holds(fault.condition)), None)
        return firing_of(self.system, step, names, holds), message

    def trace(self, depth: int, target: Target) -> Trace:
        """The run found, which meets the target after `depth` steps. After a fault there is no state."""
        scope = self.scope()
        firings = [self.firing(scope, frame) for frame in range(depth)]
        fault = firings[-1][1] if isinstance(target.goal, Faults) else None
        states: list[State | None] = [self.state(scope, frame) for frame in range(1, depth if fault else depth + 1)]
        states += [None] * (fault is not None)
        steps = [TraceStep(firing, (), state) for (firing, _), state in zip(firings, states, strict=True)]
        return Trace(
            model=self.system.name,
            property=target.name,
            setting=setting_of(self.system, self.truths(scope, 0)),
            scope=scope,
            start=self.state(scope, 0),
            steps=tuple(steps),
            fault=fault,
        )
