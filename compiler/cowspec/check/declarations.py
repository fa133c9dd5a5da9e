"""Elaborating declarations with a body: defs and macros (once by themselves), actions, procs, `init`, properties."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from cowspec.check import typed
from cowspec.check.calls import expansion_order
from cowspec.check.coercion import settle
from cowspec.check.comparisons import total
from cowspec.check.context import Bound, Context, Scope, TooLarge, Totals, What, Where, bind_all, check_free, variable
from cowspec.check.expressions import bind_where, condition, infer
from cowspec.check.ghosts import check_ghosts, check_guard, is_ghost
from cowspec.check.names import Symbol
from cowspec.check.statements import block
from cowspec.check.tables import CPU, Tables, base_type
from cowspec.check.typed import SortType, Type
from cowspec.check.values import Number, Value
from cowspec.check.walk import statements
from cowspec.diagnostics import Diagnostic
from cowspec.source import Span
from cowspec.syntax import ast

P = ParamSpec("P")
T = TypeVar("T")


def attempt(elaborate: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What `elaborate` returns; None if its declaration was too large, which has been reported."""
    try:
        return elaborate(*args, **kwargs)
    except TooLarge:
        return None


# ---- defs and macros -----------------------------------------------------------------------------------------------


def check_definitions(tables: Tables, totals: Totals) -> None:
    """Elaborates each def and macro once by itself, used ones first. Those with a mistake are in `totals.broken` after
    that, and whoever uses them is silent; so what is reported inside an expansion is a mistake of the use."""
    order, recursive = expansion_order(tables.names, tables.diagnostics)
    totals.broken |= recursive
    for symbol in order:
        before = len(tables.diagnostics)
        if symbol.key not in totals.broken:
            attempt(_check_definition, tables, totals, symbol)
        if len(tables.diagnostics) > before:
            totals.broken.add(symbol.key)


def _check_definition(tables: Tables, totals: Totals, symbol: Symbol) -> None:
    decl = symbol.decl
    assert isinstance(decl, ast.DefDecl | ast.MacroDecl)
    where = Where.DEF if isinstance(decl, ast.DefDecl) else Where.MACRO
    context = Context(tables, totals, where, symbol.span)
    scope = Scope(symbol.module, {})
    for param in decl.params:
        check_free(context, scope, param.name)
        base = base_type(tables, param.type, symbol.module)
        name = context.fresh(param.name.text)
        meaning = None if base is None else variable(name, Type(base), param.name.span)
        scope = scope.bind(param.name.text, Bound(meaning, What.PARAMETER, param.name.span))
    if isinstance(decl, ast.MacroDecl):
        check_ghosts(tables, symbol.span, decl.span, block(context, scope, decl.body))
        return
    result = infer(context, scope, decl.body)
    if isinstance(result, Number):
        if result.constant is None:
            total(context, scope, [result], decl.body.span)
    else:
        settle(context, scope, result)


# ---- actions -------------------------------------------------------------------------------------------------------


def action(tables: Tables, totals: Totals, symbol: Symbol, decl: ast.ActionDecl) -> typed.Action:
    context = Context(tables, totals, Where.ACTION, symbol.span)
    params, scope = bind_all(context, Scope(symbol.module, {}), decl.params, What.PARAMETER)
    body = block(context, scope, decl.body)
    check_ghosts(tables, symbol.span, decl.span, body)
    effects = [stmt for stmt in statements(body) if isinstance(stmt, typed.Assign)]
    ghost_only = bool(effects) and all(is_ghost(tables, effect.place) for effect in effects)
    return typed.Action(symbol.name, params, decl.text, body, ghost_only, span=decl.span)


# ---- procs ---------------------------------------------------------------------------------------------------------


def proc(tables: Tables, totals: Totals, symbol: Symbol, decl: ast.ProcDecl) -> typed.Proc:
    frame = tables.frames[symbol.name]
    context = Context(tables, totals, Where.PROC, symbol.span, proc=symbol.name)
    params, scope = bind_all(context, Scope(symbol.module, {}), decl.params, What.PARAMETER)
    for local in decl.locals:
        name, span = local.name.text, local.name.span
        known = frame.locals.get(name)
        if name in scope.names:
            continue  # declared twice, reported with the frame
        context.taken.add(name)
        meaning = None
        if known is not None:
            self_ = typed.Var("self", Type(SortType(CPU)), span=span)
            meaning = Value(typed.FrameRead(symbol.name, name, self_, known.type, span=span), known.type)
        scope = scope.bind(name, Bound(meaning, What.LOCAL, span))
    steps = tuple(_step(context, scope, step) for step in decl.steps)
    startable = symbol.name in tables.names.startable
    return typed.Proc(symbol.name, params, tuple(frame.locals.values()), steps, startable, span=decl.span)


def _step(context: Context, scope: Scope, decl: ast.StepDecl) -> typed.Step:
    each: tuple[typed.Binder, ...] = ()
    where: typed.Expr | None = None
    tables, name = context.tables, decl.name.span
    if decl.each is not None:
        each, where, scope = bind_where(context, scope, decl.each.binders, decl.each.where)
        if where is not None:
            check_guard(tables, name, decl.span, where, "the `where` of a step")
    body = block(context, scope, decl.body)
    check_ghosts(tables, name, decl.span, body)
    return typed.Step(decl.name.text, decl.text, each, where, body, span=decl.span)


def check_calls(procs: dict[str, typed.Proc], diagnostics: list[Diagnostic]) -> None:
    """Reports procs that come back to themselves by `call`: a CPU has one frame of each proc."""
    calls = {
        name: sorted(
            (stmt.span.path, stmt.span.start, stmt.span.end, stmt.proc)
            for step in proc.steps
            for stmt in statements(step.body)
            if isinstance(stmt, typed.Call)
        )
        for name, proc in procs.items()
    }
    said: set[frozenset[str]] = set()
    for name, places in calls.items():
        for path, start, end, callee in places:
            route = _route(calls, callee, name)
            if route is None or frozenset(route) in said:
                continue
            said.add(frozenset(route))
            message = f"proc `{name}` calls itself: {' -> '.join([name, *route])}"
            hint = "a CPU runs one call of a proc at a time; repeat steps with `goto`"
            diagnostics.append(Diagnostic("E309", message, Span(path, start, end), hint=hint))


def _route(calls: dict[str, list[tuple[str, int, int, str]]], start: str, goal: str) -> list[str] | None:
    """The shortest way by calls from one proc to another, both included."""
    routes = {start: [start]}
    queue = [start]
    while queue:
        current = queue.pop(0)
        if current == goal:
            return routes[current]
        for *_, callee in calls.get(current, []):
            if callee not in routes:
                routes[callee] = [*routes[current], callee]
                queue.append(callee)
    return None


# ---- formulas ------------------------------------------------------------------------------------------------------


def formula(tables: Tables, totals: Totals, where: Where, module: int, name: Span, body: ast.Expr) -> typed.Expr:
    """A truth value that stands by itself: an `init`, a property, a condition on switches."""
    context = Context(tables, totals, where, name)
    return condition(context, Scope(module, {}), body)


def property_(tables: Tables, totals: Totals, symbol: Symbol, decl: ast.PropertyDecl, module: str) -> typed.Property:
    where = Where.TRANSITION if decl.kind is ast.PropertyKind.TRANSITION else Where.PROPERTY
    body = formula(tables, totals, where, symbol.module, symbol.span, decl.body)
    checked = symbol.name in tables.names.startable
    return typed.Property(decl.kind, symbol.name, decl.text, body, module, checked, span=decl.span)
