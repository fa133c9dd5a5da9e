"""The lemmas of a search, with what is needed to tell which of them a refutation needs."""

from dataclasses import dataclass, field

from cowspec.encode.herbrand.clauses import Clause, Grounding, Lemma, add


@dataclass(slots=True)
class Learned:
    """`clauses`: of each lemma; `order`: the lemmas in the order in which they were added. `maker_of_universal`,
    `maker_of_term`: the number of the lemma that first made a universal's variable, or a term."""

    made: Grounding
    clauses: dict[Lemma, Clause] = field(default_factory=dict)
    order: list[Lemma] = field(default_factory=list)
    maker_of_universal: dict[int, int] = field(default_factory=dict)
    maker_of_term: dict[int, int] = field(default_factory=dict)


def learn(learned: Learned, lemma: Lemma) -> None:
    """Adds the lemma, unless it is there."""
    if lemma in learned.clauses:
        return
    made, number = learned.made, len(learned.order)
    terms, universals = len(made.terms), len(made.universals)
    learned.clauses[lemma] = add(made, lemma)
    learned.order.append(lemma)
    learned.maker_of_term.update((term, number) for term in range(terms, len(made.terms)))
    for variable in list(made.universals)[universals:]:
        learned.maker_of_universal[variable] = number
