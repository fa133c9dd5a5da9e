"""The start value of a variable or local: what is written, or what its type starts with."""

from collections.abc import Mapping

from cowspec.check import typed
from cowspec.check.names import did_you_mean
from cowspec.check.show import show
from cowspec.check.typed import BoolType, EnumType, SortType, StructType, Type
from cowspec.diagnostics import Diagnostic
from cowspec.source import Span
from cowspec.syntax import ast

Structs = Mapping[str, typed.StructDecl]
Enums = Mapping[str, typed.EnumDecl]
Constant = typed.BoolLit | typed.EnumLit | typed.NoneLit | typed.Record


def start_value(
    structs: Structs, enums: Enums, decl: ast.VarDecl, declared: Type, local: bool, diagnostics: list[Diagnostic]
) -> typed.Start | typed.Record:
    """The start value of a variable; `= any` stands in for one that is refused (and reported)."""
    found: typed.Start | typed.Record | None
    if local and isinstance(declared.base, SortType) and not declared.optional:
        message = f"local `{decl.name.text}` has no value when the call starts"
        hint = f"declare it as `{declared.base.name}?`"
        diagnostics.append(Diagnostic("E206", message, decl.type.span, hint=hint))
        return typed.StartAny()
    match decl.start:
        case None:
            found = _default(enums, decl, declared, local, diagnostics)
        case ast.AnyStart(span=span) if local:
            message = f"local `{decl.name.text}` cannot start with `any` value"
            diagnostics.append(Diagnostic("E216", message, span, hint="assign a `choose` in the first step"))
            found = None
        case ast.AnyStart():
            found = typed.StartAny()
        case expr:
            found = _constant(structs, enums, expr, declared, diagnostics)
    return typed.StartAny() if found is None else found


def _default(
    enums: Enums, decl: ast.VarDecl, declared: Type, local: bool, diagnostics: list[Diagnostic]
) -> typed.Start | None:
    """What a variable without a written start value starts with: false, none, the first member."""
    span = decl.span
    if declared.optional:
        return typed.NoneLit(declared, span=span)
    match declared.base:
        case BoolType():
            return typed.BoolLit(False, span=span)
        case EnumType(name=name):
            return typed.EnumLit(name, enums[name].members[0], span=span)
        case SortType(name=name) | StructType(name=name):
            message = f"`{decl.name.text}` needs a start value: nothing of `{name}` comes first"
            hint = f"declare it as `{name}?`" if local else f"write `= any`, or declare it as `{name}?`"
            diagnostics.append(Diagnostic("E216", message, decl.span, hint=hint))
    return None


def _constant(
    structs: Structs, enums: Enums, expr: ast.Expr, declared: Type, diagnostics: list[Diagnostic]
) -> Constant | None:
    """A constant of the declared type: a truth value, a member, `none`, or a record of those."""
    match expr:
        case ast.NoneValue(span=span) if declared.optional:
            return typed.NoneLit(declared, span=span)
        case ast.NoneValue(span=span):
            message = f"`none` is no value of `{show(declared)}`"
            hint = None if declared.base == BoolType() else f"declare it as `{show(declared)}?`"
            diagnostics.append(Diagnostic("E203", message, span, hint=hint))
            return None
        case ast.Record() if isinstance(declared.base, StructType):
            return _record(structs, enums, expr, declared.base.name, diagnostics)
        case ast.Bool(value=value, span=span) if declared.base == BoolType():
            return typed.BoolLit(value, span=span)
        case ast.Name(text=text, span=span) if isinstance(declared.base, EnumType):
            return _member(enums, declared.base.name, text, span, diagnostics)
        case _:
            message = f"a start value of `{show(declared)}` is a constant of that type, or `any`"
            hint = "what depends on other variables is said with `= any` and an `init` formula"
            diagnostics.append(Diagnostic("E216", message, expr.span, hint=hint))
            return None


def _member(enums: Enums, enum: str, text: str, span: Span, diagnostics: list[Diagnostic]) -> typed.EnumLit | None:
    members = enums[enum].members
    if text in members:
        return typed.EnumLit(enum, text, span=span)
    message = f"enum `{enum}` has no member `{text}`"
    diagnostics.append(Diagnostic("E107", message, span, hint=did_you_mean(text, list(members))))
    return None


def _record(
    structs: Structs, enums: Enums, expr: ast.Record, struct: str, diagnostics: list[Diagnostic]
) -> typed.Record | None:
    fields = dict(structs[struct].fields)
    values: dict[str, Constant | None] = {}
    for name, value in expr.fields:
        if name.text not in fields:
            hint = did_you_mean(name.text, list(fields))
            diagnostics.append(Diagnostic("E111", f"`{struct}` has no field `{name.text}`", name.span, hint=hint))
            values[name.text] = None
        elif name.text in values:
            diagnostics.append(Diagnostic("E210", f"field `{name.text}` is given twice", name.span))
        else:
            values[name.text] = _constant(structs, enums, value, fields[name.text], diagnostics)
    missing = [name for name in fields if name not in values]
    if missing:
        message = f"`{struct}` needs {', '.join(f'`{name}`' for name in missing)} too"
        diagnostics.append(Diagnostic("E210", message, expr.span, hint="a record gives every field"))
        return None
    constants = [(name, constant) for name in fields if (constant := values[name]) is not None]
    return typed.Record(struct, tuple(constants), span=expr.span) if len(constants) == len(values) else None
