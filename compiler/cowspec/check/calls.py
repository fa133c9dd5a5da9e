"""Who uses whom: the defs and macros that a body names, and the procs that it calls.

Works on the tree as written, with explicit stacks, before anything is expanded: an expansion may only start once it is
known to end.
"""

from collections.abc import Iterator
from typing import assert_never

from cowspec.check.names import Names, Symbol, Visible
from cowspec.diagnostics import Diagnostic
from cowspec.syntax import ast

Body = ast.Rhs | tuple[ast.Stmt, ...]


def expressions(*roots: ast.Rhs | None) -> Iterator[ast.Rhs]:
    """Every expression in the given ones, themselves included."""
    stack: list[ast.Rhs] = [root for root in roots if root is not None]
    while stack:
        expr = stack.pop()
        yield expr
        stack.extend(_parts(expr))


def statements(block: tuple[ast.Stmt, ...]) -> Iterator[ast.Stmt]:
    """Every statement of a block, in the order of the text."""
    stack: list[ast.Stmt] = list(reversed(block))
    while stack:
        stmt = stack.pop()
        yield stmt
        stack.extend(reversed(_blocks(stmt)))


def _parts(expr: ast.Rhs) -> tuple[ast.Rhs, ...]:
    match expr:
        case ast.Name() | ast.Int() | ast.Bool() | ast.NoneValue() | ast.Self() | ast.NoFix() | ast.Anything():
            return ()
        case ast.Index(base=base, args=args):
            return (base, *args)
        case ast.FieldOf(base=base):
            return (base,)
        case ast.Apply(args=args):
            return args
        case ast.Binary(left=left, right=right):
            return (left, right)
        case ast.Not(body=body):
            return (body,)
        case ast.At(cpu=cpu):
            return (cpu,)
        case ast.IfElse(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case ast.Match(subject=subject, cases=cases):
            return (subject, *(case.body for case in cases if not isinstance(case.body, tuple)))
        case ast.Record(fields=fields):
            return tuple(value for _, value in fields)
        case ast.Quantified(where=where, body=body):
            return (body,) if where is None else (where, body)
        case ast.Count(where=where):
            return (where,)
        case ast.Choose(where=where):
            return () if where is None else (where,)
        case _:
            assert_never(expr)


def _blocks(stmt: ast.Stmt) -> tuple[ast.Stmt, ...]:
    match stmt:
        case ast.If(then=then, otherwise=otherwise):
            return then + otherwise
        case ast.MatchStmt(cases=cases):
            return tuple(inner for case in cases if isinstance(case.body, tuple) for inner in case.body)
        case ast.Bulk(body=body):
            return body
        case _:
            return ()


def _own_expressions(stmt: ast.Stmt) -> tuple[ast.Rhs | None, ...]:
    """The expressions of a statement, without those of the statements in it."""
    match stmt:
        case ast.Require(condition=condition) | ast.If(condition=condition):
            return (condition,)
        case ast.MatchStmt(subject=subject):
            return (subject,)
        case ast.Let(value=value):
            return (value,)
        case ast.Assign(target=target, value=value):
            return (target, value)
        case ast.Bulk(where=where) | ast.Spend(where=where):
            return (where,)
        case ast.Acquire(lock=lock) | ast.Release(lock=lock) | ast.Downgrade(lock=lock) | ast.Begin(lock=lock):
            return (lock,)
        case ast.Call(args=args) | ast.UseMacro(args=args):
            return args
        case ast.Goto() | ast.Return() | ast.Note():
            return ()
        case _:
            assert_never(stmt)


def used(body: Body, visible: Visible) -> list[Symbol]:
    """The defs and macros that a body names itself, in no particular order."""
    names: set[str] = set()
    block = body if isinstance(body, tuple) else ()
    roots: list[ast.Rhs | None] = [] if isinstance(body, tuple) else [body]
    for stmt in statements(block):
        if isinstance(stmt, ast.UseMacro):
            names.add(stmt.macro.text)
        roots.extend(_own_expressions(stmt))
    names.update(expr.function.text for expr in expressions(*roots) if isinstance(expr, ast.Apply))
    found = (visible.get(name) for name in sorted(names))
    return [symbol for symbol in found if symbol and isinstance(symbol.decl, ast.DefDecl | ast.MacroDecl)]


def called(body: tuple[ast.Stmt, ...], module: int, names: Names) -> set[str]:
    """The procs that a body calls, also through the macros that it uses."""
    procs: set[str] = set()
    seen: set[tuple[int, str]] = set()
    stack = [(body, module)]
    while stack:
        block, inside = stack.pop()
        for stmt in statements(block):
            if isinstance(stmt, ast.Call):
                procs.add(stmt.proc.text)
            if isinstance(stmt, ast.UseMacro):
                symbol = names.visible[inside].get(stmt.macro.text)
                if symbol and isinstance(symbol.decl, ast.MacroDecl) and symbol.key not in seen:
                    seen.add(symbol.key)
                    stack.append((symbol.decl.body, symbol.module))
    return procs


def procs_in_use(names: Names) -> frozenset[str]:
    """The procs that may start, and those that they call in turn."""
    procs = {symbol.name: symbol for own in names.own for symbol in own.values()}
    reached: set[str] = set()
    stack = sorted(names.startable)
    while stack:
        symbol = procs.get(stack.pop())
        if symbol and isinstance(symbol.decl, ast.ProcDecl) and symbol.name not in reached:
            reached.add(symbol.name)
            for step in symbol.decl.steps:
                stack.extend(sorted(called(step.body, symbol.module, names)))
    return frozenset(reached)


def expansion_order(names: Names, diagnostics: list[Diagnostic]) -> tuple[list[Symbol], set[tuple[int, str]]]:
    """All defs and macros, a used one before its user; and the keys of those that use themselves (reported)."""
    order: list[Symbol] = []
    recursive: set[tuple[int, str]] = set()
    state: dict[tuple[int, str], int] = {}  # 1: on the path, 2: done
    for own in names.own:
        for symbol in own.values():
            if isinstance(symbol.decl, ast.DefDecl | ast.MacroDecl) and symbol.key not in state:
                _visit(symbol, names, state, order, recursive, diagnostics)
    return order, recursive


def _visit(
    root: Symbol,
    names: Names,
    state: dict[tuple[int, str], int],
    order: list[Symbol],
    recursive: set[tuple[int, str]],
    diagnostics: list[Diagnostic],
) -> None:
    path = [root]
    pending = [_uses(root, names)]
    state[root.key] = 1
    while path:
        if not pending[-1]:
            done = path.pop()
            pending.pop()
            state[done.key] = 2
            order.append(done)
            continue
        symbol = pending[-1].pop()
        if state.get(symbol.key) == 1:
            cycle = path[[inner.key for inner in path].index(symbol.key) :]
            if not all(inner.key in recursive for inner in cycle):
                route = " -> ".join(inner.name for inner in [*cycle, symbol])
                message = f"`{symbol.name}` uses itself: {route}"
                diagnostics.append(Diagnostic("E113", message, symbol.span, hint="a def or macro is expanded in place"))
            recursive.update(inner.key for inner in cycle)
        elif symbol.key not in state:
            state[symbol.key] = 1
            path.append(symbol)
            pending.append(_uses(symbol, names))


def _uses(symbol: Symbol, names: Names) -> list[Symbol]:
    decl = symbol.decl
    assert isinstance(decl, ast.DefDecl | ast.MacroDecl)
    return used(decl.body, names.visible[symbol.module])
