"""The relational form of a system: made once, and inherited by the workers that are forked afterwards.

A translation takes tenths of a second, and dozens of jobs of one model need the same.
"""

from contextlib import suppress
from dataclasses import dataclass

from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import NAMED, translate
from cowspec.system.ir import System


@dataclass(slots=True)
class Relations:
    system: System
    made: RelSystem | None = None

    def form(self) -> RelSystem:
        """Raises `CountTooLarge`."""
        if self.made is None:
            self.made = translate(self.system, NAMED)
        return self.made

    def prepare(self) -> None:
        """Makes the form, if that can be made; if not, who needs it will say why."""
        with suppress(Exception):
            self.form()
