"""The instances that refute an obligation, found one propositional model after the other.

In: an interned obligation. Out: `Refuted`, few lemmas whose clauses cannot be satisfied together, and a proof of that;
or `Satisfied`, if there is a structure in which the formulas are all true; or `Undecided`, and why.

The search begins with the assumptions and the denied goal. While their clauses have a propositional model, it makes a
structure of it: elements are the ground terms that are not said to be equal, atoms are true as in the model. Equality
is mended first. Then every formula that the structure should satisfy and does not is followed down to universals that
fail at some terms; the instances at these are added (Ge and de Moura, "Complete instantiation for quantified formulas",
CAV 2009). If no formula fails, the structure is a model. Where sorts depend on themselves (`fragment.py`), witnesses
inside witnesses are made up to a depth only.

What was added is then cut down: to an unsatisfiable core, to what this needs, and to the lemmas none of which can be
left out. Only these are made into clauses anew, in the numbers that the certificate has, and refuted by CaDiCaL, which
writes a proof. All this may be wrong without harm: what it finds is checked by others.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cowspec.encode.herbrand.clauses import (
    VIOLATED,
    Assume,
    Clause,
    Congruent,
    Env,
    Grounding,
    Instance,
    Lemma,
    NotALemma,
    Term,
    Transitive,
    Universal,
    clauses_of,
    grounding,
    literal,
)
from cowspec.encode.herbrand.interning import Interner
from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Formula, Not, Or, Same, Sym, Truth
from cowspec.encode.relational.obligation import Obligation
from cowspec.engines.instantiation.cutting import standing_alone, unsatisfiable_core
from cowspec.engines.instantiation.learned import Learned, learn
from cowspec.engines.instantiation.proofs import trimmed
from cowspec.engines.instantiation.structures import Compiled, Structure, solutions, truth
from pysat.solvers import Cadical195, Minisat22

MAX_ROUNDS = 200
"""Propositional models that are looked at."""

MAX_LEMMAS = 4_000

INSTANCES_A_ROUND = 6
"""Of one universal."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """The clauses of the lemmas, in this order, have no model; `proof` says why, clause by clause (DRUP)."""

    lemmas: tuple[Lemma, ...]
    proof: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Satisfied:
    """There is a finite structure in which all formulas are true: the obligation does not hold."""

    elements: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing was found within the limits."""

    reason: str


Found = Refuted | Satisfied | Undecided


@dataclass(slots=True)
class _Search:
    """`told`, `told_lemmas`: how many clauses of `made`, and lemmas, the solver has. `deeper`: a witness was left out
    because of its depth."""

    made: Grounding
    learned: Learned
    compiled: Compiled
    depth: int
    told: int = 0
    told_lemmas: int = 0
    deeper: bool = False


def search(interner: Interner, obligation: Obligation, depth: int) -> Found:
    """Tries to refute the obligation (interned), with witnesses inside each other up to `depth`."""
    made = grounding(interner, obligation)
    compiled = Compiled(interner, made.definitions)
    state = _Search(made, Learned(made), compiled, depth)
    with Minisat22() as solver:
        for name in (VIOLATED, *made.assumptions):
            learn(state.learned, Assume(name))
        for _ in range(MAX_ROUNDS):
            _tell(state, solver)
            if not solver.solve(assumptions=[_switch(number) for number in range(len(state.learned.order))]):
                return _refuted(state, solver)
            new = _violated(state, frozenset((each + 1) // 2 for each in solver.get_model() if each > 0 and each % 2))
            if not new:
                if state.deeper:
                    return Undecided(f"witnesses inside each other to depth {depth} do not suffice")
                return Satisfied(len(made.terms))
            for lemma in new:
                learn(state.learned, lemma)
            if len(state.learned.order) > MAX_LEMMAS:
                return Undecided(f"more than {MAX_LEMMAS} instances")
    return Undecided(f"more than {MAX_ROUNDS} propositional models")


def _refuted(state: _Search, solver: Minisat22) -> Found:
    """The lemmas that are needed, and the proof."""
    made = state.made
    try:
        lemmas = standing_alone(state.learned, [(switch - 2) // 2 for switch in unsatisfiable_core(solver)])
    except NotALemma as error:
        return Undecided(f"the lemmas that are needed do not stand alone: {error}")
    clauses = clauses_of(made.interner, made.obligation, lemmas)
    with Cadical195(bootstrap_with=clauses, with_proof=True) as prover:
        if prover.solve() is not False:
            return Undecided("the lemmas that are needed do not suffice")
        lines = (line.split() for line in prover.get_proof())
        proof = trimmed(clauses, [tuple(int(word) for word in line[:-1]) for line in lines if line[0] != "d"])
    return Refuted(lemmas, proof)


# The solver has two variables for each of `made`: an odd one is `made`'s, an even one switches a lemma on.


def _own(literal: int) -> int:
    return 2 * literal - 1 if literal > 0 else 2 * literal + 1


def _switch(number: int) -> int:
    return 2 * number + 2


def _tell(state: _Search, solver: Minisat22) -> None:
    for clause in state.made.clauses[state.told :]:
        solver.add_clause([_own(each) for each in clause])
    for number, lemma in enumerate(state.learned.order[state.told_lemmas :], state.told_lemmas):
        solver.add_clause([-_switch(number), *(_own(each) for each in state.learned.clauses[lemma])])
    state.told, state.told_lemmas = len(state.made.clauses), len(state.learned.order)


# ---- what a propositional model violates ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Model:
    """What is true (of `made`'s variables), the structure made of it, and the element of each term."""

    true: frozenset[int]
    elements: Sequence[int]
    structure: Structure


def _violated(state: _Search, true: frozenset[int]) -> list[Lemma]:
    """Consequences that the propositional model does not satisfy; none: the structure made of it is a model, or only
    deeper witnesses would help."""
    elements = _classes(state.made, true)
    unequal = [*_intransitive(state.made, true, elements), *_incongruent(state.made, true, elements)]
    if unequal:
        return unequal
    model = _Model(true, elements, _structure(state, true, elements))
    found: dict[Lemma, None] = {}
    for formula in (state.made.obligation.violated, *state.made.assumptions.values()):
        if not truth(state.compiled, formula)(model.structure, {}):
            found.update(dict.fromkeys(_failing(state, model, formula, True, {})))
    return list(found)


def _structure(state: _Search, true: frozenset[int], elements: Sequence[int]) -> Structure:
    made = state.made
    domain: dict[str, dict[int, None]] = {sort: {} for sort in made.obligation.sorts}
    for number, term in enumerate(made.terms):
        if not _stands_for_any(term) and elements[number] == number:
            domain[term.sort][number] = None
    for number, term in enumerate(made.terms):
        if _stands_for_any(term) and not domain[term.sort]:
            domain[term.sort][number] = None
    rows: dict[str, set[tuple[int, ...]]] = {}
    for (pred, terms), variable in made.atoms.items():
        if variable in true:
            rows.setdefault(pred, set()).add(tuple(elements[term] for term in terms))
    constants = {name: elements[term] for name, term in made.constants.items()}
    return Structure({sort: tuple(each) for sort, each in domain.items()}, rows, constants)


def _stands_for_any(term: Term) -> bool:
    return term.key[0] == "some"


def _failing(state: _Search, model: _Model, formula: Formula, asserted: bool, env: Env) -> Iterator[Lemma]:
    """The formula (if not `asserted`, its negation) is false in the structure, though its variable is true: the
    instances that say so."""
    match formula:
        case Not(body):
            yield from _failing(state, model, body, not asserted, env)
        case Atom(pred, args) if pred in state.compiled.definitions:
            formals, body = state.compiled.definitions[pred]
            inner = {formal: _term_of(state, arg, env) for formal, arg in zip(formals, args, strict=True)}
            yield from _failing(state, model, body, asserted, inner)
        case And(parts) | Or(parts):
            wrong = [part for part in parts if _truth(state, model, part, env) != asserted]
            if isinstance(formula, And) != asserted:
                wrong = [part for part in wrong if _is_true(state, model, part, asserted, env)][:1]
            for part in wrong:
                yield from _failing(state, model, part, asserted, env)
        case Forall(_, body) | Exists(_, body):
            variable = literal(state.made, formula, asserted, env)
            if variable in state.made.witnesses:
                yield from _failing(state, model, body, asserted, state.made.witnesses[variable])
            else:
                yield from _instances(state, model, variable, state.made.universals[variable])
        case Truth() | Atom() | Same() | Either():
            pass


def _instances(state: _Search, model: _Model, variable: int, universal: Universal) -> Iterator[Lemma]:
    """The universal's instances at terms where it fails; of an instance that is there already, what fails in that."""
    assert isinstance(universal.formula, Forall | Exists)
    values = {name: model.elements[term] for name, term in universal.env.items()}
    new = 0
    for failing in solutions(state.compiled, universal.formula, not universal.asserted, model.structure, values):
        lemma = Instance(variable, tuple(failing[name] for name in universal.vars))
        if lemma in state.learned.clauses:
            env = {**universal.env, **dict(zip(universal.vars, lemma.terms, strict=True))}
            yield from _failing(state, model, universal.body, universal.asserted, env)
        elif any(state.made.terms[term].depth > state.depth for term in lemma.terms):
            state.deeper = True
        else:
            yield lemma
            new += 1
            if new == INSTANCES_A_ROUND:
                return


def _truth(state: _Search, model: _Model, formula: Formula, env: Env) -> bool:
    return truth(state.compiled, formula)(model.structure, {name: model.elements[term] for name, term in env.items()})


def _is_true(state: _Search, model: _Model, formula: Formula, asserted: bool, env: Env) -> bool:
    found = literal(state.made, formula, asserted, env)
    return (abs(found) in model.true) == (found > 0)


def _term_of(state: _Search, name: Sym, env: Env) -> int:
    return env[name] if name in env else state.made.constants[name]


# ---- equality ------------------------------------------------------------------------------------------------------


def _classes(made: Grounding, true: frozenset[int]) -> list[int]:
    """For each term the first of those that it is said to equal, directly or over others."""
    first = list(range(len(made.terms)))

    def find(term: int) -> int:
        while first[term] != term:
            term = first[term]
        return term

    for (one, two), variable in made.equalities.items():
        if variable in true:
            low, high = sorted((find(one), find(two)))
            first[high] = low
    return [find(term) for term in range(len(first))]


def _intransitive(made: Grounding, true: frozenset[int], elements: Sequence[int]) -> Iterator[Lemma]:
    """Where two terms are equal over others, but not said to be."""
    beside: dict[int, list[int]] = {}
    for (one, two), variable in made.equalities.items():
        if variable in true:
            beside.setdefault(one, []).append(two)
            beside.setdefault(two, []).append(one)
    for (one, two), variable in made.equalities.items():
        if variable not in true and elements[one] == elements[two]:
            path = _path(beside, one, two)
            for nearer, further in pairwise(path[1:]):
                yield Transitive(one, nearer, further)


def _path(beside: Mapping[int, Sequence[int]], one: int, two: int) -> list[int]:
    """A shortest way from one to two."""
    before = {one: one}
    pending = deque([one])
    while two not in before:
        at = pending.popleft()
        for each in beside[at]:
            if each not in before:
                before[each] = at
                pending.append(each)
    path = [two]
    while path[-1] != one:
        path.append(before[path[-1]])
    return path[::-1]


def _incongruent(made: Grounding, true: frozenset[int], elements: Sequence[int]) -> Iterator[Lemma]:
    """Where an atom is true, and false for arguments that equal its own."""
    shown: dict[tuple[str, tuple[int, ...]], tuple[int, ...]] = {}
    for (pred, terms), variable in made.atoms.items():
        if variable in true:
            shown.setdefault((pred, tuple(elements[term] for term in terms)), terms)
    for (pred, terms), variable in made.atoms.items():
        if variable not in true:
            key = (pred, tuple(elements[term] for term in terms))
            if key in shown:
                yield Congruent(pred, shown[key], terms)
