"""What proofs speak of: the model, and the lemmas that were found for some of them.

In: a system, proofs of it. Out: for each proof all that it has to show, each question with its subject. What does not
speak of found lemmas is asked of the model itself, so that proofs share it.
"""

from cowspec.encode.relational.obligation import Subject
from cowspec.engines.obligation import Asked, questions, subject
from cowspec.judge.results import Proof
from cowspec.system.ir import Property, System
from cowspec.system.lemmas import with_lemmas


class Subjects:
    """A system as the subject of obligations, alone and with lemmas that were found; each is made once. Raises
    `CountTooLarge` for systems that have no any-size proofs."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._known: dict[tuple[Property, ...], Subject] = {(): subject(system)}

    def of(self, lemmas: tuple[Property, ...]) -> Subject:
        """The system that has these lemmas, too."""
        if lemmas not in self._known:
            self._known[lemmas] = subject(with_lemmas(self._system, lemmas))
        return self._known[lemmas]

    def questions(self, goal: str, proof: Proof) -> tuple[Asked, ...]:
        """All that has to hold for the goal. Raises `Incomplete` if the proof lacks something."""
        alone, found = self.of(()), {lemma.name for lemma in proof.lemmas}
        return tuple(
            (alone if found.isdisjoint((question.goal, *question.needed)) else of, question, when)
            for of, question, when in questions(self.of(proof.lemmas), proof.known.cores, proof.known.under, goal)
        )
