"""Lock statements as tests and updates of the lock tables (`ir.py`): one boolean per lock, mode, proc, index and CPU.

Nobody waits actively: an acquire that conflicts disables its step. A mistake in the use of a lock (a release without
an acquire, a downgrade of a read lock, reading twice) is a fault.
"""

from collections.abc import Iterator
from typing import assert_never

from cowspec.check import typed
from cowspec.source import Span
from cowspec.syntax.ast import LockKind, LockMode
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Stmt, Term
from cowspec.system.lowering.expressions import SELF, Names, Scope, active, arguments_present, held, term
from cowspec.system.lowering.layout import CPU, Layout, lock_table
from cowspec.system.lowering.words import indexed, quoted
from cowspec.system.simplify import disj, neg

LockStmt = typed.Acquire | typed.Release | typed.Downgrade | typed.Begin


def lock_statement(stmt: LockStmt, proc: str, scope: Scope) -> Iterator[Stmt]:
    """The index is evaluated once, before anything changes."""
    name = f"`{indexed(stmt.lock, stmt.index)}`"
    index: list[Term] = []
    for arg in stmt.index:
        at = term(arg, scope)
        there = arguments_present((at,), scope)
        if there != TRUE:
            yield ir.Check(there, f"{quoted(arg)} is none, so there is no lock {name}", span=stmt.span)
        if not _stays(at, proc):
            bound = scope.names.fresh("lock")
            if there != TRUE:
                scope.names.maybe.add(bound)
            yield ir.Let(bound, at)
            at = ir.Param(bound)
        index.append(at)
    yield from _on_index(stmt, name, tuple(index), proc, scope)


def _stays(at: Term, proc: str) -> bool:
    """No statement between here and the last use can change it (and the facts can name it)."""
    match at:
        case ir.Param() | ir.Member():
            return True
        case ir.Get(var, args):
            return var.startswith(f"{proc}@") and args == (SELF,)
        case _:
            return False


def _on_index(stmt: LockStmt, name: str, index: tuple[Term, ...], proc: str, scope: Scope) -> Iterator[Stmt]:
    match stmt:
        case typed.Acquire(lock, _, LockMode.READ):
            yield from _free(held(lock, index, True, scope))
            yield from _not_read_twice(lock, index, name, proc, stmt.span)
            yield ir.Assign(lock_table(lock, "read", proc), (*index, SELF), TRUE)
        case typed.Acquire(lock):
            yield from _free(held(lock, index, False, scope))
            yield ir.Assign(lock_table(lock, "write", proc), (*index, SELF), TRUE)
            yield from _readers_see(lock, index, scope)
        case typed.Release(lock):
            modes = _modes(lock, proc, scope.layout)
            mine = [ir.Test(lock_table(lock, mode, proc), (*index, SELF)) for mode in modes]
            message = f"{name} is released by a call that does not hold it"
            yield ir.Check(disj(mine), message, span=stmt.span)
            for mode in modes:
                yield ir.Assign(lock_table(lock, mode, proc), (*index, SELF), FALSE)
        case typed.Downgrade(lock):
            if proc in scope.layout.locks[lock].writers:
                mine_write = ir.Test(lock_table(lock, "write", proc), (*index, SELF))
                message = f"{name} is downgraded by a call that does not hold it for writing"
                yield ir.Check(mine_write, message, span=stmt.span)
                yield ir.Assign(lock_table(lock, "write", proc), (*index, SELF), FALSE)
                yield ir.Assign(lock_table(lock, "read", proc), (*index, SELF), TRUE)
            else:
                message = f"{name} is downgraded by a call that never takes it for writing"
                yield ir.Check(FALSE, message, span=stmt.span)
        case typed.Begin(lock):
            inside = held(lock, index, True, scope)
            yield ir.Assign(lock_table(lock, "seen", proc), (*index, SELF), inside)
        case _:
            assert_never(stmt)


def _free(conflict: Formula) -> Iterator[Stmt]:
    if conflict != FALSE:
        yield ir.Require(neg(conflict))


def _modes(lock: str, proc: str, layout: Layout) -> tuple[str, ...]:
    """The tables of a lock and a proc that takes it; empty only if the proc releases what it never takes."""
    taken = layout.locks[lock]
    modes = [mode for mode, procs in (("write", taken.writers), ("read", taken.readers)) if proc in procs]
    return tuple(modes)


def _not_read_twice(lock: str, index: tuple[Term, ...], name: str, proc: str, span: Span) -> Iterator[Stmt]:
    mine = ir.Test(lock_table(lock, "read", proc), (*index, SELF))
    yield ir.Check(neg(mine), f"{name} is already held for reading by this call", span=span)


def _readers_see(lock: str, index: tuple[Term, ...], scope: Scope) -> Iterator[Stmt]:
    """A writer of a seqcount comes: every call under way that reads it will find it changed. (An idle call has no flag,
    so that states do not differ by what nobody can ask.)"""
    taken = scope.layout.locks[lock]
    if taken.kind != LockKind.SEQCOUNT:
        return
    for proc in taken.watchers:
        reader = ir.Binder(scope.names.fresh("reader"), CPU)
        cpu = ir.Param(reader.name)
        seen = ir.Assign(lock_table(lock, "seen", proc), (*index, cpu), TRUE)
        yield ir.Bulk((reader,), active(proc, cpu, scope.layout), (seen,))


def release_all(proc: str, layout: Layout, names: Names) -> Iterator[Stmt]:
    """The end of a call: nothing is held, nothing was seen by it any more."""
    for lock, taken in layout.locks.items():
        for mode, procs in (("write", taken.writers), ("read", taken.readers), ("seen", taken.watchers)):
            if proc in procs:
                binders = tuple(ir.Binder(names.fresh(f"{sort[:1].lower()}@end"), sort) for sort in taken.index)
                args = (*(ir.Param(binder.name) for binder in binders), SELF)
                clear = ir.Assign(lock_table(lock, mode, proc), args, FALSE)
                yield ir.Bulk(binders, TRUE, (clear,)) if binders else clear
