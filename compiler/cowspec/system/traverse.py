"""What stands in a formula, a term or a statement: the variables it reads, the names that are free in it."""

from collections.abc import Iterable
from typing import assert_never

from cowspec.system import ir
from cowspec.system.ir import Formula, Stmt, Term


def is_formula(value: Term | Formula) -> bool:
    return not isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm)


def parts(node: Term | Formula) -> tuple[Term | Formula, ...]:
    """The terms and formulas directly inside."""
    match node:
        case ir.Get(_, args) | ir.Test(_, args):
            return args
        case ir.And(inside) | ir.Or(inside):
            return inside
        case ir.Not(body) | ir.Present(body) | ir.Quant(_, _, body) | ir.Old(body) | ir.OldTerm(body):
            return (body,)
        case ir.Equal(left, right) | ir.Implies(left, right) | ir.Iff(left, right):
            return (left, right)
        case ir.Pick(condition, then, otherwise):
            return (condition, then, otherwise)
        case ir.Tally(counts):
            return tuple(count.body for count in counts)
        case ir.Param() | ir.Member() | ir.Absent() | ir.Const() | ir.Flag() | ir.SwitchIs():
            return ()
        case _:
            assert_never(node)


def nodes(roots: Iterable[Term | Formula]) -> Iterable[Term | Formula]:
    """Every term and formula in `roots`, with an explicit stack: encoders may build deep trees."""
    stack = list(roots)
    while stack:
        node = stack.pop()
        yield node
        stack += parts(node)


def reads(roots: Iterable[Term | Formula]) -> frozenset[str]:
    """The variables read."""
    return frozenset(node.var for node in nodes(roots) if isinstance(node, ir.Get | ir.Test))


def names(roots: Iterable[Term | Formula]) -> frozenset[str]:
    """Every bound name (`Param`, `Flag`) that is mentioned; names are unique within a step, so no scoping is needed."""
    return frozenset(node.name for node in nodes(roots) if isinstance(node, ir.Param | ir.Flag))


def expressions(body: Iterable[Stmt]) -> Iterable[Term | Formula]:
    """The terms and formulas of all statements, those in branches and bulks too."""
    for stmt in body:
        match stmt:
            case ir.Require(condition) | ir.Check(condition):
                yield condition
            case ir.Assign(_, args, value):
                yield from args
                yield value
            case ir.If(condition, then, otherwise):
                yield condition
                yield from expressions(then)
                yield from expressions(otherwise)
            case ir.Bulk(_, where, inner):
                yield where
                yield from expressions(inner)
            case ir.Let(_, value) | ir.LetBool(_, value):
                yield value
            case ir.Choose(_, _, where) | ir.Spend(_, _, where):
                yield where
            case ir.Note():
                pass
            case _:
                assert_never(stmt)


def assigned(body: Iterable[Stmt]) -> frozenset[str]:
    """The variables that some path assigns."""
    found: set[str] = set()
    for stmt in body:
        match stmt:
            case ir.Assign(var):
                found.add(var)
            case ir.If(_, then, otherwise):
                found |= assigned(then) | assigned(otherwise)
            case ir.Bulk(_, _, inner):
                found |= assigned(inner)
            case _:
                pass
    return frozenset(found)


def size(body: Iterable[Stmt]) -> int:
    """The number of statements, those in branches and bulks too."""
    total = 0
    for stmt in body:
        total += 1
        match stmt:
            case ir.If(_, then, otherwise):
                total += size(then) + size(otherwise)
            case ir.Bulk(_, _, inner):
                total += size(inner)
            case _:
                pass
    return total
