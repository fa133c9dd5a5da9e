"""Lemmas for a property: searched, proved, made as few as possible.

In: a system, the names of the properties, a formula over switches. Out: `Inferred`: the lemmas with which the ordinary
prover proves the properties, none of which it can do without; or how far the search came.

Nothing that the search says is believed: what it found goes to `engines/induction/` as lemmas of the model, like any
that an author wrote, and what that says is the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from time import process_time

from cowspec.engines.induction.prove import InductionResult, prove
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.cover import Instances, instances
from cowspec.engines.inference.sampling import sample
from cowspec.engines.inference.search import Level, Search, Stuck, begin
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import Scope, System
from cowspec.system.slicing import slice_system
from cowspec.system.switches import settings_of
from cowspec.verdict import Limits, Proved, Unknown

VISITS = 9_000
KEPT = 30_000
"""Of each of the two scopes that are sampled: visited states, and samples kept."""

SETTINGS = 6
"""Samples are taken under at most so many of the settings, spread evenly."""

OBLIGATION_SECONDS = 10.0
"""For one obligation of a proof with found lemmas: what takes longer is no lemma to keep."""


FIRST_SECONDS = 1.0
"""The same before anything was searched: a proof that needs no lemma is mostly quick."""

FEW_SORTS = 2
"""Models with no more sorts are searched with four elements of each of them, too."""

FEW = 3_000
"""Samples of each scope that a candidate is compared with first."""


@dataclass(frozen=True, slots=True)
class FoundLemma:
    """`prop`: the lemma as a property of the system. `literals`: how many. `reason`: what it was found for."""

    prop: ir.Property
    literals: int
    reason: str


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took: samples compared with, counterexamples to induction met, lemmas tried in all, seconds."""

    samples: int
    counterexamples: int
    tried: int
    seconds: float


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
    from_scratch: bool,
    samples: Callable[[], list[Instances]],
    say: Callable[[str], None] = lambda _: None,
) -> Inferred:
    """Searches for at most so many seconds of processor time. `limits`: of the prover, and the seed of everything.
    `from_scratch`: without the lemmas of the model. `samples`: `reachable` states, made when they are needed."""
    began = process_time()
    settings = settings_of(system, when)
    single = settings[0] if len(settings) == 1 else None
    if len(settings) == 1:
        system = replace(slice_system(system, settings[0]), switches=())
        settings, when = ((),), ir.TRUE
    base = _without_lemmas(system) if from_scratch else system
    bounds = replace(limits, timeout=min(limits.timeout, OBLIGATION_SECONDS))
    first = prove(base, goals, when, replace(bounds, timeout=min(bounds.timeout, FIRST_SECONDS)))
    say(f"a first try at the proof: {process_time() - began:.1f} s")
    if _all_proved(first):
        return Inferred(first.verdicts, (), None, Effort(0, 0, 0, process_time() - began))
    given = [name for name in first.inductive if any(p.name == name and name not in goals for p in base.properties)]
    batches = samples()
    compared = sum(each.batch.count for each in batches)
    say(f"{compared} samples: {process_time() - began:.1f} s")
    search = begin(base, goals, given, when, batches, began + seconds, say)
    few = [instances(each.batch.thinned(FEW)) for each in batches]
    result, stuck, found = first, None, list[int]()
    for number, scope in enumerate(_scopes(base)):
        level = Level(search, scope)
        if not level.is_met():
            continue
        if number == 0:
            level.from_templates(few)
        else:
            level.start_from(search.known)
        stuck = level.settle_goals()
        search.known = list(level.pool.settled)
        say(f"at {_text(scope)}: {len(search.known)} known, {process_time() - began:.1f} s")
        if stuck is not None or (number == 0 and _has_more(base)):
            if stuck is not None:
                break
            continue
        found = level.needed()
        result = prove(_with_lemmas(base, search, found), goals, when, bounds)
        verdict = "proved" if _all_proved(result) else "not yet proved"
        say(f"{len(found)} lemmas: {verdict}, {process_time() - began:.1f} s")
        for failure in result.failures:
            say(f"  {failure.conjunct} fails at {failure.step} {failure.reason} {' '.join(failure.lost)}")
        if _all_proved(result):
            break
    if _all_proved(result):
        found = _used(found, result)
    elif stuck is None:
        stuck = Stuck("what is inductive at the scopes searched is not at any size")
    effort = Effort(compared, search.counterexamples, len(search.clauses), process_time() - began)
    made = _named(search, found, {p.name for p in system.properties})
    if stuck is not None and stuck.cti is not None and single is not None:
        stuck = replace(stuck, cti=replace(stuck.cti, setting=single))
    return Inferred(result.verdicts, made, None if _all_proved(result) else stuck, effort)


def reachable(system: System, when: ir.Formula, seed: int) -> list[Instances]:
    """Samples of the reachable states under settings that satisfy `when`."""
    settings = settings_of(system, when)
    if len(settings) == 1:
        system = replace(slice_system(system, settings[0]), switches=())
        settings = ((),)
    step = max(1, len(settings) // SETTINGS)
    chosen = settings[::step][:SETTINGS]
    found = (
        Batch(system, scope, sample(system, scope, chosen, seed, visits=VISITS, kept=KEPT))
        for scope in _sampled_scopes(system)
    )
    return [instances(batch) for batch in found if batch.count]


def _used(numbers: Sequence[int], result: InductionResult) -> list[int]:
    """Those of the lemmas that the proof uses."""
    used: set[str] = set()
    for _, verdict in result.verdicts:
        if isinstance(verdict, Proved):
            used.update(getattr(verdict.evidence, "conjuncts", ()))
    return [number for number in numbers if _name(number) in used]


def _all_proved(result: InductionResult) -> bool:
    return all(isinstance(verdict, Proved) for _, verdict in result.verdicts)


def _without_lemmas(system: System) -> System:
    return replace(system, properties=tuple(p for p in system.properties if p.kind is not PropertyKind.LEMMA))


def _with_lemmas(system: System, search: Search, numbers: Sequence[int]) -> System:
    """The system with the goals, its own lemmas, and these; other properties would only cost time."""
    own = tuple(p for p in system.properties if p.kind is PropertyKind.LEMMA or p.name in search.goals)
    return replace(system, properties=(*(_property(search, number) for number in numbers), *own))


def _name(number: int) -> str:
    return f"found_{number}"


def _property(search: Search, number: int) -> ir.Property:
    span = next(p.span for p in search.system.properties if p.name in search.goals)
    return ir.Property(PropertyKind.LEMMA, _name(number), None, search.clauses[number].formula, False, (), span=span)


def _named(search: Search, numbers: Sequence[int], taken: set[str]) -> tuple[FoundLemma, ...]:
    """Named after the property, with a number, those first that say least."""
    options = (f"{search.goals[0]}_{number}" for number in count(1))
    free = (name for name in options if name not in taken)
    ordered = sorted(numbers, key=lambda number: (search.clauses[number].cost, number))
    return tuple(
        FoundLemma(
            replace(_property(search, number), name=name, text="found"),
            search.clauses[number].literals,
            "a template" if number < search.base else "a counterexample to induction",
        )
        for number, name in zip(ordered, free, strict=False)
    )


# ---- scopes --------------------------------------------------------------------------------------------------------


def _scope(system: System, sizes: dict[str, int], default: int) -> Scope:
    return tuple((sort, sizes.get(sort, default)) for sort in system.sorts)


def _sampled_scopes(system: System) -> list[Scope]:
    """Two of each sort; and more CPUs and pages, but few of the rest."""
    first = _scope(system, {"Page": 3, "Gup": _gups(system)}, 2)
    second = _scope(system, {"Cpu": 3, "Page": 4, "Va": 1, "Mm": 3, "Value": 2, "Gup": 2}, 3)
    return [first, second, *_uneven(system)]


def _uneven(system: System) -> list[Scope]:
    """Of models with few sorts four elements of one, and three of the others: sorts of one size look alike."""
    if len(system.sorts) > FEW_SORTS:
        return []
    return list(dict.fromkeys([*(_scope(system, {sort: 4}, 3) for sort in system.sorts), _scope(system, {}, 4)]))


def _gups(system: System) -> int:
    """References are many only where some step takes one."""
    return 2 if any(step.name in ("vmsplice", "get_for_write", "pin_for_read") for step in system.steps) else 1


def _scopes(system: System) -> list[Scope]:
    """Growing; what is known at one is tried at the next."""
    found = [
        _scope(system, {"Va": 1, "Gup": 1}, 2),
        _scope(system, {"Page": 3, "Mm": 3, "Gup": 2}, 2),
        _scope(system, {"Cpu": 3, "Page": 3, "Mm": 3, "Va": 1, "Value": 2, "Gup": 2}, 3),
        *_uneven(system),
    ]
    return list(dict.fromkeys(found))


def _has_more(system: System) -> bool:
    return len(_scopes(system)) > 1


def _text(scope: Scope) -> str:
    return ", ".join(f"{sort}={size}" for sort, size in scope)
