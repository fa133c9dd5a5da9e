"""Certificates: all obligations of some proofs as formulas, each with a refutation that a verified checker accepts.

In: a `Certificate`. Out: its text, the same for the same certificate byte for byte (`spec/CERTIFICATES.md` describes
it). `certificate_reading.py` reads it back.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

from cowspec.encode.herbrand.clauses import Assume, Clause, Congruent, Instance, Lemma, Transitive
from cowspec.encode.herbrand.interning import Interner, intern, interned, number_of
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
    Same,
    Sym,
    Truth,
)
from cowspec.encode.relational.obligation import Obligation

SCHEMA_VERSION = 1
Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True)
class Refutation:
    """The lemmas of an obligation whose clauses have no model, and the proof of that."""

    lemmas: tuple[Lemma, ...]
    proof: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An obligation, the names of what it assumes before the step, its refutation; without one, why there is none."""

    obligation: Obligation
    needed: tuple[str, ...]
    refutation: Refutation | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CertifiedClaim:
    """`goal` holds under all settings that satisfy `when`, as the obligations of these numbers hold. `found`: lemmas
    that they speak of beside what the model has, by name."""

    goal: str
    when: Formula
    entries: tuple[int, ...]
    found: tuple[tuple[str, Formula], ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """`model`: the path as it was given. All obligations speak of the same `sorts`."""

    model: str
    sorts: tuple[str, ...]
    claims: tuple[CertifiedClaim, ...]
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class _Tables:
    """What is written once and referred to by number."""

    interner: Interner = field(default_factory=Interner)
    names: dict[Sym, int] = field(default_factory=dict)
    predicates: dict[Predicate, int] = field(default_factory=dict)


def write(certificate: Certificate) -> str:
    """The certificate as JSON text."""
    tables = _Tables()
    entries = [_entry(tables, entry) for entry in certificate.entries]
    claims = [_claim(tables, claim) for claim in certificate.claims]
    formulas = [_formula(tables, formula) for formula in tables.interner.formulas]
    lines = [
        "{",
        f' "schema_version": {SCHEMA_VERSION},',
        ' "kind": "certificate",',
        f' "model": {_json(certificate.model)},',
        f' "sorts": {_json(certificate.sorts)},',
        *_list("predicates", ([each.name, list(each.sorts)] for each in tables.predicates)),
        *_list("names", ([each.name, each.sort] for each in tables.names)),
        *_list("formulas", formulas),
        *_list("claims", claims),
        *_list("obligations", entries, last=True),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _list(key: str, items: Iterable[object], *, last: bool = False) -> Iterator[str]:
    """A list under its key, one item a line."""
    texts = [_json(item) for item in items]
    yield f' "{key}": ['
    yield from (f"  {text}{',' if number < len(texts) else ''}" for number, text in enumerate(texts, 1))
    yield " ]" if last else " ],"


def _json(item: object) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def _claim(tables: _Tables, claim: CertifiedClaim) -> dict[str, object]:
    record: dict[str, object] = {
        "goal": claim.goal,
        "when": _formula_number(tables, claim.when),
        "obligations": list(claim.entries),
    }
    if claim.found:
        record["found"] = [[name, _formula_number(tables, formula)] for name, formula in claim.found]
    return record


def _formula_number(tables: _Tables, formula: Formula) -> int:
    return number_of(tables.interner, intern(tables.interner, formula))


def _entry(tables: _Tables, entry: Entry) -> dict[str, object]:
    obligation = interned(tables.interner, entry.obligation)
    record: dict[str, object] = {
        "step": obligation.step,
        "goal": obligation.goal,
        "needed": list(entry.needed),
        "predicates": [_number(tables.predicates, each) for each in obligation.predicates],
        "constants": _names(tables, obligation.constants),
        "assumptions": [[name, number_of(tables.interner, each)] for name, each in obligation.assumptions],
        "updates": [
            [each.pred, _names(tables, each.formals), number_of(tables.interner, each.body)]
            for each in obligation.updates
        ],
        "violated": number_of(tables.interner, obligation.violated),
    }
    if entry.refutation is None:
        return record | {"open": entry.reason}
    return record | {
        "lemmas": [_lemma(lemma) for lemma in entry.refutation.lemmas],
        "proof": "".join("".join(f"{literal} " for literal in line) + "0\n" for line in entry.refutation.proof),
    }


def _lemma(lemma: Lemma) -> list[object]:
    match lemma:
        case Assume(name):
            return ["assume", name]
        case Instance(universal, terms):
            return ["instance", universal, list(terms)]
        case Transitive(one, two, three):
            return ["transitive", one, two, three]
        case Congruent(pred, left, right):
            return ["congruent", pred, list(left), list(right)]
        case _:
            assert_never(lemma)


def _formula(tables: _Tables, formula: Formula) -> list[object]:
    """`["true"]`, `["atom", "pte", [0, 1]]`, `["and", [3, 4]]`, ...: names and parts by number."""
    part = tables.interner.numbers
    match formula:
        case Truth(value):
            return ["true" if value else "false"]
        case Atom(pred, args):
            return ["atom", pred, _names(tables, args)]
        case Same(left, right):
            return ["same", *_names(tables, (left, right))]
        case Not(body):
            return ["not", part[id(body)]]
        case And(parts):
            return ["and", [part[id(each)] for each in parts]]
        case Or(parts):
            return ["or", [part[id(each)] for each in parts]]
        case Forall(names, body):
            return ["all", _names(tables, names), part[id(body)]]
        case Exists(names, body):
            return ["some", _names(tables, names), part[id(body)]]
        case Either():
            raise ValueError("a formula of an obligation has two forms")
        case _:
            assert_never(formula)


def _names(tables: _Tables, names: Iterable[Sym]) -> list[int]:
    return [_number(tables.names, name) for name in names]


def _number(numbers: dict[Listed, int], item: Listed) -> int:
    return numbers.setdefault(item, len(numbers))
