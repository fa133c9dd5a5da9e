"""From the checked model to the transition system, but for its structural facts (`facts.py`).

Reading order in `lowering/`: `layout` (which scalar variables), `values` and `expressions`, `assignments`, `locks`,
`statements` (one step), `calls` and `procs` (steps of calls), `properties`.
"""

from cowspec.check import typed
from cowspec.diagnostics import CompileError, Diagnostic
from cowspec.system import ir
from cowspec.system.lowering.calls import ANY_BOOL, ANY_BOOL_MEMBERS
from cowspec.system.lowering.layout import Layout, layout, statements
from cowspec.system.lowering.procs import action_step, proc_info, proc_steps
from cowspec.system.lowering.properties import closed, expectation, property_of, scenario


def lower(model: typed.Model) -> ir.System:
    """The system without facts. Raises `CompileError` (E5xx) for what has no transition system, all of it at once."""
    found = _reserved(model)
    if found:
        raise CompileError(found)
    places = layout(model)
    return ir.System(
        name=model.name,
        path=model.path,
        sorts=model.sorts,
        enums=_enums(places, model),
        switches=tuple(ir.Switch(switch.name, switch.is_fix, switch.options, switch.span) for switch in model.switches),
        vars=tuple(places.table.values()),
        init=tuple(closed(init, places) for init in model.inits),
        steps=_steps(model, places),
        procs=tuple(proc_info(proc, places) for proc in model.procs),
        properties=tuple(property_of(prop, places) for prop in model.properties),
        facts=(),
        scenarios=tuple(scenario(script, places) for script in model.scenarios),
        expectations=tuple(expectation(line, places) for line in model.expectations),
        warnings=model.warnings,
        costs=_costs(model),
        sources=model.sources,
    )


def _reserved(model: typed.Model) -> tuple[Diagnostic, ...]:
    """A local called `pc` would share a variable with the program counter."""
    return tuple(
        Diagnostic(
            "E502",
            f"`pc` is the name of the program counter of `{proc.name}`",
            span,
            hint="use another name for this parameter or local",
        )
        for proc in model.procs
        for name, span in (
            *((param.name, param.span) for param in proc.params),
            *((local.name, local.span) for local in proc.locals),
        )
        if name == "pc"
    )


def _enums(places: Layout, model: typed.Model) -> tuple[tuple[str, tuple[str, ...]], ...]:
    enums = tuple(places.enums.items())
    draws = any(isinstance(local.start, typed.StartAny) for proc in model.procs for local in proc.locals)
    return (*enums, (ANY_BOOL, ANY_BOOL_MEMBERS)) if draws else enums


def _costs(model: typed.Model) -> tuple[ir.Cost, ...]:
    """The costs, with what their `spend`s count."""
    bodies = [action.body for action in model.actions]
    bodies += [step.body for proc in model.procs for step in proc.steps]
    spends = [stmt for body in bodies for stmt in statements(body) if isinstance(stmt, typed.Spend)]
    counted = {spend.cost: tuple(binder.sort for binder in spend.binders) for spend in spends}
    return tuple(ir.Cost(cost.name, cost.text, counted.get(cost.name, ())) for cost in model.costs)


def _steps(model: typed.Model, places: Layout) -> tuple[ir.Step, ...]:
    """All steps; the steps that cannot be lowered are reported together."""
    steps: list[ir.Step] = []
    found: list[Diagnostic] = []
    for action in model.actions:
        try:
            steps.append(action_step(action, places))
        except CompileError as error:
            found += error.diagnostics
    for proc in model.procs:
        try:
            steps += proc_steps(proc, model.procs, places)
        except CompileError as error:
            found += error.diagnostics
    if found:
        raise CompileError(dict.fromkeys(found))
    return tuple(steps)
