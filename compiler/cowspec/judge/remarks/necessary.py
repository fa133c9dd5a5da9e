"""Lemmas of the model file that no proof needs: what `check --necessary` asks once everything is proved.

In: the proofs of a model, each with the conjuncts that it rests on and the core of each of its obligations. Out: lemmas
without which, all of them left out together, everything that was proved is proved.

First what is known already: a lemma that no proof rests on is not needed, as cores are proofs. But cores are not the
fewest, so the other lemmas are left out one after the other: whatever rests on the lemma, directly or through other
conjuncts, is proved anew without it; the rest of each proof stands. If that goes through, the lemma stays out. What is
not named is needed by the prover, given the others; other proofs may need less.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cowspec.engines.induction.prove import prove
from cowspec.engines.known import Known
from cowspec.judge.docket import Docket, Shown
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.results import Finding, Remark
from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import System
from cowspec.verdict import Induction, Limits, Proved

PATIENCE = 10.0
"""Limit of an obligation while a lemma is left out: less than a proof may take."""
TRIAL_BUDGET = 5  # a trial is killed after so many times the limit of an obligation


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of leaving out a lemma: the proofs without it, or (None) at least one does not go through.
    `gave_up`: as the solver did."""

    proofs: tuple[Shown, ...] | None
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class _Progress:
    """`dropped`: lemmas that are not needed; `waiting`: those still to be tried; `proofs`: without the dropped ones."""

    dropped: tuple[str, ...]
    waiting: tuple[str, ...]
    proofs: tuple[Shown, ...]


def necessity_jobs(docket: Docket) -> list[AnyJob]:
    """The first job for a model all of whose proofs have gone through; names what needs no job."""
    lemmas = own_lemmas(docket)
    if not lemmas or not docket.shown:
        return []
    if any(result.verdict == Finding.UNKNOWN for result in docket.results):
        docket.notes.append("which lemmas are needed was not asked, as some proofs are missing")
        return []
    used = frozenset[str]().union(*(rests for proof in docket.shown for rests in proof.rests_on.values()))
    dropped = tuple(name for name in lemmas if name not in used)
    waiting = tuple(name for name in lemmas if name in used)
    return _next(docket, _Progress(dropped, waiting, tuple(docket.shown)))


def own_lemmas(docket: Docket) -> tuple[str, ...]:
    """The lemmas that the model file declares, no expectation names, and some proof could use."""
    system = docket.system
    asked = {name for line in system.expectations for name in line.properties}
    useless = {name for name in docket.dropped if name not in docket.kept}
    return tuple(
        prop.name
        for prop in system.properties
        if prop.kind is PropertyKind.LEMMA and prop.span.path == system.path and prop.name not in asked | useless
    )


def without(system: System, lemmas: Iterable[str], proofs: Sequence[Shown], limits: Limits) -> Trial:
    """Proves again what rests on the lemmas, in a system that does not have them."""
    left_out = frozenset(lemmas)
    kept = tuple(prop for prop in system.properties if prop.name not in left_out)
    found = []
    for proof in proofs:
        smaller = replace(system, properties=(*kept, *proof.lemmas))
        goals = [name for name, rests in proof.rests_on.items() if not rests.isdisjoint(left_out)]
        known = untainted(proof.known, left_out)
        result = prove(smaller, goals, proof.when, limits, known)
        rests_on: dict[str, frozenset[str]] = dict(proof.rests_on)
        for name, verdict in result.verdicts:
            if not (isinstance(verdict, Proved) and isinstance(verdict.evidence, Induction)):
                return Trial(None, any(failure.reason for failure in result.failures))
            rests_on[name] = frozenset(verdict.evidence.conjuncts)
        found.append(replace(proof, rests_on=rests_on, known=result.known))
    return Trial(tuple(found))


def untainted(known: Known, left_out: frozenset[str]) -> Known:
    """What is known without the lemmas: the conjuncts whose obligations need none of them, nor what needs them."""
    tainted = set(left_out)
    while more := {name for (_, name), core in known.cores.items() if name not in tainted and core & tainted}:
        tainted |= more
    return Known(
        tuple(name for name in known.inductive if name not in tainted),
        {question: core for question, core in known.cores.items() if question[1] not in tainted},
        {question: when for question, when in known.under.items() if question[1] not in tainted},
        frozenset(question for question in known.confirmed if question[1] not in tainted),
    )


def _next(docket: Docket, progress: _Progress) -> list[AnyJob]:
    """A job for the next lemma; if there is none, the remarks."""
    if not progress.waiting:
        docket.remarks += _remarks(docket.system, progress)
        return []
    name = progress.waiting[0]
    affected = tuple(proof for proof in progress.proofs if any(name in rests for rests in proof.rests_on.values()))
    limits = replace(docket.limits, timeout=min(PATIENCE, docket.limits.timeout))
    return [
        Job(
            f"{docket.system.name}: proofs without {name}",
            partial(without, docket.system, (*progress.dropped, name), affected, limits),
            partial(_tried, docket, progress, name, affected),
            docket.limits.timeout * TRIAL_BUDGET,
        )
    ]


def _tried(
    docket: Docket, progress: _Progress, name: str, affected: Sequence[Shown], answer: Trial | Died
) -> Sequence[AnyJob]:
    later = replace(progress, waiting=progress.waiting[1:])
    if isinstance(answer, Died) and answer.bug:
        docket.bugs.append(f"proofs without {name}: {answer.reason}")
    elif isinstance(answer, Died) or answer.gave_up:
        span = _spans(docket.system)[name]
        docket.remarks.append(Remark("N807", f"whether lemma {name} is needed was not decided in time", span, name))
    elif answer.proofs is not None:
        new = dict(zip(map(id, affected), answer.proofs, strict=True))
        proofs = tuple(new.get(id(proof), proof) for proof in progress.proofs)
        later = replace(later, dropped=(*progress.dropped, name), proofs=proofs)
    return _next(docket, later)


def _remarks(system: System, progress: _Progress) -> list[Remark]:
    count = len({name for proof in progress.proofs for name in proof.rests_on})
    said = "the property proved at any size is" if count == 1 else f"the {count} properties proved at any size are"
    others = " and the others named so" if len(progress.dropped) > 1 else ""
    return [
        Remark(
            "N805",
            f"lemma {name} is not needed: {said} proved without it{others}",
            _spans(system)[name],
            name,
        )
        for name in progress.dropped
    ]


def _spans(system: System) -> Mapping[str, Span]:
    return {prop.name: prop.span for prop in system.properties}
