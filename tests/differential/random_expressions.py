"""Random expressions over what is declared and bound, well-typed, with few parentheses.

Every function takes a `Context` and a depth, and gives a `Text`: what is written and how tightly it binds. `term` gives
None where nothing of the type can be said (no element of that sort is in reach).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from draws import Draws
from random_declarations import BOOL, CPU, Declared, Proc, Type

EXPR, OR, AND, NOT, COMPARISON, SUM, ATOM = range(7)  # rules of the grammar, loosest first


class Text(NamedTuple):
    text: str
    level: int = ATOM


class Place(NamedTuple):
    """Something to read: `head[index]tail`."""

    head: str
    sorts: tuple[str, ...]
    tail: str
    type: Type
    ghost: bool


@dataclass(frozen=True, slots=True)
class Context:
    """`names`: what is bound here. `where`: "init", "property", "transition", "action", "proc", "macro" or "def".
    `in_call`: there is a `self`. `ghost`: ghosts may be read."""

    declared: Declared
    draws: Draws
    fresh: "count[int]"
    where: str
    names: dict[str, Type]
    proc: Proc | None = None
    in_call: bool = False
    ghost: bool = False
    in_old: bool = False

    def bind(self, bound: Sequence[tuple[str, str]]) -> "Context":
        return replace(self, names={**self.names, **{name: Type(base) for name, base in bound}})


Option = tuple[int, Callable[[], Text | None]]


def first_possible(draws: Draws, options: list[Option]) -> Text | None:
    """One of the options that can be said, if there is one."""
    left = list(options)
    while left:
        number = draws.weighted([(weight, number) for number, (weight, _) in enumerate(left)])
        said = left.pop(number)[1]()
        if said is not None:
            return said
    return None


def wrap(said: Text, level: int) -> str:
    return said.text if said.level >= level else f"({said.text})"


# ---- binders -------------------------------------------------------------------------------------------------------


def binders(c: Context, least: int = 1, most: int = 2) -> list[tuple[str, str]]:
    domains = [*c.declared.sorts, *c.declared.sorts, *c.declared.enums]
    return [(f"x{next(c.fresh)}", c.draws.pick(domains)) for _ in range(c.draws.between(least, most))]


def binders_text(c: Context, bound: Sequence[tuple[str, str]]) -> str:
    if len(bound) == 2 and bound[0][1] == bound[1][1] and c.draws.chance(50):
        return f"{bound[0][0]}, {bound[1][0]}: {bound[0][1]}"
    return ", ".join(f"{name}: {domain}" for name, domain in bound)


# ---- places --------------------------------------------------------------------------------------------------------


def places(c: Context) -> list[Place]:
    found = [Place(var.name, var.index, "", var.type, var.ghost) for var in c.declared.vars]
    if c.where == "init":
        return found
    if c.proc is not None:
        found += [Place(local.name, (), "", local.type, local.ghost) for local in c.proc.locals]
    for proc in c.declared.procs:
        found += [Place(proc.name, (CPU,), f".{name}", Type(base, True), False) for name, base in proc.params]
        for local in proc.locals:
            found.append(Place(proc.name, (CPU,), f".{local.name}", Type(local.type.base, True), local.ghost))
    return found


def flags_of(c: Context) -> list[Place]:
    """Truth values to read."""
    return _readable(c, BOOL)


def _readable(c: Context, base: str) -> list[Place]:
    """Places, and fields of records, of that type."""
    found = []
    for place in places(c):
        if place.ghost and not c.ghost:
            continue
        if place.type.base == base:
            found.append(place)
        for field, of in c.declared.structs.get(place.type.base, {}).items():
            if of.base == base:
                absent = of.optional or place.type.optional
                found.append(place._replace(tail=f"{place.tail}.{field}", type=Type(base, absent)))
    return found


def read(c: Context, place: Place, depth: int) -> Text | None:
    index = index_text(c, place.sorts, depth)
    return None if index is None else Text(f"{place.head}{index}{place.tail}")


def index_text(c: Context, sorts: Sequence[str], depth: int) -> str | None:
    """`[a, b]`; nothing where there is no index."""
    found = []
    for sort in sorts:
        said = term(c, sort, depth - 1)
        if said is None:
            return None
        found.append(said.text)
    return f"[{', '.join(found)}]" if found else ""


# ---- terms ---------------------------------------------------------------------------------------------------------


def term(c: Context, base: str, depth: int) -> Text | None:
    """A value of a sort, an enum or a struct that says its own type."""
    draws = c.draws
    options: list[Option] = []
    names = [name for name, of in c.names.items() if of.base == base]
    if names:
        options.append((10, lambda: Text(draws.pick(names))))
    if base == CPU and c.in_call:
        options.append((6, lambda: Text("self")))
    readable = [place for place in _readable(c, base) if depth > 0 or not place.sorts]
    if readable:
        options.append((6, lambda: read(c, draws.pick(readable), depth)))
    if depth > 1:
        options.append((1, lambda: _if_else(c, base, depth)))
        options.append((1, lambda: _match(c, lambda: term(c, base, depth - 1))))
        options.append((2, lambda: apply(c, base, depth)))
    if depth > 0 and c.where == "transition" and not c.in_old:
        options.append((6, lambda: _old(term(replace(c, in_old=True), base, depth))))
    return first_possible(draws, options)


def value(c: Context, of: Type, depth: int) -> Text | None:
    """An expression where its type is known: also `none`, members, records."""
    draws = c.draws
    if of.base == BOOL:
        return formula(c, depth)
    options: list[Option] = [(10, lambda: term(c, of.base, depth))]
    if of.base in c.declared.enums:
        options.append((10, lambda: Text(draws.pick(c.declared.enums[of.base]))))
    if of.base in c.declared.structs:
        options.append((10, lambda: record(c, of.base, depth)))
    if of.optional:
        options.append((3, lambda: Text("none")))
        if depth > 1:
            options.append((1, lambda: _maybe_none(c, of, depth)))
    return first_possible(draws, options)


def record(c: Context, struct: str, depth: int) -> Text | None:
    parts = []
    for field, of in c.declared.structs[struct].items():
        said = value(c, of, depth - 1)
        if said is None:
            return None
        parts.append(f"{field}: {said.text}")
    return Text("{ " + ", ".join(parts) + " }")


def _maybe_none(c: Context, of: Type, depth: int) -> Text | None:
    said = value(c, of, depth - 1)
    return None if said is None else Text(f"if {formula(c, depth - 1).text} then {said.text} else none", EXPR)


def _if_else(c: Context, base: str, depth: int) -> Text | None:
    then, otherwise = term(c, base, depth - 1), term(c, base, depth - 1)
    if then is None or otherwise is None:
        return None
    return Text(f"if {formula(c, depth - 1).text} then {then.text} else {otherwise.text}", EXPR)


def apply(c: Context, base: str, depth: int) -> Text | None:
    """A def used with arguments, which may be absent."""
    known = [
        each
        for each in c.declared.functions
        if each.type == base and (c.ghost or not each.ghost) and (c.in_call or not each.own_call)
    ]
    if not known or c.where in ("init", "def"):
        return None
    function = c.draws.pick(known)
    args = arguments(c, function.params, depth)
    return None if args is None else Text(f"{function.name}({args})")


def arguments(c: Context, params: Sequence[tuple[str, str]], depth: int) -> str | None:
    found = []
    for _, base in params:
        said = term(c, base, depth - 1)
        if said is None:
            return None
        found.append(said.text)
    return ", ".join(found)


def _old(body: Text | None) -> Text | None:
    return None if body is None else Text(f"old({body.text})")


def subject_and_cases(c: Context) -> tuple[str, tuple[str, ...]] | None:
    """What can be matched, and its options: the choice, or an enum that is never absent."""
    found = [(name, c.declared.enums[of.base]) for name, of in c.names.items() if of.base in c.declared.enums]
    found = [(name, members) for name, members in found if not c.names[name].optional]
    for place in places(c):
        total = place.type.base in c.declared.enums and not place.type.optional and not place.sorts
        if total and (c.ghost or not place.ghost):
            found.append((place.head, c.declared.enums[place.type.base]))
    if c.declared.choice is not None:
        found.append(c.declared.choice)
    return c.draws.pick(found) if found else None


def _match(c: Context, body: Callable[[], Text | None]) -> Text | None:
    chosen = subject_and_cases(c)
    if chosen is None:
        return None
    subject, options = chosen
    cases = []
    for names in grouped(c, options):
        said = body()
        if said is None:
            return None
        cases.append(f"{names} => {said.text}")
    return Text(f"match {subject} {{ {' '.join(cases)} }}")


def grouped(c: Context, options: tuple[str, ...]) -> list[str]:
    """The options as heads of cases, some sharing one."""
    if len(options) > 1 and c.draws.chance(30):
        return [", ".join(options[:2]), *options[2:]]
    return list(options)


# ---- formulas ------------------------------------------------------------------------------------------------------


def formula(c: Context, depth: int) -> Text:
    from random_formulas import options

    said = first_possible(c.draws, options(c, depth))
    assert said is not None
    return said
