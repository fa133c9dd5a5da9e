"""Candidate lemmas made from the structure of a model, before any counterexample is known.

In: a system, and samples of its reachable states. Out: clauses that no sample contradicts, most of which are no
lemmas: `houdini.py` keeps those that are inductive together.

A clause is about an anchor (`anchors.py`), and says one thing more about it, or two that share those elements which the
anchor does not name: "while the call copies page p, the PTE of its address does not grant write". Or it is about what
else holds the same: "who can store to page p has all references to it". It may be limited to a region of settings.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from cowspec.engines.inference.anchors import Anchor
from cowspec.engines.inference.atoms import Atom, Literal, Names, atoms, is_frame
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.clauses import Clause, clause, fresh_names
from cowspec.engines.inference.possible import Samples
from cowspec.system import ir
from cowspec.system.traverse import assigned

MAX_EXTRAS = 3
"""A literal speaks of at most so many elements that its anchor does not name."""

MAX_SHARED = 1
"""Two literals about a call share at most so many elements that it does not name; two about a cell none."""


class Template:
    """The clauses about one anchor. `few`: samples that most cubes are found in; `every`: all of them."""

    def __init__(
        self,
        system: ir.System,
        anchor: Anchor,
        few: Sequence[Batch],
        every: Sequence[Batch],
        regions: "Regions | None" = None,
    ) -> None:
        self._system, self._anchor = system, anchor
        self._regions = regions or Regions((), few, every)
        self._names = fresh_names([*(name.domain for name in anchor.names), *_further(system)], system.sorts)
        self._own = {name.name for name in anchor.names}
        literals = list(_literals(system, anchor, self._names))
        self._table = [*anchor.always, *(literal for _, literal in anchor.slots), *literals]
        self._first = len(self._table) - len(literals)
        self._samples = [Samples(self._names, self._table, few), Samples(self._names, self._table, every)]
        self._alive: dict[int, list[int]] = {}  # literals, and the regions in which they are possible
        self._apart: list[int] = []  # literals that say nothing of the anchor
        self._is_met = 0 in self._possible(range(len(anchor.always)), self._regions.every)

    def singles(self) -> Iterator[Clause]:
        """Those with one literal beside the anchor; only that there is no such anchor, if there is none."""
        if not self._is_met:
            yield clause(self._names, self._anchor.always)
            return
        for k in range(self._first, len(self._table)):
            named = self._table[k][0].names
            if named and named.isdisjoint(self._own):
                self._apart.append(k)
                continue
            cube = self._closed((k,))
            possible = self._possible(cube, self._regions.every)
            yield from self._excluding(cube, self._regions.every, possible)
            if 0 in possible:
                self._alive[k] = possible

    def pairs(self) -> Iterator[Clause]:
        """Those with two, neither of which is enough; after `singles`."""
        rigid = {var.name for var in self._system.vars} - {
            v for step in self._system.steps for v in assigned(step.body)
        }
        extras = {k: frozenset(self._table[k][0].names - self._own) for k in self._alive}
        own = {k for k in self._alive if not extras[k] and self._is_own(self._table[k][0])}
        alive = [k for k in self._alive if self._table[k][0].of not in rigid]
        calls = {k: _called(self._table[k][0], self._anchor) for k in alive}
        for number, k in enumerate(alive):
            for other in alive[number + 1 :]:
                if (k in own) == (other in own) and (
                    calls[k] != calls[other] or not self._are_connected(k, other, extras)
                ):
                    continue
                if not _is_related(self._system, self._table[k], self._table[other]):
                    asked = [region for region in self._alive[k] if region in self._alive[other]]
                    cube = self._closed((k, other))
                    yield from self._excluding(cube, asked, self._possible(cube, asked))

    def links(self) -> Iterator[Clause]:
        """Those about another cell or call that holds what a slot of the anchor holds, how that one is or whose it is,
        and perhaps how the anchor is or what is true of what it holds; after `singles`."""
        slots = {name for name, _ in self._anchor.slots}
        extras = {k: frozenset(self._table[k][0].names - self._own) for k in self._alive}
        own = [
            k
            for k in self._alive
            if not extras[k]
            and (self._is_own(self._table[k][0]) or (self._table[k][1] and "@" not in self._table[k][0].of))
        ]
        for link in self._alive:
            atom, truth = self._table[link]
            if not truth or not extras[link] or not _is_held(atom.formula, slots):
                continue
            for other in (*self._alive, *self._apart):
                beyond = self._table[other][0].names - self._own
                if other == link or not beyond or not beyond <= extras[link]:
                    continue
                if self._root(self._table[other][0]) != self._root(atom) and not _is_same(
                    self._table[other][0].formula
                ):
                    continue
                both = self._closed((link, other))
                asked = [
                    region for region in self._alive[link] if region in self._alive.get(other, self._regions.every)
                ]
                left = self._possible(both, asked)
                yield from self._excluding(both, asked, left)
                for k in own if left else ():
                    cube = self._closed((k, link, other))
                    mine = [region for region in left if region in self._alive[k]]
                    yield from self._excluding(cube, mine, self._possible(cube, mine))

    def _root(self, atom: Atom) -> object:
        """The cell or call that the atom is about: its table or proc, and its index."""
        owner = next((var.owner for var in self._system.vars if var.name == atom.of), None)
        of = owner or atom.of
        return of.partition("@")[0], _args(atom.formula)

    def _is_own(self, atom: Atom) -> bool:
        """It says how the anchor itself is: a step or an argument of the call, a field of the cell."""
        anchor = self._anchor
        if anchor.call is not None:
            return atom.of.startswith(f"{anchor.call}@")
        cell = anchor.always[0][0].of
        return any(var.name == atom.of and var.owner == cell for var in self._system.vars)

    def _excluding(self, cube: Sequence[int], asked: Sequence[int], possible: Sequence[int]) -> Iterator[Clause]:
        """That nothing has the cube: everywhere, or in the largest regions of those asked where no sample has it."""
        literals = [self._table[each] for each in cube]
        for region in self._regions.largest([region for region in asked if region not in possible]):
            yield clause(self._names, [*literals, *self._regions.literals(region)])

    def _are_connected(self, one: int, two: int, extras: Mapping[int, frozenset[str]]) -> bool:
        """They share what the anchor does not name, and that is little; an equality may speak of part of it."""
        most = 0 if self._anchor.call is None else MAX_SHARED
        if max(len(extras[one]), len(extras[two])) > most:
            return False
        if _is_same(self._table[two][0].formula):
            return extras[two] <= extras[one]
        return extras[one] == extras[two] or (_is_same(self._table[one][0].formula) and extras[one] <= extras[two])

    def _possible(self, cube: Sequence[int], asked: Sequence[int]) -> list[int]:
        """The regions in which some sample has the cube."""
        left = list(asked)
        for samples, masks in zip(self._samples, self._regions.masks, strict=True):
            left = samples.ruled_out(cube, masks, left) if left else left
        return [region for region in asked if region not in left]

    def _closed(self, chosen: Sequence[int]) -> list[int]:
        """With what is true of the anchor; that a call is under way follows from each of its slots, and its steps."""
        anchor, table = self._anchor, self._table
        used = {name for k in chosen for name in table[k][0].names}
        count = len(anchor.always)
        slots = [count + k for k, (name, _) in enumerate(anchor.slots) if name in used]
        of_step = any(table[k][1] and table[k][0].of == f"{anchor.call}@pc" for k in chosen)
        return [*([] if slots or of_step else range(count)), *slots, *chosen]


class Regions:
    """Regions of settings, by number: 0 is all of them. `masks`: for the few samples, then for all of them, in each
    batch the samples that are in each region."""

    def __init__(self, atoms: Sequence[Atom], few: Sequence[Batch], every: Sequence[Batch]) -> None:
        self._atoms = atoms
        self.every = range(len(atoms) + 1)
        self._batches = every
        self.masks = [
            [[batch.every, *(batch.holds(atom.formula, {}) for atom in atoms)] for batch in batches]
            for batches in (few, every)
        ]

    def agreeing(self, formula: ir.Formula) -> list[int]:
        """The regions in which the formula is true of all samples."""
        wrong = [batch.every & ~batch.holds(formula, {}) for batch in self._batches]
        return [
            region
            for region in self.every
            if not any(bits & masks[region] for bits, masks in zip(wrong, self.masks[1], strict=True))
        ]

    def formula(self, region: int) -> ir.Formula:
        return self._atoms[region - 1].formula if region else ir.TRUE

    def literals(self, region: int) -> tuple[Literal, ...]:
        return ((self._atoms[region - 1], True),) if region else ()

    def largest(self, regions: Sequence[int]) -> list[int]:
        """Those that no other one contains, as far as the samples tell."""
        return [
            one for one in regions if not any(self._contains(two, one) for two in regions if two != one and two < one)
        ]

    def within(self) -> list[tuple[Atom, ...]]:
        """Each region, with those that contain it."""
        return [
            (atom, *(self._atoms[k - 1] for k in range(1, number) if self._contains(k, number)))
            for number, atom in enumerate(self._atoms, 1)
        ]

    def _contains(self, larger: int, smaller: int) -> bool:
        return all(not (masks[smaller] & ~masks[larger]) for masks in self.masks[1])


def _further(system: ir.System) -> list[str]:
    """The sorts of further elements: not of those that are only held, which equalities of places speak of."""
    index = {sort for var in system.vars for sort in var.index}
    held = {var.domain for var in system.vars if var.presence == ir.Presence.TOTAL and not is_frame(var)}
    return [sort for sort in system.sorts if sort in index and sort not in held]


def _literals(system: ir.System, anchor: Anchor, names: Names) -> Iterator[Literal]:
    own = {name.name for name in anchor.names}
    told = [literal[0].formula for literal in (*anchor.always, *(literal for _, literal in anchor.slots))]
    places = {formula.left for formula in told if isinstance(formula, ir.Equal)}
    for atom in atoms(system, names):
        formula = atom.formula
        if formula in told or (isinstance(formula, ir.Equal) and formula.left in places):
            continue
        if len(atom.names - own) > MAX_EXTRAS or _is_of_other_call(atom, anchor):
            continue
        if not atom.only_positive and not _is_same(formula):
            yield atom, True
        yield atom, False


def _is_same(formula: ir.Formula) -> bool:
    return isinstance(formula, ir.Equal) and isinstance(formula.left, ir.Param)


def _is_held(formula: ir.Formula, slots: Collection[str]) -> bool:
    """Some place holds what a slot holds."""
    match formula:
        case ir.Equal(ir.Get(), ir.Param(name)):
            return name in slots
        case _:
            return False


def _is_of_other_call(atom: Atom, anchor: Anchor) -> bool:
    """About another call on the same CPU: there is none."""
    if anchor.call is None or "@" not in atom.of or atom.of.startswith(f"{anchor.call}@"):
        return False
    return anchor.names[0].name in atom.names


def _called(atom: Atom, anchor: Anchor) -> str | None:
    """The proc of the call that the atom is about, if it is not the anchor's own."""
    if "@" not in atom.of or (anchor.call is not None and anchor.names[0].name in atom.names):
        return None
    return atom.of.partition("@")[0]


def _is_related(system: ir.System, one: Literal, two: Literal) -> bool:
    """One says as much as both: a field that is true of a cell that is there; or both are about one step counter."""
    if one[0].of == two[0].of and one[0].of.endswith("@pc") and one[1] and two[1]:
        return True
    owner = {var.name: var.owner for var in system.vars}
    for field, cell in ((one, two), (two, one)):
        if owner.get(field[0].of) == cell[0].of and cell[0].of:
            return field[1] and _args(field[0].formula) == _args(cell[0].formula)
    return False


def _args(formula: ir.Formula) -> object:
    match formula:
        case ir.Test(_, args) | ir.Present(ir.Get(_, args)) | ir.Equal(ir.Get(_, args), _):
            return args
        case _:
            return None
