"""One obligation, from the question to a checked refutation.

In: an interned obligation. Out: `Checked` with what it takes to check it again; `Open` if the search ends without an
answer; `Wrong` if the obligation has a model or a refutation is rejected, which is a disagreement with the prover.
"""

from dataclasses import dataclass

from cowspec.encode.herbrand.clauses import Clause, Lemma
from cowspec.encode.herbrand.fragment import cyclic_sorts
from cowspec.encode.herbrand.interning import Interner
from cowspec.encode.relational.obligation import Obligation
from cowspec.engines.instantiation.checking import Rejected, check_refutation
from cowspec.engines.instantiation.search import Refuted, Satisfied, Undecided, search

DEPTH = 6
"""Of witnesses inside each other, where sorts depend on themselves: no proof so far needed more than 4."""

ANY_DEPTH = 1_000


@dataclass(frozen=True, slots=True)
class Checked:
    """The verified checker has accepted `proof` of the clauses of `lemmas`. `cyclic`: the sorts by which the obligation
    is outside the fragment that instances decide; it is refuted all the same."""

    lemmas: tuple[Lemma, ...]
    proof: tuple[Clause, ...]
    cyclic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """No refutation was found. `cyclic`: see `Checked`."""

    reason: str
    cyclic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """The obligation does not hold, or what was found is no refutation."""

    reason: str


Outcome = Checked | Open | Wrong


def certify(interner: Interner, obligation: Obligation) -> Outcome:
    """Refutes the obligation (interned) and has the refutation checked. Raises `ModuleNotFoundError` if there is no
    `drup`."""
    cyclic = cyclic_sorts(obligation)
    found = search(interner, obligation, DEPTH if cyclic else ANY_DEPTH)
    match found:
        case Refuted(lemmas, proof):
            try:
                check_refutation(interner, obligation, lemmas, proof)
            except Rejected as error:
                return Wrong(str(error))
            return Checked(lemmas, proof, cyclic)
        case Satisfied(elements):
            return Wrong(f"it has a model of {elements} elements")
        case Undecided(reason):
            return Open(reason, cyclic)
