"""Z3 as the any-size prover's judge of single obligations.

One `Judge` for each step (and one for the start states): what holds whenever the step fires is asserted once, each
conjunct behind a literal of its own, so that an unsatisfiable core says which conjuncts were needed. A goal is
asserted negated for one question and withdrawn.

Traps of the solver, told here once:
- `unknown` is an answer of its own, with a reason; it is never read as `sat`.
- Limits count Z3's own resource units, so that the same input gives the same answer. The option `timeout` is not used:
  it stops the solver from another thread, and asking on after that has crashed (z3 5.4).
- A solver whose answer was cut off is thrown away.
- The solver that is quick over hundreds of similar questions (`SimpleSolver`, which keeps what it learned) is at the
  mercy of luck with a hard one. The other (`Solver` without assumption literals), which prepares the whole question
  first, takes tens of milliseconds for any. So the first is asked first, for a short time.
- `Solver` falls back to the first kind if it is given assumptions; it gives cores with `assert_and_track`.
- Everything belongs to one context; terms of two contexts must not meet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3
from cowspec.encode.fol.terms import Language, Term
from z3 import z3core as core

UNITS_PER_SECOND = 4_000_000
"""Z3's resource units that a second is worth, about."""


@dataclass(frozen=True, slots=True)
class Holds:
    """The obligation holds; `needed` are the names of the assumptions in the core."""

    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fails:
    """There is a structure that violates it (not always a state of the system: some have values that do not exist)."""


@dataclass(frozen=True, slots=True)
class Open:
    """The solver does not know, and why."""

    reason: str


Answer = Holds | Fails | Open


@dataclass(slots=True)
class Judge:
    """A solver with its background asserted, and a literal for each thing that may be assumed."""

    solver: Any
    literals: Mapping[str, Any]
    names: Mapping[int, str]
    seconds: float = 0.0


def literal(language: Language, name: str) -> Any:
    """The literal that stands for assuming what `name` names."""
    return z3.Bool(f"assume {name}", language.context)


def judge(
    language: Language, background: Iterable[Term], assumable: Mapping[str, tuple[Any, Term]], seed: int
) -> Judge:
    """`assumable`: a literal and what follows from it, by name."""
    solver = z3.SimpleSolver(ctx=language.context)
    solver.set("random_seed", seed)
    context = language.context.ref()
    for fact in background:
        core.Z3_solver_assert(context, solver.solver, fact.ast)
    for _, implied in assumable.values():
        core.Z3_solver_assert(context, solver.solver, implied.ast)
    names = {literal.get_id(): name for name, (literal, _) in assumable.items()}
    return Judge(solver, {name: literal for name, (literal, _) in assumable.items()}, names)


def ask(judge: Judge, assumed: Sequence[str], facts: Sequence[Term], seconds: float) -> Answer:
    """Whether the background and the assumptions exclude the facts."""
    solver = judge.solver
    if seconds != judge.seconds:
        solver.set("rlimit", int(seconds * UNITS_PER_SECOND))
        judge.seconds = seconds
    solver.push()
    try:
        for fact in facts:
            core.Z3_solver_assert(solver.ctx.ref(), solver.solver, fact.ast)
        answer = _check(judge, assumed)
        if answer == z3.Z3_L_FALSE:
            return Holds(frozenset(judge.names[each.get_id()] for each in solver.unsat_core()))
        return Fails() if answer == z3.Z3_L_TRUE else Open(_why(solver))
    finally:
        solver.pop()


def _check(judge: Judge, assumed: Sequence[str]) -> int:
    """`solver.check(literals)` without z3py's conversion of each of a hundred literals, which costs more than the
    answer."""
    literals = (z3.Ast * len(assumed))(*(judge.literals[name].ast for name in assumed))
    solver = judge.solver
    found: int = core.Z3_solver_check_assumptions(solver.ctx.ref(), solver.solver, len(assumed), literals)
    return found


def ask_alone(
    language: Language,
    background: Iterable[Term],
    assumed: Mapping[str, tuple[Any, Term]],
    violated: Term,
    seconds: float,
    seed: int,
) -> Answer:
    """The same question to a solver of its own. `assumed`: a literal to track it by, and the assumption, by name."""
    solver = z3.Solver(ctx=language.context)
    solver.set("unsat_core", True)
    solver.set("random_seed", seed)
    solver.set("rlimit", int(seconds * UNITS_PER_SECOND))
    solver.add(*background)
    for tracker, assumption in assumed.values():
        solver.assert_and_track(assumption, tracker)
    solver.add(violated)
    answer = solver.check()
    if answer == z3.unsat:
        trackers = {each.get_id() for each in solver.unsat_core()}
        return Holds(frozenset(name for name, (tracker, _) in assumed.items() if tracker.get_id() in trackers))
    return Fails() if answer == z3.sat else Open(_why(solver))


def ask_once(
    language: Language, facts: Sequence[Term], seconds: float, seed: int, *, prepared: bool
) -> tuple[Answer, int]:
    """Whether the facts exclude each other, asked of a new solver of one of the two kinds (`prepared`: the one that
    prepares the whole question), and the resource units that it used. No core is looked for."""
    solver = (z3.Solver if prepared else z3.SimpleSolver)(ctx=language.context)
    solver.set("random_seed", seed)
    solver.set("rlimit", int(seconds * UNITS_PER_SECOND))
    before = _units(solver)
    for fact in facts:
        core.Z3_solver_assert(language.context.ref(), solver.solver, fact.ast)
    found = solver.check()
    answer = Holds(frozenset()) if found == z3.unsat else Fails() if found == z3.sat else Open(_why(solver))
    return answer, _units(solver) - before


def _units(solver: Any) -> int:
    """What everything in the solver's context has used so far."""
    return int(solver.statistics().get_key_value("rlimit count"))


def _why(solver: Any) -> str:
    reason = str(solver.reason_unknown())
    return "resource limit" if reason in ("canceled", "max. resource limit exceeded", "timeout") else reason
