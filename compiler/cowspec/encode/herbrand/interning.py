"""Equal formulas as one object, so that the same part of two formulas gets one name, whoever made or read them.

In: formulas without `Either`. Out: equal formulas, each equal part of which is one object for as long as the `Interner`
lives; so it may be compared, and kept in tables, by identity.
"""

from dataclasses import dataclass, field, replace
from typing import assert_never

from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Formula, Not, Or, Same, Sym, Truth
from cowspec.encode.relational.obligation import Obligation


class Unresolved(Exception):
    """A formula with `Either`, which belongs to no obligation."""


@dataclass(slots=True)
class Interner:
    """`found`: the one object for each formula, by its form over the identities of its parts. `numbers`: these objects
    in the order in which they were first met, parts before wholes."""

    found: dict[tuple[object, ...], Formula] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    formulas: list[Formula] = field(default_factory=list)
    free: list[frozenset[Sym]] = field(default_factory=list)
    met: dict[int, tuple[Formula, Formula]] = field(default_factory=dict)


def intern(interner: Interner, formula: Formula) -> Formula:
    """The one object that is equal to the formula."""
    known = interner.met.get(id(formula))
    if known is None:
        one = _one(interner, formula)
        known = (formula, one)
        interner.met[id(formula)] = known
        interner.met[id(one)] = (one, one)
    return known[1]


def number_of(interner: Interner, formula: Formula) -> int:
    """The number of an interned formula."""
    return interner.numbers[id(formula)]


def free_of(interner: Interner, formula: Formula) -> frozenset[Sym]:
    """The names that are free in an interned formula."""
    return interner.free[interner.numbers[id(formula)]]


def interned(interner: Interner, obligation: Obligation) -> Obligation:
    """The obligation with all its formulas interned."""
    return replace(
        obligation,
        assumptions=tuple((name, intern(interner, formula)) for name, formula in obligation.assumptions),
        updates=tuple(replace(update, body=intern(interner, update.body)) for update in obligation.updates),
        violated=intern(interner, obligation.violated),
    )


def _one(interner: Interner, formula: Formula) -> Formula:
    match formula:
        case Truth(value):
            return _kept(interner, ("truth", value), formula, frozenset())
        case Atom(pred, args):
            return _kept(interner, ("atom", pred, args), formula, frozenset(args))
        case Same(left, right):
            return _kept(interner, ("same", left, right), formula, frozenset((left, right)))
        case Not(body):
            inner = intern(interner, body)
            return _kept(interner, ("not", id(inner)), Not(inner), free_of(interner, inner))
        case And(parts) | Or(parts):
            inners = tuple(intern(interner, part) for part in parts)
            free = frozenset[Sym]().union(*(free_of(interner, inner) for inner in inners))
            one: Formula = And(inners) if isinstance(formula, And) else Or(inners)
            return _kept(interner, (type(one), *(id(inner) for inner in inners)), one, free)
        case Forall(names, body) | Exists(names, body):
            inner = intern(interner, body)
            one = Forall(names, inner) if isinstance(formula, Forall) else Exists(names, inner)
            return _kept(interner, (type(one), names, id(inner)), one, free_of(interner, inner).difference(names))
        case Either():
            raise Unresolved("a formula of an obligation has two forms")
        case _:
            assert_never(formula)


def _kept(interner: Interner, key: tuple[object, ...], formula: Formula, free: frozenset[Sym]) -> Formula:
    if key not in interner.found:
        interner.found[key] = formula
        interner.numbers[id(formula)] = len(interner.formulas)
        interner.formulas.append(formula)
        interner.free.append(free)
    return interner.found[key]
