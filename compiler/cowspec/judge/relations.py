"""The relational forms of a system: made once, and inherited by the workers that are forked afterwards.

A translation takes tenths of a second, and dozens of jobs of one model need the same.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import Naming, translate
from cowspec.system.ir import System

PROOFS = Naming(values=True, conditions=True)
RUNS = Naming(conditions=True)


@dataclass(slots=True)
class Relations:
    """Both `for_` methods raise `CountTooLarge`; both `prepare_` methods nothing: who needs the form will say why there
    is none."""

    system: System
    made: dict[Naming, RelSystem] = field(default_factory=dict)

    def for_proofs(self) -> RelSystem:
        return self._of(PROOFS)

    def for_runs(self) -> RelSystem:
        return self._of(RUNS)

    def prepare_proofs(self) -> None:
        with suppress(Exception):
            self._of(PROOFS)

    def prepare_runs(self) -> None:
        with suppress(Exception):
            self._of(RUNS)

    def _of(self, naming: Naming) -> RelSystem:
        if naming not in self.made:
            self.made[naming] = translate(self.system, naming)
        return self.made[naming]
