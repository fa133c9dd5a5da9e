"""Weakest preconditions as Z3 terms, and the quantifier alternations of obligations. That terms mean what the evaluator
says is tested on random models, in tests/differential."""

from typing import Any

import pytest
import z3
from cowspec.encode.fol.fragment import Alternations, Cycle, Edge, cycles
from cowspec.encode.fol.terms import Language, goal, language, term, transformer, violation
from cowspec.encode.relational.connectives import either, exists, forall, implies, neg
from cowspec.encode.relational.formula import (
    TRUE,
    And,
    Atom,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    Predicate,
    RelStep,
    RelSystem,
    Sym,
    Update,
)

A, B, C = Sym("a", "S"), Sym("b", "S"), Sym("c", "S")
X, Y, Z = Sym("x", "S"), Sym("y", "T"), Sym("z", "U")
PREDICATES = (
    Predicate("p", ("S",)),
    Predicate("r", ("S", "S")),
    Predicate("q", ("S", "T")),
    Predicate("w", ("T", "U")),
    Predicate("flag", ()),
)


def step(*updates: Update, guard: Formula = TRUE, definitions: tuple[tuple[str, Formula], ...] = ()) -> RelStep:
    return RelStep("step", (), (C,), 1, (), (), (), guard, (), updates, definitions)


def new_language() -> Language:
    return language(("S", "T", "U"), PREDICATES)


def equivalent(lang: Language, one: Any, two: Any) -> bool:
    solver = z3.SimpleSolver(ctx=lang.context)
    solver.add(one != two)
    return bool(solver.check() == z3.unsat)


# ---- terms ---------------------------------------------------------------------------------------------------------


def test_arguments_keep_their_order() -> None:
    """r'(a, b) is r(b, a)."""
    lang = new_language()
    update = Update("r", (A, B), Atom("r", (B, A)))
    shown = violation(lang, transformer(lang, step(update)), goal(Atom("r", (C, X))))
    assert equivalent(lang, shown, term(lang, Not(Atom("r", (X, C)))))
    assert not equivalent(lang, shown, term(lang, Not(Atom("r", (C, X)))))


def test_meanings_go_under_quantifiers() -> None:
    """The update has a quantifier and a constant of its own, and is read under a quantifier of the goal."""
    lang = new_language()
    update = Update("p", (A,), And((Atom("r", (A, C)), exists((B,), Atom("r", (A, B))))))
    read = forall((X,), implies(Atom("p", (X,)), Atom("r", (X, X))))
    shown = violation(lang, transformer(lang, step(update)), goal(read))
    meant = forall((X,), implies(And((Atom("r", (X, C)), exists((B,), Atom("r", (X, B))))), Atom("r", (X, X))))
    assert equivalent(lang, shown, term(lang, Not(meant)))


def test_updates_are_simultaneous() -> None:
    """p and flag change places."""
    lang = new_language()
    swap = step(Update("p", (A,), Atom("flag", ())), Update("flag", (), Atom("p", (C,))))
    shown = violation(lang, transformer(lang, swap), goal(And((Atom("p", (X,)), Not(Atom("flag", ()))))))
    assert equivalent(lang, shown, term(lang, Not(And((Atom("flag", ()), Not(Atom("p", (C,))))))))


def test_polarity_decides_between_the_forms() -> None:
    """The goal is negated: its `p` is under a negation there, its `not p` is not."""
    lang = new_language()
    update = Update("p", (A,), either(Atom("r", (A, A)), Atom("r", (A, C))))
    changed = transformer(lang, step(update))
    positive = violation(lang, changed, goal(Or((Atom("p", (X,)), Atom("flag", ())))))
    assert equivalent(lang, positive, term(lang, Not(Or((Atom("r", (X, C)), Atom("flag", ()))))))
    negative = violation(lang, changed, goal(Or((Not(Atom("p", (X,))), Not(Atom("flag", ()))))))
    assert equivalent(lang, negative, term(lang, Not(Or((Not(Atom("r", (X, X))), Not(Atom("flag", ())))))))


def test_goals_are_resolved_as_where_they_are_assumed() -> None:
    lang = new_language()
    formula = either(Atom("p", (X,)), Atom("p", (C,)))
    shown = violation(lang, transformer(lang, step()), goal(formula))
    assert equivalent(lang, shown, z3.Not(term(lang, formula)))


@pytest.mark.parametrize("forms", [False, True])
def test_transitions_read_both_states(forms: bool) -> None:
    lang = new_language()
    body: Formula = Atom("r", (A, C))
    update = Update("p", (A,), either(body, Atom("r", (C, A))) if forms else body)
    changed = transformer(lang, step(update))
    formula = And((implies(Atom("p", (X,)), Atom("p'", (X,))), neg(Atom("flag'", ())), Atom("q", (X, Y))))
    shown = violation(lang, changed, goal(formula, is_transition=True))
    after = Atom("r", (C, X)) if forms else Atom("r", (X, C))
    meant = And((implies(Atom("p", (X,)), after), neg(Atom("flag", ())), Atom("q", (X, Y))))
    assert equivalent(lang, shown, term(lang, Not(meant)))


# ---- alternations --------------------------------------------------------------------------------------------------


def rel_system(*steps: RelStep) -> RelSystem:
    return RelSystem(("S", "T", "U"), PREDICATES, (), (), (), (), (), steps, (), ())


Found = set[tuple[str, str, str]]


def edges(assumed: dict[str, Formula], shown: dict[str, Formula] | None = None, *steps: RelStep) -> Found:
    shown = shown or {}
    found = Alternations(rel_system(*steps), {**assumed, **shown}).of(assumed, shown)
    return {(each.source, each.target, each.formula) for each in found}


def test_an_existential_depends_on_the_universals_it_can_see() -> None:
    seen = Forall((X, Z), Exists((Y,), And((Atom("q", (X, Y)), Atom("p", (X,))))))
    assert edges({"f": seen}) == {("S", "T", "f")}
    assert edges({"f": Exists((Y,), Forall((X,), Atom("q", (X, Y))))}) == set()
    assert edges({"f": Not(Forall((Y,), Exists((X,), Atom("q", (X, Y)))))}) == set()
    assert edges({"f": Not(Exists((Y,), Forall((X,), Atom("q", (X, Y)))))}) == {("T", "S", "f")}


def test_dependence_is_handed_on_by_existentials() -> None:
    chain = Forall((X,), Exists((Y,), And((Atom("q", (X, Y)), Exists((Z,), Atom("w", (Y, Z)))))))
    assert edges({"f": chain}) == {("S", "T", "f"), ("S", "U", "f")}


def test_goals_are_negated_and_updates_stand_in_them() -> None:
    shown: dict[str, Formula] = {"g": Exists((X,), Forall((Y,), Atom("q", (X, Y))))}
    assert edges({}, shown) == {("S", "T", "g")}
    update = Update("p", (A,), Exists((Y,), Atom("q", (A, Y))))
    universal: dict[str, Formula] = {"g": Forall((X,), Not(Atom("p", (X,))))}
    assert edges({}, universal, step(update)) == set()
    existential: dict[str, Formula] = {"g": Exists((X,), Not(Atom("p", (X,))))}
    assert edges({}, existential, step(update)) == {("S", "T", "step / g")}


def test_guards_and_definitions_count() -> None:
    alternating = Forall((X,), Exists((Y,), Atom("q", (X, Y))))
    assert edges({}, {}, step(guard=alternating)) == {("S", "T", "step")}
    meaning = Or((alternating, Exists((Y,), Forall((X,), Atom("q", (X, Y))))))
    both = edges({}, {}, step(definitions=(("step if#1", meaning),)))
    assert both == {("S", "T", "step"), ("T", "S", "step")}


def test_cycles_name_their_formulas() -> None:
    found = cycles((Edge("S", "T", "f"), Edge("T", "S", "g"), Edge("T", "U", "h"), Edge("U", "U", "i")))
    assert found == (Cycle(("S", "T"), ("f", "g")), Cycle(("U",), ("i",)))
    assert cycles((Edge("S", "T", "f"), Edge("T", "U", "g"))) == ()
