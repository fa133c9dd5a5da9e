"""`proved at Cpu=2, Page=3` by property directed reachability: every depth, one scope, all settings at once.

In: a system, a property, a scope, the settings as a switch formula. Out: replayed runs for the settings that have one,
and for the rest an invariant, confirmed by another solver (`confirm.py`), or why there is none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cowspec.encode.finite.dead import dead_predicates
from cowspec.encode.relational.translate import NAMED, CountTooLarge, Naming, translate
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
    try:
        at = _At(system, property, scope, deadline, lemmas, new_sat)
    except CountTooLarge as error:
        return Directed(None, str(error))
    try:
        return at.decided(when, replay, rest)
    except OutOfTime:
        return Directed(None, "time limit" + (f" in frame {at.frames.last}" if at.frames is not None else ""))
    except OrbitTooLarge:
        return Directed(None, f"a clause would stand for more than {MOST_IMAGES} at this scope")


class _At:
    """A property at a scope, encoded. `frames`: once the search has begun."""

    def __init__(
        self, system: System, property: str, scope: Scope, deadline: float, lemmas: bool, new_sat: NewSat
    ) -> None:
        """Raises `CountTooLarge`."""
        self.system, self.property, self.scope, self.deadline = system, property, scope, deadline
        self.rel, self.plain = translate(system, NAMED), translate(system, Naming(values=False))
        rel, dead = self.rel, dead_predicates(system, self.rel)
        self.cells = Cells(rel, scope, dead)
        self.bad, _ = bad_of(system, rel, property)
        self.stated = candidates(system, rel) if lemmas else {fact.name: fact.formula for fact in rel.facts}
        encoded = partial(Relation, system, rel, scope, self.cells, new_sat=new_sat, deadline=deadline, dead=dead)
        self.relation = encoded(conjuncts=self.stated, asked=self.bad.asked)
        self.starts = encoded(conjuncts={}, asked=())
        self.lifting = Lifting(self.plain, self.cells)
        self.frames: Frames | None = None

    def decided(self, when: ir.Formula, replay: Replay, rest: Rest) -> Directed:
        """Raises `OutOfTime`, `OrbitTooLarge`, `EncodingDisagrees`, `InvariantRefused`."""
        self._restrict(when)
        known = inductive(self.relation, tuple(self.stated))
        for name in known:
            self.relation.add([self.relation.holds(name)])
        self.frames = Frames(self.relation, self.starts, self.cells)
        search = Search(self.frames, self.lifting, self.bad)
        remaining: ir.Formula | None = when
        while remaining is not None:
            found = search.run()
            if isinstance(found, Blocked):
                return Directed(self._confirmed(found, known, remaining))
            run = run_of(self.system, self.plain, self.scope, self.cells, self.lifting, self.property, found)
            remaining = rest(replayed(self.system, run, replay))
            if remaining is not None:
                self._restrict(remaining)
        return Directed(None)

    def _restrict(self, when: ir.Formula) -> None:
        for each in (self.relation, self.starts):
            each.add([each.under(when)])

    def _confirmed(self, found: Blocked, known: tuple[str, ...], when: ir.Formula) -> Invariant:
        clauses = tuple(self.cells.named(cube) for cube in shortest_first(found.cubes))
        size = sum(len(self.cells.orbit(cube)) for cube in found.cubes)
        invariant = Invariant(known, clauses, size, found.frames)
        wrong = failure(self.system, self.rel, self.property, when, self.scope, invariant, self.deadline)
        if wrong is not None:
            raise InvariantRefused(f"{self.property}: the invariant at {self.scope} is refused: {wrong}")
        return invariant
