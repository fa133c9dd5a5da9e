"""A state in words: `pte[mm0, va0] = { page: page0, write }`. Only what differs from the default is said.

Variables that the lowering has split are put together again: the fields of a record, and the frame of a call
(`do_wp_page[cpu0] = { at copy, m: mm0, a: va0 }`); a lock says who holds it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cowspec.evidence.names import element, index_text, indices, offset, value_text
from cowspec.system.ir import Presence, Scope, State, StateVar, System

Place = tuple[str, tuple[int, ...]]
"""The name of a shape and an index."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A variable as the user wrote it. `var`: the number of the state variable that holds it or its presence, if any;
    `fields`: its parts, if it is a record."""

    name: str
    index: tuple[str, ...]
    var: int | None
    fields: tuple["Shape", ...]
    ghost: bool


def shapes(system: System) -> tuple[Shape, ...]:
    """The variables, calls and locks of the system, in order of declaration."""
    paths: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for number, var in enumerate(system.vars):
        head, *rest = _path(var)
        paths.setdefault(head, []).append((tuple(rest), number))
    return tuple(_shape(system, head, members) for head, members in paths.items())


def describe(
    system: System, scope: Scope, state: State, *, ghosts: bool = False, only: Collection[Place] | None = None
) -> list[str]:
    """One item for each place that holds something: `content[page0] = value1`. `[*]`: the same at every index."""
    items: list[str] = []
    for shape in shapes(system):
        if shape.ghost and not ghosts and only is None:
            continue
        places = list(_places(system, scope, shape))
        texts = [said(system, scope, state, shape, index) for index in places]
        if only is None and len(texts) > 1 and len(set(texts)) == 1 and texts[0] is not None and "@" not in shape.name:
            items.append(_item(shape.name + "[*]", texts[0]))
            continue
        for index, text in zip(places, texts, strict=True):
            if text is not None and (only is None or (shape.name, index) in only):
                items.append(_sentence(system, shape, index, text))
    return items


def differences(system: System, scope: Scope, before: State, after: State, *, ghosts: bool = True) -> list[str]:
    """What a step changed: `pte[mm0, va0]: { page: page0, write } -> { page: page0 }`."""
    items: list[str] = []
    for shape in shapes(system):
        if shape.ghost and not ghosts:
            continue
        for index in _places(system, scope, shape):
            old, new = (said(system, scope, state, shape, index) for state in (before, after))
            if old != new:
                items.append(f"{_named(system, shape, index)}: {_absent(system, shape, old)}")
                items[-1] += f" -> {_absent(system, shape, new)}"
    return items


def relevant(
    system: System, scope: Scope, state: State, variables: Collection[str], witness: tuple[tuple[str, str, int], ...]
) -> set[Place]:
    """The places that explain a violation: those of the `variables` whose indices are elements of the witness, or
    elements that such a place holds. A sort without such an element restricts nothing."""
    known: dict[str, set[int]] = {}
    for _, sort, number in witness:
        known.setdefault(sort, set()).add(number)
    asked = [shape for shape in shapes(system) if _numbers(shape) & {_number(system, name) for name in variables}]
    places = [(shape, index) for shape in asked for index in _places(system, scope, shape)]
    for _ in range(3):  # chains are short: a place holds an element, whose place holds another
        for shape, index in places:
            if all(number in known.get(sort, ()) for sort, number in zip(shape.index, index, strict=True)):
                _hold(system, scope, state, shape, index, known)
    return {
        (shape.name, index)
        for shape, index in places
        if all(n in known.get(sort, {n}) for sort, n in zip(shape.index, index, strict=True))
    }


def said(system: System, scope: Scope, state: State, shape: Shape, index: tuple[int, ...]) -> str | None:
    """What a place holds; None for the default. A true boolean is the empty text."""
    var = None if shape.var is None else system.vars[shape.var]
    value = None
    if var is not None and shape.var is not None:
        value = state[shape.var][offset(system, scope, var, index)]
        if value is None or value is False:
            return None
    if not shape.fields:
        if var is None or value is True:
            return ""
        first_member = var.presence == Presence.TOTAL and value == 0 and var.domain not in system.sorts
        return None if first_member else value_text(system, var, value)
    parts = []
    for part in shape.fields:
        text = said(system, scope, state, part, index)
        if text is not None:
            parts.append(f"at {text}" if part.name == "@pc" else _field(part.name, text))
    if var is None and not parts:
        return None
    return "{ " + ", ".join(parts) + " }" if parts else "{}"


def _path(var: StateVar) -> tuple[str, ...]:
    """`pte.page` is (pte, page); a call's `p@x.page` is (p@, x, page), its counter (p@, @pc); a lock stays whole."""
    parts = var.name.split("@")
    if len(parts) == 2:
        return (f"{parts[0]}@", *(("@pc",) if parts[1] == "pc" else parts[1].split(".")))
    return (var.name,) if len(parts) > 2 else var.source


def _shape(system: System, name: str, members: list[tuple[tuple[str, ...], int]]) -> Shape:
    own = next((number for path, number in members if not path), None)
    inner: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for path, number in members:
        if path:
            inner.setdefault(path[0], []).append((path[1:], number))
    fields = tuple(_shape(system, head, rest) for head, rest in inner.items())
    first = system.vars[members[0][1]]
    return Shape(name, first.index, own, fields, first.ghost)


def _places(system: System, scope: Scope, shape: Shape) -> Iterator[tuple[int, ...]]:
    number = min(_numbers(shape))
    return indices(system, scope, system.vars[number])


def _numbers(shape: Shape) -> set[int]:
    own = set() if shape.var is None else {shape.var}
    return own.union(*(_numbers(part) for part in shape.fields))


def _number(system: System, name: str) -> int | None:
    return next((number for number, var in enumerate(system.vars) if var.name == name), None)


def _hold(
    system: System, scope: Scope, state: State, shape: Shape, index: tuple[int, ...], known: dict[str, set[int]]
) -> None:
    """Adds to `known` the elements that the place holds."""
    for number in _numbers(shape):
        var = system.vars[number]
        value = state[number][offset(system, scope, var, index)]
        if var.domain in system.sorts and value is not None and var.domain is not None:
            known.setdefault(var.domain, set()).add(int(value))


def _field(name: str, text: str) -> str:
    return f"{name}: {text}" if text else name


def _item(name: str, text: str) -> str:
    return f"{name} = {text}" if text else name


def _sentence(system: System, shape: Shape, index: tuple[int, ...], text: str) -> str:
    name = _named(system, shape, index)
    return name if shape.name.count("@") > 1 else _item(name, text)


def _named(system: System, shape: Shape, index: tuple[int, ...]) -> str:
    """The place: `pte[mm0, va0]`, `do_wp_page[cpu0]`, `mmap_lock[mm0] held for reading by do_wp_page on cpu0`."""
    parts = shape.name.split("@")
    if len(parts) < 3:
        return parts[0] + index_text(system, shape.index, index)
    lock, mode, proc = parts
    words = {"write": "held for writing by", "read": "held for reading by", "seen": "changed since seen by"}
    cpu = element(system, shape.index[-1], index[-1])
    return f"{lock}{index_text(system, shape.index[:-1], index[:-1])} {words.get(mode, mode)} {proc} on {cpu}"


def _absent(system: System, shape: Shape, text: str | None) -> str:
    if text == "":
        return "yes" if shape.name.count("@") > 1 else "true"
    if text is not None:
        return text
    if shape.name.count("@") == 1:
        return "idle"
    var = None if shape.var is None else system.vars[shape.var]
    if var is None or shape.fields or (var.domain is not None and var.presence != Presence.TOTAL):
        return "none"
    if var.domain is None:
        return "no" if shape.name.count("@") > 1 else "false"
    return value_text(system, var, 0)
