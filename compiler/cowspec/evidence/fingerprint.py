"""One number that stands for a value: what an answer depends on, and what a lock says was checked.

In: values made of frozen dataclasses, tuples, mappings, sets and plain values. Out: a SHA-256 in hexadecimal, equal
for equal values, in any process. Two values that differ in anything that `==` compares have different ones; places in
a text (fields with `compare=False`) do not count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from hashlib import sha256

from cowspec.system.ir import Switch, System


def fingerprint(*values: object) -> str:
    """Raises `TypeError` for a value of any other kind."""
    return _digest(values, _Seen()).hex()


def substance(system: System) -> System:
    """The system without what no verdict depends on: where it lies, what it expects, texts for readers, warnings."""
    return replace(
        system,
        name="",
        path="",
        switches=tuple(_wordless(switch) for switch in system.switches),
        steps=tuple(replace(step, text=None) for step in system.steps),
        properties=tuple(replace(prop, text=None) for prop in system.properties),
        scenarios=(),
        expectations=(),
        warnings=(),
    )


def _wordless(switch: Switch) -> Switch:
    return replace(switch, options=tuple((option, "") for option, _ in switch.options))


@dataclass(slots=True)
class _Seen:
    """Digests by identity: formulas share parts. `kept` keeps the objects alive, so that no identity is used twice."""

    digests: dict[int, bytes] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)


def _digest(value: object, seen: _Seen) -> bytes:
    match value:
        case None | bool() | int() | float() | str():
            return sha256(f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")).digest()
        case Enum():
            return sha256(f"{type(value).__name__}.{value.name}".encode()).digest()
        case tuple() if value and all(type(each) is str for each in value):  # settings are many, and made of these
            return sha256(f"texts {value!r}".encode("utf-8", "surrogatepass")).digest()
        case tuple():
            return _joined(f"tuple {len(value)}", [_digest(each, seen) for each in value])
        case frozenset():
            return _joined(f"set {len(value)}", sorted(_digest(each, seen) for each in value))
        case Mapping():
            pairs = (_digest(key, seen) + _digest(each, seen) for key, each in value.items())
            return _joined(f"mapping {len(value)}", sorted(pairs))
        case _ if is_dataclass(value):
            known = seen.digests.get(id(value))
            if known is None:
                names = _compared(value.__class__)
                known = _joined(type(value).__name__, [_digest(getattr(value, name), seen) for name in names])
                seen.digests[id(value)] = known
                seen.kept.append(value)
            return known
        case _:
            raise TypeError(f"a {type(value).__name__} has no fingerprint")


def _joined(tag: str, parts: list[bytes]) -> bytes:
    """Parts of one length each, after a tag that says how many there are or what they are the fields of."""
    return sha256(tag.encode() + b"\n" + b"".join(parts)).digest()


@cache
def _compared(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.compare)
