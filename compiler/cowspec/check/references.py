"""Elaborating what names something: variables and their indexes, frames of calls, locks, built-in functions and defs.

NOTE(recursion): this module and `expressions.py` need each other, because an index is an expression again. Each imports
the other as a module, so the order of the imports does not matter.
"""

from dataclasses import replace

from cowspec.check import expressions, typed
from cowspec.check.coercion import BOOL, boolean, coerce, dummy, expr_of, settle
from cowspec.check.context import Bound, Context, Scope, Thunk, What, Where
from cowspec.check.lookup import check_step, find_proc, report_unknown, wrong_kind
from cowspec.check.names import Symbol, did_you_mean
from cowspec.check.show import show
from cowspec.check.tables import CPU, base_type
from cowspec.check.typed import BaseType, BoolType, SortType, StructType, Type
from cowspec.check.values import Bare, Broken, CallOf, Number, Result, Value
from cowspec.check.walk import depth, walk
from cowspec.source import Span
from cowspec.syntax import ast


def element(context: Context, scope: Scope, expr: ast.Expr, sort: str) -> Value | Broken:
    """An element of a sort, or absent: an index."""
    return coerce(context, scope, expressions.infer(context, scope, expr), SortType(sort), False)


def elements(
    context: Context, scope: Scope, what: str, span: Span, args: tuple[ast.Expr, ...], sorts: tuple[str, ...]
) -> tuple[tuple[typed.Expr, ...], bool] | None:
    """An index, and whether it may be absent; None, reported, with a wrong number of parts."""
    if len(args) != len(sorts):
        written = f"[{', '.join(sorts)}]" if sorts else "no index"
        message = f"`{what}` is indexed by {len(args)} values, expected {len(sorts)}"
        context.report(scope, "E208", message, span, f"it is declared with {written}")
        return None
    found = [element(context, scope, arg, sort) for arg, sort in zip(args, sorts, strict=True)]
    absent = any(isinstance(part, Value) and part.type.optional for part in found)
    return tuple(expr_of(part, arg.span) for part, arg in zip(found, args, strict=True)), absent


def maybe(of: Type, absent: bool) -> Type:
    """The type of something read through what may be absent: a bool is then false."""
    return Type(of.base, True) if absent and not isinstance(of.base, BoolType) else of


# ---- names ---------------------------------------------------------------------------------------------------------


def name(context: Context, scope: Scope, expr: ast.Name) -> Result:
    bound = scope.names.get(expr.text)
    if bound is not None:
        return _bound(context, scope, bound, expr.span)
    symbol = context.visible(scope).get(expr.text)
    if symbol is None or not isinstance(symbol.decl, ast.VarDecl | ast.FixDecl | ast.ChoiceDecl):
        enums = tuple(enum for enum in context.tables.enums_with(expr.text) if enum in context.visible(scope))
        if enums or context.tables.enums_with(expr.text) or context.tables.choices_with(expr.text):
            return Bare(expr.text, enums, expr.span)
    if symbol is None:
        report_unknown(context, scope, expr, "name")
        return Broken()
    return _symbol(context, scope, expr, symbol)


def _bound(context: Context, scope: Scope, bound: Bound, span: Span) -> Result:
    match bound.meaning:
        case None:
            return Broken()
        case Value() as value if bound.size > 1:
            context.charge(scope, span, bound.size, bound.depth)
            return value
        case Thunk(expr=expr, scope=outer, base=base):
            return coerce(context, outer, expressions.infer(context, outer, expr), base)
        case Value(expr=typed.Var(name=name), type=of):
            return Value(typed.Var(name, of, span=span), of)
        case Value(expr=typed.FrameRead(proc=proc, name=name, cpu=cpu), type=of):
            return Value(typed.FrameRead(proc, name, cpu, of, span=span), of)
        case Value() as other:
            return other


def _symbol(context: Context, scope: Scope, expr: ast.Name, symbol: Symbol) -> Result:
    """A top-level name without an index or arguments."""
    match symbol.decl:
        case ast.VarDecl():
            return _read(context, scope, expr, (), expr.span)
        case ast.FixDecl():
            return Value(typed.SwitchIs(expr.text, "on", span=expr.span), BOOL, member=expr.text)
        case ast.ChoiceDecl(options=options):
            message = f"choice `{expr.text}` is no value by itself"
            hint = f"write `{expr.text} == {options[0].name.text}`, or `match {expr.text} {{ ... }}`"
            context.report(scope, "E213", message, expr.span, hint)
        case decl:
            wrong_kind(context, scope, expr, decl, "a value")
    return Broken()


def _read(context: Context, scope: Scope, name: ast.Name, args: tuple[ast.Expr, ...], span: Span) -> Result:
    """A state variable at an index."""
    if name.text in context.tables.broken or name.text not in context.tables.vars:
        return Broken()
    var = context.tables.vars[name.text]
    index = elements(context, scope, name.text, span, args, var.index)
    if index is None:
        return Broken()
    of = maybe(var.type, index[1])
    return Value(typed.Read(name.text, index[0], of, span=span), of, member=None if args else name.text)


# ---- indexes, fields, calls ----------------------------------------------------------------------------------------


def index(context: Context, scope: Scope, expr: ast.Index) -> Result:
    if not isinstance(expr.base, ast.Name) or expr.base.text in scope.names:
        base = expressions.infer(context, scope, expr.base)
        if not isinstance(base, Broken):
            message = "only a variable or a proc can be indexed"
            context.report(scope, "E220", message, expr.span, "`x[i].f` is the field f of the element of x at i")
        return Broken()
    name = expr.base
    symbol = context.visible(scope).get(name.text)
    match symbol.decl if symbol else None:
        case None:
            report_unknown(context, scope, name, "variable")
        case ast.VarDecl():
            return _read(context, scope, name, expr.args, expr.span)
        case ast.ProcDecl():
            index = elements(context, scope, name.text, expr.span, expr.args, (CPU,))
            if index is not None:
                return CallOf(name.text, index[0][0], expr.span)
        case decl:
            wrong_kind(context, scope, name, decl, "a variable")
    return Broken()


def field(context: Context, scope: Scope, expr: ast.FieldOf) -> Result:
    base = expressions.infer(context, scope, expr.base)
    match base:
        case CallOf(proc=proc, cpu=cpu):
            return _frame(context, scope, proc, cpu, expr)
        case Value(type=Type(base=StructType(name=struct), optional=optional), expr=inner):
            fields = context.tables.fields(struct)
            if struct in context.tables.broken:
                return Broken()
            found = fields.get(expr.field.text)
            if found is not None:
                of = maybe(found, optional)
                return Value(typed.FieldOf(inner, expr.field.text, of, span=expr.span), of)
            message = f"`{struct}` has no field `{expr.field.text}`"
            context.report(scope, "E111", message, expr.field.span, did_you_mean(expr.field.text, list(fields)))
        case Broken():
            pass
        case Value(type=of):
            context.report(scope, "E220", f"a `{show(of)}` has no fields", expr.field.span)
        case _:
            context.report(scope, "E220", "this has no fields", expr.field.span)
    return Broken()


def _frame(context: Context, scope: Scope, proc: str, cpu: typed.Expr, expr: ast.FieldOf) -> Result:
    """`do_wp_page[t].orig`: absent while the call is idle, always if the proc is not in use."""
    frame = context.tables.frames[proc]
    name = expr.field.text
    found = frame.params.get(name) or (frame.locals[name].type if name in frame.locals else None)
    if found is None:
        if proc not in context.tables.broken:
            known = [*frame.params, *frame.locals]
            message = f"proc `{proc}` has no parameter or local `{name}`"
            context.report(scope, "E111", message, expr.field.span, did_you_mean(name, known))
        return Broken()
    of = maybe(found, True)
    if frame.in_use:
        return Value(typed.FrameRead(proc, name, cpu, of, span=expr.span), of)
    return Value(absent(of, expr.span), of)


def absent(of: Type, span: Span) -> typed.Expr:
    return typed.NoneLit(of, span=span) if of.optional else typed.BoolLit(False, span=span)


def at(context: Context, scope: Scope, expr: ast.At) -> Result:
    cpu = expr_of(element(context, scope, expr.cpu, CPU), expr.cpu.span)
    proc = find_proc(context, scope, expr.proc)
    if proc is None:
        return boolean(dummy(expr.span))
    check_step(context, scope, proc, expr.step)
    if not context.tables.frames[proc].in_use:
        return boolean(typed.BoolLit(False, span=expr.span))
    return boolean(typed.At(cpu, proc, expr.step.text, span=expr.span))


# ---- built-in functions --------------------------------------------------------------------------------------------


def builtin(context: Context, scope: Scope, expr: ast.Apply) -> Result:
    name, span = expr.function.text, expr.span
    if name == "next":
        if not context.tables.ordered:
            context.report(scope, "E218", "`next` needs an `ordered sort`, which is not supported yet", span)
        return Broken()
    if name == "changed":
        return _changed(context, scope, expr)
    if len(expr.args) != 1:
        context.report(scope, "E208", f"`{name}` takes 1 argument, found {len(expr.args)}", expr.function.span)
        return Broken()
    arg = expr.args[0]
    match name:
        case "refs":
            return _refs(context, scope, arg, span)
        case "idle":
            return boolean(typed.Idle(expr_of(element(context, scope, arg, CPU), arg.span), span=span))
        case "old":
            return _old(context, scope, arg, span)
        case _:
            kinds = tuple(ast.LockKind)
            lock = lock_place(context, scope, arg, kinds, name)
            return Broken() if lock is None else boolean(typed.Held(*lock, name == "write_held", span=span))


def _changed(context: Context, scope: Scope, expr: ast.Apply) -> Result:
    """`changed(s[i])` of this call, or `changed(s[i], t)` of a call on CPU t."""
    if len(expr.args) not in (1, 2):
        context.report(scope, "E208", f"`changed` takes 1 or 2 arguments, found {len(expr.args)}", expr.function.span)
        return Broken()
    if len(expr.args) == 1 and context.where not in (Where.PROC, Where.MACRO, Where.DEF):
        message = f"`changed` asks about the `begin` of a call; {context.where.value} has none"
        hint = "name its CPU: `changed(s[i], t)`"
        context.report(scope, "E311", message, expr.span, hint)
        return Broken()
    lock = lock_place(context, scope, expr.args[0], (ast.LockKind.SEQCOUNT,), "changed")
    cpu = expr_of(element(context, scope, expr.args[1], CPU), expr.args[1].span) if len(expr.args) == 2 else None
    return Broken() if lock is None else boolean(typed.Changed(*lock, cpu, span=expr.span))


def _refs(context: Context, scope: Scope, arg: ast.Expr, span: Span) -> Result:
    match settle(context, scope, expressions.infer(context, scope, arg), False):
        case Value(type=Type(base=SortType(name=sort)), expr=counted):
            if sort in context.tables.held_sorts():
                return Number((typed.Refs(counted, span=span),), None, span)
            message = f"no `ref` variable or local holds a `{sort}`"
            context.report(scope, "E217", message, span, "write `ref` before the type of the variables that count")
        case Value(type=of):
            message = f"`refs` counts the places that hold an element of a sort, not a `{show(of)}`"
            context.report(scope, "E201", message, span)
        case Broken():
            pass
    return Broken()


def _old(context: Context, scope: Scope, arg: ast.Expr, span: Span) -> Result:
    if context.in_old or context.where not in (Where.TRANSITION, Where.DEF):
        message = "`old` in `old`" if context.in_old else f"`old` has no meaning in {context.where.value}"
        hint = "only a `transition` property looks at two states"
        context.report(scope, "E401", message, span, hint)
        return Broken()
    context.in_old = True
    found = settle(context, scope, expressions.infer(context, scope, arg))
    context.in_old = False
    if isinstance(found, Broken):
        return found
    return Value(typed.Old(found.expr, found.type, span=span), found.type)


def lock_place(
    context: Context, scope: Scope, expr: ast.Expr, kinds: tuple[ast.LockKind, ...], use: str
) -> tuple[str, tuple[typed.Expr, ...]] | None:
    """The lock and index that an expression names; None, reported, if it names no lock of these kinds."""
    name = expr.base if isinstance(expr, ast.Index) else expr
    args = expr.args if isinstance(expr, ast.Index) else ()
    if not isinstance(name, ast.Name):
        context.report(scope, "E110", "this is not a lock", expr.span)
        return None
    symbol = context.visible(scope).get(name.text)
    if symbol is None:
        report_unknown(context, scope, name, "lock")
        return None
    if not isinstance(symbol.decl, ast.LockDecl) or name.text in scope.names:
        wrong_kind(context, scope, name, symbol.decl, "a lock")
        return None
    if symbol.decl.kind not in kinds:
        wanted = " or a ".join(kind.value for kind in kinds)
        message = f"`{use}` is for a {wanted}; `{name.text}` is a {symbol.decl.kind.value}"
        context.report(scope, "E306", message, expr.span)
        return None
    if name.text in context.tables.broken:
        return None
    index = elements(context, scope, name.text, expr.span, args, context.tables.locks[name.text].index)
    return None if index is None else (name.text, index[0])


# ---- defs ----------------------------------------------------------------------------------------------------------


def apply(context: Context, scope: Scope, expr: ast.Apply) -> Result:
    name = expr.function
    symbol = context.visible(scope).get(name.text)
    if symbol is None:
        report_unknown(context, scope, name, "def")
        return Broken()
    if not isinstance(symbol.decl, ast.DefDecl):
        wrong_kind(context, scope, name, symbol.decl, "a def")
        return Broken()
    if symbol.key in context.totals.broken:
        return Broken()
    bound = bind_arguments(context, scope, name, symbol, expr.args)
    if bound is None:
        return Broken()
    inner = Scope(symbol.module, bound, (*scope.uses, expr.span))
    return respan(expressions.infer(context, inner, symbol.decl.body), expr.span)


def bind_arguments(
    context: Context, scope: Scope, name: ast.Name, symbol: Symbol, args: tuple[ast.Expr, ...]
) -> dict[str, Bound] | None:
    """The parameters of a def or macro bound to the arguments; None, reported, if those do not fit. An argument may be
    absent where the parameter is not optional: what the body makes of it is absent then (M5)."""
    decl = symbol.decl
    assert isinstance(decl, ast.DefDecl | ast.MacroDecl)
    if len(args) != len(decl.params):
        message = f"`{name.text}` takes {len(decl.params)} arguments, found {len(args)}"
        context.report(scope, "E208", message, name.span, more=((symbol.span, "declared here"),))
        return None
    bound: dict[str, Bound] = {}
    for param, arg in zip(decl.params, args, strict=True):
        base = base_type(context.tables, param.type, symbol.module)
        if base is None:
            bound[param.name.text] = Bound(None, What.PARAMETER, param.name.span)
        else:
            bound[param.name.text] = _argument(context, scope, arg, base, param.name.span)
    return bound


def _argument(context: Context, scope: Scope, arg: ast.Expr, base: BaseType, span: Span) -> Bound:
    before = context.size
    value = coerce(context, scope, expressions.infer(context, scope, arg), base)
    size, context.size = context.size - before, before
    if isinstance(value, Broken):
        return Bound(None, What.PARAMETER, span)
    if any(isinstance(part, typed.Quant | typed.Tally) for part in walk(value.expr)):
        return Bound(Thunk(arg, scope, base), What.PARAMETER, span)
    return Bound(value, What.PARAMETER, span, size, depth(value.expr))


def respan(result: Result, span: Span) -> Result:
    """The result of an expansion, as what stands at `span`."""
    match result:
        case Broken():
            return result
        case Value(expr=expr):
            return replace(result, expr=replace(expr, span=span))
        case _:
            return replace(result, span=span)
