"""`proved at Cpu=2, Page=3`: all reachable states of one scope, counted by the evaluator; if they are too many, an
invariant that is inductive there (`directed.py`)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.search import explore
from cowspec.evidence.records import read
from cowspec.evidence.runs import run_record
from cowspec.judge.directed import DirectedAnswer, directed_job, proved_result, run_results
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job, Memo
from cowspec.judge.outcomes import believed, chosen, items, member, numbered
from cowspec.judge.plan import Question, restricted
from cowspec.judge.refuting import shown, witness_of
from cowspec.judge.results import Claim, Finding, Result, Witness
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Scope, Setting, System
from cowspec.verdict import Limits, Trace

MAX_DEPTH = 1_000_000  # the depth is not what bounds a proof at a scope


Then = Callable[["tuple[ScopeAnswer, ...] | Died"], Sequence[AnyJob]]


@dataclass(frozen=True, slots=True)
class ScopeAnswer:
    """What all states of a scope say of a property: `trace` a shortest run to a violation (or to the cover); else
    `states` were seen, all of them unless `stopped` says why not."""

    settings: tuple[Setting, ...]
    scope: Scope
    states: int
    stopped: str
    trace: Trace | None
    witness: Witness
    seconds: float


def explore_job(docket: Docket, question: Question) -> AnyJob:
    """Counts all states; where they are too many for one setting, an invariant is searched for all settings that are
    still open, and only where there is none either, the states under the rest of them are counted."""
    return _explore(docket, question, partial(_explored, docket, question))


def _explore(docket: Docket, question: Question, then: Then, *, all_of_them: bool = False) -> AnyJob:
    scope = default_scope(docket.system, dict(question.scope))
    limits = replace(docket.limits, max_steps=MAX_DEPTH)
    return Job(
        f"{docket.system.name}: all states for {question.property}",
        partial(
            explore_settings,
            docket.system,
            question.property,
            question.settings,
            scope,
            limits,
            all_of_them=all_of_them,
        ),
        then,
        limits.timeout * len(question.settings) + 60,
        Memo(
            docket.key("states", question.property, question.settings, scope, limits),
            partial(_answers_record, docket.system, question),
            partial(_read_answers, docket.system, question, scope),
        ),
    )


def _answers_record(system: System, question: Question, answer: Sequence[ScopeAnswer]) -> object:
    """Of a search that nothing stopped."""
    if any(each.stopped for each in answer):
        return None  # also where it has not come to all settings
    numbers = numbered(question.settings)
    return [
        {
            "settings": [numbers[setting] for setting in each.settings],
            "states": each.states,
            "run": None if each.trace is None else run_record(system, each.trace),
        }
        for each in answer
    ]


def _read_answers(system: System, question: Question, scope: Scope, data: object) -> tuple[ScopeAnswer, ...]:
    """Raises `RecordError` or `TraceError`."""
    answers = []
    for each in items(data):
        under, run = chosen(question.settings, member(each, "settings")), member(each, "run")
        trace = None if run is None else believed(system, question.property, under, run)
        witness = () if trace is None else witness_of(system, trace)
        answers.append(ScopeAnswer(under, scope, read(int, member(each, "states")), "", trace, witness, 0.0))
    return tuple(answers)


def explore_settings(
    system: System, name: str, settings: Sequence[Setting], scope: Scope, limits: Limits, *, all_of_them: bool = True
) -> tuple[ScopeAnswer, ...]:
    """One search for all settings that agree on the switches which it has read. Unless `all_of_them` are asked for, the
    first that is stopped is the last."""
    asked = tuple(prop for prop in system.properties if prop.name == name)
    answers: list[ScopeAnswer] = []
    waiting = list(settings)
    while waiting:
        began = monotonic()
        machine = Machine(system, scope, waiting[0])
        found = explore(machine, asked, limits, up_to_symmetry=True, until_decided=True)
        read = machine.switches_read
        alike = [s for s in waiting if all(pair in s for pair in waiting[0] if pair[0] in read)]
        trace = found.violations.get(name) or found.reached.get(name)
        trace = shown(system, trace) if trace is not None else None
        witness = witness_of(system, trace) if trace is not None else ()
        answers.append(
            ScopeAnswer(tuple(alike), scope, found.states, found.stopped, trace, witness, monotonic() - began)
        )
        waiting = [setting for setting in waiting if setting not in set(alike)]
        if found.stopped and trace is None and not all_of_them:
            break
    return tuple(answers)


def _explored(docket: Docket, question: Question, answer: tuple[ScopeAnswer, ...] | Died) -> Sequence[AnyJob]:
    """Takes down what is decided; for the rest, searches an invariant."""
    if isinstance(answer, Died) and answer.bug:
        docket.lost(question, question.settings, answer, "explicit")
        return []
    answers = () if isinstance(answer, Died) else answer
    decided = [each for each in answers if each.trace is not None or not each.stopped]
    docket.results += [explored_result(question, each) for each in decided]
    reason = answer.reason if isinstance(answer, Died) else next((each.stopped for each in answers if each.stopped), "")
    counted = {setting for each in decided for setting in each.settings}
    rest = restricted(docket.system, question, [setting for setting in question.settings if setting not in counted])
    if not rest.settings:
        return []
    died = question.settings if isinstance(answer, Died) else ()
    stopped = {*died, *(setting for each in answers for setting in each.settings if each.stopped)}
    scope = default_scope(docket.system, dict(question.scope))
    then = partial(_directed, docket, scope, stopped, f"all states: {reason}")
    return [directed_job(docket, rest, scope, docket.limits, then)]


def _directed(
    docket: Docket, scope: Scope, stopped: Collection[Setting], reason: str, question: Question, answer: DirectedAnswer
) -> Sequence[AnyJob]:
    """Takes down what is decided now; of the rest, the states that have not been counted yet are."""
    docket.results += run_results(question, answer)
    if answer.invariant is not None:
        docket.results.append(proved_result(docket.system, question, scope, answer))
        return []
    said = f"{reason}; an invariant: {answer.stopped}"
    docket.unknown(question, [setting for setting in answer.settings if setting in stopped], said, "pdr")
    rest = restricted(docket.system, question, [setting for setting in answer.settings if setting not in stopped])
    return [_explore(docket, rest, partial(_counted, docket, rest), all_of_them=True)] if rest.settings else []


def _counted(docket: Docket, question: Question, answer: tuple[ScopeAnswer, ...] | Died) -> Sequence[AnyJob]:
    """Takes down what became of the settings for which there is no invariant either."""
    if isinstance(answer, Died):
        docket.lost(question, question.settings, answer, "explicit")
    else:
        docket.results += [explored_result(question, each) for each in answer]
    return []


def explored_result(question: Question, found: ScopeAnswer) -> Result:
    """What the count says of the question."""
    cover = question.expected is ExpectedKind.UNREACHABLE
    result = Result(
        question.property,
        question.kind,
        found.settings,
        Finding.UNKNOWN,
        Claim.NONE,
        "explicit",
        expected=question.expected.value,
        seconds=found.seconds,
    )
    if found.trace is not None:
        return replace(
            result,
            verdict=Finding.REACHED if cover else Finding.REFUTED,
            claim=Claim.TRACE,
            scope=found.scope,
            steps=len(found.trace.steps),
            evidence=(("trace", ("evaluator",)),),
            trace=found.trace,
            witness=found.witness,
        )
    if found.stopped:
        return replace(result, reason=found.stopped)
    return replace(
        result,
        verdict=Finding.UNREACHABLE if cover else Finding.PROVED,
        claim=Claim.SCOPE,
        scope=found.scope,
        as_declared=True,
        evidence=(("states", ("evaluator",)),),
        notes=(f"{found.states} states up to symmetry",),
    )
