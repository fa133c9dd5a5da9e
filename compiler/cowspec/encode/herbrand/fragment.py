"""Whether an obligation has finitely many ground terms, read off its formulas.

In: an `Obligation`. Out: the sorts that depend on themselves.

Theory. An existential under universals asks for a witness for each of their values: a dependency of its sort on theirs.
If no sort depends on itself, directly or over others, there are finitely many ground terms, and instances of them
decide the obligation: the many-sorted extension of the effectively propositional class (Bernays, Schoenfinkel, 1928;
Abadi, Rabinovich, Sagiv, 2010). If one does, instances may still refute the obligation, and such a refutation is as
good as any; only none need be found.
"""

from collections.abc import Iterator, Mapping
from typing import assert_never

from cowspec.encode.relational.connectives import free_names
from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Formula, Not, Or, Same, Sym, Truth
from cowspec.encode.relational.obligation import Obligation

Scope = Mapping[Sym, frozenset[str]]
"""For each name, the sorts of the universals that its value depends on."""


def cyclic_sorts(obligation: Obligation) -> tuple[str, ...]:
    """The sorts that depend on themselves; none: the obligation is effectively propositional."""
    definitions = {update.pred: (update.formals, update.body) for update in obligation.updates}
    edges: dict[str, set[str]] = {}
    for formula in (*(each for _, each in obligation.assumptions), obligation.violated):
        for source, target in _dependencies(formula, True, {}, definitions):
            edges.setdefault(source, set()).add(target)
    return tuple(sort for sort in obligation.sorts if _reaches(edges, sort))


def _reaches(edges: Mapping[str, set[str]], sort: str) -> bool:
    """Along one edge at least, the sort itself."""
    pending, met = list(edges.get(sort, ())), set[str]()
    while pending:
        each = pending.pop()
        if each == sort:
            return True
        if each not in met:
            met.add(each)
            pending.extend(edges.get(each, ()))
    return False


def _dependencies(
    formula: Formula, asserted: bool, scope: Scope, definitions: Mapping[str, tuple[tuple[Sym, ...], Formula]]
) -> Iterator[tuple[str, str]]:
    match formula:
        case Truth() | Same():
            return
        case Atom(pred, args):
            if pred in definitions:
                formals, body = definitions[pred]
                inner = {formal: scope[arg] for formal, arg in zip(formals, args, strict=True) if arg in scope}
                yield from _dependencies(body, asserted, inner, {})
        case Not(body):
            yield from _dependencies(body, not asserted, scope, definitions)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _dependencies(part, asserted, scope, definitions)
        case Forall(names, body) | Exists(names, body):
            if isinstance(formula, Forall) == asserted:
                inner = {**scope, **{name: frozenset((name.sort,)) for name in names}}
            else:
                free = free_names(body, bound=False)
                depends = frozenset[str]().union(*(scope[name] for name in free if name in scope))
                yield from ((source, name.sort) for source in depends for name in names)
                inner = {**scope, **dict.fromkeys(names, depends)}
            yield from _dependencies(body, asserted, inner, definitions)
        case Either(positive, negative):
            yield from _dependencies(positive if asserted else negative, asserted, scope, definitions)
        case _:
            assert_never(formula)
