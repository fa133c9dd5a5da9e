"""Properties that follow from others: in every state, of any size, in which the others hold, whatever the steps do.

In: a system, for each property the others from which it may follow, a formula over switches. Out: what follows from
what. The compiler's own facts and what the flattening promises count as known: they are part of what a state is.

Most properties do not follow, and then Z3 has to find a structure without them, which may take for ever; so each
question has a small budget, and what is not answered within it is not said to follow. The names that an answer needs
are made as few as leaving out one at a time does: none of them can be left out, though other sets might do as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import z3
from cowspec.encode.fol.terms import Term, language, term
from cowspec.encode.relational.connectives import neg
from cowspec.encode.relational.translate import CountTooLarge, counts_above_two, formula_of, translate
from cowspec.engines.induction.solver import Holds, Judge, Open, ask, judge, literal
from cowspec.system import ir
from cowspec.verdict import Limits

SECONDS = 0.1
"""Budget of one question."""


@dataclass(frozen=True, slots=True)
class Follows:
    """`property` holds wherever all of `others` hold: everywhere, if there are none."""

    property: str
    others: tuple[str, ...]


@dataclass(slots=True)
class _Asked:
    """`negated`: of each property that may follow. A `Judge` that left a question open is replaced."""

    new_judge: Callable[[], Judge]
    judge: Judge
    negated: Mapping[str, Term]


def implied(
    system: ir.System, questions: Mapping[str, Sequence[str]], when: ir.Formula, limits: Limits
) -> tuple[Follows, ...]:
    """Those of the properties (keys) that follow from some of the others (values), under every setting that satisfies
    `when`; in order. A property with a count too large for any size neither follows nor helps."""
    large = counts_above_two(system)
    possible = {
        name: tuple(each for each in others if each not in large)
        for name, others in questions.items()
        if name not in large
    }
    try:
        asked = _ask_of(system, possible, when, limits)
    except CountTooLarge:
        return ()
    found = ((name, _needed(asked, name, others)) for name, others in possible.items())
    return tuple(Follows(name, needed) for name, needed in found if needed is not None)


def _ask_of(system: ir.System, questions: Mapping[str, Sequence[str]], when: ir.Formula, limits: Limits) -> _Asked:
    relational = translate(replace(system, steps=()))
    spoken = language(relational.sorts, relational.predicates)
    known = [*relational.switch_axioms, formula_of(system, when), *dict(relational.typing).values()]
    background = [term(spoken, formula) for formula in (*known, *(fact.formula for fact in relational.facts))]
    formulas = {prop.name: prop.formula for prop in relational.properties}
    assumable = {}
    for name in dict.fromkeys(name for others in questions.values() for name in others):
        assume = literal(spoken, name)
        assumable[name] = (assume, z3.Implies(assume, term(spoken, formulas[name])))
    negated = {name: term(spoken, neg(formulas[name])) for name in questions}
    new_judge = partial(judge, spoken, background, assumable, limits.seed)
    return _Asked(new_judge, new_judge(), negated)


def _needed(asked: _Asked, name: str, others: Sequence[str]) -> tuple[str, ...] | None:
    """Others from which the property follows, none of which can be left out; None if it does not follow."""
    found = _core(asked, name, others)
    if found is None:
        return None
    for each in others:
        if each in found:
            found = _core(asked, name, [other for other in others if other in found and other != each]) or found
    return tuple(each for each in others if each in found)


def _core(asked: _Asked, name: str, others: Sequence[str]) -> frozenset[str] | None:
    answer = ask(asked.judge, others, (asked.negated[name],), SECONDS)
    if isinstance(answer, Open):
        asked.judge = asked.new_judge()
    return answer.needed if isinstance(answer, Holds) else None
