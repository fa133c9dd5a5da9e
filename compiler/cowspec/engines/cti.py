"""Counterexamples to induction at a scope: a state with what is assumed, one step, a state without the goal.

In: the names of the conjuncts assumed (properties and facts; `typing` and `exact` always are), of the goal, and perhaps
of the step. Out: a `Cti` at the smallest scope that has one, its first state with as few true atoms as taking them in
order can get. Also here: is a state reached?
"""

import time
from collections.abc import Iterable, Sequence
from itertools import groupby

from cowspec.encode.finite.circuit import TRUE
from cowspec.encode.finite.decode import setting_of, tables_of
from cowspec.encode.finite.template import Question, build
from cowspec.encode.relational.formula import TRUE as ANYTHING
from cowspec.encode.relational.formula import Not, RelSystem
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.goals import NO_FAULT, Meets, Target, at_setting
from cowspec.engines.bmc.sat import NewSat, cadical
from cowspec.engines.bmc.search import Replay, passes, replayed, starting
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.engines.scopes import default_scope, elements, growing
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, State, System
from cowspec.verdict import Cti, Limits, NoViolation, Trace, TraceStep, Unknown


def find_cti(
    system: System,
    rel: RelSystem,
    assumed: Iterable[str],
    goal: str,
    step: str | None,
    when: ir.Formula,
    limits: Limits,
    *,
    scopes: Sequence[Scope] | None = None,
    new_sat: NewSat = cadical,
) -> Cti | None:
    """A counterexample to "`assumed` before the step, so `goal` after it" under a setting that satisfies `when`.

    `goal`: a property or fact, or `no_fault` (then the step faults and `Cti.step.state` is None). `step` None: any.
    `scopes` None: all within the default scope. None if there is none at the scopes searched before `limits.timeout`.
    """
    deadline = time.process_time() + limits.timeout
    ordered = scopes if scopes is not None else growing(system, {}, default_scope(system, {}))
    for _, group in groupby(ordered, elements):
        asker = _arbitrary(system, rel, tuple(assumed), goal, tuple(group), new_sat)
        given = _violation(asker, goal, step, when)
        scope = _first_scope(asker, given, deadline)
        if scope is not None:
            return _smallest(asker, given, scope, goal, deadline)
    return None


def _arbitrary(
    system: System, rel: RelSystem, assumed: tuple[str, ...], goal: str, scopes: tuple[Scope, ...], new_sat: NewSat
) -> Asker:
    """One step from any state with what is assumed."""
    named = {each.name: each for each in (*rel.facts, *rel.properties)}
    typing = dict(rel.typing)
    start = [*typing.values(), *rel.exact, *(named[name].formula for name in assumed if name not in typing)]
    formulas = {**typing, **{name: each.formula for name, each in named.items()}}
    questions = []
    if goal != NO_FAULT:
        questions.append(Question(goal, Not(formulas[goal]), goal in named and named[goal].is_transition))
    unrolling = Unrolling(build(rel, scopes, start, questions, {}), new_sat())
    unrolling.extend()
    return Asker(system, rel, unrolling)


def _violation(asker: Asker, goal: str, step: str | None, when: ir.Formula) -> list[int]:
    """Assumptions: the step happens and violates the goal."""
    unrolling, template = asker.unrolling, asker.unrolling.template
    faulting = unrolling.literal(template.faulting, 0)
    given = [-unrolling.literal(template.idle, 0), asker.setting_literal(when)]
    if step is not None:
        given.append(asker.fires(step, 0))
    if goal == NO_FAULT:
        return [*given, faulting]
    return [*given, -faulting, unrolling.goal(goal, 0 if template.goals[goal].crossing else 1)]


def _first_scope(asker: Asker, given: Sequence[int], deadline: float) -> int | None:
    """The number of the first of the template's scopes at which the assumptions can be met."""
    unrolling, template = asker.unrolling, asker.unrolling.template
    best: int | None = None
    while best != 0:
        before = unrolling.fresh()
        unrolling.add([-before, *(unrolling.literal(at, 0) for at in template.at_scope[:best])])
        if not unrolling.solve([*given, before], deadline):
            break
        best = template.scopes.index(asker.scope())
    return best


def _smallest(asker: Asker, given: Sequence[int], scope: int, goal: str, deadline: float) -> Cti:
    """At this scope: each atom of the first state, in order, is made false if that is still possible. Flags come before
    what they own; later elements and members before earlier ones, so that the first ones are used."""
    unrolling, template = asker.unrolling, asker.unrolling.template
    fixed = [*given, unrolling.literal(template.at_scope[scope], 0)]
    if not unrolling.solve(fixed, float("inf")):
        raise AssertionError("a counterexample was found at this scope before")
    cti = _cti(asker, template.scopes[scope], goal)
    possible = {atom: unrolling.solver_value(atom) for atom in _atoms(asker)}
    for atom in possible:
        if not possible[atom]:
            fixed.append(-atom)
            continue
        answer = unrolling.solve([*fixed, -atom], deadline)
        if answer is None:
            break
        fixed.append(-atom if answer else atom)
        if answer:
            cti = _cti(asker, template.scopes[scope], goal)
            possible = {each: unrolling.solver_value(each) for each in possible}
    return cti


def _atoms(asker: Asker) -> list[int]:
    """The atoms of the first state, in the order in which they are to be false."""
    template = asker.unrolling.template
    atoms = []
    by_variable = groupby(asker.rel.predicates, lambda predicate: predicate.name.rstrip("?").partition("=")[0])
    for _, predicates in by_variable:
        for predicate in reversed(list(predicates)):
            atoms += [asker.unrolling.literal(literal, 0) for literal in reversed(template.tables[predicate.name])]
    return atoms


def _cti(asker: Asker, scope: Scope, goal: str) -> Cti:
    firing, _ = asker.firing(scope, 0)
    after = None if goal == NO_FAULT else asker.state(scope, 1)
    setting = setting_of(asker.system, asker.truths(scope, 0))
    return Cti(goal, scope, asker.state(scope, 0), TraceStep(firing, (), after), setting)


def reach_state(
    system: System,
    rel: RelSystem,
    state: State,
    scope: Scope,
    setting: Setting,
    limits: Limits,
    *,
    replay: Replay,
    new_sat: NewSat = cadical,
) -> Trace | NoViolation | Unknown:
    """A shortest run to the state, of at most `limits.max_steps` steps; `NoViolation`: there is none so short. Its
    `property` is "state". Raises `EncodingDisagrees`."""
    deadline = time.process_time() + limits.timeout
    template = build(rel, (scope,), starting(rel), (), None)
    asker = Asker(system, rel, Unrolling(template, new_sat()))
    setting_literal = asker.setting_literal(at_setting(setting))
    searched = -1
    for bound in passes(limits.max_steps, 1):
        while asker.unrolling.depth < bound:
            asker.unrolling.extend()
        given = [setting_literal, -asker.unrolling.faulted(bound), *_is_state(asker, state, scope, bound)]
        trace: Trace | None = None
        while True:
            ended = [] if trace is None else asker.ended(len(trace.steps) - 1)
            if trace is not None and not trace.steps:
                break
            answer = asker.unrolling.solve([*given, *ended], deadline)
            if answer is None:
                return Unknown(f"no run to the state within {searched} steps, then the time limit")
            if not answer:
                break
            trace = asker.trace(min(bound, asker.unrolling.length()), Target(Meets("state", ANYTHING)))
        if trace is not None:
            return replayed(system, trace, replay)
        searched = bound
    return NoViolation(scope, limits.max_steps)


def _is_state(asker: Asker, state: State, scope: Scope, frame: int) -> list[int]:
    """Assumptions: the state at this frame."""
    tables = asker.unrolling.template.tables
    return [
        asker.unrolling.literal(atom if value == TRUE else -atom, frame)
        for name, values in tables_of(asker.system, scope, state).items()
        for atom, value in zip(tables[name], values, strict=True)
    ]
