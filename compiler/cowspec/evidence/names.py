"""Names of elements, values and places: `mm0`, `copy`, `pte.write[mm0, va0]`; written in reports and read in traces.

Elements are named by their sort in lower case and a number from 0, members of an enum by themselves.
"""

from collections.abc import Iterator
from itertools import product

from cowspec.system.ir import Scope, Setting, State, StateVar, System, Value


def members(system: System, domain: str) -> tuple[str, ...] | None:
    """The members of an enum; None for a sort."""
    return dict(system.enums).get(domain)


def size(system: System, scope: Scope, domain: str) -> int:
    """How many elements a sort has at the scope, or members an enum."""
    names = members(system, domain)
    return dict(scope)[domain] if names is None else len(names)


def element(system: System, domain: str, number: int) -> str:
    """`mm0` for a sort, the member's name for an enum."""
    names = members(system, domain)
    return f"{domain.lower()}{number}" if names is None else names[number]


def number_of(system: System, scope: Scope, domain: str, name: str) -> int | None:
    """The element or member called `name`, or None if there is none at the scope."""
    names = members(system, domain)
    if names is not None:
        return names.index(name) if name in names else None
    digits = name.removeprefix(domain.lower())
    if not (name.startswith(domain.lower()) and digits.isascii() and digits.isdigit() and len(digits) <= 9):
        return None
    return int(digits) if str(int(digits)) == digits and int(digits) < dict(scope)[domain] else None


def indices(system: System, scope: Scope, var: StateVar) -> Iterator[tuple[int, ...]]:
    """The places of a table in the order of `State`: the last index runs fastest."""
    return product(*(range(size(system, scope, domain)) for domain in var.index))


def offset(system: System, scope: Scope, var: StateVar, index: tuple[int, ...]) -> int:
    """Where the flat table of `var` holds the value at `index`."""
    at = 0
    for domain, number in zip(var.index, index, strict=True):
        at = at * size(system, scope, domain) + number
    return at


def index_text(system: System, domains: tuple[str, ...], index: tuple[int, ...]) -> str:
    """`[mm0, va0]`, or nothing for a variable without index."""
    if not index:
        return ""
    return "[" + ", ".join(element(system, d, i) for d, i in zip(domains, index, strict=True)) + "]"


def value_text(system: System, var: StateVar, value: Value) -> str:
    """`true`, `none`, `page1` or a member's name."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case _:
            return str(value) if var.domain is None else element(system, var.domain, value)


def default(var: StateVar) -> Value:
    """What a place holds that nobody mentions: false, absent, or the first value."""
    if var.domain is None:
        return False
    return 0 if var.presence == "total" else None


def options(setting: Setting, system: System) -> dict[str, str | bool]:
    """A setting (or a part of one) as reports show it: a fix is true or false, a choice names its option."""
    fixes = {switch.name for switch in system.switches if switch.is_fix}
    return {name: option == "on" if name in fixes else option for name, option in setting}


Change = tuple[StateVar, tuple[int, ...], Value, Value]
"""A variable, the index, the value before and the value after."""


def changes(system: System, scope: Scope, before: State, after: State) -> Iterator[Change]:
    """Where two states differ, in the order of declaration."""
    for var, old, new in zip(system.vars, before, after, strict=True):
        if old != new:
            for index, was, now in zip(indices(system, scope, var), old, new, strict=True):
                if was != now:
                    yield var, index, was, now
