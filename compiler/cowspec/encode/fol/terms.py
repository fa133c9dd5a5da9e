"""Relational formulas as Z3 terms.

In: a `RelSystem`. Out: a `Language` (sorts and predicates declared in a Z3 context of its own), terms, and the weakest
precondition of a term under a step's update. Sorts become uninterpreted sorts, predicates functions to Bool; there are
no other functions. `Either` is resolved by the polarity of its place.

Every `Sym` is one Z3 constant, by name; quantifiers bind those constants. As bound names are unique, a formula has one
term wherever it stands, so terms are kept by identity of the formula (which the `Language` keeps alive).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

import z3
from cowspec.encode.relational.connectives import predicates_of
from cowspec.encode.relational.formula import (
    And,
    Atom,
    Either,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    Predicate,
    RelStep,
    Same,
    Sym,
    Truth,
    Update,
)
from z3 import z3core as core

Term = Any
"""A Z3 term: Z3 has no types."""

NEGATIVE = "-"
PRIMED = "'"


@dataclass(slots=True)
class Language:
    """The declarations, and the terms built so far. `spelling`: the name by which Z3 knows a predicate or constant."""

    context: Any
    sorts: Mapping[str, Any]
    predicates: Mapping[str, tuple[str, ...]]
    spelling: Callable[[str], str] = str
    declared: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    terms: dict[tuple[int, bool, bool], Any] = field(default_factory=dict)
    kept: list[Formula] = field(default_factory=list)


def language(sorts: Iterable[str], predicates: Iterable[Predicate]) -> Language:
    context = z3.Context()
    return Language(
        context=context,
        sorts={sort: z3.DeclareSort(sort, context) for sort in sorts},
        predicates={predicate.name: predicate.sorts for predicate in predicates},
    )


def declaration(language: Language, name: str) -> Any:
    """The Z3 function of a predicate; `P'` and `P-` have the sorts of `P`."""
    if name not in language.declared:
        sorts = language.predicates[name.rstrip(PRIMED + NEGATIVE)]
        arguments = [language.sorts[sort] for sort in sorts]
        language.declared[name] = z3.Function(language.spelling(name), *arguments, z3.BoolSort(language.context))
    return language.declared[name]


def term(language: Language, formula: Formula, asserted: bool = True, polar: bool = False) -> Term:
    """The formula, to be asserted (or, if not `asserted`, to stand under a negation).

    `polar`: where a predicate `P` stands under a negation it is called `P-`, so that the two can be given different
    meanings (see `violation`).
    """
    return z3.BoolRef(_node(language, formula, asserted, polar), language.context)


# Terms are made by Z3's own functions: z3py spends ten times as long on each node. A node is never given back, only
# with the whole context.


def _node(language: Language, formula: Formula, asserted: bool, polar: bool) -> Any:
    key = (id(formula), asserted, polar)
    found = language.terms.get(key)
    if found is None:
        found = _new_node(language, formula, asserted, polar)
        core.Z3_inc_ref(language.context.ref(), found)
        language.terms[key] = found
        language.kept.append(formula)
    return found


def _new_node(language: Language, formula: Formula, asserted: bool, polar: bool) -> Any:
    context = language.context.ref()
    match formula:
        case Truth(value):
            return core.Z3_mk_true(context) if value else core.Z3_mk_false(context)
        case Atom(pred, args):
            name = pred + NEGATIVE if polar and not asserted else pred
            return core.Z3_mk_app(context, declaration(language, name).ast, len(args), _constants(language, args))
        case Same(left, right):
            return core.Z3_mk_eq(context, _constant(language, left), _constant(language, right))
        case Not(body):
            return core.Z3_mk_not(context, _node(language, body, not asserted, polar))
        case And(parts):
            nodes = [_node(language, part, asserted, polar) for part in parts]
            return core.Z3_mk_and(context, len(nodes), (z3.Ast * len(nodes))(*nodes))
        case Or(parts):
            nodes = [_node(language, part, asserted, polar) for part in parts]
            return core.Z3_mk_or(context, len(nodes), (z3.Ast * len(nodes))(*nodes))
        case Forall(names, body):
            bound, none = _constants(language, names), (z3.Pattern * 0)()
            return core.Z3_mk_forall_const(
                context, 1, len(names), bound, 0, none, _node(language, body, asserted, polar)
            )
        case Exists(names, body):
            bound, none = _constants(language, names), (z3.Pattern * 0)()
            return core.Z3_mk_exists_const(
                context, 1, len(names), bound, 0, none, _node(language, body, asserted, polar)
            )
        case Either(positive, negative):
            return _node(language, positive if asserted else negative, asserted, polar)
        case _:
            assert_never(formula)


def _constant(language: Language, sym: Sym) -> Any:
    found = language.constants.get(sym.name)
    if found is None:
        found = z3.Const(language.spelling(sym.name), language.sorts[sym.sort])
        language.constants[sym.name] = found
    return found.ast


def _constants(language: Language, syms: tuple[Sym, ...]) -> Any:
    return (z3.Ast * len(syms))(*(_constant(language, sym) for sym in syms))


# ---- weakest preconditions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Goal:
    """A formula to be shown of the state after a step, or (a transition) of both states.

    `Either` is resolved as where the formula is assumed, then the whole is negated: goal and assumption are one
    formula, so that a step which changes nothing preserves it for no reason but that.
    """

    formula: Formula
    is_transition: bool
    after: frozenset[str]  # the predicates read in the state after the step


def goal(formula: Formula, is_transition: bool = False) -> Goal:
    found = predicates_of(formula)
    if not is_transition:
        return Goal(formula, False, found)
    return Goal(formula, True, frozenset(name.removesuffix(PRIMED) for name in found if name.endswith(PRIMED)))


@dataclass(frozen=True, slots=True)
class Transformer:
    """A step's update, as meanings to put in the place of predicates (the first argument is free variable number 0).

    `asserted` and `negated` differ in those predicates alone whose update reads a value through another one.
    """

    updated: frozenset[str]
    asserted: Mapping[str, Term]
    negated: Mapping[str, Term]
    polar: frozenset[str]


def transformer(language: Language, step: RelStep) -> Transformer:
    return Transformer(
        updated=frozenset(update.pred for update in step.updates),
        asserted={update.pred: _meaning(language, update, True) for update in step.updates},
        negated={update.pred: _meaning(language, update, False) for update in step.updates},
        polar=frozenset(update.pred for update in step.updates if _has_either(update.body)),
    )


def _meaning(language: Language, update: Update, asserted: bool) -> Term:
    body = term(language, update.body, asserted)
    if not update.formals:
        return body
    formals = _constants(language, update.formals[::-1])
    context, none = language.context.ref(), (z3.Pattern * 0)()
    bound = core.Z3_mk_forall_const(context, 1, len(update.formals), formals, 0, none, body.ast)
    return z3.QuantifierRef(bound, language.context).body()


def violation(language: Language, transformer: Transformer, goal: Goal) -> Term:
    """The negated goal, after the step, as a formula over the state before it (its weakest precondition)."""
    mark = PRIMED if goal.is_transition else ""
    polar = not goal.after.isdisjoint(transformer.polar)
    meanings: list[tuple[Any, Term]] = []
    for pred in sorted(goal.after):
        if pred in transformer.updated:
            # The goal is negated: what is asserted in it is negated in the query.
            meanings.append((declaration(language, pred + mark), transformer.negated[pred]))
            if polar:
                meanings.append((declaration(language, pred + mark + NEGATIVE), transformer.asserted[pred]))
        elif mark:
            meanings.append((declaration(language, pred + mark), _unchanged(language, pred)))
        if polar and pred not in transformer.updated:
            meanings.append((declaration(language, pred + mark + NEGATIVE), _unchanged(language, pred)))
    if polar and mark:
        before = sorted(name for name in predicates_of(goal.formula) if not name.endswith(mark))
        meanings.extend((declaration(language, pred + NEGATIVE), _unchanged(language, pred)) for pred in before)
    shown = term(language, goal.formula, True, polar)
    return z3.Not(z3.substitute_funs(shown, *meanings) if meanings else shown)


def _unchanged(language: Language, pred: str) -> Term:
    sorts = [language.sorts[sort] for sort in language.predicates[pred]]
    return declaration(language, pred)(*(z3.Var(position, sort) for position, sort in enumerate(sorts)))


def _has_either(formula: Formula) -> bool:
    match formula:
        case Truth() | Atom() | Same():
            return False
        case Not(body) | Forall(_, body) | Exists(_, body):
            return _has_either(body)
        case And(parts) | Or(parts):
            return any(_has_either(part) for part in parts)
        case Either():
            return True
        case _:
            assert_never(formula)
