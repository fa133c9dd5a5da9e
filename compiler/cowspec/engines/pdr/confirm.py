"""A second look at an invariant of PDR: does it hold at the start, does every step keep it, does it exclude the bad?

Nothing is taken over from the search but the invariant itself: another solver, an encoding in which no predicate counts
as dead, each clause with its whole orbit. Every promise of the flattening that the search assumed of a state is asked
for after the step, too.
"""

from collections.abc import Mapping

from cowspec.encode.finite.dead import dead_predicates
from cowspec.encode.relational.connectives import conj, forall, neg
from cowspec.encode.relational.formula import Atom, Formula, RelSystem, Sym
from cowspec.engines.bmc.sat import NewSat, cadical
from cowspec.engines.pdr.bad import bad_of
from cowspec.engines.pdr.cells import Cells, Cube
from cowspec.engines.pdr.known import candidates
from cowspec.engines.pdr.relation import START, Relation
from cowspec.system import ir
from cowspec.system.ir import Scope, System
from cowspec.verdict import Invariant

CONFIRMED_BY = "cadical"


def failure(
    system: System,
    rel: RelSystem,
    property: str,
    when: ir.Formula,
    scope: Scope,
    invariant: Invariant,
    deadline: float,
    *,
    new_sat: NewSat = cadical,
) -> str | None:
    """What is wrong with the invariant, as a proof of the property at the scope under `when`; None: nothing. Raises
    `OutOfTime`, and `KeyError` for names that are none of the system's."""
    cells = Cells(rel, scope)
    conjuncts = _conjuncts(system, rel, invariant)
    bad, _ = bad_of(system, rel, property)
    relation = Relation(
        system, rel, scope, cells, conjuncts=conjuncts, asked=bad.asked, new_sat=new_sat, deadline=deadline
    )
    relation.add([relation.under(when)])
    orbits = [cells.orbit(cells.cube(clause)) for clause in invariant.clauses]
    start = [relation.asked(START), relation.idle]
    for name in conjuncts:
        if relation.solve([*start, relation.fails(name, 0)]):
            return f"{name} is false in a start state"
    for orbit in orbits:
        if relation.solve([*start, _some(relation, orbit, 0)]):
            return f"a start state is excluded: {cells.named(orbit[0])}"
    inside = relation.fresh()
    for name in conjuncts:
        relation.add([-inside, relation.holds(name)])
    for orbit in orbits:
        for each in orbit:
            relation.add([-inside, *[-literal for literal in relation.now(each)]])
    for name in conjuncts:
        if relation.solve([inside, *relation.stepping, relation.fails(name, 1)]):
            return f"a step breaks {name}"
    for orbit in orbits:
        if relation.solve([inside, *relation.stepping, _some(relation, orbit, 1)]):
            return f"a step leads to what is excluded: {cells.named(orbit[0])}"
    if relation.solve([inside, *bad.given(relation)]):
        return f"{property} does not follow"
    return None


def _conjuncts(system: System, rel: RelSystem, invariant: Invariant) -> Mapping[str, Formula]:
    """What the invariant says beside its clauses: names of the system's, the flattening's promises, dead predicates."""
    stated = candidates(system, rel)
    found = {name: stated[name] for name in invariant.conjuncts}
    found["what the flattening promises"] = conj([*(formula for _, formula in rel.typing), *rel.exact])
    dead = dead_predicates(system, rel)
    for predicate in rel.predicates:
        if predicate.name in dead:
            names = tuple(Sym(f"dead%{k}", sort) for k, sort in enumerate(predicate.sorts))
            found[f"{predicate.name} is never true"] = forall(names, neg(Atom(predicate.name, names)))
    return found


def _some(relation: Relation, orbit: tuple[Cube, ...], frame: int) -> int:
    """A literal that implies that one of the cubes is the case before (0) or after (1) the step."""
    parts = []
    for cube in orbit:
        each = relation.fresh()
        for literal in relation.after(cube) if frame else relation.now(cube):
            relation.add([-each, literal])
        parts.append(each)
    some = relation.fresh()
    relation.add([-some, *parts])
    return some
