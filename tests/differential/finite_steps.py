"""The finite encoding asked about single states: all steps it allows, what it says of properties; and all start states.

One transition from any typed state, at one scope, over one incremental solver; a state is fixed by assumptions.
"""

from collections.abc import Iterator

from cowspec.encode.finite.circuit import TRUE
from cowspec.encode.finite.decode import tables_of
from cowspec.encode.finite.template import Question, build
from cowspec.encode.relational.formula import Not, RelSystem
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.goals import at_setting
from cowspec.engines.bmc.sat import minisat
from cowspec.engines.bmc.search import starting
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.system import ir
from cowspec.verdict import Firing

FOREVER = float("inf")

Result = tuple[Firing, ir.State | str]
"""A firing, and the state after it or the message of its fault."""


class FiniteSteps:
    def __init__(self, system: ir.System, rel: RelSystem, scope: ir.Scope) -> None:
        self.system, self.rel, self.scope = system, rel, scope
        start = [*(formula for _, formula in rel.typing), *rel.exact]
        questions = []
        for each in rel.properties:
            questions.append(Question(f"not {each.name}", Not(each.formula), each.is_transition))
            questions.append(Question(each.name, each.formula, each.is_transition))
        self.template = build(rel, (scope,), start, questions, None)
        self.unrolling = Unrolling(self.template, minisat())
        self.unrolling.extend()
        self.asker = Asker(system, rel, self.unrolling)

    # ---- steps -----------------------------------------------------------------------------------------------------

    def successors(self, state: ir.State, setting: ir.Setting) -> set[Result]:
        """All that a step can do, found one after the other and then excluded."""
        unrolling, template = self.unrolling, self.template
        given = [
            *self.fixed(state, 0),
            self.asker.setting_literal(at_setting(setting)),
            -unrolling.literal(template.idle, 0),
        ]
        active = unrolling.fresh()
        found: set[Result] = set()
        while unrolling.solve([*given, active], FOREVER):
            firing, fault = self.asker.firing(self.scope, 0)
            faulting = unrolling.value(template.faulting, 0)
            if faulting:
                if fault is None:
                    raise ValueError(f"{firing} faults for no reason")
                found.add((firing, fault))
            else:
                found.add((firing, self.asker.state(self.scope, 1)))
            unrolling.add([-active, *self._different(faulting)])
        unrolling.add([-active])
        return found

    def _different(self, faulting: bool) -> Iterator[int]:
        """Another step, or other arguments or choices, or (without a fault) another state after it."""
        unrolling, template = self.unrolling, self.template
        number = next(n for n, chosen in enumerate(template.selected) if unrolling.value(chosen, 0))
        step = self.rel.steps[number]
        literals = [template.selected[number], template.faulting]
        for sym in (*step.params[: step.arity], *step.choices):
            literals += template.registers[template.register_of[number][sym.name]]
        fixed = [unrolling.literal(literal, 0) for literal in literals if literal != TRUE]
        if not faulting:
            fixed += [unrolling.literal(literal, 1) for literal in template.current]
        for literal in fixed:
            yield -literal if unrolling.solver_value(literal) else literal

    def fixed(self, state: ir.State, frame: int) -> list[int]:
        """Assumptions: this is the state at the frame."""
        found = []
        for name, values in tables_of(self.system, self.scope, state).items():
            for atom, value in zip(self.template.tables[name], values, strict=True):
                literal = self.unrolling.literal(atom, frame)
                found.append(literal if value == TRUE else -literal)
        return found

    # ---- properties ------------------------------------------------------------------------------------------------

    def value(self, name: str, state: ir.State, setting: ir.Setting, after: ir.State | None = None) -> bool:
        """The value of a property in a state, or across a step that is possible. ValueError if the encoding allows
        both values, or none."""
        given = [*self.fixed(state, 0), self.asker.setting_literal(at_setting(setting))]
        if after is not None:
            given += self.fixed(after, 1)
        yes, no = (
            bool(self.unrolling.solve([*given, self.unrolling.goal(asked, 0)], FOREVER))
            for asked in (name, f"not {name}")
        )
        if yes == no:
            raise ValueError(f"{name} and its negation are both {'possible' if yes else 'impossible'}")
        return yes


def start_states(
    system: ir.System, rel: RelSystem, scope: ir.Scope, setting: ir.Setting, limit: int
) -> set[ir.State] | None:
    """All start states of the finite encoding; None if there are more than `limit`."""
    template = build(rel, (scope,), starting(rel), (), None)
    unrolling = Unrolling(template, minisat())
    asker = Asker(system, rel, unrolling)
    given = [asker.setting_literal(at_setting(setting))]
    atoms = [atom for predicate in rel.predicates for atom in template.tables[predicate.name]]
    literals = [unrolling.literal(atom, 0) for atom in atoms]
    found: set[ir.State] = set()
    while unrolling.solve(given, FOREVER):
        found.add(asker.state(scope, 0))
        if len(found) > limit:
            return None
        unrolling.add([-literal if unrolling.solver_value(literal) else literal for literal in literals])
    return found
