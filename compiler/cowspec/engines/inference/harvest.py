"""Counts and `exists` that the model itself compares, as patterns about any elements.

`may_reuse(pte[m, a].page)` asks whether `count(n: Mm, b: Va where pte[n, b].page == pte[m, a].page) == 1`: the pattern
is the same question about a page p. Which counts matter to a model nobody knows better than its author.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cowspec.syntax.ast import PropertyKind, QuantKind
from cowspec.system import ir
from cowspec.system.ir import Formula, Term
from cowspec.system.traverse import expressions, is_formula, nodes, parts, reads

MAX_OUTER = 2
"""A pattern is about at most so many elements."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A formula about `outer` elements, named `#0`, `#1`."""

    formula: Formula
    sorts: tuple[str, ...]
    only_positive: bool

    def at(self, names: Sequence[str]) -> Formula:
        to: dict[Term, Term] = {ir.Param(f"#{k}"): ir.Param(name) for k, name in enumerate(names)}
        return replace_terms(self.formula, to)


def harvest(system: ir.System) -> tuple[Pattern, ...]:
    """The patterns of all steps and of all properties but lemmas; of each count also whether it is 0, or at most 1."""
    found: dict[Pattern, None] = {}
    domains = {var.name: var.domain for var in system.vars}
    for step in system.steps:
        sorts = {param.name: param.domain for param in step.params}
        sorts |= {name: domains[get.var] or "" for name, get in step.frame}
        roots = [*expressions(step.body)]
        sorts |= _chosen(step.body)
        found |= dict.fromkeys(_patterns(system, roots, sorts))
    if not system.procs:
        found |= dict.fromkeys(pattern for step in system.steps for pattern in _enabled(system, step))
    for prop in system.properties:
        if prop.kind not in (PropertyKind.LEMMA, PropertyKind.TRANSITION):
            found |= dict.fromkeys(_patterns(system, [prop.formula], {}))
    return tuple(found)


def _enabled(system: ir.System, step: ir.Step) -> Iterator[Pattern]:
    """That the step could be taken with some value of one of its parameters: all of its guard that speaks of this. (The
    arguments of a call are in its frame; of an action nothing is left but what it did.)"""
    sorts = {param.name: param.domain for param in step.params if param.domain in system.sorts}
    guard = [part for stmt in step.body if isinstance(stmt, ir.Require) for part in _conjuncts(stmt.condition)]
    for name, sort in sorts.items():
        mine = [part for part in guard if ir.Param(name) in set(nodes([part])) and _plain(part)]
        outer = [other for other in sorts if other != name and any(ir.Param(other) in set(nodes([p])) for p in mine)]
        if mine and len(outer) <= MAX_OUTER and all(sorts.keys() >= _free(part) for part in mine):
            some = ir.Quant(
                QuantKind.EXISTS, (ir.Binder(name, sort),), mine[0] if len(mine) == 1 else ir.And(tuple(mine))
            )
            formula = replace_terms(some, {ir.Param(other): ir.Param(f"#{k}") for k, other in enumerate(outer)})
            formula = rename(formula, {bound: f"/{k}" for k, bound in enumerate(_bound(formula))})
            yield Pattern(formula, tuple(sorts[other] for other in outer), True)


def _conjuncts(formula: Formula) -> Iterator[Formula]:
    for part in formula.parts if isinstance(formula, ir.And) else (formula,):
        if isinstance(part, ir.And):
            yield from _conjuncts(part)
        else:
            yield part


def _free(formula: Formula) -> set[str]:
    bound = set(_bound(formula))
    return {node.name for node in nodes([formula]) if isinstance(node, ir.Param)} - bound


def _chosen(body: Iterable[ir.Stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for stmt in body:
        match stmt:
            case ir.Choose(name, domain):
                found[name] = domain
            case ir.If(_, then, otherwise):
                found |= _chosen(then) | _chosen(otherwise)
            case ir.Bulk(binders):
                found |= {binder.name: binder.domain for binder in binders}
            case _:
                pass
    return found


def _patterns(system: ir.System, roots: Iterable[Term | Formula], sorts: Mapping[str, str]) -> Iterator[Pattern]:
    locks = {var.name for var in system.vars if any(f"@{mode}@" in var.name for mode in ("read", "write", "seen"))}
    every = dict(sorts) | {
        binder.name: binder.domain for root in nodes(roots) if isinstance(root, ir.Quant) for binder in root.binders
    }
    for node in nodes(roots):
        match node:
            case ir.Tally() | ir.Quant(QuantKind.EXISTS, _, _):
                if locks.isdisjoint(reads([node])) and _plain(node):
                    yield from _abstract(system, node, every)
            case _:
                pass


def _plain(node: Formula) -> bool:
    return not any(isinstance(each, ir.Flag | ir.Old | ir.OldTerm | ir.SwitchIs | ir.Pick) for each in nodes([node]))


def _abstract(system: ir.System, node: ir.Tally | ir.Quant, sorts: Mapping[str, str]) -> Iterator[Pattern]:
    inner = {binder.name for each in nodes([node]) if isinstance(each, ir.Quant) for binder in each.binders}
    inner |= {b.name for each in nodes([node]) if isinstance(each, ir.Tally) for c in each.counts for b in c.binders}
    outer = list(dict.fromkeys(_outer([node], inner)))
    of = [_sort(system, term, sorts) for term in outer]
    if not 1 <= len(outer) <= MAX_OUTER or any(sort not in system.sorts for sort in of):
        return
    formula = replace_terms(node, {term: ir.Param(f"#{k}") for k, term in enumerate(outer)})
    formula = _without_presence(formula, len(outer))
    formula = rename(formula, {name: f"/{k}" for k, name in enumerate(_bound(formula))})
    about = tuple(str(sort) for sort in of)
    yield Pattern(formula, about, isinstance(node, ir.Quant))
    if isinstance(formula, ir.Tally):
        yield Pattern(ir.Tally(formula.counts, "==", 0), about, False)
        yield Pattern(ir.Tally(formula.counts, "<=", 1), about, False)


def _bound(formula: Formula) -> list[str]:
    """The bound names, in the order in which they stand."""
    match formula:
        case ir.Quant(_, binders, body):
            return [*(binder.name for binder in binders), *_bound(body)]
        case ir.Tally(counts):
            return [name for c in counts for name in (*(b.name for b in c.binders), *_bound(c.body))]
        case ir.And(inside) | ir.Or(inside):
            return [name for part in inside for name in _bound(part)]
        case ir.Not(body):
            return _bound(body)
        case ir.Implies(left, right) | ir.Iff(left, right):
            return [*_bound(left), *_bound(right)]
        case _:
            return []


def _without_presence(formula: Formula, count: int) -> Formula:
    """`p != none` is true of an element."""
    outer = {ir.Param(f"#{k}") for k in range(count)}

    def visit(node: Formula) -> Formula:
        match node:
            case ir.Present(term) if term in outer:
                return ir.TRUE
            case ir.And(inside):
                kept = tuple(part for part in map(visit, inside) if part != ir.TRUE)
                return kept[0] if len(kept) == 1 else ir.And(kept) if kept else ir.TRUE
            case ir.Quant(kind, binders, body):
                return ir.Quant(kind, binders, visit(body))
            case ir.Tally(counts, op, bound):
                return ir.Tally(tuple(ir.Count(c.binders, visit(c.body)) for c in counts), op, bound)
            case _:
                return node

    return visit(formula)


def _outer(roots: Iterable[Term | Formula], inner: set[str]) -> Iterator[Term]:
    """The largest terms in which no inner name occurs."""
    for root in roots:
        if not is_formula(root) and not isinstance(root, ir.Member | ir.Absent):
            inside = {each.name for each in nodes([root]) if isinstance(each, ir.Param)}
            if inside.isdisjoint(inner):
                yield root  # type: ignore[misc]
                continue
        yield from _outer(parts(root), inner)


def _sort(system: ir.System, term: Term, sorts: Mapping[str, str]) -> str | None:
    match term:
        case ir.Param(name):
            return sorts.get(name)
        case ir.Get(var, _):
            return next(each.domain for each in system.vars if each.name == var)
        case _:
            return None


# ---- rebuilding ----------------------------------------------------------------------------------------------------


def replace_terms(formula: Formula, to: Mapping[Term, Term]) -> Formula:
    """The formula with these terms replaced, wherever they stand."""
    match formula:
        case ir.Test(var, args):
            return ir.Test(var, tuple(_term(arg, to) for arg in args))
        case ir.Present(term):
            return ir.Present(_term(term, to))
        case ir.Equal(left, right):
            return ir.Equal(_term(left, to), _term(right, to))
        case ir.Not(body):
            return ir.Not(replace_terms(body, to))
        case ir.And(inside):
            return ir.And(tuple(replace_terms(part, to) for part in inside))
        case ir.Or(inside):
            return ir.Or(tuple(replace_terms(part, to) for part in inside))
        case ir.Implies(left, right):
            return ir.Implies(replace_terms(left, to), replace_terms(right, to))
        case ir.Iff(left, right):
            return ir.Iff(replace_terms(left, to), replace_terms(right, to))
        case ir.Quant(kind, binders, body):
            return ir.Quant(kind, binders, replace_terms(body, to))
        case ir.Tally(counts, op, bound):
            return ir.Tally(tuple(ir.Count(c.binders, replace_terms(c.body, to)) for c in counts), op, bound)
        case _:
            return formula


def _term(term: Term, to: Mapping[Term, Term]) -> Term:
    if term in to:
        return to[term]
    match term:
        case ir.Get(var, args):
            return ir.Get(var, tuple(_term(arg, to) for arg in args))
        case _:
            return term


def rename(formula: Formula, names: Mapping[str, str]) -> Formula:
    """The formula with bound and free names replaced; the new ones must not occur in it."""
    to: dict[Term, Term] = {ir.Param(old): ir.Param(new) for old, new in names.items()}

    def visit(node: Formula) -> Formula:
        match node:
            case ir.Quant(kind, binders, body):
                return ir.Quant(kind, _renamed(binders, names), visit(body))
            case ir.Tally(counts, op, bound):
                fresh = tuple(ir.Count(_renamed(c.binders, names), visit(c.body)) for c in counts)
                return ir.Tally(fresh, op, bound)
            case ir.Not(body):
                return ir.Not(visit(body))
            case ir.And(inside):
                return ir.And(tuple(map(visit, inside)))
            case ir.Or(inside):
                return ir.Or(tuple(map(visit, inside)))
            case ir.Implies(left, right):
                return ir.Implies(visit(left), visit(right))
            case ir.Iff(left, right):
                return ir.Iff(visit(left), visit(right))
            case _:
                return replace_terms(node, to)

    return visit(formula)


def _renamed(binders: tuple[ir.Binder, ...], names: Mapping[str, str]) -> tuple[ir.Binder, ...]:
    return tuple(ir.Binder(names.get(binder.name, binder.name), binder.domain) for binder in binders)
