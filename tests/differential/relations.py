"""A second reading of relational formulas, over explicit relations: small, slow, and shares nothing with the encoders.

States are turned into relations and back here too. Wherever a formula offers two branches (`Either`), both are
evaluated, and they must agree: `BranchesDiffer` otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from cowspec.encode.relational.formula import (
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    RelStep,
    RelSystem,
    Same,
    Sym,
    Truth,
)
from cowspec.system import ir

Relations = Mapping[str, set[tuple[int, ...]]]
Environment = dict[str, int]
Sizes = Mapping[str, int]
Result = tuple[str, tuple[int, ...], ir.State | None]
"""Step, arguments, the state after it; None after a fault."""


class BranchesDiffer(Exception):
    """The two forms of an `Either` have different values in a state."""


def holds(formula: Formula, relations: Relations, sizes: Sizes, names: Environment) -> bool:
    match formula:
        case Truth(value):
            return value
        case Atom(pred, args):
            return tuple(names[arg.name] for arg in args) in relations[pred]
        case Same(left, right):
            return names[left.name] == names[right.name]
        case Not(body):
            return not holds(body, relations, sizes, names)
        case And(parts):
            return all(holds(part, relations, sizes, names) for part in parts)
        case Or(parts):
            return any(holds(part, relations, sizes, names) for part in parts)
        case Forall(bound, body):
            return all(holds(body, relations, sizes, each) for each in _bindings(bound, sizes, names))
        case Exists(bound, body):
            return any(holds(body, relations, sizes, each) for each in _bindings(bound, sizes, names))
        case Either(positive, negative):
            value = holds(positive, relations, sizes, names)
            if value != holds(negative, relations, sizes, names):
                raise BranchesDiffer(f"{positive} is {value} and {negative} is not, with {names}")
            return value


def _bindings(bound: tuple[Sym, ...], sizes: Sizes, names: Environment) -> Iterator[Environment]:
    for elements in product(*(range(sizes[sym.sort]) for sym in bound)):
        yield {**names, **{sym.name: element for sym, element in zip(bound, elements, strict=True)}}


# ---- states --------------------------------------------------------------------------------------------------------


def relations_of(
    system: ir.System, scope: ir.Scope, setting: ir.Setting, state: ir.State, mark: str = ""
) -> dict[str, set[tuple[int, ...]]]:
    """What is true in a state, and the switches. `mark` is put behind each name: "'" for the state after a step."""
    sizes, enums = dict(scope), dict(system.enums)
    found: dict[str, set[tuple[int, ...]]] = {}
    for var, table in zip(system.vars, state, strict=True):
        cells = list(zip(product(*(range(sizes[sort]) for sort in var.index)), table, strict=True))
        if var.domain is None:
            found[var.name + mark] = {index for index, value in cells if value}
        elif var.domain in enums:
            for number, member in enumerate(enums[var.domain]):
                found[f"{var.name}={member}{mark}"] = {index for index, value in cells if value == number}
        else:
            found[var.name + mark] = {(*index, value) for index, value in cells if value is not None}
            found[f"{var.name}?{mark}"] = {index for index, value in cells if value is not None}
    for switch in system.switches:
        for option, _ in switch.options:
            found[f"{switch.name}={option}{mark}"] = {()} if (switch.name, option) in setting else set()
    return found


def state_of(system: ir.System, scope: ir.Scope, relations: Relations) -> ir.State:
    """The inverse; ValueError where a variable has two values at one place, or a value and no presence."""
    sizes, enums = dict(scope), dict(system.enums)
    return tuple(_table(var, sizes, enums, relations) for var in system.vars)


def _table(
    var: ir.StateVar, sizes: Sizes, enums: Mapping[str, tuple[str, ...]], relations: Relations
) -> tuple[ir.Value, ...]:
    found: list[ir.Value] = []
    for index in product(*(range(sizes[sort]) for sort in var.index)):
        if var.domain is None:
            found.append(index in relations[var.name])
            continue
        if var.domain in enums:
            members = enums[var.domain]
            values = [number for number, member in enumerate(members) if index in relations[f"{var.name}={member}"]]
        else:
            values = [element for element in range(sizes[var.domain]) if (*index, element) in relations[var.name]]
        optional = var.presence == ir.Presence.OWN and var.domain not in enums
        if len(values) > 1 or (optional and (index in relations[f"{var.name}?"]) != bool(values)):
            raise ValueError(f"{var.name}{list(index)} has the values {values}")
        found.append(values[0] if values else None)
    return tuple(found)


# ---- steps ---------------------------------------------------------------------------------------------------------


def successors(system: ir.System, rel: RelSystem, scope: ir.Scope, relations: Relations) -> set[Result]:
    """What the relational steps allow in a state."""
    return {result for step in rel.steps for result in _fire(system, _spelled_out(step), scope, relations)}


def _spelled_out(step: RelStep) -> RelStep:
    """The step without names for formulas."""
    if not step.definitions:
        return step
    meaning: dict[str, Formula] = {}
    for name, formula in step.definitions:
        meaning[name] = _with_meaning(formula, meaning)
    return replace(
        step,
        guard=_with_meaning(step.guard, meaning),
        faults=tuple(replace(case, condition=_with_meaning(case.condition, meaning)) for case in step.faults),
        updates=tuple(replace(update, body=_with_meaning(update.body, meaning)) for update in step.updates),
    )


def _with_meaning(formula: Formula, meaning: Mapping[str, Formula]) -> Formula:
    match formula:
        case Truth() | Same():
            return formula
        case Atom(pred):
            return meaning.get(pred, formula)
        case Not(body):
            return Not(_with_meaning(body, meaning))
        case And(parts):
            return And(tuple(_with_meaning(part, meaning) for part in parts))
        case Or(parts):
            return Or(tuple(_with_meaning(part, meaning) for part in parts))
        case Forall(names, body):
            return Forall(names, _with_meaning(body, meaning))
        case Exists(names, body):
            return Exists(names, _with_meaning(body, meaning))
        case Either(positive, negative):
            return Either(_with_meaning(positive, meaning), _with_meaning(negative, meaning))


def _fire(system: ir.System, step: RelStep, scope: ir.Scope, relations: Relations) -> Iterator[Result]:
    sizes = dict(scope)
    count = next(len(each.params) for each in system.steps if each.name == step.name)
    members = dict(step.enum_args)
    for names in _solutions(step, sizes, relations):
        elements = iter([names[sym.name] for sym in step.params[: step.arity]])
        args = tuple(members[n] if n in members else next(elements) for n in range(count))
        if any(holds(case.condition, relations, sizes, names) for case in step.faults):
            yield step.name, args, None
            continue
        after = dict(relations)
        for update in step.updates:
            after[update.pred] = {
                tuple(each[sym.name] for sym in update.formals)
                for each in _bindings(update.formals, sizes, names)
                if holds(update.body, relations, sizes, each)
            }
        yield step.name, args, state_of(system, scope, after)


def _solutions(step: RelStep, sizes: Sizes, relations: Relations) -> Iterator[Environment]:
    """Elements for the constants of the step that satisfy its guard, each part of it tested as early as possible."""
    constants = (*step.params, *step.choices)
    place = {sym.name: number for number, sym in enumerate(constants)}
    tests: list[list[Formula]] = [[] for _ in range(len(constants) + 1)]
    for part in step.guard.parts if isinstance(step.guard, And) else (step.guard,):
        tests[max((place[name] + 1 for name in _names(part) if name in place), default=0)].append(part)

    def extend(names: Environment, number: int) -> Iterator[Environment]:
        if all(holds(part, relations, sizes, names) for part in tests[number]):
            if number == len(constants):
                yield names
                return
            sym = constants[number]
            for element in range(sizes[sym.sort]):
                yield from extend({**names, sym.name: element}, number + 1)

    return extend({}, 0)


def _names(formula: Formula) -> set[str]:
    """All names in a formula (bound names are unique, so they do no harm)."""
    match formula:
        case Truth():
            return set()
        case Atom(_, args):
            return {arg.name for arg in args}
        case Same(left, right):
            return {left.name, right.name}
        case Not(body) | Forall(_, body) | Exists(_, body):
            return _names(body)
        case And(parts) | Or(parts):
            return {name for part in parts for name in _names(part)}
        case Either(positive, negative):
            return _names(positive) | _names(negative)
