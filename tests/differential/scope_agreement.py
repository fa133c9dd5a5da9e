"""What PDR proves at a scope must be so: the evaluator's explicit search is the judge.

For each property and for `no_fault`: a run where the explicit search knows one, and nothing else; else an invariant,
which every reachable state satisfies, as the evaluator reads the states and the model's own formulas.
"""

from collections.abc import Iterator
from itertools import product

from cases import Case, Disagreement
from cowspec.encode.finite.circuit import TRUE
from cowspec.encode.finite.decode import tables_of
from cowspec.engines.bmc.goals import at_setting
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.pdr.prove import Directed, InvariantRefused, prove_at
from cowspec.evaluate.machine import Machine, Moved
from cowspec.evaluate.replay import replay
from cowspec.evaluate.search import NO_FAULT, explore
from cowspec.system import ir
from cowspec.verdict import Invariant, Limits, Trace

MOST_STATES = 2000
EXHAUSTIVE = Limits(max_steps=1_000_000, timeout=20.0)
LIMITS = Limits(timeout=20.0)


def check_pdr(case: Case) -> int:
    setting, scope = case.setting(), case.scope()
    machine = Machine(case.system, scope, setting)
    seen = explore(machine, case.system.properties, EXHAUSTIVE, max_states=MOST_STATES)
    if not seen.complete:
        return 0
    states = list(reachable(machine))
    names = [*(prop.name for prop in case.system.properties), NO_FAULT]
    lemmas = case.random.random() < 0.5
    for name in names:
        runs: list[Trace] = []
        try:
            found = prove_at(
                case.system, name, at_setting(setting), scope, LIMITS,
                replay=replay, rest=lambda run, runs=runs: runs.append(run), lemmas=lemmas,
            )  # fmt: skip
        except (EncodingDisagrees, InvariantRefused) as error:
            raise Disagreement(str(error)) from error
        shortest = seen.violations.get(name) or seen.reached.get(name)
        _compare(name, found, runs, None if shortest is None else len(shortest.steps))
        if found.invariant is not None:
            _check_invariant(case.system, machine, found.invariant, states)
    return len(names)


def _compare(name: str, found: Directed, runs: list[Trace], shortest: int | None) -> None:
    if found.stopped:
        raise Disagreement(f"{name}: no answer, {found.stopped}")
    if bool(runs) == (found.invariant is not None):
        raise Disagreement(f"{name}: {len(runs)} runs, and the invariant {found.invariant}")
    if bool(runs) != (shortest is not None):
        raise Disagreement(f"{name}: the runs {runs}, and one of {shortest} steps by the explicit search")
    if runs and shortest is not None and len(runs[0].steps) < shortest:
        raise Disagreement(f"{name}: a run of {len(runs[0].steps)} steps, shorter than the shortest, {shortest}")


def _check_invariant(system: ir.System, machine: Machine, invariant: Invariant, states: list[ir.State]) -> None:
    formulas = {each.name: each.formula for each in (*system.properties, *system.facts)}
    clauses = list(ground_clauses(system, machine.scope, invariant))
    for state in states:
        for name in invariant.conjuncts:
            if not machine.holds(formulas[name], state):
                raise Disagreement(f"the invariant's {name} is false in the reachable state {state}")
        true = true_cells(system, machine, state)
        for clause in clauses:
            if all(((name, elements) in true) == value for name, elements, value in clause):
                raise Disagreement(f"the invariant excludes {clause}, and {state} is reachable")


def reachable(machine: Machine) -> Iterator[ir.State]:
    """Every reachable state, by itself: no symmetry, no search of ours."""
    seen: set[ir.State] = set()
    waiting = list(machine.starts())
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        yield state
        waiting += [outcome.state for _, outcome in machine.successors(state) if isinstance(outcome, Moved)]


Cell = tuple[str, tuple[int, ...]]


def true_cells(system: ir.System, machine: Machine, state: ir.State) -> set[Cell]:
    """The predicates of a state by name and elements, those of the switches, too."""
    sizes = dict(machine.scope)
    found = {(f"{switch}={option}", ()) for switch, option in machine.setting}
    for name, table in tables_of(system, machine.scope, state).items():
        var = next(v for v in system.vars if name.removesuffix("?").partition("=")[0] == v.name)
        sorts = (*var.index, var.domain) if name == var.name and var.domain in system.sorts else var.index
        places = product(*(range(sizes[str(sort)]) for sort in sorts))
        found |= {(name, place) for place, literal in zip(places, table, strict=True) if literal == TRUE}
    return found


def ground_clauses(
    system: ir.System, scope: ir.Scope, invariant: Invariant
) -> Iterator[tuple[tuple[str, tuple[int, ...], bool], ...]]:
    """Each clause under every permutation of the elements of every sort, worked out from the model's text alone."""
    sizes = dict(scope)
    sorts: dict[str, tuple[str, ...]] = {f"{s.name}={o}": () for s in system.switches for o, _ in s.options}
    for var in system.vars:
        sorts[var.name] = (*var.index, var.domain) if var.domain in system.sorts and var.domain else var.index
        sorts[f"{var.name}?"] = var.index
        members = next((m for enum, m in system.enums if enum == var.domain), ())
        sorts |= {f"{var.name}={member}": var.index for member in members}
    for renaming in product(*(permutations_of(size) for size in sizes.values())):
        renamed = dict(zip(sizes, renaming, strict=True))
        for clause in invariant.clauses:
            yield tuple(
                (name, tuple(renamed[sort][e] for sort, e in zip(sorts[name], elements, strict=True)), value)
                for name, elements, value in clause
            )


def permutations_of(size: int) -> list[tuple[int, ...]]:
    if size == 0:
        return [()]
    return [(*p[:k], size - 1, *p[k:]) for p in permutations_of(size - 1) for k in range(size)]
