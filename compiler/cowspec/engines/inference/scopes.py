"""The scopes that a search goes through, and those that are sampled.

In: a system. Out: scopes, the small first.
"""

from cowspec.system.ir import Scope, System

FEW_SORTS = 2
"""Models with no more sorts are searched with four elements of each of them, too."""


def _scope(system: System, sizes: dict[str, int], default: int) -> Scope:
    return tuple((sort, sizes.get(sort, default)) for sort in system.sorts)


def sampled_scopes(system: System) -> list[Scope]:
    """Two of each sort; and more CPUs and pages, but few of the rest."""
    first = _scope(system, {"Page": 3, "Gup": _gups(system)}, 2)
    second = _scope(system, {"Cpu": 3, "Page": 4, "Va": 1, "Mm": 3, "Value": 2, "Gup": 2}, 3)
    return [first, second, *_uneven(system)]


def _uneven(system: System) -> list[Scope]:
    """Of models with few sorts four elements of one, and three of the others: sorts of one size look alike."""
    if len(system.sorts) > FEW_SORTS:
        return []
    return list(dict.fromkeys([*(_scope(system, {sort: 4}, 3) for sort in system.sorts), _scope(system, {}, 4)]))


def _gups(system: System) -> int:
    """References are many only where some step takes one."""
    return 2 if any(step.name in ("vmsplice", "get_for_write", "pin_for_read") for step in system.steps) else 1


def growing_scopes(system: System) -> list[Scope]:
    """Growing; what is known at one is tried at the next."""
    found = [
        _scope(system, {"Va": 1, "Gup": 1}, 2),
        _scope(system, {"Page": 3, "Mm": 3, "Gup": 2}, 2),
        _scope(system, {"Cpu": 3, "Page": 3, "Mm": 3, "Va": 1, "Value": 2, "Gup": 2}, 3),
        *_uneven(system),
    ]
    return list(dict.fromkeys(found))


def text_of(scope: Scope) -> str:
    """`Cpu=2, Page=3`"""
    return ", ".join(f"{sort}={size}" for sort, size in scope)
