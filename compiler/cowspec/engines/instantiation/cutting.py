"""Few lemmas out of many: an unsatisfiable core, what it needs to stand alone, and the numbers it has then."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from cowspec.encode.herbrand.clauses import Assume, Congruent, Grounding, Instance, Lemma, Transitive, add, grounding
from cowspec.engines.instantiation.learned import Learned

CUT_ONE_BY_ONE = 120
"""Assumptions that are each tried to be left out."""


def unsatisfiable_core(solver: Any) -> list[int]:
    """Some of the assumptions under which a SAT solver has just found no model: there is none under these either. If
    they are few, none of them can be left out."""
    core = sorted(solver.get_core() or ())
    while True:
        solver.solve(assumptions=core)
        smaller = sorted(solver.get_core() or ())
        if len(smaller) == len(core):
            break
        core = smaller
    if len(core) <= CUT_ONE_BY_ONE:
        for each in reversed(core):
            rest = [other for other in core if other != each]
            if each in core and not solver.solve(assumptions=rest):
                core = sorted(solver.get_core() or ())
    return core


def standing_alone(learned: Learned, numbers: Iterable[int]) -> tuple[Lemma, ...]:
    """The lemmas of these numbers and those that first made what they speak of, in the numbers that variables and terms
    have if no others are made. Raises `NotALemma`."""
    return _renumbered(learned, [learned.order[number] for number in sorted(_with_makers(learned, numbers))])


def _terms(lemma: Lemma) -> tuple[int, ...]:
    match lemma:
        case Assume():
            return ()
        case Instance(_, terms):
            return terms
        case Transitive(one, two, three):
            return one, two, three
        case Congruent(_, left, right):
            return (*left, *right)
        case _:
            assert_never(lemma)


def _with_makers(learned: Learned, numbers: Iterable[int]) -> set[int]:
    """The lemmas, and those that first made what they speak of."""
    found: set[int] = set()
    pending = list(numbers)
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            lemma = learned.order[number]
            pending += [learned.maker_of_term[term] for term in _terms(lemma) if term in learned.maker_of_term]
            if isinstance(lemma, Instance):
                pending.append(learned.maker_of_universal[lemma.universal])
    return found


def _renumbered(learned: Learned, lemmas: Sequence[Lemma]) -> tuple[Lemma, ...]:
    """The lemmas in the numbers that variables and terms have if no others are made."""
    new = grounding(learned.made.interner, learned.made.obligation)
    found: list[Lemma] = []
    for lemma in lemmas:
        terms = tuple(_new_term(learned.made, new, term) for term in _terms(lemma))
        match lemma:
            case Assume():
                found.append(lemma)
            case Instance(variable, _):
                universal = learned.made.universals[variable]
                env = tuple((name, _new_term(learned.made, new, term)) for name, term in universal.env.items())
                found.append(Instance(new.variables[id(universal.formula), universal.asserted, env], terms))
            case Transitive():
                found.append(Transitive(*terms))
            case Congruent(pred, left, _):
                found.append(Congruent(pred, terms[: len(left)], terms[len(left) :]))
            case _:
                assert_never(lemma)
        add(new, found[-1])
    return tuple(found)


def _new_term(old: Grounding, new: Grounding, term: int) -> int:
    kind, *rest = old.terms[term].key
    if kind == "witness":
        formula, asserted, name, _ = rest
        env = tuple((each, _new_term(old, new, value)) for each, value in old.terms[term].env.items())
        return new.term_numbers["witness", formula, asserted, name, env]
    return new.term_numbers[old.terms[term].key]
