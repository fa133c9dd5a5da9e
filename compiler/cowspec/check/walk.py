"""All nodes of checked expressions and statements, with explicit stacks."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from cowspec.check import typed


def parts(expr: typed.Expr) -> tuple[typed.Expr, ...]:
    """The expressions directly in an expression."""
    match expr:
        case typed.BoolLit() | typed.EnumLit() | typed.NoneLit() | typed.Var() | typed.SwitchIs():
            return ()
        case typed.Read(index=index) | typed.Held(index=index):
            return index
        case typed.Changed(index=index, cpu=cpu):
            return index if cpu is None else (*index, cpu)
        case typed.FrameRead(cpu=cpu) | typed.At(cpu=cpu) | typed.Active(cpu=cpu) | typed.Idle(cpu=cpu):
            return (cpu,)
        case typed.FieldOf(base=base):
            return (base,)
        case typed.Record(fields=fields):
            return tuple(value for _, value in fields)
        case typed.Cond(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case typed.Equal(left=left, right=right) | typed.Implies(left=left, right=right):
            return (left, right)
        case typed.Not(body=body) | typed.Old(body=body):
            return (body,)
        case typed.And(parts=inner) | typed.Or(parts=inner):
            return inner
        case typed.Quant(where=where, body=body):
            return (body,) if where is None else (where, body)
        case typed.Tally(terms=terms):
            return tuple(term.where if isinstance(term, typed.Count) else term.value for term in terms)
        case _:
            assert_never(expr)


def walk(*roots: typed.Expr) -> Iterator[typed.Expr]:
    """The expressions and everything in them, in the order of the text."""
    stack = list(reversed(roots))
    while stack:
        expr = stack.pop()
        yield expr
        stack.extend(reversed(parts(expr)))


def depth(root: typed.Expr) -> int:
    """How deep an expression is nested; 1 without parts."""
    deepest = 0
    stack = [(root, 1)]
    while stack:
        expr, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((part, level + 1) for part in parts(expr))
    return deepest


def own_expressions(stmt: typed.Stmt) -> tuple[typed.Expr, ...]:
    """The expressions of a statement that it reads, without those of the statements in it."""
    match stmt:
        case typed.Require(condition=condition) | typed.If(condition=condition):
            return (condition,)
        case typed.Let(value=value):
            return (value,)
        case typed.Choose(where=where):
            return (where,)
        case typed.Assign(place=place, value=value):
            return (*place.index, value)
        case typed.Bulk(where=where) | typed.Spend(where=where):
            return () if where is None else (where,)
        case typed.Acquire(index=index) | typed.Release(index=index) | typed.Downgrade(index=index):
            return index
        case typed.Begin(index=index):
            return index
        case typed.Call(args=args):
            return args
        case typed.Goto() | typed.Return() | typed.Note():
            return ()
        case _:
            assert_never(stmt)


def statements(block: Iterable[typed.Stmt]) -> Iterator[typed.Stmt]:
    """The statements of a block and all in them, in the order of the text."""
    stack = list(reversed(list(block)))
    while stack:
        stmt = stack.pop()
        yield stmt
        match stmt:
            case typed.If(then=then, otherwise=otherwise):
                stack.extend(reversed(then + otherwise))
            case typed.Bulk(body=body):
                stack.extend(reversed(body))
            case _:
                pass
