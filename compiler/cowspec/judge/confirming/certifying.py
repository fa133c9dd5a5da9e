"""Certificates of what was proved: each obligation refuted by instances, and that accepted by a verified checker.

In: a system, its results. Out: a `Certified`: the certificate, and what became of each obligation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cowspec.encode.herbrand.interning import Interner, interned
from cowspec.encode.relational.obligation import assumed
from cowspec.encode.relational.translate import formula_of
from cowspec.engines.instantiation.certify import Checked, Open, Outcome, Wrong, certify
from cowspec.engines.obligation import Asked, obligations
from cowspec.evidence.certificates import Certificate, CertifiedClaim, Entry, Refutation
from cowspec.judge.confirming.portions import in_portions
from cowspec.judge.confirming.subjects import Subjects
from cowspec.judge.jobs import Runner
from cowspec.judge.results import Claim, Result
from cowspec.system.ir import System
from cowspec.verdict import Limits


@dataclass(frozen=True, slots=True)
class Obliged:
    """What became of the obligation `step` / `goal`."""

    step: str
    goal: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Certified:
    """`obliged`: the obligations of the certificate, in its order. `goals`: how many proofs it is about."""

    certificate: Certificate
    obliged: tuple[Obliged, ...]
    goals: int


def certified(system: System, results: Sequence[Result], limits: Limits, runner: Runner) -> Certified:
    """A certificate of all any-size proofs among the results of the system. An obligation that was not refuted stands
    in it as open."""
    subjects = Subjects(system)
    proofs = [
        (result.property, proof) for result in results if result.claim == Claim.ANY_SIZE for proof in result.proofs
    ]
    asked: dict[Asked, int] = {}
    claims = []
    for goal, proof in proofs:
        of = subjects.of(proof.lemmas)
        found = tuple((lemma.name, assumed(of, lemma.name)) for lemma in proof.lemmas)
        numbers = tuple(asked.setdefault(each, len(asked)) for each in subjects.questions(goal, proof))
        claims.append(CertifiedClaim(goal, formula_of(system, proof.when), numbers, found))
    outcomes = _outcomes(system, list(asked), limits, runner)
    made = obligations(system, asked)
    entries = tuple(
        Entry(obligation, tuple(sorted(question.needed)), *_refutation(outcome))
        for (_, question, _), obligation, outcome in zip(asked, made, outcomes, strict=True)
    )
    obliged = tuple(
        Obliged(question.step, question.goal, outcome)
        for (_, question, _), outcome in zip(asked, outcomes, strict=True)
    )
    return Certified(Certificate(system.path, system.sorts, tuple(claims), entries), obliged, len(proofs))


def with_evidence(found: Certified, results: Iterable[Result]) -> tuple[Result, ...]:
    """The results; where every obligation of all proofs of a property is checked, the checker is named."""
    unchecked = {
        claim.goal
        for claim in found.certificate.claims
        if not all(isinstance(found.obliged[number].outcome, Checked) for number in claim.entries)
    }
    return tuple(
        replace(result, evidence=tuple((what, (*who, "drup")) for what, who in result.evidence))
        if result.proofs and result.property not in unchecked
        else result
        for result in results
    )


def _refutation(outcome: Outcome) -> tuple[Refutation | None, str]:
    match outcome:
        case Checked(lemmas, proof):
            return Refutation(lemmas, proof), ""
        case Open(reason) | Wrong(reason):
            return None, reason


def _outcomes(system: System, asked: Sequence[Asked], limits: Limits, runner: Runner) -> tuple[Outcome, ...]:
    def work(part: range) -> tuple[Outcome, ...]:
        return _certify(system, asked[part.start : part.stop])

    title = f"{system.name}: certificate, obligations"
    return in_portions(runner, title, work, len(asked), limits.timeout, lambda number, reason: Open(reason))


def _certify(system: System, asked: Sequence[Asked]) -> tuple[Outcome, ...]:
    interner = Interner()
    return tuple(certify(interner, interned(interner, each)) for each in obligations(system, asked))
