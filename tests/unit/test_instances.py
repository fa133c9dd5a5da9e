"""Refutations by instances: Z3 agrees, the checker accepts them, and whatever is broken on the way is caught."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest
from cowspec.encode.herbrand import clauses, interning
from cowspec.encode.herbrand.clauses import Assume, Congruent, Instance, NotALemma, Transitive, clauses_of
from cowspec.encode.herbrand.fragment import cyclic_sorts
from cowspec.encode.herbrand.interning import Interner, Unresolved, intern, interned
from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Not, Or, Same, Sym, Update
from cowspec.encode.relational.obligation import Obligation
from cowspec.engines.instantiation.certify import ANY_DEPTH, Checked, Open, Wrong, certify
from cowspec.engines.instantiation.checking import Rejected, check_refutation
from cowspec.engines.instantiation.search import Refuted, Satisfied, search
from instance_obligations import CONSTANTS, PREDICATES, SORTS, holds, obligations
from pysat.solvers import Cadical195

A, B = CONSTANTS
X, Y, Z = Sym("x", "A"), Sym("y", "A"), Sym("z", "B")


def obligation(*assumptions: Any, violated: Any, updates: tuple[Update, ...] = ()) -> Obligation:
    named = tuple((f"assumption {number}", formula) for number, formula in enumerate(assumptions))
    return Obligation("step", "goal", SORTS, PREDICATES, CONSTANTS, named, updates, violated)


def outcome(asked: Obligation) -> Checked | Open | Wrong:
    interner = Interner()
    return certify(interner, interned(interner, asked))


def p(name: Sym) -> Atom:
    return Atom("p", (name,))


# ---- what is refuted -----------------------------------------------------------------------------------------------


def test_z3_agrees_on_random_obligations() -> None:
    answers: Counter[tuple[str, bool | None]] = Counter()
    for asked in obligations(1, 400):
        found, expected = outcome(asked), holds(asked)
        answers[type(found).__name__, expected] += 1
        if isinstance(found, Checked):
            assert expected is not False, asked
        elif isinstance(found, Wrong):
            assert "it has a model" in found.reason and expected is not True, (asked, found)
        else:
            assert found.cyclic, (asked, found)
    assert answers["Checked", True] > 100 and answers["Wrong", False] > 100, answers


def test_equality_is_reasoned_about() -> None:
    """a == x for all x of the sort; so p holds of all if of one."""
    asked = obligation(Forall((X,), Same(X, A)), p(A), violated=Exists((Y,), Not(p(Y))))
    found = outcome(asked)
    assert isinstance(found, Checked) and any(isinstance(lemma, Congruent) for lemma in found.lemmas)


def test_transitivity_is_used() -> None:
    one, two = Sym("one", "A"), Sym("two", "A")
    asked = obligation(Same(one, A), Same(A, two), violated=Not(Same(one, two)))
    found = outcome(replace(asked, constants=(A, one, two)))
    assert isinstance(found, Checked) and any(isinstance(lemma, Transitive) for lemma in found.lemmas)


def test_a_sort_is_never_empty() -> None:
    asked = replace(obligation(Forall((Z,), Atom("flag", ())), violated=Not(Atom("flag", ()))), constants=())
    assert isinstance(outcome(asked), Checked)


def test_what_the_step_changes_is_what_its_definition_says() -> None:
    """q'(y, b) is p(y): the names of the definition are not those of the goal."""
    update = Update("q'", (X, Z), Or((p(X), Exists((Y,), Atom("q", (Y, Z))))))
    goal = Exists((X,), And((p(X), Not(Atom("q'", (X, B))))))
    assert isinstance(outcome(obligation(violated=goal, updates=(update,))), Checked)
    assert isinstance(outcome(obligation(violated=Not(goal), updates=(update,))), Wrong)


def test_outside_the_fragment_a_refutation_is_as_good() -> None:
    every = Forall((X,), Exists((Y,), And((Atom("r", (X, Y)), p(Y)))))
    asked = obligation(every, violated=Forall((X,), Not(p(X))))
    assert cyclic_sorts(asked) == ("A",)
    found = outcome(asked)
    assert isinstance(found, Checked) and found.cyclic == ("A",)


def test_outside_the_fragment_no_answer_is_possible() -> None:
    """Something like the numbers: only infinite structures satisfy it."""
    successor = Forall((X,), Exists((Y,), Atom("r", (X, Y))))
    above = Sym("w", "A")
    transitive = Forall(
        (X, Y, above), Or((Not(And((Atom("r", (X, Y)), Atom("r", (Y, above))))), Atom("r", (X, above))))
    )
    irreflexive = Forall((X,), Not(Atom("r", (X, X))))
    found = outcome(obligation(successor, transitive, violated=irreflexive))
    assert isinstance(found, Open) and found.cyclic == ("A",) and "depth" in found.reason


def test_sorts_that_depend_on_others_only_stay_in_the_fragment() -> None:
    asked = obligation(Forall((X,), Exists((Z,), Atom("q", (X, Z)))), violated=Forall((Z,), Not(Atom("q", (A, Z)))))
    assert cyclic_sorts(asked) == () and isinstance(outcome(asked), Checked)


# ---- nothing can be left out, nothing changed ----------------------------------------------------------------------


def refuted(number: int, least: int = 1) -> list[tuple[Interner, Obligation, Refuted]]:
    """Random obligations with refutations of that many lemmas at least."""
    found = []
    for asked in obligations(7, number):
        interner = Interner()
        one = interned(interner, asked)
        answer = search(interner, one, ANY_DEPTH if not cyclic_sorts(asked) else 4)
        if isinstance(answer, Refuted) and len(answer.lemmas) >= least:
            found.append((interner, one, answer))
    assert found
    return found


def rejected(interner: Interner, one: Obligation, lemmas: Any, proof: Any) -> bool:
    try:
        check_refutation(interner, one, lemmas, proof)
    except Rejected:
        return True
    return False


def test_a_missing_lemma_is_noticed() -> None:
    for interner, one, answer in refuted(150):
        assert not rejected(interner, one, answer.lemmas, answer.proof)
        for number in range(len(answer.lemmas)):
            fewer = answer.lemmas[:number] + answer.lemmas[number + 1 :]
            assert rejected(interner, one, fewer, answer.proof), (one, answer, number)


def test_a_dropped_assumption_or_conjunct_is_noticed() -> None:
    for _, one, answer in refuted(100, least=3):
        for number, (name, _) in enumerate(one.assumptions):
            if Assume(name) in answer.lemmas:
                fewer = one.assumptions[:number] + one.assumptions[number + 1 :]
                interner = Interner()
                changed = interned(interner, replace(one, assumptions=fewer))
                assert rejected(interner, changed, answer.lemmas, answer.proof)


def test_a_flipped_formula_is_noticed() -> None:
    """Each used assumption negated: what is then accepted, Z3 must refute as well."""
    caught = 0
    for _, one, answer in refuted(150, least=2):
        for number, (name, formula) in enumerate(one.assumptions):
            if Assume(name) in answer.lemmas:
                others = (*one.assumptions[:number], (name, Not(formula)), *one.assumptions[number + 1 :])
                interner = Interner()
                changed = interned(interner, replace(one, assumptions=others))
                if rejected(interner, changed, answer.lemmas, answer.proof):
                    caught += 1
                else:
                    assert holds(changed) is not False
    assert caught > 20


def test_an_altered_proof_line_is_noticed() -> None:
    """Each line of a proof that needs more than propagation says something else, or the opposite."""
    random, constants = Random(3), tuple(Sym(f"c{number}", "A") for number in range(12))
    cases = []
    for _ in range(90):
        facts = [p(name) for name in random.sample(constants, 3)]
        cases.append(Or(tuple(fact if random.random() < 0.5 else Not(fact) for fact in facts)))
    interner = Interner()
    one = interned(interner, replace(obligation(*cases[1:], violated=cases[0]), constants=constants))
    answer = search(interner, one, ANY_DEPTH)
    assert isinstance(answer, Refuted) and len(answer.proof) > 1 and answer.proof[-1] == ()
    assert not rejected(interner, one, answer.lemmas, answer.proof)
    assert rejected(interner, one, answer.lemmas, ())
    assert rejected(interner, one, answer.lemmas, answer.proof[:-1])
    assert rejected(interner, one, answer.lemmas, answer.proof[-1:])
    altered = [
        (*answer.proof[:at], line, *answer.proof[at + 1 :])
        for at in range(len(answer.proof) - 1)
        for line in ((1_000,), tuple(-literal for literal in answer.proof[at]))
    ]
    # Many lines may be altered without harm, as the checker also knows RAT: what it accepts is a proof all the same.
    assert any(rejected(interner, one, answer.lemmas, proof) for proof in altered)


def test_nothing_proves_what_is_not_so() -> None:
    """Lines that would help are refused where the clauses have a model."""
    for asked in satisfied()[:20]:
        interner = Interner()
        one = interned(interner, asked)
        lemmas = [Assume("violated"), *(Assume(name) for name, _ in one.assumptions)]
        variables = sorted({abs(each) for clause in clauses_of(interner, one, lemmas) for each in clause})
        assert rejected(interner, one, lemmas, [()])
        for one_line in variables:
            for two in variables[-5:]:
                assert rejected(interner, one, lemmas, [(one_line,), (-two,), (-one_line, two), ()])


def test_lemmas_are_checked() -> None:
    interner = Interner()
    one = interned(interner, obligation(Forall((X,), p(X)), violated=Not(p(A))))
    good = [Assume("violated"), Assume("assumption 0"), Instance(3, (0,))]
    clauses_of(interner, one, good)
    for bad in (
        [Assume("nothing")],
        [*good, Instance(3, (1,))],  # of another sort
        [*good, Instance(3, ())],
        [*good, Instance(2, (0,))],  # no universal
        [*good, Instance(3, (99,))],
        [Transitive(0, 0, 1)],
        [Congruent("p", (0,), (1,))],
        [Congruent("unheard_of", (0,), (0,))],
    ):
        with pytest.raises(NotALemma):
            clauses_of(interner, one, bad)


def test_obligations_are_checked() -> None:
    for bad in (
        obligation(violated=p(Sym("who", "A"))),
        obligation(violated=Atom("q'", (A, B))),
        obligation(violated=Atom("p", (B,))),
        obligation(violated=p(A), updates=(Update("p", (X,), p(X)),)),
        obligation(violated=Atom("q'", (A, B)), updates=(Update("q'", (X, Z), Atom("q'", (X, Z))),)),
        obligation(violated=Atom("q'", (B, B)), updates=(Update("q'", (X, Z), p(X)),)),
        replace(obligation(p(A), violated=p(A)), assumptions=(("twice", p(A)), ("twice", p(A)))),
        replace(obligation(violated=p(A)), constants=(A, A)),
    ):
        interner = Interner()
        with pytest.raises(NotALemma):
            clauses_of(interner, interned(interner, bad), [Assume("violated")])
    with pytest.raises(Unresolved):
        intern(Interner(), Either(p(A), p(A)))


# ---- the trusted part, broken --------------------------------------------------------------------------------------

Broken = Callable[[pytest.MonkeyPatch], None]


def witnesses_are_constants(patch: pytest.MonkeyPatch) -> None:
    """An existential is shown by the constant of its sort."""
    patch.setattr(clauses, "_witness", lambda made, formula, name, asserted, env: made.term_numbers["some", name.sort])


def witnesses_depend_on_nothing(patch: pytest.MonkeyPatch) -> None:
    """One witness for all values of the universals."""
    real = clauses._witness
    patch.setattr(
        clauses, "_witness", lambda made, formula, name, asserted, env: real(made, formula, name, asserted, {})
    )


def denials_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """An equality has the same literal, asserted or not."""
    real = clauses.literal

    def literal(made: Any, formula: Any, asserted: bool, env: Any) -> int:
        return real(made, formula, True if isinstance(formula, Same) else asserted, env)

    patch.setattr(clauses, "literal", literal)


def a_literal_is_flipped(patch: pytest.MonkeyPatch) -> None:
    """In clauses of three literals and more, the last one is negated."""
    real = clauses._clause

    def clause(literals: Any) -> Any:
        found = real(literals)
        return (*found[:-1], -found[-1]) if len(found) >= 3 else found

    patch.setattr(clauses, "_clause", clause)


def a_part_is_dropped(patch: pytest.MonkeyPatch) -> None:
    """A disjunction loses its last part."""
    real = interning._kept

    def kept(interner: Any, key: Any, formula: Any, free: Any) -> Any:
        if isinstance(formula, Or) and len(formula.parts) > 1:
            formula = Or(formula.parts[:-1])
        return real(interner, key, formula, free)

    patch.setattr(interning, "_kept", kept)


def terms_are_all_equal(patch: pytest.MonkeyPatch) -> None:
    """Every equality is true."""
    patch.setattr(clauses, "equality", lambda made, one, two: clauses.ALWAYS)


@pytest.mark.parametrize(
    "broken",
    (
        witnesses_are_constants,
        witnesses_depend_on_nothing,
        denials_are_forgotten,
        a_literal_is_flipped,
        a_part_is_dropped,
        terms_are_all_equal,
    ),
)
def test_a_broken_grounder_is_caught(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a grounder makes of formulas with a model has a model: one with a mistake is found out at once."""
    broken(monkeypatch)
    assert not all(satisfiable(asked) for asked in satisfied())


def test_all_clauses_of_what_has_a_model_have_a_model() -> None:
    """All instances of two rounds, all lemmas about equality: nothing follows that should not."""
    assert all(satisfiable(asked) for asked in satisfied())


def satisfied() -> list[Obligation]:
    """Random obligations that have a model, says Z3, and some that need two elements."""
    c = Sym("c", "A")
    apart = obligation(Exists((X,), p(X)), violated=Exists((Y,), Not(p(Y))))
    other = Forall((X,), Exists((Y,), And((Atom("r", (X, Y)), Not(Same(X, Y))))))
    paired = replace(obligation(other, Not(Same(A, c)), violated=p(A)), constants=(*CONSTANTS, c))
    unequal = replace(obligation(p(A), Not(p(c)), violated=Not(Same(A, c))), constants=(*CONSTANTS, c))
    return [apart, paired, unequal, *(asked for asked in obligations(1, 120) if holds(asked) is False)]


def satisfiable(asked: Obligation) -> bool:
    interner = Interner()
    made = clauses.grounding(interner, interned(interner, asked))
    found = [clauses.add(made, Assume(name)) for name in ("violated", *made.assumptions)]
    for _ in range(2):
        by_sort = {s: [n for n, term in enumerate(made.terms) if term.sort == s][:5] for s in SORTS}
        for variable, universal in list(made.universals.items())[:60]:
            for terms in product(*(by_sort[var.sort] for var in universal.vars)):
                found.append(clauses.add(made, Instance(variable, terms)))
    by_sort = {s: [n for n, term in enumerate(made.terms) if term.sort == s][:6] for s in SORTS}
    for same in by_sort.values():
        found += [clauses.add(made, Transitive(*three)) for three in product(same, repeat=3)]
    atoms = list(made.atoms)[:80]
    for (pred, left), (other, right) in product(atoms, repeat=2):
        if pred == other and left != right:
            found.append(clauses.add(made, Congruent(pred, left, right)))
    with Cadical195(bootstrap_with=[*made.clauses, *found]) as solver:
        return bool(solver.solve())


def test_a_model_is_told_from_a_refutation() -> None:
    interner = Interner()
    assert isinstance(search(interner, interned(interner, obligation(p(A), violated=p(A))), 5), Satisfied)
