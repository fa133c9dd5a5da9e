"""Names in SMT-LIB text: those of the model where they can stand, else close to them.

In: the predicates, constants and bound names of an obligation. Out: symbols, all different, that depend on nothing but
the obligation: the numbers by which a translation tells names apart do not show, so the same question has the same text
whatever else the model says.

A symbol that is no plain word stands between bars, which cannot hold `|` or a backslash; no name of a model does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cowspec.encode.relational.formula import Predicate, Sym
from cowspec.encode.relational.obligation import Obligation

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_NUMBER = re.compile(r"(@[0-9]+)?#[0-9]+")
"""What a translation adds to a name of the model: `c@5#1061` is a name `c`, `fork.flush if#1065` a condition."""

_WORDS = """
_ as let exists forall match par BINARY DECIMAL HEXADECIMAL NUMERAL STRING assert check-sat declare-const
declare-datatype declare-datatypes declare-fun declare-sort define-fun define-sort define-const define-rec echo exit
push pop reset set-info set-logic set-option true false not and or xor ite distinct Bool Int Real String Array Set Bag
Seq Tuple RoundingMode Float16 Float32 Float64 Float128 RegLan Char Unit select store abs div mod to_real to_int is_int
implies iff if const set bag seq tuple union inter member subset card choose complement emp sep wand pto nil synth
witness lambda sin cos tan exp pi sqrt divisible update table rel skolem eq
"""
WORDS = frozenset(_WORDS.split())
"""Words of the format, and what solvers have built in beyond it."""


@dataclass(slots=True)
class Names:
    """The symbols given out so far. `own`: of predicates and of the step's constants, by their names; `sorts`: of the
    sorts that occur."""

    taken: set[str] = field(default_factory=set)
    own: dict[str, str] = field(default_factory=dict)
    sorts: dict[str, str] = field(default_factory=dict)


def names_of(obligation: Obligation) -> Names:
    """Symbols for all that is declared."""
    names = Names()
    for each in (*obligation.predicates, *(Predicate(update.pred, ()) for update in obligation.updates)):
        names.own[each.name] = given(names, without_numbers(each.name))
    for constant in obligation.constants:
        names.own[constant.name] = given(names, stem(constant))
    return names


def given(names: Names, wanted: str) -> str:
    """A symbol that nothing else has."""
    for name in _tries(wanted):
        if name not in names.taken and name not in WORDS:
            names.taken.add(name)
            return quoted(name)
    raise AssertionError  # the tries have no end


def stem(name: Sym) -> str:
    """The name that the model gave, or the translation's letter."""
    return without_numbers(name.name)


def without_numbers(name: str) -> str:
    return _NUMBER.sub("", name)


def sort_named(names: Names, sort: str) -> str:
    """Sorts have a name space of their own."""
    return names.sorts.setdefault(sort, f"|sort {sort}|" if sort in WORDS else quoted(sort))


def quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f"|{name}|"


def _tries(wanted: str) -> Iterator[str]:
    yield wanted
    number = 2
    while True:
        yield f"{wanted} {number}" if " " in wanted else f"{wanted}_{number}"
        number += 1
