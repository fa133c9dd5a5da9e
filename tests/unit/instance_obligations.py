"""Random obligations over a small signature, and Z3's answer to them."""

from collections.abc import Iterator
from random import Random

import z3
from cowspec.encode.fol.terms import declaration, language, term
from cowspec.encode.relational.formula import (
    And,
    Atom,
    Exists,
    Forall,
    Formula,
    Not,
    Or,
    Predicate,
    Same,
    Sym,
    Truth,
    Update,
)
from cowspec.encode.relational.obligation import Obligation

SORTS = ("A", "B")
PREDICATES = (
    Predicate("flag", ()),
    Predicate("p", ("A",)),
    Predicate("q", ("A", "B")),
    Predicate("r", ("A", "A")),
)
CONSTANTS = (Sym("a", "A"), Sym("b", "B"))


def obligations(seed: int, number: int) -> Iterator[Obligation]:
    """Assumptions, a predicate that a step changes, and what is denied of it, at random."""
    random = Random(seed)
    for _ in range(number):
        draw = _Draw(random)
        formals = (Sym("y1", "A"), Sym("y2", "B"))
        body = draw.formula(2, (*CONSTANTS, *formals))
        updates = () if random.random() < 0.3 else (Update("q'", formals, body),)
        draw.after = bool(updates)
        assumptions = tuple((f"assumption {at}", draw.closed()) for at in range(random.randint(1, 4)))
        draw.after = False
        plain = tuple((name, _before(formula)) for name, formula in assumptions[:-1])
        violated = assumptions[-1][1]
        yield Obligation("step", "goal", SORTS, PREDICATES, CONSTANTS, plain, updates, violated)


class _Draw:
    """Formulas with names of their own."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.made = 0
        self.after = False

    def closed(self) -> Formula:
        return self.formula(3, CONSTANTS)

    def formula(self, depth: int, names: tuple[Sym, ...]) -> Formula:
        kind = self.random.choice(("atom", "same", "not", "and", "or", "all", "all", "some"))
        if depth == 0 or kind == "atom":
            return self.atom(names)
        if kind == "same":
            left = self.random.choice(names)
            return Same(left, self.random.choice([name for name in names if name.sort == left.sort]))
        if kind == "not":
            return Not(self.formula(depth - 1, names))
        if kind in ("and", "or"):
            parts = tuple(self.formula(depth - 1, names) for _ in range(self.random.randint(2, 3)))
            return And(parts) if kind == "and" else Or(parts)
        self.made += 1
        bound = tuple(Sym(f"x{self.made}{sort}", sort) for sort in self.random.choice((("A",), ("B",), ("A", "B"))))
        body = self.formula(depth - 1, (*names, *bound))
        return Forall(bound, body) if kind == "all" else Exists(bound, body)

    def atom(self, names: tuple[Sym, ...]) -> Formula:
        if self.random.random() < 0.05:
            return Truth(self.random.random() < 0.5)
        predicate = self.random.choice(PREDICATES)
        args = tuple(self.random.choice([n for n in names if n.sort == sort]) for sort in predicate.sorts)
        name = "q'" if predicate.name == "q" and self.after and self.random.random() < 0.7 else predicate.name
        return Atom(name, args)


def _before(formula: Formula) -> Formula:
    """Assumptions speak of the state before."""
    match formula:
        case Atom(pred, args):
            return Atom(pred.removesuffix("'"), args)
        case Not(body):
            return Not(_before(body))
        case And(parts):
            return And(tuple(_before(part) for part in parts))
        case Or(parts):
            return Or(tuple(_before(part) for part in parts))
        case Forall(names, body):
            return Forall(names, _before(body))
        case Exists(names, body):
            return Exists(names, _before(body))
        case _:
            return formula


def holds(obligation: Obligation) -> bool | None:
    """Whether the formulas have no model, by Z3; None if it does not say."""
    words = language(obligation.sorts, obligation.predicates)
    solver = z3.Solver(ctx=words.context)
    solver.set("rlimit", 400_000)
    for _, formula in obligation.assumptions:
        solver.add(term(words, formula))
    for update in obligation.updates:
        formals = [z3.Const(formal.name, words.sorts[formal.sort]) for formal in update.formals]
        solver.add(z3.ForAll(formals, declaration(words, update.pred)(*formals) == term(words, update.body)))
    solver.add(term(words, obligation.violated))
    answer = solver.check()
    return None if answer == z3.unknown else bool(answer == z3.unsat)
