"""Structural facts: what the compiler knows about calls, locks and locals, so that no author of a model has to say it.

Each is a universally quantified formula that holds in every reachable state, and all together are inductive (with the
typing facts of the encoding: single values, owned variables absent with their owner). They are named as a reader of
`prove -v` wants to see them, and proved like any lemma.

- a call: which calls may be under way together on a CPU, and where the caller stands meanwhile; what it passed on;
- a lock: writers exclude everybody; an idle call holds nothing; an index held is one the control flow took;
- a step: which locks are held there and which are not, which locals are present, under which switches it is reached;
- the start: an `init` formula about variables that no step assigns stays true.
"""

from collections.abc import Iterator

from cowspec.system.ir import TRUE, Fact, System
from cowspec.system.structure.calls import call_facts
from cowspec.system.structure.flow import analyse
from cowspec.system.structure.locks import exclusion, holding
from cowspec.system.structure.steps import step_facts
from cowspec.system.traverse import assigned, reads


def facts(system: System) -> tuple[Fact, ...]:
    """All structural facts, the cheapest first."""
    return tuple(fact for fact in _facts(system) if fact.formula != TRUE)


def _facts(system: System) -> Iterator[Fact]:
    yield from call_facts(system)
    yield from exclusion(system)
    for info in system.procs:
        proc, standing = analyse(system, info)
        yield from holding(proc, standing)
        yield from step_facts(proc, standing, system)
    yield from start_facts(system)


def start_facts(system: System) -> Iterator[Fact]:
    """Of the axioms of relations that never change: a ring, an order, quorums."""
    changed = frozenset[str]().union(*(assigned(step.body) for step in system.steps))
    for number, formula in enumerate(system.init, 1):
        if changed.isdisjoint(reads([formula])):
            yield Fact(f"init {number}: stays", formula)
