"""Refutations checked: the lemmas made into clauses, the proof read by a verified checker.

In: an interned obligation, lemmas, a proof. Out: nothing, or `Rejected`. This is the one place that knows `drup`, a
checker of DRUP proofs written and verified in Why3, extracted to OCaml (https://github.com/cmu-transparency/verified_rup).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from cowspec.encode.herbrand.clauses import Clause, Lemma, NotALemma, clauses_of
from cowspec.encode.herbrand.interning import Interner
from cowspec.encode.relational.obligation import Obligation


class Rejected(Exception):
    """The refutation is none; the message says where it breaks."""


def check_refutation(
    interner: Interner, obligation: Obligation, lemmas: Iterable[Lemma], proof: Sequence[Clause]
) -> None:
    """Returns if the obligation holds, by these lemmas and this proof. Raises `Rejected`, and `ModuleNotFoundError` if
    there is no `drup`."""
    try:
        clauses = clauses_of(interner, obligation, lemmas)
    except NotALemma as error:
        raise Rejected(str(error)) from None
    if not proof or proof[-1] != ():
        raise Rejected("the proof does not end with the empty clause")
    checker = checker_module()
    answer = checker.check_proof([list(clause) for clause in clauses], [list(line) for line in proof])
    if answer.outcome != checker.Outcome.VALID:
        raise Rejected("the verified checker rejects the proof")


def checker_module() -> Any:
    """`drup`; it is imported when it is needed, as it is optional. Raises `ModuleNotFoundError`."""
    import drup

    return drup
