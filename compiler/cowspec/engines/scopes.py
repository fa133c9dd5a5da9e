"""Scopes in the order in which they are searched: by number of elements; among as many, those with more elements of the
sorts declared first come first. That is CPUs first: a bug that needs another element mostly needs another CPU, and to
exclude all scopes with few CPUs and many pages before costs several times the search that finds it."""

from collections.abc import Mapping
from itertools import product

from cowspec.system.ir import Scope, System

DEFAULT_SIZE = 2
DEFAULT_SIZES = {"Page": 3}
COUNTED_SIZES = {"Cpu": 2, "Page": 2}
LARGEST_SIZES = {"Cpu": 4, "Page": 4}
"""How far growing scopes grow: bugs need several CPUs at once, and few things of another kind (catalogue, part 7)."""


def default_scope(system: System, fixed: Mapping[str, int]) -> Scope:
    """The scope of those who name only some sorts: 2 elements for each other sort, 3 for `Page`."""
    return tuple((sort, fixed.get(sort, DEFAULT_SIZES.get(sort, DEFAULT_SIZE))) for sort in system.sorts)


def counted_scope(system: System, fixed: Mapping[str, int]) -> Scope:
    """A scope whose states can all be counted: where nothing is fixed, 2 CPUs and pages, and 1 of each other sort."""
    return tuple((sort, fixed.get(sort, COUNTED_SIZES.get(sort, 1))) for sort in system.sorts)


def largest_scope(system: System, fixed: Mapping[str, int]) -> Scope:
    """The scope within which runs are searched: where nothing is fixed, 4 CPUs and pages, and 2 of each other sort."""
    return tuple((sort, fixed.get(sort, LARGEST_SIZES.get(sort, DEFAULT_SIZE))) for sort in system.sorts)


def growing(system: System, fixed: Mapping[str, int], largest: Scope) -> tuple[Scope, ...]:
    """All scopes within `largest` that give the fixed sorts their size, smallest first."""
    ranges = [(fixed[sort],) if sort in fixed else range(1, size + 1) for sort, size in largest]
    scopes = [tuple(zip(system.sorts, sizes, strict=True)) for sizes in product(*ranges)]
    return tuple(sorted(scopes, key=lambda scope: (elements(scope), [-size for _, size in scope])))


def elements(scope: Scope) -> int:
    return sum(size for _, size in scope)
