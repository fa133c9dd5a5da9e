"""What the analysis of control flow (`flow.py`) knows at a place of a proc, and what is left of it where paths meet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cowspec.system import ir
from cowspec.system.ir import Formula, Term
from cowspec.system.structure.rigid import Cases, Settings

SELF = ir.Param("self")
K = TypeVar("K")
Index = tuple[Term, ...]
"""The index of a lock, over the frame: `p@m[self]` for the parameter m."""


@dataclass(frozen=True, slots=True)
class Proc:
    """A proc as the analysis sees it."""

    info: ir.ProcInfo
    steps: tuple[ir.Step, ...]
    table: Mapping[str, ir.StateVar]
    locks: tuple[str, ...]  # its own tables: `l@write@p`, `l@read@p`, `l@seen@p`
    frame: tuple[str, ...]  # booleans and optional scalars of its frame: what may be true, or present
    cases: Cases
    maybe: frozenset[str]  # names bound by `let`

    @property
    def pc(self) -> str:
        return f"{self.info.name}@pc"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known at a place. Every set of settings is within `reach`."""

    reach: Settings
    held: Mapping[tuple[str, Index], Settings] = field(default_factory=dict)  # surely
    may: Mapping[tuple[str, Index], Settings] = field(default_factory=dict)  # no other index may be held ...
    lost: Mapping[str, Settings] = field(default_factory=dict)  # ... but in these settings any
    true: Mapping[str, Settings] = field(default_factory=dict)  # may be true, or present
    false: Mapping[str, Settings] = field(default_factory=dict)  # may be false, or absent
    known: frozenset[Formula] = frozenset()
    label: str | None = None  # where the program counter points


def join(left: Standing, right: Standing) -> Standing:
    """What holds on both paths; a setting that reaches only one of them has that one's knowledge."""
    one, two = left.reach, right.reach
    held = {
        key: (left.held.get(key, 0) | ~one & two) & (right.held.get(key, 0) | ~two & one)
        for key in {**left.held, **right.held}
    }
    return Standing(
        one | two,
        {key: where for key, where in held.items() if where},
        _either(left.may, right.may),
        _either(left.lost, right.lost),
        _either(left.true, right.true),
        _either(left.false, right.false),
        left.known & right.known,
        left.label,
    )


def _either(left: Mapping[K, Settings], right: Mapping[K, Settings]) -> dict[K, Settings]:
    return {key: left.get(key, 0) | right.get(key, 0) for key in {**left, **right}}


def restrict(state: Standing, reach: Settings) -> Standing:
    """The same place, for fewer settings."""
    if reach == state.reach:
        return state
    return Standing(
        reach,
        _within(state.held, reach),
        _within(state.may, reach),
        _within(state.lost, reach),
        _within(state.true, reach),
        _within(state.false, reach),
        state.known,
        state.label,
    )


def _within(of: Mapping[K, Settings], reach: Settings) -> dict[K, Settings]:
    return {key: where & reach for key, where in of.items()}
