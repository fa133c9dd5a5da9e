"""`spend` statements: which cost, and what is counted.

A cost is counted in one way: by plain `spend`s, or by the tuples of elements of the same sorts in all of them. Else a
call that does both would have spent a sum of two different things.
"""

from cowspec.check import typed
from cowspec.check.context import Context, Scope
from cowspec.check.expressions import bind_where
from cowspec.check.lookup import report_unknown, wrong_kind
from cowspec.syntax import ast


def spend(context: Context, scope: Scope, stmt: ast.Spend) -> tuple[typed.Stmt, ...]:
    """`spend copy` or `spend interrupt for c: Cpu where e`; empty, reported, if it names no cost."""
    symbol = context.visible(scope).get(stmt.cost.text)
    bound = scope.names.get(stmt.cost.text)
    if symbol is None and bound is None:
        report_unknown(context, scope, stmt.cost, "cost")
        return ()
    if bound is not None:
        message = f"`{stmt.cost.text}` is {bound.what.value}, not a cost"
        context.report(scope, "E110", message, stmt.cost.span, more=((bound.span, "bound here"),))
        return ()
    if symbol is None or not isinstance(symbol.decl, ast.CostDecl):
        if symbol is not None:
            wrong_kind(context, scope, stmt.cost, symbol.decl, "a cost")
        return ()
    context.in_spend = True
    binders, where, _ = bind_where(context, scope, stmt.binders, stmt.where)
    context.in_spend = False
    _check_counted(context, scope, stmt, binders)
    return (typed.Spend(stmt.cost.text, binders, where, span=stmt.span),)


def _check_counted(context: Context, scope: Scope, stmt: ast.Spend, binders: tuple[typed.Binder, ...]) -> None:
    name, tables = stmt.cost.text, context.tables
    for binder, written in zip(binders, stmt.binders, strict=False):
        if binder.sort in tables.enums:
            message = f"`{name}` counts members of the enum `{binder.sort}`, which is not a sort"
            context.report(scope, "E209", message, written.type.span, "write one `spend` under an `if` for each member")
            return
    if len(binders) < len(stmt.binders):
        return  # reported with the binders
    domains = tuple(binder.sort for binder in binders)
    first, span = tables.counted.setdefault(name, (domains, stmt.span))
    if first != domains:
        message = f"`{name}` counts {_words(domains)} here and {_words(first)} elsewhere"
        more = ((span, f"counts {_words(first)}"),)
        context.report(scope, "E313", message, stmt.span, "declare two costs", more)


def _words(domains: tuple[str, ...]) -> str:
    return f"each different {', '.join(domains)}" if domains else "every time"
