"""What a term of the system can stand for in a symbolic state, and how formulas speak of it.

In: an `Env`, which says what free names stand for and what each predicate has become. Out: formulas over the
predicates of the state before the step.

Theory. A term that may be absent is not a first-order term. It stands for a partial function of the state, and its
graph `at(x)`, "the value is x", is a formula. A formula F about the value of a term t is then either

    exists x. at(x) and F(x)            or            present(t) and forall x. at(x) -> F(x),

and the two agree wherever a present term has exactly one value, as in every real state. Neither is better in itself:
the first is wanted under a negation, the second where the formula is assumed, because then all quantifiers of an
assumption are universal. So both are kept, as `Either`, and the polarity of the place decides (`connectives.resolve`).
What is to be shown of the next state is resolved in the same way as where it is assumed of this one, and then negated:
its universal quantifiers become constants, and a step that changes nothing preserves it though no value need exist.

A quantifier is avoided altogether where the value has a name: a bound name, a parameter, what the call's frame holds.
Inside a step every further term that reads the state before the step at named places is given a name of its own, a
constant k with `present(t) -> at(k)` added to the guard: real states have such a k, and Z3 then knows of a value
without a quantifier.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import assert_never

from cowspec.encode.relational.connectives import conj, disj, either, exists, forall, iff, implies, ite, neg, same
from cowspec.encode.relational.formula import FALSE, TRUE, Atom, Formula, Sym, Truth
from cowspec.system import ir

Item = Sym | str
"""An element, or a member of an enum (by its name)."""

Closure = Callable[[tuple[Sym, ...]], Formula]
"""What a predicate has become, as a function of its arguments."""

Fresh = Callable[[str, str], Sym]


# ---- values --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """This element or member where `present` is true, else absent."""

    item: Item
    present: Formula = TRUE


@dataclass(frozen=True, slots=True)
class Nothing:
    """Absent."""


@dataclass(frozen=True, slots=True)
class Branch:
    """`if condition then ... else ...`"""

    condition: Formula
    then: "Value"
    otherwise: "Value"


@dataclass(frozen=True, slots=True)
class Graph:
    """A value of a sort or enum known by its graph only."""

    domain: str
    at: Callable[[Item], Formula]
    present: Callable[[], Formula]


Value = Known | Nothing | Branch | Graph


# ---- what names stand for ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tables:
    """The declarations of a system by name."""

    vars: Mapping[str, ir.StateVar]
    enums: Mapping[str, tuple[str, ...]]
    fixes: frozenset[str]


def tables_of(system: ir.System) -> Tables:
    return Tables(
        vars={var.name: var for var in system.vars},
        enums=dict(system.enums),
        fixes=frozenset(switch.name for switch in system.switches if switch.is_fix),
    )


def fresh_names(mark: str = "#") -> Fresh:
    """A source of names that are unique among all names with the same mark."""
    numbers = count()
    return lambda name, sort: Sym(f"{name.partition(mark)[0]}{mark}{next(numbers)}", sort)


@dataclass(frozen=True, slots=True)
class Env:
    """Where a term or formula is read.

    `state`: the predicates that differ from the state before, and what they have become; also the presence of assigned
    variables (NOTE(assigned-presence)). `before`: what `old` reads.
    `name_for`: a constant for what a variable holds before the step at these elements, if they all are constants of
    the step (see the theory above). `abbreviate`: a name for a condition, or the condition itself.
    """

    tables: Tables
    fresh: Fresh
    state: Mapping[str, Closure]
    before: Mapping[str, Closure]
    values: Mapping[str, Value]
    flags: Mapping[str, Formula]
    name_for: Callable[[ir.StateVar, tuple[Sym, ...]], Sym | None] = lambda var, args: None
    abbreviate: Callable[[Formula], Formula] = lambda condition: condition


def read(env: Env, pred: str, args: tuple[Sym, ...]) -> Formula:
    """The atom, in this state."""
    closure = env.state.get(pred)
    return Atom(pred, args) if closure is None else closure(args)


def var_present(env: Env, var: ir.StateVar, args: tuple[Sym, ...]) -> Formula:
    """The variable has a value (a boolean: is true) at these elements.

    NOTE(assigned-presence): of a variable that must have a value, or has one with its owner, a step may write an absent
    one, or write where the owner is absent. That is a fault, but a later `require` may read it and disable the step. So
    once it is assigned, what was written says whether it is present: `v?` in `Env.state`, though no predicate of that
    name exists.
    """
    if var.domain is None:
        return read(env, var.name, args)
    assigned = env.state.get(f"{var.name}?")
    if assigned is not None:
        return assigned(args)
    if var.presence == ir.Presence.TOTAL:
        return TRUE
    if var.presence == ir.Presence.OWNER:
        assert var.owner is not None, var.name
        return var_present(env, env.tables.vars[var.owner], args)
    if var.domain in env.tables.enums:
        return disj(read(env, f"{var.name}={member}", args) for member in env.tables.enums[var.domain])
    return read(env, f"{var.name}?", args)


# ---- reading values ------------------------------------------------------------------------------------------------


def at(value: Value, item: Item) -> Formula:
    """The value is this element or member."""
    match value:
        case Known(known, present):
            return conj((present, _same_item(known, item)))
        case Nothing():
            return FALSE
        case Branch(condition, then, otherwise):
            return ite(condition, at(then, item), at(otherwise, item))
        case Graph(_, graph, _):
            return graph(item)
        case _:
            assert_never(value)


def _same_item(left: Item, right: Item) -> Formula:
    if isinstance(left, Sym) and isinstance(right, Sym):
        return same(left, right)
    return Truth(left == right)


def is_present(value: Value) -> Formula:
    match value:
        case Known(_, present):
            return present
        case Nothing():
            return FALSE
        case Branch(condition, then, otherwise):
            return ite(condition, is_present(then), is_present(otherwise))
        case Graph(_, _, present):
            return present()
        case _:
            assert_never(value)


def through(env: Env, value: Value, body: Callable[[Item], Formula]) -> Formula:
    """`body` of the value; false where it is absent."""
    match value:
        case Known(item, present):
            return FALSE if present == FALSE else conj((present, body(item)))
        case Nothing():
            return FALSE
        case Branch(condition, then, otherwise):
            return ite(condition, through(env, then, body), through(env, otherwise, body))
        case Graph(domain, graph, present):
            if domain in env.tables.enums:
                return disj(conj((graph(member), body(member))) for member in env.tables.enums[domain])
            name = env.fresh("x", domain)
            inner = body(name)
            if isinstance(inner, Truth):
                return conj((present(), inner))
            holds = graph(name)
            return either(
                conj((present(), forall((name,), implies(holds, inner)))),
                exists((name,), conj((holds, inner))),
            )
        case _:
            assert_never(value)


def through_all(env: Env, values: tuple[Value, ...], body: Callable[[tuple[Sym, ...]], Formula]) -> Formula:
    """`body` of the values of sorts; false where one is absent."""

    def rest(done: tuple[Sym, ...]) -> Formula:
        if len(done) == len(values):
            return body(done)
        return through(env, values[len(done)], lambda item: rest((*done, element(item))))

    return rest(())


def element(item: Item) -> Sym:
    """The item, which must be of a sort."""
    assert isinstance(item, Sym), item
    return item


def equal(env: Env, left: Value, right: Value) -> Formula:
    """Both absent, or both present and the same."""
    if isinstance(left, Branch):
        return ite(left.condition, equal(env, left.then, right), equal(env, left.otherwise, right))
    if isinstance(right, Branch):
        return ite(right.condition, equal(env, left, right.then), equal(env, left, right.otherwise))
    if isinstance(left, Nothing):
        return neg(is_present(right))
    if isinstance(right, Nothing):
        return neg(is_present(left))
    if isinstance(right, Known):
        left, right = right, left
    if isinstance(left, Known):
        both = conj((left.present, at(right, left.item)))
        return disj((both, conj((neg(left.present), neg(is_present(right))))))
    return _equal_graphs(env, left, right)


def _equal_graphs(env: Env, left: Value, right: Value) -> Formula:
    assert isinstance(left, Graph)
    if left.domain in env.tables.enums:
        return conj(iff(at(left, member), at(right, member)) for member in env.tables.enums[left.domain])
    name = env.fresh("x", left.domain)
    one, two = at(left, name), at(right, name)
    present_one, present_two = is_present(left), is_present(right)
    return either(
        conj((iff(present_one, present_two), forall((name,), iff(one, two)))),
        disj((conj((neg(present_one), neg(present_two))), exists((name,), conj((one, two))))),
    )


def bind(env: Env, name: str, value: Value) -> Env:
    return replace(env, values={**env.values, name: value})
