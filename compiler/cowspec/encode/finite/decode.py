"""What a model of the clauses says in the system's terms: tables of truth to states, settings and firings."""

from collections.abc import Callable, Mapping

from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Literal
from cowspec.encode.finite.ground import Grounder, Table, Universe
from cowspec.encode.relational.formula import Formula, Predicate, RelStep, RelSystem
from cowspec.system.ir import Presence, Scope, Setting, State, StateVar, System, Value
from cowspec.verdict import Firing

Truths = Mapping[str, Table]
"""For each predicate its table at a scope, of `TRUE` and `FALSE`."""


def universe_of(scope: Scope) -> Universe:
    return Universe(dict(scope), {sort: (TRUE,) * size for sort, size in scope})


def truths(predicates: tuple[Predicate, ...], scope: Scope, holds: Callable[[str, tuple[int, ...]], bool]) -> Truths:
    universe = universe_of(scope)
    return {
        predicate.name: [TRUE if holds(predicate.name, e) else FALSE for e in universe.tuples(predicate.sorts)]
        for predicate in predicates
    }


def evaluator(
    rel: RelSystem, step: RelStep, scope: Scope, tables: Truths, names: Mapping[str, int]
) -> Callable[[Formula], bool]:
    """The value of the step's formulas in one state. `names`: the element of each of its constants."""
    grounder = Grounder(Circuit(), universe_of(scope), rel.predicates, tables)
    for name, formula in step.definitions:
        grounder.define(name, grounder.ground(formula, dict(names)))
    return lambda formula: grounder.ground(formula, dict(names)) == TRUE


def setting_of(system: System, tables: Truths) -> Setting:
    found = []
    for switch in system.switches:
        if switch.is_fix:
            found.append((switch.name, "on" if tables[f"{switch.name}=on"][0] == TRUE else "off"))
        else:
            chosen = [option for option, _ in switch.options if tables[f"{switch.name}={option}"][0] == TRUE]
            if len(chosen) != 1:
                raise ValueError(f"switch {switch.name} has the options {chosen}")
            found.append((switch.name, chosen[0]))
    return tuple(found)


def state_of(system: System, scope: Scope, tables: Truths) -> State:
    sizes = dict(scope)
    members = dict(system.enums)
    return tuple(_table(var, sizes, members, tables) for var in system.vars)


def _table(
    var: StateVar, sizes: Mapping[str, int], members: Mapping[str, tuple[str, ...]], tables: Truths
) -> tuple[Value, ...]:
    cells = 1
    for sort in var.index:
        cells *= sizes[sort]
    if var.domain is None:
        return tuple(literal == TRUE for literal in tables[var.name])
    if var.domain in members:
        columns = [tables[f"{var.name}={member}"] for member in members[var.domain]]
    else:
        size = sizes[var.domain]
        columns = [tables[var.name][element::size] for element in range(size)]
    found: list[Value] = []
    for cell in range(cells):
        values = [value for value, column in enumerate(columns) if column[cell] == TRUE]
        if len(values) > 1 or (not values and var.presence == Presence.TOTAL):
            raise ValueError(f"cell {cell} of {var.name} has the values {values}")
        found.append(values[0] if values else None)
    return tuple(found)


def firing_of(system: System, step: RelStep, names: Mapping[str, int], holds: Callable[[Formula], bool]) -> Firing:
    """`names`: the element of each of the step's constants; `holds`: what is true in the state before."""
    params = next(len(each.params) for each in system.steps if each.name == step.name)
    members = dict(step.enum_args)
    elements = iter([names[param.name] for param in step.params[: step.arity]])
    args = tuple(members[n] if n in members else next(elements) for n in range(params))
    chosen = zip(step.choices, step.choice_paths, strict=True)
    met: list[tuple[int, Formula]] = [(names[choice.name], path) for choice, path in chosen]
    for before, member, path in reversed(step.member_choices):
        met.insert(before, (member, path))
    return Firing(step.name, args, tuple(element for element, path in met if holds(path)))


def tables_of(system: System, scope: Scope, state: State) -> Truths:
    """The inverse of `state_of`: the tables of all predicates but the switches'."""
    sizes, members = dict(scope), dict(system.enums)
    found: dict[str, Table] = {}
    for var, values in zip(system.vars, state, strict=True):
        if var.domain is None:
            found[var.name] = [_truth(bool(value)) for value in values]
        elif var.domain in members:
            for number, member in enumerate(members[var.domain]):
                found[f"{var.name}={member}"] = [_truth(value == number) for value in values]
        else:
            elements = range(sizes[var.domain])
            found[var.name] = [_truth(value == element) for value in values for element in elements]
            if var.presence == Presence.OWN:
                found[f"{var.name}?"] = [_truth(value is not None) for value in values]
    return found


def _truth(value: bool) -> Literal:
    return TRUE if value else FALSE
