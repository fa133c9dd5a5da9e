"""Candidates of the form "where this cell is so, some call is under way": who owes a flush, who still holds a page.

The samples say which calls there can be: of each kind of call (a proc, and which of its slots hold what the cell
names) it is known in which samples there is one; few kinds that together explain all samples, the most specific first,
make the conclusion. It is then narrowed where the samples allow it: by the step at which the call is, and by what else
is true of the call and the cell (`not acked[t, c, m, a]`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from cowspec.engines.inference.anchors import Anchor
from cowspec.engines.inference.atoms import CALLER, Atom, Literal, Names, atoms, is_frame, is_lock
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.clauses import Clause, clause
from cowspec.engines.inference.possible import Samples
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.traverse import names as names_of

MAX_CALLS = 8
"""A lemma names at most so many kinds of calls that may owe something."""


def obligations(
    system: ir.System,
    anchor: Anchor,
    few: Sequence[Batch],
    every: Sequence[Batch],
    regions: Sequence[tuple[Atom, ...]] = (),
) -> Iterator[Clause]:
    """Where the anchor is, some call is under way: as specific as possible, then less. `regions`: of settings, those
    first that hold of most, each with those that contain it; one may be said if it is not so everywhere."""
    names = anchor.names
    premise = [*anchor.always, *(literal for _, literal in anchor.slots)]
    further = _further(system, names, premise)
    is_found, found_in = False, set[Atom]()
    limited = [((region, True), larger) for region, *larger in regions]
    every_row = _Rows.where(names, premise, few)
    for more, larger in [
        ((), ()),
        *(((each,), within) for each, within in limited),
        *(((each,), ()) for each in further),
    ]:
        if is_found or not found_in.isdisjoint(larger):
            continue
        rows = every_row.limited(more)
        if not rows.count:
            continue
        for body in _owing(system, names, rows):
            formula = ir.Quant(QuantKind.EXISTS, (ir.Binder(CALLER, "Cpu"),), body)
            atom = Atom(formula, names_of([formula]) & {n.name for n in names}, 20, only_positive=True)
            said = atom.names | {n for each in more for n in each[0].names}
            used = [each for each in premise if each in anchor.always or each[0].names & said]
            cube = [*used, *more, (atom, False)]
            if not Samples(names, cube, every).possible(range(len(cube))):
                is_found = is_found or not more
                found_in |= {literal[0] for literal in more}
                yield clause(names, cube)


def _further(system: ir.System, names: Names, premise: Sequence[Literal]) -> list[Literal]:
    """That another cell does not hold the same."""
    told = {atom.of for atom, _ in premise}
    return [
        (atom, False)
        for atom in atoms(system, names)
        if "@" not in atom.of and atom.of not in told
        if isinstance(atom.formula, ir.Equal) and isinstance(atom.formula.left, ir.Get)
    ]


def _owing(system: ir.System, names: Names, rows: "_Rows") -> Iterator[ir.Formula]:
    """What is true of some call in all rows."""
    cpu = ir.Param(CALLER)
    shapes = [
        tuple(ir.Equal(ir.Get(var, (cpu,)), ir.Param(name)) for var, name in match)
        for proc in system.procs
        for match in _matches(system, proc, names)
    ]
    found = _covering([(shape, rows.of(_some(shape))) for shape in shapes], rows)
    if not found:
        return
    yield _either(found)
    extras = [each for each in _extras(system, names) if rows.covered(_some((each, _either(found))))]
    for each in extras:
        yield ir.And((each, _either(found)))
    stepped = list(found)
    for k, shape in enumerate(found):
        for step in _steps(system, shape):
            trial = [*stepped[:k], (step, *shape), *stepped[k + 1 :]]
            if rows.covered(_some((_either(trial),))):
                stepped = trial
                break
    if stepped != found:
        yield _either(stepped)
        for each in extras:
            if rows.covered(_some((each, _either(stepped)))):
                yield ir.And((each, _either(stepped)))


def _either(shapes: Sequence[tuple[ir.Formula, ...]]) -> ir.Formula:
    bodies = [_all(shape) for shape in shapes]
    return bodies[0] if len(bodies) == 1 else ir.Or(tuple(bodies))


def _all(parts: Sequence[ir.Formula]) -> ir.Formula:
    return parts[0] if len(parts) == 1 else ir.And(tuple(parts))


def _some(parts: Sequence[ir.Formula]) -> ir.Formula:
    return ir.Quant(QuantKind.EXISTS, (ir.Binder(CALLER, "Cpu"),), _all(parts))


def _matches(system: ir.System, proc: ir.ProcInfo, names: Names) -> Iterator[tuple[tuple[str, str], ...]]:
    """Slots of the call with names of the anchor: as many as possible, each name once."""
    slots = [v for v in system.vars if v.name.startswith(f"{proc.name}@") and v.domain in system.sorts]
    options = [[(slot.name, name.name) for name in names if name.domain == slot.domain] for slot in slots]
    for chosen in product(*[[*each, None] for each in options]):
        pairs = tuple(pair for pair in chosen if pair is not None)
        if pairs and len({name for _, name in pairs}) == len(pairs):
            yield pairs


def _steps(system: ir.System, shape: Sequence[ir.Formula]) -> Iterator[ir.Formula]:
    first = shape[0]
    if isinstance(first, ir.Equal) and isinstance(first.left, ir.Get):
        proc = first.left.var.partition("@")[0]
        for step in dict(system.enums).get(f"{proc}@step", ()):
            yield ir.Equal(ir.Get(f"{proc}@pc", (ir.Param(CALLER),)), ir.Member(f"{proc}@step", step))


def _extras(system: ir.System, names: Names) -> Iterator[ir.Formula]:
    """Tables of truths about the caller and names of the anchor."""
    for var in system.vars:
        if var.domain is not None or is_frame(var) or is_lock(var) or var.owner is not None:
            continue
        if len(var.index) < 2 or var.index[0] != "Cpu":
            continue
        for taken in product(*([name.name for name in names if name.domain == sort] for sort in var.index[1:])):
            if len(set(taken)) == len(taken):
                test = ir.Test(var.name, (ir.Param(CALLER), *map(ir.Param, taken)))
                yield ir.Not(test)
                yield test


def _covering(
    shapes: Sequence[tuple[tuple[ir.Formula, ...], list[int]]], rows: "_Rows"
) -> list[tuple[ir.Formula, ...]]:
    """Few of them that together are true of all rows, the most specific first; nothing if all are not enough."""
    left, picked = list(rows.premise), list[int]()
    for size in sorted({len(shape) for shape, _ in shapes}, reverse=True):
        of_size = [k for k, (shape, _) in enumerate(shapes) if len(shape) == size]
        while of_size and any(left):
            best = max(of_size, key=lambda k: _common(left, shapes[k][1]))
            if not _common(left, shapes[best][1]):
                break
            picked.append(best)
            left = [x & ~y for x, y in zip(left, shapes[best][1], strict=True)]
    if any(left) or len(picked) > MAX_CALLS:
        return []
    for k in list(picked):
        rest = [shapes[other][1] for other in picked if other != k]
        together = [0] * len(left)
        for bits in rest:
            together = [x | y for x, y in zip(together, bits, strict=True)]
        if not any(x & ~y for x, y in zip(rows.premise, together, strict=True)):
            picked.remove(k)
    return [shapes[k][0] for k in sorted(picked)]


def _common(one: Sequence[int], two: Sequence[int]) -> int:
    return sum((x & y).bit_count() for x, y in zip(one, two, strict=True))


@dataclass(frozen=True, slots=True)
class _Place:
    """A batch, and elements for the names; `known`: what is true of them, and where."""

    batch: Batch
    where: dict[str, int]
    known: dict[ir.Formula, int]

    def holds(self, formula: ir.Formula) -> int:
        found = self.known.get(formula)
        if found is None:
            found = self.known[formula] = self.batch.holds(formula, self.where)
        return found

    def having(self, literals: Sequence[Literal], among: int) -> int:
        for atom, truth in literals:
            among &= self.holds(atom.formula) if truth else ~self.holds(atom.formula)
        return among


@dataclass(frozen=True, slots=True)
class _Rows:
    """The samples and elements of which a premise is true: for each place the samples, as one integer."""

    places: tuple[_Place, ...]
    premise: tuple[int, ...]

    @classmethod
    def where(cls, names: Names, premise: Sequence[Literal], batches: Sequence[Batch]) -> "_Rows":
        every = [
            _Place(batch, {name.name: e for name, e in zip(names, elements, strict=True)}, {})
            for batch in batches
            for elements in product(*[range(batch.sizes[name.domain]) for name in names])
        ]
        return cls(tuple(every), tuple(place.batch.every for place in every)).limited(premise)

    @property
    def count(self) -> int:
        return sum(bits.bit_count() for bits in self.premise)

    def limited(self, literals: Sequence[Literal]) -> "_Rows":
        """Those of which these are true, too."""
        found = [(place, place.having(literals, bits)) for place, bits in zip(self.places, self.premise, strict=True)]
        kept = [(place, bits) for place, bits in found if bits]
        return _Rows(tuple(place for place, _ in kept), tuple(bits for _, bits in kept))

    def covered(self, formula: ir.Formula) -> bool:
        """True of all rows."""
        return all(not (bits & ~place.holds(formula)) for place, bits in zip(self.places, self.premise, strict=True))

    def of(self, formula: ir.Formula) -> list[int]:
        return [bits & place.holds(formula) for place, bits in zip(self.places, self.premise, strict=True)]
