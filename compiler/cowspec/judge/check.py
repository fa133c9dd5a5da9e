"""`check`: every expectation of the models against what the engines find; `prove` and `refute` ask their own questions.

Jobs of all models go to one runner together. What follows from the end of a job is decided here: a proof that does not
go through is followed by a search for a run, and where there is none either, by proofs of smaller groups of settings.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from cowspec.evidence.lock import LockedModel, StoredProof
from cowspec.judge.chains import chain_jobs
from cowspec.judge.confirming.crossing import cross
from cowspec.judge.docket import Docket, unlisted_result
from cowspec.judge.exploring import explore_job
from cowspec.judge.jobs import AnyJob, Runner
from cowspec.judge.lock.checking import locked_jobs
from cowspec.judge.plan import Question, asked_properties, declares, kind_of, plan, switch_formula
from cowspec.judge.pursuit import search_job
from cowspec.judge.remarks.necessary import necessity_jobs
from cowspec.judge.remarks.sanity import sanity_jobs
from cowspec.judge.remarks.vacuity import vacuity_job
from cowspec.judge.results import ModelReport
from cowspec.judge.scripts import free_jobs, refuting_job, script_jobs
from cowspec.judge.selection import NO_FAULT, Selection, selected, sizes_of, within
from cowspec.syntax.ast import ExpectedKind, PropertyKind
from cowspec.system.ir import Setting, System
from cowspec.system.lemmas import Written, with_written
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits

Hints = Mapping[str, Sequence[StoredProof]]
"""The proofs that locks keep, by the paths of the models."""

NO_HINTS: Hints = MappingProxyType({})


def check(
    systems: Sequence[System],
    selection: Selection,
    limits: Limits,
    runner: Runner,
    *,
    inference: float | None = None,
    twice: bool = False,
    necessary: bool = False,
    hints: Hints = NO_HINTS,
) -> tuple[ModelReport, ...]:
    """The report of each model, in order. `inference`: for how many seconds lemmas are searched where a proof does not
    go through. `twice`: a second solver is asked about every any-size proof. `necessary`: asks in the end which lemmas
    the proofs need. `hints`: what was shown of the models earlier; it saves time. A Ctrl-C leaves the reports of what
    is finished."""
    then = necessity_jobs if necessary else None
    return _judge(
        systems, selection, limits, runner, _check_jobs, inference=inference, then=then, twice=twice, hints=hints
    )


def check_locked(
    locked: Mapping[str, LockedModel | None],
    systems: Sequence[System],
    selection: Selection,
    limits: Limits,
    runner: Runner,
) -> tuple[ModelReport, ...]:
    """The same from what a lock says of each model (by path), without searching for what it keeps."""
    return _judge(
        systems, selection, limits, runner, lambda docket: locked_jobs(docket, locked.get(docket.system.path))
    )


def prove(
    systems: Sequence[System],
    selection: Selection,
    limits: Limits,
    runner: Runner,
    *,
    inference: float | None = None,
    from_scratch: bool = False,
    twice: bool = False,
    hints: Hints = NO_HINTS,
) -> tuple[ModelReport, ...]:
    """Tries to prove every selected property (all that are checked, without names) under every selected setting.
    `from_scratch`: without the lemmas of the models; else as for `check`."""
    systems = [with_written(system, Written.NONE) for system in systems] if from_scratch else systems
    asked = partial(_verb_jobs, expected=ExpectedKind.PROVED)
    return _judge(systems, selection, limits, runner, asked, inference=inference, twice=twice, hints=hints)


def refute_all(
    systems: Sequence[System], selection: Selection, limits: Limits, runner: Runner
) -> tuple[ModelReport, ...]:
    """Searches the shortest run for every selected property under every selected setting."""
    return _judge(systems, selection, limits, runner, partial(_verb_jobs, expected=ExpectedKind.REFUTED))


def run(systems: Sequence[System], selection: Selection, limits: Limits, runner: Runner) -> tuple[ModelReport, ...]:
    """Plays every selected scenario under every selected setting."""
    return _judge(systems, selection, limits, runner, free_jobs)


def _judge(
    systems: Sequence[System],
    selection: Selection,
    limits: Limits,
    runner: Runner,
    jobs_of: Callable[[Docket], list[AnyJob]],
    *,
    inference: float | None = None,
    twice: bool = False,
    hints: Hints = NO_HINTS,
    then: Callable[[Docket], list[AnyJob]] | None = None,
) -> tuple[ModelReport, ...]:
    dockets = [
        Docket(
            system,
            within(all_settings(system), selection),
            selection,
            limits,
            inference,
            hints.get(system.path, ()),
        )
        for system in systems
    ]
    interrupted = False
    try:
        runner([job for docket in dockets for job in jobs_of(docket)])
        if twice:
            cross(dockets, runner)
        if then is not None:
            runner([job for docket in dockets for job in then(docket)])
    except KeyboardInterrupt:
        interrupted = True
    return tuple(docket.close(interrupted=interrupted) for docket in dockets)


def _check_jobs(docket: Docket) -> list[AnyJob]:
    system = docket.system
    if not declares(system):
        return []
    asked = plan(system, docket.settings, docket.selection)
    docket.results += [unlisted_result(prop.name, prop.kind.value, rest) for prop, rest in asked.unlisted]
    jobs = _jobs(docket, asked.questions) + script_jobs(docket)
    if not docket.selection.names:
        jobs += [vacuity_job(docket), *sanity_jobs(docket)]
    return jobs


def _verb_jobs(docket: Docket, expected: ExpectedKind) -> list[AnyJob]:
    system, selection = docket.system, docket.selection
    names = [prop.name for prop in asked_properties(system) if selected(prop.name, selection)]
    names += [name for name in selection.names if kind_of(system, name) == PropertyKind.LEMMA.value]
    if (expected is ExpectedKind.PROVED and selected(NO_FAULT, selection)) or NO_FAULT in selection.names:
        names.append(NO_FAULT)
    covers = {prop.name for prop in system.properties if prop.kind is PropertyKind.COVER}
    turned = {ExpectedKind.PROVED: ExpectedKind.UNREACHABLE, ExpectedKind.REFUTED: ExpectedKind.REACHED}
    when = switch_formula(system, selection)
    exact = tuple(sizes_of(system, selection).items()) if expected is ExpectedKind.PROVED else ()
    questions = [
        Question(
            name, kind_of(system, name), turned[expected] if name in covers else expected, docket.settings, when, exact
        )
        for name in names
        if docket.settings
    ]
    return _jobs(docket, questions)


def _jobs(docket: Docket, questions: Sequence[Question]) -> list[AnyJob]:
    """The first jobs for these questions."""
    jobs: list[AnyJob] = []
    proofs: dict[tuple[Setting, ...], list[Question]] = {}
    for question in questions:
        if question.by is not None:
            jobs.append(refuting_job(docket, question))
        elif question.expected in (ExpectedKind.REFUTED, ExpectedKind.REACHED, ExpectedKind.NO_VIOLATION):
            jobs.append(search_job(docket, question))
        elif question.scope:
            jobs.append(explore_job(docket, question))
        else:
            proofs.setdefault(question.settings, []).append(question)
    return chain_jobs(docket, tuple(proofs.values())) + jobs
