"""Connectives that simplify as they build, and the presence of a term. All of them keep the meaning in every state.

`present` is the exception that needs a word: it asks the owner of a variable instead of the variable, which is the same
in every state where owned variables are absent exactly where their owner is (`ir.py`), hence in every reachable one.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, StateVar, Term

Vars = Mapping[str, StateVar]


def conj(parts: Iterable[Formula]) -> Formula:
    kept: list[Formula] = []
    for part in parts:
        if isinstance(part, ir.And):
            kept += part.parts
        elif part == FALSE:
            return FALSE
        elif part != TRUE:
            kept.append(part)
    return kept[0] if len(kept) == 1 else ir.And(tuple(kept)) if kept else TRUE


def disj(parts: Iterable[Formula]) -> Formula:
    kept: list[Formula] = []
    for part in parts:
        if isinstance(part, ir.Or):
            kept += part.parts
        elif part == TRUE:
            return TRUE
        elif part != FALSE:
            kept.append(part)
    return kept[0] if len(kept) == 1 else ir.Or(tuple(kept)) if kept else FALSE


def neg(body: Formula) -> Formula:
    match body:
        case ir.Const(value):
            return ir.Const(not value)
        case ir.Not(inner):
            return inner
        case _:
            return ir.Not(body)


def implies(left: Formula, right: Formula) -> Formula:
    if left in (FALSE, right) or right == TRUE:
        return TRUE
    if left == TRUE:
        return right
    return neg(left) if right == FALSE else ir.Implies(left, right)


def iff(left: Formula, right: Formula) -> Formula:
    if isinstance(left, ir.Const):
        return right if left.value else neg(right)
    if isinstance(right, ir.Const):
        return left if right.value else neg(left)
    return TRUE if left == right else ir.Iff(left, right)


def choice(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """`if condition then a else b` for truth values."""
    if isinstance(condition, ir.Const):
        return then if condition.value else otherwise
    if then == otherwise:
        return then
    return disj((conj((condition, then)), conj((neg(condition), otherwise))))


def pick(condition: Formula, then: Term, otherwise: Term) -> Term:
    if isinstance(condition, ir.Const):
        return then if condition.value else otherwise
    return then if then == otherwise else ir.Pick(condition, then, otherwise)


def quantify(kind: QuantKind, binders: tuple[ir.Binder, ...], body: Formula) -> Formula:
    """Sorts are not empty, so a constant body needs no quantifier."""
    return body if not binders or isinstance(body, ir.Const) else ir.Quant(kind, binders, body)


def forall(binders: tuple[ir.Binder, ...], body: Formula) -> Formula:
    return quantify(QuantKind.FORALL, binders, body)


def exists(binders: tuple[ir.Binder, ...], body: Formula) -> Formula:
    return quantify(QuantKind.EXISTS, binders, body)


def tally(counts: tuple[ir.Count, ...], op: str, bound: int) -> Formula:
    """Counts that are surely 0 are dropped; without any count left the comparison is decided."""
    kept = tuple(count for count in counts if count.body != FALSE)
    if kept:
        return ir.Tally(kept, op, bound)
    decided = {"==": bound == 0, "!=": bound != 0, "<": bound > 0, "<=": bound >= 0, ">": bound < 0, ">=": bound <= 0}
    return ir.Const(decided[op])


def equal(left: Term, right: Term) -> Formula:
    if left == right:
        return TRUE
    if isinstance(left, ir.Absent):
        return neg(ir.Present(right)) if not isinstance(right, ir.Member) else FALSE
    if isinstance(right, ir.Absent):
        return neg(ir.Present(left)) if not isinstance(left, ir.Member) else FALSE
    if isinstance(left, ir.Member) and isinstance(right, ir.Member):
        return FALSE
    return ir.Equal(left, right)


def all_equal(lefts: Iterable[Term], rights: Iterable[Term]) -> Formula:
    return conj(equal(left, right) for left, right in zip(lefts, rights, strict=True))


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether terms have a value: the variables, the names of `let`s that may be bound to an absent value,
    and inside a proc "this call is under way", which is true there."""

    table: Vars
    maybe: Container[str] = ()
    running: Formula | None = None


def present(term: Term, known: Known) -> Formula:
    """When the term has a value."""
    match term:
        case ir.Param(name):
            return ir.Present(term) if name in known.maybe else TRUE
        case ir.Member():
            return TRUE
        case ir.Absent():
            return FALSE
        case ir.Get(name, args):
            return _present_in_table(known.table[name], term, args, known)
        case ir.Pick(condition, then, otherwise):
            return choice(condition, present(then, known), present(otherwise, known))
        case ir.OldTerm(body):
            inner = present(body, known)
            return inner if isinstance(inner, ir.Const) else ir.Old(inner)
        case _:
            assert_never(term)


def _present_in_table(var: StateVar, term: Term, args: tuple[Term, ...], known: Known) -> Formula:
    if var.presence == ir.Presence.OWN:
        return ir.Present(term)  # false with an absent argument, as `Get` is absent then
    if var.presence == ir.Presence.OWNER and var.owner is not None:
        owner = known.table[var.owner]
        there = ir.Test(owner.name, args) if owner.domain is None else ir.Present(ir.Get(owner.name, args))
        return TRUE if there == known.running else there
    return conj(present(arg, known) for arg in args)
