"""Typed expressions as terms and formulas over scalar variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from cowspec.check import typed
from cowspec.check.typed import Expr
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Term
from cowspec.system.lowering.layout import CPU, Layout, lock_table
from cowspec.system.lowering.values import (
    Rec,
    Value,
    as_formula,
    as_record,
    as_term,
    each,
    has_value,
    nothing,
    picked,
    read,
    same,
)
from cowspec.system.simplify import Known, conj, disj, exists, implies, neg, present, quantify, tally

SELF = ir.Param("self")


@dataclass(slots=True)
class Names:
    """The bound names of one step, property or formula: each is handed out once, so substitution never captures.

    `maybe`: those that a `let` binds to a value that may be absent.
    """

    used: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)

    def fresh(self, name: str) -> str:
        """`name` if it is free, else `name@2`, ...; the checker's own marks (`c#2`) are dropped."""
        plain = name.partition("#")[0]
        unique, n = plain, 1
        while unique in self.used:
            n += 1
            unique = f"{plain}@{n}"
        self.used.add(unique)
        return unique


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at some place of the text: `env` the bound ones, `proc` the proc around, if any."""

    layout: Layout
    names: Names
    env: Mapping[str, Value]
    proc: str | None = None

    def bind(self, name: str, value: Value) -> "Scope":
        return Scope(self.layout, self.names, {**self.env, name: value}, self.proc)

    def open(self, binders: tuple[typed.Binder, ...]) -> tuple["Scope", tuple[ir.Binder, ...]]:
        """The scope inside the binders, and the binders under unique names."""
        opened = tuple(ir.Binder(self.names.fresh(binder.name), binder.sort) for binder in binders)
        inside = {binder.name: ir.Param(o.name) for binder, o in zip(binders, opened, strict=True)}
        return Scope(self.layout, self.names, {**self.env, **inside}, self.proc), opened

    @property
    def known(self) -> Known:
        running = None if self.proc is None else active(self.proc, SELF, self.layout)
        return Known(self.layout.table, self.names.maybe, running)


def value(expr: Expr, scope: Scope) -> Value:
    """The value of any expression."""
    match expr:
        case typed.EnumLit(enum, member):
            return ir.Member(enum, member)
        case typed.NoneLit(of):
            return nothing(of, scope.layout)
        case typed.Var(name):
            return scope.env[name]
        case typed.Read(var, index):
            return _read(var, index, scope)
        case typed.FrameRead(proc, name, cpu):
            return _frame_read(proc, name, cpu, scope)
        case typed.FieldOf(base, name):
            return as_record(value(base, scope)).fields[name]
        case typed.Record():
            return _record(expr, scope)
        case typed.Cond(condition, then, otherwise):
            return picked(formula(condition, scope), value(then, scope), value(otherwise, scope))
        case typed.Old(body):
            return each(value(body, scope), lambda _, term: _old_term(term), lambda _, inner: _old(inner))
        case _:
            return formula(expr, scope)


def term(expr: Expr, scope: Scope) -> Term:
    """The value of an expression of a sort or an enum."""
    return as_term(value(expr, scope))


def formula(expr: Expr, scope: Scope) -> Formula:
    """The value of a boolean expression."""
    match expr:
        case typed.BoolLit(truth):
            return ir.Const(truth)
        case typed.Equal(left, right):
            return _equal(left, right, scope)
        case typed.Not(body):
            return neg(formula(body, scope))
        case typed.And(parts):
            return conj(formula(part, scope) for part in parts)
        case typed.Or(parts):
            return disj(formula(part, scope) for part in parts)
        case typed.Implies(left, right):
            return implies(formula(left, scope), formula(right, scope))
        case typed.Quant():
            return _quantified(expr, scope)
        case typed.Tally(terms, op, bound):
            return tally(tuple(count for t in terms for count in _counts(t, scope)), op, bound)
        case typed.At(cpu, proc, step):
            return at(proc, step, term(cpu, scope), scope.layout)
        case typed.Active(proc, cpu):
            return active(proc, term(cpu, scope), scope.layout)
        case typed.Idle(cpu):
            return idle(tuple(scope.layout.frames), term(cpu, scope), scope.layout)
        case typed.Held(lock, index, write):
            return held(lock, tuple(term(arg, scope) for arg in index), write, scope)
        case typed.Changed(lock, index, cpu):
            return _changed(lock, index, cpu, scope)
        case typed.SwitchIs(switch, option):
            return ir.SwitchIs(switch, option)
        case typed.NoneLit():  # an absent truth value is false
            return FALSE
        case (
            typed.Var() | typed.Read() | typed.FrameRead() | typed.FieldOf() | typed.Cond() | typed.Old()
            | typed.EnumLit() | typed.Record()
        ):  # fmt: skip
            return as_formula(value(expr, scope))
        case _:
            assert_never(expr)


def arguments_present(args: tuple[Term, ...], scope: Scope) -> Formula:
    return conj(present(arg, scope.known) for arg in args)


# ---- reading -------------------------------------------------------------------------------------------------------


def _read(var: str, index: tuple[Expr, ...], scope: Scope) -> Value:
    if scope.proc is not None and not index and var in scope.layout.frames[scope.proc].names:
        return own(scope.proc, var, scope.layout)
    args = tuple(term(arg, scope) for arg in index)
    return read(var, scope.layout.shapes[var], args, scope.layout, arguments_present(args, scope))


def own(proc: str, name: str, layout: Layout) -> Value:
    """A parameter or local of the call on self, which is under way."""
    return read(f"{proc}@{name}", layout.frames[proc].names[name], (SELF,), layout, TRUE)


def _frame_read(proc: str, name: str, cpu: Expr, scope: Scope) -> Value:
    at_cpu = term(cpu, scope)
    if proc == scope.proc and at_cpu == SELF:
        return own(proc, name, scope.layout)
    of = scope.layout.frames[proc].names[name]
    # A record that is not optional is still absent while the call is idle.
    return read(f"{proc}@{name}", of, (at_cpu,), scope.layout, active(proc, at_cpu, scope.layout))


def _record(record: typed.Record, scope: Scope) -> Rec:
    types = dict(scope.layout.structs[record.struct])
    fields = {name: value(inner, scope) for name, inner in record.fields}
    gaps: list[tuple[str, Formula]] = []
    for name, inner in fields.items():
        there = TRUE if types[name].optional else has_value(inner, scope.known)
        if there != TRUE:
            gaps.append((name, there))
        if isinstance(inner, Rec):
            gaps += [(f"{name}.{deeper}", gap) for deeper, gap in inner.gaps]
    return Rec(TRUE, fields, tuple(gaps))


def _old(inner: Formula) -> Formula:
    return inner if isinstance(inner, ir.Const) else ir.Old(inner)


def _old_term(inner: Term) -> Term:
    return inner if isinstance(inner, ir.Param | ir.Member | ir.Absent) else ir.OldTerm(inner)


# ---- comparing -----------------------------------------------------------------------------------------------------


def _equal(left: Expr, right: Expr, scope: Scope) -> Formula:
    """`x == none` asks for the presence of x alone, not for its fields."""
    if isinstance(right, typed.NoneLit):
        return neg(has_value(value(left, scope), scope.known))
    if isinstance(left, typed.NoneLit):
        return neg(has_value(value(right, scope), scope.known))
    return same(value(left, scope), value(right, scope))


def _quantified(quant: typed.Quant, scope: Scope) -> Formula:
    inside, binders = scope.open(quant.binders)
    where = TRUE if quant.where is None else formula(quant.where, inside)
    body = formula(quant.body, inside)
    joined = implies(where, body) if quant.kind == QuantKind.FORALL else conj((where, body))
    return quantify(quant.kind, binders, joined)


# ---- counting ------------------------------------------------------------------------------------------------------


def _counts(counted: typed.Count | typed.Refs, scope: Scope) -> tuple[ir.Count, ...]:
    match counted:
        case typed.Count(binders, where):
            inside, opened = scope.open(binders)
            return (ir.Count(opened, formula(where, inside)),)
        case typed.Refs(of):
            return _references(of, scope)
        case _:
            assert_never(counted)


def _references(of: Expr, scope: Scope) -> tuple[ir.Count, ...]:
    """One count for each `ref` scalar of the sort: the places where it holds the value. An absent value is held
    nowhere, although an absent place "equals" it."""
    held_value = term(of, scope)
    there = present(held_value, scope.known)
    sort = _sort_of(of)
    counts: list[ir.Count] = []
    for var in scope.layout.table.values():
        if var.is_ref and var.domain == sort:
            binders = tuple(ir.Binder(scope.names.fresh(f"{index[:1].lower()}@ref"), index) for index in var.index)
            place = ir.Get(var.name, tuple(ir.Param(binder.name) for binder in binders))
            counts.append(ir.Count(binders, conj((there, ir.Equal(place, held_value)))))
    return tuple(counts)


def _sort_of(expr: Expr) -> str:
    match expr:
        case (
            typed.Var(_, of) | typed.Read(_, _, of) | typed.FrameRead(_, _, _, of) | typed.FieldOf(_, _, of)
            | typed.Cond(_, _, _, of) | typed.NoneLit(of) | typed.Old(_, of)
        ) if not isinstance(of.base, typed.BoolType):  # fmt: skip
            return of.base.name
        case _:
            raise TypeError(f"not a value of a sort: {expr}")


# ---- calls and locks -----------------------------------------------------------------------------------------------


def at(proc: str, step: str, cpu: Term, layout: Layout) -> Formula:
    frame = layout.frames[proc]
    return ir.Equal(ir.Get(frame.pc, (cpu,)), ir.Member(frame.steps, step))


def active(proc: str, cpu: Term, layout: Layout) -> Formula:
    return ir.Present(ir.Get(layout.frames[proc].pc, (cpu,)))


def idle(procs: tuple[str, ...], cpu: Term, layout: Layout) -> Formula:
    """None of these procs has a call on that CPU."""
    return conj(neg(active(proc, cpu, layout)) for proc in procs)


def held(lock: str, index: tuple[Term, ...], write: bool, scope: Scope) -> Formula:
    """Some call of some proc holds the lock: in any mode, or for writing."""
    kinds = scope.layout.locks[lock]
    tables = [lock_table(lock, "write", proc) for proc in kinds.writers]
    if not write:
        tables += [lock_table(lock, "read", proc) for proc in kinds.readers]
    holder = ir.Binder(scope.names.fresh("holder"), CPU)
    args = (*index, ir.Param(holder.name))
    return exists((holder,), disj(ir.Test(table, args) for table in tables))


def _changed(lock: str, index: tuple[Expr, ...], cpu: Expr | None, scope: Scope) -> Formula:
    """A call that never began a section saw nothing change. Without a CPU: of this call; else of any call there."""
    watchers = scope.layout.locks[lock].watchers
    place = tuple(term(arg, scope) for arg in index)
    if cpu is None:
        return ir.Test(lock_table(lock, "seen", scope.proc), (*place, SELF)) if scope.proc in watchers else FALSE
    return disj(ir.Test(lock_table(lock, "seen", proc), (*place, term(cpu, scope))) for proc in watchers)
