"""Lemmas searched where a proof did not go through: what follows a failed proof of `prove` and `check`.

In: a question whose proof failed and for which no run was found. Out: the result, proved with lemmas that were found,
or open with how far the search came. What is found is proved by the ordinary prover, as if it stood in the model: so
the proof is like any other for whoever confirms it. The lemmas are not kept here: `Proof.lemmas` has them, for whoever
keeps them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from logging import getLogger

from cowspec.engines.inference.infer import Inferred, infer
from cowspec.judge.docket import Docket, result_of_proof
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.plan import Question
from cowspec.judge.proving import Attempt, Attempts, attempt
from cowspec.judge.results import Proof, Result
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Formula, System
from cowspec.system.lemmas import Written, with_lemmas
from cowspec.verdict import Induction, Limits, Proved

LOG = getLogger(__name__)

KILLED_AFTER = 12
"""The search counts processor time: it is killed after so many times its limit."""

Open = Callable[[Question, Attempt], Sequence[AnyJob]]
"""What follows where no lemmas were found."""


def searches(docket: Docket, question: Question) -> bool:
    """Lemmas are to be searched for this question."""
    return docket.inference is not None and question.kind == PropertyKind.INVARIANT.value


def lemma_job(docket: Docket, question: Question, attempted: Attempt, otherwise: Open) -> AnyJob:
    """Searches lemmas with which the question's property is proved under all its settings together."""
    seconds = docket.inference or 0.0
    return Job(
        f"{docket.system.name}: lemmas for {question.property}",
        partial(_search, docket.system, question.property, question.when, docket.limits, seconds),
        partial(_searched, docket, question, attempted, otherwise),
        seconds * KILLED_AFTER + 60,
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """`proof`: of the property, in the system that has the lemmas which were found; None if none were."""

    found: Inferred
    proof: Attempts | None


def _search(system: System, name: str, when: Formula, limits: Limits, seconds: float) -> _Answer:
    found = infer(system, [name], when, limits, seconds=seconds, written=Written.ALL, say=LOG.info)
    if not found.is_proved:
        return _Answer(found, None)
    extended = with_lemmas(system, [lemma.prop for lemma in found.lemmas])
    return _Answer(found, attempt(extended, (name,), when, limits))


def _searched(
    docket: Docket, question: Question, attempted: Attempt, otherwise: Open, answer: _Answer | Died
) -> Sequence[AnyJob]:
    """Takes down what is proved; how far the search came goes to what follows."""
    if isinstance(answer, Died):
        if answer.bug:
            docket.bugs.append(f"lemmas for {question.property}: {answer.reason}")
        return otherwise(question, _noted(attempted, f"the search for lemmas ended: {answer.reason}"))
    found, proof = answer.found, answer.proof
    verdict = proof.found[0].verdict if proof is not None else None
    if proof is None or not isinstance(verdict, Proved) or not isinstance(verdict.evidence, Induction):
        why = found.stuck.reason if found.stuck is not None else "the prover gave up"
        return otherwise(question, _noted(attempted, f"lemmas were searched: {why}"))
    lemmas = tuple(lemma.prop for lemma in found.lemmas if lemma.prop.name in verdict.evidence.conjuncts)
    docket.proof_ended(proof, question.when, lemmas)
    seconds = attempted.seconds + found.effort.seconds + proof.found[0].seconds
    shown = Proof(question.settings, question.when, proof.known, lemmas)
    docket.results.append(_proved(docket, question, shown, verdict.evidence.checked_by, seconds))
    return []


def _noted(attempted: Attempt, note: str) -> Attempt:
    return replace(attempted, notes=(*attempted.notes, note))


def _proved(docket: Docket, question: Question, proof: Proof, checked_by: tuple[str, ...], seconds: float) -> Result:
    count = len(proof.lemmas)
    had = f"{count} lemma{'s' if count != 1 else ''} had to be found"
    said = f"{had}: `cowspec infer {docket.system.path} -i {question.property} --write` keeps them"
    result = result_of_proof(question, question.settings, checked_by)
    return replace(result, notes=(said,) if count else (), proofs=(proof,), seconds=seconds)
