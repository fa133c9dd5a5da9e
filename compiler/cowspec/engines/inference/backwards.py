"""Backwards from claims that steps break: what they need, what that needs, and clauses against what breaks it.

In: a `Level`. Out: one in which no step breaks a claim that is not given up.

Candidates are assumed, all at once, before any of them is known to be inductive. An unsatisfiable core says which of
them the claim rests on, another which of them each of these rests on, and so on. Where one of these is broken by a step
even so, the smallest state from which it is is described, and clauses that exclude that state become candidates, too
(`describing.py`); if there is none, it is no candidate any longer. What needs nothing that is broken is inductive.
So nothing is asked of candidates that the claim has no use for, and no guess has to be taken back by hand. Of the
clauses against a state those that are inductive as things are are settled at once; only where none is, they are
guesses. One that a step breaks from state after state is let go of.
"""

from time import process_time

from cowspec.engines.inference.describing import excluding
from cowspec.engines.inference.search import GRACE, Level, Stuck
from cowspec.system.ir import Setting, State

DEPTH = 8
"""A candidate against a state that breaks a candidate that ... breaks the claim: so often."""

MANY, SPREAD = 40, 8
"""Clauses against one state: at most so many, and how much dearer than the cheapest."""

SHARE = 6
"""Of the counterexamples that a claim is pursued for, one in so many may be against one candidate. If a step breaks it
even then, it is let go of, and what was found for it: such a one is mostly false, although no sample contradicts it."""

FRONT = 6
"""So many broken candidates are looked at before the cores are asked for again."""


def settle_goals(level: Level) -> Level:
    """Settles candidates until no step breaks a claim, or gives it up: the others are then looked at again, in a level
    of their own, without what rests on it. The level with all that is left."""
    search = level.search
    while True:
        count = len(search.failed)
        for goal in search.open:
            now = process_time()
            waiting = sum(number >= goal for number in search.open)
            pursuit = _Pursuit(level, goal, now + (search.deadline - now) / max(1, waiting))
            is_settled = pursuit.run()
            if not is_settled:
                unfinished = TOO_MANY if pursuit.is_tired else TOO_LATE
                why = search.failed[goal] = unfinished if is_settled is None else _stuck(level, goal)
                search.say(f"  {search.claims[goal].name} is given up: {why.reason}")
        if len(search.failed) == count or not search.open:
            return level
        level = level.again()


TOO_LATE = Stuck("the time limit")
TOO_MANY = Stuck("too many counterexamples to induction")


def _stuck(level: Level, goal: int) -> Stuck:
    cti = level.real_cti(goal)
    step = cti.step.firing.step if cti is not None else "a step"
    return Stuck(f"no clause excludes a state from which {step} breaks {level.search.claims[goal].name}", cti)


def _written(level: Level, goal: int) -> list[int]:
    """Of the written lemmas that are not settled: those limited to the settings of the claim."""
    search = level.search
    mine = search.settings(search.claims[goal].when)
    return [
        number
        for number in level.pool.unsettled()
        if number in search.written and search.settings(search.written[number].when) == mine
    ]


class _Pursuit:
    """`depths`: the candidates, each with how far it is from the claim; `made_for`: those for whose sake others are;
    `states`: against each so many were found that no inductive clause excludes; `count`: states in all."""

    def __init__(self, level: Level, goal: int, deadline: float) -> None:
        self.level, self.goal, self.deadline = level, goal, deadline
        self.depths = dict.fromkeys(_written(level, goal), 0)
        self.made_for: dict[int, list[int]] = {}
        self.states: dict[int, int] = {}
        self.count = 0
        self.dropped: set[int] = set()

    @property
    def is_tired(self) -> bool:
        return self.count > self.level.search.patience

    def run(self) -> bool | None:
        """No step breaks the claim any more; False: from some state that no clause excludes; None: out of time, or of
        patience."""
        at, hold = self.level.at, self.level.hold
        while True:
            answer = at.ask([*hold, self.level.broken[self.goal]], max(self.deadline, process_time() + GRACE))
            if answer is False:
                return True
            if answer is None or self.is_tired or process_time() > self.deadline:
                return None
            broken, closure = self._closure()
            if not broken:
                self._settle(closure)
            elif not self._exclude(broken):
                return False

    def _closure(self) -> tuple[list[int], list[int]]:
        """Candidates that the claim rests on: those that a step breaks, and all."""
        pool, hold = self.level.pool, self.level.hold
        closure, broken = {self.goal: None}, list[int]()
        pending = [self.goal]
        while pending and len(broken) < FRONT and process_time() < self.deadline:
            number = pending.pop(0)
            target = self.level.broken[number] if number == self.goal else pool.violation_of(number)
            needed = pool.needed(target, list(self.depths), hold)
            if needed is None:
                broken.append(number)
                if number == self.goal:
                    break
                continue
            pending += [each for each in needed if each not in closure]
            closure |= dict.fromkeys(needed)
        del closure[self.goal]
        return broken, list(closure)

    def _settle(self, closure: list[int]) -> None:
        """Assumes those that are inductive; all are, but for what is false in a start state."""
        pool = self.level.pool
        alive = pool.inductive(closure, self.level.hold, self.deadline)
        for number in closure:
            del self.depths[number]
        self.dropped |= set(closure) - set(alive)
        pool.settle(alive)

    def _exclude(self, broken: list[int]) -> bool:
        """New candidates against states from which steps break these; what none excludes is dropped. False if that is
        the claim itself."""
        asked = set[tuple[State, Setting]]()
        for number in broken:
            if number != self.goal and number not in self.depths:
                continue
            depth = self.depths.get(number, -1) + 1
            state = self._before(number)
            if state is None or state in asked:
                continue
            asked.add(state)
            self.count += 1
            is_guess = number != self.goal and number not in self.level.search.written
            is_hopeless = is_guess and self.states.get(number, 0) >= self.level.search.patience // SHARE
            found = [] if is_hopeless or depth > DEPTH else self._against(state)
            self.level.search.say(
                f"  {len(found)} clauses against a state from which a step breaks"
                f" {self._named(number)}, {len(self.depths)} candidates"
            )
            if self._is_excluded(found):
                continue
            self.states[number] = self.states.get(number, 0) + 1
            if found:
                new = [each for each in found if each not in self.depths]
                self.depths |= dict.fromkeys(new, depth)
                self.made_for[number] = [*self.made_for.get(number, ()), *new]
            elif number == self.goal:
                return False
            else:
                self._let_go(number)
        return True

    def _is_excluded(self, found: list[int]) -> bool:
        """Settles what is inductive of the clauses as things are: no guess is needed then."""
        alive = self.level.pool.inductive(found, self.level.hold, self.deadline)
        for number in alive:
            self.depths.pop(number, None)
        self.level.pool.settle(alive)
        return bool(alive)

    def _let_go(self, number: int) -> None:
        """This is no candidate any longer, nor what was found for its sake; that may be found again for another's."""
        self.dropped.add(number)
        pending = [number]
        while pending:
            each = pending.pop()
            self.depths.pop(each, None)
            pending += self.made_for.pop(each, ())

    def _named(self, number: int) -> str:
        search = self.level.search
        if number in search.written:
            return search.written[number].name
        if number < len(search.claims):
            return search.claims[number].name
        return f"number {number}, {self.depths[number]} steps away"

    def _before(self, number: int) -> tuple[State, Setting] | None:
        """A state from which a step breaks the clause, although all candidates are assumed."""
        level = self.level
        guards = level.pool.guards(each for each in self.depths if each != number or number == self.goal)
        own = level.pool.guards([number])
        target = level.pool.violation_of(number)
        if not level.at.ask([*level.hold, *guards, *own, target], self.deadline):
            return None
        level.at.smallest()
        level.search.counterexamples += 1
        return level.at.before()

    def _against(self, state: tuple[State, Setting]) -> list[int]:
        level, search = self.level, self.level.search
        clauses = excluding(
            search.system, level.at.scope, state, search.batches, many=MANY, spread=SPREAD, regions=search.regions
        )
        numbers = list(dict.fromkeys(search.number(clause) for clause in clauses))
        for number in numbers:
            level.pool.add(number, search.clauses[number])
        new = [number for number in numbers if number >= len(search.claims) and number not in self.dropped]
        return [number for number in new if not level.at.agrees(level.pool.guards([number]))]
