"""An obligation as a script in SMT-LIB 2.6.

In: an `Obligation`. Out: text that any solver with quantifiers reads. Sorts are declared, the predicates of the state
before the step are functions to Bool, those after it are defined (`define-fun`) by what the step makes of them; each
assumption is an assertion under its name in the model. The printer is its own: nothing is shared with the terms that
the prover hands to Z3.

    (declare-sort Page 0)
    (declare-fun exclusive (Page) Bool)
    (declare-const p Page)
    (define-fun |exclusive'| ((y Page)) Bool (or (= p y) (exclusive y)))
    (assert (! (forall ((q Page)) ...) :named some_lemma))
    (assert (! (not ...) :named |goal, denied|))
    (check-sat)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import assert_never

from cowspec.encode.relational.formula import And, Atom, Either, Exists, Forall, Formula, Not, Or, Same, Sym, Truth
from cowspec.encode.relational.obligation import Obligation
from cowspec.encode.smtlib.names import Names, given, names_of, sort_named, stem, without_numbers

WIDTH = 120
DENIED = "goal, denied"


def script(obligation: Obligation, source: str, comment: Iterable[str] = ()) -> str:
    """The whole file. `source`: who made it and of what; `comment`: lines for the reader."""
    said = "".join(f"; {line}\n" for line in comment)
    about = source.replace("\\", "/").replace("|", "/")
    info = f"(set-info :smt-lib-version 2.6)\n(set-info :source |{about}|)\n(set-info :status unsat)\n"
    return f"{said}{info}{body(obligation)}(exit)\n"


def body(obligation: Obligation) -> str:
    """Declarations, assertions, `(check-sat)`: what the question is, whoever asks it and whatever the rest of the
    model."""
    names = names_of(obligation)
    lines = []
    for predicate in obligation.predicates:
        sorts = " ".join(sort_named(names, sort) for sort in predicate.sorts)
        lines.append(f"(declare-fun {names.own[predicate.name]} ({sorts}) Bool)")
    lines += [f"(declare-const {names.own[each.name]} {sort_named(names, each.sort)})" for each in obligation.constants]
    for update in obligation.updates:
        scope = _scope(names)
        formals = _binders(scope, update.formals)
        lines.append(_headed(f"(define-fun {names.own[update.pred]} ({formals}) Bool", scope, update.body, ")"))
    labels = Names(set(names.taken))
    for name, formula in (*obligation.assumptions, (DENIED, obligation.violated)):
        label = given(labels, without_numbers(name))
        lines.append(_headed("(assert (!", _scope(names), formula, f" :named {label}))"))
    sorts_read = [f"(declare-sort {names.sorts[sort]} 0)" for sort in obligation.sorts if sort in names.sorts]
    return "\n".join(["(set-logic UF)", *sorts_read, *lines, "(check-sat)"]) + "\n"


def digest(text: str) -> str:
    """What tells one question from another: of its `body`."""
    return sha256(text.encode()).hexdigest()


# ---- formulas ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Scope:
    """The names of one definition or assertion, and its texts on one line each, by identity of the formula."""

    names: Names
    taken: set[str]
    bound: dict[str, str] = field(default_factory=dict)
    flat: dict[int, str] = field(default_factory=dict)


def _scope(names: Names) -> _Scope:
    return _Scope(names, set(names.taken))


def _name(scope: _Scope, sym: Sym) -> str:
    return scope.bound.get(sym.name) or scope.names.own[sym.name]


def _binders(scope: _Scope, syms: Sequence[Sym]) -> str:
    for sym in syms:
        if sym.name not in scope.bound:
            scope.bound[sym.name] = given(Names(scope.taken), stem(sym))
    return " ".join(f"({scope.bound[sym.name]} {sort_named(scope.names, sym.sort)})" for sym in syms)


def _flat(scope: _Scope, formula: Formula) -> str:
    found = scope.flat.get(id(formula))
    if found is None:
        found = scope.flat[id(formula)] = _newly_flat(scope, formula)
    return found


def _newly_flat(scope: _Scope, formula: Formula) -> str:
    match formula:
        case Truth(value):
            return "true" if value else "false"
        case Atom(pred, args):
            name = scope.names.own[pred]
            return f"({name} {' '.join(_name(scope, arg) for arg in args)})" if args else name
        case Same(left, right):
            return f"(= {_name(scope, left)} {_name(scope, right)})"
        case And(parts) | Or(parts) if len(parts) < 2:
            return _flat(scope, parts[0]) if parts else _flat(scope, Truth(isinstance(formula, And)))
        case Not() | And() | Or() | Forall() | Exists():
            head, parts = _opened(scope, formula)
            return f"{head} {' '.join(_flat(scope, part) for part in parts)})"
        case Either():
            raise TypeError("an obligation has no `Either`")
        case _:
            assert_never(formula)


def _opened(scope: _Scope, formula: Not | And | Or | Forall | Exists) -> tuple[str, tuple[Formula, ...]]:
    """What stands before the parts, with an open parenthesis, and the parts."""
    match formula:
        case Not(body):
            return "(not", (body,)
        case And(parts):
            return "(and", parts
        case Or(parts):
            return "(or", parts
        case Forall(names, body):
            return f"(forall ({_binders(scope, names)})", (body,)
        case Exists(names, body):
            return f"(exists ({_binders(scope, names)})", (body,)
        case _:
            assert_never(formula)


def _headed(head: str, scope: _Scope, formula: Formula, tail: str) -> str:
    """`head formula tail`, on one line if there is room."""
    flat = _flat(scope, formula)
    if len(head) + 1 + len(flat) + len(tail) <= WIDTH:
        return f"{head} {flat}{tail}"
    return f"{head}\n{_laid(scope, formula, 2)}\n {tail}"


def _laid(scope: _Scope, formula: Formula, indent: int) -> str:
    """The formula on as many lines as it needs."""
    margin, flat = " " * indent, _flat(scope, formula)
    if indent + len(flat) <= WIDTH or isinstance(formula, Truth | Atom | Same | Either):
        return margin + flat
    if isinstance(formula, And | Or) and len(formula.parts) < 2:
        return _laid(scope, formula.parts[0], indent)
    head, parts = _opened(scope, formula)
    return f"{margin}{head}\n" + "\n".join(_laid(scope, part, indent + 2) for part in parts) + ")"
