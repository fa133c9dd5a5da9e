"""Lemmas as data: a universally quantified clause over atoms, and the formula that it stands for.

A clause is written down as what it excludes: a *cube* of atoms with truth values, of some named elements. As a formula
it is an implication, from the atoms that are true to the disjunction of those that are false; where none is false, to
the negation of one that is true.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cowspec.engines.inference.atoms import CALLER, Atom, Names, cost, of_step
from cowspec.engines.inference.harvest import rename
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir


@dataclass(frozen=True, slots=True)
class Clause:
    """For all elements, not the whole cube. `cube` is sorted; `names` are those that occur in it, in order."""

    names: Names
    cube: tuple[tuple[Atom, bool], ...]

    @property
    def formula(self) -> ir.Formula:
        body = _body(self.cube)
        return ir.Quant(QuantKind.FORALL, self.names, body) if self.names else body

    @property
    def literals(self) -> int:
        return len(self.cube)

    @property
    def cost(self) -> int:
        return sum(cost(atom, truth) for atom, truth in self.cube) + 3 * len(self.names)


def clause(names: Names, cube: Iterable[tuple[Atom, bool]]) -> Clause:
    """The names renamed in the order of the sorts, so that clauses that differ in names only are mostly equal."""
    chosen = sorted(cube, key=_rank)
    used = {name for atom, _ in chosen for name in atom.names}
    ordered = _in_order_of_use(chosen, [name for name in names if name.name in used])
    fresh = fresh_names([name.domain for name in ordered])
    temporary = {old.name: f"%{k}" for k, old in enumerate(ordered)}
    final = {f"%{k}": new.name for k, new in enumerate(fresh)}
    renamed = [
        (
            replace(
                atom,
                formula=_oriented(rename(rename(atom.formula, temporary), final)),
                names=frozenset(final[temporary[name]] for name in atom.names),
            ),
            truth,
        )
        for atom, truth in chosen
    ]
    by_sort = sorted(fresh, key=lambda name: [n.domain for n in names].index(name.domain))
    return Clause(tuple(by_sort), tuple(renamed))


def _oriented(formula: ir.Formula) -> ir.Formula:
    """Of two names that are equal the first comes first."""
    match formula:
        case ir.Equal(ir.Param(one), ir.Param(two)) if two < one:
            return ir.Equal(ir.Param(two), ir.Param(one))
        case _:
            return formula


def _in_order_of_use(cube: Sequence[tuple[Atom, bool]], names: Sequence[ir.Binder]) -> list[ir.Binder]:
    order = {name.name: (_first_use(cube, name.name), k) for k, name in enumerate(names)}
    return sorted(names, key=lambda name: order[name.name])


def _first_use(cube: Sequence[tuple[Atom, bool]], name: str) -> int:
    return next(k for k, (atom, _) in enumerate(cube) if name in atom.names)


def _rank(literal: tuple[Atom, bool]) -> tuple[int, str, int, str]:
    """Premises first: where a call stands, what its arguments are, the rest; then conclusions."""
    atom, truth = literal
    if not atom.names and not atom.of:  # settings
        return -1, "", 0, ""
    kind = 0 if of_step(atom.formula) else 1 if "@" in atom.of else 3 if isinstance(atom.formula, ir.Equal) else 2
    return (0 if truth else 10) + kind, atom.of, len(atom.names), str(len(str(atom.formula)))


_LETTERS = {"Cpu": "tcd", "Mm": "mnk", "Va": "ab", "Page": "pqr", "Value": "vwx", "Gup": "ij"}


def fresh_names(sorts: Sequence[str], among: Sequence[str] = ()) -> Names:
    """A name for each: `t, c: Cpu`, `m, n: Mm`, `p, q: Page`; else as much of the sort's name as no other (nor any of
    the sorts `among`) begins with, from the second one on with a number."""
    starts = {sort: _letters(sort, [*sorts, *among]) for sort in sorts}
    taken: dict[str, int] = {}
    found = []
    for sort in sorts:
        nth = taken[sort] = taken.get(sort, 0) + 1
        letters = _LETTERS.get(sort, "")[nth - 1 : nth]
        found.append(ir.Binder(letters or starts[sort] + (str(nth) if nth > 1 else ""), sort))
    return tuple(found)


def _letters(sort: str, sorts: Sequence[str]) -> str:
    others = [other.lower() for other in sorts if other != sort]
    names = {letter for other in sorts for letter in _LETTERS.get(other, "")}
    options = (sort.lower()[:size] for size in range(1, len(sort) + 1))
    return next((o for o in options if o not in names and not any(x.startswith(o) for x in others)), sort.lower())


def _body(cube: Sequence[tuple[Atom, bool]]) -> ir.Formula:
    premises = [atom.formula for atom, truth in cube if truth]
    conclusions = [atom.formula for atom, truth in cube if not truth]
    if not conclusions:
        return ir.Not(premises[0]) if len(premises) == 1 else _implication(premises[:-1], ir.Not(premises[-1]))
    return _implication(premises, _either(conclusions))


def _implication(premises: Sequence[ir.Formula], conclusion: ir.Formula) -> ir.Formula:
    if not premises:
        return conclusion
    return ir.Implies(premises[0] if len(premises) == 1 else ir.And(tuple(premises)), conclusion)


def _either(conclusions: Sequence[ir.Formula]) -> ir.Formula:
    """The disjunction; what is said of some call is said of one `exists`."""
    called = [each for each in conclusions if _is_called(each)]
    rest = [each for each in conclusions if not _is_called(each)]
    if called:
        bodies = [each.body for each in called if isinstance(each, ir.Quant)]
        body = bodies[0] if len(bodies) == 1 else ir.Or(tuple(bodies))
        rest.append(ir.Quant(QuantKind.EXISTS, (ir.Binder(CALLER, "Cpu"),), body))
    return rest[0] if len(rest) == 1 else ir.Or(tuple(rest))


def _is_called(formula: ir.Formula) -> bool:
    return isinstance(formula, ir.Quant) and formula.binders == (ir.Binder(CALLER, "Cpu"),)
