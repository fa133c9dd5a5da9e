"""What must agree about runs.

Each check takes a `Case` and raises `Disagreement`; it gives the number of verdicts compared, so that a test can tell
that enough were. The explicit search of the evaluator is the judge of shortest runs, of proofs, and of counterexamples
to induction.
"""

from dataclasses import dataclass

from cases import Case, Disagreement
from cowspec.engines.bmc.goals import Faults, Fires, Goal, Target, Violates, at_setting
from cowspec.engines.bmc.search import EncodingDisagrees, search
from cowspec.engines.cti import find_cti
from cowspec.engines.induction.prove import prove
from cowspec.evaluate.machine import Faulted, Machine, Moved
from cowspec.evaluate.replay import replay
from cowspec.evaluate.search import NO_FAULT, Exploration, explore
from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Cti, Limits, NoViolation, Proved, Refuted

DEPTH = 4
MOST_STATES = 3000
LIMITS = Limits(max_steps=DEPTH, timeout=20.0)
FACT = Span("random.cow", 0, 0)


@dataclass(frozen=True, slots=True)
class Searched:
    """An explicit search that saw every run of up to `DEPTH` steps."""

    machine: Machine
    found: Exploration

    def steps_to(self, name: str) -> int | None:
        trace = self.found.violations.get(name) or self.found.reached.get(name)
        return None if trace is None else len(trace.steps)


def searched(case: Case) -> Searched | None:
    """A search at a random scope, or at one element of each sort; None if there are too many states even there."""
    setting = case.setting()
    facts = tuple(
        ir.Property(PropertyKind.LEMMA, fact.name, None, fact.formula, False, (), FACT) for fact in case.system.facts
    )
    for scope in (case.scope(), tuple((sort, 1) for sort in case.system.sorts)):
        machine = Machine(case.system, scope, setting)
        found = explore(machine, (*case.system.properties, *facts), LIMITS, max_states=MOST_STATES)
        if found.complete or found.depth >= DEPTH:
            return Searched(machine, found)
    return None


def check_facts(case: Case) -> int:
    """The structural facts hold in every reachable state."""
    seen = searched(case)
    if seen is None:
        return 0
    for fact in case.system.facts:
        if fact.name in seen.found.violations:
            raise Disagreement(f"the fact {fact.name} is false at {seen.machine.scope}, {seen.machine.setting}")
    return len(case.system.facts)


def check_symmetry(case: Case) -> int:
    """Searching up to symmetry finds the same shortest runs."""
    seen = searched(case)
    if seen is None:
        return 0
    few = explore(seen.machine, case.system.properties, LIMITS, max_states=MOST_STATES, up_to_symmetry=True)
    names = [*(prop.name for prop in case.system.properties), NO_FAULT]
    for name in names:
        _same_steps(name, Searched(seen.machine, few).steps_to(name), seen.steps_to(name))
    if few.fired != seen.found.fired:
        raise Disagreement(f"only one of the searches fires {few.fired ^ seen.found.fired}")
    return len(names)


def _same_steps(name: str, ours: int | None, theirs: int | None) -> None:
    if ours != theirs:
        raise Disagreement(f"{name}: shortest run {ours}, of the explicit search {theirs}")


def check_bmc(case: Case) -> int:
    """Bounded model checking finds the shortest runs, with and without breaking symmetries, and steps that fire."""
    seen = searched(case)
    if seen is None:
        return 0
    goals: list[Goal] = [Violates(prop.name) for prop in case.system.properties]
    goals += [Faults(), *(Fires(step.name) for step in case.system.steps)]
    when = at_setting(seen.machine.setting)
    targets = [Target(goal, when) for goal in goals]
    for break_symmetry in (True, False):
        try:
            verdicts = search(
                case.system, targets, (seen.machine.scope,), LIMITS,
                replay=replay, rel=case.rel, break_symmetry=break_symmetry,
            )  # fmt: skip
        except EncodingDisagrees as error:
            raise Disagreement(f"{error}: {error.trace}") from error
        for target, verdict in verdicts.items():
            steps = len(verdict.trace.steps) if isinstance(verdict, Refuted) else None
            if isinstance(target.goal, Fires):
                _check_fires(target.goal.step, verdict, seen)
            else:
                _same_steps(target.name, steps, seen.steps_to(target.name))
            if isinstance(verdict, NoViolation):
                _check_never_fired(verdict.never_fired, seen)
    return 2 * len(targets)


def _check_fires(step: str, verdict: object, seen: Searched) -> None:
    """The explicit search may have seen the step fault only, which does not count as fired here."""
    fired = isinstance(verdict, Refuted)
    if fired and step not in seen.found.fired:
        raise Disagreement(f"{step} fires in a run that the explicit search does not know")
    if not fired and step in seen.found.fired and NO_FAULT not in seen.found.violations:
        raise Disagreement(f"{step} fires, and no run to it was found")


def _check_never_fired(names: tuple[str, ...], seen: Searched) -> None:
    wrong = set(names) & seen.found.fired
    if wrong and NO_FAULT not in seen.found.violations:
        raise Disagreement(f"{wrong} are said never to fire")


def check_induction(case: Case) -> int:
    """What is proved for any size has no violation at the scopes tried, nor a fault, nor a run to a cover."""
    names = [*(prop.name for prop in case.system.properties), NO_FAULT]
    setting = case.setting()
    when = case.random.choice((ir.TRUE, at_setting(setting)))
    result = prove(case.system, names, when, Limits(timeout=0.5))
    proved = [name for name, verdict in result.verdicts if isinstance(verdict, Proved)]
    for _ in range(2):
        seen = searched(case)
        if seen is None or (when != ir.TRUE and seen.machine.setting != setting):
            continue
        for name in [*proved, *result.inductive]:
            if seen.steps_to(name) is not None:
                raise Disagreement(f"{name} is proved, and has a run at {seen.machine.scope}, {seen.machine.setting}")
    return len(proved)


def check_cti(case: Case) -> int:
    """A counterexample to induction is a typed state with what was assumed, and a step that breaks the goal."""
    goals = [prop.name for prop in case.system.properties if prop.kind is PropertyKind.INVARIANT]
    goals.append(NO_FAULT)
    goal = case.random.choice(goals)
    setting = case.setting()
    facts = [fact.name for fact in case.system.facts]
    assumed = facts if goal == NO_FAULT else [*facts, goal]
    scope = case.scope()
    cti = find_cti(case.system, case.rel, assumed, goal, None, at_setting(setting), LIMITS, scopes=(scope,))
    if cti is None:
        _check_none(case, Machine(case.system, scope, setting), goal, assumed)
    else:
        _check_cti(case, cti, assumed)
    return 1


def _check_none(case: Case, machine: Machine, goal: str, assumed: list[str]) -> None:
    """Among some typed states there is no counterexample either."""
    formulas = _formulas(case.system)
    for _ in range(20):
        state = case.typed_state(machine.scope)
        if not all(machine.holds(formulas[name], state) for name in assumed):
            continue
        for firing, outcome in machine.successors(state):
            if isinstance(outcome, Faulted):
                broken = goal == NO_FAULT
            else:
                broken = (
                    goal != NO_FAULT and isinstance(outcome, Moved) and not machine.holds(formulas[goal], outcome.state)
                )
            if broken:
                raise Disagreement(f"{firing} from {state} breaks {goal}, and no counterexample was found")


def _check_cti(case: Case, cti: Cti, assumed: list[str]) -> None:
    machine = Machine(case.system, cti.scope, cti.setting)
    formulas = _formulas(case.system)
    for name in assumed:
        if not machine.holds(formulas[name], cti.before):
            raise Disagreement(f"the counterexample to induction of {cti.conjunct} does not have {name}")
    outcome = machine.fire(cti.before, cti.step.firing)
    if cti.conjunct == NO_FAULT:
        if not isinstance(outcome, Faulted):
            raise Disagreement(f"{cti.step.firing} is said to fault, and gives {outcome}")
    elif not isinstance(outcome, Moved) or outcome.state != cti.step.state:
        raise Disagreement(f"{cti.step.firing} is said to lead elsewhere than {outcome}")
    elif machine.holds(formulas[cti.conjunct], outcome.state):
        raise Disagreement(f"{cti.conjunct} holds after {cti.step.firing}")


def _formulas(system: ir.System) -> dict[str, ir.Formula]:
    """Properties and facts by name."""
    named: list[ir.Property | ir.Fact] = [*system.properties, *system.facts]
    return {each.name: each.formula for each in named}
