"""Relational first-order logic: what the any-size encoding hands to Z3 and the finite encoding grounds.

Every variable of the system becomes one or more predicates; there are no functions and no enums left:
- a boolean `v[A, B]` is a predicate `v(A, B)`;
- a sort-valued `v[A]: S` is `v(A, S)`, "the value at a is s", at most one s for each a; if it is optional by itself
  there is also `v?(A)`, "it has a value";
- an enum-valued `v[A]: E` is one predicate `v=member(A)` for each member, at most one of them true;
- a switch is one nullary predicate `cow=page_count` for each option; of a fix only `fix=on`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Predicate:
    name: str
    sorts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sym:
    """A bound variable, or a constant of the step (its parameters and choices), of a sort. Names are unique within a
    formula: substitution never captures."""

    name: str
    sort: str


@dataclass(frozen=True, slots=True)
class Truth:
    value: bool


@dataclass(frozen=True, slots=True)
class Atom:
    pred: str
    args: tuple[Sym, ...]


@dataclass(frozen=True, slots=True)
class Same:
    left: Sym
    right: Sym


@dataclass(frozen=True, slots=True)
class Not:
    body: "Formula"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Forall:
    vars: tuple[Sym, ...]
    body: "Formula"


@dataclass(frozen=True, slots=True)
class Exists:
    vars: tuple[Sym, ...]
    body: "Formula"


@dataclass(frozen=True, slots=True)
class Either:
    """Two formulas that agree in every real state (where single-valued means exactly one value where present). The
    any-size encoding takes `positive` where the formula is asserted and `negative` where its negation is: whichever
    keeps quantifiers universal. The finite encoding takes any."""

    positive: "Formula"
    negative: "Formula"


Formula = Truth | Atom | Same | Not | And | Or | Forall | Exists | Either

TRUE = Truth(True)
FALSE = Truth(False)


@dataclass(frozen=True, slots=True)
class Update:
    """The predicate after the step, as a formula over the state before it: P'(formals) is `body`."""

    pred: str
    formals: tuple[Sym, ...]
    body: Formula


@dataclass(frozen=True, slots=True)
class FaultCase:
    """The step faults where `condition` (which contains the path to the check) is true."""

    condition: Formula
    message: str


@dataclass(frozen=True, slots=True)
class RelStep:
    """One step of the system (for fixed values of its enum params, numbered in `enum_args` by position in params)."""

    name: str  # the system's step; several `RelStep`s may share it
    enum_args: tuple[tuple[int, int], ...]
    params: tuple[Sym, ...]  # sort-valued params, in order; then the frame's constants
    arity: int  # how many of `params` are parameters of the step (the rest are the frame's)
    choices: tuple[Sym, ...]  # one for each `choose`, in order of execution; free where its branch is not taken
    choice_numbers: tuple[int, ...]  # which of the step's `choose` over sorts: those of dead branches have no choice
    choice_paths: tuple[Formula, ...]  # when that `choose` is met
    guard: Formula
    faults: tuple[FaultCase, ...]
    updates: tuple[Update, ...]  # predicates not named here keep their value
    definitions: tuple[tuple[str, Formula], ...] = ()
    """Only where asked for: predicates without arguments that stand for these formulas of the step's constants and
    the state before, in the rest of the step and in later definitions."""
    member_choices: tuple[tuple[int, int, Formula], ...] = ()
    """For each `choose` over an enum, in order of execution: how many of `choices` come before it, the member, when it
    is met."""


@dataclass(frozen=True, slots=True)
class RelProperty:
    """A state formula; of a transition property `primed` predicates are named with a trailing apostrophe: P'."""

    name: str
    formula: Formula
    is_transition: bool = False


@dataclass(frozen=True, slots=True)
class RelSystem:
    """`exact`: formulas true in every real state beside `typing` (a present value exists, a total one too, one option
    of each switch): asserted in start states and in arbitrary states by the finite encoding only. `typing`:
    single-valued, absent means false: checked as facts by the any-size prover, asserted by the finite encoding."""

    sorts: tuple[str, ...]
    predicates: tuple[Predicate, ...]
    rigid: tuple[str, ...]  # the switches' predicates: never updated
    switch_axioms: tuple[Formula, ...]  # exactly one option of each choice
    typing: tuple[tuple[str, Formula], ...]
    exact: tuple[Formula, ...]
    init: tuple[Formula, ...]  # start values and `init` formulas
    steps: tuple[RelStep, ...]
    facts: tuple[RelProperty, ...]
    properties: tuple[RelProperty, ...]
