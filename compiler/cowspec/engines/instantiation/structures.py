"""Small structures, and what is true in them: where to look for the instances that a propositional model violates.

In: the atoms that are true, by predicate; formulas. Out: truth values, and the values of quantified names for which a
formula is true. Nothing rests on it: an instance is a consequence whether it is found here or guessed.

A formula is turned into Python functions once, and a quantifier into a plan: look up what a positive atom allows, test
a part as soon as its names have values, and only then try all elements.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from cowspec.encode.herbrand.interning import Interner, free_of
from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Formula, Not, Or, Same, Sym, Truth

Values = dict[Sym, int]
"""The element that each name in scope stands for."""


@dataclass(slots=True)
class Structure:
    """`domain`: the elements of each sort. `true`: the arguments for which each predicate is true. `constants`: the
    elements of the obligation's constants."""

    domain: Mapping[str, Sequence[int]]
    true: Mapping[str, set[tuple[int, ...]]]
    constants: Mapping[Sym, int]


Truths = Callable[[Structure, Values], bool]
Step = Callable[[Structure, Values], Iterator[Values]]
"""Ways to give values to more names."""


@dataclass(slots=True)
class Compiled:
    """Formulas of one interner as functions, by identity. `definitions`: of the predicates after the step."""

    interner: Interner
    definitions: Mapping[str, tuple[tuple[Sym, ...], Formula]]
    truths: dict[int, Truths] = field(default_factory=dict)
    plans: dict[tuple[int, bool], tuple[Step, ...]] = field(default_factory=dict)


def truth(compiled: Compiled, formula: Formula) -> Truths:
    """The truth of the formula in a structure, for values of its free names that are no constants."""
    known = compiled.truths.get(id(formula))
    if known is None:
        known = _truth(compiled, formula)
        compiled.truths[id(formula)] = known
    return known


def solutions(
    compiled: Compiled, quantified: Forall | Exists, asserted: bool, structure: Structure, values: Values
) -> Iterator[Values]:
    """The values of the quantified names for which the body is true (if not `asserted`, false)."""
    return _run(_plan(compiled, quantified, asserted), 0, structure, values)


def _run(plan: tuple[Step, ...], at: int, structure: Structure, values: Values) -> Iterator[Values]:
    if at == len(plan):
        yield values
        return
    for more in plan[at](structure, values):
        yield from _run(plan, at + 1, structure, more)


# ---- formulas ------------------------------------------------------------------------------------------------------


def _truth(compiled: Compiled, formula: Formula) -> Truths:
    match formula:
        case Truth(value):
            return lambda structure, values: value
        case Same(left, right):
            return lambda structure, values: _at(structure, values, left) == _at(structure, values, right)
        case Atom(pred, args):
            if pred in compiled.definitions:
                return _defined(compiled, pred, args)
            return lambda structure, values: (
                tuple([_at(structure, values, arg) for arg in args]) in structure.true.get(pred, ())
            )
        case Not(body):
            inner = truth(compiled, body)
            return lambda structure, values: not inner(structure, values)
        case And(parts):
            inners = [truth(compiled, part) for part in parts]
            return lambda structure, values: all(each(structure, values) for each in inners)
        case Or(parts):
            inners = [truth(compiled, part) for part in parts]
            return lambda structure, values: any(each(structure, values) for each in inners)
        case Exists():
            return lambda structure, values: any(True for _ in solutions(compiled, formula, True, structure, values))
        case Forall():
            return lambda structure, values: (
                not any(True for _ in solutions(compiled, formula, False, structure, values))
            )
        case Either():
            raise ValueError("a formula of an obligation has two forms")
        case _:
            assert_never(formula)


def _defined(compiled: Compiled, pred: str, args: tuple[Sym, ...]) -> Truths:
    formals, body = compiled.definitions[pred]
    inner = truth(compiled, body)
    pairs = tuple(zip(formals, args, strict=True))
    return lambda structure, values: inner(structure, {formal: _at(structure, values, arg) for formal, arg in pairs})


def _at(structure: Structure, values: Values, name: Sym) -> int:
    found = values.get(name)
    return structure.constants[name] if found is None else found


# ---- plans ---------------------------------------------------------------------------------------------------------


def _plan(compiled: Compiled, quantified: Forall | Exists, asserted: bool) -> tuple[Step, ...]:
    key = (id(quantified), asserted)
    if key not in compiled.plans:
        compiled.plans[key] = tuple(_steps(compiled, quantified, asserted))
    return compiled.plans[key]


def _steps(compiled: Compiled, quantified: Forall | Exists, asserted: bool) -> Iterator[Step]:
    unbound = dict.fromkeys(quantified.vars)
    parts = list(_parts(quantified.body, asserted))
    while parts or unbound:
        for formula, wanted in parts:
            if free_of(compiled.interner, formula).isdisjoint(unbound):
                yield _test(truth(compiled, formula), wanted)
        parts = [each for each in parts if not free_of(compiled.interner, each[0]).isdisjoint(unbound)]
        atoms = [
            formula
            for formula, wanted in parts
            if wanted and isinstance(formula, Atom) and formula.pred not in compiled.definitions
        ]
        if atoms:
            best = min(atoms, key=lambda each: len(unbound.keys() & set(each.args)))
            yield _lookup(best, frozenset(unbound))
            parts = [each for each in parts if each[0] is not best]
            for name in best.args:
                unbound.pop(name, None)
        elif unbound:
            name = next(iter(unbound))
            yield _each(name)
            del unbound[name]


def _parts(formula: Formula, asserted: bool) -> Iterator[tuple[Formula, bool]]:
    """Parts all of which must be true (or false), so that the formula is."""
    match formula:
        case Not(body):
            yield from _parts(body, not asserted)
        case And(parts) if asserted:
            for part in parts:
                yield from _parts(part, asserted)
        case Or(parts) if not asserted:
            for part in parts:
                yield from _parts(part, asserted)
        case _:
            yield formula, asserted


def _test(holds: Truths, wanted: bool) -> Step:
    def step(structure: Structure, values: Values) -> Iterator[Values]:
        if holds(structure, values) == wanted:
            yield values

    return step


def _each(name: Sym) -> Step:
    def step(structure: Structure, values: Values) -> Iterator[Values]:
        for element in structure.domain[name.sort]:
            yield {**values, name: element}

    return step


def _lookup(atom: Atom, unbound: frozenset[Sym]) -> Step:
    def step(structure: Structure, values: Values) -> Iterator[Values]:
        for row in structure.true.get(atom.pred, ()):
            more = values if unbound.isdisjoint(atom.args) else dict(values)
            for name, element in zip(atom.args, row, strict=True):
                if name in unbound and name not in more:
                    more[name] = element
                elif _at(structure, more, name) != element:
                    break
            else:
                yield more

    return step
