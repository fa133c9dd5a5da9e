"""Lemmas searched where a proof did not go through: what follows a failed proof of `prove` and `check`.

In: a question whose proof failed and for which no run was found. Out: the result, proved with lemmas that were found,
or open with how far the search came. What is found is proved by the ordinary prover (`engines/inference/infer.py`), and
is not kept here: `Result.lemmas` has it, for whoever keeps it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cowspec.engines.inference.infer import Inferred, infer, reachable
from cowspec.judge.docket import Docket, result_of_proof
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.plan import Question
from cowspec.judge.proving import Attempt
from cowspec.judge.results import Result
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Formula, System
from cowspec.verdict import Induction, Limits, Proved

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


def without_lemmas(system: System) -> System:
    """The system as if nobody had written a lemma."""
    return replace(system, properties=tuple(p for p in system.properties if p.kind is not PropertyKind.LEMMA))


@dataclass(frozen=True, slots=True)
class _Answer:
    found: Inferred
    seconds: float


def _search(system: System, name: str, when: Formula, limits: Limits, seconds: float) -> _Answer:
    found = infer(
        system, [name], when, limits, seconds=seconds, from_scratch=False,
        samples=partial(reachable, system, when, limits.seed),
    )  # fmt: skip
    return _Answer(found, found.effort.seconds)


def _searched(
    docket: Docket, question: Question, attempted: Attempt, otherwise: Open, answer: _Answer | Died
) -> Sequence[AnyJob]:
    """Takes down what is proved; how far the search came goes to what follows."""
    if isinstance(answer, Died):
        if answer.bug:
            docket.bugs.append(f"lemmas for {question.property}: {answer.reason}")
        return otherwise(question, _noted(attempted, f"the search for lemmas ended: {answer.reason}"))
    found = answer.found
    if not found.is_proved:
        why = found.stuck.reason if found.stuck is not None else "the prover gave up"
        return otherwise(question, _noted(attempted, f"lemmas were searched: {why}"))
    docket.results.append(_proved(docket, question, found, attempted.seconds + answer.seconds))
    return []


def _noted(attempted: Attempt, note: str) -> Attempt:
    return replace(attempted, notes=(*attempted.notes, note))


def _proved(docket: Docket, question: Question, found: Inferred, seconds: float) -> Result:
    evidence = [verdict.evidence for _, verdict in found.verdicts if isinstance(verdict, Proved)]
    inductions = [each for each in evidence if isinstance(each, Induction)]
    count = len(found.lemmas)
    said = f"{count} lemma{'s' if count != 1 else ''} had to be found: `cowspec infer {docket.system.path}"
    return replace(
        result_of_proof(question, question.settings, inductions[0].checked_by if inductions else ()),
        notes=(f"{said} -i {question.property} --write` keeps them",),
        lemmas=tuple(lemma.prop for lemma in found.lemmas),
        seconds=seconds,
    )
