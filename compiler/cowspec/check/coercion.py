"""Giving an expression the type that its context asks for."""

from typing import assert_never

from cowspec.check import typed
from cowspec.check.context import Context, Scope
from cowspec.check.names import did_you_mean
from cowspec.check.show import show, show_base
from cowspec.check.typed import BaseType, BoolType, EnumType, StructType, Type
from cowspec.check.values import Bare, Broken, CallOf, CondOf, Nothing, Number, RecordOf, Result, Value
from cowspec.source import Span
from cowspec.syntax import ast

BOOL = Type(BoolType())


def boolean(expr: typed.Expr) -> Value:
    return Value(expr, BOOL)


def dummy(span: Span) -> typed.Expr:
    """Stands where something was reported: the model is not going to be used."""
    return typed.BoolLit(False, span=span)


def span_of(result: Result, otherwise: Span) -> Span:
    match result:
        case Value(expr=expr):
            return expr.span
        case Broken():
            return otherwise
        case _:
            return result.span


def known_base(result: Result) -> BaseType | None:
    """The base type of an expression that has one by itself."""
    match result:
        case Value(type=known):
            return known.base
        case Bare(enums=(enum,)):
            return EnumType(enum)
        case CondOf(then=then, otherwise=otherwise):
            return known_base(then) or known_base(otherwise)
        case _:
            return None


def coerce(context: Context, scope: Scope, result: Result, base: BaseType, may_be_none: bool = True) -> Value | Broken:
    """The expression as a value of that type, absent or not. Where `may_be_none` is false `none` itself is refused; a
    value that may turn out absent is not: that is a fault when it happens (M5)."""
    match result:
        case Value(type=Type(base=found)) if found == base:
            return result
        case Value(member=str() as text, expr=expr) if _is_member(context, base, text):
            assert isinstance(base, EnumType)
            return Value(typed.EnumLit(base.name, text, span=expr.span), Type(base))
        case Value(type=found_type, expr=expr):
            message = f"expected `{show_base(base)}`, found `{show(found_type)}`"
            context.report(scope, "E201", message, expr.span)
        case Number(span=span):
            message = f"expected `{show_base(base)}`, found a number"
            hint = "integers are counts compared with a constant: `count(...) == 1`"
            context.report(scope, "E211", message, span, hint)
        case Nothing(span=span):
            return _none(context, scope, base, may_be_none, span)
        case Bare():
            return _member(context, scope, result, base)
        case RecordOf():
            return _record(context, scope, result, base)
        case CondOf(condition=condition, then=then, otherwise=otherwise, span=span):
            left = coerce(context, scope, then, base, may_be_none)
            right = coerce(context, scope, otherwise, base, may_be_none)
            return join(condition, left, right, span)
        case CallOf(proc=proc, span=span):
            message = f"a call of `{proc}` is no value"
            hint = f"`{proc}[...] != none` asks if it is under way, `{proc}[...].x` reads a parameter or local"
            context.report(scope, "E219", message, span, hint)
        case Broken():
            pass
        case _:
            assert_never(result)
    return Broken()


def _is_member(context: Context, base: BaseType, text: str) -> bool:
    return isinstance(base, EnumType) and text in context.tables.members(base.name)


def expr_of(result: Value | Broken, span: Span) -> typed.Expr:
    return result.expr if isinstance(result, Value) else dummy(span)


def join(condition: typed.Expr, left: Value | Broken, right: Value | Broken, span: Span) -> Value | Broken:
    """`if condition then left else right` of two values with the same base type."""
    if isinstance(left, Broken) or isinstance(right, Broken):
        return Broken()
    joined = Type(left.type.base, left.type.optional or right.type.optional)
    return Value(typed.Cond(condition, left.expr, right.expr, joined, span=span), joined)


def settle(context: Context, scope: Scope, result: Result, may_be_none: bool = True) -> Value | Broken:
    """The expression as a value of the type it has by itself; reported if it has none."""
    base = known_base(result)
    if base is not None:
        return coerce(context, scope, result, base, may_be_none)
    match result:
        case Bare(name=name, enums=enums, span=span):
            report_bare(context, scope, name, enums, span)
        case Nothing(span=span):
            message = "the type of this `none` is not known here"
            context.report(scope, "E202", message, span, "compare it with, or assign it to, something that has a type")
        case RecordOf(span=span):
            message = "the struct of this record is not known here"
            context.report(scope, "E202", message, span, "compare it with, or assign it to, something that has a type")
        case CondOf(then=then, otherwise=otherwise):
            left = settle(context, scope, then, may_be_none)
            if isinstance(left, Value):
                settle(context, scope, otherwise, may_be_none)
        case _:
            coerce(context, scope, result, BoolType())
    return Broken()


def report_bare(context: Context, scope: Scope, name: str, enums: tuple[str, ...], span: Span) -> None:
    """Reports a bare member or option that nothing gives a type to."""
    choices = context.tables.choices_with(name)
    if len(enums) > 1:
        message = f"`{name}` is a member of {' and of '.join(f'`{enum}`' for enum in enums)}"
        hint = "compare it with, or assign it to, something of one of these types"
        context.report(scope, "E116", message, span, hint)
    elif choices:
        symbol = context.visible(scope).get(name)
        write = f"write `{choices[0]} == {name}`"
        if symbol is not None and isinstance(symbol.decl, ast.DefDecl):
            write += f", or `{name}(...)` for the def"
        message = f"`{name}` is an option of choice `{choices[0]}`, and no value by itself"
        context.report(scope, "E213", message, span, write)
    else:
        owners = context.tables.enums_with(name)
        module = f"`use` the module of enum `{owners[0]}`" if owners else None
        context.report(scope, "E107", f"unknown name `{name}`", span, module)


def _none(context: Context, scope: Scope, base: BaseType, may_be_none: bool, span: Span) -> Value | Broken:
    if base == BoolType():
        message = "a `bool` is never `none`: an absent bool is false"
        context.report(scope, "E203", message, span, "compare with `true` or `false`, or ask the record: `x != none`")
        return Broken()
    if not may_be_none:
        message = f"`none` where a `{show_base(base)}` is needed"
        context.report(scope, "E203", message, span, f"declare the place as `{show_base(base)}?`")
        return Broken()
    optional = Type(base, True)
    return Value(typed.NoneLit(optional, span=span), optional)


def _member(context: Context, scope: Scope, bare: Bare, base: BaseType) -> Value | Broken:
    if not isinstance(base, EnumType):
        if not bare.enums:
            report_bare(context, scope, bare.name, bare.enums, bare.span)
        else:
            message = f"expected `{show_base(base)}`, found `{bare.name}`, a member of enum `{bare.enums[0]}`"
            context.report(scope, "E201", message, bare.span)
        return Broken()
    members = context.tables.members(base.name)
    if bare.name in members:
        return Value(typed.EnumLit(base.name, bare.name, span=bare.span), Type(base))
    message = f"enum `{base.name}` has no member `{bare.name}`"
    context.report(scope, "E107", message, bare.span, did_you_mean(bare.name, list(members)))
    return Broken()


def _record(context: Context, scope: Scope, record: RecordOf, base: BaseType) -> Value | Broken:
    if not isinstance(base, StructType):
        context.report(scope, "E201", f"expected `{show_base(base)}`, found a record", record.span)
        return Broken()
    fields = context.tables.fields(base.name)
    values: dict[str, typed.Expr] = {}
    whole = True
    for name, result in record.fields:
        if name.text not in fields:
            hint = did_you_mean(name.text, list(fields))
            context.report(scope, "E111", f"`{base.name}` has no field `{name.text}`", name.span, hint)
            whole = False
            continue
        if name.text in values:
            context.report(scope, "E210", f"field `{name.text}` is given twice", name.span)
        field = fields[name.text]
        value = coerce(context, scope, result, field.base, field.optional)
        values[name.text] = expr_of(value, name.span)
        whole = whole and isinstance(value, Value)
    missing = [name for name in fields if name not in values]
    if missing and whole:
        message = f"`{base.name}` needs {', '.join(f'`{name}`' for name in missing)} too"
        context.report(scope, "E210", message, record.span, "a record gives every field")
    if missing or not whole:
        return Broken()
    ordered = tuple((name, values[name]) for name in fields)
    return Value(typed.Record(base.name, ordered, span=record.span), Type(base))
