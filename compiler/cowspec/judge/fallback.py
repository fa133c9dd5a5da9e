"""What can still be said where neither a proof for any size nor a run was found: that it holds at one scope.

All states of the default scope are counted, for a few seconds; where they are too many, an invariant is searched for
all settings at once. A run that turns up refutes. If there is none the verdict stays `unknown`, as a proof at a scope
is no answer to it, and a note says what was proved.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from cowspec.engines.scopes import default_scope
from cowspec.judge.directed import DirectedAnswer, directed_job, in_words, run_results
from cowspec.judge.docket import Docket
from cowspec.judge.exploring import MAX_DEPTH, ScopeAnswer, explore_settings, explored_result
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.plan import Question, restricted
from cowspec.judge.selection import sizes_of
from cowspec.system.ir import Scope, Setting
from cowspec.verdict import Limits

COUNTING = Limits(max_steps=MAX_DEPTH, timeout=5.0)
COUNTED = 4  # the states of so many settings are counted at most
SEARCHING = 20.0  # seconds at most for an invariant

Then = Callable[[Question, tuple[str, ...]], Sequence[AnyJob]]
"""What follows for settings without a run, and what there is to say of them: nothing, or what was proved."""


def fallback_job(docket: Docket, question: Question, then: Then) -> AnyJob:
    """Runs are taken down."""
    scope = default_scope(docket.system, sizes_of(docket.system, docket.selection))
    if len(question.settings) > COUNTED:
        return _directed_job(docket, scope, then, question)
    limits = replace(COUNTING, timeout=min(COUNTING.timeout, docket.limits.timeout))
    return Job(
        f"{docket.system.name}: all states for {question.property}",
        partial(explore_settings, docket.system, question.property, question.settings, scope, limits),
        partial(_counted, docket, question, scope, then),
        60 + 2 * limits.timeout * COUNTED,
    )


def _counted(
    docket: Docket, question: Question, scope: Scope, then: Then, answer: tuple[ScopeAnswer, ...] | Died
) -> Sequence[AnyJob]:
    jobs: list[AnyJob] = []
    done: set[Setting] = set()
    for each in () if isinstance(answer, Died) else answer:
        if each.trace is not None:
            docket.results.append(explored_result(question, each))
        elif not each.stopped:
            said = f"{_proved_at(scope)}: {each.states} states up to symmetry"
            jobs += then(_part(docket, question, each.settings), (said,))
        else:
            continue
        done.update(each.settings)
    rest = tuple(setting for setting in question.settings if setting not in done)
    return [*jobs, _directed_job(docket, scope, then, _part(docket, question, rest))] if rest else jobs


def _directed_job(docket: Docket, scope: Scope, then: Then, question: Question) -> AnyJob:
    limits = replace(docket.limits, timeout=min(SEARCHING, docket.limits.timeout))
    return directed_job(
        docket, question, scope, limits, partial(_searched, docket, scope, then), lost=lambda part: then(part, ())
    )


def _searched(docket: Docket, scope: Scope, then: Then, question: Question, answer: DirectedAnswer) -> Sequence[AnyJob]:
    docket.results += run_results(question, answer)
    if not answer.settings:
        return []
    said = () if answer.invariant is None else (f"{_proved_at(scope)}: {in_words(answer.invariant)}",)
    return then(_part(docket, question, answer.settings), said)


def _proved_at(scope: Scope) -> str:
    return "proved at " + ", ".join(f"{sort}={size}" for sort, size in scope)


def _part(docket: Docket, question: Question, settings: tuple[Setting, ...]) -> Question:
    if settings == question.settings:
        return question
    return restricted(docket.system, question, settings)
