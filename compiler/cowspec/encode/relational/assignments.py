"""Assignments as what the predicates of the assigned variable become.

In: an `ir.Assign`, perhaps of a bulk update, and the state in which it reads. Out: a closure for each predicate. An
element of the variable's index is written if an instance of the assignment has it as its place; else it keeps its
value.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from cowspec.encode.relational.connectives import conj, disj, exists, ite, neg
from cowspec.encode.relational.formula import Formula, Sym
from cowspec.encode.relational.terms import formula, instances, value_of
from cowspec.encode.relational.values import Closure, Env, Known, Value, at, bind, is_present, read, var_present
from cowspec.system import ir

T = TypeVar("T")


def assigned(
    env: Env, kept: Env, binders: tuple[ir.Binder, ...], where: ir.Formula, stmt: ir.Assign
) -> dict[str, Closure]:
    """What the predicates of the assigned variable become. Reads in `env`; where nothing is written, as in `kept`."""
    var = env.tables.vars[stmt.var]

    def closure(pred: str, width: int, new: Callable[[Env, tuple[Sym, ...]], Formula]) -> Closure:
        """`pred` after the assignment; its first `width` arguments are the variable's index."""

        def become(args: tuple[Sym, ...]) -> Formula:
            index = args[:width]
            old = var_present(kept, var, args) if pred == f"{var.name}?" else read(kept, pred, args)
            for names, hit, inner in _hits(env, binders, where, stmt.args, places, index):
                if names:
                    written = exists(names, conj((hit, new(inner, args[width:]))))
                    old = disj((written, conj((neg(exists(names, hit)), old))))
                else:
                    old = ite(hit, new(inner, args[width:]), old)
            return old

        return become

    width = len(var.index)
    places = _fixed(lambda each: tuple(value_of(each, place) for place in stmt.args), env, binders)
    return {pred: closure(pred, width, new) for pred, new in _new_values(env, var, binders, stmt)}


def _hits(
    env: Env,
    binders: tuple[ir.Binder, ...],
    where: ir.Formula,
    terms: tuple[ir.Term, ...],
    places: Callable[[Env], tuple[Value, ...]],
    index: tuple[Sym, ...],
) -> Iterator[tuple[tuple[Sym, ...], Formula, Env]]:
    """When an instance of the assignment writes at `index`: names left to bind, the condition, and the bindings.

    A binder that stands alone at a place of the index is the element there; only other binders remain bound.
    """
    direct: dict[str, Sym] = {}
    for term, element in zip(terms, index, strict=True):
        if isinstance(term, ir.Param) and term.name not in direct:
            direct[term.name] = element
    free = tuple(binder for binder in binders if binder.name not in direct)
    names, envs = instances(env, free)
    for each in envs:
        for binder in binders:
            if binder.name in direct:
                each = bind(each, binder.name, Known(direct[binder.name]))
        written = (at(place, element) for place, element in zip(places(each), index, strict=True))
        yield names, conj((*written, formula(each, where))), each


def _new_values(
    env: Env, var: ir.StateVar, binders: tuple[ir.Binder, ...], stmt: ir.Assign
) -> list[tuple[str, Callable[[Env, tuple[Sym, ...]], Formula]]]:
    """For each predicate of the variable (and `v?` in any case: NOTE(assigned-presence)), what an instance writes,
    given its bindings and the arguments after the index."""
    source = stmt.value
    if var.domain is None:
        truth = _fixed(lambda each: formula(each, _as_formula(source)), env, binders)
        return [(var.name, lambda each, rest: truth(each))]
    value = _fixed(lambda each: value_of(each, _as_term(source)), env, binders)
    if var.domain in env.tables.enums:
        return [
            (f"{var.name}={member}", lambda each, rest, member=member: at(value(each), member))  # type: ignore[misc]
            for member in env.tables.enums[var.domain]
        ]
    return [
        (var.name, lambda each, rest: at(value(each), rest[0])),
        (f"{var.name}?", lambda each, rest: is_present(value(each))),
    ]


def _fixed(make: Callable[[Env], T], env: Env, binders: tuple[ir.Binder, ...]) -> Callable[[Env], T]:
    """`make`, done once and for all if it does not depend on binders."""
    if binders:
        return make
    once = make(env)
    return lambda each: once


def _as_formula(value: "ir.Term | ir.Formula") -> ir.Formula:
    assert not isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm), value
    return value


def _as_term(value: "ir.Term | ir.Formula") -> ir.Term:
    assert isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm), value
    return value
