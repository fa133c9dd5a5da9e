"""Comparing, counting, and choosing between two expressions whose parts have been elaborated."""

from cowspec.check import typed
from cowspec.check.coercion import boolean, coerce, dummy, expr_of, join, known_base, settle
from cowspec.check.context import Context, Scope
from cowspec.check.show import show
from cowspec.check.typed import BaseType, EnumType
from cowspec.check.values import Bare, Broken, CallOf, CondOf, Nothing, Number, Result, Value
from cowspec.source import Span
from cowspec.syntax.ast import BinaryOp

MAX_COUNT = 1000

FLIPPED = {
    BinaryOp.EQ: BinaryOp.EQ,
    BinaryOp.NE: BinaryOp.NE,
    BinaryOp.LT: BinaryOp.GT,
    BinaryOp.LE: BinaryOp.GE,
    BinaryOp.GT: BinaryOp.LT,
    BinaryOp.GE: BinaryOp.LE,
}


def compare(context: Context, scope: Scope, op: BinaryOp, left: Result, right: Result, span: Span) -> Value:
    """`left op right`; false in place of what was reported."""
    if isinstance(left, Broken) or isinstance(right, Broken):
        return boolean(dummy(span))
    if isinstance(left, Number) or isinstance(right, Number):
        return boolean(_tally(context, scope, op, left, right, span))
    if op not in (BinaryOp.EQ, BinaryOp.NE):
        if not context.tables.ordered:
            message = f"`{op.value}` compares counts with constants only"
            context.report(scope, "E211", message, span, "there is no order on sorts and enums")
        return boolean(dummy(span))
    equal = _equal(context, scope, left, right, span)
    if op is BinaryOp.EQ:
        return boolean(equal)
    return boolean(equal.body if isinstance(equal, typed.Not) else typed.Not(equal, span=span))


def _equal(context: Context, scope: Scope, left: Result, right: Result, span: Span) -> typed.Expr:
    for call, other in ((left, right), (right, left)):
        if isinstance(call, CallOf) and isinstance(other, Nothing):
            if not context.tables.frames[call.proc].in_use:
                return typed.BoolLit(True, span=span)
            return typed.Not(typed.Active(call.proc, call.cpu, span=span), span=span)
    base = _common_base(context, left, right)
    if base is None and isinstance(left, Value) and isinstance(right, Value):
        message = f"`{show(left.type)}` is compared with `{show(right.type)}`"
        context.report(scope, "E201", message, span, "both sides of a comparison have the same type")
        return dummy(span)
    if base is None:
        unknown = left if not isinstance(left, Nothing) else right
        settle(context, scope, unknown)
        return dummy(span)
    first, second = coerce(context, scope, left, base), coerce(context, scope, right, base)
    return typed.Equal(expr_of(first, span), expr_of(second, span), span=span)


def _common_base(context: Context, left: Result, right: Result) -> BaseType | None:
    """The type that both sides are given; None if there is none, or they have two."""
    first, second = known_base(left), known_base(right)
    if isinstance(left, Value) and isinstance(right, Value):
        if first == second:
            return first
        if _could_be(context, left, second):
            return second
        return first if _could_be(context, right, first) else None
    if isinstance(left, Value):
        return first
    return second if isinstance(right, Value) else first or second


def _could_be(context: Context, value: Value, base: BaseType | None) -> bool:
    return value.member is not None and isinstance(base, EnumType) and value.member in context.tables.members(base.name)


def _tally(context: Context, scope: Scope, op: BinaryOp, left: Result, right: Result, span: Span) -> typed.Expr:
    if isinstance(left, Number) and left.constant is not None:
        left, right, op = right, left, FLIPPED[op]
    if isinstance(left, Bare):
        settle(context, scope, left)
        return dummy(span)
    if not isinstance(left, Number) or not isinstance(right, Number) or not left.terms or right.constant is None:
        message = "a count is compared with a constant, and a number with a count"
        context.report(scope, "E211", message, span, "write `count(...) == 1`, or `count(...) + refs(p) <= 2`")
        return dummy(span)
    if right.constant > MAX_COUNT:
        context.report(scope, "E212", f"counts are compared with constants up to {MAX_COUNT}", right.span)
        return dummy(span)
    return typed.Tally(left.terms, op.value, right.constant, span=span)


def total(context: Context, scope: Scope, parts: list[Result], span: Span) -> Number | Broken:
    """A sum of counts."""
    if any(isinstance(part, Broken) for part in parts):
        return Broken()
    terms: list[typed.Count | typed.Refs] = []
    for part in parts:
        if not isinstance(part, Number) or part.constant is not None:
            place = part.expr.span if isinstance(part, Value) else span
            message = "only counts can be added"
            context.report(scope, "E211", message, place, "move a constant to the other side of the comparison")
            return Broken()
        terms += part.terms
    return Number(tuple(terms), None, span)


def either(context: Context, scope: Scope, test: typed.Expr, left: Result, right: Result, span: Span) -> Result:
    """`if test then left else right`; waits for a type if a branch has none by itself."""
    if isinstance(left, Broken) or isinstance(right, Broken):
        return Broken()
    if isinstance(left, Number) or isinstance(right, Number):
        message = "a count is no value to choose between"
        context.report(scope, "E211", message, span, "compare the count in each branch")
        return Broken()
    if isinstance(left, Value) and isinstance(right, Value):
        base = _common_base(context, left, right) or left.type.base
        return join(test, coerce(context, scope, left, base), coerce(context, scope, right, base), span)
    return CondOf(test, left, right, span)
