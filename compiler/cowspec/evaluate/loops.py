"""Nested loops over elements: in which order names are bound, and which test runs as soon as it can.

`schedule` decides, `nest` turns the decision into one closure (with loops spelled out: a generator inside `any` takes
twice the time). A binder that some test equates with a term whose names are bound already takes that term's value
instead of looping; otherwise a binder goes first that makes a test possible.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cowspec.evaluate.context import Code, Context, Names, Tables, TermCode
from cowspec.evaluate.names import free_names
from cowspec.system import ir


class Test(NamedTuple):
    """Must hold. `needs`: the names it mentions."""

    formula: ir.Formula
    needs: frozenset[str]


class Bind(NamedTuple):
    """Writes the cell of `gives`; false if that disables the step."""

    code: Code
    needs: frozenset[str]
    gives: str


@dataclass(slots=True)
class Level:
    """Bind one name (none at the outermost level) to each element or to the value of a term, then run the items."""

    binder: ir.Binder | None
    value: ir.Term | None
    items: list[Test | Bind]


def schedule(binders: tuple[ir.Binder, ...], items: tuple[Test | Bind, ...]) -> list[Level]:
    remaining = list(binders)
    unbound = {binder.name for binder in binders} | {item.gives for item in items if isinstance(item, Bind)}
    pending = list(items)
    levels = [Level(None, None, _ready(pending, unbound))]
    while remaining:
        binder, value = _next_binder(remaining, pending, unbound)
        remaining.remove(binder)
        unbound.discard(binder.name)
        levels.append(Level(binder, value, _ready(pending, unbound)))
    return levels


def _ready(pending: list[Test | Bind], unbound: set[str]) -> list[Test | Bind]:
    """Moves the items that can run from `pending` to the result, in order."""
    ready: list[Test | Bind] = []
    for item in tuple(pending):
        if unbound.isdisjoint(item.needs):
            ready.append(item)
            pending.remove(item)
            if isinstance(item, Bind):
                unbound.discard(item.gives)
    return ready


def _next_binder(
    remaining: list[ir.Binder], pending: list[Test | Bind], unbound: set[str]
) -> tuple[ir.Binder, ir.Term | None]:
    by_name = {binder.name: binder for binder in remaining}
    for item in pending:
        if isinstance(item, Test) and isinstance(item.formula, ir.Equal):
            left, right = item.formula.left, item.formula.right
            for name, term in ((left, right), (right, left)):
                if isinstance(name, ir.Param) and name.name in by_name and unbound.isdisjoint(free_names(term)):
                    pending.remove(item)
                    return by_name[name.name], term
    for item in pending:
        missing = unbound & item.needs
        if len(missing) == 1 and missing <= by_name.keys():
            return by_name[missing.pop()], None
    return remaining[0], None


def nest(
    c: Context,
    levels: list[Level],
    names: Names,
    code_of: Callable[[Test | Bind], Code | bool],
    value_of: Callable[[ir.Term], TermCode],
    leaf: Code | None,
    only: Mapping[str, int],
) -> Code | bool:
    """The loops as one closure: true as soon as `leaf` is (without a leaf: as soon as all tests pass). `only`: what
    some binders must be.

    The constants True and False where the tests do not depend on the state and there is no leaf to run, or never.
    """
    prepared: list[tuple[Level, Code | None, TermCode | None]] = []
    for level in levels:  # from the outside in, so that names of a `let` are compiled before their readers
        codes: list[Code] = []
        for item in level.items:
            code = code_of(item)
            if code is False:
                return False
            if code is not True:
                codes.append(code)
        prepared.append((level, sequence(codes), None if level.value is None else value_of(level.value)))
    inner: Code | None = leaf
    for level, test, value in reversed(prepared):
        if level.binder is None:
            inner = _guarded(test, inner)
            continue
        name, cell = level.binder.name, names[level.binder.name].cell
        domain = (only[name],) if name in only else range(c.sizes[level.binder.domain])
        if value is not None:
            inner = _determined(c.cells, cell, value, domain if name in only else None, test, inner)
        elif test is not None or inner is not None:
            inner = _loop(c.cells, cell, domain, test, inner)
    return True if inner is None else inner


def sequence(codes: list[Code]) -> Code | None:
    """All of them in order; None if there is none."""
    match codes:
        case []:
            return None
        case [a]:
            return a
        case [a, b]:
            return lambda S: a(S) and b(S)
        case [a, b, d]:
            return lambda S: a(S) and b(S) and d(S)
        case _:
            several = tuple(codes)

            def in_order(S: Tables) -> bool:
                for code in several:
                    if not code(S):
                        break
                else:
                    return True
                return False

            return in_order


def _guarded(test: Code | None, inner: Code | None) -> Code | None:
    if test is None or inner is None:
        return test if inner is None else inner
    return lambda S: test(S) and inner(S)


def _determined(
    cells: list[int],
    cell: int,
    value: TermCode,
    domain: Collection[int] | None,
    test: Code | None,
    inner: Code | None,
) -> Code:
    """`domain` None: the value need not be compared."""
    go_on = _guarded(test, inner)

    def determined(S: Tables) -> object:
        number = value(S)
        if number is None or (domain is not None and number not in domain):
            return False
        cells[cell] = number
        return go_on is None or go_on(S)

    return determined


def _loop(cells: list[int], cell: int, domain: Collection[int], test: Code | None, inner: Code | None) -> Code:
    if test is not None and inner is not None:

        def loop(S: Tables) -> bool:
            for cells[cell] in domain:
                if test(S) and inner(S):
                    break
            else:
                return False
            return True

        return loop
    only = test if inner is None else inner
    assert only is not None, "a loop without test and leaf is no loop"

    def short_loop(S: Tables) -> bool:
        for cells[cell] in domain:
            if only(S):
                break
        else:
            return False
        return True

    return short_loop
