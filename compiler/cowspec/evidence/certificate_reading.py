"""Certificates read back: `read` any text, get a `Certificate` or a `CertificateError`.

Only the form is checked here. That formulas are those of a model, and that refutations are refutations, is for others.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeVar

from cowspec.encode.herbrand.clauses import Assume, Clause, Congruent, Instance, Lemma, Transitive
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
from cowspec.evidence.certificates import SCHEMA_VERSION, Certificate, CertifiedClaim, Entry, Refutation

MAX_DEPTH = 200
"""Of formulas inside formulas."""

MAX_LITERAL = 2**31 - 1

Item = TypeVar("Item")


class CertificateError(Exception):
    """The text is no certificate; the message says where and why."""


def read(text: str) -> Certificate:
    """The certificate that `write` wrote. Raises `CertificateError`, and nothing else, for any text."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CertificateError(f"no JSON: {error}") from None
    if not isinstance(record, dict) or record.get("kind") != "certificate":
        raise CertificateError('no certificate: an object with "kind": "certificate" is expected')
    if record.get("schema_version") != SCHEMA_VERSION or type(record["schema_version"]) is not int:
        raise CertificateError(f"schema_version is {record.get('schema_version')!r}, {SCHEMA_VERSION} is expected")
    sorts = _texts(_get(record, "sorts", "the certificate"), "sorts")
    tables = _Tables(sorts, record)
    entries = tuple(
        _entry(tables, item, f"obligation {number}")
        for number, item in enumerate(_sequence(_get(record, "obligations", "the certificate"), "obligations"))
    )
    claims = tuple(
        _claim(tables, item, len(entries), f"claim {number}")
        for number, item in enumerate(_sequence(_get(record, "claims", "the certificate"), "claims"))
    )
    return Certificate(_text(_get(record, "model", "the certificate"), "model"), sorts, claims, entries)


class _Tables:
    """The names, predicates and formulas that the rest refers to by number."""

    def __init__(self, sorts: tuple[str, ...], record: Mapping[str, object]) -> None:
        self.sorts = sorts
        self.names = tuple(self._name(item) for item in _sequence(_get(record, "names", "the certificate"), "names"))
        self.predicates = tuple(
            self._predicate(item) for item in _sequence(_get(record, "predicates", "the certificate"), "predicates")
        )
        self.formulas: list[Formula] = []
        self.depths: list[int] = []
        for number, item in enumerate(_sequence(_get(record, "formulas", "the certificate"), "formulas")):
            self._add_formula(item, f"formula {number}")

    def _sort(self, value: object, where: str) -> str:
        sort = _text(value, where)
        if sort not in self.sorts:
            raise CertificateError(f"{where}: `{sort}` is no sort of the certificate")
        return sort

    def _name(self, item: object) -> Sym:
        name, sort = _tuple(item, 2, "names")
        return Sym(_text(name, "names"), self._sort(sort, "names"))

    def _predicate(self, item: object) -> Predicate:
        name, sorts = _tuple(item, 2, "predicates")
        found = tuple(self._sort(sort, "predicates") for sort in _sequence(sorts, "predicates"))
        return Predicate(_text(name, "predicates"), found)

    def names_at(self, value: object, where: str) -> tuple[Sym, ...]:
        return tuple(_at(self.names, number, where) for number in _sequence(value, where))

    def _part(self, value: object, where: str) -> tuple[Formula, int]:
        """An earlier formula, and how deep it is."""
        formula = _at(self.formulas, value, where)
        assert isinstance(value, int)
        return formula, self.depths[value]

    def _add_formula(self, item: object, where: str) -> None:
        words = _sequence(item, where)
        formula, depth = self._formula(words[0] if words else None, words[1:], where)
        if depth > MAX_DEPTH:
            raise CertificateError(f"{where}: formulas more than {MAX_DEPTH} deep")
        self.formulas.append(formula)
        self.depths.append(depth)

    def _formula(self, kind: object, rest: Sequence[object], where: str) -> tuple[Formula, int]:
        match kind, len(rest):
            case ("true", 0) | ("false", 0):
                return Truth(kind == "true"), 0
            case "atom", 2:
                return Atom(_text(rest[0], where), self.names_at(rest[1], where)), 0
            case "same", 2:
                return Same(_at(self.names, rest[0], where), _at(self.names, rest[1], where)), 0
            case "not", 1:
                body, depth = self._part(rest[0], where)
                return Not(body), depth + 1
            case ("and", 1) | ("or", 1):
                parts = [self._part(value, where) for value in _sequence(rest[0], where)]
                formulas = tuple(formula for formula, _ in parts)
                depth = 1 + max((depth for _, depth in parts), default=0)
                return (And(formulas) if kind == "and" else Or(formulas)), depth
            case ("all", 2) | ("some", 2):
                names = self.names_at(rest[0], where)
                body, depth = self._part(rest[1], where)
                return (Forall(names, body) if kind == "all" else Exists(names, body)), depth + 1
            case _:
                raise CertificateError(f"{where} is of no known form")


def _claim(tables: _Tables, item: object, entries: int, where: str) -> CertifiedClaim:
    record = _object(item, where)
    numbers = _numbers(_get(record, "obligations", where), where)
    if any(not 0 <= number < entries for number in numbers):
        raise CertificateError(f"{where}: an obligation that does not exist")
    goal = _text(_get(record, "goal", where), where)
    found = [_tuple(each, 2, where) for each in _sequence(record.get("found", []), where)]
    return CertifiedClaim(
        goal,
        _at(tables.formulas, _get(record, "when", where), where),
        numbers,
        tuple((_text(name, where), _at(tables.formulas, number, where)) for name, number in found),
    )


def _entry(tables: _Tables, item: object, where: str) -> Entry:
    record = _object(item, where)
    obligation = _obligation(tables, record, where)
    needed = _texts(_get(record, "needed", where), where)
    if "open" in record:
        return Entry(obligation, needed, None, _text(record["open"], where))
    lemmas = tuple(_lemma(each, where) for each in _sequence(_get(record, "lemmas", where), where))
    return Entry(obligation, needed, Refutation(lemmas, _proof(_get(record, "proof", where), where)))


def _obligation(tables: _Tables, record: Mapping[str, object], where: str) -> Obligation:
    assumptions = [_tuple(each, 2, where) for each in _sequence(_get(record, "assumptions", where), where)]
    updates = [_tuple(each, 3, where) for each in _sequence(_get(record, "updates", where), where)]
    return Obligation(
        step=_text(_get(record, "step", where), where),
        goal=_text(_get(record, "goal", where), where),
        sorts=tables.sorts,
        predicates=tuple(
            _at(tables.predicates, number, where) for number in _sequence(_get(record, "predicates", where), where)
        ),
        constants=tables.names_at(_get(record, "constants", where), where),
        assumptions=tuple((_text(name, where), _at(tables.formulas, number, where)) for name, number in assumptions),
        updates=tuple(
            Update(_text(pred, where), tables.names_at(formals, where), _at(tables.formulas, number, where))
            for pred, formals, number in updates
        ),
        violated=_at(tables.formulas, _get(record, "violated", where), where),
    )


def _lemma(item: object, where: str) -> Lemma:
    match item:
        case ["assume", name]:
            return Assume(_text(name, where))
        case ["instance", variable, terms]:
            return Instance(_number(variable, where), _numbers(terms, where))
        case ["transitive", one, two, three]:
            return Transitive(_number(one, where), _number(two, where), _number(three, where))
        case ["congruent", pred, left, right]:
            return Congruent(_text(pred, where), _numbers(left, where), _numbers(right, where))
        case _:
            raise CertificateError(f"{where}: a lemma of no known form")


def _proof(value: object, where: str) -> tuple[Clause, ...]:
    """Lines of literals, each ended by 0."""
    if not isinstance(value, str):
        raise CertificateError(f"{where}: `proof` is no text")
    lines = []
    for line in value.splitlines():
        words = line.split(" ")
        if words[-1] != "0" or not all(_is_literal(word) for word in words[:-1]):
            raise CertificateError(f"{where}: a line of the proof is not literals and a 0")
        lines.append(tuple(int(word) for word in words[:-1]))
    return tuple(lines)


def _is_literal(word: str) -> bool:
    digits = word.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 10 and 0 < int(digits) <= MAX_LITERAL


# ---- forms ---------------------------------------------------------------------------------------------------------


def _get(record: Mapping[str, object], key: str, where: str) -> object:
    if key not in record:
        raise CertificateError(f"{where}: `{key}` is missing")
    return record[key]


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise CertificateError(f"{where} is no object")
    return value


def _sequence(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise CertificateError(f"{where}: a list is expected")
    return value


def _tuple(value: object, length: int, where: str) -> list[object]:
    found = _sequence(value, where)
    if len(found) != length:
        raise CertificateError(f"{where}: a list of {length} is expected")
    return found


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise CertificateError(f"{where}: a text is expected, of printable characters")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    return tuple(_text(each, where) for each in _sequence(value, where))


def _number(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_LITERAL:
        raise CertificateError(f"{where}: a number is expected")
    return value


def _numbers(value: object, where: str) -> tuple[int, ...]:
    return tuple(_number(each, where) for each in _sequence(value, where))


def _at(table: Sequence[Item], value: object, where: str) -> Item:
    number = _number(value, where)
    if number >= len(table):
        raise CertificateError(f"{where}: number {number} refers to nothing before it")
    return table[number]
