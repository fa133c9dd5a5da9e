"""An obligation as clauses over ground terms, lemma by lemma. With `interning.py` this is all that a certificate's
clauses come from: what is wrong here makes a certificate worthless.

In: an interned `Obligation`, lemmas. Out: clauses. Raises `NotALemma` for what is none.

Theory. Suppose that the obligation's formulas have a model, with no sort empty. Then all clauses made here can be
satisfied together, so if they cannot, the formulas have no model, whatever the sizes of the sorts. For that, let every
ground term stand for an element of the model: a constant for what the model gives it; the constant of a sort for any
of its elements; the witness of an existential, at values of its free names for which it is true, for an element that
shows it (at others for any). Let each atom have the truth of the model, and each variable of a formula at values of
its free names be true exactly if the formula (or, if it is the variable of the denied formula, its negation) is true
there. Then
- the variable of a conjunction implies that of each part; of a disjunction, one of its parts; of an existential, that
  of its body at the witnesses; of `P'(t)`, where `P'` is defined, that of its definition at t (made along with them);
- an assumption's variable is true, and so is that of the denied goal (`Assume`);
- the variable of a universal implies that of its body at any terms (`Instance`);
- equality is transitive (`Transitive`; reflexive and symmetric as equalities of a pair have one variable, of a term
  with itself the variable 1, which is true), and an atom has one truth for equal arguments (`Congruent`).
Which of these clauses it takes is a matter of luck and search; that each of them holds is not.

Numbers. Variables and terms are numbered as they are made, so the same lemmas in the same order give the same numbers:
terms 0, 1, ... are the constants of the obligation, in order, then one constant of each sort.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from cowspec.encode.herbrand.interning import Interner, free_of
from cowspec.encode.relational.connectives import predicates_of
from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Formula, Not, Or, Same, Sym, Truth
from cowspec.encode.relational.obligation import Obligation

ALWAYS = 1
"""The variable that is true."""

MAX_VARIABLES = 400_000
"""No obligation has so many: whoever wants more means harm."""

Clause = tuple[int, ...]


class NotALemma(Exception):
    """What is no consequence of the obligation; the message says why not."""


@dataclass(frozen=True, slots=True)
class Assume:
    """The assumption of that name is true; `VIOLATED`: the goal is not."""

    name: str


VIOLATED = "violated"


@dataclass(frozen=True, slots=True)
class Instance:
    """What the variable says of all values, it says of these terms."""

    universal: int
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transitive:
    """one == two and two == three -> one == three"""

    one: int
    two: int
    three: int


@dataclass(frozen=True, slots=True)
class Congruent:
    """pred(left) and left == right -> pred(right)"""

    pred: str
    left: tuple[int, ...]
    right: tuple[int, ...]


Lemma = Assume | Instance | Transitive | Congruent

Env = Mapping[Sym, int]
"""The terms that names stand for."""


@dataclass(frozen=True, slots=True)
class Term:
    """`key`: what makes it this term. `name`: of the constant or existential. `depth`: how many witnesses it is made
    of, one inside the other. `env`: of a witness, what the existential's free names stand for."""

    sort: str
    key: tuple[object, ...]
    name: str
    depth: int = 0
    env: Env = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Universal:
    """`vars` range over everything: `body` (if not `asserted`, its negation) holds for all of them."""

    formula: Formula
    vars: tuple[Sym, ...]
    body: Formula
    asserted: bool
    env: Env


@dataclass(slots=True)
class Grounding:
    """The clauses made so far (`clauses`, without those of the lemmas), and what their variables stand for."""

    obligation: Obligation
    interner: Interner
    assumptions: Mapping[str, Formula]
    definitions: Mapping[str, tuple[tuple[Sym, ...], Formula]]
    sorts_of: Mapping[str, tuple[str, ...]]
    constants: Env
    clauses: list[Clause] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    term_numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    variables: dict[tuple[object, ...], int] = field(default_factory=dict)
    atoms: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)
    equalities: dict[tuple[int, int], int] = field(default_factory=dict)
    universals: dict[int, Universal] = field(default_factory=dict)
    witnesses: dict[int, Env] = field(default_factory=dict)  # of existentials' variables: what stands for their names
    last: int = ALWAYS


def grounding(interner: Interner, obligation: Obligation) -> Grounding:
    """The obligation (interned) before any lemma. Raises `NotALemma` if two things in it have one name."""
    assumptions = dict(obligation.assumptions)
    definitions = {update.pred: (update.formals, update.body) for update in obligation.updates}
    sorts_of = {each.name: each.sorts for each in obligation.predicates}
    constants = {sym: number for number, sym in enumerate(obligation.constants)}
    lengths = (len(obligation.assumptions), len(obligation.updates), len(obligation.predicates))
    if lengths != (len(assumptions), len(definitions), len(sorts_of)) or VIOLATED in assumptions:
        raise NotALemma("two assumptions, updates or predicates have the same name")
    if len(constants) != len(obligation.constants) or not definitions.keys().isdisjoint(sorts_of):
        raise NotALemma("two constants have the same name, or a predicate is defined that the state has")
    for update in obligation.updates:
        if not predicates_of(update.body).isdisjoint(definitions):
            raise NotALemma(f"`{update.pred}` is defined by predicates after the step")
    made = Grounding(obligation, interner, assumptions, definitions, sorts_of, constants)
    made.clauses.append((ALWAYS,))
    for sym in obligation.constants:
        _term(made, Term(sym.sort, ("constant", sym), sym.name))
    for sort in obligation.sorts:
        _term(made, Term(sort, ("some", sort), f"some {sort}"))
    return made


def add(made: Grounding, lemma: Lemma) -> Clause:
    """The clause of the lemma; what it needs is added to `clauses`. Raises `NotALemma`."""
    match lemma:
        case Assume(name):
            return _assumed(made, name)
        case Instance(variable, terms):
            return _instance(made, variable, terms)
        case Transitive(one, two, three):
            sorts = {_sort(made, term) for term in (one, two, three)}
            if len(sorts) != 1:
                raise NotALemma("terms of several sorts are not equal")
            return _clause((-equality(made, one, two), -equality(made, two, three), equality(made, one, three)))
        case Congruent(pred, left, right):
            sorts_left, sorts_right = (tuple(_sort(made, term) for term in terms) for terms in (left, right))
            if made.sorts_of.get(pred) != sorts_left or sorts_left != sorts_right:
                raise NotALemma(f"`{pred}` does not take these terms")
            same = [-equality(made, one, two) for one, two in zip(left, right, strict=True)]
            return _clause((*same, -atom(made, pred, left), atom(made, pred, right)))
        case _:
            assert_never(lemma)


def clauses_of(interner: Interner, obligation: Obligation, lemmas: Iterable[Lemma]) -> list[Clause]:
    """All clauses that the lemmas give, without tautologies. Raises `NotALemma`."""
    made = grounding(interner, obligation)
    found = [add(made, lemma) for lemma in lemmas]
    return [clause for clause in dict.fromkeys((*made.clauses, *found)) if not _is_tautology(clause)]


# ---- lemmas --------------------------------------------------------------------------------------------------------


def _assumed(made: Grounding, name: str) -> Clause:
    if name == VIOLATED:
        return (literal(made, made.obligation.violated, True, {}),)
    if name not in made.assumptions:
        raise NotALemma(f"there is no assumption `{name}`")
    return (literal(made, made.assumptions[name], True, {}),)


def _instance(made: Grounding, variable: int, terms: tuple[int, ...]) -> Clause:
    universal = made.universals.get(variable)
    if universal is None:
        raise NotALemma(f"variable {variable} speaks of no universal")
    if tuple(_sort(made, term) for term in terms) != tuple(var.sort for var in universal.vars):
        raise NotALemma(f"variable {variable} does not speak of these terms")
    env = {**universal.env, **dict(zip(universal.vars, terms, strict=True))}
    return _clause((-variable, literal(made, universal.body, universal.asserted, env)))


# ---- variables -----------------------------------------------------------------------------------------------------


def literal(made: Grounding, formula: Formula, asserted: bool, env: Env) -> int:
    """What is true if the formula (if not `asserted`, its negation) is, where names stand for these terms."""
    match formula:
        case Truth(value):
            return ALWAYS if value == asserted else -ALWAYS
        case Same(left, right):
            found = equality(made, _value(made, left, env), _value(made, right, env))
            return found if asserted else -found
        case Atom(pred, args) if pred not in made.definitions:
            found = atom(made, pred, tuple(_value(made, arg, env) for arg in args))
            return found if asserted else -found
        case Not(body):
            return literal(made, body, not asserted, env)
        case Atom() | And() | Or() | Forall() | Exists() | Either():
            values = tuple((name, env[name]) for name in sorted(free_of(made.interner, formula), key=_by_name)
                           if name in env)  # fmt: skip
            key = (id(formula), asserted, values)
            if key not in made.variables:
                made.variables[key] = _new_variable(made)
                _define(made, made.variables[key], formula, asserted, dict(values))
            return made.variables[key]
        case _:
            assert_never(formula)


def _define(made: Grounding, variable: int, formula: Formula, asserted: bool, env: Env) -> None:
    """What follows from the variable of a compound formula."""
    match formula:
        case Atom(pred, args):
            formals, body = made.definitions[pred]
            if tuple(arg.sort for arg in args) != tuple(formal.sort for formal in formals):
                raise NotALemma(f"`{pred}` does not take these terms")
            inner = {formal: _value(made, arg, env) for formal, arg in zip(formals, args, strict=True)}
            made.clauses.append(_clause((-variable, literal(made, body, asserted, inner))))
        case And(parts) | Or(parts):
            literals = [literal(made, part, asserted, env) for part in parts]
            if isinstance(formula, And) == asserted:
                made.clauses.extend(_clause((-variable, each)) for each in literals)
            else:
                made.clauses.append(_clause((-variable, *literals)))
        case Forall(names, body) | Exists(names, body):
            if isinstance(formula, Forall) == asserted:
                made.universals[variable] = Universal(formula, names, body, asserted, env)
            else:
                inner = {**env, **{name: _witness(made, formula, name, asserted, env) for name in names}}
                made.witnesses[variable] = inner
                made.clauses.append(_clause((-variable, literal(made, body, asserted, inner))))
        case _:
            raise NotALemma("a formula of an obligation has two forms")


def equality(made: Grounding, one: int, two: int) -> int:
    """The variable of `one == two`."""
    if one == two:
        return ALWAYS
    pair = (one, two) if one < two else (two, one)
    if pair not in made.equalities:
        if made.terms[one].sort != made.terms[two].sort:
            raise NotALemma("terms of several sorts are not equal")
        made.equalities[pair] = _new_variable(made)
    return made.equalities[pair]


def atom(made: Grounding, pred: str, terms: tuple[int, ...]) -> int:
    """The variable of `pred(terms)`, a predicate of the state before."""
    key = (pred, terms)
    if key not in made.atoms:
        if made.sorts_of.get(pred) != tuple(made.terms[term].sort for term in terms):
            raise NotALemma(f"`{pred}` does not take these terms")
        made.atoms[key] = _new_variable(made)
    return made.atoms[key]


def _new_variable(made: Grounding) -> int:
    if made.last >= MAX_VARIABLES:
        raise NotALemma(f"more than {MAX_VARIABLES} variables")
    made.last += 1
    return made.last


# ---- terms ---------------------------------------------------------------------------------------------------------


def _value(made: Grounding, name: Sym, env: Env) -> int:
    if name in env:
        return env[name]
    if name not in made.constants:
        raise NotALemma(f"nothing is said of the name `{name.name}`")
    return made.constants[name]


def _sort(made: Grounding, term: int) -> str:
    if not 0 <= term < len(made.terms):
        raise NotALemma(f"there is no term {term}")
    return made.terms[term].sort


def _witness(made: Grounding, formula: Formula, name: Sym, asserted: bool, env: Env) -> int:
    depth = 1 + max((made.terms[term].depth for term in env.values()), default=0)
    key = ("witness", id(formula), asserted, name, tuple(env.items()))
    return _term(made, Term(name.sort, key, name.name, depth, env))


def _term(made: Grounding, term: Term) -> int:
    if term.key not in made.term_numbers:
        made.term_numbers[term.key] = len(made.terms)
        made.terms.append(term)
    return made.term_numbers[term.key]


# ---- clauses -------------------------------------------------------------------------------------------------------


def _clause(literals: Iterable[int]) -> Clause:
    """Without what is false (unless nothing else is left), each literal once."""
    return tuple(dict.fromkeys(each for each in literals if each != -ALWAYS)) or (-ALWAYS,)


def _is_tautology(clause: Clause) -> bool:
    return any(-each in clause for each in clause if each > 0) or (ALWAYS in clause and clause != (ALWAYS,))


def _by_name(name: Sym) -> tuple[str, str]:
    return name.name, name.sort
