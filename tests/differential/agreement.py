"""What must agree about one state, and about one model.

Each check takes a `Case` and raises `Disagreement`; it gives how much it compared, so that a test can tell that it was
enough. The evaluator is the judge. Against it stand the relational formulas (read by `relations.py`), the finite
encoding (a SAT solver, `finite_steps.py`) and the Z3 terms over a finite universe (`fol_steps.py`).
"""

from collections.abc import Iterable
from itertools import islice

from cases import Case, Disagreement
from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import Naming, translate
from cowspec.evaluate.machine import Faulted, Machine, Moved
from cowspec.source import Source
from cowspec.syntax.ast import PropertyKind
from cowspec.syntax.format import format_source
from cowspec.syntax.parse import parse
from cowspec.system import ir
from cowspec.system.slicing import slice_system
from cowspec.verdict import Firing
from finite_steps import FiniteSteps, start_states
from fol_steps import FolSteps
from relations import BranchesDiffer, holds, relations_of, successors

Outcomes = dict[Firing, ir.State | str]
"""For each enabled firing the state after it or the message of its fault."""

MOST_STARTS = 300


def outcomes(machine: Machine, state: ir.State) -> Outcomes:
    found: Outcomes = {}
    for firing, outcome in machine.successors(state):
        assert isinstance(outcome, Moved | Faulted)
        found[firing] = outcome.state if isinstance(outcome, Moved) else outcome.message
    return found


def differ(what: str, ours: Iterable[object], theirs: Iterable[object]) -> None:
    """Nothing if both are the same set."""
    mine, other = set(ours), set(theirs)
    if mine != other:
        extra, missing = list(islice(mine - other, 3)), list(islice(other - mine, 3))
        raise Disagreement(f"{what}: only the encoding has {extra}, only the evaluator {missing}")


# ---- next states and property values -------------------------------------------------------------------------------


def check_steps(case: Case) -> int:
    """In reached and in arbitrary states: the same steps, next states and faults, the same values of properties."""
    system, scope, setting = case.system, case.scope(wide=True), case.setting()
    machine = Machine(system, scope, setting)
    finite = FiniteSteps(system, case.rel, scope)
    sliced = Machine(slice_system(system, setting), scope, setting)
    states = [*case.reached_states(machine, 2, 2), *(case.typed_state(scope) for _ in range(3))]
    compared = 0
    for state in states:
        found = outcomes(machine, state)
        compared += len(found)
        differ("sliced steps", outcomes(sliced, state).items(), found.items())
        differ("finite steps", finite.successors(state, setting), found.items())
        try:
            _check_relations(case.system, case.rel, machine, state, found)
        except BranchesDiffer as error:
            raise Disagreement(f"the forms of a formula: {error}") from error
        _check_values(case, machine, finite, state, found)
    return compared


def _check_relations(system: ir.System, rel: RelSystem, machine: Machine, state: ir.State, found: Outcomes) -> None:
    scope, setting = machine.scope, machine.setting
    wanted = {(each.step, each.args, None if isinstance(after, str) else after) for each, after in found.items()}
    now = relations_of(system, scope, setting, state)
    differ("relational steps", successors(system, rel, scope, now), wanted)
    for prop, formula in zip(system.properties, rel.properties, strict=True):
        if prop.kind is not PropertyKind.TRANSITION:
            _same(prop.name, holds(formula.formula, now, dict(scope), {}), machine.holds(prop.formula, state))
            continue
        for after in _some_states(found):
            both = {**now, **relations_of(system, scope, setting, after, "'")}
            ours = holds(formula.formula, both, dict(scope), {})
            _same(prop.name, ours, machine.holds(prop.formula, after, state))
    for fact, formula in zip(system.facts, rel.facts, strict=True):
        _same(fact.name, holds(formula.formula, now, dict(scope), {}), machine.holds(fact.formula, state))


def _check_values(case: Case, machine: Machine, finite: FiniteSteps, state: ir.State, found: Outcomes) -> None:
    setting = machine.setting
    for prop in case.system.properties:
        if prop.kind is PropertyKind.TRANSITION:
            for after in _some_states(found):
                ours = finite.value(prop.name, state, setting, after)
                _same(prop.name, ours, machine.holds(prop.formula, after, state))
        else:
            _same(prop.name, finite.value(prop.name, state, setting), machine.holds(prop.formula, state))


def _some_states(found: Outcomes) -> list[ir.State]:
    return list(islice(dict.fromkeys(after for after in found.values() if not isinstance(after, str)), 3))


def _same(name: str, ours: bool, theirs: bool) -> None:
    if ours != theirs:
        raise Disagreement(f"{name}: {ours} in the encoding, {theirs} in the evaluator")


def check_namings(case: Case) -> int:
    """The relational formulas with every way to give names to values and conditions say the same."""
    system, scope, setting = case.system, case.scope(), case.setting()
    machine = Machine(system, scope, setting)
    compared = 0
    for naming in (Naming(values=False), Naming(conditions=True), Naming(values=False, conditions=True)):
        rel = translate(system, naming)
        for state in [*case.reached_states(machine, 1, 1), case.typed_state(scope)]:
            found = outcomes(machine, state)
            compared += len(found)
            try:
                _check_relations(system, rel, machine, state, found)
            except BranchesDiffer as error:
                raise Disagreement(f"the forms of a formula, {naming}: {error}") from error
    return compared


def check_fol(case: Case) -> int:
    """Z3's terms over the elements of a state: what may fire, fault, and violate a property afterwards."""
    system, scope, setting = case.system, case.scope(), case.setting()
    machine = Machine(system, scope, setting)
    fol = FolSteps(system, scope)
    compared = 0
    for state in [*case.reached_states(machine, 1, 1), case.typed_state(scope)]:
        found = outcomes(machine, state)
        theirs: set[tuple[str, str]] = set()
        for firing, after in found.items():
            if isinstance(after, str):
                theirs.add((firing.step, "faults"))
                continue
            theirs.add((firing.step, "moves"))
            for prop in system.properties:
                if not machine.holds(prop.formula, after, state):
                    theirs.add((firing.step, prop.name))
        differ("Z3", fol.possible(state, setting), theirs)
        compared += len(theirs)
    return compared


# ---- start states --------------------------------------------------------------------------------------------------


def check_starts(case: Case) -> int:
    """The same start states, where there are few; all of them up to symmetry."""
    setting = case.setting()
    for scope in (case.scope(), tuple((sort, 1) for sort in case.system.sorts)):
        machine = Machine(case.system, scope, setting)
        theirs = set(islice(machine.starts(), MOST_STARTS + 1))
        if len(theirs) > MOST_STARTS:
            continue
        ours = start_states(case.system, case.rel, scope, setting, MOST_STARTS)
        differ("start states", ours or (), theirs)
        _check_symmetric_starts(case, machine, theirs)
        for state in islice(theirs, 20):
            if not machine.is_start(state):
                raise Disagreement("a start state is none")
        return len(theirs)
    return 0


def _check_symmetric_starts(case: Case, machine: Machine, every: set[ir.State]) -> None:
    few = set(machine.starts(up_to_symmetry=True))
    if not few <= every:
        raise Disagreement("a start state up to symmetry is none")
    reached = {other for state in few for other in case.renamings(state, machine.scope)}
    differ("start states up to symmetry", reached, every)


# ---- text ----------------------------------------------------------------------------------------------------------


def check_format(case: Case) -> int:
    """The canonical layout means the same, and is its own."""
    formatted = format_source(Source("random.cow", case.text))
    if parse(Source("random.cow", formatted)) != parse(Source("random.cow", case.text)):
        raise Disagreement("the formatted text is another model")
    if format_source(Source("random.cow", formatted)) != formatted:
        raise Disagreement("formatting twice is not formatting once")
    return 1
