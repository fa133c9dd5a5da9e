"""Typed expressions as the text of the model, for the messages of faults."""

from typing import assert_never

from cowspec.check import typed
from cowspec.check.typed import Expr
from cowspec.syntax.ast import QuantKind

LONG = 60  # a longer expression is not quoted in full


def quoted(expr: Expr) -> str:
    """`pte[m, a].page`, in backquotes; the middle of a long one left out."""
    text = words(expr)
    return f"`{text}`" if len(text) <= LONG else f"`{text[: LONG // 2]} ... {text[-LONG // 4 :]}`"


def place(where: typed.Place) -> str:
    """`gup[slot].page`"""
    return ".".join((indexed(where.var, where.index), *where.path))


def indexed(name: str, index: tuple[Expr, ...]) -> str:
    return f"{name}[{', '.join(words(arg) for arg in index)}]" if index else name


def words(expr: Expr) -> str:
    match expr:
        case typed.BoolLit(value):
            return "true" if value else "false"
        case typed.EnumLit(_, member):
            return member
        case typed.NoneLit():
            return "none"
        case typed.Var(name):
            return name.partition("#")[0]  # as written, without the checker's mark
        case typed.Read(var, index):
            return indexed(var, index)
        case typed.FrameRead(proc, name, cpu):
            own = isinstance(cpu, typed.Var) and cpu.name == "self"
            return name if own else f"{proc}[{words(cpu)}].{name}"
        case typed.FieldOf(base, field):
            return f"{words(base)}.{field}"
        case typed.Record(_, fields):
            return "{ " + ", ".join(f"{name}: {words(value)}" for name, value in fields) + " }"
        case typed.Cond(condition, then, otherwise):
            return f"if {words(condition)} then {words(then)} else {words(otherwise)}"
        case typed.Equal(left, right):
            return f"{inner(left)} == {inner(right)}"
        case typed.Not(body):
            return f"not {inner(body)}"
        case typed.And(parts):
            return " and ".join(inner(part) for part in parts)
        case typed.Or(parts):
            return " or ".join(inner(part) for part in parts)
        case typed.Implies(left, right):
            return f"{inner(left)} -> {inner(right)}"
        case typed.Quant() | typed.Tally() | typed.At() | typed.Active() | typed.Idle():
            return _about_calls_and_sets(expr)
        case typed.Held(lock, index, write):
            return f"{'write_held' if write else 'held'}({indexed(lock, index)})"
        case typed.Changed(lock, index, cpu):
            return f"changed({indexed(lock, index)}{'' if cpu is None else f', {inner(cpu)}'})"
        case typed.SwitchIs(switch, option):
            return switch if option == "on" else f"{switch} == {option}"
        case typed.Old(body):
            return f"old({words(body)})"
        case _:
            assert_never(expr)


def _about_calls_and_sets(expr: typed.Quant | typed.Tally | typed.At | typed.Active | typed.Idle) -> str:
    match expr:
        case typed.Quant(kind, binders, where, body):
            guard = f" where {words(where)}" if where is not None else ""
            word = "forall" if kind == QuantKind.FORALL else "exists"
            return f"{word} {_binders(binders)}{guard}: {words(body)}"
        case typed.Tally(terms, op, bound):
            return f"{' + '.join(_counted(term) for term in terms)} {op} {bound}"
        case typed.At(cpu, proc, step):
            return f"{words(cpu)} at {proc}.{step}"
        case typed.Active(proc, cpu):
            return f"{proc}[{words(cpu)}] != none"
        case typed.Idle(cpu):
            return f"idle({words(cpu)})"
        case _:
            assert_never(expr)


def _counted(term: typed.Count | typed.Refs) -> str:
    match term:
        case typed.Count(binders, where):
            return f"count({_binders(binders)} where {words(where)})"
        case typed.Refs(value):
            return f"refs({words(value)})"
        case _:
            assert_never(term)


def _binders(binders: tuple[typed.Binder, ...]) -> str:
    return ", ".join(f"{binder.name.partition('#')[0]}: {binder.sort}" for binder in binders)


def inner(expr: Expr) -> str:
    """In parentheses where it is not one word."""
    compound = isinstance(
        expr, typed.And | typed.Or | typed.Implies | typed.Equal | typed.Cond | typed.Quant | typed.Tally | typed.At
    )
    return f"({words(expr)})" if compound else words(expr)
