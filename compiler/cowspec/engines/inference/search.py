"""The loop that finds lemmas: counterexample to induction, clause that excludes it, again.

In: a system, the names of the properties to prove, a formula over switches. Out: lemmas with which nothing breaks the
properties, nor the lemmas themselves, at small scopes; or how far the search came. Nothing found here is trusted: the
prover judges it (`engines/induction.py`).

1. Reachable states are sampled at two scopes (`sampling.py`).
2. At growing scopes, a SAT solver is asked for a state with all that is known, and a step to a state without one of
   the properties or lemmas (`stepping.py`). The smallest such state is described by atoms (`atoms.py`).
3. Of the clauses that exclude it and that no sample contradicts, the cheapest are looked at (`cover.py`). The first
   that is inductive relative to what is known becomes a lemma; if none is, the cheapest does, and is then a goal too.
4. A lemma whose counterexample no clause excludes is given up, and never proposed again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import process_time

from cowspec.encode.relational.formula import Formula as RelFormula
from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import formula_of, translate
from cowspec.engines.inference.atoms import Names, atoms, is_frame
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.clauses import Clause, clause, fresh_names
from cowspec.engines.inference.cover import Cover, Instances, Literal, instances
from cowspec.engines.inference.sampling import sample
from cowspec.engines.inference.stepping import Steps
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, State, System
from cowspec.verdict import Cti

MAX_CANDIDATES = 24
"""So many of the cheapest clauses are tried for one that is inductive relative to what is known."""

GROUP = 6
"""Candidates of one cost are collected up to so many before the finer cost decides."""

MAX_SPREAD = 2
"""How many literals more than the cheapest a candidate may have."""

MAX_ROUNDS = 400
"""The search for clauses against one state gives up after so many comparisons with the samples: a number and no time,
so that what is found depends on the seed alone."""

RUN_DEPTHS = (0, 8)
"""Steps of the runs that candidates are tried against."""

AT_ONCE = 0.0
"""A deadline in the past: a run is searched within the solver's first slice only (`bmc_sat.py`)."""

MAX_NAMES = 9
"""A state is described by at most so many of its elements."""


@dataclass(frozen=True, slots=True)
class Lemma:
    """Found as `step` broke `goal`, the property or another lemma."""

    name: str
    clause: Clause
    goal: str
    step: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """How the search ended without success. `cti`: the counterexample to induction that no clause excludes, if that is
    why (and if its states are real)."""

    reason: str
    cti: Cti | None = None


Say = Callable[[str], None]


@dataclass(slots=True)
class Search:
    """What is known so far. `given_up`: lemmas that nothing protects."""

    system: System
    goals: tuple[str, ...]
    when: ir.Formula
    batches: list[Instances]
    deadline: float
    say: Say
    rel: RelSystem
    runs: list[Steps]
    steps: list[Steps] = field(default_factory=list)
    relational: dict[str, RelFormula] = field(default_factory=dict)
    lemmas: dict[str, Lemma] = field(default_factory=dict)
    given_up: set[ir.Formula] = field(default_factory=set)
    more: dict[Scope, list[tuple[State, Setting]]] = field(default_factory=dict)
    extra: dict[Scope, Instances] = field(default_factory=dict)
    safe: dict[tuple[int, str], int] = field(default_factory=dict)
    removals: int = 0
    counterexamples: int = 0
    number: int = 0


def sampled(
    system: System, settings: Sequence[Setting], seed: int, scopes: Sequence[Scope], *, visits: int, kept: int
) -> list[Instances]:
    """Samples at each of the scopes."""
    return [
        instances(Batch(system, scope, sample(system, scope, settings, seed, visits=visits, kept=kept)))
        for scope in scopes
    ]


def begin(
    system: System,
    goals: Sequence[str],
    given: Sequence[str],
    when: ir.Formula,
    batches: list[Instances],
    runs_scope: Scope,
    deadline: float,
    say: Say = lambda _: None,
) -> Search:
    """A search that knows nothing yet. `given`: properties of the system that are known to be invariant."""
    kept = tuple(p for p in system.properties if p.name in goals or p.name in given)
    rel = translate(replace(system, properties=kept))
    formulas = {prop.name: prop.formula for prop in rel.properties}
    rel = replace(rel, properties=(), facts=(*rel.facts, *(prop for prop in rel.properties if prop.name not in goals)))
    runs = [Steps(system, rel, runs_scope, when, start=True, real=True, depth=depth) for depth in RUN_DEPTHS]
    return Search(system, tuple(goals), when, batches, deadline, say, rel, runs, relational=formulas)


def extend(search: Search, scopes: Sequence[Scope], *, real: bool) -> Stuck | None:
    """Searches until no step breaks the goals or a lemma at these scopes either; None if it came so far."""
    search.steps += [Steps(search.system, search.rel, scope, search.when, real=real) for scope in scopes]
    return _settle(search, search.steps, search.runs)


def _settle(search: Search, steps: Sequence[Steps], runs: Sequence[Steps]) -> Stuck | None:
    """Finds lemmas until there is no counterexample to induction at these scopes."""
    while True:
        if process_time() > search.deadline:
            return Stuck("the time limit")
        broken = _broken(search, steps)
        if broken is None:
            return None
        goal, at = broken
        fallback: Clause | None = None
        for step in at.steps():
            if not at.breaks(goal, search.relational[goal], _known(search), search.deadline, step):
                continue
            at.smallest()
            search.counterexamples += 1
            state, setting = at.before()
            after = at.firing() if at.real else None
            found, inductive = _excluding(search, at, state, setting, steps, runs)
            if found is None:
                fallback = None
                if process_time() > search.deadline:
                    return Stuck("the time limit")
                cti = Cti(goal, at.scope, state, after, setting) if after is not None else None
                stuck = Stuck(f"no clause excludes a state from which {step} breaks {goal}", cti)
                break
            if inductive:
                fallback = None
                _learn(search, found, goal, step)
                continue
            if fallback is None or found.cost < fallback.cost:
                fallback, broken_by = found, step
        else:
            if fallback is not None and at.breaks(goal, search.relational[goal], _known(search), search.deadline):
                _learn(search, fallback, goal, broken_by)
            continue
        if goal in search.goals:
            return stuck
        search.say(f"given up: {goal}")
        search.given_up.add(search.lemmas.pop(goal).clause.formula)
        search.removals += 1


def _learn(search: Search, found: Clause, goal: str, step: str) -> None:
    search.number += 1
    name = f"found_{search.number}"
    search.lemmas[name] = Lemma(name, found, goal, step)
    search.relational[name] = formula_of(search.system, found.formula)


def _broken(search: Search, steps: Sequence[Steps]) -> tuple[str, Steps] | None:
    """A property or lemma that a step breaks, at the first scope where one does."""
    for number, at in enumerate(steps):
        for name in (*search.goals, *search.lemmas):
            if search.safe.get((number, name)) == search.removals:
                continue
            if at.breaks(name, search.relational[name], _known(search), search.deadline):
                return name, at
            search.safe[number, name] = search.removals
    return None


def _known(search: Search) -> list[tuple[str, RelFormula]]:
    return [(name, search.relational[name]) for name in (*search.goals, *search.lemmas)]


# ---- a clause that excludes a state --------------------------------------------------------------------------------


def _excluding(
    search: Search, at: Steps, state: State, setting: Setting, steps: Sequence[Steps], runs: Sequence[Steps]
) -> tuple[Clause | None, bool]:
    """A clause that excludes the state, and whether it is inductive relative to what is known."""
    one = Batch(search.system, at.scope, [(state, setting)])
    names, elements = _elements(search.system, at.scope, state)
    literals = _literals(search, names, elements, one)
    cover = Cover(names, literals, [*search.batches, *search.extra.values()])
    opened: list[tuple[bool, Clause, RelFormula]] = []
    try:
        for found, formula in _candidates(search, at, cover, names, literals):
            if not _is_inductive(search, found, formula, steps):
                opened.append((not _is_inductive(search, found, formula, [at]), found, formula))
            elif not _is_false(search, runs[:1], found, formula):
                return found, True
            else:
                cover.compare(search.extra.values())
    finally:
        cover.close()
    for _, found, formula in sorted(opened, key=lambda each: each[0]):
        if not _is_false(search, runs, found, formula):
            return found, False
    return None, False


def _candidates(
    search: Search, at: Steps, cover: Cover, names: Names, literals: Sequence[Literal]
) -> Iterator[tuple[Clause, RelFormula]]:
    """Clauses that exclude the state and that no sample contradicts, cheapest first. Those of about the same cost come
    in groups, within which the finer cost decides."""
    group: list[tuple[Clause, RelFormula]] = []
    first = last = 0
    count = 0
    for cost, cube in cover.cubes(lambda: cover.rounds > MAX_ROUNDS or process_time() > search.deadline):
        first = first or cost
        if group and (cost > last or len(group) >= GROUP):
            yield from sorted(group, key=lambda each: each[0].cost)
            group = []
        last = cost
        if count >= MAX_CANDIDATES or cost > first + MAX_SPREAD:
            break
        found = clause(names, [literals[k] for k in cube])
        formula = formula_of(search.system, found.formula)
        if found.formula not in search.given_up and (at.real or at.excludes(str(found.formula), formula)):
            group.append((found, formula))
            count += 1
    yield from sorted(group, key=lambda each: each[0].cost)


def _is_false(search: Search, runs: Sequence[Steps], found: Clause, formula: RelFormula) -> bool:
    """A short run ends without it. Its last state is a sample from now on."""
    for at in runs:
        if at.violated(str(found.formula), formula, AT_ONCE):
            search.more.setdefault(at.scope, []).append(at.after())
            search.extra[at.scope] = instances(Batch(search.system, at.scope, search.more[at.scope]))
            return True
    return False


def _is_inductive(search: Search, found: Clause, formula: RelFormula, steps: Sequence[Steps]) -> bool:
    name = str(found.formula)
    assumed = [*_known(search), (name, formula)]
    return not any(at.breaks(name, formula, assumed, search.deadline) for at in steps)


def _elements(system: System, scope: Scope, state: State) -> tuple[Names, dict[str, int]]:
    """A name for each element, first those of which something is true in the state."""
    sizes = dict(scope) | {name: len(members) for name, members in system.enums}
    used: dict[tuple[str, int], int] = {}
    for var, table in zip(system.vars, state, strict=True):
        for place, value in enumerate(table):
            if value is None or value is False:
                continue
            rest = place
            for sort in reversed(var.index):
                rest, element = divmod(rest, sizes[sort])
                used[sort, element] = used.get((sort, element), 0) + 1
            if var.domain in system.sorts and not isinstance(value, bool) and value >= 0:
                used[var.domain or "", value] = used.get((var.domain or "", value), 0) + 1
    idle = [(sort, element) for sort, size in scope for element in range(size) if (sort, element) not in used]
    chosen = [*sorted(used, key=lambda key: (-used[key], key)), *idle][:MAX_NAMES]
    chosen.sort(key=lambda key: (system.sorts.index(key[0]), key[1]))
    names = fresh_names([sort for sort, _ in chosen])
    return names, {name.name: element for name, (_, element) in zip(names, chosen, strict=True)}


def _literals(search: Search, names: Names, elements: dict[str, int], one: Batch) -> list[Literal]:
    system = search.system
    frames = {var.name for var in system.vars if is_frame(var)}
    found: list[Literal] = []
    for atom in atoms(system, names, switches=len(search.system.switches) > 0 and search.when != ir.TRUE):
        truth = bool(one.holds(atom.formula, elements))
        if atom.only_positive and truth:
            continue
        if not truth and atom.of in frames and not _is_presence(atom.formula) and _idle(atom.formula, elements, one):
            continue
        found.append((atom, truth))
    return found


def _is_presence(formula: ir.Formula) -> bool:
    return isinstance(formula, ir.Present)


def _idle(formula: ir.Formula, elements: dict[str, int], one: Batch) -> bool:
    """The atom is about a call that is not under way."""
    match formula:
        case ir.Equal(ir.Get(var, (ir.Param() as cpu,)), _) | ir.Test(var, (ir.Param() as cpu,)):
            counter = ir.Get(f"{var.partition('@')[0]}@pc", (cpu,))
            return not one.holds(ir.Present(counter), elements)
        case _:
            return False
