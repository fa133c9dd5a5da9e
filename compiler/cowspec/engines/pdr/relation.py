"""One step at a scope as a SAT problem, asked about cubes: does it lead from what a frame allows into the cube?

In: the relational system, a scope, the settings in question, and formulas to be asked about. The states before the
step are those with the flattening's promises (`typing`, `exact`), which every real state keeps; nothing else is
assumed of them but what is passed in as `known`. The state after the step is what the step makes it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from time import process_time

from cowspec.encode.finite.circuit import FALSE, Literal
from cowspec.encode.finite.template import Question, build
from cowspec.encode.relational.connectives import conj, neg
from cowspec.encode.relational.formula import Formula, RelSystem
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.sat import NewSat
from cowspec.engines.bmc.search import starting
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.engines.pdr.cells import Cells
from cowspec.system import ir
from cowspec.system.ir import Scope, System

START = "start"  # of states: it is a start state
CLOCK = 16
"""The clock is read after so many questions: most take less time than that."""


class OutOfTime(Exception):
    """The deadline has passed; nothing is known of the question."""


class Relation:
    """`conjuncts`: formulas that can be asked to hold before the step, or to fail before or after it. `asked`: further
    questions. Raises `OutOfTime` from every question."""

    def __init__(
        self,
        system: System,
        rel: RelSystem,
        scope: Scope,
        cells: Cells,
        *,
        conjuncts: Mapping[str, Formula],
        asked: Sequence[Question],
        new_sat: NewSat,
        deadline: float,
        dead: Collection[str] = (),
    ) -> None:
        self.rel, self.deadline = rel, deadline
        typed = [*(formula for _, formula in rel.typing), *rel.exact]
        questions = [Question(f"+{name}", formula) for name, formula in conjuncts.items()]
        questions += [Question(f"-{name}", neg(formula)) for name, formula in conjuncts.items()]
        start = Question(START, conj(starting(rel)))
        template = build(rel, (scope,), typed, [*questions, *asked, start], None, dead)
        self.unrolling = Unrolling(template, new_sat())
        self.unrolling.extend()
        self._asker = Asker(system, rel, self.unrolling)
        self._now, self._after = self._literals(cells, 0), self._literals(cells, 1)
        self.idle, self.faulting = (self.unrolling.literal(each, 0) for each in (template.idle, template.faulting))
        self._failed: list[int] = []
        self._questions = 0

    def _literals(self, cells: Cells, frame: int) -> dict[Literal, int]:
        found: dict[Literal, int] = {}
        for name, table in cells.tables.items():
            for cell, literal in zip(table, self.unrolling.template.tables[name], strict=True):
                if cell != FALSE:
                    found[cell] = self.unrolling.literal(literal, frame)
                    found[-cell] = -found[cell]
        return found

    # ---- literals of the solver --------------------------------------------------------------------------------------

    def now(self, cube: Iterable[Literal]) -> list[int]:
        return [self._now[literal] for literal in cube]

    def after(self, cube: Iterable[Literal]) -> list[int]:
        return [self._after[literal] for literal in cube]

    def holds(self, name: str) -> int:
        """A literal that implies the conjunct before the step."""
        return self.unrolling.goal(f"+{name}", 0)

    def fails(self, name: str, frame: int) -> int:
        """A literal that implies that the conjunct is false before (0) or after (1) the step."""
        return self.unrolling.goal(f"-{name}", frame)

    def asked(self, name: str) -> int:
        return self.unrolling.goal(name, 0)

    def fresh(self) -> int:
        return self.unrolling.fresh()

    def add(self, clause: Sequence[int]) -> None:
        self.unrolling.add(list(clause))

    def under(self, when: ir.Formula) -> int:
        """A literal that is equivalent to the switch formula."""
        return self._asker.setting_literal(when)

    @property
    def stepping(self) -> list[int]:
        """Assumptions: a step is taken, and does not fault."""
        return [-self.idle, -self.faulting]

    # ---- questions ---------------------------------------------------------------------------------------------------

    def solve(self, given: Sequence[int]) -> bool:
        answer = self.unrolling.solve(given, self.deadline)
        self._questions += 1
        if answer is None or (self._questions % CLOCK == 0 and process_time() > self.deadline):
            raise OutOfTime
        self._failed = [] if answer else self.unrolling.failed()
        return answer

    def needed(self, cube: Iterable[Literal], literals: Iterable[int]) -> list[Literal]:
        """Those of the cube whose literals (of the solver, in the same order) the last refutation needs."""
        failed = set(self._failed)
        return [literal for literal, solver in zip(cube, literals, strict=True) if solver in failed]

    def true_before(self) -> set[Literal]:
        """The cells that are true in the state that the last question found."""
        value = self.unrolling.solver_value
        return {cell for cell, solver in self._now.items() if cell > 0 and value(solver)}

    def taken(self) -> tuple[int, tuple[int, ...], dict[int, int]]:
        """The number of the step taken, the elements of its params, those of its choices by their numbers."""
        unrolling, template = self.unrolling, self.unrolling.template
        number = next(n for n, chosen in enumerate(template.selected) if unrolling.value(chosen, 0))
        step, registers = self.rel.steps[number], template.register_of[number]

        def element(name: str) -> int:
            literals = template.registers[registers[name]]
            return next(e for e, literal in enumerate(literals) if unrolling.value(literal, 0))

        choices = {n: element(each.name) for n, each in zip(step.choice_numbers, step.choices, strict=True)}
        return number, tuple(element(p.name) for p in step.params), choices
