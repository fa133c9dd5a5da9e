"""What operations spend, in a checked model: taken out for everybody who does not count, completed for those who do."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from cowspec.check import typed
from cowspec.check.walk import own_expressions, walk
from cowspec.check.walk import statements as all_statements

Body = tuple[typed.Stmt, ...]


def without_spends(model: typed.Model) -> typed.Model:
    """The model as if it declared no costs: also without the `if`s and `let`s that stand there for a `spend` only. What
    it is lowered to is the same to the letter."""
    return replace(_mapped(model, _without), costs=())


def with_lock_spends(model: typed.Model) -> typed.Model:
    """Each `acquire` spends one of a cost called like its lock."""
    locks = tuple(typed.CostDecl(lock.name, f"`{lock.name}` taken", span=lock.span) for lock in model.locks)
    return replace(_mapped(model, _with_locks), costs=(*model.costs, *locks))


def _mapped(model: typed.Model, change: Callable[[Body], Body]) -> typed.Model:
    return replace(
        model,
        actions=tuple(replace(action, body=change(action.body)) for action in model.actions),
        procs=tuple(
            replace(proc, steps=tuple(replace(step, body=change(step.body)) for step in proc.steps))
            for proc in model.procs
        ),
    )


def _without(body: Body) -> Body:
    mentioned = _names(body)
    kept = _kept(body, frozenset())
    while unread := (_bound(kept) & mentioned) - _names(kept):
        kept = _kept(kept, unread)
    return kept


def _kept(body: Body, unread: frozenset[str]) -> Body:
    """Without spends, without the `let`s of these names, and without an `if` in which nothing else stood."""
    kept: list[typed.Stmt] = []
    for stmt in body:
        match stmt:
            case typed.Spend():
                pass
            case typed.Let(name=name) if name in unread:
                pass
            case typed.If(then=then, otherwise=otherwise):
                left = replace(stmt, then=_kept(then, unread), otherwise=_kept(otherwise, unread))
                if left.then or left.otherwise or not (then or otherwise):
                    kept.append(left)
            case _:
                kept.append(stmt)
    return tuple(kept)


def _bound(body: Body) -> frozenset[str]:
    return frozenset(stmt.name for stmt in all_statements(body) if isinstance(stmt, typed.Let))


def _names(body: Iterable[typed.Stmt]) -> frozenset[str]:
    read = walk(*(expr for stmt in all_statements(body) for expr in own_expressions(stmt)))
    return frozenset(expr.name for expr in read if isinstance(expr, typed.Var))


def _with_locks(body: Body) -> Body:
    out: list[typed.Stmt] = []
    for stmt in body:
        match stmt:
            case typed.Acquire(lock=lock, span=span):
                out += [typed.Spend(lock, (), None, span=span), stmt]
            case typed.If(then=then, otherwise=otherwise):
                out.append(replace(stmt, then=_with_locks(then), otherwise=_with_locks(otherwise)))
            case _:
                out.append(stmt)
    return tuple(out)
