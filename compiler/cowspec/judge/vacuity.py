"""What would make proofs worthless: no start state, steps that never fire, premises that are never met.

One search with all switches free looks for a run to each of them. What it does not find within the limits is a finding
of `check`, and named with the scope and the depth that were searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from cowspec.encode.relational.formula import TRUE
from cowspec.encode.relational.translate import formula_of
from cowspec.engines.bmc import EncodingDisagrees, search
from cowspec.engines.bmc_goals import Fires, Meets, Target
from cowspec.engines.scopes import default_scope
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.plan import asked_properties, switch_formula
from cowspec.judge.proving import replay_without_claim
from cowspec.judge.results import Disagreement
from cowspec.judge.selection import sizes_of
from cowspec.system.ir import Formula, Scope, StepKind, System
from cowspec.verdict import Limits, NoViolation, Refuted

DEPTH = 20


@dataclass(frozen=True, slots=True)
class Vacuity:
    """What no run of up to `steps` steps at the scope meets. `undecided`: for which the time ran out."""

    scope: Scope
    steps: int
    no_start: bool
    silent: tuple[str, ...]  # steps
    premises: tuple[str, ...]  # properties
    undecided: tuple[str, ...]


def vacuity_job(docket: Docket) -> AnyJob:
    limits = replace(docket.limits, max_steps=min(DEPTH, docket.limits.max_steps))
    scope = default_scope(docket.system, sizes_of(docket.system, docket.selection))
    when = switch_formula(docket.system, docket.selection)
    return Job(
        f"{docket.system.name}: what can happen at all",
        partial(find_vacuity, docket.system, when, scope, limits),
        partial(_found, docket),
        limits.timeout + 60,
    )


def find_vacuity(system: System, when: Formula, scope: Scope, limits: Limits) -> Vacuity | Disagreement:
    """Searches runs to every step and premise under any setting that satisfies `when`."""
    start = Target(Meets("start", TRUE), when)
    steps = {step.name: Target(Fires(step.name), when) for step in system.steps if step.kind != StepKind.LEAVE}
    premises = {
        f"{prop.name}:{number}": Target(Meets(f"{prop.name}:{number}", formula_of(system, premise)), when)
        for prop in asked_properties(system)
        for number, premise in enumerate(prop.premises)
    }
    try:
        targets = [start, *steps.values(), *premises.values()]
        found = search(system, targets, _with_smaller(scope), limits, replay=replay_without_claim, shortest=False)
    except EncodingDisagrees as error:
        return Disagreement(str(error), error.trace)
    silent = [name for name, target in steps.items() if isinstance(found[target], NoViolation)]
    unmet = [name for name, target in premises.items() if isinstance(found[target], NoViolation)]
    met = {name.rpartition(":")[0] for name in premises if name not in unmet}
    late = [
        name for name, target in {**steps, **premises}.items() if not isinstance(found[target], NoViolation | Refuted)
    ]
    return Vacuity(
        scope,
        limits.max_steps,
        isinstance(found[start], NoViolation),
        tuple(silent),
        tuple(dict.fromkeys(base for name in unmet if (base := name.rpartition(":")[0]) not in met)),
        tuple(late),
    )


def _with_smaller(scope: Scope) -> tuple[Scope, ...]:
    """Most steps and premises are met with one element less of each sort, where searching is quick."""
    smaller = tuple((sort, max(1, size - 1)) for sort, size in scope)
    return (scope,) if smaller == scope else (smaller, scope)


def _found(docket: Docket, answer: Vacuity | Disagreement | Died) -> Sequence[AnyJob]:
    if isinstance(answer, Died):
        (docket.bugs if answer.bug else docket.notes).append(f"what can happen at all: {answer.reason}")
        return []
    if isinstance(answer, Disagreement):
        docket.disagreements.append(answer)
        return []
    at = f"at {', '.join(f'{sort}={size}' for sort, size in answer.scope)}"
    within = f"within {answer.steps} steps {at}"
    if answer.no_start:
        docket.vacuous.append(f"there is no start state {at}")
        return []
    docket.vacuous += [f"step {name} fires under no setting {within}" for name in answer.silent]
    docket.vacuous += [f"nothing to violate: the premises of {name} are never met {within}" for name in answer.premises]
    docket.notes += [f"whether {name} ever happens was not decided in time" for name in answer.undecided]
    return []
