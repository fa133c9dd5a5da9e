"""SAT solvers behind one small interface.

Traps: CaDiCaL cannot be interrupted from Python, so a solve is cut into slices of a bounded number of conflicts and the
clock is read between them; the slices do not depend on the clock, so answers do not either.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from pysat.solvers import Cadical195, Glucose4, Minisat22

FIRST_SLICE = 2_000
"""Conflicts of the first slice; each next one is half as large again."""


class Sat(Protocol):
    def add(self, clauses: Iterable[Sequence[int]]) -> None: ...

    def solve(self, assumptions: Sequence[int], deadline: float) -> bool | None:
        """Satisfiable, unsatisfiable, or None: not known when `time.process_time()` passed the deadline."""

    def core(self, assumptions: Sequence[int]) -> list[int] | None:
        """Some of the assumptions that are unsatisfiable together; None if all are satisfiable."""

    def failed(self) -> list[int]:
        """Some of the assumptions of the last `solve`, which returned False, that are unsatisfiable together."""

    def value(self, literal: int) -> bool:
        """In the model of the last `solve` that returned True; a variable in no clause is false."""

    def model(self) -> Sequence[int]:
        """That model: of each variable in a clause the literal that is true."""


class PySat:
    """A solver of python-sat."""

    def __init__(self, make: Any) -> None:
        self._solver = make()
        self._model: list[int] = []

    def add(self, clauses: Iterable[Sequence[int]]) -> None:
        add_clause = self._solver.add_clause
        for clause in clauses:
            add_clause(clause)

    def solve(self, assumptions: Sequence[int], deadline: float) -> bool | None:
        conflicts = FIRST_SLICE
        while True:
            self._solver.conf_budget(conflicts)
            answer: bool | None = self._solver.solve_limited(assumptions=list(assumptions))
            if answer is not None:
                self._model = self._solver.get_model() if answer else []
                return answer
            if time.process_time() > deadline:
                return None
            conflicts += conflicts // 2

    def core(self, assumptions: Sequence[int]) -> list[int] | None:
        if self._solver.solve(assumptions=list(assumptions)):
            return None
        return list(self._solver.get_core() or [])

    def failed(self) -> list[int]:
        return list(self._solver.get_core() or [])

    def value(self, literal: int) -> bool:
        variable = abs(literal)
        return variable <= len(self._model) and (self._model[variable - 1] > 0) == (literal > 0)

    def model(self) -> Sequence[int]:
        return self._model


def cadical() -> Sat:
    return PySat(Cadical195)


def glucose() -> Sat:
    return PySat(Glucose4)


def minisat() -> Sat:
    return PySat(Minisat22)


NewSat = Callable[[], Sat]
