"""Assignments: one per scalar of the place, after checks for the three faults of M5.

A write is a fault at an absent index, to a field of an absent record, or of an absent value where no `?` is declared.
The scalars of a record are assigned one after the other, so what a later one reads is saved first if an earlier one
changes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cowspec.check import typed
from cowspec.check.typed import BoolType, StructType, Type
from cowspec.source import Span
from cowspec.system import ir
from cowspec.system.ir import TRUE, Formula, Stmt, Term
from cowspec.system.lowering.expressions import SELF, Scope, arguments_present, term, value
from cowspec.system.lowering.layout import Layout
from cowspec.system.lowering.values import Rec, Value, as_formula, as_record, as_term, has_value
from cowspec.system.lowering.words import indexed, place, quoted
from cowspec.system.traverse import is_formula, reads


def assign(stmt: typed.Assign, scope: Scope) -> tuple[Stmt, ...]:
    """Checks, then the assignments in an order that reads nothing already overwritten."""
    target = _target(stmt.place, scope)
    written = value(stmt.value, scope)
    checks = (*_place_checks(stmt.place, target.args, scope), *_value_checks(stmt, written, scope))
    return (*checks, *_sequence(list(scalars(target.name, target.of, target.args, written, scope.layout)), scope))


def assign_at_once(stmt: typed.Assign, scope: Scope) -> tuple[ir.Assign | ir.Check, ...]:
    """The same inside a bulk, where everything reads the state before it anyway."""
    target = _target(stmt.place, scope)
    written = value(stmt.value, scope)
    return (
        *_place_checks(stmt.place, target.args, scope),
        *_value_checks(stmt, written, scope),
        *scalars(target.name, target.of, target.args, written, scope.layout),
    )


def scalars(name: str, of: Type, args: tuple[Term, ...], written: Value, layout: Layout) -> Iterator[ir.Assign]:
    """`name[args] := written` as assignments to scalar variables: the presence of a record after its fields, so that
    what is copied from the same variable is read while it is still there."""
    match of.base:
        case StructType(struct):
            record = as_record(written)
            for field, inner in layout.structs[struct]:
                yield from scalars(f"{name}.{field}", inner, args, record.fields[field], layout)
            if of.optional:
                yield ir.Assign(name, args, record.present)
        case BoolType():
            yield ir.Assign(name, args, as_formula(written))
        case _:
            yield ir.Assign(name, args, as_term(written))


# ---- the place -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Target:
    name: str  # of the scalar, or of the record's variables
    of: Type
    args: tuple[Term, ...]


def _base(where: typed.Place, scope: Scope) -> str:
    local = scope.proc is not None and not where.index and where.var in scope.layout.frames[scope.proc].names
    proc = where.proc if where.proc is not None else scope.proc if local else None
    return where.var if proc is None else f"{proc}@{where.var}"


def _target(where: typed.Place, scope: Scope) -> _Target:
    base = _base(where, scope)
    args = tuple(term(arg, scope) for arg in where.index) if base == where.var else (SELF,)
    of = scope.layout.shapes[base]
    for name in where.path:
        of = _field_type(of, name, scope)
    return _Target(".".join((base, *where.path)), of, args)


def _field_type(of: Type, name: str, scope: Scope) -> Type:
    if not isinstance(of.base, StructType):
        raise TypeError(f"no record around field {name}")
    return dict(scope.layout.structs[of.base.name])[name]


def _place_checks(where: typed.Place, args: tuple[Term, ...], scope: Scope) -> Iterator[ir.Check]:
    whole = place(where)
    if where.index:
        for arg, expr in zip(args, where.index, strict=True):
            there = arguments_present((arg,), scope)
            if there != TRUE:
                yield ir.Check(there, f"{quoted(expr)} is none, so `{whole}` cannot be written", span=where.span)
    base = _base(where, scope)
    of = scope.layout.shapes[base]
    shown = indexed(where.var, where.index)
    for name in where.path:
        if of.optional:
            message = f"`{shown}` is none, so its field `{name}` cannot be written"
            yield ir.Check(ir.Test(base, args), message, span=where.span)
        of = _field_type(of, name, scope)
        base, shown = f"{base}.{name}", f"{shown}.{name}"


# ---- the value -----------------------------------------------------------------------------------------------------


def _value_checks(stmt: typed.Assign, written: Value, scope: Scope) -> Iterator[ir.Check]:
    whole = place(stmt.place)
    yield from value_checks(written, _target(stmt.place, scope).of, f"`{whole}`", quoted(stmt.value), scope, stmt.span)


def value_checks(written: Value, of: Type, where: str, what: str, scope: Scope, span: Span) -> Iterator[ir.Check]:
    """That `written` may be stored in a place of type `of`; `where` and `what` name both in the messages."""
    if not of.optional:
        there = has_value(written, scope.known)
        if there != TRUE:
            subject = "none" if what == "`none`" else f"{what} is none, which"
            yield ir.Check(there, f"{subject} cannot be stored in {where}", span=span)
    if isinstance(written, Rec):
        for name, gap in written.gaps:
            if gap != TRUE:
                message = f"field `{name}` of the record stored in {where} is none"
                yield ir.Check(gap, message, span=span)


# ---- several scalars -----------------------------------------------------------------------------------------------


def _sequence(writes: list[ir.Assign], scope: Scope) -> Iterator[Stmt]:
    """The assignments in order, each reading the state before the first."""
    if len(writes) == 1:
        yield writes[0]
        return
    changed = [write.var for write in writes]
    if reads(writes[0].args) & set(changed):
        args: list[Term] = []
        for arg in writes[0].args:
            made, bound = _saved(arg, scope)
            yield from made
            args.append(as_term(bound))
        writes = [ir.Assign(write.var, tuple(args), write.value) for write in writes]
    ordered: list[ir.Assign] = []
    for n, write in enumerate(writes):
        if reads((write.value,)) & set(changed[:n]):
            saved, late = _saved(write.value, scope)
            yield from saved
            ordered.append(ir.Assign(write.var, write.args, late))
        else:
            ordered.append(write)
    yield from ordered


def _saved(now: Term | Formula, scope: Scope) -> tuple[tuple[Stmt, ...], Term | Formula]:
    """A name bound to the value that a term or formula has now."""
    name = scope.names.fresh("was")
    if is_formula(now):
        return (ir.LetBool(name, as_formula(now)),), ir.Flag(name)
    scope.names.maybe.add(name)
    return (ir.Let(name, as_term(now)),), ir.Param(name)
