"""What would make proofs worthless: no start state, steps that never fire, premises that are never true.

One search with all switches free looks for a run to each of them. What it does not find within the limits is a remark
of `check`, and named with the scope and the depth that were searched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cowspec.encode.relational.formula import TRUE
from cowspec.encode.relational.translate import formula_of, formula_of_step
from cowspec.engines.bmc.goals import Fires, Meets, Target, at_setting
from cowspec.engines.bmc.search import EncodingDisagrees, search
from cowspec.engines.scopes import default_scope
from cowspec.evidence.records import read, record
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job, Memo
from cowspec.judge.plan import asked_properties, switch_formula
from cowspec.judge.proving import replay_without_claim
from cowspec.judge.relations import Relations
from cowspec.judge.results import Disagreement, Remark
from cowspec.judge.selection import sizes_of
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import And, Formula, Property, Scope, Setting, StepKind, SwitchIs, System
from cowspec.system.traverse import nodes
from cowspec.verdict import Limits, NoViolation, Refuted

DEPTH = 20
STARTS = 64  # groups of settings whose start states are searched separately at most

Premise = tuple[str, int]
"""A property, and which of its premises."""


@dataclass(frozen=True, slots=True)
class Vacuity:
    """What no run of up to `steps` steps at the scope meets. `stuck`: settings of the switches that the start depends
    on, without a start state. `undecided`: for which the time ran out."""

    scope: Scope
    steps: int
    no_start: bool
    stuck: tuple[Setting, ...]
    silent: tuple[str, ...]  # steps
    premises: tuple[Premise, ...]
    undecided: tuple[str, ...]


def vacuity_job(docket: Docket) -> AnyJob:
    limits = replace(docket.limits, max_steps=min(DEPTH, docket.limits.max_steps))
    scope = default_scope(docket.system, sizes_of(docket.system, docket.selection))
    when = switch_formula(docket.system, docket.selection)
    return Job(
        f"{docket.system.name}: what can happen at all",
        partial(find_vacuity, docket.relations, when, start_settings(docket), scope, limits),
        partial(_found, docket),
        limits.timeout + 60,
        Memo(_key(docket, when, scope, limits), _vacuity_record, partial(read, Vacuity)),
        docket.relations.prepare,
    )


def _key(docket: Docket, when: Formula, scope: Scope, limits: Limits) -> str:
    """Of which properties the premises are looked at depends on the file that they stand in."""
    names = tuple(prop.name for prop in speaking(docket.system))
    return docket.key("vacuity", when, start_settings(docket), names, scope, limits)


def _vacuity_record(answer: Vacuity | Disagreement) -> object:
    return record(answer) if isinstance(answer, Vacuity) and not answer.undecided else None


def start_settings(docket: Docket) -> tuple[Setting, ...]:
    """The selected settings of those switches alone on which the start states depend; none if there are no such
    switches, or too many settings."""
    read = {each.switch for each in nodes(docket.system.init) if isinstance(each, SwitchIs)}
    found = dict.fromkeys(tuple(pair for pair in setting if pair[0] in read) for setting in docket.settings)
    return tuple(found) if read and len(found) <= STARTS else ()


def find_vacuity(
    relations: Relations, when: Formula, starts: Sequence[Setting], scope: Scope, limits: Limits
) -> Vacuity | Disagreement:
    """Searches runs to every step and premise under any setting that satisfies `when`, and start states under each
    of `starts`."""
    system = relations.system
    start = Target(Meets("start", TRUE), when)
    under = {setting: Target(Meets("start", TRUE), And((when, at_setting(setting)))) for setting in starts}
    steps = {step.name: Target(Fires(step.name), when) for step in system.steps if step.kind != StepKind.LEAVE}
    premises = {
        (prop.name, number): Target(_meets(system, prop, number, premise), when)
        for prop in speaking(system)
        for number, premise in enumerate(prop.premises)
    }
    targets = [start, *under.values(), *steps.values(), *premises.values()]
    try:
        found = search(
            system,
            targets,
            _with_smaller(scope),
            limits,
            rel=relations.form(),
            replay=replay_without_claim,
            shortest=False,
        )
    except EncodingDisagrees as error:
        return Disagreement(str(error), error.trace)
    named = [(f"step {name}", target) for name, target in steps.items()]
    named += [(f"a premise of {name}", target) for (name, _), target in premises.items()]
    late = [what for what, target in named if not isinstance(found[target], NoViolation | Refuted)]
    return Vacuity(
        scope,
        limits.max_steps,
        isinstance(found[start], NoViolation),
        tuple(setting for setting, target in under.items() if isinstance(found[target], NoViolation)),
        tuple(name for name, target in steps.items() if isinstance(found[target], NoViolation)),
        tuple(key for key, target in premises.items() if isinstance(found[target], NoViolation)),
        tuple(dict.fromkeys(late)),
    )


def _meets(system: System, prop: Property, number: int, premise: Formula) -> Meets:
    """A premise of a transition property is one of a step: it may say `old`."""
    name = f"{prop.name}:{number}"
    if prop.kind is PropertyKind.TRANSITION:
        return Meets(name, formula_of_step(system, premise), crossing=True)
    return Meets(name, formula_of(system, premise))


def _with_smaller(scope: Scope) -> tuple[Scope, ...]:
    """Most steps and premises are met with one element less of each sort, where searching is quick."""
    smaller = tuple((sort, max(1, size - 1)) for sort, size in scope)
    return (scope,) if smaller == scope else (smaller, scope)


def speaking(system: System) -> tuple[Property, ...]:
    """Properties whose premises should be true at times: those that are checked, and the lemmas of the model file. (The
    library's lemmas speak of operations that a model need not have.)"""
    own = [p for p in system.properties if p.kind is PropertyKind.LEMMA and p.span.path == system.path]
    return (*asked_properties(system), *own)


def _found(docket: Docket, answer: Vacuity | Disagreement | Died) -> Sequence[AnyJob]:
    match answer:
        case Died():
            (docket.bugs if answer.bug else docket.notes).append(f"what can happen at all: {answer.reason}")
        case Disagreement():
            docket.disagreements.append(answer)
        case Vacuity():
            docket.remarks += remarks(docket.system, answer)
    return []


def remarks(system: System, found: Vacuity) -> Iterator[Remark]:
    """What was found, in words."""
    at = f"at {', '.join(f'{sort}={size}' for sort, size in found.scope)}"
    if found.no_start:
        yield Remark("V701", f"there is no start state {at}")
        return
    within = f"within {found.steps} steps {at}"
    for setting in found.stuck:
        yield Remark("N802", f"there is no start state {at} under {_words(system, setting)}")
    spans = {step.name: step.span for step in system.steps}
    for name in found.silent:
        yield Remark("V702", f"step {name} fires under no setting {within}", spans[name], name)
    yield from _premises(system, found, within)
    for subject in found.undecided:
        yield Remark("N807", f"whether {subject} ever happens was not decided in time")


def _premises(system: System, found: Vacuity, within: str) -> Iterator[Remark]:
    """A property that is checked, of which no premise is met, has nothing to violate; else each one is a note."""
    properties = {prop.name: prop for prop in system.properties}
    unmet: dict[str, list[int]] = {}
    for name, number in found.premises:
        unmet.setdefault(name, []).append(number)
    for name, numbers in unmet.items():
        prop = properties[name]
        if len(numbers) == len(prop.premises) and prop.kind is not PropertyKind.LEMMA:
            message = f"nothing to violate: the premises of {name} are never true {within}"
            yield Remark("V703", message, prop.span, name)
            continue
        for number in numbers:
            which = "the premise" if len(prop.premises) == 1 else f"premise {number + 1} of {len(prop.premises)}"
            message = f"{which} of {prop.kind.value} {name} is never true {within}"
            span = prop.premise_spans[number] if number < len(prop.premise_spans) else prop.span
            yield Remark("N803", message, span, name)


def _words(system: System, setting: Setting) -> str:
    """`cow=page_count, no flush_in_ptl`"""
    fixes = {switch.name for switch in system.switches if switch.is_fix}
    said = {"on": "", "off": "no "}
    return ", ".join(f"{said[option]}{name}" if name in fixes else f"{name}={option}" for name, option in setting)
