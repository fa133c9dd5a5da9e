"""The search for lemmas: an inductive base from templates, then backwards from what still breaks the goals.

In: a system, what is claimed of it, samples. Out: clauses that are inductive together with the claims at some scopes;
or how far the search came. Nothing found here is trusted: the prover judges it (`engines/induction/prove.py`).

1. Candidates are the lemmas that somebody wrote, and what the structure of the model suggests (`candidates.py`), the
   simple first, and no more once no step breaks a goal; what is inductive among them at the first scope is known from
   then on (`houdini.py`).
2. While a step breaks a goal: backwards from it, by clauses that exclude the states that it is broken from
   (`backwards.py`).
3. The same at larger scopes, from what is known at the smaller ones, and the written lemmas.
4. Of all that is known, what the goals need is found by unsatisfiable cores, and made as little as possible.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import process_time

from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import translate
from cowspec.engines.inference.atoms import Atom
from cowspec.engines.inference.claims import Claim, guarded, regions, union, whole
from cowspec.engines.inference.clauses import Clause
from cowspec.engines.inference.cover import Instances
from cowspec.engines.inference.houdini import Pool
from cowspec.engines.inference.stepping import Steps
from cowspec.engines.inference.templates import Regions
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.switches import holds, settings_of
from cowspec.verdict import Cti

GRACE = 10.0
"""Seconds to ask whether a step breaks a claim, whatever the time limit."""

AGAIN = 60.0
"""The same, for which of the clauses that are known at a scope are inductive at another, or without a claim."""


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
    templates or are claims; `written`: those that somebody wrote as lemmas, each with the settings under which it is
    tried; `patience`: for so many counterexamples to induction a claim is pursued at a scope."""

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
    written: dict[int, Claim] = field(default_factory=dict)
    base: int = 0
    counterexamples: int = 0
    patience: int = 1_000
    _number: dict[ir.Formula, int] = field(default_factory=dict)
    _settings: dict[ir.Formula, frozenset[Setting]] = field(default_factory=dict)

    def number(self, clause: Clause) -> int:
        """The clause's number; a new one if it was never seen."""
        formula = clause.formula
        if formula not in self._number:
            self._number[formula] = len(self.clauses)
            self.clauses.append(clause)
        return self._number[formula]

    def settings(self, when: ir.Formula) -> frozenset[Setting]:
        """Those of the claims' settings that satisfy the formula."""
        if when not in self._settings:
            every = settings_of(self.system, self.when)
            self._settings[when] = frozenset(setting for setting in every if holds(when, setting))
        return self._settings[when]

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


Stage = tuple[str, Callable[[], Iterable[Clause]]]
"""A kind of candidates, and what makes them."""


class Level:
    """One scope of the search: a pool, and in it the claims that are not given up, assumed before each step. What says
    something new only at the `larger` scope, if there is one, is kept for it."""

    def __init__(self, search: Search, scope: Scope, like: "Level | None" = None, larger: Scope = ()) -> None:
        self.search = search
        steps = partial(Steps, search.system, search.rel, when=search.when)
        at, states, starts = (None, None, None) if like is None else (like.at, like.pool.states, like.pool.starts)
        self.at: Steps = steps(scope, like=at)
        self._larger = larger
        self.pool: Pool = Pool(
            self.at,
            steps(scope, depth=0, like=states),
            steps(scope, depth=0, start=True, like=starts),
            steps(larger, depth=0, like=None if like is None else like.pool.larger) if larger else None,
        )
        for number in search.open:
            self.pool.add(number, search.clauses[number])
        self.broken = {number: self.pool.violation_of(number) for number in search.open}
        self._implied: list[int] = []

    @property
    def hold(self) -> list[int]:
        return self.pool.guards(self.search.open)

    def is_met(self) -> bool:
        """There is a state at this scope."""
        return self.pool.states.satisfiable(())

    def offer(self, numbers: Iterable[int]) -> None:
        """Makes candidates of these clauses."""
        for number in numbers:
            self.pool.add(number, self.search.clauses[number])

    def start_from(self, numbers: Sequence[int]) -> None:
        """Settles what is inductive of these clauses; the rest are candidates."""
        self.offer(numbers)
        self.pool.settle(self.pool.inductive(numbers, self.hold, process_time() + AGAIN))

    def settle(self, stages: "Sequence[Stage]") -> None:
        """Settles what is inductive of these candidates, until no step breaks a claim."""
        for name, clauses in stages:
            if self.is_broken():
                self._settle_new(name, clauses())
        self.search.base = len(self.search.clauses)

    def settle_written(self) -> None:
        """The same of the written lemmas; what is not inductive of them stays a candidate."""
        clauses = [self.search.clauses[number] for number in self.search.written]
        if clauses and self.is_broken():
            self._settle_new("lemmas", clauses)

    def is_broken(self) -> bool:
        """A step breaks a claim."""
        return any(map(self.breaks, self.search.open))

    def breaks(self, goal: int) -> bool:
        """A step may break the claim."""
        late = max(self.search.deadline, process_time() + GRACE)
        return self.at.ask([*self.hold, self.broken[goal]], late) is not False

    def written(self, limits: Regions) -> list[int]:
        """The written lemmas as clauses, by number: under all settings, and under those of each claim, unless samples
        contradict them."""
        search = self.search
        lines = {search.settings(claim.when) for claim in search.claims}
        chosen = {region for region in limits.every if not region or search.settings(limits.formula(region)) in lines}
        for prop in search.system.properties:
            if prop.kind is PropertyKind.LEMMA:
                for region in (each for each in limits.agreeing(prop.formula) if each in chosen):
                    when = limits.formula(region)
                    number = search.number(whole(search.system, guarded(prop.formula, when)))
                    if number >= len(search.claims):
                        search.written[number] = Claim(prop.name, when)
        return list(search.written)

    def inductive_under(self, when: ir.Formula, among: Sequence[int], claims: Sequence[int]) -> list[int]:
        """Those of the clauses that are inductive together under these settings, if the claims are."""
        hold = self.pool.guards(claims)
        return self.pool.inductive(among, [*hold, self.at.under(when)], self.search.deadline)

    def is_kept_by(self, goal: int, clauses: Sequence[int], claims: Sequence[int]) -> bool:
        """No step breaks the claim under its settings, from states with these clauses and claims."""
        late = max(self.search.deadline, process_time() + GRACE)
        hold = self.pool.guards([*claims, *clauses])
        return self.at.ask([*hold, self._settings_of(goal), self.broken[goal]], late) is False

    def _settings_of(self, goal: int) -> int:
        return self.at.under(self.search.claims[goal].when)

    def _settle_new(self, name: str, clauses: Iterable[Clause]) -> None:
        search, before = self.search, process_time()
        if before > search.deadline:
            return
        again = [number for number in self.pool.unsettled() if number >= len(search.claims)]
        numbers = [n for n in dict.fromkeys(search.number(each) for each in clauses) if n >= len(search.claims)]
        made = process_time()
        every = dict.fromkeys((*again, *numbers))
        open_ = [number for number in every if not self.pool.follows(search.clauses[number])]
        self._implied += [number for number in numbers if number not in set(open_)]
        self.offer(open_)
        left = self.pool.inductive(open_, self.hold, search.deadline)
        kept = self.pool.settle(left)
        search.say(
            f"  {name}: {len(numbers)} candidates, {len(open_)} say something new, {len(left)} are inductive,"
            f" {len(kept)} independent ({made - before:.1f} s and {process_time() - made:.1f} s)"
        )

    def again(self) -> "Level":
        """The same scope, without what rests on claims that were given up since."""
        level = Level(self.search, self.at.scope, like=self, larger=self._larger)
        level.start_from(list(self.pool.settled))
        level.offer([*self.pool.unsettled(), *self._implied])
        return level

    def real_cti(self, goal: int) -> Cti | None:
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
        level = Level(self.search, self.at.scope, like=self)
        level.offer(self.pool.settled)
        return level

    def needed(self, goal: int, among: Sequence[int], claims: Sequence[int] | None = None) -> list[int]:
        """Few of the clauses, with which the claim is inductive under its settings: of those that nobody wrote each is
        needed at this scope. Of the other claims those given may be among them, or all. Of an unsettled level."""
        pool, hold = self.pool, [*self.pool.guards([goal]), self._settings_of(goal)]
        others = self.search.open if claims is None else claims
        every = [*among, *(number for number in others if number != goal)]
        kept = self._closure(goal, every, hold)
        free = [number for number in every if number in self.search.written]
        for number in sorted(set(kept) - set(free), key=lambda number: (-self.search.clauses[number].cost, number)):
            rest = dict.fromkeys([*(each for each in kept if each != number), *free])
            alive = pool.inductive(rest, hold, self.search.deadline)
            if not pool.at.satisfiable([*hold, *pool.guards(alive), self.broken[goal]]):
                kept = alive
        return self._closure(goal, kept, hold) if free else kept

    def _closure(self, goal: int, among: Sequence[int], hold: Sequence[int]) -> list[int]:
        """Those of the clauses that the claim rests on, and that these rest on."""
        pool = self.pool
        chosen = dict.fromkeys(pool.needed(self.broken[goal], among, hold) or ())
        pending = list(chosen)
        while pending:
            target = pool.violation_of(pending.pop())
            for assumed in ([*chosen], among):
                found = pool.needed(target, assumed, hold)
                if found is not None:
                    pending += [number for number in found if number not in chosen]
                    chosen |= dict.fromkeys(found)
                    break
        return list(chosen)
