"""What a property asks to be excluded: states, steps that fault, or steps across which something holds."""

from dataclasses import dataclass

from cowspec.encode.finite.circuit import Literal
from cowspec.encode.finite.template import Question
from cowspec.encode.relational.formula import RelSystem
from cowspec.engines.bmc.goals import NO_FAULT, Faults, Goal, Target, Violates, questions_of
from cowspec.engines.pdr.cells import Cube
from cowspec.engines.pdr.lifting import Choice, Lifting
from cowspec.engines.pdr.relation import Relation
from cowspec.system.ir import System


@dataclass(frozen=True, slots=True)
class Bad:
    """`question` None: a step that faults. Crossing: a step that does not, and what must not hold across it."""

    question: Question | None

    @property
    def name(self) -> str:
        return NO_FAULT if self.question is None else self.question.name

    @property
    def asked(self) -> tuple[Question, ...]:
        return () if self.question is None else (self.question,)

    def given(self, relation: Relation) -> list[int]:
        """Assumptions: the state is bad, or the step from it."""
        if self.question is None:
            return [relation.faulting]
        asked = relation.asked(self.question.name)
        return [asked, *relation.stepping] if self.question.crossing else [asked, relation.idle]

    def reason(self, relation: Relation, lifting: Lifting) -> tuple[Cube, Choice | None]:
        """A cube of bad states around the one that the last question found, and the last step of a run from there."""
        true: set[Literal] = relation.true_before()
        if self.question is None:
            choice = lifting.choice(*relation.taken())
            return lifting.faulting(choice, true), choice
        if self.question.crossing:
            choice = lifting.choice(*relation.taken())
            return lifting.crossing(choice, true, self.question.formula), choice
        return lifting.holding(self.question.formula, true), None


def bad_of(system: System, rel: RelSystem, property: str) -> tuple[Bad, Goal]:
    """What violates the property (or reaches the cover), and the same as a goal of a search for runs."""
    goal: Goal = Faults() if property == NO_FAULT else Violates(property)
    questions = questions_of(system, rel, [Target(goal)])
    return Bad(questions[0] if questions else None), goal
