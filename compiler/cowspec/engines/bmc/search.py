"""Bounded model checking: the shortest run to each target, at growing scopes.

In: a system, targets, the scopes to search in order. Out: for each target a `Refuted` with a replayed trace, else
`NoViolation` (every scope was searched to the full depth) or `Unknown`.

Scopes of about the same number of elements form a group and share one unrolling, in which the sizes of the sorts are
unknowns like the switches. "Can any open target be met within d steps?" is asked of one scope after the other, by
assumptions; what is learnt of one serves the next, and for a scope with no run it costs next to nothing. (One question
for all of them takes two to three times the time, as most of it goes to scopes after the first that has a run.) At its
first scope a run is made shorter until it cannot be. (To ask depth by depth instead takes twice the conflicts.)

Deep searches at many scopes are costly, so a group is searched in several passes, each to a larger depth: in turn t
group g does its pass (t - g) / PACE. A target is done in the first group and pass that meets it.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from logging import getLogger

from cowspec.encode.finite.dead import dead_predicates, distinct, inert_sorts
from cowspec.encode.finite.template import build
from cowspec.encode.relational.formula import Formula as RelFormula
from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import NAMED, translate
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.goals import NO_FAULT, Target, open_cells, questions_of
from cowspec.engines.bmc.sat import NewSat, cadical
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.engines.scopes import elements
from cowspec.evaluate.replay import ReplayError
from cowspec.system.ir import Formula, Scope, System
from cowspec.verdict import Limits, NoViolation, Refuted, Trace, Unknown

PASSES = (8, 10, 12, 14, 17, 20, 25)
"""Depths of the passes before the last, which goes to `Limits.max_steps`."""

SHALLOW = (4, 6)
"""Passes before these where there is one scope only: a short run costs less, and no smaller scope is passed over."""

PACE = 4
"""How many groups further a pass of one group is worth as much as the next pass of a group: most runs are short."""

SPAN = 3
"""How many elements more than the first scope those of the first group may have."""

NOT_SHORTEST = "whether there is a shorter one at this scope is open (time limit)"

LOG = getLogger(__name__)

Replay = Callable[[System, Trace], Trace]
"""Runs a trace in the reference semantics; returns it with notes and states filled in, or raises `ReplayError`."""


Rest = Callable[[Target, Trace], Target | None]


def no_rest(target: Target, trace: Trace) -> None:
    """The run settles all of the target."""


class EncodingDisagrees(Exception):
    """A run found by the encoding is none in the reference semantics. `cause` is what replaying `trace` said."""

    def __init__(self, trace: Trace, cause: ReplayError) -> None:
        super().__init__(f"the run found for {trace.property} cannot be replayed: {cause}")
        self.trace = trace
        self.cause = cause


@dataclass(slots=True)
class _Group:
    """Scopes that are searched together, and how far they were."""

    scopes: tuple[Scope, ...]
    before: int  # scopes in the groups before
    asker: Asker | None = None
    searched: int = -1  # no open target is met within so many steps
    spent: float = 0.0
    gave_up: bool = False


@dataclass(slots=True)
class _Found:
    scope: int  # its number in the group
    trace: Trace
    smaller: str = ""


def search(
    system: System,
    targets: Iterable[Target],
    scopes: Sequence[Scope],
    limits: Limits,
    *,
    replay: Replay,
    rel: RelSystem | None = None,
    new_sat: NewSat = cadical,
    break_symmetry: bool = True,
    rest: Rest = no_rest,
    shortest: bool = True,
) -> dict[Target, Refuted | NoViolation | Unknown]:
    """The verdict on each target over `scopes` (at least one), searched in order. Raises `EncodingDisagrees`. `rest` is
    asked what of a target that was met remains to be searched: a target with the same goal, which gets its own verdict.
    Without `shortest` any run will do.

    `limits.timeout` bounds the time spent on each group of scopes; a group that ran out of it is not searched further,
    and a target met nowhere else is `Unknown`. `NoViolation` speaks of the last scope, to the full depth; it names the
    steps that never fired if that scope is the only one.
    """
    rel = rel or translate(system, NAMED)
    asked = tuple(dict.fromkeys(targets))
    questions = questions_of(system, rel, asked)
    dead = dead_predicates(system, rel)
    asked_about = [question.formula for question in questions]
    inert = inert_sorts(system, rel, dead, asked_about) if len(scopes) > 1 else frozenset[str]()

    def new_asker(of_group: tuple[Scope, ...]) -> Asker:
        cells = open_cells(system) if break_symmetry else None
        template = build(rel, of_group, starting(rel), questions, cells, dead)
        return Asker(system, rel, Unrolling(template, new_sat()))

    groups = _grouped(distinct(scopes, inert))
    return _Search(system, list(asked), limits, replay, rest, shortest, new_asker, groups).run(scopes)


@dataclass(slots=True)
class _Search:
    system: System
    targets: list[Target]
    limits: Limits
    replay: Replay
    rest: Rest
    shortest: bool
    new_asker: Callable[[tuple[Scope, ...]], Asker]
    groups: list[_Group]
    found: dict[Target, _Found] = field(default_factory=dict)

    def run(self, scopes: Sequence[Scope]) -> dict[Target, Refuted | NoViolation | Unknown]:
        bounds = passes(self.limits.max_steps, len(scopes))
        for turn in range(len(self.groups) + PACE * (len(bounds) - 1)):
            for number, group in enumerate(self.groups):
                number_of_pass, rest = divmod(turn - number, PACE)
                is_open = any(target not in self.found for target in self.targets)
                if is_open and rest == 0 and 0 <= number_of_pass < len(bounds) and not group.gave_up:
                    self._search_group(group, bounds[number_of_pass])
        return self._verdicts(scopes)

    def _search_group(self, group: _Group, bound: int) -> None:
        """One pass: each open target at the first scope of the group that has a run within the bound."""
        began = time.process_time()
        deadline = began + self.limits.timeout - group.spent
        LOG.info("%d steps at scope %d of %d", bound, group.before + 1, self.groups[-1].before + 1)
        if group.asker is None:
            group.asker = self.new_asker(group.scopes)
        searched, asker = group.searched, group.asker
        best: dict[Target, _Found] = {}
        while not group.gave_up and any(target not in self.found for target in self.targets):
            best.clear()
            group.gave_up = not self._first_scopes(group, asker, bound, searched, best, deadline)
            if not group.gave_up:
                group.searched = bound
            for target, found in best.items():
                limit = began + 2 * self.limits.timeout
                is_shortest = not self.shortest or self._shorten(asker, bound, target, found, limit)
                found.trace = replayed(self.system, found.trace, self.replay)
                said = (self._smaller(group, found.scope), "" if is_shortest else NOT_SHORTEST)
                found.smaller = "; ".join(part for part in said if part)
                self.found[target] = found
            remaining = [self.rest(target, found.trace) for target, found in best.items()]
            if not any(remaining):
                break
            self.targets += [target for target in remaining if target is not None]
        group.spent += time.process_time() - began

    def _first_scopes(
        self, group: _Group, asker: Asker, bound: int, searched: int, best: dict[Target, _Found], deadline: float
    ) -> bool:
        """Notes for each open target the first scope with a run of more than `searched` steps, and that run. False if
        time ran out."""
        for scope in range(len(group.scopes)):
            given = [asker.at_scope(scope), *asker.under_way(searched + 1)]
            while waiting := [target for target in self.targets if target not in self.found and target not in best]:
                met = asker.ask(bound, waiting, given, deadline)
                if met is None:
                    return False
                if not met:
                    break
                best |= {target: _Found(scope, asker.trace(steps, target)) for target, steps in met.items()}
        return True

    def _shorten(self, asker: Asker, bound: int, target: Target, found: _Found, deadline: float) -> bool:
        """Makes the run as short as any at its scope. False if time ran out."""
        while found.trace.steps:
            given = [asker.at_scope(found.scope), *asker.ended(len(found.trace.steps) - 1)]
            met = asker.ask(bound, [target], given, deadline)
            if not met:
                return met is not None
            found.trace = asker.trace(met[target], target)
        return True

    def _verdicts(self, scopes: Sequence[Scope]) -> dict[Target, Refuted | NoViolation | Unknown]:
        never_fired: dict[Formula, tuple[str, ...]] = {}
        verdicts: dict[Target, Refuted | NoViolation | Unknown] = {}
        for target in self.targets:
            found = self.found.get(target)
            if found is not None:
                verdicts[target] = Refuted(found.trace, found.smaller)
            elif any(group.gave_up for group in self.groups):
                searched = _no_run([(len(group.scopes), group.searched) for group in self.groups], "")
                verdicts[target] = Unknown(f"{searched or 'no step searched'}, then the time limit")
            else:
                if len(scopes) == 1 and target.when not in never_fired:
                    never_fired[target.when] = self._never_fired(target.when)
                verdicts[target] = NoViolation(scopes[-1], self.limits.max_steps, never_fired.get(target.when, ()))
        return verdicts

    def _never_fired(self, when: Formula) -> tuple[str, ...]:
        """At the only scope; empty if that cannot be found out in time."""
        asker = self.groups[0].asker
        assert asker is not None
        deadline = time.process_time() + self.limits.timeout
        return asker.never_fired(when, 0, self.limits.max_steps, deadline) or ()

    def _smaller(self, group: _Group, scope: int) -> str:
        """What was searched before this scope of the group without meeting the target."""
        earlier = [(len(each.scopes), each.searched) for each in self.groups if each.before < group.before]
        return _no_run([*earlier, (scope, group.searched)], "smaller ")


def _grouped(scopes: Sequence[Scope]) -> list[_Group]:
    """The smallest scopes (up to `SPAN` more elements than the first) in one group; then, for each number of elements,
    one for each size of the first sort. More scopes in one group cost less than as many groups, as long as the largest
    sizes in it, taken together, make no large scope."""
    least = elements(scopes[0])

    def together(scope: Scope) -> tuple[int, int]:
        size = elements(scope)
        return (size, scope[0][1]) if size > least + SPAN else (least + SPAN, 0)

    groups: list[_Group] = []
    count = 0
    for _, same in groupby(scopes, together):
        groups.append(_Group(tuple(same), count))
        count += len(groups[-1].scopes)
    return groups


def starting(rel: RelSystem) -> list[RelFormula]:
    """What holds in a start state, beside the switches' axioms."""
    return [*rel.init, *(formula for _, formula in rel.typing), *rel.exact]


def passes(max_steps: int, scopes: int) -> tuple[int, ...]:
    """The depths to which so many scopes are searched, one after the other."""
    bounds = (*SHALLOW, *PASSES) if scopes == 1 else PASSES
    return (*(bound for bound in bounds if bound < max_steps), max_steps)


def replayed(system: System, trace: Trace, replay: Replay) -> Trace:
    """The trace as the reference semantics runs it, which compares the states. What is no property of the system is not
    claimed before it: the end of such a trace is what its formula or its last step says."""
    names = {NO_FAULT, *(each.name for each in system.properties), *(each.name for each in system.facts)}
    claimed = trace if trace.property in names else replace(trace, property="")
    try:
        return replace(replay(system, claimed), property=trace.property)
    except ReplayError as error:
        raise EncodingDisagrees(trace, error) from error


def _no_run(searched: Sequence[tuple[int, int]], which: str) -> str:
    """In words: how many scopes were searched how deep."""
    counts: dict[int, int] = {}
    for scopes, steps in searched:
        if scopes and steps >= 0:
            counts[steps] = counts.get(steps, 0) + scopes
    parts = [
        f"within {steps} step{'s' * (steps != 1)} at the "
        + (f"{count} {which}scopes" if count > 1 else f"one {which}scope")
        for steps, count in sorted(counts.items(), reverse=True)
    ]
    return "no run " + ", ".join(parts) if parts else ""
