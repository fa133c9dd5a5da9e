"""Lemmas for a property: searched, proved, made as few as possible.

In: a system, the names of the properties, a formula over switches. Out: `Inferred`: the lemmas with which the ordinary
prover proves the properties, none of which it can do without; or how far the search came.

Nothing that the search says is believed: what it found goes to `engines/induction.py` as lemmas of the model, like any
that an author wrote, and what that says is the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from time import process_time

from cowspec.engines.induction import InductionResult, prove
from cowspec.engines.inference.cover import Instances
from cowspec.engines.inference.search import Lemma, Search, Stuck, begin, extend, sampled
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

SPARE_SECONDS = 2.0
"""The same for proofs that try to do without a lemma; one that takes longer is no reason to leave it out."""


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
    search = begin(base, goals, given, when, batches, _runs_scope(base), began + seconds, say)
    result, stuck = first, None
    for scopes, real in _stages(base):
        stuck = extend(search, scopes, real=real)
        if stuck is not None:
            break
        found = tuple(search.lemmas.values())
        result = prove(_with_lemmas(base, search, found), goals, when, bounds)
        say(f"{len(found)} lemmas: {'proved' if _all_proved(result) else 'not yet proved'}")
        for failure in result.failures:
            say(f"  {failure.conjunct} fails at {failure.step} {failure.reason} {' '.join(failure.lost)}")
        if _all_proved(result):
            break
    lemmas = tuple(search.lemmas.values())
    if _all_proved(result):
        lemmas, result = minimal(base, search, lemmas, result, goals, when, bounds)
    effort = Effort(compared, search.counterexamples, search.number, process_time() - began)
    made = _named(search, lemmas, {p.name for p in system.properties})
    if stuck is not None and stuck.cti is not None and single is not None:
        stuck = replace(stuck, cti=replace(stuck.cti, setting=single))
    return Inferred(result.verdicts, made, stuck, effort)


def reachable(system: System, when: ir.Formula, seed: int) -> list[Instances]:
    """Samples of the reachable states under settings that satisfy `when`."""
    settings = settings_of(system, when)
    if len(settings) == 1:
        system = replace(slice_system(system, settings[0]), switches=())
        settings = ((),)
    step = max(1, len(settings) // SETTINGS)
    return sampled(system, settings[::step][:SETTINGS], seed, _sampled_scopes(system), visits=VISITS, kept=KEPT)


def minimal(
    base: System,
    search: Search,
    lemmas: tuple[Lemma, ...],
    result: InductionResult,
    goals: Sequence[str],
    when: ir.Formula,
    limits: Limits,
) -> tuple[tuple[Lemma, ...], InductionResult]:
    """Those of the lemmas that the proof needs: leaving out any one breaks it."""
    kept = _used(lemmas, result)
    for lemma in sorted(kept, key=lambda lemma: -lemma.clause.cost):
        if lemma not in kept:
            continue
        rest = tuple(each for each in kept if each is not lemma)
        again = prove(_with_lemmas(base, search, rest), goals, when, replace(limits, timeout=SPARE_SECONDS))
        if _all_proved(again):
            kept, result = _used(rest, again), again
    return kept, result


def _used(lemmas: tuple[Lemma, ...], result: InductionResult) -> tuple[Lemma, ...]:
    used: set[str] = set()
    for _, verdict in result.verdicts:
        if isinstance(verdict, Proved):
            used.update(getattr(verdict.evidence, "conjuncts", ()))
    return tuple(lemma for lemma in lemmas if lemma.name in used)


def _all_proved(result: InductionResult) -> bool:
    return all(isinstance(verdict, Proved) for _, verdict in result.verdicts)


def _without_lemmas(system: System) -> System:
    return replace(system, properties=tuple(p for p in system.properties if p.kind is not PropertyKind.LEMMA))


def _with_lemmas(system: System, search: Search, lemmas: Sequence[Lemma]) -> System:
    """The system with the goals, its own lemmas, and these; other properties would only cost time."""
    own = tuple(p for p in system.properties if p.kind is PropertyKind.LEMMA or p.name in search.goals)
    return replace(system, properties=(*(_property(search, lemma) for lemma in lemmas), *own))


def _property(search: Search, lemma: Lemma) -> ir.Property:
    span = next(p.span for p in search.system.properties if p.name in search.goals)
    return ir.Property(PropertyKind.LEMMA, lemma.name, None, lemma.clause.formula, False, (), span=span)


def _named(search: Search, lemmas: Sequence[Lemma], taken: set[str]) -> tuple[FoundLemma, ...]:
    """Named after the property, with a number, in the order in which the search needed them."""
    numbers = (f"{search.goals[0]}_{number}" for number in count(1))
    free = (name for name in numbers if name not in taken)
    names = {lemma.name: name for lemma, name in zip(lemmas, free, strict=False)}
    return tuple(
        FoundLemma(
            replace(_property(search, lemma), name=names[lemma.name], text="found"),
            lemma.clause.literals,
            f"{names.get(lemma.goal, lemma.goal if lemma.goal in search.goals else 'another')} at {lemma.step}",
        )
        for lemma in lemmas
    )


# ---- scopes --------------------------------------------------------------------------------------------------------


def _scope(system: System, sizes: dict[str, int], default: int) -> Scope:
    return tuple((sort, sizes.get(sort, default)) for sort in system.sorts)


def _sampled_scopes(system: System) -> list[Scope]:
    """Two of each sort; and more CPUs and pages, but few of the rest."""
    first = _scope(system, {"Page": 3, "Gup": _gups(system)}, 2)
    second = _scope(system, {"Cpu": 3, "Page": 4, "Va": 1, "Mm": 2, "Value": 2, "Gup": 1}, 3)
    return [first, second]


def _gups(system: System) -> int:
    """References are many only where some step takes one."""
    return 2 if any(step.name in ("vmsplice", "get_for_write", "pin_for_read") for step in system.steps) else 1


def _runs_scope(system: System) -> Scope:
    return _scope(system, {"Page": 3, "Va": 1, "Gup": 1}, 2)


def _stages(system: System) -> list[tuple[list[Scope], bool]]:
    """Real states first, at growing scopes; then those that the prover considers too; then more elements."""
    small = [
        _scope(system, {"Page": 2}, 1),
        _scope(system, {"Cpu": 2, "Page": 2}, 1),
        _scope(system, {"Cpu": 2, "Mm": 2, "Page": 3}, 1),
        _scope(system, {"Page": 3, "Gup": 1}, 2),
    ]
    small = list(dict.fromkeys(small))
    return [
        (small, True),
        ([_scope(system, {"Page": 2, "Va": 1, "Gup": 1}, 2), _scope(system, {"Page": 3, "Gup": 1}, 2)], False),
        ([_scope(system, {"Cpu": 3, "Page": 4, "Mm": 3, "Va": 2, "Value": 2, "Gup": 2}, 3)], True),
        ([_scope(system, {"Cpu": 3, "Page": 4, "Mm": 3, "Va": 2, "Value": 2, "Gup": 2}, 3)], False),
    ]
