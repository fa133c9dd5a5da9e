"""R8: ghosts record what happens and never decide it.

Looks at elaborated statements, so what a `def` or macro reads counts like what is written out. A guard may not read a
ghost (`require`, `choose`, a taken lock, the `where` of a step), nor may an update of something that is no ghost. An
`if` on a ghost may only contain ghost assignments: with anything else in it, it would decide. What a `spend` counts
decides nothing either, so it may read ghosts and stand under them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from cowspec.check import typed
from cowspec.check.tables import Tables
from cowspec.check.walk import walk
from cowspec.diagnostics import Diagnostic
from cowspec.source import Span


@dataclass(slots=True)
class _Ghosts:
    """`tainted`: the `let`s whose value was read from a ghost. `name`: the place of the declaration's name."""

    tables: Tables
    name: Span
    extent: Span
    tainted: set[str] = field(default_factory=set)


def check_ghosts(tables: Tables, name: Span, extent: Span, stmts: Iterable[typed.Stmt]) -> None:
    """Reports every statement of a declaration that lets a ghost decide something. `extent`: where its text stands."""
    _block(_Ghosts(tables, name, extent), stmts)


def check_guard(tables: Tables, name: Span, extent: Span, guard: typed.Expr, what: str) -> None:
    """Reports a guard that reads a ghost."""
    _refuse(_Ghosts(tables, name, extent), (guard,), what)


def _ghost_in(ghosts: _Ghosts, exprs: Iterable[typed.Expr]) -> tuple[str, Span] | None:
    """The first ghost that the expressions read."""
    tables = ghosts.tables
    for expr in walk(*exprs):
        match expr:
            case typed.Read(var=var, span=span) if tables.vars[var].ghost:
                return var, span
            case typed.FrameRead(proc=proc, name=name, span=span):
                local = tables.frames[proc].locals.get(name)
                if local is not None and local.ghost:
                    return name, span
            case typed.Var(name=name, span=span) if name in ghosts.tainted:
                return name.partition("#")[0], span
            case _:
                pass
    return None


def _refuse(ghosts: _Ghosts, exprs: Iterable[typed.Expr], what: str) -> None:
    found = _ghost_in(ghosts, exprs)
    if found is not None:
        message = f"{what} reads the ghost `{found[0]}`"
        hint = "a ghost records what happens; what decides is an ordinary variable"
        _report(ghosts, "E307", message, found[1], hint)


def _report(ghosts: _Ghosts, code: str, message: str, span: Span, hint: str) -> None:
    """NOTE: what a macro expands to stands elsewhere; the declaration that uses it is named then."""
    inside = span.path == ghosts.extent.path and ghosts.extent.start <= span.start < ghosts.extent.end
    more = () if inside else ((ghosts.name, "expanded in this declaration"),)
    ghosts.tables.diagnostics.append(Diagnostic(code, message, span, more=more, hint=hint))


def is_ghost(tables: Tables, place: typed.Place) -> bool:
    if place.proc is None:
        return tables.vars[place.var].ghost
    return tables.frames[place.proc].locals[place.var].ghost


def _block(ghosts: _Ghosts, stmts: Iterable[typed.Stmt]) -> None:
    for stmt in stmts:
        _statement(ghosts, stmt)


def _statement(ghosts: _Ghosts, stmt: typed.Stmt) -> None:
    match stmt:
        case typed.Require(condition=condition):
            _refuse(ghosts, (condition,), "`require`")
        case typed.If(condition=condition, then=then, otherwise=otherwise):
            found = _ghost_in(ghosts, (condition,))
            if found is None:
                _block(ghosts, then)
                _block(ghosts, otherwise)
            else:
                _ghost_block(ghosts, then + otherwise, found[0])
        case typed.Let(name=name, value=value):
            if _ghost_in(ghosts, (value,)) is not None:
                ghosts.tainted.add(name)
        case typed.Choose(where=where):
            _refuse(ghosts, (where,), "`choose`")
        case typed.Assign():
            _assign(ghosts, stmt)
        case typed.Bulk(where=where, body=body):
            _bulk(ghosts, where, body)
        case typed.Acquire(index=index) | typed.Release(index=index) | typed.Downgrade(index=index):
            _refuse(ghosts, index, "the index of a lock")
        case typed.Begin(index=index):
            _refuse(ghosts, index, "the index of a seqcount")
        case typed.Call(args=args):
            _refuse(ghosts, args, "an argument of `call`")
        case typed.Goto() | typed.Return() | typed.Note() | typed.Spend():
            pass
        case _:
            assert_never(stmt)


def _assign(ghosts: _Ghosts, stmt: typed.Assign) -> None:
    if not is_ghost(ghosts.tables, stmt.place):
        _refuse(ghosts, (*stmt.place.index, stmt.value), f"the update of `{stmt.place.var}`, which is no ghost,")


def _bulk(ghosts: _Ghosts, where: typed.Expr | None, body: tuple[typed.Assign, ...]) -> None:
    found = None if where is None else _ghost_in(ghosts, (where,))
    if found is not None:
        _ghost_block(ghosts, body, found[0])
        return
    for assign in body:
        _assign(ghosts, assign)


def _ghost_block(ghosts: _Ghosts, stmts: Iterable[typed.Stmt], ghost: str) -> None:
    """What stands under a condition on a ghost: ghost assignments, and what is spent."""
    for stmt in stmts:
        match stmt:
            case typed.Assign(place=place) if is_ghost(ghosts.tables, place):
                pass
            case typed.Spend():
                pass
            case typed.If(then=then, otherwise=otherwise):
                _ghost_block(ghosts, then + otherwise, ghost)
            case typed.Bulk(body=body):
                _ghost_block(ghosts, body, ghost)
            case typed.Let(name=name):
                ghosts.tainted.add(name)
            case _:
                message = f"under a condition on the ghost `{ghost}` stand only ghost assignments"
                hint = "move this statement out of the condition"
                _report(ghosts, "E308", message, stmt.span, hint)
