"""How steadily Z3 shows the obligations of a proof: each is asked again in mutants that say the same.

In: the obligations of a proof with their cores (`known.Known`), a number of mutants. Out: for each obligation and
mutant the answer and the resource units that it cost. A mutant has other names for all sorts, predicates and bound
variables, declares them in another order, shuffles what is asserted, and starts from another seed: what Zhou et al.
call shuffling, renaming and reseeding (Mariposa, FMCAD 2023). An obligation that fails in some of them was shown by
luck.

Each is asked as the prover asks when it confirms a proof: from its core, of a new solver for a short time, then of
solvers that prepare the whole question, with growing limits. `first` says that the first of these was enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from cowspec.encode.fol.renaming import renamed
from cowspec.engines.induction.obligations import ALONE_SECONDS, QUICK_SECONDS, Obligations, facts_of, said_in
from cowspec.engines.induction.prove import questions
from cowspec.engines.induction.solver import Answer, Fails, Holds, Open, ask_once
from cowspec.system import ir
from cowspec.verdict import Limits

Named = tuple[str, str]
"""An obligation: the step, and the conjunct that it preserves, or its fault."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One mutant of an obligation. `open`: why the solver did not know; `fails`: it found a structure, though it had
    shown before that there is none."""

    units: int
    first: bool
    open: str = ""
    fails: bool = False

    @property
    def holds(self) -> bool:
        return not self.open and not self.fails


def retried(
    system: ir.System,
    goals: Sequence[str],
    when: ir.Formula,
    cores: Mapping[Named, frozenset[str]],
    mutants: int,
    limits: Limits,
) -> dict[Named, tuple[Tried, ...]]:
    """Asks the obligations again, in their order, each in every mutant. `goals` and `when` are those of the proof."""
    asked, _ = questions(system, goals, when, limits)
    found: dict[Named, list[Tried]] = {named: [] for named in cores}
    for number in range(mutants):
        mutant = _mutant(asked, Random(f"{limits.seed} {number}"))
        for (step, name), needed in cores.items():
            random = Random(f"{limits.seed} {number} {step} {name}")
            found[step, name].append(_tried(mutant, step, name, needed, random))
    return {named: tuple(each) for named, each in found.items()}


def _mutant(asked: Obligations, random: Random) -> Obligations:
    return said_in(renamed(asked.language, random), asked)


def _tried(mutant: Obligations, step: str, name: str, needed: frozenset[str], random: Random) -> Tried:
    facts = facts_of(mutant, step, name, needed)
    random.shuffle(facts)
    seed = random.getrandbits(30)
    answer, units = ask_once(mutant.language, facts, QUICK_SECONDS, seed, prepared=False)
    first = not isinstance(answer, Open)
    seconds, left = ALONE_SECONDS, mutant.limits.timeout
    while isinstance(answer, Open) and left > 0:
        seed += 1
        answer, more = ask_once(mutant.language, facts, min(seconds, left), seed, prepared=True)
        units += more
        left -= seconds
        seconds *= 2
    return _noted(answer, units, first)


def _noted(answer: Answer, units: int, first: bool) -> Tried:
    match answer:
        case Holds():
            return Tried(units, first)
        case Fails():
            return Tried(units, first, fails=True)
        case Open(reason):
            return Tried(units, first, open=reason)
