"""The system as relational first-order logic, once for all back ends.

In: an `ir.System`. Out: a `RelSystem` (see `formula.py` for the predicates, `values.py` for reading, `steps.py` for
updates). Raises `CountTooLarge` where a sum of counts is compared with a number too large to spell out.

`typing`: a variable has at most one value at an index, and none where its owner is absent; an enum-valued one that
must have a value has one (that is universal, the members being known). `exact` is what is left to say of real states
and cannot be said without an existential under a universal: a variable of a sort has a value where it is present.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from cowspec.encode.relational.connectives import conj, disj, exists, forall, iff, implies, neg, same, simplify
from cowspec.encode.relational.formula import Atom, Formula, Predicate, RelProperty, RelSystem, Sym, Truth
from cowspec.encode.relational.steps import NAMED, NAMED_VALUES, Naming, rel_steps
from cowspec.encode.relational.tally import CountTooLarge
from cowspec.encode.relational.terms import formula as read_formula
from cowspec.encode.relational.values import Closure, Env, Fresh, Known, Tables, fresh_names, tables_of, var_present
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir

__all__ = [
    "NAMED", "CountTooLarge", "Naming", "counts_above_two", "formula_of", "formula_of_step", "primed", "translate",
]  # fmt: skip


def translate(system: ir.System, naming: Naming = NAMED_VALUES) -> RelSystem:
    """The whole system; switches stay symbolic. Names for values save quantifiers and add constants to
    `RelStep.params` (the guard says what they are); names for conditions are `RelStep.definitions`."""
    tables, fresh = tables_of(system), fresh_names()
    env = _state_env(tables, fresh, {})
    after = _after_env(system, tables, fresh)
    return RelSystem(
        sorts=system.sorts,
        predicates=tuple(_predicates(system, tables)),
        rigid=tuple(name for switch in system.switches for name in _switch_predicates(switch)),
        switch_axioms=tuple(axiom for switch in system.switches for axiom in _switch_axioms(switch)),
        typing=tuple(fact for var in system.vars for fact in _typing(env, var)),
        exact=tuple(fact for var in system.vars for fact in _exact(env, var)),
        init=(
            *(start for var in system.vars for start in _start(env, var)),
            *(simplify(read_formula(env, each)) for each in system.init),
        ),
        steps=tuple(each for step in system.steps for each in rel_steps(tables, fresh, step, naming)),
        facts=tuple(RelProperty(fact.name, simplify(read_formula(env, fact.formula))) for fact in system.facts),
        properties=tuple(_property(env, after, each) for each in system.properties),
    )


def formula_of(system: ir.System, formula: ir.Formula, names: Mapping[str, Sym] | None = None) -> Formula:
    """One more state formula over the predicates of `translate(system)`; its free names stand for `names`."""
    env = _state_env(tables_of(system), fresh_names("%"), {})
    values = {name: Known(sym) for name, sym in (names or {}).items()}
    return simplify(read_formula(replace(env, values=values), formula))


def formula_of_step(system: ir.System, formula: ir.Formula) -> Formula:
    """The same for a formula over the states before and after a step, as in a transition property."""
    return simplify(read_formula(_after_env(system, tables_of(system), fresh_names("%")), formula))


def primed(pred: str) -> Closure:
    """The predicate after the step, as `P'`."""
    return lambda args: Atom(f"{pred}'", args)


def _state_env(tables: Tables, fresh: Fresh, state: Mapping[str, Closure]) -> Env:
    return Env(tables, fresh, state, {}, {}, {})


def _after_env(system: ir.System, tables: Tables, fresh: Fresh) -> Env:
    return _state_env(tables, fresh, {name: primed(name) for name in _variable_predicates(system, tables)})


def _property(env: Env, after: Env, source: ir.Property) -> RelProperty:
    is_transition = source.kind is PropertyKind.TRANSITION
    formula = simplify(read_formula(after if is_transition else env, source.formula))
    return RelProperty(source.name, formula, is_transition)


# ---- predicates ----------------------------------------------------------------------------------------------------


def _predicates(system: ir.System, tables: Tables) -> Iterator[Predicate]:
    for var in system.vars:
        yield from _predicates_of(var, tables)
    for switch in system.switches:
        for name in _switch_predicates(switch):
            yield Predicate(name, ())


def _predicates_of(var: ir.StateVar, tables: Tables) -> Iterator[Predicate]:
    if var.domain is None:
        yield Predicate(var.name, var.index)
    elif var.domain in tables.enums:
        for member in tables.enums[var.domain]:
            yield Predicate(f"{var.name}={member}", var.index)
    else:
        yield Predicate(var.name, (*var.index, var.domain))
        if var.presence == ir.Presence.OWN:
            yield Predicate(f"{var.name}?", var.index)


def _variable_predicates(system: ir.System, tables: Tables) -> list[str]:
    return [predicate.name for var in system.vars for predicate in _predicates_of(var, tables)]


def _switch_predicates(switch: ir.Switch) -> list[str]:
    if switch.is_fix:
        return [f"{switch.name}=on"]
    return [f"{switch.name}={option}" for option, _ in switch.options]


def _switch_axioms(switch: ir.Switch) -> Iterator[Formula]:
    if not switch.is_fix:
        options = [Atom(name, ()) for name in _switch_predicates(switch)]
        yield disj(options)
        for one, two in combinations(options, 2):
            yield disj((neg(one), neg(two)))


# ---- what the flattening promises ----------------------------------------------------------------------------------


def _index(env: Env, var: ir.StateVar) -> tuple[Sym, ...]:
    return tuple(env.fresh("i", sort) for sort in var.index)


def _typing(env: Env, var: ir.StateVar) -> Iterator[tuple[str, Formula]]:
    index = _index(env, var)
    owner = _owner_present(env, var, index)
    if var.domain is None:
        yield from _owned(var, forall(index, implies(Atom(var.name, index), owner)))
    elif var.domain in env.tables.enums:
        members = [Atom(f"{var.name}={member}", index) for member in env.tables.enums[var.domain]]
        distinct = conj(disj((neg(one), neg(two))) for one, two in combinations(members, 2))
        yield f"{var.name}: at most one value", forall(index, distinct)
        yield from _owned(var, forall(index, implies(disj(members), owner)))
        if var.presence != ir.Presence.OWN:
            yield f"{var.name}: a value", forall(index, implies(owner, disj(members)))
    else:
        one, two = env.fresh("x", var.domain), env.fresh("x", var.domain)
        values = [Atom(var.name, (*index, each)) for each in (one, two)]
        single = implies(conj(values), same(one, two))
        yield f"{var.name}: at most one value", forall((*index, one, two), single)
        if var.presence == ir.Presence.OWN:
            flag = Atom(f"{var.name}?", index)
            yield f"{var.name}: none where absent", forall((*index, one), implies(values[0], flag))
            yield from _owned(var, forall(index, implies(flag, owner)))
        else:
            yield from _owned(var, forall((*index, one), implies(values[0], owner)))


def _owned(var: ir.StateVar, formula: Formula) -> Iterator[tuple[str, Formula]]:
    if var.owner is not None:
        yield f"{var.name}: absent with {var.owner}", formula


def _owner_present(env: Env, var: ir.StateVar, index: tuple[Sym, ...]) -> Formula:
    return Truth(True) if var.owner is None else var_present(env, env.tables.vars[var.owner], index)


def _exact(env: Env, var: ir.StateVar) -> Iterator[Formula]:
    if var.domain is not None and var.domain not in env.tables.enums:
        index, value = _index(env, var), env.fresh("x", var.domain)
        yield forall(index, implies(var_present(env, var, index), exists((value,), Atom(var.name, (*index, value)))))


def _start(env: Env, var: ir.StateVar) -> Iterator[Formula]:
    """The start value at every index; of `any`, only what the flattening promises."""
    index = _index(env, var)
    owner = _owner_present(env, var, index)
    match var.start:
        case bool(value):
            yield forall(index, iff(Atom(var.name, index), conj((Truth(value), owner))))
        case ir.Member(_, start):
            for member in env.tables.enums[var.domain or ""]:
                holds = conj((Truth(member == start), owner))
                yield forall(index, iff(Atom(f"{var.name}={member}", index), holds))
        case ir.Absent():
            for predicate in _predicates_of(var, env.tables):
                names = tuple(env.fresh("i", sort) for sort in predicate.sorts)
                yield forall(names, neg(Atom(predicate.name, names)))
        case ir.AnyValue():
            yield from (formula for _, formula in _typing(env, var))


# ---- R11: counts ---------------------------------------------------------------------------------------------------


def counts_above_two(system: ir.System) -> Mapping[str, int]:
    """The largest constant above 2 that counts are compared with, by property, fact or step (R11), or "init"."""
    found: dict[str, int] = {}
    owners: list[tuple[str, object]] = [("init", system.init)]
    owners += [(each.name, each.formula) for each in system.properties]
    owners += [(each.name, each.formula) for each in system.facts]
    owners += [(each.name, each.body) for each in system.steps]
    for name, node in owners:
        largest = max((tally.bound for tally in _tallies(node)), default=0)
        if largest > 2:
            found[name] = largest
    return found


def _tallies(node: object) -> Iterator[ir.Tally]:
    """All tallies inside a node of the tree or a tuple of nodes."""
    if isinstance(node, tuple):
        for each in node:
            yield from _tallies(each)
    elif hasattr(node, "__dataclass_fields__"):
        if isinstance(node, ir.Tally):
            yield node
        for name in node.__dataclass_fields__:
            yield from _tallies(getattr(node, name))
