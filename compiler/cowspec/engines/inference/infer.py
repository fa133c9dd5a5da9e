"""Lemmas for a property: searched, proved, made as few as possible.

In: a system, the names of the properties, a formula over switches. Out: `Inferred`: the lemmas with which the ordinary
prover proves the properties, none of which it can do without; or how far the search came.

Nothing that the search says is believed: what it found goes to `engines/induction/` as lemmas of the model, like any
that an author wrote, and what that says is the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, islice
from time import process_time

from cowspec.engines.beside import Beside, when_asked
from cowspec.engines.inference.backwards import TOO_LATE, settle_goals
from cowspec.engines.inference.candidates import Candidates
from cowspec.engines.inference.claims import Claim, union
from cowspec.engines.inference.clauses import Clause
from cowspec.engines.inference.cover import instances
from cowspec.engines.inference.proofs import Proofs
from cowspec.engines.inference.reached import Samples
from cowspec.engines.inference.scopes import growing_scopes, text_of
from cowspec.engines.inference.search import Level, Search, Stuck, begin
from cowspec.engines.inference.templates import Regions
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import Setting, System
from cowspec.system.lemmas import Written, with_written
from cowspec.system.slicing import slice_system
from cowspec.system.switches import settings_of
from cowspec.verdict import Limits, Proved, Unknown

NOT_AT_ANY_SIZE = Stuck("what is inductive at the scopes searched is not at any size")

ROUNDS = ((False, 30), (True, 1_000))
"""Of searches for what is open: with wide templates, too, or without them; for how many counterexamples to induction
each claim is pursued at a scope. What a round finds is known in the next."""

PASSES = 2
"""At so many scopes proofs are tried with the written lemmas alone."""

FEW = 2_000
"""Samples of each scope that a candidate is compared with first."""


@dataclass(frozen=True, slots=True)
class FoundLemma:
    """`prop`: the lemma as a property of the system. `literals`: how many. `reason`: what it was found for."""

    prop: ir.Property
    literals: int
    reason: str


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took: samples compared with, counterexamples to induction met, lemmas tried in all; seconds by the clock
    until this was proved, or given up, and of all processors until then."""

    samples: int
    counterexamples: int
    tried: int
    seconds: float
    processor: float = 0.0


@dataclass(frozen=True, slots=True)
class Inferred:
    """`verdicts`: of the ordinary prover, with the lemmas. `lemmas`: what was found; if all is proved, none can be left
    out. `stuck`: what the search ended with, if it did not come to an end."""

    verdicts: tuple[tuple[str, Proved | Unknown], ...]
    lemmas: tuple[FoundLemma, ...]
    stuck: Stuck | None
    effort: Effort

    @property
    def is_proved(self) -> bool:
        return all(isinstance(verdict, Proved) for _, verdict in self.verdicts)


def infer(
    system: System,
    goals: Sequence[str],
    when: ir.Formula,
    limits: Limits,
    *,
    seconds: float,
    written: Written,
    say: Callable[[str], None] = lambda _: None,
) -> Inferred:
    """The goals together, all under the settings of `when`. See `infer_all`."""
    claims = [Claim(name, when) for name in goals]
    each = infer_all(system, claims, limits, seconds=seconds, written=written, say=say)
    lemmas = {lemma.prop.name: lemma for found in each for lemma in found.lemmas}
    return Inferred(
        tuple(verdict for found in each for verdict in found.verdicts),
        tuple(lemmas.values()),
        next((found.stuck for found in each if found.stuck is not None), None),
        each[-1].effort,
    )


def infer_all(
    system: System,
    claims: Sequence[Claim],
    limits: Limits,
    *,
    seconds: float,
    written: Written,
    say: Callable[[str], None] = lambda _: None,
    beside: Beside = when_asked,
) -> tuple[Inferred, ...]:
    """For each claim what proves it; one search for all of them, for at most so many seconds of processor time, without
    what is done `beside` it. `limits`: of the prover, and the seed of everything. `written`: the lemmas that may be
    used."""
    began = process_time()
    system, claims, single = _sliced(system, claims)
    base = with_written(system, written)
    proofs = Proofs(base, limits, beside)
    samples = Samples(base, claims, limits.seed, beside)
    proofs.begin(claims)
    if any(prop.kind is PropertyKind.LEMMA for prop in base.properties):
        _from_written(begin(base, claims, (), [], began + seconds, say), proofs)
    say(f"without a search {len(proofs.done)} proofs go through: {proofs.passed():.1f} s")
    run = _Run(proofs, samples, began + seconds, say, _Names({prop.name for prop in system.properties}))
    if not all(map(proofs.is_done, claims)):
        for is_wide, patience in ROUNDS:
            run.search([claim for claim in claims if not proofs.is_done(claim)], patience, is_wide=is_wide)
    samples.drop()
    effort = Effort(samples.count, run.counterexamples, run.tried, proofs.passed(), proofs.worked())
    return tuple(_outcome(claim, run, effort, single) for claim in claims)


@dataclass(slots=True)
class _Run:
    """Searches, one after the other, for what no earlier one has proved: so no claim waits for a harder one. `lemmas`:
    of each claim that a search has come to, proved or not; `stuck`: how the last search for it ended; `known`: what the
    last search knew in the end."""

    proofs: Proofs
    samples: "Samples"
    deadline: float
    say: Callable[[str], None]
    names: "_Names"
    lemmas: dict[Claim, tuple[FoundLemma, ...]] = field(default_factory=dict)
    stuck: dict[Claim, Stuck] = field(default_factory=dict)
    known: list[Clause] = field(default_factory=list)
    counterexamples: int = 0
    tried: int = 0

    def search(self, claims: Sequence[Claim], patience: int, *, is_wide: bool) -> None:
        if not claims or process_time() > self.deadline:
            return
        batches = self.samples.of(claims)
        self.say(f"{self.samples.count} samples: {self.proofs.passed():.1f} s")
        search = begin(self.proofs.base, claims, self.proofs.given(), batches, self.deadline, self.say)
        search.patience = patience
        found = _searched(search, self.proofs, self.known, is_wide=is_wide)
        self.known = [search.clauses[number] for number in search.known]
        for goal, claim in enumerate(claims):
            self.lemmas[claim] = self.names.named(search, claim, found.get(claim, []))
            self.stuck[claim] = search.failed.get(goal, NOT_AT_ANY_SIZE)
        self.counterexamples += search.counterexamples
        self.tried += len(search.clauses)


def _searched(search: Search, proofs: Proofs, known: Sequence[Clause], *, is_wide: bool) -> dict[Claim, list[int]]:
    """Searches at growing scopes, and proves what is inductive there. Of each claim the lemmas. `known`: by an earlier
    search."""
    found: dict[Claim, list[int]] = {}
    few = [instances(each.batch.thinned(FEW)) for each in search.batches]
    scopes = growing_scopes(search.system)
    candidates = Candidates(search, few, proofs.beside)
    for number, scope in enumerate(scopes):
        level = Level(search, scope, larger=scopes[number + 1] if number + 1 < len(scopes) else ())
        if not level.is_met():
            continue
        if number == 0:
            level.start_from([search.number(clause) for clause in known])
            for stages in candidates.of(level)[: 1 + is_wide]:
                level.settle(stages)
        else:
            level.start_from(search.known)
            level.settle_written()
        level = settle_goals(level)
        search.known = list(level.pool.settled)
        search.say(f"at {text_of(scope)}: {len(search.known)} known, {proofs.passed():.1f} s")
        if not search.open:
            break
        if number > 0 or len(scopes) == 1:
            _prove_open(search, level.unsettled(), proofs, found)
            if all(proofs.is_done(search.claims[goal]) for goal in search.open):
                break
    candidates.drop()
    return found


def _from_written(search: Search, proofs: Proofs) -> None:
    """Proves the claims that need no more than the written lemmas, line by line. What is inductive at the first scope,
    but not proved with what is needed there, is tried again at the next, with more patience."""
    levels = (Level(search, scope) for scope in growing_scopes(search.system))
    open_ = search.open

    def is_done(goal: int) -> bool:
        return proofs.is_done(search.claims[goal])

    for number, level in enumerate(islice((each for each in levels if each.is_met()), PASSES)):
        written = level.written(Regions((), (), ()))
        level.offer(written)
        kept_by = _kept_by(level, written, [goal for goal in search.open if goal in open_ or is_done(goal)])
        begun = [
            _begin_proof(search, goal, level.needed(goal, kept, list(kept_by)), proofs, is_quick=number == 0)
            for goal, kept in kept_by.items()
            if not is_done(goal)
        ]
        for each in begun:
            each()
        open_ = [goal for goal in kept_by if not is_done(goal)]
        if not open_:
            break


def _kept_by(level: Level, written: Sequence[int], claims: Sequence[int]) -> dict[int, list[int]]:
    """Those of the claims that no step breaks, if none breaks the others; each with what is inductive of the written
    lemmas under its settings."""
    while True:
        found = {
            goal: kept
            for when, goals in _lines(level.search, claims)
            for kept in [level.inductive_under(when, written, claims)]
            for goal in goals
            if level.is_kept_by(goal, kept, claims)
        }
        if len(found) == len(claims):
            return found
        claims = list(found)


def _lines(search: Search, goals: Sequence[int]) -> list[tuple[ir.Formula, list[int]]]:
    """The claims by their settings, the most settings first."""
    found: dict[ir.Formula, list[int]] = {}
    for goal in goals:
        found.setdefault(search.claims[goal].when, []).append(goal)
    return sorted(found.items(), key=lambda line: -len(search.settings(line[0])))


def _prove_open(search: Search, level: Level, proofs: Proofs, found: dict[Claim, list[int]]) -> None:
    """Proves each claim that the search has not given up, with the few clauses that it needs at the scope, else with
    some of all that are known there and that somebody wrote."""

    def end(goal: int, few: list[int], proved: Callable[[], list[int] | None]) -> None:
        used = proved()
        if used is None:
            every = dict.fromkeys([*search.known, *search.written, *(each for each in search.open if each != goal)])
            more = _begin_proof(search, goal, list(every), proofs)()
            used = few if more is None else _fewest(search, proofs, goal, more)
        found[search.claims[goal]] = _unwritten(search, search.claims[goal], used)

    begun: list[Callable[[], None]] = []
    for goal in search.open:
        if not proofs.is_done(search.claims[goal]):
            few = level.needed(goal, search.known)
            begun.append(partial(end, goal, few, _begin_proof(search, goal, few, proofs)))
    for each in begun:
        each()


def _begin_proof(
    search: Search, goal: int, numbers: Sequence[int], proofs: Proofs, *, is_quick: bool = False
) -> Callable[[], list[int] | None]:
    """Begins a proof of the claim with all of the clauses. Its result: those of them that it uses; None if it does not
    go through."""
    claim = search.claims[goal]
    properties = {number: _property(search, claim, number) for number in numbers}
    proof = proofs.begin_proof(claim, list(dict.fromkeys(properties.values())), is_quick=is_quick)

    def used() -> list[int] | None:
        result, seconds = proof()
        is_proved = all(isinstance(verdict, Proved) for _, verdict in result.verdicts)
        said = "proved" if is_proved else "not yet proved"
        search.say(f"{claim.name}: {len(numbers)} lemmas: {said}, {seconds:.1f} s")
        for failure in result.failures:
            search.say(f"  {failure.conjunct} fails at {failure.step} {failure.reason} {' '.join(failure.lost)}")
        if not is_proved:
            return None
        names = {
            name
            for _, verdict in result.verdicts
            if isinstance(verdict, Proved)
            for name in getattr(verdict.evidence, "conjuncts", ())
        }
        return [number for number, prop in properties.items() if prop.name in names]

    return used


def _unwritten(search: Search, claim: Claim, numbers: Sequence[int]) -> list[int]:
    """Without what somebody wrote."""
    return [number for number in numbers if _property(search, claim, number).name == _name(number)]


def _fewest(search: Search, proofs: Proofs, goal: int, numbers: list[int]) -> list[int]:
    """Of lemmas with which the claim is proved those that the prover needs, the dearest left out first."""
    kept = numbers
    dearest = sorted(numbers, key=lambda number: (-search.clauses[number].cost, number))
    for number in _unwritten(search, search.claims[goal], dearest):
        if number in kept:
            kept = _begin_proof(search, goal, [each for each in kept if each != number], proofs)() or kept
    return kept


def _outcome(claim: Claim, run: _Run, effort: Effort, single: Setting | None) -> Inferred:
    """The verdict of the prover, with the lemmas; how the search for this claim ended, if it did not succeed."""
    verdicts, lemmas = run.proofs.verdicts(claim), run.lemmas.get(claim, ())
    if run.proofs.is_done(claim):
        seconds, processor = run.proofs.done[claim]
        return Inferred(verdicts, lemmas, None, replace(effort, seconds=seconds, processor=processor))
    stuck = run.stuck.get(claim, TOO_LATE)
    if stuck.cti is not None and single is not None:
        stuck = replace(stuck, cti=replace(stuck.cti, setting=single))
    return Inferred(verdicts, lemmas, stuck, effort)


def _sliced(system: System, claims: Sequence[Claim]) -> tuple[System, list[Claim], Setting | None]:
    """Under one setting only: the slice of the system, and that setting."""
    settings = settings_of(system, union(claims))
    if len(settings) != 1:
        return system, list(claims), None
    sliced = replace(slice_system(system, settings[0]), switches=())
    return sliced, [Claim(claim.name, ir.TRUE) for claim in claims], settings[0]


def _name(number: int) -> str:
    return f"found_{number}"


def _property(search: Search, claim: Claim, number: int) -> ir.Property:
    """The clause as a lemma; as itself, where the claim is made, what the model has as a property."""
    own = search.claims[number] if number < len(search.claims) else search.written.get(number)
    properties = {prop.name: prop for prop in search.system.properties}
    if own is not None and search.settings(claim.when) <= search.settings(own.when):
        return properties[own.name]
    formula, span = search.clauses[number].formula, properties[claim.name].span
    return ir.Property(PropertyKind.LEMMA, _name(number), None, formula, False, (), span=span)


def _reason(search: Search, number: int) -> str:
    if number in search.written:
        return "a lemma of the library, under some settings"
    return "a template" if number < search.base else "a counterexample to induction"


class _Names:
    """Names of the lemmas: after the first property that needs them, with a number."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)
        self._of: dict[ir.Formula, str] = {}

    def named(self, search: Search, claim: Claim, numbers: Sequence[int]) -> tuple[FoundLemma, ...]:
        """Those first that say least."""
        ordered = sorted(numbers, key=lambda number: (search.clauses[number].cost, number))
        return tuple(
            FoundLemma(
                replace(_property(search, claim, number), name=self._name(search, claim, number), text="found"),
                search.clauses[number].literals,
                _reason(search, number),
            )
            for number in ordered
        )

    def _name(self, search: Search, claim: Claim, number: int) -> str:
        formula = search.clauses[number].formula
        if formula not in self._of:
            options = (f"{claim.name}_{k}" for k in count(1))
            self._of[formula] = next(name for name in options if name not in self._taken)
            self._taken.add(self._of[formula])
        return self._of[formula]
