"""Ways to break the TLA+ encoder, each a small mistake that somebody could make, and a model on which it shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cowspec.check import typed
from cowspec.encode.tla import actions, declarations, env, expressions, paths, properties, statements
from cowspec.encode.tla.paths import Path
from cowspec.encode.tla.store import Clause

Patch = pytest.MonkeyPatch

MODEL = """
module breakable
sort Cpu, Page
struct Pte { page: Page, write: bool }
var pte[Cpu]: ref Pte? = any
var pair[Cpu, Page]: bool
var flag: bool
rwlock lock[Page]
init forall c: Cpu: not pte[c].write

action fill(c: Cpu, p: Page) "[ fill ]" {
  require refs(p) <= 1
  if pte[c] == none { pte[c] := { page: p, write: false } } else { pte[c].write := true }
}
action poke(c: Cpu) "[ poke ]" {
  require flag
  pte[c].write := false
}
proc op(p: Page) {
  var mine: ref Page?
  step take "take()" {
    acquire lock[p] for write
    require not pair[self, p]
    pair[self, p] := true
    mine := p
  }
  step leave "leave()" each q: Page where pair[self, q] { pair[self, q] := false }
  step drop "drop()" {
    forall c: Cpu where pte[c].page == p { pte[c] := none }
    flag := not flag
  }
}
invariant few "a page has few users": forall p: Page: refs(p) <= 2
transition stays "a PTE stays": forall c: Cpu: old(pte[c]) != none -> pte[c] != none
cover two "two calls at once": forall c: Cpu: op[c] != none
"""


@dataclass(frozen=True, slots=True)
class BrokenTla:
    name: str
    patch: Callable[[Patch], None]


def _without(owner: Any, name: str, result: Any = None) -> Callable[[Patch], None]:
    """The function does nothing, but for its result."""
    return lambda patch: patch.setattr(owner, name, lambda *args, **kwargs: result)


def _guard_dropped(patch: Patch) -> None:
    real = Path.guard
    patch.setattr(Path, "guard", lambda self, said: None if "writers" in said else real(self, said))


def _index_swapped(patch: Patch) -> None:
    def place(clause: Clause) -> str:
        index = "" if clause.index is None else f"[{', '.join(reversed(clause.index.split(', ')))}]"
        return "".join((index, *(f".{name}" for name in clause.path)))

    patch.setattr(Clause, "place", property(place))


def _bulk_everywhere(patch: Patch) -> None:
    real = statements._written
    patch.setattr(
        statements, "_written", lambda write, cell, places, stmt, env: real(
            write, cell, places, replace(stmt, where=None), env))  # fmt: skip


def _sides_swapped(patch: Patch) -> None:
    real = Path.join
    patch.setattr(Path, "join", lambda self, test, then, otherwise: real(self, test, otherwise, then))


def _locals_not_counted(patch: Patch) -> None:
    real = expressions.ref_places

    def places(sort: str, symbols: Any) -> Any:
        return (place for place in real(sort, symbols) if place[0] not in symbols.idle)

    patch.setattr(expressions, "ref_places", places)
    patch.setattr(env, "ref_places", places)


def _old_is_new(patch: Patch) -> None:
    real = expressions.value

    def value(expr: typed.Expr, env: Any) -> Any:
        return real(expr.body if isinstance(expr, typed.Old) else expr, env)

    patch.setattr(expressions, "value", value)


BROKEN = (
    BrokenTla("UNCHANGED is dropped", _without(paths, "_unchanged", ["TRUE"])),
    BrokenTla("the test of a lock is dropped", _guard_dropped),
    BrokenTla("the index of EXCEPT is swapped", _index_swapped),
    BrokenTla("a bulk update ignores its condition", _bulk_everywhere),
    BrokenTla("the sides of a branch are swapped", _sides_swapped),
    BrokenTla("a call keeps its locks", _without(actions, "release_all")),
    BrokenTla("a loop is left while something matches", lambda p: p.setattr(actions, "negated", lambda said: said)),
    BrokenTla("faults are not noticed", _without(Path, "check")),
    BrokenTla("init formulas are dropped", _without(declarations, "_askable", [])),
    BrokenTla("references of locals do not count", _locals_not_counted),
    BrokenTla("old speaks of the new state", _old_is_new),
    BrokenTla("covers are said to hold", lambda p: p.setattr(properties, "laid_out", lambda expr, env: ["FALSE"])),
)
