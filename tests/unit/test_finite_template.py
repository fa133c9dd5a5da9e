"""One step of the template against the reference semantics: the same start states, the same steps from each state."""

from itertools import islice

import pytest
from cowspec.encode.finite.circuit import TRUE
from cowspec.encode.finite.decode import state_of, tables_of
from cowspec.encode.finite.symmetry import start_cells
from cowspec.encode.finite.template import Template, build
from cowspec.encode.relational.translate import translate
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.goals import at_setting
from cowspec.engines.bmc.sat import cadical
from cowspec.engines.bmc.search import starting
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.evaluate.machine import Faulted, Machine, Moved
from cowspec.system.ir import Scope, Setting, State
from cowspec.verdict import Firing
from finite_systems import SLOTS

REL = translate(SLOTS)
FOREVER = float("inf")
SCOPES: tuple[Scope, ...] = ((("Owner", 1), ("Slot", 2)), (("Owner", 2), ("Slot", 2)), (("Owner", 2), ("Slot", 3)))
SETTINGS: tuple[Setting, ...] = (
    (("careful", "off"), ("shade", "light")),
    (("careful", "on"), ("shade", "dark")),
)


def asker_of(template: Template) -> Asker:
    return Asker(SLOTS, REL, Unrolling(template, cadical()))


def block(asker: Asker, frame: int, known: list[int]) -> None:
    """No further model with this state at the frame (and these values of other literals)."""
    literals = list(known)
    for table in asker.unrolling.template.tables.values():
        literals += [asker.unrolling.literal(literal, frame) for literal in table]
    values = [literal if asker.unrolling.solver_value(literal) else -literal for literal in literals]
    asker.unrolling.add([-value for value in values])


def starts(scope: Scope, setting: Setting) -> set[State]:
    asker = asker_of(build(REL, (scope,), starting(REL), (), None))
    given = [asker.setting_literal(at_setting(setting))]
    found = set()
    while asker.unrolling.solve(given, FOREVER):
        assert asker.scope() == scope
        state = asker.state(scope, 0)
        assert state not in found
        found.add(state)
        block(asker, 0, [])
    return found


def successors(
    state: State, scope: Scope, setting: Setting, scopes: tuple[Scope, ...]
) -> set[tuple[Firing, State | str]]:
    """All steps from the state at the scope, in a template that serves all `scopes`."""
    template = build(REL, scopes, (), (), None)
    asker = asker_of(template)
    unrolling = asker.unrolling
    unrolling.extend()
    given = [asker.setting_literal(at_setting(setting)), -unrolling.literal(template.idle, 0)]
    given.append(unrolling.literal(template.at_scope[scopes.index(scope)], 0))
    tables = tables_of(SLOTS, scope, state)
    sizes = dict(scope)
    for predicate in REL.predicates:
        if predicate.name in tables:
            small = iter(tables[predicate.name])
            for literal, elements in zip(
                template.tables[predicate.name], template.universe.tuples(predicate.sorts), strict=True
            ):
                inside = all(e < sizes[sort] for e, sort in zip(elements, predicate.sorts, strict=True))
                value = inside and next(small) == TRUE
                given.append(unrolling.literal(literal if value else -literal, 0))
    inputs = [unrolling.literal(literal, 0) for literal in template.selected]
    inputs += [unrolling.literal(abs(literal), 0) for register in template.registers for literal in register]
    found: set[tuple[Firing, State | str]] = set()
    while unrolling.solve(given, FOREVER):
        firing, message = asker.firing(scope, 0)
        found.add((firing, message if unrolling.value(template.faulting, 0) and message else asker.state(scope, 1)))
        block(asker, 1, inputs)
    return found


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_start_states_agree(scope: Scope, setting: Setting) -> None:
    assert starts(scope, setting) == set(Machine(SLOTS, scope, setting).starts())


@pytest.mark.parametrize("setting", SETTINGS)
def test_steps_agree(setting: Setting) -> None:
    """At a scope inside a box of several, from states spread over those reached."""
    scope = SCOPES[1]
    machine = Machine(SLOTS, scope, setting)
    seen = list(machine.starts())
    for state in islice(iter(seen), 300):
        for _, outcome in machine.successors(state):
            if isinstance(outcome, Moved) and outcome.state not in seen:
                seen.append(outcome.state)
    assert len(seen) > 100
    kinds = set()
    for state in seen[:: len(seen) // 12]:
        expected = {
            (firing, outcome.state if isinstance(outcome, Moved) else outcome.message)
            for firing, outcome in machine.successors(state)
            if isinstance(outcome, Moved | Faulted)
        }
        kinds |= {firing.step for firing, _ in expected}
        assert successors(state, scope, setting, SCOPES) == expected
    assert kinds >= {"take", "drop", "paint", "leave_home"}


def test_states_survive_the_tables() -> None:
    scope = SCOPES[2]
    machine = Machine(SLOTS, scope, SETTINGS[0])
    for state in machine.starts():
        assert state_of(SLOTS, scope, tables_of(SLOTS, scope, state)) == state


def test_start_cells_order_sorts_without_a_cycle() -> None:
    cells = start_cells([("home", ("A",), "B"), ("back", ("B",), "A"), ("self", ("A",), "A"), ("deep", ("B",), "C")])
    assert cells == {"B": (("home", ("A", "B")),), "C": (("deep", ("B", "C")),)}
