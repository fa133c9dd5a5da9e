"""What an expression can stand for before its context is known.

Most expressions are `Value`s. `none`, a bare member such as `get_read`, and a record have no type of their own: they
get it from the other side of a comparison or from the place they are assigned to (`coerce` in `coercion.py`). Counts
and whole calls are no values at all: they may only be compared.
"""

from dataclasses import dataclass

from cowspec.check import typed
from cowspec.source import Span
from cowspec.syntax import ast


@dataclass(frozen=True, slots=True)
class Value:
    """`member`: the text, if it is a plain top-level name that could also be meant as a member of an enum."""

    expr: typed.Expr
    type: typed.Type
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """`2` (`constant`), or a sum of counts."""

    terms: tuple[typed.Count | typed.Refs, ...]
    constant: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Nothing:
    """`none`"""

    span: Span


@dataclass(frozen=True, slots=True)
class Bare:
    """A member of one of `enums` (those that are visible), or an option, not yet known of what."""

    name: str
    enums: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RecordOf:
    """`{ page: p, write: true }` of a struct not yet known."""

    fields: tuple[tuple[ast.Name, "Result"], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CondOf:
    """`if c then none else none`: both branches wait for a type."""

    condition: typed.Expr
    then: "Result"
    otherwise: "Result"
    span: Span


@dataclass(frozen=True, slots=True)
class CallOf:
    """`do_wp_page[t]`: the whole call of a proc on a CPU."""

    proc: str
    cpu: typed.Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that has been reported; whoever meets it is silent."""


Result = Value | Number | Nothing | Bare | RecordOf | CondOf | CallOf | Broken
