"""Work on one mutant: what a worker does, and what it returns.

A mutant is judged by what the model claims to be proved. First it is asked whether the proof of the model still goes
through with the steps that are other ones, which takes a second; then runs are searched that violate a claim; what
neither settles is proved anew, compared with the model state by state, and asked whether a run that the model claims to
exist, or a scenario, shows the difference.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time

from cowspec.check.check import check
from cowspec.check.modules import Program
from cowspec.check.typed import Model
from cowspec.diagnostics import CompileError
from cowspec.encode.relational.translate import formula_of
from cowspec.engines.bmc.depths import Reached, reach
from cowspec.engines.bmc.goals import Faults, Meets, Target, Violates
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.induction.prove import prove, reproved
from cowspec.engines.known import NOTHING, Certificate, Known
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay, replays_under
from cowspec.evaluate.script import operations_of
from cowspec.evidence.lock import StoredProof
from cowspec.judge.hints import hints_for
from cowspec.judge.mutation.aligning import aligned, is_alike
from cowspec.judge.mutation.comparing import Compared, compare
from cowspec.judge.mutation.scopes import fitting_first
from cowspec.judge.plan import Question, either
from cowspec.judge.proving import replay_without_claim
from cowspec.judge.refuting import refute as shortest_runs
from cowspec.judge.refuting import scopes_for, shown, witness_of
from cowspec.judge.results import Disagreement, Witness
from cowspec.judge.scripts import Ask, expected, play_settings, refuting_ask
from cowspec.judge.selection import NO_FAULT, Selection
from cowspec.mutation.mutants import Mutant, mutated
from cowspec.syntax.ast import ExpectedKind, PropertyKind
from cowspec.system.build import build
from cowspec.system.ir import And, Formula, Not, Or, Scope, Setting, System
from cowspec.system.slicing import slice_system
from cowspec.system.switches import holds
from cowspec.verdict import Induction, Limits, Proved, Refuted, Trace

MUTANT = "mutant"
AGAIN = Limits(timeout=5.0)
"""For one obligation of a proof that is made anew: most mutants have none."""
PLAYED = Limits(timeout=60.0)
"""For one scenario, under all settings together."""
FIRST_RUNS = Limits(max_steps=14, timeout=30.0)
"""Bounds of the search for a run that the model claims."""
LONGER = 2
"""A run that the model claims may take so many steps more in a mutant."""


@dataclass(frozen=True, slots=True)
class Line:
    """Claims of the model that are proved together, and from what; None if the proof did not go through. `cores`: what
    each obligation of the proof needed."""

    questions: tuple[Question, ...]
    kept: tuple[str, ...] | None
    cores: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(question.property for question in self.questions)


@dataclass(frozen=True, slots=True)
class Subject:
    """The model whose mutants are judged. `claims`: that no run violates a property; `lines`: those for any size, and
    their proofs; `runs`: that the model claims, with the settings under which each is one; `scripted`: claims of runs
    that are those of a scenario."""

    program: Program
    model: Model
    system: System
    selection: Selection
    settings: tuple[Setting, ...]
    claims: tuple[Question, ...]
    lines: tuple[Line, ...] = ()
    runs: tuple[tuple[Trace, tuple[Setting, ...]], ...] = ()
    scripted: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """`system` None: the checker refuses the mutant (`codes`). `steps`: those that are other ones; none: it is the same
    system. `proved`: the model's proofs still go through. `trace`: a run that violates what the model claims, under
    `settings`. `searched`: how far runs were searched."""

    system: System | None = None
    codes: tuple[str, ...] = ()
    steps: frozenset[str] = frozenset()
    proved: bool = False
    trace: Trace | None = None
    settings: tuple[Setting, ...] = ()
    witness: Witness = ()
    searched: tuple[str, ...] = ()
    seconds: float = 0.0


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
        searched = _search(subject, found, system, fitting_first(system, steps, scopes), limits)
        if isinstance(searched, Disagreement):
            return searched
        found = searched
    return replace(found, seconds=process_time() - began)


def prove_again(subject: Subject, system: System, limits: Limits) -> bool:
    """Whether everything that the model claims is proved of the mutant by a proof of its own, from all its lemmas. What
    the model's proof needed is a hint."""
    known = NOTHING
    bounds = replace(AGAIN, timeout=min(AGAIN.timeout, limits.timeout), seed=limits.seed)
    before: set[Setting] | None = None
    for line in subject.lines:
        settings = set(line.questions[0].settings)
        helped = known if before is not None and before >= settings else NOTHING
        hints = Certificate(line.kept or (), line.cores)
        result = prove(system, line.names, line.questions[0].when, bounds, helped, hints=hints)
        if not all(isinstance(verdict, Proved) for _, verdict in result.verdicts):
            return False
        if before is None:
            before, known = settings, result.known
    return _all_for_any_size(subject)


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


def _all_for_any_size(subject: Subject) -> bool:
    return len(subject.claims) == sum(len(line.questions) for line in subject.lines)


def _still_proved(subject: Subject, system: System, steps: frozenset[str], limits: Limits) -> bool:
    """Whether the model's proofs go through with these steps, perhaps with fewer lemmas."""
    both = aligned(subject.system, system)
    if both is None or not _all_for_any_size(subject):
        return False
    mixed = replace(both[1], facts=subject.system.facts)
    formulas = {prop.name: prop.formula for prop in system.properties}
    changed = {prop.name for prop in subject.system.properties if formulas.get(prop.name) != prop.formula}
    bounds = replace(AGAIN, timeout=min(AGAIN.timeout, limits.timeout), seed=limits.seed)
    for line in subject.lines:
        cores = {each: core for each, core in line.cores.items() if changed.isdisjoint({each[1], *core})}
        if line.kept is None or not reproved(
            mixed, steps, line.kept, cores, line.names, line.questions[0].when, bounds
        ):
            return False
    return True


# ---- runs that a claim excludes ------------------------------------------------------------------------------------


def _search(
    subject: Subject, examined: Examined, system: System, scopes: Sequence[Scope], limits: Limits
) -> Examined | Disagreement:
    """Depth by depth at one scope after the other, for all claims and settings at once."""
    said = []
    for scope in scopes:
        here = [q for q in subject.claims if not q.scope or default_scope(system, dict(q.scope)) == scope]
        bounds = [question.within for question in here if question.within is not None]
        within = replace(limits, max_steps=min([limits.max_steps, *bounds]))
        try:
            found = reach(system, _targets(system, here), scope, within, replay=replay_without_claim, any_of=True)
        except EncodingDisagrees as error:
            return Disagreement(str(error), error.trace)
        if found.traces:
            return _refuted(examined, system, here, next(iter(found.traces.values())))
        said.append(_said(found, scope))
    return replace(examined, searched=tuple(said))


def _said(found: Reached, scope: Scope) -> str:
    place = ", ".join(f"{sort}={size}" for sort, size in scope)
    return f"{found.steps} steps at {place}" + (f" ({found.stopped})" if found.stopped else "")


def _targets(system: System, claims: Iterable[Question]) -> list[Target]:
    """One for all violations in a state, one for faults, one for each transition property."""
    kinds = {prop.name: prop for prop in system.properties}
    states: list[Formula] = []
    targets: list[Target] = []
    for claim in claims:
        if claim.property == NO_FAULT:
            targets.append(Target(Faults(), claim.when))
        elif kinds[claim.property].kind is PropertyKind.TRANSITION:
            targets.append(Target(Violates(claim.property), claim.when))
        else:
            states.append(And((claim.when, _violation(system, claim.property))))
    if states:
        targets.append(Target(Meets(MUTANT, formula_of(system, Or(tuple(states))))))
    return targets


def _violation(system: System, name: str) -> Formula:
    """What must never be true."""
    (prop,) = (prop for prop in system.properties if prop.name == name)
    return prop.formula if prop.kind is PropertyKind.COVER else Not(prop.formula)


def _refuted(examined: Examined, system: System, claims: Sequence[Question], trace: Trace) -> Examined | Disagreement:
    """The run with the property that it violates, and the settings under which it does."""
    names = [trace.property] if trace.property != MUTANT else _violated_at_end(system, claims, trace)
    if not names:
        return Disagreement("the run found for the mutant violates no claim", trace)
    named = shown(system, replay(system, replace(trace, property=names[0])))
    claimed = dict.fromkeys(s for claim in claims if claim.property == names[0] for s in claim.settings)
    settings = replays_under(system, named, claimed)
    return replace(examined, trace=named, settings=settings, witness=witness_of(system, named))


def _violated_at_end(system: System, claims: Sequence[Question], trace: Trace) -> list[str]:
    machine = Machine(slice_system(system, trace.setting), trace.scope, trace.setting)
    last = trace.steps[-1].state if trace.steps else trace.start
    asked = [claim.property for claim in claims if holds(claim.when, trace.setting) and claim.property != NO_FAULT]
    kinds = {prop.name: prop.kind for prop in system.properties}
    states = [name for name in dict.fromkeys(asked) if kinds[name] is not PropertyKind.TRANSITION]
    return [name for name in states if last is not None and machine.holds(_violation(system, name), last)]


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
