"""Values of declared types as JSON data, and back with everything checked.

    Link(names=("a", "b"), weaker=None)    {"names": ["a", "b"], "weaker": null}

Frozen dataclasses are objects with a member for each field that has not its default value, and "is" says which (needed
where a field may be of several dataclasses). Tuples are lists, frozen sets are sorted lists, members of enums their
names; mappings from texts are objects, others lists of pairs. `read` takes nothing but what `record` gives for a value
of that type: a file is data, and never says which code is run.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
PLAIN = (bool, int, float, str)
_MISSING = object()


class RecordError(Exception):
    """The data is no record of the type; the message says where and why."""


def record(value: object, *, tagged: bool = True) -> object:
    """The value as data that JSON can hold, with or without "is". Raises `TypeError` for a value of a kind that has no
    record."""
    match value:
        case Enum():
            return value.name
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [record(each, tagged=tagged) for each in value]
        case frozenset():
            return sorted((record(each, tagged=tagged) for each in value), key=str)
        case Mapping():
            if all(isinstance(key, str) for key in value):
                return {key: record(each, tagged=tagged) for key, each in value.items()}
            return [[record(key, tagged=tagged), record(each, tagged=tagged)] for key, each in value.items()]
        case _ if is_dataclass(value):
            own = {each.name: getattr(value, each.name) for each in fields(value)}
            given = _defaults(value.__class__)
            own = {name: each for name, each in own.items() if each != given.get(name, _MISSING)}
            tag = {"is": type(value).__name__} if tagged else {}
            return tag | {name: record(each, tagged=tagged) for name, each in own.items()}
        case _:
            raise TypeError(f"a {type(value).__name__} has no record")


def read(kind: type[T], data: object, where: str = "record") -> T:
    """The value of type `kind` that the data stands for. Raises `RecordError`."""
    try:
        found: T = _read(kind, data, where)
    except RecursionError:
        raise RecordError(f"{where}: nested too deeply") from None
    return found


def _read(kind: Any, data: object, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_one_of(get_args(kind), data, where)
    if origin is tuple:
        return _read_tuple(get_args(kind), data, where)
    if origin is frozenset:
        return frozenset(_read(get_args(kind)[0], each, where) for each in _list(data, where))
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(get_args(kind), data, where)
    if kind is object:
        return data
    if kind in PLAIN:
        if type(data) is kind or (kind is float and type(data) is int):
            return data
        raise RecordError(f"{where}: no {kind.__name__}")
    if kind is NoneType:
        if data is None:
            return None
        raise RecordError(f"{where}: not null")
    if isinstance(kind, type) and issubclass(kind, Enum):
        if isinstance(data, str) and data in kind.__members__:
            return kind[data]
        raise RecordError(f"{where}: no {kind.__name__}")
    return _read_object(kind, data, where)


def _read_one_of(kinds: tuple[Any, ...], data: object, where: str) -> Any:
    """A union of dataclasses is told apart by "is"; None and plain values by themselves."""
    for kind in kinds:
        if kind is NoneType and data is None:
            return None
        if is_dataclass(kind) and isinstance(data, dict) and data.get("is") == getattr(kind, "__name__", None):
            return _read(kind, data, where)
        if kind in PLAIN and type(data) is kind:
            return data
    rest = [kind for kind in kinds if kind is not NoneType and kind not in PLAIN and not is_dataclass(kind)]
    if len(rest) == 1 and data is not None:
        return _read(rest[0], data, where)
    raise RecordError(f"{where}: none of the kinds that may stand here")


def _read_tuple(kinds: tuple[Any, ...], data: object, where: str) -> tuple[Any, ...]:
    items = _list(data, where)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], each, where) for each in items)
    if len(items) != len(kinds):
        raise RecordError(f"{where}: {len(kinds)} items are expected")
    return tuple(_read(kind, each, where) for kind, each in zip(kinds, items, strict=True))


def _read_mapping(kinds: tuple[Any, ...], data: object, where: str) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    if kinds[0] is str:
        if not isinstance(data, dict):
            raise RecordError(f"{where}: no object")
        return {key: _read(kinds[1], each, f"{where}[{key[:40]!r}]") for key, each in data.items()}
    if data == {}:
        return found  # without keys nothing says of which kind they are
    for pair in _list(data, where):
        key, value = _read_tuple(kinds, pair, where)
        if key in found:
            raise RecordError(f"{where}: a key stands twice")
        found[key] = value
    return found


def _read_object(kind: Any, data: object, where: str) -> Any:
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise TypeError(f"{kind} has no records")
    hints, name = _hints(kind), kind.__name__
    if not isinstance(data, dict) or data.get("is", name) != name:
        raise RecordError(f"{where}: no {name}")
    if not hints.keys() - _defaults(kind).keys() <= data.keys() - {"is"} <= hints.keys():
        raise RecordError(f"{where}: members are missing, or too many")
    return kind(**{name: _read(hints[name], each, f"{where}.{name}") for name, each in data.items() if name in hints})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    own = {each.name for each in fields(kind)}
    return {name: hint for name, hint in get_type_hints(kind).items() if name in own}


@cache
def _defaults(kind: Any) -> dict[str, object]:
    """The fields that may be left out, and what they are then."""
    return {each.name: each.default for each in fields(kind) if each.default is not MISSING}


def _list(data: object, where: str) -> list[Any]:
    if not isinstance(data, list):
        raise RecordError(f"{where}: no list")
    return data
