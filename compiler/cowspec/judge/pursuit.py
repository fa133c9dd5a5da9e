"""Proofs and searches for runs, and what follows from each.

A proof that does not go through is followed by a search for runs, and where there are none either, by proofs under
fewer settings. A search that finds no run quickly is followed by a proof, and if that fails goes on to the full depth.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic

from cowspec.engines.known import NOTHING, Known
from cowspec.engines.scopes import elements
from cowspec.judge.docket import Docket, result_of_proof, result_of_search
from cowspec.judge.fallback import fallback_job
from cowspec.judge.hints import hints_for
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.lemmas import lemma_job, searches
from cowspec.judge.outcomes import TimedSearch, proof_memo, search_memo
from cowspec.judge.plan import Question, restricted
from cowspec.judge.proving import Attempt, Attempts, attempt
from cowspec.judge.refuting import Searched, refute, scopes_for
from cowspec.judge.relations import Relations
from cowspec.judge.results import Claim, Disagreement, Finding, Proof, Result
from cowspec.judge.selection import sizes_of
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Formula, Scope, Setting
from cowspec.verdict import Induction, Limits, NoViolation, Proved, Unknown

FIRST = Limits(max_steps=14, timeout=30.0)
"""Bounds of the first search for runs."""
DOUBT = Limits(max_steps=10, timeout=20.0)
DOUBT_SPAN = 4
"""Bounds of the search for runs after a proof did not go through, at scopes of at most so many elements more than the
smallest. An author who misses a lemma waits for it."""
SPLITS = 64  # settings of a question that are proved in smaller groups at most
PROOF_BUDGET = 20  # a proof has many obligations: it is killed after so many times the limit of one
SEARCH_BUDGET = 30  # a search goes through groups of scopes


# ---- runs ----------------------------------------------------------------------------------------------------------


def search_job(docket: Docket, question: Question) -> AnyJob:
    """Runs under each setting of the question. Where a quick search at growing scopes finds none, a proof is tried
    before the search goes to the full depth."""
    limits = docket.limits
    if question.within is not None:
        limits = replace(limits, max_steps=question.within)
    exact = bool(question.scope) or question.expected is ExpectedKind.NO_VIOLATION
    if exact or limits == _bounded(limits, FIRST):
        return _search(docket, question, limits, exact, partial(_searched, docket, question))
    return _search(docket, question, _bounded(limits, FIRST), exact, partial(_first_searched, docket, question))


def _search(
    docket: Docket,
    question: Question,
    limits: Limits,
    exact: bool,
    then: Callable[[TimedSearch | Died], Sequence[AnyJob]],
    span: int | None = None,
) -> AnyJob:
    sizes = dict(question.scope) or sizes_of(docket.system, docket.selection)
    scopes = scopes_for(docket.system, sizes.items(), exact=exact)
    if span is not None:
        scopes = tuple(scope for scope in scopes if elements(scope) <= elements(scopes[0]) + span)
    return Job(
        f"{docket.system.name}: runs for {question.property}",
        partial(_timed_refute, docket.relations, question.property, question.settings, scopes, limits),
        then,
        limits.timeout * (1 if exact else SEARCH_BUDGET) + 60,
        search_memo(
            docket.key("runs", question.property, question.settings, scopes, limits),
            docket.system,
            question.property,
            question.settings,
        ),
        docket.relations.prepare if len(question.settings) > 1 else None,  # under one setting the slice is searched
    )


def _timed_refute(
    relations: Relations, name: str, settings: Sequence[Setting], scopes: Sequence[Scope], limits: Limits
) -> TimedSearch:
    began = monotonic()
    return refute(relations.system, name, settings, scopes, limits, relations), monotonic() - began


def _bounded(limits: Limits, by: Limits) -> Limits:
    """The limits, but no more than `by`."""
    return replace(limits, max_steps=min(limits.max_steps, by.max_steps), timeout=min(limits.timeout, by.timeout))


def _answers(
    docket: Docket, question: Question, answer: TimedSearch | Died
) -> tuple[tuple[Searched, ...], float] | None:
    """What a search found; None, taken down, if it died or the evaluator refuses its run."""
    if isinstance(answer, Died):
        docket.lost(question, question.settings, answer, "bmc")
        return None
    found, seconds = answer
    if isinstance(found, Disagreement):
        docket.refused(question, question.settings, found)
        return None
    return found, seconds


def _searched(docket: Docket, question: Question, answer: TimedSearch | Died, *, said: str = "") -> Sequence[AnyJob]:
    """Takes down what was found. `said`: is added where there is no run."""
    answers = _answers(docket, question, answer)
    for each in answers[0] if answers is not None else ():
        result = result_of_search(question, each, answers[1] if answers is not None else 0.0)
        if said and result.claim != Claim.TRACE:
            result = replace(result, notes=(*result.notes, said))
        docket.results.append(result)
    return []


def _first_searched(docket: Docket, question: Question, answer: TimedSearch | Died) -> Sequence[AnyJob]:
    """Takes down the runs; tries to prove that there are none under the other settings."""
    answers = _answers(docket, question, answer)
    if answers is None:
        return []
    rest = _take_runs(docket, question, *answers)
    if not rest:
        return []
    again = restricted(docket.system, question, rest)
    return [proof(docket, [again], partial(_second_searched, docket, again))]


def _second_searched(docket: Docket, question: Question, answer: Attempts | Died) -> Sequence[AnyJob]:
    """Proved: there are no runs. If not, the search goes on."""
    if isinstance(answer, Attempts) and isinstance(answer.found[0].verdict, Proved):
        docket.proof_ended(answer, question.when)
        docket.results.append(_proved(question, answer.found[0], question.when, answer.known))
        return []
    open_proof = answer.found[0].verdict if isinstance(answer, Attempts) else Unknown(answer.reason)
    said = f"no proof either: {open_proof.reason}" if isinstance(open_proof, Unknown) else ""
    return [_search(docket, question, docket.limits, False, partial(_searched, docket, question, said=said))]


def _take_runs(docket: Docket, question: Question, found: Sequence[Searched], seconds: float) -> tuple[Setting, ...]:
    """Takes down the runs; returns the settings without one."""
    open_settings: set[Setting] = set()
    for each in found:
        result = result_of_search(question, each, seconds)
        if result.claim == Claim.TRACE:
            docket.results.append(result)
        else:
            open_settings.update(each.settings)
    return tuple(setting for setting in question.settings if setting in open_settings)


# ---- proofs --------------------------------------------------------------------------------------------------------


def proof_job(docket: Docket, questions: Sequence[Question]) -> AnyJob:
    """One proof of several properties together, under all settings of these questions, which are the same."""
    return proof(docket, questions, partial(attempted, docket, questions))


def proof(
    docket: Docket,
    questions: Sequence[Question],
    then: Callable[[Attempts | Died], Sequence[AnyJob]],
    known: Known = NOTHING,
) -> AnyJob:
    """The same with what follows from it. What is `known` makes it faster, as hints do, and is no part of the
    question."""
    names = tuple(question.property for question in questions)
    hints = hints_for(docket.hints, questions[0].settings)
    return Job(
        f"{docket.system.name}: proof of {', '.join(names)}",
        partial(attempt, docket.system, names, questions[0].when, docket.limits, known, docket.relations, hints),
        then,
        docket.limits.timeout * PROOF_BUDGET + 60,
        proof_memo(docket.key("proof", names, questions[0].when, docket.limits), names),
        docket.relations.prepare,
    )


def attempted(docket: Docket, questions: Sequence[Question], answer: Attempts | Died) -> Sequence[AnyJob]:
    """Takes down what is proved; for the rest, searches runs. After a crash each property is tried by itself."""
    if isinstance(answer, Died):
        if len(questions) > 1 and not answer.bug:
            return [proof_job(docket, [question]) for question in questions]
        for question in questions:
            docket.lost(question, question.settings, answer, "induction")
        return []
    by_name = {each.property: each for each in answer.found}
    docket.proof_ended(answer, questions[0].when)
    jobs: list[AnyJob] = []
    for question in questions:
        found = by_name[question.property]
        if isinstance(found.verdict, Proved):
            docket.results.append(_proved(question, found, questions[0].when, answer.known))
        else:
            limits = _bounded(docket.limits, DOUBT)
            doubted = partial(_doubted, docket, question, found)
            jobs.append(_search(docket, question, limits, False, doubted, span=DOUBT_SPAN))
    return jobs


def _doubted(docket: Docket, question: Question, attempted: Attempt, answer: TimedSearch | Died) -> Sequence[AnyJob]:
    """Runs refute; the settings without a run are proved in smaller groups, or stay unknown."""
    answers = _answers(docket, question, answer)
    if answers is None:
        return []
    rest = _take_runs(docket, question, *answers)
    depths = [each.verdict.steps for each in answers[0] if isinstance(each.verdict, NoViolation)]
    searched = f"no run of up to {min(depths)} steps at the scopes tried" if depths else ""
    if not rest:
        return []
    again = restricted(docket.system, question, rest)
    noted = replace(attempted, searched=searched)
    if len(rest) < len(question.settings):
        return [proof(docket, [again], partial(_proved_without_lemmas, docket, again, noted))]
    return _with_lemmas(docket, again, noted)


def _proved_without_lemmas(
    docket: Docket, question: Question, before: Attempt, answer: Attempts | Died
) -> Sequence[AnyJob]:
    """What is left when runs were found under some settings."""
    return _split(docket, question, before, answer, otherwise=_with_lemmas)


def _with_lemmas(docket: Docket, question: Question, attempted: Attempt) -> Sequence[AnyJob]:
    """Lemmas are searched, if that is wanted, then proofs of smaller groups are tried."""
    if searches(docket, question):
        return [lemma_job(docket, question, attempted, partial(_at_a_scope, docket))]
    return _at_a_scope(docket, question, attempted)


def _at_a_scope(docket: Docket, question: Question, attempted: Attempt) -> Sequence[AnyJob]:
    """A proof at one scope is tried; whatever comes of it but a run, proofs of smaller groups are tried next."""

    def then(part: Question, said: tuple[str, ...]) -> Sequence[AnyJob]:
        return _smaller(docket, part, replace(attempted, notes=(*attempted.notes, *said)))

    return [fallback_job(docket, question, then)]


def _smaller(docket: Docket, question: Question, attempted: Attempt) -> Sequence[AnyJob]:
    """Proofs for parts of the settings, by the options of one switch; a single setting, or too many, stay open."""
    settings = question.settings
    if len(settings) == 1 or len(settings) > SPLITS:
        docket.results.append(_open(question, attempted))
        return []
    parts = [restricted(docket.system, question, part) for part in halves(settings)]
    return [proof(docket, [part], partial(_split, docket, part, attempted)) for part in parts]


def _split(
    docket: Docket,
    question: Question,
    before: Attempt,
    answer: Attempts | Died,
    otherwise: Callable[[Docket, Question, Attempt], Sequence[AnyJob]] | None = None,
) -> Sequence[AnyJob]:
    """One of the smaller groups; no run is searched again. `otherwise`: what follows if it is not proved either."""
    if isinstance(answer, Died):
        docket.lost(question, question.settings, answer, "induction")
        return []
    found = answer.found[0]
    docket.proof_ended(answer, question.when)
    if isinstance(found.verdict, Proved):
        docket.results.append(_proved(question, found, question.when, answer.known))
        return []
    said = tuple(note for note in before.notes if note not in found.notes)
    noted = replace(found, searched=before.searched, notes=(*found.notes, *said))
    return (otherwise or _smaller)(docket, question, noted)


def halves(settings: tuple[Setting, ...]) -> list[tuple[Setting, ...]]:
    """The settings by the options of the first switch in which they differ."""
    for at in range(len(settings[0]) if settings else 0):
        parts: dict[str, list[Setting]] = {}
        for setting in settings:
            parts.setdefault(setting[at][1], []).append(setting)
        if len(parts) > 1:
            return [tuple(part) for part in parts.values()]
    return [settings]


def _proved(question: Question, found: Attempt, when: Formula, known: Known) -> Result:
    """`when`: as it was proved, together with other questions under the same settings."""
    evidence = found.verdict.evidence if isinstance(found.verdict, Proved) else None
    checked_by = evidence.checked_by if isinstance(evidence, Induction) else ()
    return replace(
        result_of_proof(question, question.settings, checked_by),
        notes=found.notes,
        proofs=(Proof(question.settings, when, known),),
        seconds=found.seconds,
    )


def _open(question: Question, found: Attempt) -> Result:
    verdict = found.verdict if isinstance(found.verdict, Unknown) else Unknown("")
    return Result(
        question.property,
        question.kind,
        question.settings,
        Finding.UNKNOWN,
        Claim.NONE,
        "induction",
        expected=question.expected.value,
        reason=verdict.reason,
        cti=verdict.cti,
        cti_witness=found.witness,
        notes=(*found.notes, *((found.searched,) if found.searched else ())),
        seconds=found.seconds,
    )
