"""The search for lemmas: an inductive base from templates, then backwards from what still breaks the goals.

In: a system, what is claimed of it, samples. Out: clauses that are inductive together with the claims at some scopes;
or how far the search came. Nothing found here is trusted: the prover judges it (`engines/induction/prove.py`).

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
from cowspec.engines.inference.atoms import Atom
from cowspec.engines.inference.claims import Claim, guarded, regions, union, whole
from cowspec.engines.inference.clauses import Clause
from cowspec.engines.inference.cover import Instances
from cowspec.engines.inference.describing import excluding
from cowspec.engines.inference.houdini import Pool
from cowspec.engines.inference.owing import obligations
from cowspec.engines.inference.stepping import Steps
from cowspec.engines.inference.templates import Regions, Template
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, State, System
from cowspec.system.switches import settings_of
from cowspec.verdict import Cti

DEPTH = 12
"""How often it is asked what breaks the candidates before a state is left unexcluded."""

FRONT = 12
"""Of how many candidates it is asked what breaks them."""

GRACE = 10.0
"""Seconds to ask whether a step breaks a claim, whatever the time limit."""

AGAIN = 60.0
"""The same, for which of the clauses that are known at a scope are inductive at another, or without a claim."""

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
    """What is known so far. `clauses`: all candidates, by number, first the claims, of which `failed` are those that
    the search gave up; `known`: those that were inductive at the last scope; `base`: how many of the clauses came from
    templates or are claims."""

    system: System
    claims: tuple[Claim, ...]
    when: ir.Formula
    batches: list[Instances]
    deadline: float
    say: Say
    rel: RelSystem
    regions: tuple[Atom, ...]
    clauses: list[Clause] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    failed: dict[int, Stuck] = field(default_factory=dict)
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

    @property
    def open(self) -> list[int]:
        """The claims that the search has not given up."""
        return [number for number in range(len(self.claims)) if number not in self.failed]


def begin(
    system: System,
    claims: Sequence[Claim],
    given: Sequence[ir.Property],
    batches: list[Instances],
    deadline: float,
    say: Say = lambda _: None,
) -> Search:
    """A search that knows nothing yet. `given`: properties that are known to be invariant."""
    when = union(claims)
    every = settings_of(system, when)
    rel = translate(replace(system, properties=tuple(given)))
    rel = replace(rel, properties=(), facts=(*rel.facts, *rel.properties))
    search = Search(system, tuple(claims), when, batches, deadline, say, rel, regions(system, claims))
    for claim in claims:
        formula = next(prop.formula for prop in system.properties if prop.name == claim.name)
        everywhere = settings_of(system, claim.when) == every
        search.clauses.append(whole(system, formula if everywhere else guarded(formula, claim.when)))
        search._number[search.clauses[-1].formula] = len(search.clauses) - 1
    return search


class Level:
    """One scope of the search: a pool, and in it the claims that are not given up, assumed before each step."""

    def __init__(self, search: Search, scope: Scope) -> None:
        self.search = search
        self.at = Steps(search.system, search.rel, scope, search.when)
        self.pool = Pool(
            self.at,
            Steps(search.system, search.rel, scope, search.when, depth=0),
            Steps(search.system, search.rel, scope, search.when, depth=0, start=True),
        )
        for number in search.open:
            self.pool.add(number, search.clauses[number])
        self.broken = {number: self.pool.violation_of(number) for number in search.open}

    @property
    def hold(self) -> list[int]:
        return self.pool.guards(self.search.open)

    def is_met(self) -> bool:
        """There is a state at this scope."""
        return self.pool.states.satisfiable(())

    def start_from(self, numbers: Sequence[int]) -> None:
        """Settles what is inductive of these clauses."""
        for number in numbers:
            self.pool.add(number, self.search.clauses[number])
        self.pool.settle(self.pool.inductive(numbers, self.hold, process_time() + AGAIN))

    def from_templates(self, few: Sequence[Instances]) -> None:
        """Settles what is inductive of the candidates that the structure of the model suggests: first the simple ones,
        then those that do not follow from them."""
        search = self.search
        samples, fewer = [each.batch for each in search.batches], [each.batch for each in few]
        found = list(anchors(search.system))
        limits = Regions(search.regions, fewer, samples)
        templates = [Template(search.system, anchor, fewer, samples, limits) for anchor in found]
        self._settle_new(clause for template in templates for clause in template.singles())
        cells = [anchor for anchor in found if anchor.call is None]
        within = limits.within()
        self._settle_new(clause for a in cells for clause in obligations(search.system, a, fewer, samples, within))
        self._settle_new(clause for template in templates for clause in template.pairs())
        self._settle_new(clause for template in templates for clause in template.links())
        search.base = len(search.clauses)

    def _settle_new(self, clauses: Iterable[Clause]) -> None:
        search, before = self.search, process_time()
        if before > search.deadline:
            return
        again = [number for number in range(len(search.claims), len(search.clauses)) if number not in self.pool.settled]
        numbers = [n for n in dict.fromkeys(search.number(each) for each in clauses) if n >= len(search.claims)]
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

    def settle_goals(self) -> "Level":
        """Adds candidates until no step breaks a claim, or gives it up: the others are then looked at again, in a level
        of their own, without what rests on it. The level with all that is left."""
        level = self
        while True:
            failed = dict(self.search.failed)
            for number in level.search.open:
                level._settle_goal(number)
            if len(self.search.failed) == len(failed) or not self.search.open:
                return level
            settled = list(level.pool.settled)
            level = Level(self.search, level.at.scope)
            level.start_from(settled)

    def _settle_goal(self, goal: int) -> None:
        """Adds candidates until no step breaks it, or gives it up. It may take its share of the time that is left."""
        search, now = self.search, process_time()
        waiting = sum(number >= goal for number in search.open)
        deadline = now + (search.deadline - now) / max(1, waiting)
        while True:
            answer = self.at.ask([*self.hold, self.broken[goal]], max(deadline, now + GRACE))
            if answer is False:
                return
            if answer is None or process_time() > deadline:
                break
            self.at.smallest()
            if self._exclude(self.at.before(), deadline):
                continue
            if process_time() > deadline:
                break
            cti = self._real_cti(goal)
            step = cti.step.firing.step if cti is not None else "a step"
            name = search.claims[goal].name
            self._give_up(goal, Stuck(f"no clause excludes a state from which {step} breaks {name}", cti))
            return
        self._give_up(goal, Stuck("the time limit"))

    def _give_up(self, goal: int, why: Stuck) -> None:
        self.search.say(f"  {self.search.claims[goal].name} is given up: {why.reason}")
        self.search.failed[goal] = why

    def _exclude(self, state: tuple[State, Setting], deadline: float) -> bool:
        """Candidates that exclude the state, and candidates against what breaks those, until some are inductive."""
        search, pool = self.search, self.pool
        search.counterexamples += 1
        first = self._against(state, FIRST_MANY, FIRST_SPREAD)
        extra = dict.fromkeys(first, 0)
        for depth in range(1, DEPTH + 1):
            alive = dict.fromkeys(pool.inductive(extra, self.hold, deadline))
            won = [number for number in first if number in alive]
            search.say(
                f"  {len(first)} clauses against a state, {len(extra)} with those for them: {len(won)} inductive"
            )
            if won:
                pool.settle(alive)
                return True
            if process_time() > deadline or not self._support(extra, alive, depth, deadline):
                break
        return False

    def _support(self, extra: dict[int, int], alive: Collection[int], depth: int, deadline: float) -> bool:
        """Adds candidates against states from which a step breaks some of those that fail although all the others are
        assumed, the earliest first. One that breaks from a state that nothing excludes is given up."""
        asked, new, given_up = set[tuple[State, Setting]](), dict[int, None](), set[int]()
        cost = self.search.clauses
        for number in sorted(extra, key=lambda number: (extra[number], cost[number].cost, number)):
            if len(asked) >= FRONT or process_time() > deadline:
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
        found = excluding(
            search.system, self.at.scope, state, search.batches, many=many, spread=spread, regions=search.regions
        )
        numbers = list(dict.fromkeys(search.number(clause) for clause in found))
        for number in numbers:
            self.pool.add(number, search.clauses[number])
        new = [number for number in numbers if number >= len(search.claims)]
        return [number for number in new if not self.at.agrees(self.pool.guards([number]))]

    def _real_cti(self, goal: int) -> Cti | None:
        """A real counterexample to induction of the claim with all that is known."""
        search = self.search
        real = Steps(search.system, search.rel, self.at.scope, search.when, real=True)
        pool = Pool(real, real, real)
        for number in (*search.open, *self.pool.settled):
            pool.add(number, search.clauses[number])
        if not real.ask([*pool.guards((*search.open, *self.pool.settled)), pool.violation_of(goal)], search.deadline):
            return None
        real.smallest()
        state, setting = real.before()
        return Cti(search.claims[goal].name, real.scope, state, real.firing(), setting)

    def unsettled(self) -> "Level":
        """The same scope with the same clauses, none of them settled."""
        level = Level(self.search, self.at.scope)
        for number in self.pool.settled:
            level.pool.add(number, self.search.clauses[number])
        return level

    def needed(self, goal: int, among: Sequence[int]) -> list[int]:
        """Few of the clauses, with which the claim is inductive: every one is needed at this scope. Other claims may be
        among them. Of an unsettled level."""
        pool, hold = self.pool, self.pool.guards([goal])
        all_of_them = [*among, *(number for number in self.search.open if number != goal)]
        chosen = dict.fromkeys(pool.needed(self.broken[goal], all_of_them, hold) or ())
        pending = list(chosen)
        while pending:
            target = pool.violation_of(pending.pop())
            for assumed in ([*chosen], all_of_them):
                found = pool.needed(target, assumed, hold)
                if found is not None:
                    pending += [number for number in found if number not in chosen]
                    chosen |= dict.fromkeys(found)
                    break
        return self._fewer(goal, list(chosen))

    def _fewer(self, goal: int, numbers: list[int]) -> list[int]:
        """Leaves out each that the rest can do without, the dearest first."""
        kept, hold, pool = numbers, self.pool.guards([goal]), self.pool
        for number in sorted(numbers, key=lambda number: (-self.search.clauses[number].cost, number)):
            rest = [each for each in kept if each != number]
            alive = pool.inductive(rest, hold, self.search.deadline)
            if not pool.at.satisfiable([*hold, *pool.guards(alive), self.broken[goal]]):
                kept = alive
        return kept
