"""Properties, init formulas and other closed expressions, laid out over lines where one line is too long."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cowspec.check import typed
from cowspec.check.typed import Expr
from cowspec.encode.tla.env import Env
from cowspec.encode.tla.layout import laid_out
from cowspec.encode.tla.names import comment
from cowspec.encode.tla.store import Store
from cowspec.encode.tla.symbols import Symbols
from cowspec.encode.tla.text import indented
from cowspec.syntax.ast import PropertyKind, QuantKind


@dataclass(frozen=True, slots=True)
class Definition:
    """`name`: what the configuration names. `kind`: whether it is an INVARIANT or a PROPERTY there. `negated`: of a
    cover, which is reached where its definition is violated. `property`: its name in the model."""

    name: str
    kind: str
    property: str
    lines: tuple[str, ...]
    negated: bool = False


def closed(symbols: Symbols, after: bool = False) -> Env:
    return Env(symbols, Store({}, lambda var, pending: var), after=after)


# ---- properties ----------------------------------------------------------------------------------------------------


def definitions(symbols: Symbols, prop: typed.Property, *, faults: bool) -> tuple[Definition, ...]:
    """A property as the module defines it, and what the configuration asks of it."""
    name = symbols.properties[prop.name]
    said = [comment(f"{prop.kind.value}: {prop.text}" if prop.text else f"{prop.kind.value}")]
    match prop.kind:
        case PropertyKind.INVARIANT | PropertyKind.LEMMA:
            body = indented(laid_out(prop.body, closed(symbols)), 2)
            return (Definition(name, "INVARIANT", prop.name, (*said, f"{name} ==", *body)),)
        case PropertyKind.COVER:
            body = indented(laid_out(prop.body, closed(symbols)), 2)
            never = symbols.derived[f"{prop.name}_not"]
            lines = (*said, f"{name} ==", *body, f"{never} == ~{name}")
            return (Definition(never, "INVARIANT", prop.name, lines, negated=True),)
        case PropertyKind.TRANSITION:
            return tuple(_transition(symbols, prop, name, said, faults))


def _transition(
    symbols: Symbols, prop: typed.Property, name: str, said: list[str], faults: bool
) -> Iterator[Definition]:
    """`[][...]_world`. TLA+ says nothing of steps that change nothing; the language does, so a property that such a
    step can violate has a second part."""
    body = laid_out(prop.body, closed(symbols, after=True))
    step = symbols.derived[f"{prop.name}_step"]
    lines = (*said, f"{step} ==", *indented(body, 2), f"{name} == [][{step}]_world")
    yield Definition(name, "PROPERTY", prop.name, lines)
    still = without_old(prop.body)
    if not valid(still):
        part = symbols.derived[f"{prop.name}_in_place"]
        kept = indented(laid_out(still, closed(symbols)), 4)
        guard = "NoFault /\\ " if faults else ""
        note = comment(f"{prop.name}, across steps that change nothing")
        yield Definition(
            part, "INVARIANT", prop.name, (note, f"{part} ==", f"  {guard}ENABLED (Next /\\ UNCHANGED vars) =>", *kept)
        )


def without_old(expr: Expr) -> Expr:
    """The expression where the states before and after are the same."""
    match expr:
        case typed.Old(body):
            return without_old(body)
        case typed.Quant(kind, binders, where, body):
            guard = None if where is None else without_old(where)
            return replace(expr, kind=kind, binders=binders, where=guard, body=without_old(body))
        case typed.Implies(left, right) | typed.Equal(left, right):
            return replace(expr, left=without_old(left), right=without_old(right))
        case typed.And(parts) | typed.Or(parts):
            return replace(expr, parts=tuple(without_old(part) for part in parts))
        case typed.Not(body):
            return replace(expr, body=without_old(body))
        case typed.FieldOf(base):
            return replace(expr, base=without_old(base))
        case typed.Cond(condition, then, otherwise):
            return replace(
                expr, condition=without_old(condition), then=without_old(then), otherwise=without_old(otherwise)
            )
        case typed.Read(_, index) | typed.Held(_, index):
            return replace(expr, index=tuple(without_old(arg) for arg in index))
        case typed.FrameRead(_, _, cpu) | typed.At(cpu) | typed.Active(_, cpu) | typed.Idle(cpu):
            return replace(expr, cpu=without_old(cpu))
        case typed.Record(_, fields):
            return replace(expr, fields=tuple((name, without_old(inside)) for name, inside in fields))
        case typed.Tally(terms):
            return replace(expr, terms=tuple(_count_without_old(term) for term in terms))
        case _:
            return expr


def _count_without_old(term: typed.Count | typed.Refs) -> typed.Count | typed.Refs:
    if isinstance(term, typed.Count):
        return replace(term, where=without_old(term.where))
    return replace(term, value=without_old(term.value))


def valid(expr: Expr) -> bool:
    """Surely true: `x -> x` in many clothes."""
    match expr:
        case typed.BoolLit(truth):
            return truth
        case typed.Quant(QuantKind.FORALL, _, _, body):
            return valid(body)
        case typed.Implies(left, right):
            parts = left.parts if isinstance(left, typed.And) else (left,)
            return (
                valid(right) or right in parts or (isinstance(right, typed.Or) and any(p in right.parts for p in parts))
            )
        case typed.And(parts):
            return all(valid(part) for part in parts)
        case typed.Or(parts):
            return any(valid(part) for part in parts)
        case typed.Equal(left, right):
            return left == right
        case _:
            return False
