"""Statements of one step as core statements.

A branch may leave the step early (`return`, `goto`, `call`); the statements after it then run on the other paths only.
So the rest of the list moves into the branches that go on, and what ends a path (`Exit`) stands at its end.
"""

from collections.abc import Callable
from typing import assert_never

from cowspec.check import typed
from cowspec.diagnostics import CompileError, Diagnostic
from cowspec.source import Span
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Stmt
from cowspec.system.lowering.assignments import assign, assign_at_once
from cowspec.system.lowering.expressions import Scope, formula, value
from cowspec.system.lowering.layout import statements
from cowspec.system.lowering.locks import lock_statement
from cowspec.system.lowering.values import Value, each, has_value
from cowspec.system.traverse import nodes

LIMIT = 3000  # core statements of one step
DEEP = 100  # branches that leave early, inside one another after lowering

Jump = typed.Goto | typed.Return | typed.Call
Exit = Callable[[Jump | None, Scope], tuple[Stmt, ...]]
"""What stands at the end of a path: of one that ends in a jump, or (None) runs to the end of the step."""


class TooLarge(Exception):
    """The step has more paths than anybody wants to check."""


def body(stmts: tuple[typed.Stmt, ...], scope: Scope, leave: Exit, span: Span) -> tuple[Stmt, ...]:
    """The whole step. Raises `CompileError` (E501) if its early exits multiply its branches beyond `LIMIT`."""
    try:
        return tuple(_run(stmts, scope, leave, [LIMIT], 0))
    except TooLarge:
        raise CompileError(
            (
                Diagnostic(
                    "E501",
                    "this step has too many paths",
                    span,
                    hint="each `if` that may `return`, `goto` or `call` doubles what follows it: split the step",
                ),
            )
        ) from None


def _run(stmts: tuple[typed.Stmt, ...], scope: Scope, leave: Exit, left: list[int], depth: int) -> list[Stmt]:
    """`left` is the number of statements that may still be made (one counter for all branches)."""
    out: list[Stmt] = []
    for n, stmt in enumerate(stmts):
        left[0] -= 1
        if left[0] < 0 or depth > DEEP:
            raise TooLarge
        match stmt:
            case typed.If():
                if _may_leave(stmt):
                    return out + _branches(stmt, stmts[n + 1 :], scope, leave, left, depth + 1)
                out += _branches(stmt, (), scope, _go_on, left, depth + 1)
            case typed.Goto() | typed.Return() | typed.Call():
                out += leave(stmt, scope)
                return out
            case typed.Let(name, of):
                bound, made = _let(name, value(of, scope), scope)
                scope = scope.bind(name, bound)
                out += made
            case typed.Choose(name, sort, where):
                chosen = scope.names.fresh(name)
                scope = scope.bind(name, ir.Param(chosen))
                out.append(ir.Choose(chosen, sort, formula(where, scope)))
            case _:
                out += _simple(stmt, scope)
    return out + list(leave(None, scope))


def _may_leave(stmt: typed.If) -> bool:
    return any(isinstance(inner, typed.Goto | typed.Return | typed.Call) for inner in statements((stmt,)))


def _go_on(_: Jump | None, __: Scope) -> tuple[Stmt, ...]:
    """The end of a branch after which the statements around it go on."""
    return ()


def _branches(
    stmt: typed.If, rest: tuple[typed.Stmt, ...], scope: Scope, leave: Exit, left: list[int], depth: int
) -> list[Stmt]:
    """Both branches, each followed by `rest`."""
    test = formula(stmt.condition, scope)
    if isinstance(test, ir.Const):
        return _run((*(stmt.then if test.value else stmt.otherwise), *rest), scope, leave, left, depth)
    then = _run((*stmt.then, *rest), scope, leave, left, depth)
    otherwise = _run((*stmt.otherwise, *rest), scope, leave, left, depth)
    return [ir.If(test, tuple(then), tuple(otherwise))] if then or otherwise else []


def _simple(
    stmt: (
        typed.Require | typed.Assign | typed.Bulk | typed.Acquire | typed.Release | typed.Downgrade | typed.Begin
        | typed.Note | typed.Spend
    ),
    scope: Scope,
) -> tuple[Stmt, ...]:  # fmt: skip
    """A statement that neither binds a name nor leaves the step."""
    match stmt:
        case typed.Require(condition):
            test = formula(condition, scope)
            return () if test == TRUE else (ir.Require(test),)
        case typed.Assign():
            return assign(stmt, scope)
        case typed.Bulk():
            return _bulk(stmt, scope)
        case typed.Acquire() | typed.Release() | typed.Downgrade() | typed.Begin():
            if scope.proc is None:
                raise TypeError(f"a lock statement outside a proc: {stmt}")  # the checker refuses it
            return tuple(lock_statement(stmt, scope.proc, scope))
        case typed.Note(text):
            return (ir.Note(text),)
        case typed.Spend(cost, binders, where):
            inside, opened = scope.open(binders)
            return (ir.Spend(cost, opened, TRUE if where is None else formula(where, inside)),)
        case _:
            assert_never(stmt)


def _bulk(bulk: typed.Bulk, scope: Scope) -> tuple[Stmt, ...]:
    inside, binders = scope.open(bulk.binders)
    where = TRUE if bulk.where is None else formula(bulk.where, inside)
    made = tuple(made for stmt in bulk.body for made in assign_at_once(stmt, inside))
    return (ir.Bulk(binders, where, made),) if made and where != FALSE else ()


def _let(name: str, now: Value, scope: Scope) -> tuple[Value, list[Stmt]]:
    """Binds each scalar of a value to a name of its own, but for what cannot change anyway."""
    made: list[Stmt] = []

    def on_term(path: str, of: ir.Term) -> ir.Term:
        if isinstance(of, ir.Param | ir.Member | ir.Absent):
            return of
        bound = scope.names.fresh(name + path)
        if has_value(of, scope.known) != TRUE:
            scope.names.maybe.add(bound)
        made.append(ir.Let(bound, of))
        return ir.Param(bound)

    def on_formula(path: str, of: ir.Formula) -> ir.Formula:
        if not any(isinstance(node, ir.Test | ir.Present | ir.Equal | ir.Quant | ir.Tally) for node in nodes((of,))):
            return of  # switches are rigid, flags bound
        bound = scope.names.fresh(name + path)
        made.append(ir.LetBool(bound, of))
        return ir.Flag(bound)

    return each(now, on_term, on_formula), made
