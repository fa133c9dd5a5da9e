"""Which sorts depend on which: where quantifiers alternate in a cycle, Z3 may not come to an end.

In: a `RelSystem` and the names of what is assumed and shown. Out: edges between sorts with the formulas they come
from, and the cycles.

Theory. An existential under universals becomes a Skolem function from their sorts to its own. There are no other
functions here, so if the edges "from the sort of a universal to the sort of an existential in its scope" form no
cycle, finitely many ground terms exist, instantiation ends, and every answer is `sat` or `unsat` (the many-sorted
extension of the Bernays-Schoenfinkel class: Abadi, Rabinovich, Sagiv, "Decidable fragments of many-sorted logic",
2010). A cycle does no harm to soundness; it is where to look when an answer is `unknown`.

An obligation asserts: the assumptions; the guard of the step and both directions of its definitions; the negated goal,
in which the step's update stands for the predicates it changes.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from cowspec.encode.relational.connectives import free_names, predicates_of
from cowspec.encode.relational.formula import (
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    RelStep,
    RelSystem,
    Same,
    Sym,
    Truth,
)


@dataclass(frozen=True, slots=True)
class Edge:
    """A Skolem function from `source` to `target`, because of `formula`: a conjunct, the step of a guard, or "step /
    goal"."""

    source: str
    target: str
    formula: str


@dataclass(frozen=True, slots=True)
class Cycle:
    """Sorts that depend on each other, and the formulas that make them."""

    sorts: tuple[str, ...]
    formulas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Polarity:
    """`asserted`: the formula, not its negation, is what is asserted. `form`: which side of an `Either` is taken; of a
    goal, which is asserted negated, the side as where it is assumed (see `terms.Goal`)."""

    asserted: bool
    form: bool

    def flipped(self) -> "Polarity":
        return Polarity(not self.asserted, not self.form)


ASSUMED = Polarity(True, True)
REFUSED = Polarity(False, False)
SHOWN = Polarity(False, True)


class Alternations:
    """The edges of the obligations of proofs about one system. `formulas`: all that is assumed or shown, by name. The
    edges of a formula are found once."""

    def __init__(self, system: RelSystem, formulas: Mapping[str, Formula]) -> None:
        self._formulas = formulas
        self._steps = [(step, frozenset(update.pred for update in step.updates)) for step in system.steps]
        self._known: dict[tuple[str, Polarity], dict[Edge, None]] = {}
        self._background: dict[Edge, None] = {}
        for formula in (*system.init, *system.switch_axioms):
            _add(self._background, "init", formula, ASSUMED, {})
        for step in system.steps:
            _add(self._background, step.name, step.guard, ASSUMED, {})
            for _, meaning in step.definitions:
                _add(self._background, step.name, meaning, ASSUMED, {})
                _add(self._background, step.name, meaning, REFUSED, {})

    def of(self, assumed: Iterable[str], shown: Iterable[str]) -> tuple[Edge, ...]:
        """The edges of all obligations: the first assumed before each step, each of the others shown after it."""
        edges = dict(self._background)
        for name in assumed:
            edges |= self._edges(name, ASSUMED)
        for name in shown:
            edges |= self._edges(name, SHOWN)
        return tuple(_without_repeats(edges))

    def _edges(self, name: str, polarity: Polarity) -> dict[Edge, None]:
        edges = self._known.get((name, polarity))
        if edges is None:
            edges = self._known[name, polarity] = {}
            formula = self._formulas[name]
            _add(edges, name, formula, polarity, {})
            read = predicates_of(formula)
            for step, updated in self._steps if polarity is SHOWN else ():
                if not updated.isdisjoint(read):
                    _add(edges, f"{step.name} / {name}", formula, SHOWN, _meanings(step))
        return edges


def cycles(edges: Iterable[Edge]) -> tuple[Cycle, ...]:
    """The sorts on a common cycle, together, in order of their names."""
    known = tuple(edges)
    reach = _reachable(known)
    groups: dict[frozenset[str], None] = {}
    for sort in sorted(reach):
        if sort in reach[sort]:
            groups[frozenset(other for other in reach[sort] if sort in reach.get(other, ()))] = None
    return tuple(
        Cycle(
            tuple(sorted(group)),
            tuple(dict.fromkeys(edge.formula for edge in known if edge.source in group and edge.target in group)),
        )
        for group in groups
    )


def terminating(step: RelStep, goal: Formula, assumed: Mapping[str, Formula]) -> tuple[str, ...]:
    """As many of the assumptions, first come first served, as leave the step's obligation to show the goal without a
    cycle: an answer to it then comes to an end. All, if it has a cycle of its own."""
    edges: dict[Edge, None] = {}
    _add(edges, "", step.guard, ASSUMED, {})
    _add(edges, "", goal, SHOWN, _meanings(step))
    if cycles(edges):
        return tuple(assumed)
    found: list[str] = []
    for name, formula in assumed.items():
        own: dict[Edge, None] = {}
        _add(own, "", formula, ASSUMED, {})
        if not own.keys() <= edges.keys():
            if cycles((*edges, *own)):
                continue
            edges |= own
        found.append(name)
    return tuple(found)


def _reachable(edges: Iterable[Edge]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for edge in edges:
        found.setdefault(edge.source, set()).add(edge.target)
    changed = True
    while changed:
        changed = False
        for targets in found.values():
            more = set().union(*(found.get(target, ()) for target in targets)) - targets
            if more:
                targets |= more
                changed = True
    return found


def _without_repeats(edges: Collection[Edge]) -> Iterable[Edge]:
    """An edge that the goal itself makes is not told again for each step."""
    told = {(edge.source, edge.target, edge.formula) for edge in edges}
    for edge in edges:
        _, slash, goal = edge.formula.partition(" / ")
        if not slash or (edge.source, edge.target, goal) not in told:
            yield edge


# ---- walking a formula ---------------------------------------------------------------------------------------------

Meanings = Mapping[str, tuple[tuple[Sym, ...], Formula]]


def _meanings(step: RelStep) -> dict[str, tuple[tuple[Sym, ...], Formula]]:
    return {update.pred: (update.formals, update.body) for update in step.updates}


Scope = Mapping[Sym, frozenset[Sym]]
"""For each name in scope the names, universal where the formula is asserted, that its value depends on (itself, of a
universal)."""


def _add(edges: dict[Edge, None], name: str, formula: Formula, polarity: Polarity, meanings: Meanings) -> None:
    """The edges of the formula, with predicates replaced by their meanings."""
    for source, target in _edges(formula, polarity, {}, meanings):
        edges[Edge(source, target, name)] = None


def _edges(formula: Formula, polarity: Polarity, scope: Scope, meanings: Meanings) -> Iterable[tuple[str, str]]:
    match formula:
        case Truth() | Same():
            return
        case Atom(pred, args):
            if pred in meanings:
                formals, body = meanings[pred]
                inner = {formal: scope[arg] for formal, arg in zip(formals, args, strict=True) if arg in scope}
                yield from _edges(body, Polarity(polarity.asserted, polarity.asserted), inner, {})
        case Not(body):
            yield from _edges(body, polarity.flipped(), scope, meanings)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _edges(part, polarity, scope, meanings)
        case Forall(names, body) | Exists(names, body):
            if isinstance(formula, Forall) == polarity.asserted:
                inner = {**scope, **{name: frozenset((name,)) for name in names}}
            else:
                depends = frozenset[Sym]().union(*(scope[name] for name in free_names(body) if name in scope))
                for universal in sorted(depends, key=lambda each: each.name):
                    for name in names:
                        yield universal.sort, name.sort
                inner = {**scope, **dict.fromkeys(names, depends)}
            yield from _edges(body, polarity, inner, meanings)
        case Either(positive, negative):
            yield from _edges(positive if polarity.form else negative, polarity, scope, meanings)
        case _:
            assert_never(formula)
