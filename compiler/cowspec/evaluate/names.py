"""What a formula, a term or a statement mentions: bound names from outside, state variables, switches."""

from collections.abc import Iterator
from typing import assert_never

from cowspec.system import ir

Node = ir.Term | ir.Formula | ir.Stmt | ir.Count


def parts(node: Node) -> tuple[Node, ...]:
    """The direct sub-nodes, in order."""
    match node:
        case ir.Param() | ir.Member() | ir.Absent() | ir.Const() | ir.Flag() | ir.SwitchIs() | ir.Note():
            return ()
        case ir.Get(_, args) | ir.Test(_, args):
            return args
        case ir.Pick(condition, then, otherwise):
            return (condition, then, otherwise)
        case ir.OldTerm(term) | ir.Present(term) | ir.Let(_, term):
            return (term,)
        case ir.Not(body) | ir.Old(body) | ir.Quant(_, _, body) | ir.Count(_, body):
            return (body,)
        case ir.Equal(a, b):
            return (a, b)
        case ir.And(conjuncts) | ir.Or(conjuncts):
            return conjuncts
        case ir.Implies(left, right) | ir.Iff(left, right):
            return (left, right)
        case ir.Tally(counts, _, _):
            return counts
        case ir.Require(condition) | ir.Check(condition) | ir.LetBool(_, condition) | ir.Choose(_, _, condition):
            return (condition,)
        case ir.Spend(_, _, where):
            return (where,)
        case ir.Assign(_, args, value):
            return (*args, value)
        case ir.If(condition, yes, no):
            return (condition, *yes, *no)
        case ir.Bulk(_, where, statements):
            return (where, *statements)
        case _:
            assert_never(node)


def inside(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    todo: list[Node] = [node]
    while todo:
        here = todo.pop()
        yield here
        todo.extend(parts(here))


def variables_read(node: Node) -> frozenset[str]:
    return frozenset(sub.var for sub in inside(node) if isinstance(sub, ir.Get | ir.Test))


def variables_written(node: Node) -> frozenset[str]:
    return frozenset(sub.var for sub in inside(node) if isinstance(sub, ir.Assign))


def switches_mentioned(node: Node) -> frozenset[str]:
    return frozenset(sub.switch for sub in inside(node) if isinstance(sub, ir.SwitchIs))


def free_names(node: ir.Term | ir.Formula | ir.Count) -> frozenset[str]:
    """The bound names that the node takes from outside: params, `let`s, flags, binders around it."""
    found: set[str] = set()
    todo: list[tuple[Node, frozenset[str]]] = [(node, frozenset())]
    while todo:
        here, bound = todo.pop()
        match here:
            case ir.Param(name) | ir.Flag(name):
                if name not in bound:
                    found.add(name)
            case ir.Quant(_, binders, _) | ir.Count(binders, _):
                bound |= {binder.name for binder in binders}
            case _:
                pass
        todo.extend((sub, bound) for sub in parts(here))
    return frozenset(found)


def conjuncts(formula: ir.Formula, positive: bool = True) -> Iterator[ir.Formula]:
    """Formulas that are true together exactly if `formula` is (`positive`), or is not."""
    match formula:
        case ir.And(children) if positive:
            for child in children:
                yield from conjuncts(child)
        case ir.Or(children) if not positive:
            for child in children:
                yield from conjuncts(child, False)
        case ir.Implies(left, right) if not positive:
            yield from conjuncts(left)
            yield from conjuncts(right, False)
        case ir.Not(body):
            yield from conjuncts(body, not positive)
        case _:
            yield formula if positive else ir.Not(formula)
