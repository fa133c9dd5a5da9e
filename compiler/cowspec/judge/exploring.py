"""`proved at Cpu=2, Page=3`: all reachable states of one scope, counted by the evaluator."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.search import explore
from cowspec.evidence.records import read
from cowspec.evidence.runs import run_record
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job, Memo
from cowspec.judge.outcomes import believed, chosen, items, member, numbered
from cowspec.judge.plan import Question
from cowspec.judge.refuting import shown, witness_of
from cowspec.judge.results import Claim, Finding, Result, Witness
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Scope, Setting, System
from cowspec.verdict import Limits, Trace

MAX_DEPTH = 1_000_000  # the depth is not what bounds a proof at a scope


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
    scope = default_scope(docket.system, dict(question.scope))
    limits = replace(docket.limits, max_steps=MAX_DEPTH)
    return Job(
        f"{docket.system.name}: all states for {question.property}",
        partial(explore_settings, docket.system, question.property, question.settings, scope, limits),
        partial(_explored, docket, question),
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
        return None
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
    system: System, name: str, settings: Sequence[Setting], scope: Scope, limits: Limits
) -> tuple[ScopeAnswer, ...]:
    """One search for all settings that agree on the switches which it has read."""
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
    return tuple(answers)


def _explored(docket: Docket, question: Question, answer: tuple[ScopeAnswer, ...] | Died) -> Sequence[AnyJob]:
    if isinstance(answer, Died):
        docket.lost(question, question.settings, answer, "explicit")
    else:
        docket.results += [_result(question, each) for each in answer]
    return []


def _result(question: Question, found: ScopeAnswer) -> Result:
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
