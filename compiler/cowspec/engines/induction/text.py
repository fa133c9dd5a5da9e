"""Z3 asked about the SMT-LIB text of an obligation: a further opinion where the judges differ.

In: the text that another solver read. Out: "unsat", "sat" or "unknown". The prover builds its terms without this text,
so the answer also says whether the text means what the prover asked.
"""

import z3
from cowspec.engines.induction.solver import UNITS_PER_SECOND

SECONDS = 20.0


def z3_version() -> str:
    return z3.get_version_string()  # type: ignore[no-any-return]


def opinion_of_z3(text: str, seed: int, seconds: float = SECONDS) -> str:
    """What a fresh solver says of the script within so many seconds."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("random_seed", seed)
    solver.set("rlimit", int(seconds * UNITS_PER_SECOND))
    solver.add(z3.parse_smt2_string(text, ctx=context))
    return str(solver.check())
