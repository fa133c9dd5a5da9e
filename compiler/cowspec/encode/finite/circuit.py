"""Propositional circuits with shared nodes, and their clauses.

A literal is a non-zero integer, its negation the negative; `TRUE` is 1. Nodes are made by `Circuit.all`, `any`, `ite`
and `mux`, which fold constants and return an existing node for equal operands, so equal formulas are one literal.
`Clauses` turns asserted literals into clauses with one definition for each polarity in which a node is needed
(Plaisted and Greenbaum, "A structure-preserving clause form translation", 1986).
"""

from collections.abc import Iterable, Sequence

Literal = int
Clause = list[Literal]

TRUE: Literal = 1
FALSE: Literal = -1

_VARIABLE, _ALL, _ITE, _MUX = range(4)


class Circuit:
    """Nodes by number. `operands` of a conjunction are its parts; of an `ite` condition, then, otherwise; of a `mux`
    the selectors followed by the data."""

    def __init__(self) -> None:
        self.kinds: list[int] = [_VARIABLE, _VARIABLE]  # 0 is no literal, 1 is true
        self.operands: list[tuple[Literal, ...]] = [(), ()]
        self._alls: dict[tuple[Literal, ...], Literal] = {}
        self._ites: dict[tuple[Literal, ...], Literal] = {}
        self._muxes: dict[tuple[Literal, ...], Literal] = {}

    def is_choice(self, node: int) -> bool:
        """Its operands are condition, then, otherwise."""
        return self.kinds[node] == _ITE

    def variable(self) -> Literal:
        return self._node(_VARIABLE, ())

    def _node(self, kind: int, operands: tuple[Literal, ...]) -> Literal:
        self.kinds.append(kind)
        self.operands.append(operands)
        return len(self.kinds) - 1

    def all(self, parts: Iterable[Literal]) -> Literal:
        """The conjunction; `TRUE` of nothing."""
        kept: set[Literal] = set()
        for part in parts:
            if part == TRUE:
                continue
            if part == FALSE or -part in kept:
                return FALSE
            kept.add(part)
        if not kept:
            return TRUE
        if len(kept) == 1:
            return kept.pop()
        key = tuple(sorted(kept))
        found = self._alls.get(key)
        if found is None:
            found = self._alls[key] = self._choice(key) or self._node(_ALL, key)
        return found

    def any(self, parts: Iterable[Literal]) -> Literal:
        """The disjunction; `FALSE` of nothing."""
        return -self.all([-part for part in parts])

    def _choice(self, key: tuple[Literal, ...]) -> Literal | None:
        """`not (c and a) and not (not c and b)` as the negation of `ite(c, a, b)`; None for other conjunctions."""
        if len(key) != 2 or key[1] > 0:
            return None
        kinds, first, second = self.kinds, -key[0], -key[1]
        if kinds[first] != _ALL or kinds[second] != _ALL:
            return None
        right = self.operands[second]
        for part in self.operands[first]:
            if -part in right:
                then = self.all([p for p in self.operands[first] if p != part])
                otherwise = self.all([p for p in right if p != -part])
                return -self.ite(part, then, otherwise)
        return None

    def ite(self, condition: Literal, then: Literal, otherwise: Literal) -> Literal:
        if condition < 0:
            condition, then, otherwise = -condition, otherwise, then
        if condition == TRUE or then == otherwise:
            return then
        if then in (TRUE, condition):
            return self.any((condition, otherwise))
        if then in (FALSE, -condition):
            return self.all((-condition, otherwise))
        if otherwise in (TRUE, -condition):
            return self.any((-condition, then))
        if otherwise in (FALSE, condition):
            return self.all((condition, then))
        if then < 0:
            return -self.ite(condition, -then, -otherwise)
        key = (condition, then, otherwise)
        found = self._ites.get(key)
        if found is None:
            found = self._ites[key] = self._node(_ITE, key)
        return found

    def mux(self, selectors: Sequence[Literal], data: Sequence[Literal]) -> Literal:
        """The data of the selector that is true. The caller promises that exactly one selector is."""
        pairs = [(s, d) for s, d in zip(selectors, data, strict=True) if s != FALSE]
        first = pairs[0][1]
        if all(d == first for _, d in pairs):
            return first
        for selector, datum in pairs:
            if selector == TRUE:
                return datum
        if len(pairs) == 2:
            return self.ite(pairs[0][0], pairs[0][1], pairs[1][1])
        if all(d in (TRUE, FALSE) for _, d in pairs):
            chosen = [s for s, d in pairs if d == TRUE]
            others = [s for s, d in pairs if d == FALSE]
            return self.any(chosen) if len(chosen) <= len(others) else -self.any(others)
        key = tuple(s for s, _ in pairs) + tuple(d for _, d in pairs)
        found = self._muxes.get(key)
        if found is None:
            found = self._muxes[key] = self._node(_MUX, key)
        return found


class Clauses:
    """The clauses that assert some literals of a circuit; variables are the circuit's node numbers."""

    def __init__(self, circuit: Circuit) -> None:
        self.clauses: list[Clause] = []
        self._circuit = circuit
        self._defined: set[Literal] = set()
        self._waiting: list[Literal] = []

    def require(self, *clause: Literal) -> None:
        """Assert the disjunction. A disjunction within is spliced in; if the last literal is a conjunction or a choice,
        it is asserted part by part, without a variable of its own."""
        *given, last = clause
        self._split(tuple(given), last)
        self._define()

    def _split(self, given: tuple[Literal, ...], last: Literal) -> None:
        kinds, operands = self._circuit.kinds, self._circuit.operands
        pending = [(given, last)]
        while pending:
            before, literal = pending.pop()
            node = abs(literal)
            kind = kinds[node]
            if kind == _ALL and literal > 0:
                pending.extend((before, part) for part in reversed(operands[node]))
            elif kind == _ITE:
                sign = 1 if literal > 0 else -1
                condition, then, otherwise = operands[node]
                pending.append(((*before, condition), sign * otherwise))
                pending.append(((*before, -condition), sign * then))
            else:
                self._add((*before, literal))

    def _add(self, literals: tuple[Literal, ...]) -> None:
        kinds, operands = self._circuit.kinds, self._circuit.operands
        clause: list[Literal] = []
        pending = list(reversed(literals))
        while pending:
            literal = pending.pop()
            if literal == TRUE or -literal in clause:
                return
            if literal == FALSE or literal in clause:
                continue
            if literal < 0 and kinds[-literal] == _ALL:
                pending.extend(-part for part in reversed(operands[-literal]))
            else:
                clause.append(literal)
        self._waiting.extend(clause)
        self.clauses.append(clause)

    def _define(self) -> None:
        """For each literal that waits, the clauses that make it imply its meaning."""
        kinds, operands, defined = self._circuit.kinds, self._circuit.operands, self._defined
        waiting, clauses = self._waiting, self.clauses
        while waiting:
            literal = waiting.pop()
            node = abs(literal)
            kind = kinds[node]
            if kind == _VARIABLE or literal in defined:
                continue
            defined.add(literal)
            parts = operands[node]
            if kind == _ALL:
                if literal > 0:
                    clauses.extend([-literal, part] for part in parts)
                    waiting.extend(parts)
                else:
                    clauses.append([-literal, *[-part for part in parts]])
                    waiting.extend([-part for part in parts])
            elif kind == _ITE:
                condition, then, otherwise = parts if literal > 0 else (parts[0], -parts[1], -parts[2])
                clauses.append([-literal, -condition, then])
                clauses.append([-literal, condition, otherwise])
                waiting.extend((condition, -condition, then, otherwise))
            else:
                half = len(parts) // 2
                for selector, datum in zip(parts[:half], parts[half:], strict=True):
                    datum = datum if literal > 0 else -datum
                    waiting.append(-selector)
                    if datum == FALSE:
                        clauses.append([-literal, -selector])
                    elif datum != TRUE:
                        clauses.append([-literal, -selector, datum])
                        waiting.append(datum)
