"""What of a model's own lemmas, invariants and the compiler's facts is inductive together at the scope.

In: the relation with these as conjuncts. Out: the largest part of them that holds in every start state and that every
step preserves (Flanagan and Leino: Houdini, FME 2001). PDR starts from there: each of its frames has them.
"""

from collections.abc import Mapping, Sequence

from cowspec.encode.relational.formula import Formula, RelSystem
from cowspec.engines.pdr.relation import START, Relation
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import System


def candidates(system: System, rel: RelSystem) -> Mapping[str, Formula]:
    """By name, the simplest kind first: facts, then lemmas and invariants."""
    kinds = {p.name: p.kind for p in system.properties}
    stated = (PropertyKind.LEMMA, PropertyKind.INVARIANT)
    chosen = [*rel.facts, *(p for p in rel.properties if kinds[p.name] in stated)]
    return {each.name: each.formula for each in chosen}


def inductive(relation: Relation, names: Sequence[str]) -> tuple[str, ...]:
    """Raises `OutOfTime`."""
    start = relation.asked(START)
    alive = [name for name in names if not relation.solve([start, relation.idle, relation.fails(name, 0)])]
    while True:
        kept = list(alive)
        for name in alive:
            assumed = [relation.holds(each) for each in kept]
            if relation.solve([*relation.stepping, *assumed, relation.fails(name, 1)]):
                kept.remove(name)
        if kept == alive:
            return tuple(kept)
        alive = kept
