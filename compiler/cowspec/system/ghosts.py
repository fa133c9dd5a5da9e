"""The system without its ghosts: what happens, without what is remembered of it.

Ghosts steer nothing, so every run of the system is one of this. The converse may fail: `init` formulas that speak of
ghosts are left out, too, so there may be more start states.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cowspec.system import ir
from cowspec.system.ir import Formula, Stmt, System, Term
from cowspec.system.traverse import expressions, names, reads


def without_ghosts(system: System) -> System:
    """Variables, starts and steps only: what is asked of the system is left out."""
    ghosts = frozenset(var.name for var in system.vars if var.ghost)
    return replace(
        system,
        vars=tuple(var for var in system.vars if var.name not in ghosts),
        init=tuple(init for init in system.init if reads([init]).isdisjoint(ghosts)),
        steps=tuple(_step(step, ghosts) for step in system.steps),
        properties=(),
        facts=(),
        scenarios=(),
        expectations=(),
    )


def _step(step: ir.Step, ghosts: frozenset[str]) -> ir.Step:
    frame = tuple((name, get) for name, get in step.frame if get.var not in ghosts)
    gone = {name for name, get in step.frame if get.var in ghosts}
    return replace(step, frame=frame, body=tuple(_body(step.body, ghosts, gone)))


def _body(body: Iterable[Stmt], ghosts: frozenset[str], gone: set[str]) -> Iterator[Stmt]:
    """`gone`: the names that hold what a ghost said; more of them are added."""

    def is_kept(parts: Iterable[Term | Formula]) -> bool:
        found = tuple(parts)
        return reads(found).isdisjoint(ghosts) and names(found).isdisjoint(gone)

    for stmt in body:
        match stmt:
            case ir.Assign(var):
                if var not in ghosts:
                    yield stmt
            case ir.If(condition, then, otherwise):
                if is_kept([condition]):
                    yield ir.If(condition, tuple(_body(then, ghosts, gone)), tuple(_body(otherwise, ghosts, gone)))
            case ir.Bulk(binders, where, inner):
                kept = tuple(each for each in _body(inner, ghosts, gone) if isinstance(each, ir.Assign | ir.Check))
                if kept and is_kept([where]):
                    yield ir.Bulk(binders, where, kept)
            case ir.Let(name) | ir.LetBool(name):
                if is_kept(expressions([stmt])):
                    yield stmt
                else:
                    gone.add(name)
            case _:
                if is_kept(expressions([stmt])):
                    yield stmt
