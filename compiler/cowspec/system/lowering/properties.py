"""Properties, scenarios and expectations over scalar variables."""

from typing import assert_never

from cowspec.check import typed
from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind, QuantKind
from cowspec.system import ir
from cowspec.system.ir import TRUE, Formula
from cowspec.system.lowering.expressions import Names, Scope, formula
from cowspec.system.lowering.layout import Layout
from cowspec.system.simplify import conj, exists


def closed(expr: typed.Expr, layout: Layout) -> Formula:
    """A formula without free names."""
    return formula(expr, Scope(layout, Names(), {}))


def property_of(prop: typed.Property, layout: Layout) -> ir.Property:
    has_premise = prop.kind != PropertyKind.COVER
    found = premises(prop.body, Scope(layout, Names(), {})) if has_premise else ()
    places: dict[Formula, Span] = {}
    for premise, span in found:
        places.setdefault(premise, span)
    return ir.Property(
        prop.kind, prop.name, prop.text, closed(prop.body, layout), prop.checked, tuple(places),
        span=prop.span, premise_spans=tuple(places.values()),
    )  # fmt: skip


def premises(expr: typed.Expr, scope: Scope) -> tuple[tuple[Formula, Span], ...]:
    """When `expr` says something: for `forall xs where w: a -> b` that some xs have w and a; one formula, and where its
    innermost part stands, for each conjunct that has a premise, none for a formula that has none."""
    match expr:
        case typed.And(parts):
            return tuple(premise for part in parts for premise in premises(part, scope))
        case typed.Implies(left, right):
            when = formula(left, scope)
            inner = premises(right, scope)
            return tuple((conj((when, deeper)), span) for deeper, span in inner) or ((when, left.span),)
        case typed.Quant(QuantKind.FORALL, binders, where, body):
            inside, opened = scope.open(binders)
            when = TRUE if where is None else formula(where, inside)
            found = premises(body, inside) or (((TRUE, where.span),) if where is not None else ())
            return tuple((exists(opened, conj((when, premise))), span) for premise, span in found)
        case _:
            return ()


def scenario(script: typed.Scenario, layout: Layout) -> ir.Scenario:
    names = tuple(ir.Binder(name.name, name.sort) for name in script.names)
    lines = tuple(_line(line) for line in script.lines)
    expects = tuple(
        ir.ScriptExpect(e.property, e.outcome, e.scope, _when(e.when, layout), span=e.span) for e in script.expects
    )
    return ir.Scenario(script.name, script.text, names, script.allowed, lines, expects, span=script.span)


def _line(line: typed.ScriptLine | typed.ScriptFinish) -> ir.ScriptLine | ir.ScriptFinish:
    match line:
        case typed.ScriptLine(cpu, operation, args, until):
            return ir.ScriptLine(cpu, operation, args, until)
        case typed.ScriptFinish(cpu):
            return ir.ScriptFinish(cpu)
        case _:
            assert_never(line)


def expectation(line: typed.Expectation, layout: Layout) -> ir.Expectation:
    when = _when(line.when, layout)
    return ir.Expectation(line.properties, line.verdict, line.within, line.by, line.scope, when, span=line.span)


def _when(when: typed.Expr | None, layout: Layout) -> Formula:
    return TRUE if when is None else closed(when, layout)
