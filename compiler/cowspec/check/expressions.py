"""Elaborating expressions: names resolved, types found, defs expanded.

`infer` is the one function that looks at every kind of expression; the others here are what its cases need.
"""

from collections.abc import Sequence
from typing import assert_never

from cowspec.check import references, typed
from cowspec.check.coercion import boolean, coerce, dummy, expr_of, settle
from cowspec.check.comparisons import compare, either, total
from cowspec.check.context import Context, Scope, What, Where, bind_all
from cowspec.check.lookup import (
    check_cases,
    find_choice,
    option_is,
)
from cowspec.check.names import BUILTINS
from cowspec.check.show import show
from cowspec.check.tables import CPU
from cowspec.check.typed import BoolType, EnumType, SortType, Type
from cowspec.check.values import Broken, Nothing, Number, RecordOf, Result, Value
from cowspec.source import Span
from cowspec.syntax import ast

CPU_TYPE = Type(SortType(CPU))


# ---- what others ask for -------------------------------------------------------------------------------------------


def condition(context: Context, scope: Scope, expr: ast.Expr) -> typed.Expr:
    """A truth value."""
    return expr_of(coerce(context, scope, infer(context, scope, expr), BoolType()), expr.span)


def value(context: Context, scope: Scope, expr: ast.Expr, of: Type) -> typed.Expr:
    """A value for a place of type `of`: `none` only where that is optional."""
    return expr_of(coerce(context, scope, infer(context, scope, expr), of.base, of.optional), expr.span)


def bind_where(
    context: Context, scope: Scope, binders: tuple[ast.Binder, ...], where: ast.Expr | None
) -> tuple[tuple[typed.Binder, ...], typed.Expr | None, Scope]:
    bound, inner = bind_all(context, scope, binders, What.BINDER)
    return bound, None if where is None else condition(context, inner, where), inner


# ---- all expressions -----------------------------------------------------------------------------------------------


def infer(context: Context, scope: Scope, expr: ast.Expr) -> Result:
    """What an expression stands for. Mistakes are reported; what has no type because of them is `Broken`."""
    context.enter(scope, expr.span)
    result = _infer(context, scope, expr)
    context.leave()
    return result


def _infer(context: Context, scope: Scope, expr: ast.Expr) -> Result:
    span = expr.span
    match expr:
        case ast.Name():
            return references.name(context, scope, expr)
        case ast.Int(value=constant):
            return Number((), constant, span)
        case ast.Bool(value=truth):
            return boolean(typed.BoolLit(truth, span=span))
        case ast.NoneValue():
            return Nothing(span)
        case ast.Self():
            return _self(context, scope, span)
        case ast.NoFix():
            fixes = [switch.name for switch in context.tables.switches.values() if switch.is_fix]
            off = (typed.Not(typed.SwitchIs(fix, "on", span=span), span=span) for fix in fixes)
            return boolean(typed.And(tuple(off), span=span) if fixes else typed.BoolLit(True, span=span))
        case ast.Anything():
            context.report(scope, "E011", "`_` stands only for an argument in a scenario line", span)
            return Broken()
        case ast.Index():
            return references.index(context, scope, expr)
        case ast.FieldOf():
            return references.field(context, scope, expr)
        case ast.Apply(function=function) if function.text in BUILTINS:
            return references.builtin(context, scope, expr)
        case ast.Apply():
            return references.apply(context, scope, expr)
        case ast.Binary(op=ast.BinaryOp.AND | ast.BinaryOp.OR | ast.BinaryOp.IMPLIES):
            return boolean(_logic(context, scope, expr))
        case ast.Binary(op=ast.BinaryOp.ADD):
            parts = [infer(context, scope, operand) for operand in _chain(expr)]
            return total(context, scope, parts, span)
        case ast.Binary():
            return _compare(context, scope, expr)
        case ast.Not(body=body):
            return boolean(typed.Not(condition(context, scope, body), span=span))
        case ast.At():
            return references.at(context, scope, expr)
        case ast.IfElse(condition=test, then=then, otherwise=otherwise):
            tested = condition(context, scope, test)
            left, right = infer(context, scope, then), infer(context, scope, otherwise)
            return either(context, scope, tested, left, right, span)
        case ast.Match():
            return _match(context, scope, expr)
        case ast.Record(fields=fields):
            return RecordOf(tuple((name, infer(context, scope, part)) for name, part in fields), span)
        case ast.Quantified(kind=kind, binders=binders, where=where, body=body):
            bound, guard, inner = bind_where(context, scope, binders, where)
            return boolean(typed.Quant(kind, bound, guard, condition(context, inner, body), span=span))
        case ast.Count(binders=binders, where=where):
            bound, counted, _ = bind_where(context, scope, binders, where)
            return Number((typed.Count(bound, counted or dummy(span), span=span),), None, span)
        case _:
            assert_never(expr)


def _self(context: Context, scope: Scope, span: Span) -> Result:
    """In what an action spends `self` is nobody, so that a macro may count the CPUs other than self in both."""
    if context.where is Where.ACTION and context.in_spend:
        nobody = Type(CPU_TYPE.base, True)
        return Value(typed.NoneLit(nobody, span=span), nobody)
    if context.where not in (Where.PROC, Where.MACRO, Where.DEF):
        message = f"`self` is the CPU that runs a call; {context.where.value} has none"
        context.report(scope, "E311", message, span, "give it a parameter `c: Cpu`")
        return Broken()
    return Value(typed.Var("self", CPU_TYPE, span=span), CPU_TYPE)


def _logic(context: Context, scope: Scope, expr: ast.Binary) -> typed.Expr:
    """A chain of one operator becomes one node, whatever its length."""
    if expr.op is ast.BinaryOp.IMPLIES:
        left = condition(context, scope, expr.left)
        return typed.Implies(left, condition(context, scope, expr.right), span=expr.span)
    parts = tuple(condition(context, scope, operand) for operand in _chain(expr))
    return typed.And(parts, span=expr.span) if expr.op is ast.BinaryOp.AND else typed.Or(parts, span=expr.span)


def _chain(expr: ast.Binary) -> list[ast.Expr]:
    """The operands of a chain of one operator that groups to the left."""
    operands: list[ast.Expr] = []
    rest: ast.Expr = expr
    while isinstance(rest, ast.Binary) and rest.op is expr.op:
        operands.append(rest.right)
        rest = rest.left
    return [rest, *reversed(operands)]


def _compare(context: Context, scope: Scope, expr: ast.Binary) -> Value:
    """A comparison. The name of an option is looked up in the choice on the other side, not among all names."""
    for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
        choice = find_choice(context, scope, side)
        if choice is None:
            continue
        if expr.op not in (ast.BinaryOp.EQ, ast.BinaryOp.NE):
            context.report(scope, "E213", f"choice `{choice}` is compared with `==` or `!=`", expr.span)
        elif option_is(context, scope, choice, other) and isinstance(other, ast.Name):
            test = typed.SwitchIs(choice, other.text, span=expr.span)
            return boolean(test if expr.op is ast.BinaryOp.EQ else typed.Not(test, span=expr.span))
        return boolean(dummy(expr.span))
    left, right = infer(context, scope, expr.left), infer(context, scope, expr.right)
    return compare(context, scope, expr.op, left, right, expr.span)


# ---- match ---------------------------------------------------------------------------------------------------------


def case_tests(context: Context, scope: Scope, expr: ast.Match | ast.MatchStmt) -> list[typed.Expr] | None:
    """For each case what selects it, or None, reported, if the cases do not cover what is matched exactly."""
    choice = find_choice(context, scope, expr.subject)
    if choice is not None:
        options = tuple(option for option, _ in context.tables.switches[choice].options)
        if not check_cases(context, scope, f"choice `{choice}`", options, expr):
            return None
        return [_any_of(_option_tests(choice, case)) for case in expr.cases]
    enum = _matched_enum(context, scope, expr.subject)
    if enum is None or not check_cases(context, scope, f"enum `{enum}`", context.tables.members(enum), expr):
        return None
    return [_any_of(_member_tests(context, scope, expr.subject, enum, case)) for case in expr.cases]


def _any_of(tests: Sequence[typed.Expr]) -> typed.Expr:
    return tests[0] if len(tests) == 1 else typed.Or(tuple(tests), span=tests[0].span)


def _option_tests(choice: str, case: ast.MatchCase) -> list[typed.Expr]:
    return [typed.SwitchIs(choice, option.text, span=option.span) for option in case.options]


def _member_tests(
    context: Context, scope: Scope, subject: ast.Expr, enum: str, case: ast.MatchCase
) -> list[typed.Expr]:
    """NOTE: the subject is elaborated for each member, so that the names it binds stay unique."""
    tests: list[typed.Expr] = []
    for member in case.options:
        matched = coerce(context, scope, infer(context, scope, subject), EnumType(enum))
        literal = typed.EnumLit(enum, member.text, span=member.span)
        tests.append(typed.Equal(expr_of(matched, subject.span), literal, span=member.span))
    return tests


def _matched_enum(context: Context, scope: Scope, subject: ast.Expr) -> str | None:
    match settle(context, scope, infer(context, scope, subject)):
        case Value(type=Type(base=EnumType(name=name), optional=False)):
            return name
        case Value(type=Type(base=EnumType())):
            message = "what is matched may be absent here, and no case would be taken"
            hint = "compare with `==` in an `if`: an absent value equals no member"
            context.report(scope, "E214", message, subject.span, hint)
        case Value(type=of):
            message = f"a match is on an enum or a choice, not on `{show(of)}`"
            context.report(scope, "E214", message, subject.span, "use `if ... then ... else ...`")
        case Broken():
            pass
    return None


def _match(context: Context, scope: Scope, expr: ast.Match) -> Result:
    tests = case_tests(context, scope, expr)
    results = [infer(context, scope, case.body) for case in expr.cases if not isinstance(case.body, tuple)]
    if tests is None:
        return Broken()
    found = results[-1]
    for test, result in zip(reversed(tests[:-1]), reversed(results[:-1]), strict=True):
        found = either(context, scope, test, result, found, expr.span)
    return found
