"""What is judged, and what is known of a mutant so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cowspec.check.modules import Program
from cowspec.check.typed import Model
from cowspec.judge.plan import Question
from cowspec.judge.results import Witness
from cowspec.judge.selection import Selection
from cowspec.system.ir import Setting, System
from cowspec.verdict import Trace


@dataclass(frozen=True, slots=True)
class Line:
    """Claims of the model that are proved together, and from what; None if the proof did not go through. `cores`: what
    each obligation of the proof needed."""

    questions: tuple[Question, ...]
    kept: tuple[str, ...] | None
    cores: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(question.property for question in self.questions)


@dataclass(frozen=True, slots=True)
class Subject:
    """The model whose mutants are judged. `claims`: that no run violates a property; `lines`: those for any size, and
    their proofs; `runs`: that the model claims, with the settings under which each is one; `scripted`: claims of runs
    that are those of a scenario."""

    program: Program
    model: Model
    system: System
    selection: Selection
    settings: tuple[Setting, ...]
    claims: tuple[Question, ...]
    lines: tuple[Line, ...] = ()
    runs: tuple[tuple[Trace, tuple[Setting, ...]], ...] = ()
    scripted: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """`system` None: the checker refuses the mutant (`codes`). `steps`: those that are other ones; none: it is the same
    system. `proved`: the model's proofs still go through. `trace`: a run that violates what the model claims, under
    `settings`. `searched`: how far runs were searched. `open`: claims that a proof of its own was not
    found for."""

    system: System | None = None
    codes: tuple[str, ...] = ()
    steps: frozenset[str] = frozenset()
    proved: bool = False
    trace: Trace | None = None
    settings: tuple[Setting, ...] = ()
    witness: Witness = ()
    searched: tuple[str, ...] = ()
    open: tuple[Question, ...] = ()
    seconds: float = 0.0
