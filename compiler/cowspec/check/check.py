"""The checker: from a loaded program to the model that every later stage trusts.

Collects as many mistakes as it can and raises one `CompileError`; a `typed.Model` comes out only if there is none.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from cowspec.check import typed
from cowspec.check.context import Context, Totals, Where
from cowspec.check.declarations import action, attempt, check_calls, check_definitions, formula, proc, property_
from cowspec.check.expectations import check_contradictions, expectations, scenario
from cowspec.check.modules import Program
from cowspec.check.names import Symbol, resolve
from cowspec.check.survivors import survivors
from cowspec.check.tables import Tables, tables_of
from cowspec.check.unused import check_settings, unused, without_idle_switches
from cowspec.diagnostics import CompileError, Diagnostic, render
from cowspec.syntax import ast

T = TypeVar("T")


def check(program: Program) -> typed.Model:
    """The checked model of the program's model file. Raises `CompileError` with everything that is wrong, including
    what went wrong while loading."""
    if program.diagnostics:
        raise CompileError(dict.fromkeys(program.diagnostics))
    diagnostics: list[Diagnostic] = []
    tables = tables_of(resolve(program, diagnostics), diagnostics)
    model = _model(program, tables)
    if diagnostics:
        raise CompileError(sorted(dict.fromkeys(diagnostics), key=_place))
    own = set(tables.names.own[-1])
    model = without_idle_switches(model, own)
    check_settings(model)
    warnings = tuple(render((found,), program.sources) for found in unused(model, own))
    return replace(model, warnings=warnings, sources=tuple(program.sources.values()))


def _place(diagnostic: Diagnostic) -> tuple[str, int, str]:
    span = diagnostic.span
    return ("", -1, diagnostic.code) if span is None else (span.path, span.start, diagnostic.code)


def _model(program: Program, tables: Tables) -> typed.Model:
    """The model with everything elaborated; only good if nothing was reported.

    Everything in the loaded modules is elaborated, so that mistakes are found, but only what the model can reach is
    kept. Scenarios and expectations speak about the model file that they stand in: those of used modules do not count.
    """
    totals = Totals()
    check_definitions(tables, totals)
    inits: list[typed.Expr] = []
    for index, module in enumerate(program.modules):
        for item in module.tree.items:
            if isinstance(item, ast.InitDecl):
                inits += _init(tables, totals, index, item)
    actions = _all(tables, ast.ActionDecl, lambda symbol, decl: action(tables, totals, symbol, decl))
    procs = _all(tables, ast.ProcDecl, lambda symbol, decl: proc(tables, totals, symbol, decl))
    check_calls(procs, tables.diagnostics)

    def elaborate(symbol: Symbol, decl: ast.PropertyDecl) -> typed.Property:
        return property_(tables, totals, symbol, decl, program.modules[symbol.module].name)

    properties = _all(tables, ast.PropertyDecl, elaborate)
    visible = tables.names.visible[-1]
    main = program.main
    return typed.Model(
        name=main.name,
        path=main.source.path,
        sorts=tuple(tables.sorts),
        structs=tuple(tables.structs.values()),
        enums=tuple(tables.enums.values()),
        vars=tuple(tables.vars.values()),
        locks=tuple(tables.locks.values()),
        switches=tuple(tables.switches.values()),
        inits=tuple(inits),
        actions=tuple(found for name, found in actions.items() if name in tables.names.startable),
        procs=tuple(found for name, found in procs.items() if tables.frames[name].in_use),
        properties=tuple(found for name, found in properties.items() if name in visible),
        scenarios=_scenarios(tables, totals, main.tree),
        expectations=_expectations(tables, totals, main.tree),
        costs=tuple(tables.costs.values()),
        survivors=_survivors(tables, totals, main.tree),
    )


D = TypeVar("D", ast.ActionDecl, ast.ProcDecl, ast.PropertyDecl)


def _all(tables: Tables, kind: type[D], elaborate: Callable[[Symbol, D], T]) -> dict[str, T]:
    """Every declaration of one kind in the loaded modules, elaborated, in order of declaration."""
    found: dict[str, T] = {}
    for own in tables.names.own:
        for name, symbol in own.items():
            decl = symbol.decl
            if isinstance(decl, kind) and name not in found:
                elaborated = attempt(elaborate, symbol, decl)
                if elaborated is not None:
                    found[name] = elaborated
    return found


def _init(tables: Tables, totals: Totals, module: int, decl: ast.InitDecl) -> Iterator[typed.Expr]:
    found = attempt(formula, tables, totals, Where.INIT, module, decl.span, decl.body)
    if found is not None:
        yield found


def _scenarios(tables: Tables, totals: Totals, tree: ast.Module) -> tuple[typed.Scenario, ...]:
    main = len(tables.names.own) - 1
    found = []
    for item in tree.items:
        if isinstance(item, ast.ScenarioDecl):
            context = Context(tables, totals, Where.WHEN, item.name.span)
            elaborated = attempt(scenario, context, main, item)
            found += [elaborated] if elaborated else []
    return tuple(found)


def _expectations(tables: Tables, totals: Totals, tree: ast.Module) -> tuple[typed.Expectation, ...]:
    main = len(tables.names.own) - 1
    before = len(tables.diagnostics)
    found: list[typed.Expectation] = []
    for item in tree.items:
        if isinstance(item, ast.ExpectDecl):
            context = Context(tables, totals, Where.WHEN, item.span)
            found += attempt(expectations, context, main, item) or []
            if len(tables.diagnostics) == before:
                check_contradictions(context, main, found)
    return tuple(found)


def _survivors(tables: Tables, totals: Totals, tree: ast.Module) -> tuple[typed.Survivor, ...]:
    main = len(tables.names.own) - 1
    found: list[typed.Survivor] = []
    for item in tree.items:
        if isinstance(item, ast.SurvivorsDecl):
            found += attempt(survivors, Context(tables, totals, Where.WHEN, item.span), main, item) or ()
    return tuple(found)
