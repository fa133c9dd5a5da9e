"""Proofs for any size of any sort, by induction over the steps of the system.

In: a system, the names of the goals, a formula over switches. Out: for each goal `Proved` or `Unknown`, and what
failed.

The theory. Let C1 ... Cn be formulas over the predicates of the system (its *conjuncts*). If every start state
satisfies all of them, and for each step and each Ci

    C1 and ... and Cn and guard and not wp(step, Ci)

has no model, then every reachable state satisfies all of them, whatever the sizes of the sorts: by induction on the
length of the run. `wp(step, Ci)` is Ci with every updated predicate replaced by what the step makes of it, so a step
is one formula over one state: no second copy, no frame axioms. A step that faults has no next state, so that it does
not fault is assumed there; that it cannot is the goal `no_fault`.

What Z3 sees is more than the states of the system: structures in which a present value does not exist (`values.py` says
why). Every state of the system is one of these structures, guards and updates mean the same on it, and both forms of
an `Either` agree on it, so a question without a model has none among the states: proofs are sound. The converse fails.
A question with a model is therefore no refutation, only a proof that did not go through; runs and counterexamples to
induction are found by the finite encoding, which knows that values exist. It is asked, too, about obligations that Z3
finds hard (`induction/refuting.py`).

Goals first: what an obligation of a goal needs by its core is asked next, then what that needs. The compiler's own
facts (and what the flattening promises, `typing`) mostly follow from each other alone, so they are asked with few and
simple assumptions first. Candidates that fail are dropped (`induction/houdini.py`). Faults and transition properties
are shown last, from all that survived.

What is reported as proved is checked once more by a fresh solver: the conjuncts that the goals need, for each step.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from cowspec.encode.relational.connectives import neg
from cowspec.encode.relational.formula import Formula, RelSystem
from cowspec.encode.relational.obligation import NO_FAULT, NO_FAULT_YET, START
from cowspec.encode.relational.steps import in_words
from cowspec.encode.relational.translate import NAMED, CountTooLarge, counts_above_two, formula_of, translate
from cowspec.engines.induction.hints import held
from cowspec.engines.induction.houdini import Ask, Failure, houdini
from cowspec.engines.induction.obligations import (
    EFFORTS,
    Obligations,
    fault_pairs,
    no_fault,
    obligations,
    pairs,
    preserved,
    unconfirmed,
)
from cowspec.engines.induction.refuting import refuter
from cowspec.engines.induction.solver import Answer, Holds, Open
from cowspec.engines.known import NO_CERTIFICATE, NOTHING, Certificate, Known
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Induction, Limits, Proved, Unknown


@dataclass(frozen=True, slots=True)
class InductionResult:
    """`verdicts`: for each goal, in order. `failures`: what was dropped, in the order in which it failed.

    `inductive`: the conjuncts that were found inductive together, facts first: the goals, and what these needed.
    `dropped_facts`: structural facts among the failures, which is a mistake of the compiler or of a model that faults.
    `queries`: asked of the solver.
    `known`: for further proofs under fewer settings.
    """

    verdicts: tuple[tuple[str, Proved | Unknown], ...]
    failures: tuple[Failure, ...] = ()
    inductive: tuple[str, ...] = ()
    dropped_facts: tuple[str, ...] = ()
    queries: int = 0
    known: Known = NOTHING


def prove(
    system: ir.System,
    goals: Sequence[str],
    when: ir.Formula,
    limits: Limits,
    known: Known = NOTHING,
    relational: Callable[[], RelSystem] | None = None,
    hints: Certificate = NO_CERTIFICATE,
) -> InductionResult:
    """Tries to prove the goals together, under every setting that satisfies `when`. What is `known` under these is
    assumed, and not asked again. `relational` returns the translated system, if somebody has it. `hints`: of a proof of
    this system or of one like it; they save time, and nothing depends on them.

    A goal is the name of an invariant, a lemma, a transition property, a cover (then: that it is unreachable) or
    `no_fault`.
    """
    try:
        asked, facts = questions(system, goals, when, limits, relational)
    except CountTooLarge as error:
        return InductionResult(tuple((name, Unknown(str(error))) for name in goals))
    large = counts_above_two(system)
    names = {each.name for each in system.properties}
    for place in large:
        if place not in names:
            return InductionResult(tuple((name, _too_large(large, place)) for name in goals))
    before = tuple(name for name in asked.conjuncts if name in known.inductive)
    new = tuple(name for name in asked.conjuncts if name not in known.inductive)
    standing = held(asked, hints, goals, before)
    wanted = (*_wanted(asked, goals, (*before, *new), standing), *sorted(_together(standing.values())))
    efforts = [partial(_layered, partial(effort, asked), frozenset(facts)) for effort in EFFORTS]
    pending = [pair for pair in pairs(asked, new) if pair not in standing]
    own = {each: core for each, core in standing.items() if each[1] in asked.conjuncts}
    found = houdini(new, before, pending, efforts, wanted, own)
    attempt = _Attempt(asked, (*before, *found.survivors), {**known.cores, **found.cores})
    _show_goals(attempt, goals, standing)
    failures = (*found.failures, *attempt.failures)
    covers = {each.name for each in system.properties if each.kind is PropertyKind.COVER}
    result = InductionResult(
        verdicts=(),
        failures=tuple(_without(covers, failure) for failure in failures),
        inductive=attempt.inductive,
        dropped_facts=tuple(each.conjunct for each in found.failures if each.conjunct in facts),
        queries=found.queries + attempt.queries,
    )
    kept = {each for each, core in standing.items() if attempt.cores.get(each) == core}
    known = replace(known, confirmed=known.confirmed | kept)
    return _with_verdicts(system, result, attempt, goals, large, when, known)


def no_longer_proved(
    system: ir.System,
    steps: Collection[str],
    kept: Sequence[str],
    cores: Mapping[tuple[str, str], frozenset[str]],
    goals: Sequence[str],
    when: ir.Formula,
    limits: Limits,
    *,
    every: bool = False,
) -> tuple[str, ...]:
    """The goals that do not follow any more where only these steps are other ones than when they were proved: then
    `kept` were inductive, and `cores` is what each obligation needed. Asks what `prove` would ask of these steps; drops
    what does not hold any more, and asks again what had needed it. Unless `every` goal is to be asked, all of them are
    returned as soon as anything that one of them needs is open."""
    try:
        asked, _ = questions(system, goals, when, limits)
    except CountTooLarge:
        return tuple(goals)
    known = tuple(name for name in asked.conjuncts if name in kept)
    if not set(goals) <= {*known, *_transitions(asked), NO_FAULT}:
        return tuple(goals)
    other = {name for name, step in asked.steps.items() if step.name in steps}
    alike = {START, *asked.steps} - other
    standing = {each: core for each, core in cores.items() if each[0] in alike and core <= {NO_FAULT_YET, *known}}
    own = {each: core for each, core in standing.items() if each[1] in known}
    pending = [pair for pair in pairs(asked, known) if pair not in own]
    needed = [name for name in goals if name in known]
    efforts = [partial(effort, asked) for effort in EFFORTS]
    found = houdini(known, (), pending, efforts, held=own, goals=() if every else needed)
    lost = set(needed) - set(found.survivors)
    if lost and not every:
        return tuple(goals)
    attempt = _Attempt(asked, found.survivors, dict(found.cores))
    left = [name for name in goals if name not in lost]
    _show_goals(attempt, left, standing)
    new = {each for each, core in attempt.cores.items() if standing.get(each) != core}
    lost |= {failure.conjunct for failure in attempt.failures}
    if _doubtful(attempt, new) or not lost <= set(goals):  # of `no_fault` a single fault fails
        return tuple(goals)
    return tuple(name for name in goals if name in lost)


def questions(
    system: ir.System,
    goals: Sequence[str],
    when: ir.Formula,
    limits: Limits,
    relational: Callable[[], RelSystem] | None = None,
) -> tuple[Obligations, tuple[str, ...]]:
    """What can be asked for a proof of the goals, and which of its conjuncts are the compiler's facts. Raises
    `CountTooLarge`."""
    translated = relational() if relational is not None else translate(system, NAMED)
    facts, candidates, transitions = conjuncts_of(system, translated, goals, counts_above_two(system))
    asked = obligations(
        translated,
        {**facts, **candidates},
        transitions,
        formula_of(system, when),
        limits,
        refuter(system, when, limits),
    )
    return asked, tuple(facts)


def _without(covers: Collection[str], failure: Failure) -> Failure:
    """What is assumed, by names that are properties: of a cover its negation was assumed."""
    return replace(failure, assumed=tuple(name for name in failure.assumed if name not in covers))


def _too_large(large: Mapping[str, int], place: str) -> Unknown:
    return Unknown(f"`{place}` compares a count with {large[place]}: at any size only 0, 1 and 2 are supported")


def conjuncts_of(
    system: ir.System, relational: RelSystem, goals: Sequence[str], large: Mapping[str, int]
) -> tuple[dict[str, Formula], dict[str, Formula], dict[str, Formula]]:
    """Facts, candidates, and transition goals, by name."""
    facts = dict(relational.typing) | {fact.name: fact.formula for fact in relational.facts}
    candidates: dict[str, Formula] = {}
    transitions: dict[str, Formula] = {}
    lemmas_first = sorted(zip(system.properties, relational.properties, strict=True), key=_rank)
    for source, prop in lemmas_first:
        if prop.name in large:
            continue
        if source.kind is PropertyKind.LEMMA or (source.kind is PropertyKind.INVARIANT and source.checked):
            candidates[prop.name] = prop.formula
        elif prop.name in goals:
            if source.kind is PropertyKind.TRANSITION:
                transitions[prop.name] = prop.formula
            else:
                candidates[prop.name] = neg(prop.formula) if source.kind is PropertyKind.COVER else prop.formula
    return facts, candidates, transitions


def _rank(pair: tuple[ir.Property, object]) -> bool:
    return pair[0].kind is not PropertyKind.LEMMA


def _layered(ask: Ask, facts: Collection[str], step: str, name: str, assumed: Sequence[str]) -> Answer:
    """A fact from other facts alone if they are enough."""
    if name in facts:
        answer = ask(step, name, tuple(each for each in assumed if each in facts))
        if isinstance(answer, Holds):
            return answer
    return ask(step, name, assumed)


def _wanted(asked: Obligations, goals: Sequence[str], everything: Sequence[str], standing: "Cores") -> tuple[str, ...]:
    """The goals, and what those that are no conjuncts (transition properties, faults) need if all conjuncts hold."""
    hopeful = _Attempt(asked, tuple(everything), {})
    _show_goals(hopeful, goals, standing)
    return (*goals, *sorted(_together(hopeful.cores.values())))


def _together(cores: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*cores)


# ---- goals shown from what is inductive ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Attempt:
    """`cores`: of each obligation that holds, of a conjunct (of `inductive`) or of a goal shown from them (of `shown`),
    the conjuncts it needs. The obligations of `no_fault` have names of their own (`fault_name`)."""

    asked: Obligations
    inductive: tuple[str, ...]
    cores: dict[tuple[str, str], frozenset[str]]
    shown: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    queries: int = 0


Cores = Mapping[tuple[str, str], frozenset[str]]


def _show_goals(attempt: _Attempt, goals: Collection[str], standing: Cores) -> None:
    """The transition properties, and `no_fault` if it is a goal. `standing`: cores of obligations that hold as long as
    these are inductive."""
    asked, shown = attempt.asked, {NO_FAULT_YET, *attempt.inductive}
    left = {each: core for each, core in standing.items() if core <= shown}
    for name in _transitions(asked):
        _show(attempt, name, pairs(asked, (name,)), partial(_ask_transition, attempt), left)
    if NO_FAULT in goals:
        _show(attempt, NO_FAULT, fault_pairs(asked), partial(_ask_fault, attempt), left)


def _transitions(asked: Obligations) -> list[str]:
    return [name for name, goal in asked.goals.items() if goal.is_transition]


def _ask_transition(attempt: _Attempt, step: str, name: str) -> Answer:
    return preserved(attempt.asked, step, name, attempt.inductive)


def _ask_fault(attempt: _Attempt, step: str, name: str) -> Answer:
    return no_fault(attempt.asked, step, name, attempt.inductive)


def _show(
    attempt: _Attempt,
    goal: str,
    questions: Sequence[tuple[str, str]],
    ask: Callable[[str, str], Answer],
    standing: Cores,
) -> None:
    """Notes what the goal needs, or the first step that it fails at."""
    for question in questions:
        if question in standing:
            attempt.cores[question] = standing[question]
            continue
        attempt.queries += 1
        answer = ask(*question)
        if not isinstance(answer, Holds):
            reason = answer.reason if isinstance(answer, Open) else ""
            attempt.failures.append(Failure(goal, question[0], reason, attempt.inductive, ()))
            return
        attempt.cores[question] = answer.needed
    attempt.shown[goal] = tuple(questions)


# ---- verdicts ------------------------------------------------------------------------------------------------------


def _with_verdicts(
    system: ir.System,
    result: InductionResult,
    attempt: _Attempt,
    goals: Sequence[str],
    large: Mapping[str, int],
    when: ir.Formula,
    known: Known,
) -> InductionResult:
    own, every = {*attempt.inductive, *attempt.shown}, Known(cores=attempt.cores)
    proofs = {name: frozenset(every.part((name,))) for name in goals if name in own}
    asked = {question for proof in proofs.values() for question in proof if question not in known.confirmed}
    doubtful = _doubtful(attempt, asked)
    verdicts: list[tuple[str, Proved | Unknown]] = []
    for name in goals:
        if name in large:
            verdicts.append((name, _too_large(large, name)))
        elif name not in proofs:
            verdicts.append((name, Unknown(_reason(system, result.failures, name))))
        elif not doubtful.isdisjoint(proofs[name]):
            verdicts.append((name, Unknown("a fresh solver did not confirm the proof")))
        else:
            used = {conjunct for _, conjunct in proofs[name]}
            conjuncts = tuple(each for each in attempt.inductive if each in used)
            verdicts.append((name, Proved(None, Induction(conjuncts, len(proofs[name]), ("z3",)))))
    shown = frozenset(question for questions in attempt.shown.values() for question in questions)
    kept = shown | known.confirmed
    cores = {each: core for each, core in attempt.cores.items() if each[1] in own or each in kept}
    under = {each: known.under[each] if known.cores.get(each) == core else when for each, core in cores.items()}
    found = Known(attempt.inductive, cores, under, known.confirmed | frozenset(asked - doubtful))
    return replace(result, verdicts=tuple(verdicts), known=found)


def _doubtful(attempt: _Attempt, questions: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Those of the obligations that a fresh solver does not confirm."""
    cores: dict[str, dict[str, frozenset[str]]] = {}
    for (step, name), core in attempt.cores.items():
        if (step, name) in questions:
            cores.setdefault(step, {})[name] = core
    return frozenset((step, name) for step, each in cores.items() for name in unconfirmed(attempt.asked, step, each))


def _reason(system: ir.System, failures: Sequence[Failure], name: str) -> str:
    """Why the goal was dropped, in a line."""
    failed = {failure.conjunct: failure for failure in failures}
    if name not in failed:
        return "not a property of the model"
    failure = failed[name]
    step = in_words(system, failure.step)
    if failure.reason:
        return f"the solver gave up at {step}: {failure.reason}"
    if name == NO_FAULT:
        return f"a fault of {step} is not excluded"
    if failure.step == START:
        return "does not hold in every start state"
    lost = [
        f"{in_words(system, each)} (lost at {in_words(system, failed[each].step)})"
        for each in failure.lost
        if each in failed
    ]
    return f"not preserved by {step}" + (f" without {', '.join(lost)}" if lost else "")
