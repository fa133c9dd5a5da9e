"""Terms and formulas of the system as relational formulas.

In: an `ir.Term` or `ir.Formula` and an `Env` to read it in. Out: a `Value` or a `Formula` over the predicates of the
state before the step. Raises `CountTooLarge`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from cowspec.encode.relational.connectives import conj, disj, exists, forall, iff, implies, neg
from cowspec.encode.relational.formula import Atom, Formula, Sym, Truth
from cowspec.encode.relational.tally import Instance, at_least
from cowspec.encode.relational.values import (
    Branch,
    Env,
    Graph,
    Item,
    Known,
    Nothing,
    Value,
    bind,
    element,
    equal,
    is_present,
    read,
    through_all,
    var_present,
)
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir


def value_of(env: Env, term: ir.Term) -> Value:
    """What the term stands for in this state."""
    match term:
        case ir.Param(name):
            return env.values[name]
        case ir.Member(_, name):
            return Known(name)
        case ir.Absent():
            return Nothing()
        case ir.Get(name, args):
            return _get(env, env.tables.vars[name], tuple(value_of(env, arg) for arg in args))
        case ir.Pick(condition, then, otherwise):
            chosen = env.abbreviate(formula(env, condition))
            if isinstance(chosen, Truth):
                return value_of(env, then if chosen.value else otherwise)
            return Branch(chosen, value_of(env, then), value_of(env, otherwise))
        case ir.OldTerm(body):
            return value_of(replace(env, state=env.before), body)
        case _:
            assert_never(term)


def _get(env: Env, var: ir.StateVar, args: tuple[Value, ...]) -> Value:
    assert var.domain is not None, var.name
    if any(isinstance(arg, Nothing) for arg in args):
        return Nothing()
    if all(isinstance(arg, Known) for arg in args):
        known = [arg for arg in args if isinstance(arg, Known)]
        elements = tuple(element(arg.item) for arg in known)
        reached = conj(arg.present for arg in known)
        constant = env.name_for(var, elements) if _as_before(env, var) else None
        if constant is not None:
            return Known(constant, conj((reached, var_present(env, var, elements))))
    return Graph(
        var.domain,
        lambda item: through_all(env, args, lambda elements: _atom(env, var, elements, item)),
        lambda: through_all(env, args, lambda elements: var_present(env, var, elements)),
    )


def _atom(env: Env, var: ir.StateVar, elements: tuple[Sym, ...], item: Item) -> Formula:
    if isinstance(item, Sym):
        return read(env, var.name, (*elements, item))
    return read(env, f"{var.name}={item}", elements)


def _as_before(env: Env, var: ir.StateVar) -> bool:
    """Neither the variable (of a sort) nor what says whether it is present has been assigned."""
    if var.domain in env.tables.enums or var.name in env.state or f"{var.name}?" in env.state:
        return False
    if var.presence != ir.Presence.OWNER:
        return True
    owner = env.tables.vars[var.owner or ""]
    if owner.domain is None:
        return owner.name not in env.state
    if owner.domain in env.tables.enums:
        return all(f"{owner.name}={member}" not in env.state for member in env.tables.enums[owner.domain])
    return f"{owner.name}?" not in env.state


# ---- formulas ------------------------------------------------------------------------------------------------------


def formula(env: Env, source: ir.Formula) -> Formula:
    """The formula, read in this state."""
    match source:
        case ir.Const(value):
            return Truth(value)
        case ir.Test(var, args):
            values = tuple(value_of(env, arg) for arg in args)
            return through_all(env, values, lambda elements: read(env, var, elements))
        case ir.Present(term):
            return is_present(value_of(env, term))
        case ir.Equal(left, right):
            return equal(env, value_of(env, left), value_of(env, right))
        case ir.Not(body):
            return neg(formula(env, body))
        case ir.And(parts):
            return conj(formula(env, part) for part in parts)
        case ir.Or(parts):
            return disj(formula(env, part) for part in parts)
        case ir.Implies(left, right):
            return implies(formula(env, left), formula(env, right))
        case ir.Iff(left, right):
            return iff(formula(env, left), formula(env, right))
        case ir.Quant(kind, binders, body):
            return _quantified(env, kind, binders, body)
        case ir.Tally():
            return _tally(env, source)
        case ir.Flag(name):
            return env.flags[name]
        case ir.SwitchIs(switch, option):
            if switch in env.tables.fixes and option == "off":
                return neg(Atom(f"{switch}=on", ()))
            return Atom(f"{switch}={option}", ())
        case ir.Old(body):
            return formula(replace(env, state=env.before), body)
        case _:
            assert_never(source)


def instances(env: Env, binders: tuple[ir.Binder, ...]) -> tuple[tuple[Sym, ...], list[Env]]:
    """New names for the binders over sorts, and an environment for each combination of members of the enums."""
    names: list[Sym] = []
    envs = [env]
    for binder in binders:
        if binder.domain in env.tables.enums:
            members = env.tables.enums[binder.domain]
            envs = [bind(each, binder.name, Known(member)) for each in envs for member in members]
        else:
            name = env.fresh(binder.name, binder.domain)
            names.append(name)
            envs = [bind(each, binder.name, Known(name)) for each in envs]
    return tuple(names), envs


def _quantified(env: Env, kind: QuantKind, binders: tuple[ir.Binder, ...], body: ir.Formula) -> Formula:
    names, envs = instances(env, binders)
    match kind:
        case QuantKind.FORALL:
            return forall(names, conj(formula(each, body) for each in envs))
        case QuantKind.EXISTS:
            return exists(names, disj(formula(each, body) for each in envs))
        case _:
            assert_never(kind)


def _tally(env: Env, tally: ir.Tally) -> Formula:
    """The sum against its bound, from thresholds: "at least k" for one or two k."""
    instance_makers = [maker for each in tally.counts for maker in _instance_makers(env, each)]

    def reaches(number: int) -> Formula:
        return at_least(instance_makers, number)

    match tally.op:
        case "==":
            return conj((reaches(tally.bound), neg(reaches(tally.bound + 1))))
        case "!=":
            return disj((neg(reaches(tally.bound)), reaches(tally.bound + 1)))
        case "<":
            return neg(reaches(tally.bound))
        case "<=":
            return neg(reaches(tally.bound + 1))
        case ">":
            return reaches(tally.bound + 1)
        case ">=":
            return reaches(tally.bound)
        case _:
            raise ValueError(f"no comparison: {tally.op}")


def _instance_makers(env: Env, counted: ir.Count) -> list[Callable[[], Instance]]:
    """For each combination of members of the count's enums: a function that gives the count's body for new names."""
    plain = tuple(binder for binder in counted.binders if binder.domain not in env.tables.enums)
    members = tuple(binder for binder in counted.binders if binder.domain in env.tables.enums)

    def maker(each: Env) -> Callable[[], Instance]:
        def make() -> Instance:
            names, (inner,) = instances(each, plain)
            return Instance(names, formula(inner, counted.body))

        return make

    return [maker(each) for each in instances(env, members)[1]]
