"""Lock statements: who holds a lock is a set of holders `<<cpu, "proc">>` for each mode.

`release` of what is not held, a second reader's place for the same call, and `downgrade` of a read lock are faults.
"""

from cowspec.check import typed
from cowspec.encode.tla.env import Env, me
from cowspec.encode.tla.expressions import held, holders, is_absent, present, shown
from cowspec.encode.tla.names import string
from cowspec.encode.tla.paths import Path
from cowspec.encode.tla.store import text
from cowspec.encode.tla.symbols import IDLE, PC, READERS, SEEN, WRITERS
from cowspec.encode.tla.text import disj, inner, negated
from cowspec.syntax.ast import LockKind, LockMode
from cowspec.system.lowering.words import indexed, quoted

LockStmt = typed.Acquire | typed.Release | typed.Downgrade | typed.Begin


def lock_statement(stmt: LockStmt, proc: str, path: Path) -> None:
    name = f"`{indexed(stmt.lock, stmt.index)}`"
    for arg in stmt.index:
        message = f"{quoted(arg)} is none, so there is no lock {name}"
        path.check(is_absent(arg, path.env), message, frozenset(present(arg, path.env)))
    match stmt:
        case typed.Acquire():
            _acquire(stmt, proc, name, path)
        case typed.Release():
            _release(stmt, proc, name, path)
        case typed.Downgrade():
            _downgrade(stmt, proc, name, path)
        case typed.Begin(lock, index):
            entered = held(lock, index, True, path.env)
            seen = holders(lock, index, SEEN, path.env)
            _set(stmt, SEEN, f"IF {entered} THEN {_plus(seen, proc)} ELSE {_minus(seen, proc)}", path)


def _acquire(stmt: typed.Acquire, proc: str, name: str, path: Path) -> None:
    taken = path.symbols.layout.locks[stmt.lock]
    if stmt.mode is LockMode.READ:
        path.guard(_free(stmt, WRITERS, path.env))
        mine = f"{me(proc)} \\in {holders(stmt.lock, stmt.index, READERS, path.env)}"
        if not path.starting or path.store.touched(path.symbols.tables[stmt.lock].name):
            path.check(mine, f"{name} is already held for reading by this call")
        _set(stmt, READERS, _plus(holders(stmt.lock, stmt.index, READERS, path.env), proc), path)
        return
    path.guard(_free(stmt, WRITERS, path.env))
    if taken.kind is LockKind.RWLOCK:
        path.guard(_free(stmt, READERS, path.env))
    _set(stmt, WRITERS, _plus(holders(stmt.lock, stmt.index, WRITERS, path.env), proc), path)
    if taken.kind is LockKind.SEQCOUNT and taken.watchers:
        _set(
            stmt,
            SEEN,
            f"{inner(holders(stmt.lock, stmt.index, SEEN, path.env))} \\cup {_watching(taken.watchers, path)}",
            path,
        )


def _watching(watchers: tuple[str, ...], path: Path) -> str:
    """The calls under way that read the seqcount: they will find it changed."""
    inside, holder = path.env.bind("c")
    inside, cpu = inside.bind("c")
    parts = []
    for proc in watchers:
        active = f"{{{cpu} \\in Cpu : {text(inside.read(proc, cpu, (PC,)))} # {IDLE}}}"
        parts.append(f"{{<<{holder}, {string(proc)}>> : {holder} \\in {active}}}")
    return " \\cup ".join(parts)


def _release(stmt: typed.Release, proc: str, name: str, path: Path) -> None:
    modes = _modes(stmt.lock, proc, path)
    mine = disj(f"{me(proc)} \\in {holders(stmt.lock, stmt.index, mode, path.env)}" for mode in modes)
    path.check(_unless(mine), f"{name} is released by a call that does not hold it")
    for mode in modes:
        _set(stmt, mode, _minus(holders(stmt.lock, stmt.index, mode, path.env), proc), path)


def _downgrade(stmt: typed.Downgrade, proc: str, name: str, path: Path) -> None:
    if proc not in path.symbols.layout.locks[stmt.lock].writers:
        path.check("TRUE", f"{name} is downgraded by a call that never takes it for writing")
        return
    writing = holders(stmt.lock, stmt.index, WRITERS, path.env)
    bad = _unless(f"{me(proc)} \\in {writing}")
    path.check(bad, f"{name} is downgraded by a call that does not hold it for writing")
    _set(stmt, WRITERS, _minus(writing, proc), path)
    _set(stmt, READERS, _plus(holders(stmt.lock, stmt.index, READERS, path.env), proc), path)


def _free(stmt: LockStmt, part: str, env: Env) -> str:
    return f"{holders(stmt.lock, stmt.index, part, env)} = {{}}"


def _unless(mine: str) -> str:
    return (
        "TRUE"
        if mine == "FALSE"
        else mine.replace(" \\in ", " \\notin ")
        if mine.count(" \\in ") == 1
        else negated(mine)
    )


def _modes(lock: str, proc: str, path: Path) -> tuple[str, ...]:
    taken = path.symbols.layout.locks[lock]
    return tuple(mode for mode, procs in ((WRITERS, taken.writers), (READERS, taken.readers)) if proc in procs)


def _plus(holding: str, proc: str) -> str:
    return f"{inner(holding)} \\cup {{{me(proc)}}}"


def _minus(holding: str, proc: str) -> str:
    return f"{inner(holding)} \\ {{{me(proc)}}}"


def _set(stmt: LockStmt, part: str, value: str, path: Path) -> None:
    """The holders of the lock in a mode; at an absent index nothing is written."""
    table = path.symbols.tables[stmt.lock].name
    index = ", ".join(shown(arg, path.env) for arg in stmt.index) if stmt.index else None
    path.store.write(table, index, (part,), value)


def release_all(proc: str, path: Path, *, starting: bool) -> None:
    """The end of a call: it holds nothing, and has seen nothing, any more. A call that ends in its first step leaves
    its locks as they were."""
    for lock, taken in path.symbols.layout.locks.items():
        if proc not in (*taken.writers, *taken.readers, *taken.watchers):
            continue
        table = path.symbols.tables[lock].name
        if starting and taken.kind is not LockKind.SEQCOUNT:
            path.store.forget(table)
        else:
            path.store.replace(
                table, f"{released(taken.kind, bool(taken.index))}({path.store.current(table)}, {me(proc)})"
            )


def released(kind: LockKind, is_indexed: bool) -> str:
    """The operator that takes a holder out of every lock of a table."""
    return f"Released_{kind.value}" if is_indexed else f"Released_one_{kind.value}"
