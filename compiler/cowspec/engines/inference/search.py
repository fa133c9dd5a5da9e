"""The search for lemmas: an inductive base from templates, then backwards from what still breaks the goals.

In: a system, the names of the properties to prove, a formula over switches, samples. Out: clauses that are inductive
together with the properties at some scopes; or how far the search came. Nothing found here is trusted: the prover
judges it (`engines/induction/prove.py`).

1. Candidates are made from the structure of the model (`templates.py`, `owing.py`); what is inductive among them at the
   first scope is known from then on (`houdini.py`).
2. While a step breaks a goal: the smallest state from which it does is described, and clauses that exclude it are
   added as candidates (`describing.py`). If none of them is inductive, nor any two or more together, it is asked what
   breaks them, and clauses that exclude those states are added too: candidates are kept or thrown out all together,
   so that no guess has to be taken back.
3. The same at larger scopes, from what is known at the smaller ones.
4. Of all that is known, what the goals need is found by unsatisfiable cores, and made as little as possible.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import process_time

from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import translate
from cowspec.engines.inference.anchors import anchors
from cowspec.engines.inference.clauses import Clause
from cowspec.engines.inference.cover import Instances
from cowspec.engines.inference.describing import excluding
from cowspec.engines.inference.houdini import Pool
from cowspec.engines.inference.owing import obligations
from cowspec.engines.inference.stepping import Steps
from cowspec.engines.inference.templates import Template
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, State, System
from cowspec.verdict import Cti

DEPTH = 12
"""How often it is asked what breaks the candidates before a state is left unexcluded."""

FRONT = 12
"""Of how many candidates it is asked what breaks them."""

FIRST_MANY, FIRST_SPREAD = 60, 9
"""Clauses against a state from which a step breaks a goal: at most so many, and how much dearer than the cheapest."""

MORE_MANY, MORE_SPREAD = 30, 6
"""The same, against states from which a step breaks a candidate."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """How the search ended without success. `cti`: the counterexample to induction that no clause excludes, if that is
    why (and if its states are real)."""

    reason: str
    cti: Cti | None = None


Say = Callable[[str], None]


@dataclass(slots=True)
class Search:
    """What is known so far. `clauses`: all candidates, by number; `known`: those that were inductive at the last scope;
    `base`: how many of the clauses came from templates."""

    system: System
    goals: tuple[str, ...]
    when: ir.Formula
    batches: list[Instances]
    deadline: float
    say: Say
    rel: RelSystem
    clauses: list[Clause] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    base: int = 0
    counterexamples: int = 0
    _number: dict[ir.Formula, int] = field(default_factory=dict)

    def number(self, clause: Clause) -> int:
        """The clause's number; a new one if it was never seen."""
        formula = clause.formula
        if formula not in self._number:
            self._number[formula] = len(self.clauses)
            self.clauses.append(clause)
        return self._number[formula]


def begin(
    system: System,
    goals: Sequence[str],
    given: Sequence[str],
    when: ir.Formula,
    batches: list[Instances],
    deadline: float,
    say: Say = lambda _: None,
) -> Search:
    """A search that knows nothing yet. `given`: properties of the system that are known to be invariant."""
    kept = tuple(p for p in system.properties if p.name in goals or p.name in given)
    rel = translate(replace(system, properties=kept))
    rel = replace(
        rel,
        properties=tuple(prop for prop in rel.properties if prop.name in goals),
        facts=(*rel.facts, *(prop for prop in rel.properties if prop.name not in goals)),
    )
    return Search(system, tuple(goals), when, batches, deadline, say, rel)


class Level:
    """One scope of the search: a pool, and the goals in it."""

    def __init__(self, search: Search, scope: Scope) -> None:
        self.search = search
        rel = replace(search.rel, properties=())
        self.at = Steps(search.system, rel, scope, search.when)
        self.pool = Pool(
            self.at,
            Steps(search.system, rel, scope, search.when, depth=0),
            Steps(search.system, rel, scope, search.when, depth=0, start=True),
        )
        self.hold = [self.at.claim(prop.name, prop.formula, after=False) for prop in search.rel.properties]
        self.broken = {prop.name: self.at.claim(prop.name, prop.formula, after=True) for prop in search.rel.properties}

    def is_met(self) -> bool:
        """There is a state at this scope."""
        return self.pool.states.satisfiable(())

    def start_from(self, numbers: Sequence[int]) -> None:
        """Settles what is inductive of these clauses."""
        for number in numbers:
            self.pool.add(number, self.search.clauses[number])
        self.pool.settle(self.pool.inductive(numbers, self.hold, self.search.deadline))

    def from_templates(self, few: Sequence[Instances]) -> None:
        """Settles what is inductive of the candidates that the structure of the model suggests: first the simple ones,
        then those that do not follow from them."""
        search = self.search
        samples, fewer = [each.batch for each in search.batches], [each.batch for each in few]
        found = list(anchors(search.system))
        templates = [Template(search.system, anchor, fewer, samples) for anchor in found]
        self._settle_new(clause for template in templates for clause in template.singles())
        cells = [anchor for anchor in found if anchor.call is None]
        self._settle_new(clause for a in cells for clause in obligations(search.system, a, fewer, samples))
        self._settle_new(clause for template in templates for clause in template.pairs())
        search.base = len(search.clauses)

    def _settle_new(self, clauses: Iterable[Clause]) -> None:
        search, before = self.search, process_time()
        again = [number for number in range(len(search.clauses)) if number not in self.pool.settled]
        numbers = list(dict.fromkeys(search.number(clause) for clause in clauses))
        made = process_time()
        for number in numbers:
            self.pool.add(number, search.clauses[number])
        open_ = [number for number in dict.fromkeys((*again, *numbers)) if not self.pool.follows(number)]
        left = self.pool.inductive(open_, self.hold, search.deadline)
        kept = self.pool.settle(left)
        search.say(
            f"  templates: {len(numbers)} candidates, {len(open_)} say something new, {len(left)} are inductive,"
            f" {len(kept)} independent ({made - before:.1f} s and {process_time() - made:.1f} s)"
        )

    def settle_goals(self) -> Stuck | None:
        """Adds candidates until no step breaks a goal."""
        for name, broken in self.broken.items():
            while True:
                answer = self.at.ask([*self.hold, broken], self.search.deadline)
                if answer is False:
                    break
                if answer is None or process_time() > self.search.deadline:
                    return Stuck("the time limit")
                self.at.smallest()
                if self._exclude(self.at.before()):
                    continue
                if process_time() > self.search.deadline:
                    return Stuck("the time limit")
                cti = self._real_cti(name)
                step = cti.step.firing.step if cti is not None else "a step"
                return Stuck(f"no clause excludes a state from which {step} breaks {name}", cti)
        return None

    def _exclude(self, state: tuple[State, Setting]) -> bool:
        """Candidates that exclude the state, and candidates against what breaks those, until some are inductive."""
        search, pool = self.search, self.pool
        search.counterexamples += 1
        first = self._against(state, FIRST_MANY, FIRST_SPREAD)
        extra = dict.fromkeys(first, 0)
        for depth in range(1, DEPTH + 1):
            alive = dict.fromkeys(pool.inductive(extra, self.hold, search.deadline))
            won = [number for number in first if number in alive]
            search.say(
                f"  {len(first)} clauses against a state, {len(extra)} with those for them: {len(won)} inductive"
            )
            if won:
                pool.settle(alive)
                return True
            if process_time() > search.deadline or not self._support(extra, alive, depth):
                break
        return False

    def _support(self, extra: dict[int, int], alive: Collection[int], depth: int) -> bool:
        """Adds candidates against states from which a step breaks some of those that fail although all the others are
        assumed, the earliest first. One that breaks from a state that nothing excludes is given up."""
        asked, new, given_up = set[tuple[State, Setting]](), dict[int, None](), set[int]()
        cost = self.search.clauses
        for number in sorted(extra, key=lambda number: (extra[number], cost[number].cost, number)):
            if len(asked) >= FRONT:
                break
            state = self._before(number, extra) if number not in alive else None
            if state is not None and state not in asked:
                asked.add(state)
                found = self._against(state, MORE_MANY, MORE_SPREAD)
                new |= dict.fromkeys(found)
                if not found:
                    given_up.add(number)
        for number in given_up:
            del extra[number]
        fresh = [number for number in new if number not in extra and number not in given_up]
        extra |= dict.fromkeys(fresh, depth)
        return bool(fresh or given_up) and 0 in extra.values()

    def _before(self, number: int, assumed: Iterable[int]) -> tuple[State, Setting] | None:
        """A state from which a step breaks the clause, although all the others are assumed."""
        if not self.pool.breaks(number, assumed, self.hold, self.search.deadline):
            return None
        self.at.smallest()
        self.search.counterexamples += 1
        return self.at.before()

    def _against(self, state: tuple[State, Setting], many: int, spread: int) -> list[int]:
        search = self.search
        switches = len(search.system.switches) > 0
        found = excluding(
            search.system, self.at.scope, state, search.batches, many=many, spread=spread, switches=switches
        )
        numbers = list(dict.fromkeys(search.number(clause) for clause in found))
        for number in numbers:
            self.pool.add(number, search.clauses[number])
        return [number for number in numbers if not self.at.agrees(self.pool.guards([number]))]

    def _real_cti(self, name: str) -> Cti | None:
        """A real counterexample to induction of the goal with all that is known."""
        search = self.search
        real = Steps(search.system, replace(search.rel, properties=()), self.at.scope, search.when, real=True)
        pool = Pool(real, real, real)
        for number in self.pool.settled:
            pool.add(number, search.clauses[number])
        hold = [real.claim(prop.name, prop.formula, after=False) for prop in search.rel.properties]
        formula = next(prop.formula for prop in search.rel.properties if prop.name == name)
        given = [*hold, *pool.guards(self.pool.settled), real.claim(name, formula, after=True)]
        if not real.ask(given, search.deadline):
            return None
        real.smallest()
        state, setting = real.before()
        return Cti(name, real.scope, state, real.firing(), setting)

    def needed(self) -> list[int]:
        """Few of the settled clauses, with which the goals are inductive: every one is needed at this scope."""
        pool, settled = self._fresh(self.pool.settled)
        chosen: dict[int, None] = {}
        for target in (*self.broken.values(),):
            chosen |= dict.fromkeys(pool.needed(target, settled, self.hold) or ())
        pending = list(chosen)
        while pending:
            target = pool.violation_of(pending.pop())
            for assumed in ([*chosen], settled):
                found = pool.needed(target, assumed, self.hold)
                if found is not None:
                    pending += [number for number in found if number not in chosen]
                    chosen |= dict.fromkeys(found)
                    break
        return self._fewer(pool, list(chosen))

    def _fresh(self, numbers: Iterable[int]) -> tuple[Pool, list[int]]:
        """A pool with these clauses, none of them settled."""
        level = Level(self.search, self.at.scope)
        for number in numbers:
            level.pool.add(number, self.search.clauses[number])
        self.hold, self.broken = level.hold, level.broken
        return level.pool, list(numbers)

    def _fewer(self, pool: Pool, numbers: list[int]) -> list[int]:
        """Leaves out each that the rest can do without, the dearest first."""
        kept = numbers
        for number in sorted(numbers, key=lambda number: (-self.search.clauses[number].cost, number)):
            rest = [each for each in kept if each != number]
            alive = pool.inductive(rest, self.hold, self.search.deadline)
            given = [*self.hold, *pool.guards(alive)]
            if not any(pool.at.satisfiable([*given, broken]) for broken in self.broken.values()):
                kept = alive
        return kept
