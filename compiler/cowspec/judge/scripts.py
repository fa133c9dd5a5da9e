"""Scenarios: each expectation of a script, played under its settings by the evaluator."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic

from cowspec.engines.scopes import default_scope
from cowspec.evaluate.replay import replays_under
from cowspec.evaluate.scenario import Played, play
from cowspec.evaluate.script import least_sizes
from cowspec.evidence.records import RecordError, read, record
from cowspec.evidence.runs import read_run, run_record
from cowspec.evidence.traces import TraceError
from cowspec.judge.docket import Docket, result_of_search
from cowspec.judge.jobs import AnyJob, Died, Job, Memo
from cowspec.judge.outcomes import answers_all, believed, chosen, items, member, members, numbered
from cowspec.judge.plan import Question
from cowspec.judge.refuting import Searched, witness_of
from cowspec.judge.results import Claim, Finding, Result, Witness
from cowspec.judge.selection import NO_FAULT, Selection, selected, sizes_of
from cowspec.source import Span
from cowspec.syntax.ast import Outcome
from cowspec.system.ir import Scenario, Scope, Setting, System
from cowspec.system.switches import holds
from cowspec.verdict import Limits, Refuted

KIND = "scenario"
FINDINGS = {Outcome.VIOLATED: Finding.VIOLATED, Outcome.HOLDS: Finding.HOLDS, Outcome.BLOCKED: Finding.BLOCKED}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a script under these settings. `property` None: can it run to its end? `expected` None: nothing
    is expected, the answer is only shown."""

    scenario: Scenario
    property: str | None
    expected: Outcome | None
    settings: tuple[Setting, ...]
    scope: Scope
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Playing:
    """How the script went under these settings."""

    settings: tuple[Setting, ...]
    played: Played
    witness: Witness
    seconds: float


def script_jobs(docket: Docket) -> list[AnyJob]:
    """A job for each expectation of each selected scenario."""
    return [script_job(docket, ask) for ask in expected(docket.system, docket.settings, docket.selection)]


def expected(system: System, settings: Sequence[Setting], selection: Selection) -> tuple[Ask, ...]:
    """Each expectation of each selected scenario under those of the settings for which it stands."""
    asks = []
    for scenario in system.scenarios:
        for expect in scenario.expects if selected(scenario.name, selection) else ():
            under = tuple(setting for setting in settings if holds(expect.when, setting))
            scope = scope_for(system, scenario, dict(expect.scope))
            asks.append(Ask(scenario, expect.property, expect.outcome, under, scope, expect.span))
    return tuple(ask for ask in asks if ask.settings)


def free_jobs(docket: Docket) -> list[AnyJob]:
    """For each selected scenario, under all selected settings: what becomes of every property that its expectations
    name, and where nothing is violated (or no property is named), can it run to its end?"""
    asks = []
    for scenario in docket.system.scenarios:
        if selected(scenario.name, docket.selection):
            scope = scope_for(docket.system, scenario, sizes_of(docket.system, docket.selection))
            names = dict.fromkeys(expect.property for expect in scenario.expects if expect.property is not None)
            for name in names or [None]:
                asks.append(Ask(scenario, name, None, docket.settings, scope))
    return [script_job(docket, ask) for ask in asks if ask.settings]


def refuting_job(docket: Docket, question: Question) -> AnyJob:
    """A run of the question's scenario that violates the property, under each of its settings."""
    return replace(script_job(docket, refuting_ask(docket.system, question)), then=partial(refuted, docket, question))


def refuting_ask(system: System, question: Question) -> Ask:
    """What the scenario is asked that the question names."""
    scenario = next(each for each in system.scenarios if each.name == question.by)
    scope = scope_for(system, scenario, dict(question.scope))
    return Ask(scenario, question.property, Outcome.VIOLATED, question.settings, scope)


def refuted(docket: Docket, question: Question, answer: tuple[Playing, ...] | Died) -> Sequence[AnyJob]:
    """Takes down the runs, each for all settings that it is one under."""
    if isinstance(answer, Died):
        docket.lost(question, question.settings, answer, "evaluator")
        return []
    runs = [each for each in answer if each.played.trace is not None]
    for each in answer:
        if each.played.trace is None:
            said = each.played.outcome.value if each.played.outcome is not None else each.played.stopped
            reason = f"no run of scenario {question.by} violates it: {said}"
            docket.unknown(question, each.settings, reason, "evaluator")
    waiting = tuple(setting for each in runs for setting in each.settings)
    for each in runs:
        trace = each.played.trace
        if trace is not None and not set(each.settings).isdisjoint(waiting):
            alike = set(replays_under(docket.system, trace, waiting))
            settings = tuple(setting for setting in question.settings if setting in alike)
            said = f"a run of scenario {question.by}; whether there is a shorter one was not asked"
            found = Searched(settings, Refuted(trace, said), each.witness)
            result = result_of_search(question, found, each.seconds)
            docket.results.append(replace(result, engine="evaluator", by=question.by))
            waiting = tuple(setting for setting in waiting if setting not in alike)
    return []


def scope_for(system: System, scenario: Scenario, sizes: dict[str, int]) -> Scope:
    """The sizes asked for; else as many elements as the script names, of a sort that it does not name the default."""
    least = least_sizes(scenario)
    return default_scope(system, least | {sort: max(size, least.get(sort, 1)) for sort, size in sizes.items()})


def play_settings(system: System, ask: Ask, limits: Limits) -> tuple[Playing, ...]:
    """Plays the script under all settings at once. `seconds` of each answer: those that all took together."""
    prop = next((prop for prop in system.properties if prop.name == ask.property), None)
    began = monotonic()
    found: list[Playing] = []
    for settings, played in play(system, ask.scenario, prop, ask.settings, ask.scope, limits):
        trace = replace(played.trace, model=system.path) if played.trace is not None else None
        witness = witness_of(system, trace) if trace is not None else ()
        found.append(Playing(settings, replace(played, trace=trace), witness, monotonic() - began))
    return tuple(found)


def follow(system: System, ask: Ask, data: object, limits: Limits) -> tuple[Playing, ...] | str:
    """Whether the run, kept as data, is one of the script that shows what is expected, under all settings of `ask`; if
    not, why."""
    prop = next((prop for prop in system.properties if prop.name == ask.property), None)
    try:
        along = read_run(system, ask.property or "", data)
    except TraceError as error:
        return str(error)
    if along.scope != ask.scope:
        return "it is a run at another scope"
    found: list[Played] = []
    for _, played in play(system, ask.scenario, prop, ask.settings, ask.scope, limits, along=along):
        if played.outcome is not ask.expected or played.trace is None:
            return played.stopped or "it shows another outcome"
        found.append(played)
    trace = replace(along, model=system.path)
    return (Playing(ask.settings, replace(found[0], trace=trace), witness_of(system, trace), 0.0),)


def script_job(docket: Docket, ask: Ask) -> AnyJob:
    return Job(
        f"{docket.system.name}: scenario {ask.scenario.name}",
        partial(play_settings, docket.system, ask, docket.limits),
        partial(_played, docket, ask),
        docket.limits.timeout * len(ask.settings) + 60,
        Memo(
            docket.key("script", ask, docket.limits),
            partial(_playings_record, docket.system, ask),
            partial(_read_playings, docket.system, ask),
        ),
    )


def _playings_record(system: System, ask: Ask, answer: Sequence[Playing]) -> object:
    """Of a search that nothing stopped."""
    if any(each.played.outcome is None for each in answer):
        return None
    numbers = numbered(ask.settings)
    records = []
    for each in answer:
        bare = replace(each.played, trace=None, fault=None)
        runs = {"run": each.played.trace, "fault": each.played.fault}
        records.append(
            {"settings": [numbers[setting] for setting in each.settings], "played": record(bare)}
            | {name: run_record(system, trace) for name, trace in runs.items() if trace is not None}
        )
    return records


def _read_playings(system: System, ask: Ask, data: object) -> tuple[Playing, ...]:
    """Raises `RecordError` or `TraceError`."""
    found = []
    for each in items(data):
        under = chosen(ask.settings, member(each, "settings"))
        played = read(Played, member(each, "played"))
        run, fault = members(each).get("run"), members(each).get("fault")
        shows = Outcome.HOLDS if ask.property is None else Outcome.VIOLATED
        if (run is not None) is not (played.outcome is shows):
            raise RecordError("a run is missing, or shows nothing")
        trace = None if run is None else believed(system, ask.property or "", under, run)
        faulted = None if fault is None else believed(system, NO_FAULT, under[:1], fault)
        witness = () if trace is None else witness_of(system, trace)
        found.append(Playing(under, replace(played, trace=trace, fault=faulted), witness, 0.0))
    answers_all(ask.settings, (setting for each in found for setting in each.settings))
    return tuple(found)


def _played(docket: Docket, ask: Ask, answer: tuple[Playing, ...] | Died) -> Sequence[AnyJob]:
    if isinstance(answer, Died):
        if answer.bug:
            docket.bugs.append(f"scenario {ask.scenario.name}: {answer.reason}")
        open_script(docket, ask, answer.reason)
    else:
        docket.results += [played_result(ask, each) for each in answer]
        if ask.expected is None and ask.property is not None:
            quiet = tuple(s for each in answer if each.played.outcome is Outcome.HOLDS for s in each.settings)
            return [script_job(docket, replace(ask, property=None, settings=quiet))] if quiet else []
    return []


def open_script(docket: Docket, ask: Ask, reason: str) -> None:
    """Nothing is known of the script under these settings."""
    docket.results.append(replace(_empty(ask), reason=reason))


def _empty(ask: Ask) -> Result:
    return Result(
        ask.property or "",
        KIND,
        ask.settings,
        Finding.UNKNOWN,
        Claim.NONE,
        "evaluator",
        expected=ask.expected.value if ask.expected is not None else None,
        scenario=ask.scenario.name,
    )


def played_result(ask: Ask, found: Playing) -> Result:
    played = found.played
    notes = [f"a run of the script faults: {played.fault.fault}"] if played.fault is not None else []
    if played.outcome is Outcome.BLOCKED:
        notes.append(f"no run gets through line {played.lines + 1} of {len(ask.scenario.lines)}")
    result = replace(_empty(ask), settings=found.settings, notes=tuple(notes), seconds=found.seconds)
    if played.outcome is None:
        return replace(result, reason=played.stopped)
    return replace(
        result,
        verdict=FINDINGS[played.outcome],
        claim=Claim.TRACE if played.outcome is Outcome.VIOLATED else Claim.SCOPE,
        scope=ask.scope,
        steps=len(played.trace.steps) if played.trace is not None else None,
        as_declared=ask.expected is played.outcome,
        evidence=((("trace" if played.trace is not None else "states"), ("evaluator",)),),
        trace=played.trace,
        witness=found.witness,
    )
