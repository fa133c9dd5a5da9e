"""`proved at Cpu=2, Page=3` by property directed reachability: every depth, one scope, all settings at once.

In: a system, a property, a scope, the settings as a switch formula. Out: replayed runs for the settings that have one,
and for the rest an invariant, confirmed by another solver (`confirm.py`), or why there is none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cowspec.encode.finite.dead import dead_predicates
from cowspec.encode.relational.translate import Naming, translate
from cowspec.engines.bmc.sat import NewSat, glucose
from cowspec.engines.bmc.search import Replay, replayed
from cowspec.engines.pdr.bad import bad_of
from cowspec.engines.pdr.cells import MOST_IMAGES, Cells, OrbitTooLarge
from cowspec.engines.pdr.confirm import failure
from cowspec.engines.pdr.frames import Frames
from cowspec.engines.pdr.known import candidates, inductive
from cowspec.engines.pdr.lifting import Lifting
from cowspec.engines.pdr.relation import OutOfTime, Relation
from cowspec.engines.pdr.runs import run_of
from cowspec.engines.pdr.search import Blocked, Search, shortest_first
from cowspec.system import ir
from cowspec.system.ir import Scope, System
from cowspec.verdict import Invariant, Limits, Trace

Rest = Callable[[Trace], ir.Formula | None]
"""Takes a run; the settings that are still in question, None if there are none."""


class InvariantRefused(Exception):
    """The second solver does not accept what the search has found: one of the two is wrong."""


@dataclass(frozen=True, slots=True)
class Directed:
    """`invariant`: of the settings that were still in question at the end; if there were any, and it is None, `stopped`
    says why."""

    invariant: Invariant | None
    stopped: str = ""


def prove_at(
    system: System,
    property: str,
    when: ir.Formula,
    scope: Scope,
    limits: Limits,
    *,
    replay: Replay,
    rest: Rest,
    lemmas: bool = True,
    new_sat: NewSat = glucose,
) -> Directed:
    """Each run found goes to `rest`, and the search goes on with what that leaves. Without `lemmas` neither those of
    the model nor its other invariants are made use of. `limits.timeout` bounds the whole. Raises `EncodingDisagrees`,
    `InvariantRefused`."""
    deadline = time.process_time() + limits.timeout
    rel, plain = translate(system, Naming(conditions=True)), translate(system, Naming(values=False))
    dead = dead_predicates(system, rel)
    cells = Cells(rel, scope, dead)
    bad, _ = bad_of(system, rel, property)
    stated = candidates(system, rel) if lemmas else {fact.name: fact.formula for fact in rel.facts}
    relation = Relation(
        system, rel, scope, cells,
        conjuncts=stated, asked=bad.asked, new_sat=new_sat, deadline=deadline, dead=dead,
    )  # fmt: skip
    starts = Relation(system, rel, scope, cells, conjuncts={}, asked=(), new_sat=new_sat, deadline=deadline, dead=dead)
    lifting = Lifting(plain, cells)
    frames: Frames | None = None
    try:
        remaining: ir.Formula | None = when
        _restrict(relation, starts, when)
        known = inductive(relation, tuple(stated))
        for name in known:
            relation.add([relation.holds(name)])
        frames = Frames(relation, starts, cells)
        search = Search(frames, lifting, bad)
        while remaining is not None:
            found = search.run()
            if isinstance(found, Blocked):
                clauses = tuple(cells.named(cube) for cube in shortest_first(found.cubes))
                size = sum(len(cells.orbit(cube)) for cube in found.cubes)
                invariant = Invariant(known, clauses, size, found.frames)
                wrong = failure(system, rel, property, remaining, scope, invariant, deadline)
                if wrong is not None:
                    raise InvariantRefused(f"{property}: the invariant of {scope} is refused: {wrong}")
                return Directed(invariant)
            remaining = rest(replayed(system, run_of(system, plain, scope, cells, lifting, property, found), replay))
            if remaining is not None:
                _restrict(relation, starts, remaining)
        return Directed(None)
    except OutOfTime:
        return Directed(None, "time limit" + (f" in frame {frames.last}" if frames is not None else ""))
    except OrbitTooLarge:
        return Directed(None, f"a clause would stand for more than {MOST_IMAGES} at this scope")


def _restrict(relation: Relation, starts: Relation, when: ir.Formula) -> None:
    for each in (relation, starts):
        each.add([each.under(when)])
