"""The obligations of an inductive proof as questions to Z3: one judge a step, goals by weakest precondition.

In: a `RelSystem`, the conjuncts, what is assumed of the switches. Out: answers. Terms are built once for each conjunct
and step; a step is asked about a conjunct only if it updates a predicate that the conjunct reads.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import z3
from cowspec.encode.fol.fragment import terminating
from cowspec.encode.fol.terms import (
    Goal,
    Language,
    Term,
    Transformer,
    declaration,
    goal,
    language,
    term,
    transformer,
    violation,
)
from cowspec.encode.relational.formula import Formula, Predicate, RelStep, RelSystem
from cowspec.encode.relational.obligation import NO_FAULT, NO_FAULT_YET, START, fault_name, steps_by_name
from cowspec.engines.induction.refuting import Refute
from cowspec.engines.induction.relevance import Relevance
from cowspec.engines.induction.solver import (
    Answer,
    Fails,
    Holds,
    Judge,
    Open,
    ask,
    ask_alone,
    judge,
    literal,
)
from cowspec.verdict import Limits

FEW_SECONDS = 0.03
QUICK_SECONDS = 0.12
"""Limits of the first tries at a question, by the solver that a step's questions share: from few assumptions, from
all."""

ALONE_SECONDS = 0.125
RESTARTS = 3
"""Limit of the first tries by a solver of its own, and how many seeds are tried before it is doubled. Where an answer
is a matter of luck, most seeds find it in a few tenths of a second and others not in minutes."""

SECOND_OPINION_SECONDS = 0.25
"""Before a try that is longer a counterexample is searched at small scopes."""


@dataclass(slots=True)
class Obligations:
    """`steps` by a name unique among them. Judges and transformers are made when first asked for."""

    language: Language
    steps: Mapping[str, RelStep]
    init: tuple[Formula, ...]
    rigid: tuple[Formula, ...]
    conjuncts: Mapping[str, Formula]
    limits: Limits
    refute: Refute
    goals: dict[str, Goal]
    relevance: Relevance
    judges: dict[str, Judge] = field(default_factory=dict)
    assumable: dict[tuple[str, str], tuple[Any, Term]] = field(default_factory=dict)
    transformers: dict[str, Transformer] = field(default_factory=dict)
    violations: dict[tuple[str, str], Term] = field(default_factory=dict)
    faultless: dict[str, Term] = field(default_factory=dict)


def obligations(
    system: RelSystem,
    conjuncts: Mapping[str, Formula],
    transitions: Mapping[str, Formula],
    when: Formula,
    limits: Limits,
    refute: Refute,
) -> Obligations:
    """`conjuncts`: what may be assumed and has to be preserved. `transitions`: what has to hold across every step.
    `refute`: asked about obligations that take long."""
    goals = {name: goal(formula) for name, formula in conjuncts.items()}
    goals.update((name, goal(formula, is_transition=True)) for name, formula in transitions.items())
    return Obligations(
        language=language(system.sorts, (*system.predicates, *_abbreviations(system))),
        steps=steps_by_name(system.steps),
        init=system.init,
        rigid=(*system.switch_axioms, when),
        conjuncts=conjuncts,
        limits=limits,
        refute=refute,
        goals=goals,
        relevance=Relevance({name: each.after for name, each in goals.items()}),
    )


def said_in(language: Language, obligations: Obligations) -> Obligations:
    """The same obligations in another language; no term of this one is kept."""
    made: dict[str, Any] = {name: {} for name in ("judges", "assumable", "transformers", "violations", "faultless")}
    return replace(obligations, language=language, **made)


def _abbreviations(system: RelSystem) -> Iterator[Predicate]:
    return (Predicate(name, ()) for step in system.steps for name, _ in step.definitions)


def pairs(obligations: Obligations, names: Sequence[str]) -> list[tuple[str, str]]:
    """What has to be asked for these goals: the start states (not for transitions), then step by step."""
    goals = obligations.goals
    found = [(START, name) for name in names if not goals[name].is_transition]
    for step_name, step in obligations.steps.items():
        updated = frozenset(update.pred for update in step.updates)
        found += [
            (step_name, name)
            for name in names
            if goals[name].is_transition or not updated.isdisjoint(goals[name].after)
        ]
    return found


def fault_pairs(obligations: Obligations) -> list[tuple[str, str]]:
    """What has to be asked for `no_fault`: each fault of each step."""
    steps = obligations.steps.items()
    return [(name, fault_name(name, case)) for name, step in steps for case in range(len(step.faults))]


def preserved(obligations: Obligations, step: str, name: str, assumed: Sequence[str]) -> Answer:
    """Does the step preserve (or, for `START`, do the start states have) the goal? Tries harder and harder."""
    answer: Answer = Open("not asked")
    for effort in EFFORTS:
        answer = effort(obligations, step, name, assumed)
        if not isinstance(answer, Open):
            break
    return answer


def by_few(obligations: Obligations, step: str, name: str, assumed: Sequence[str]) -> Answer:
    """The same from a few of the assumptions, and for a short time; `Open` if that does not do."""
    if step == START:
        return Open("nothing to assume")
    relevance = obligations.relevance
    for names in (relevance.likely(name, assumed), relevance.near(obligations.steps[step], name, assumed)):
        answer = _asked_shared(obligations, step, names, _violation(obligations, step, name), FEW_SECONDS)
        if isinstance(answer, Holds):
            relevance.learn(name, answer.needed)
            return answer
    return Open("not from a few assumptions")


def by_many(obligations: Obligations, step: str, name: str, assumed: Sequence[str]) -> Answer:
    """The same from what others have found useful, then from all assumptions, for a short time."""
    violated = _violation(obligations, step, name)
    for names in _choices(obligations, step, name, assumed):
        answer = _asked_shared(obligations, step, names, violated, QUICK_SECONDS)
        if isinstance(answer, Holds):
            obligations.relevance.learn(name, answer.needed)
            return answer
    return answer


def with_patience(obligations: Obligations, step: str, name: str, assumed: Sequence[str]) -> Answer:
    """The same for as long as the limit says."""
    violated, choices = _violation(obligations, step, name), _choices(obligations, step, name, assumed)
    if step == START:
        return _patiently(obligations, _background(obligations, step), ({},), violated, obligations.limits.seed, _never)
    refuted = partial(obligations.refute, obligations.steps[step].name, name, assumed)
    answer = _asked_alone(obligations, step, name, choices, violated, refuted)
    if isinstance(answer, Holds):
        obligations.relevance.learn(name, answer.needed)
    return answer


Effort = Callable[[Obligations, str, str, Sequence[str]], Answer]
EFFORTS: tuple[Effort, ...] = (by_few, by_many, with_patience)
"""An obligation is asked with the next effort while it is open; better late, when others have shown what is useful."""


def no_fault(obligations: Obligations, step: str, name: str, assumed: Sequence[str]) -> Answer:
    """Is the fault of the step that has this name (`fault_name`) impossible?"""
    fault = _refuting(obligations, step, name)
    answer = _asked_shared(obligations, step, assumed, fault, QUICK_SECONDS)
    if not isinstance(answer, Open):
        return answer
    refuted = partial(obligations.refute, obligations.steps[step].name, NO_FAULT, assumed)
    return _asked_alone(obligations, step, None, (assumed,), fault, refuted)


def unconfirmed(
    obligations: Obligations, step: str, cores: Mapping[str, frozenset[str]], *, patiently: bool = True
) -> list[str]:
    """Asks obligations of a step once more, of new solvers with other seeds, each from no more than its core. Returns
    the names of those that are not confirmed (of a fault: `fault_name`): not at once, or not `patiently`, either."""
    background = _background(obligations, step)
    seed = obligations.limits.seed + 17
    shared = judge(obligations.language, background, {}, seed)
    found = []
    for name, needed in cores.items():
        violated = _refuting(obligations, step, name)
        assumptions = [_assumption(obligations, step, each) for each in sorted(needed)]
        answer = ask(shared, (), (*assumptions, violated), QUICK_SECONDS)
        if isinstance(answer, Open):
            shared = judge(obligations.language, background, {}, seed)
            if patiently:
                answer = _patiently(obligations, [*background, *assumptions], ({},), violated, seed, _never)
        if not isinstance(answer, Holds):
            found.append(name)
    return found


def facts_of(obligations: Obligations, step: str, name: str, needed: Iterable[str]) -> list[Term]:
    """The obligation (of a fault: `fault_name`) as terms that exclude each other exactly if it holds from no more than
    what is needed: what holds whenever the step fires, the assumptions, the violation."""
    assumptions = [_assumption(obligations, step, each) for each in sorted(needed)]
    return [*_background(obligations, step), *assumptions, _refuting(obligations, step, name)]


# ---- asking --------------------------------------------------------------------------------------------------------


def _choices(obligations: Obligations, step: str, name: str, assumed: Sequence[str]) -> tuple[Sequence[str], ...]:
    """What is assumed of the state before: some, then all."""
    if step == START:
        return ((),)
    everything = (NO_FAULT_YET, *assumed)
    near = obligations.relevance.near(obligations.steps[step], name, assumed)
    return obligations.relevance.useful_or(near, everything), everything


def _asked_alone(
    obligations: Obligations,
    step: str,
    name: str | None,
    choices: Sequence[Sequence[str]],
    violated: Term,
    refuted: Callable[[], bool],
) -> Answer:
    """Asks solvers of its own, with each of the choices of assumptions. The last contains the others."""
    assumed = choices[-1]
    background, tracked = _background(obligations, step), _tracked(obligations, step, assumed)
    several = (*choices[:-1], _terminating(obligations, step, name, assumed))
    fewer = tuple({each: tracked[each] for each in names} for names in several if len(names) < len(assumed))
    return _patiently(obligations, background, (*fewer, tracked), violated, obligations.limits.seed, refuted)


def _asked_shared(
    obligations: Obligations, step: str, assumed: Sequence[str], violated: Term, seconds: float
) -> Answer:
    """Asks the solver that the questions of a step share."""
    answer = ask(_judge(obligations, step), assumed, (violated,), seconds)
    if isinstance(answer, Open):
        del obligations.judges[step]  # see the solver's traps
    return answer


def _patiently(
    obligations: Obligations,
    background: Sequence[Term],
    choices: Sequence[Mapping[str, tuple[Any, Term]]],
    violated: Term,
    seed: int,
    refuted: Callable[[], bool],
) -> Answer:
    """Asks new solvers, longer and longer, up to the limit: with each of the choices of assumptions in turn. The last
    contains the others: that one of those does not suffice says nothing.

    What is not decided at once is decided by luck more than by time: so there are short tries with several seeds first.
    Before the long ones, `refuted` may know that there is no use.
    """
    seconds, left = ALONE_SECONDS, obligations.limits.timeout
    answer: Answer = Open("resource limit")
    insufficient: set[int] = set()
    while left > 0:
        if seconds == SECOND_OPINION_SECONDS and refuted():
            return Fails()
        for number in [*range(len(choices))] * RESTARTS:
            if left <= 0 or number in insufficient:
                continue
            seed += 1
            limit = min(seconds, left)
            answer = ask_alone(obligations.language, background, choices[number], violated, limit, seed)
            if isinstance(answer, Holds) or (isinstance(answer, Fails) and number == len(choices) - 1):
                return answer
            if isinstance(answer, Fails):
                insufficient.add(number)
            left -= seconds
        seconds *= 2
    return answer if isinstance(answer, Open) else Open("resource limit")


def _never() -> bool:
    return False


def _terminating(obligations: Obligations, step: str, name: str | None, assumed: Sequence[str]) -> tuple[str, ...]:
    """Those of the assumptions with which Z3 comes to an end, if that can be told; of a fault all."""
    conjuncts = {each: obligations.conjuncts[each] for each in assumed if each != NO_FAULT_YET}
    if step == START or name is None:
        return tuple(assumed)
    kept = terminating(obligations.steps[step], obligations.goals[name].formula, conjuncts)
    return tuple(each for each in assumed if each == NO_FAULT_YET or each in set(kept))


def _judge(obligations: Obligations, step: str) -> Judge:
    if step not in obligations.judges:
        assumable = _assumable(obligations, step, (NO_FAULT_YET, *obligations.conjuncts)) if step != START else {}
        background = _background(obligations, step)
        obligations.judges[step] = judge(obligations.language, background, assumable, obligations.limits.seed)
    return obligations.judges[step]


def _background(obligations: Obligations, step: str) -> list[Term]:
    language = obligations.language
    own = obligations.init if step == START else (obligations.steps[step].guard,)
    found = [term(language, formula) for formula in (*obligations.rigid, *own)]
    if step != START:
        for name, meaning in obligations.steps[step].definitions:
            named = declaration(language, name)()
            found += [
                z3.Implies(named, term(language, meaning)),
                z3.Implies(z3.Not(named), z3.Not(term(language, meaning, asserted=False))),
            ]
    return found


def _assumable(obligations: Obligations, step: str, names: Sequence[str]) -> dict[str, tuple[Any, Term]]:
    """A literal for each name, and that what it names follows from it."""
    found = {}
    for name in names:
        key = (step, name) if name == NO_FAULT_YET else ("", name)
        if key not in obligations.assumable:
            assume = literal(obligations.language, name)
            obligations.assumable[key] = (assume, z3.Implies(assume, _assumption(obligations, step, name)))
        found[name] = obligations.assumable[key]
    return found


def _tracked(obligations: Obligations, step: str, names: Sequence[str]) -> dict[str, tuple[Any, Term]]:
    """A literal for each name, and what it names."""
    found = {}
    for name, (assume, _) in _assumable(obligations, step, names).items():
        found[name] = (assume, _assumption(obligations, step, name))
    return found


def _assumption(obligations: Obligations, step: str, name: str) -> Term:
    if name == NO_FAULT_YET:
        if step not in obligations.faultless:
            obligations.faultless[step] = _faultless(obligations, step)
        return obligations.faultless[step]
    return term(obligations.language, obligations.conjuncts[name])


def _faultless(obligations: Obligations, step: str) -> Term:
    cases = obligations.steps[step].faults
    language = obligations.language
    return z3.And(
        [z3.BoolVal(True, language.context)] + [z3.Not(term(language, case.condition, False)) for case in cases]
    )


def _refuting(obligations: Obligations, step: str, name: str) -> Term:
    """What the obligation excludes: the violated goal, or the fault of that name."""
    number = 0 if step == START else len(obligations.steps[step].faults)
    faults = {fault_name(step, case): case for case in range(number)}
    return _fault(obligations, step, faults[name]) if name in faults else _violation(obligations, step, name)


def _fault(obligations: Obligations, step: str, case: int) -> Term:
    return term(obligations.language, obligations.steps[step].faults[case].condition)


def _violation(obligations: Obligations, step: str, name: str) -> Term:
    """The negated goal after the step (in the start state), as a formula over the state before (over the start
    state)."""
    language = obligations.language
    if step == START:
        return z3.Not(term(language, obligations.goals[name].formula))
    key = (step, name)
    if key not in obligations.violations:
        if step not in obligations.transformers:
            obligations.transformers[step] = transformer(language, obligations.steps[step])
        obligations.violations[key] = violation(language, obligations.transformers[step], obligations.goals[name])
    return obligations.violations[key]
