"""Work on one mutant: what a worker does, and what it returns.

A mutant is judged by what the model claims to be proved. First it is asked whether the proof of the model still goes
through with the steps that are other ones, which takes a second; then runs are searched that violate a claim; what
neither settles is proved anew, compared with the model state by state, and asked whether a run that the model claims to
exist, or a scenario, shows the difference.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from time import process_time

from cowspec.check.check import check
from cowspec.diagnostics import CompileError
from cowspec.engines.bmc.depths import reach
from cowspec.engines.bmc.goals import Target, Violates
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.induction.prove import no_longer_proved, prove
from cowspec.engines.known import NOTHING, Certificate, Known
from cowspec.evaluate.replay import ReplayError, replays_under
from cowspec.evaluate.script import operations_of
from cowspec.evidence.lock import StoredProof
from cowspec.judge.hints import hints_for
from cowspec.judge.mutation.aligning import aligned, is_alike
from cowspec.judge.mutation.comparing import Compared, compare
from cowspec.judge.mutation.runs import search, search_each
from cowspec.judge.mutation.subject import Examined, Line, Subject
from cowspec.judge.plan import Question, either
from cowspec.judge.proving import replay_without_claim
from cowspec.judge.refuting import refute as shortest_runs
from cowspec.judge.refuting import scopes_for
from cowspec.judge.results import Disagreement
from cowspec.judge.scripts import Ask, expected, play_settings, refuting_ask
from cowspec.mutation.mutants import Mutant, mutated
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.build import build
from cowspec.system.ir import Scope, Setting, System
from cowspec.verdict import Induction, Limits, Proved, Refuted, Trace

AGAIN = Limits(timeout=5.0)
"""For one obligation of a proof that is made anew: most mutants have none."""
PLAYED = Limits(timeout=60.0)
"""For one scenario, under all settings together."""
FIRST_RUNS = Limits(max_steps=14, timeout=30.0)
"""Bounds of the search for a run that the model claims."""
LONGER = 2
"""A run that the model claims may take so many steps more in a mutant."""


# ---- the model -----------------------------------------------------------------------------------------------------


def prove_lines(
    system: System, groups: Sequence[tuple[Question, ...]], limits: Limits, proofs: Sequence[StoredProof] = ()
) -> tuple[Line, ...]:
    """Proves what the model claims for any size, from the most settings to the fewest. `proofs` that a lock keeps are
    hints."""
    lines: list[tuple[Line, Known]] = []
    for group in sorted(groups, key=lambda group: -len(group[0].settings)):
        known = NOTHING
        for line, found in lines:
            if set(line.questions[0].settings) >= set(group[0].settings):
                known |= found
        names, hints = tuple(each.property for each in group), hints_for(proofs, group[0].settings)
        result = prove(system, names, group[0].when, limits, known, hints=hints)
        kept: dict[str, None] = {}
        for _, verdict in result.verdicts:
            if isinstance(verdict, Proved) and isinstance(verdict.evidence, Induction):
                kept.update(dict.fromkeys(verdict.evidence.conjuncts))
        is_proved = all(isinstance(verdict, Proved) for _, verdict in result.verdicts)
        lines.append((Line(tuple(group), tuple(kept) if is_proved else None, result.known.cores), result.known))
    return tuple(line for line, _ in lines)


def claimed_runs(
    system: System, question: Question, limits: Limits
) -> tuple[tuple[Trace, tuple[Setting, ...]], ...] | Disagreement:
    """Runs that the model claims, of one property."""
    scopes = scopes_for(system, question.scope, exact=bool(question.scope))
    bounds = replace(FIRST_RUNS, seed=limits.seed)
    found = shortest_runs(system, question.property, question.settings, scopes, bounds)
    if isinstance(found, Disagreement):
        return found
    return tuple((each.verdict.trace, each.settings) for each in found if isinstance(each.verdict, Refuted))


# ---- a mutant ------------------------------------------------------------------------------------------------------


def examine(subject: Subject, mutant: Mutant, scopes: Sequence[Scope], limits: Limits) -> Examined | Disagreement:
    """Whether the model's proofs still go through, and if not, whether there is a run that they exclude."""
    began = process_time()
    try:
        model = check(mutated(subject.program, mutant))
        system = build(replace(model, switches=subject.model.switches))
    except CompileError as error:
        return Examined(codes=tuple(dict.fromkeys(each.code for each in error.diagnostics)))
    steps = _other_steps(subject.system, system)
    if not steps and is_alike(subject.system, system):
        return Examined(system, seconds=process_time() - began)
    found = Examined(system, steps=steps)
    if _still_proved(subject, system, steps, limits):
        found = replace(found, proved=True)
    else:
        searched = search(subject, found, scopes, limits)
        if isinstance(searched, Disagreement):
            return searched
        found = searched
    return replace(found, seconds=process_time() - began)


def prove_again(subject: Subject, system: System, limits: Limits) -> tuple[Question, ...]:
    """Whether everything that the model claims is proved of the mutant, for any size, by a proof of its own from all
    the model's lemmas. What the model's proof needed is a hint. Returns claims that are not; after those of one line no
    others are tried."""
    known = NOTHING
    bounds = _again(limits)
    before: set[Setting] | None = None
    for line in subject.lines:
        settings = set(line.questions[0].settings)
        helped = known if before is not None and before >= settings else NOTHING
        hints = Certificate(line.kept or (), line.cores)
        result = prove(system, line.names, line.questions[0].when, bounds, helped, hints=hints)
        proved = {name for name, verdict in result.verdicts if isinstance(verdict, Proved)}
        if not proved >= set(line.names):
            return tuple(question for question in line.questions if question.property not in proved)
        if before is None:
            before, known = settings, result.known
    return _bounded(subject)


def look_closer(
    subject: Subject, examined: Examined, scopes: Sequence[Scope], limits: Limits
) -> Examined | Disagreement:
    """Runs of what would survive, for each claim that has lost its proof alone."""
    system = examined.system
    assert system is not None
    claims = examined.open or tuple(_open_claims(subject, system, examined.steps, limits, every=True))
    return search_each(examined, claims, scopes, limits)


def differences(
    subject: Subject, examined: Examined, scopes: Sequence[Scope], limits: Limits
) -> tuple[Compared | None, tuple[str, ...]]:
    """Whether the mutant does anything else than the model at one of the scopes; if so, or if that is open, which runs
    and scenarios notice it."""
    system = examined.system
    assert system is not None
    compared = None
    both = aligned(subject.system, system)
    if both is not None:
        old, new = both
        for scope in scopes:
            compared = compare(old, new, examined.steps, subject.settings, scope, limits)
            if compared.same or compared.differs or compared.stopped:
                break
    if compared is not None and compared.same:
        return compared, ()
    return compared, (*_missing_runs(subject, system, limits), *_other_scripts(subject, system, examined.steps))


def _other_steps(old: System, new: System) -> frozenset[str]:
    """The names of the steps that only one of them has, or that are not the same."""
    before, after = ({step.name: step for step in system.steps} for system in (old, new))
    return frozenset(name for name in {**before, **after} if before.get(name) != after.get(name))


def _bounded(subject: Subject) -> tuple[Question, ...]:
    """The claims that are not for any size."""
    proved = {question for line in subject.lines for question in line.questions}
    return tuple(claim for claim in subject.claims if claim not in proved)


def _still_proved(subject: Subject, system: System, steps: frozenset[str], limits: Limits) -> bool:
    """Whether the model's proofs go through with these steps, perhaps with fewer lemmas."""
    return next(_open_claims(subject, system, steps, limits), None) is None


def _open_claims(
    subject: Subject, system: System, steps: frozenset[str], limits: Limits, *, every: bool = False
) -> Iterator[Question]:
    """The claims for which the model's proofs do not go through with these steps: `every` one, or those of lines in
    which there is one."""
    yield from _bounded(subject)
    both = aligned(subject.system, system)
    mixed = None if both is None else replace(both[1], facts=subject.system.facts)
    formulas = {prop.name: prop.formula for prop in system.properties}
    changed = {prop.name for prop in subject.system.properties if formulas.get(prop.name) != prop.formula}
    for line in subject.lines:
        if mixed is None or line.kept is None:
            yield from line.questions
            continue
        cores = {each: core for each, core in line.cores.items() if changed.isdisjoint({each[1], *core})}
        when = line.questions[0].when
        lost = no_longer_proved(mixed, steps, line.kept, cores, line.names, when, _again(limits), every=every)
        yield from (question for question in line.questions if question.property in lost)


def _again(limits: Limits) -> Limits:
    return replace(AGAIN, timeout=min(AGAIN.timeout, limits.timeout), seed=limits.seed)


# ---- runs and scenarios that the model claims ----------------------------------------------------------------------


def _missing_runs(subject: Subject, system: System, limits: Limits) -> list[str]:
    """What the model claims to happen, and does not in the mutant within a few steps more."""
    missing = []
    for trace, settings in subject.runs:
        alike = is_alike(subject.system, system)
        found = set(replays_under(system, trace, settings)) if alike else set[Setting]()
        rest = tuple(setting for setting in settings if setting not in found)
        if rest and not _has_run(system, trace, rest, limits):
            steps = len(trace.steps)
            missing.append(f"{trace.property} has no run of {steps} to {steps + LONGER} steps any more")
    return list(dict.fromkeys(missing))


def _has_run(system: System, trace: Trace, settings: Sequence[Setting], limits: Limits) -> bool:
    """A run to the same end under one of the settings, or no answer in time."""
    target = Target(Violates(trace.property), either(system, settings))
    bounds = replace(limits, max_steps=len(trace.steps) + LONGER)
    try:
        found = reach(system, [target], trace.scope, bounds, replay=replay_without_claim, any_of=True)
    except (EncodingDisagrees, ReplayError):
        return True
    return bool(found.traces) or bool(found.stopped)


def _other_scripts(subject: Subject, system: System, steps: Collection[str]) -> list[str]:
    """Scenarios that do not end any more as the model expects. One without any of these steps, which are other ones,
    ends as it did."""
    found = []
    others = {step.operation for each in (subject.system, system) for step in each.steps if step.name in steps}
    refuting = [refuting_ask(system, question) for question in subject.scripted]
    for ask in (*expected(system, subject.settings, subject.selection), *refuting):
        if not others.isdisjoint(operations_of(system, ask.scenario)) and _ends_otherwise(system, ask):
            claim = f"{ask.property} {ask.expected.value}" if ask.property and ask.expected else "blocked"
            found.append(f"scenario {ask.scenario.name}: no longer {claim}")
    return list(dict.fromkeys(found))


def _ends_otherwise(system: System, ask: Ask) -> bool:
    bounds = replace(PLAYED, timeout=PLAYED.timeout / len(ask.settings))
    played = play_settings(system, ask, bounds)
    return any(each.played.outcome is not None and each.played.outcome is not ask.expected for each in played)


RUNS = (ExpectedKind.REFUTED, ExpectedKind.REACHED)
