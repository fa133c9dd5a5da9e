"""The statements of a step, run in order along every path, as the lowering of `cowspec.system` does it on its own.

A branch after which the step goes on becomes `IF` expressions for what it changes; one that may leave the step, or
chooses, is followed by the rest of the step on both sides.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from cowspec.check import typed
from cowspec.check.typed import Expr, StructType, Type
from cowspec.encode.tla.env import Env, Gap, is_local, quantifier
from cowspec.encode.tla.expressions import is_absent, met, present, shown, sure, value
from cowspec.encode.tla.layout import laid_out
from cowspec.encode.tla.locks import lock_statement
from cowspec.encode.tla.paths import Branch, Path, branches
from cowspec.encode.tla.store import text
from cowspec.encode.tla.symbols import base_name
from cowspec.encode.tla.symbols import field as field_name
from cowspec.encode.tla.text import bare, conj, pick
from cowspec.syntax.ast import QuantKind
from cowspec.system.lowering.layout import statements
from cowspec.system.lowering.words import indexed, place, quoted

Jump = typed.Goto | typed.Return | typed.Call
Exit = Callable[[Jump | None, Path], None]
"""What stands at the end of a path: of one that ends in a jump, or (None) runs to the end of the step."""

LONG = 60  # a `let` of a longer text keeps its name


def run(stmts: tuple[typed.Stmt, ...], path: Path, leave: Exit) -> None:
    """Adds the statements to the path, with a leaf at each end."""
    for n, stmt in enumerate(stmts):
        match stmt:
            case typed.If(condition, then, otherwise):
                if _splits(stmt):
                    rest = stmts[n + 1 :]
                    path.splits(condition)
                    test = "\n".join(laid_out(condition, path.env))
                    yes, no = branches(path, condition)
                    run((*then, *rest), yes, leave)
                    run((*otherwise, *rest), no, leave)
                    path.items.append(Branch(test, tuple(yes.items), tuple(no.items)))
                    return
                _both(stmt, path)
            case typed.Goto() | typed.Return() | typed.Call():
                leave(stmt, path)
                path.leaf()
                return
            case _:
                _simple(stmt, path)
    leave(None, path)
    path.leaf()


def _splits(stmt: typed.If) -> bool:
    apart = typed.Goto | typed.Return | typed.Call | typed.Choose
    return any(isinstance(inside, apart) for inside in statements((stmt,)))


def _both(stmt: typed.If, path: Path) -> None:
    test = path.short(stmt.condition)
    yes, no = branches(path, stmt.condition)
    for side, body in ((yes, stmt.then), (no, stmt.otherwise)):
        for inside in body:
            if isinstance(inside, typed.If):
                _both(inside, side)
            else:
                _simple(inside, side)
    path.join(test, yes, no)


def _simple(stmt: typed.Stmt, path: Path) -> None:
    """A statement that does not leave the step."""
    match stmt:
        case typed.Require(condition):
            path.require(condition)
        case typed.Assign():
            assign(stmt, path)
        case typed.Bulk():
            bulk(stmt, path)
        case typed.Let(name, of):
            _let(name, of, path)
        case typed.Choose(name, sort, where):
            path.choose(name, path.symbols.domains[sort])
            path.require(where)
        case typed.Acquire() | typed.Release() | typed.Downgrade() | typed.Begin():
            if path.env.proc is None:
                raise TypeError(f"a lock statement outside a proc: {stmt}")  # the checker refuses it
            lock_statement(stmt, path.env.proc, path)
        case typed.Note(words):
            path.remark(words)
        case typed.If() | typed.Goto() | typed.Return() | typed.Call() | typed.Spend():
            raise TypeError(f"not a simple statement: {stmt}")
        case _:
            assert_never(stmt)


def _let(name: str, of: Expr, path: Path) -> None:
    now = value(of, path.env)
    if isinstance(now, str) and len(now) > LONG:
        now = path.let(name, now)
    path.bind(name, now, gaps(of, path.env), maybe=not sure(of, path.env))


# ---- assignments ---------------------------------------------------------------------------------------------------


def assign(stmt: typed.Assign, path: Path) -> None:
    for bad, message, there in checks(stmt, path.env):
        path.check(bad, message, there)
    path.half_written |= half_written(stmt.place, path.env)
    written = value(stmt.value, path.env)
    table, index, fields = _target(stmt.place, path.env)
    path.store.write(path.symbols.tables[table].name, index, fields, written)


def _target(where: typed.Place, env: Env) -> tuple[str, str | None, tuple[str, ...]]:
    """Table, index and fields of what an assignment writes."""
    fields = tuple(field_name(name) for name in where.path)
    proc = where.proc if where.proc is not None else env.proc if is_local(where.var, where.index, env) else None
    if proc is not None:
        return proc, "self", (field_name(where.var), *fields)
    index = ", ".join(shown(arg, env) for arg in where.index) if where.index else None
    return where.var, index, fields


Fault = tuple[str, str, frozenset[str]]
"""When it happens, its message, and what is present where it does not."""


def checks(stmt: typed.Assign, env: Env) -> list[Fault]:
    """The faults of an assignment (M5), in the words of the model, in their order."""
    where, whole = stmt.place, place(stmt.place)
    found: list[Fault] = []
    for arg in where.index:
        message = f"{quoted(arg)} is none, so `{whole}` cannot be written"
        found.append((is_absent(arg, env), message, frozenset(present(arg, env))))
    here = _optional_record(where, env)
    if here is not None:
        message = f"`{indexed(where.var, where.index)}` is none, so its field `{where.path[0]}` cannot be written"
        found.append((is_absent(here, env), message, frozenset(present(here, env))))
    subject = "none" if isinstance(stmt.value, typed.NoneLit) else f"{quoted(stmt.value)} is none, which"
    if not _written_type(where, env).optional:
        found.append(
            (
                is_absent(stmt.value, env),
                f"{subject} cannot be stored in `{whole}`",
                frozenset(present(stmt.value, env)),
            )
        )
    found += [
        (bad, f"field `{name}` of the record stored in `{whole}` is none", there)
        for name, bad, there in gaps(stmt.value, env)
    ]
    return [fault for fault in found if fault[0] != "FALSE"]


def half_written(where: typed.Place, env: Env) -> set[str]:
    """The struct of the record that a field is written of, if that record may be absent."""
    here = _optional_record(where, env)
    return set() if here is None or is_absent(here, env) == "FALSE" else {base_name(here.type)}


def _optional_record(where: typed.Place, env: Env) -> typed.Read | None:
    """The record that a field is written of, if its place may be empty."""
    of = _declared(where, env)
    return typed.Read(where.var, where.index, of, span=where.span) if where.path and of.optional else None


def _declared(where: typed.Place, env: Env) -> Type:
    """The type of the variable at its index."""
    layout = env.symbols.layout
    proc = where.proc if where.proc is not None else env.proc if is_local(where.var, where.index, env) else None
    return layout.shapes[where.var] if proc is None else layout.frames[proc].names[where.var]


def _written_type(where: typed.Place, env: Env) -> Type:
    of = _declared(where, env)
    for name in where.path:
        assert isinstance(of.base, StructType)
        of = dict(env.symbols.layout.structs[of.base.name])[name]
    return of


def gaps(expr: Expr, env: Env) -> list[Gap]:
    """Fields of a literal record that must have a value and may have none."""
    match expr:
        case typed.Record(struct, fields):
            types = dict(env.symbols.layout.structs[struct])
            return [
                (name, is_absent(inside, env), frozenset(present(inside, env)))
                for name, inside in fields
                if not types[name].optional and not sure(inside, env)
            ]
        case typed.Var(name):
            return list(env.gaps.get(name, ()))
        case typed.Cond(condition, then, otherwise):
            test = shown(condition, env)
            yes = [(name, conj((test, bad)), frozenset[str]()) for name, bad, _ in gaps(then, env)]
            return yes + [(name, conj((f"~({test})", bad)), frozenset[str]()) for name, bad, _ in gaps(otherwise, env)]
        case _:
            return []


# ---- bulk updates --------------------------------------------------------------------------------------------------


def bulk(stmt: typed.Bulk, path: Path) -> None:
    """All instances at once: a function by cases for each variable, over the state before."""
    inside, bound = path.env.open(stmt.binders)
    where = "TRUE" if stmt.where is None else shown(stmt.where, inside)
    if where == "FALSE":
        return
    if stmt.where is not None:
        inside = inside.knowing(met(stmt.where, inside))
    writes: dict[str, list[typed.Assign]] = {}
    for each in stmt.body:
        writes.setdefault(_target(each.place, inside)[0], []).append(each)
    found = [(table, _cells(table, several, stmt, path.env)) for table, several in writes.items()]
    for each in stmt.body:
        for bad, message, _ in checks(each, inside):
            path.check(f"{quantifier(QuantKind.EXISTS, bound)}: {conj((where, bad))}", message)
        path.half_written |= half_written(each.place, inside)
    for table, whole in found:
        path.store.replace(path.symbols.tables[table].name, whole)


def _cells(table: str, several: list[typed.Assign], stmt: typed.Bulk, env: Env) -> str:
    """`[c \\in Cpu, m2 \\in Mm |-> IF m2 = m THEN NoTlb ELSE tlb[c, m2]]`; of two writes the later counts."""
    names = [binder.name for binder in stmt.binders]
    sorts = env.symbols.tables[table].index
    places: list[str] = []
    for arg, sort in zip(several[0].place.index, sorts, strict=True):
        is_binder = isinstance(arg, typed.Var) and arg.name in names
        env, name = env.place(arg.name if is_binder and isinstance(arg, typed.Var) else sort[:1].lower())
        places.append(name)
    cell = f"{env.current(table)}[{', '.join(places)}]"
    for write in several:
        cell = _written(write, cell, places, stmt, env)
    over = ", ".join(f"{name} \\in {env.symbols.domains[sort]}" for name, sort in zip(places, sorts, strict=True))
    line = f"[{over} |-> {bare(cell)}]"
    if len(line) <= 90:
        return line
    condition, then, rest = cell.removeprefix("(IF ").partition(" THEN ")
    return f"[{over} |->\n   " + (
        f"IF {condition}\n   THEN {rest[:-1]}]" if then and bare(cell) != cell else f"{cell}]"
    )


def _written(write: typed.Assign, cell: str, places: list[str], stmt: typed.Bulk, env: Env) -> str:
    """The cell after one of the assignments. A binder is the first place that it indexes; the rest is a condition,
    after `where` if it can be read only where that holds."""
    binders = [binder.name for binder in stmt.binders]
    spots: dict[str, str] = {}
    for spot, arg in zip(places, write.place.index, strict=True):
        if isinstance(arg, typed.Var) and arg.name in binders:
            spots.setdefault(arg.name, spot)
    inside = before = replace(env, names={**env.names, **spots})
    test = "TRUE" if stmt.where is None else shown(stmt.where, inside)
    if stmt.where is not None:
        inside = inside.knowing(met(stmt.where, inside))
    fixed = [(spot, shown(arg, inside)) for spot, arg in zip(places, write.place.index, strict=True)]
    here = tuple(f"{spot} = {said}" for spot, said in fixed if spot != said)
    needs_where = any(shown(arg, before) != shown(arg, inside) for arg in write.place.index)
    condition = conj((test, *here) if needs_where else (*here, test))
    new = text(value(write.value, inside))
    if write.place.path:
        fields = "".join(f".{field_name(name)}" for name in write.place.path)
        new = f"[{cell} EXCEPT !{fields} = {new}]"
    return new if condition == "TRUE" else f"({pick(condition, new, cell)})"
