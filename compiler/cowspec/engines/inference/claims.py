"""What is to be proved under which settings; and the regions of settings that lemmas may be limited to.

A property that is claimed under some settings is, for the search, one more clause: it holds wherever `when` does. So
the claims of a whole model are searched together: what holds under many settings is found once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from cowspec.engines.inference.atoms import Atom
from cowspec.engines.inference.clauses import Clause
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.ir import Formula, Setting, System
from cowspec.system.switches import holds, settings_of

MAX_PIECES = 6
"""A line's settings are taken apart into at most so many conjunctions."""

REGION_COST = 8
"""Of saying under which settings a lemma holds, in tenths of a plain literal."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The property `name` holds under the settings of `when`."""

    name: str
    when: Formula


def union(claims: Sequence[Claim]) -> Formula:
    """The settings of any of the claims."""
    whens = tuple(dict.fromkeys(claim.when for claim in claims))
    return whens[0] if len(whens) == 1 else ir.Or(whens)


def guarded(formula: Formula, when: Formula) -> Formula:
    """That the formula holds under these settings."""
    if when == ir.TRUE:
        return formula
    match formula:
        case ir.Quant(QuantKind.FORALL, binders, body):
            return ir.Quant(QuantKind.FORALL, binders, guarded(body, when))
        case ir.Implies(ir.And(parts), right):
            return ir.Implies(ir.And((when, *parts)), right)
        case ir.Implies(left, right):
            return ir.Implies(ir.And((when, left)), right)
        case _:
            return ir.Implies(when, formula)


def whole(system: System, formula: Formula) -> Clause:
    """A formula as a clause of one literal."""
    names: tuple[ir.Binder, ...] = ()
    match formula:
        case ir.Quant(QuantKind.FORALL, binders, body) if all(each.domain in system.sorts for each in binders):
            names, formula = binders, body
        case _:
            pass
    return Clause(names, ((Atom(formula, frozenset(name.name for name in names), 1), False),))


def regions(system: System, claims: Sequence[Claim]) -> tuple[Atom, ...]:
    """What can be said of the settings, those that hold of most first; none of two that mean the same: the claims' own,
    the conjunctions that these are made of, and the options of each switch."""
    every = settings_of(system, union(claims))
    options = [
        formula
        for switch in system.switches
        for option, _ in switch.options
        for formula in (
            ir.SwitchIs(switch.name, option),
            *((ir.Not(ir.SwitchIs(switch.name, option)),) if len(switch.options) > 2 else ()),
        )
    ]
    whens = list(dict.fromkeys(claim.when for claim in claims))
    parts = [piece for when in whens for piece in pieces(when)]
    found: dict[frozenset[Setting], Formula] = {}
    for formula in (*options, *whens, *parts):
        inside = frozenset(setting for setting in every if holds(formula, setting))
        if inside and len(inside) < len(every):
            found.setdefault(inside, formula)
    ordered = sorted(found, key=lambda inside: -len(inside))
    return tuple(Atom(found[inside], frozenset(), REGION_COST) for inside in ordered)


def pieces(when: Formula) -> tuple[Formula, ...]:
    """Conjunctions whose disjunction it is, as its author wrote them: each is one reason why a claim holds. The formula
    itself if they are too many."""
    found = list(_pieces(when))
    if not 1 < len(found) <= MAX_PIECES:
        return (when,)
    return tuple(parts[0] if len(parts) == 1 else ir.And(parts) for parts in found)


def _pieces(when: Formula) -> Iterator[tuple[Formula, ...]]:
    match when:
        case ir.Or(parts):
            for part in parts:
                yield from _pieces(part)
        case ir.And(parts):
            for chosen in product(*(tuple(_pieces(part)) for part in parts)):
                yield tuple(dict.fromkeys(each for piece in chosen for each in piece))
        case _:
            yield (when,)


def representative_settings(system: System, claims: Sequence[Claim], most: int) -> tuple[Setting, ...]:
    """At most so many of the claims' settings: all kinds of them, so that each pair of options, and each region, is
    among them if that can be."""
    every = settings_of(system, union(claims))
    if len(every) <= most:
        return every
    told = [atom.formula for atom in regions(system, claims)]
    features = {
        setting: frozenset(
            (
                *((one, two) for k, one in enumerate(setting) for two in setting[k + 1 :]),
                *(k for k, formula in enumerate(told) if holds(formula, setting)),
            )
        )
        for setting in every
    }
    chosen: list[Setting] = []
    seen: set[object] = set()
    while len(chosen) < most:
        best = max((s for s in every if s not in chosen), key=lambda setting: len(features[setting] - seen))
        chosen.append(best)
        seen |= features[best]
    return tuple(setting for setting in every if setting in chosen)
