"""Building formulas: connectives that fold constants as they build, substitution, and one pass of clean-up.

In: formulas. Out: equivalent, smaller formulas (equivalent over non-empty sorts). Nothing here fails.

The clean-up knows two facts beyond constants: a quantified name that does not occur can go, as sorts are not empty;
and the one-point rule, `exists x: x == c and F` is F at c. What a step writes is of the form "if this place then that
value else as before", so the rule is also tried inside each case of such a choice.
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

from cowspec.encode.relational.formula import (
    FALSE,
    TRUE,
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    Same,
    Sym,
    Truth,
)


def neg(body: Formula) -> Formula:
    if isinstance(body, Truth):
        return FALSE if body.value else TRUE
    if isinstance(body, Not):
        return body.body
    return Not(body)


def conj(parts: Iterable[Formula]) -> Formula:
    kept = _gather(parts, And, FALSE)
    if kept is None:
        return FALSE
    return kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else TRUE


def disj(parts: Iterable[Formula]) -> Formula:
    kept = _gather(parts, Or, TRUE)
    if kept is None:
        return TRUE
    return kept[0] if len(kept) == 1 else Or(tuple(kept)) if kept else FALSE


def _gather(parts: Iterable[Formula], connective: type[And] | type[Or], absorbing: Truth) -> list[Formula] | None:
    """The parts, flattened, each once; None if one of them, or two together, make the whole the absorbing constant."""
    kept: list[Formula] = []
    seen: set[object] = set()
    for part in parts:
        for piece in part.parts if isinstance(part, connective) else (part,):
            if isinstance(piece, Truth):
                if piece == absorbing:
                    return None
                continue
            key = _key(piece)
            if key in seen:
                continue
            opposite = (False, _key(piece.body)) if isinstance(piece, Not) else (True, key)
            if opposite in seen:
                return None
            seen.add(key)
            seen.add((True, _key(piece.body)) if isinstance(piece, Not) else (False, key))
            kept.append(piece)
    return kept


def _key(piece: Formula) -> object:
    """What tells a part from another at little cost: literals by what they say, the rest by identity."""
    if isinstance(piece, Atom | Same):
        return piece
    if isinstance(piece, Not):
        return (Not, _key(piece.body))
    return id(piece)


def implies(left: Formula, right: Formula) -> Formula:
    return disj((neg(left), right))


def iff(left: Formula, right: Formula) -> Formula:
    if left == right:
        return TRUE
    return conj((implies(left, right), implies(right, left)))


def ite(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """`if condition then ... else ...`"""
    if isinstance(condition, Truth):
        return then if condition.value else otherwise
    if then is otherwise or then == otherwise:
        return then
    if isinstance(then, Truth):
        return disj((condition, otherwise)) if then.value else conj((neg(condition), otherwise))
    if isinstance(otherwise, Truth):
        return disj((neg(condition), then)) if otherwise.value else conj((condition, then))
    return disj((conj((condition, then)), conj((neg(condition), otherwise))))


def same(left: Sym, right: Sym) -> Formula:
    return TRUE if left == right else Same(left, right)


def either(positive: Formula, negative: Formula) -> Formula:
    return positive if positive is negative or positive == negative else Either(positive, negative)


def forall(names: Iterable[Sym], body: Formula) -> Formula:
    bound = tuple(names)
    if not bound or isinstance(body, Truth):
        return body
    if isinstance(body, Forall):
        return Forall(bound + body.vars, body.body)
    return Forall(bound, body)


def exists(names: Iterable[Sym], body: Formula) -> Formula:
    bound = tuple(names)
    if not bound or isinstance(body, Truth):
        return body
    if isinstance(body, Exists):
        return Exists(bound + body.vars, body.body)
    return Exists(bound, body)


def substitute(formula: Formula, to: Mapping[Sym, Sym]) -> Formula:
    """The formula with free names replaced. Bound names are unique and never among the new ones, so nothing is
    captured."""
    if not to:
        return formula
    match formula:
        case Truth():
            return formula
        case Atom(pred, args):
            return Atom(pred, tuple(to.get(arg, arg) for arg in args))
        case Same(left, right):
            return same(to.get(left, left), to.get(right, right))
        case Not(body):
            return neg(substitute(body, to))
        case And(parts):
            return conj(substitute(part, to) for part in parts)
        case Or(parts):
            return disj(substitute(part, to) for part in parts)
        case Forall(names, body):
            return forall(names, substitute(body, to))
        case Exists(names, body):
            return exists(names, substitute(body, to))
        case Either(positive, negative):
            return either(substitute(positive, to), substitute(negative, to))
        case _:
            assert_never(formula)


def resolve(formula: Formula, asserted: bool) -> Formula:
    """The formula without `Either`: the form to use where the formula (or, if not `asserted`, its negation) is
    asserted."""
    match formula:
        case Truth() | Atom() | Same():
            return formula
        case Not(body):
            return neg(resolve(body, not asserted))
        case And(parts):
            return conj(resolve(part, asserted) for part in parts)
        case Or(parts):
            return disj(resolve(part, asserted) for part in parts)
        case Forall(names, body):
            return forall(names, resolve(body, asserted))
        case Exists(names, body):
            return exists(names, resolve(body, asserted))
        case Either(positive, negative):
            return resolve(positive if asserted else negative, asserted)
        case _:
            assert_never(formula)


def predicates_of(formula: Formula) -> frozenset[str]:
    """The names of the predicates that occur."""
    found: set[str] = set()
    pending: list[Formula] = [formula]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        match item:
            case Truth() | Same():
                pass
            case Atom(pred):
                found.add(pred)
            case Not(body) | Forall(_, body) | Exists(_, body):
                pending.append(body)
            case And(parts) | Or(parts):
                pending.extend(parts)
            case Either(positive, negative):
                pending.extend((positive, negative))
            case _:
                assert_never(item)
    return frozenset(found)


# ---- the clean-up --------------------------------------------------------------------------------------------------


Simplified = dict[int, tuple[Formula, Formula, frozenset[Sym]]]
"""By identity: the formula itself (kept alive), simplified, and its free names (or a few more)."""


def simplify(formula: Formula, done: Simplified | None = None) -> Formula:
    """An equivalent formula without idle quantifiers; one-point rule applied. `done`: what was simplified before, so
    that parts shared by several formulas stay shared."""
    return _simplify(formula, {} if done is None else done)[0]


_NONE: frozenset[Sym] = frozenset()


def _simplify(formula: Formula, done: Simplified) -> tuple[Formula, frozenset[Sym]]:
    if isinstance(formula, Atom):
        return formula, frozenset(formula.args)
    found = done.get(id(formula))
    if found is None:
        found = (formula, *_simplify_new(formula, done))
        done[id(formula)] = found
    return found[1], found[2]


def _simplify_new(formula: Formula, done: Simplified) -> tuple[Formula, frozenset[Sym]]:
    match formula:
        case Truth():
            return formula, _NONE
        case Atom(_, args):
            return formula, frozenset(args)
        case Same(left, right):
            return same(left, right), frozenset((left, right))
        case Not(body):
            inner, free = _simplify(body, done)
            return (formula if inner is body else neg(inner)), free
        case And(parts):
            pairs = [_simplify(part, done) for part in parts]
            return conj(part for part, _ in pairs), _NONE.union(*(free for _, free in pairs))
        case Or(parts):
            pairs = [_simplify(part, done) for part in parts]
            return disj(part for part, _ in pairs), _NONE.union(*(free for _, free in pairs))
        case Either(positive, negative):
            one, free_one = _simplify(positive, done)
            two, free_two = _simplify(negative, done)
            return either(one, two), free_one | free_two
        case Exists(names, body):
            inner, free = _simplify(body, done)
            return _exists(names, inner, free)
        case Forall(names, body):
            inner, free = _simplify(body, done)
            outer, outside = _exists(names, neg(inner), free)
            return _dual(outer), outside
        case _:
            assert_never(formula)


def _dual(formula: Formula) -> Formula:
    """The negation, pushed through what stands at the top."""
    match formula:
        case Exists(names, body):
            return forall(names, _dual(body))
        case Or(parts):
            return conj(_dual(part) for part in parts)
        case And(parts):
            return disj(neg(part) for part in parts)
        case _:
            return neg(formula)


def _exists(names: tuple[Sym, ...], body: Formula, free: frozenset[Sym]) -> tuple[Formula, frozenset[Sym]]:
    used = tuple(name for name in names if name in free)
    outside = free.difference(used)
    if not used:
        return body, outside
    return disj(_closed(used, case) for case in _cases(used, body)), outside


def _closed(names: tuple[Sym, ...], case: Formula) -> Formula:
    """`exists names: case`, by the one-point rule, around as little as possible."""
    left, body = _one_point(names, case)
    if not left:
        return body
    if len(left) < len(names):
        return _exists(left, body, free_names(body))[0]
    parts = _conjuncts(body)
    inside = [part for part in parts if not free_names(part).isdisjoint(left)]
    if len(inside) == len(parts):
        return exists(left, body)
    outside = [part for part in parts if free_names(part).isdisjoint(left)]
    return conj((*outside, _exists(left, conj(inside), frozenset(left))[0]))


def _cases(names: tuple[Sym, ...], body: Formula) -> list[Formula]:
    """`body` as a list of alternatives; a disjunction below a conjunction is split only if the one-point rule gains."""
    match body:
        case Or(parts):
            return [case for part in parts for case in _cases(names, part)]
        case Not(And(parts)):
            return [case for part in parts for case in _cases(names, neg(part))]
        case And(parts) if _point(names, list(parts)) is None:
            for position, part in enumerate(parts):
                alternatives = _alternatives(part)
                if 1 < len(alternatives) <= 3 and any(_point(names, _conjuncts(each)) for each in alternatives):
                    rest = parts[:position] + parts[position + 1 :]
                    return [case for each in alternatives for case in _cases(names, conj((each, *rest)))]
            return [body]
        case _:
            return [body]


def _alternatives(part: Formula) -> list[Formula]:
    match part:
        case Or(parts):
            return list(parts)
        case Not(And(parts)):
            return [neg(each) for each in parts]
        case _:
            return [part]


def _conjuncts(part: Formula) -> list[Formula]:
    match part:
        case And(parts):
            return list(parts)
        case Not(Or(parts)):
            return [neg(each) for each in parts]
        case _:
            return [part]


def _point(names: tuple[Sym, ...], conjuncts: list[Formula]) -> tuple[Sym, Sym] | None:
    """A bound name and what a conjunct says it equals."""
    for part in conjuncts:
        if isinstance(part, Same):
            if part.left in names:
                return part.left, part.right
            if part.right in names:
                return part.right, part.left
    return None


def _one_point(names: tuple[Sym, ...], body: Formula) -> tuple[tuple[Sym, ...], Formula]:
    """What is left to bind, and the body, after replacing each name that a conjunct pins down."""
    while names:
        point = _point(names, _conjuncts(body))
        if point is None:
            break
        name, value = point
        names = tuple(each for each in names if each != name)
        body = substitute(conj(_conjuncts(body)), {name: value})
    if not names or isinstance(body, Truth):
        return (), body
    free = free_names(body)
    return tuple(name for name in names if name in free), body


def free_names(formula: Formula, bound: bool = True) -> frozenset[Sym]:
    """The names that occur; without those that are bound somewhere in it, if not `bound`."""
    found: set[Sym] = set()
    hidden: set[Sym] = set()
    pending: list[Formula] = [formula]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        match item:
            case Truth():
                pass
            case Atom(_, args):
                found.update(args)
            case Same(left, right):
                found.update((left, right))
            case Not(body):
                pending.append(body)
            case Forall(names, body) | Exists(names, body):
                hidden.update(names)
                pending.append(body)
            case And(parts) | Or(parts):
                if id(item) not in seen:
                    seen.add(id(item))
                    pending.extend(parts)
            case Either(positive, negative):
                pending.extend((positive, negative))
            case _:
                assert_never(item)
    return frozenset(found if bound else found - hidden)
