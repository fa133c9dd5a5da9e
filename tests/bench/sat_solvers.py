"""Which SAT solver finds the shortest runs of the shipped models first? `python tests/bench/sat_solvers.py [SOLVER...]`

For each model and solver: seconds of processor time, of which in the solver, and the run found. Z3's SAT core gets the
same clauses through its DIMACS reader, as its Python interface takes longer to build them than to solve them.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import z3
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.encode.relational.translate import Naming, translate
from cowspec.engines.bmc.goals import Target, Violates
from cowspec.engines.bmc.sat import NewSat, Sat, cadical, glucose, minisat
from cowspec.engines.bmc.search import search
from cowspec.engines.scopes import growing, largest_scope
from cowspec.evaluate.replay import replay
from cowspec.source import Source
from cowspec.system.build import build
from cowspec.system.ir import And, SwitchIs, System
from cowspec.verdict import Limits, Refuted

ROOT = Path(__file__).parents[2]
PROBLEMS = (("uffd_wp", "cow_invisible", "page_count"), ("vmsplice", "snapshot_or_own", "mapcount"))
LIMITS = Limits(max_steps=14, timeout=300.0)


class Z3Sat:
    """Z3's solver for finite domains: its SAT core under an incremental interface."""

    def __init__(self) -> None:
        self._solver: Any = z3.SolverFor("QF_FD")
        self._model: Any = None

    def add(self, clauses: Iterable[Sequence[int]]) -> None:
        lines = [f"{' '.join(map(str, clause))} 0" for clause in clauses]
        largest = max((abs(int(word)) for line in lines for word in line.split()), default=1)
        self._solver.from_string(f"p cnf {largest} {len(lines)}\n" + "\n".join(lines) + "\n")

    def solve(self, assumptions: Sequence[int], deadline: float) -> bool | None:
        left = deadline - time.monotonic()
        if left < 1e6:
            self._solver.set("timeout", max(1, int(1000 * left)))
        answer = self._solver.check([self._literal(literal) for literal in assumptions])
        self._model = self._solver.model() if answer == z3.sat else None
        return None if answer == z3.unknown else bool(answer == z3.sat)

    def value(self, literal: int) -> bool:
        value = self._model.eval(self._literal(abs(literal)))
        return bool(z3.is_true(value)) == (literal > 0)

    def _literal(self, literal: int) -> Any:
        context = z3.main_ctx()
        symbol = z3.Z3_mk_int_symbol(context.ref(), abs(literal))
        sort = z3.BoolSort().ast
        variable: Any = z3.BoolRef(z3.Z3_mk_const(context.ref(), symbol, sort), context)
        return variable if literal > 0 else z3.Not(variable)


class Timed:
    """A solver and the time spent in it."""

    def __init__(self, sat: Sat) -> None:
        self.sat = sat
        self.seconds = 0.0

    def add(self, clauses: Iterable[Sequence[int]]) -> None:
        began = time.process_time()
        self.sat.add(clauses)
        self.seconds += time.process_time() - began

    def solve(self, assumptions: Sequence[int], deadline: float) -> bool | None:
        began = time.process_time()
        answer = self.sat.solve(assumptions, deadline)
        self.seconds += time.process_time() - began
        return answer

    def value(self, literal: int) -> bool:
        return self.sat.value(literal)


SOLVERS: dict[str, NewSat] = {"cadical": cadical, "glucose": glucose, "minisat": minisat, "z3": Z3Sat}


def model(name: str) -> System:
    def loader(module: str, path: str) -> Source | None:
        file = ROOT / "spec" / f"{module.replace('.', '/')}.cow"
        return Source(str(file), file.read_text()) if file.exists() else None

    file = ROOT / "models" / f"{name}.cow"
    return build(check(load(str(file), file.read_text(), loader)))


def measure(system: System, property: str, cow: str, new_sat: NewSat) -> str:
    options = {"cow": cow}
    when = And(tuple(SwitchIs(switch.name, options.get(switch.name, "off")) for switch in system.switches))
    target = Target(Violates(property), when)
    solvers: list[Timed] = []

    def new() -> Timed:
        solvers.append(Timed(new_sat()))
        return solvers[-1]

    began = time.process_time()
    rel = translate(system, Naming(conditions=True))
    scopes = growing(system, {}, largest_scope(system, {}))
    verdict = search(system, [target], scopes, LIMITS, replay=replay, rel=rel, new_sat=new)[target]
    seconds = time.process_time() - began
    found = "no run"
    if isinstance(verdict, Refuted):
        sizes = ", ".join(f"{sort}={size}" for sort, size in verdict.trace.scope)
        found = f"{len(verdict.trace.steps)} steps at {sizes} ({verdict.smaller})"
    return f"{seconds:6.1f} s, in the solver {sum(s.seconds for s in solvers):6.1f} s: {found}"


def main() -> None:
    for name, property, cow in PROBLEMS:
        system = model(name)
        for label in sys.argv[1:] or SOLVERS:
            print(f"{name:10} {label:8} {measure(system, property, cow, SOLVERS[label])}", flush=True)


if __name__ == "__main__":
    main()
