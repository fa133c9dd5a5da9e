"""Warnings about what is declared and never read: switches, locals, and variables and costs of the model file."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from cowspec.check import typed
from cowspec.check.walk import own_expressions, statements, walk
from cowspec.diagnostics import CompileError, Diagnostic

MAX_SETTINGS = 1 << 15


def without_idle_switches(model: typed.Model, own: Collection[str]) -> typed.Model:
    """The model without the library's switches that nothing in it reads: they would only multiply its settings."""
    whens = [line.when for line in model.expectations]
    whens += [expect.when for scenario in model.scenarios for expect in scenario.expects]
    asked = walk(*_expressions(model), *(when for when in whens if when is not None))
    read = {expr.switch for expr in asked if isinstance(expr, typed.SwitchIs)}
    return replace(model, switches=tuple(each for each in model.switches if each.name in own or each.name in read))


def check_settings(model: typed.Model) -> None:
    """Raises `CompileError` if nobody could look at all settings of the switches, one after the other."""
    settings = 1
    for switch in model.switches:
        settings *= len(switch.options)
        if settings > MAX_SETTINGS:
            message = f"the switches have more than {MAX_SETTINGS} settings together"
            hint = "make several models of it, or one `choice` of the combinations that matter"
            raise CompileError([Diagnostic("E118", message, switch.span, hint=hint)])


def unused(model: typed.Model, own: Collection[str]) -> list[Diagnostic]:
    """The warnings of a model. `own`: the names that the model file declares; a variable or cost of the library
    that nothing reads in this model is nothing to say. What is a `ref` is read by `refs`."""
    reads = list(walk(*_expressions(model)))
    switches = {read.switch for read in reads if isinstance(read, typed.SwitchIs)}
    variables = {read.var for read in reads if isinstance(read, typed.Read)}
    locals_ = {(read.proc, read.name) for read in reads if isinstance(read, typed.FrameRead)}
    found = []
    for switch in model.switches:
        if switch.name not in switches:
            message = f"{'fix' if switch.is_fix else 'choice'} `{switch.name}` changes nothing in this model"
            hint = "no action, step or property that is in use reads it"
            found.append(Diagnostic("W601", message, switch.span, hint=hint))
    for proc in model.procs:
        for local in proc.locals:
            if not local.is_ref and (proc.name, local.name) not in locals_:
                message = f"local `{local.name}` of `{proc.name}` is never read"
                found.append(Diagnostic("W602", message, local.span))
    for var in model.vars:
        if var.name in own and not var.is_ref and var.name not in variables:
            found.append(Diagnostic("W603", f"variable `{var.name}` is never read", var.span))
    spent = {stmt.cost for stmt in _statements(model) if isinstance(stmt, typed.Spend)}
    for cost in model.costs:
        if cost.name in own and cost.name not in spent:
            found.append(Diagnostic("W604", f"cost `{cost.name}` is never spent", cost.span))
    return found


def _expressions(model: typed.Model) -> Iterator[typed.Expr]:
    """Every expression that decides something. What an assignment writes is not read by it, its index is."""
    yield from model.inits
    yield from (prop.body for prop in model.properties)
    for proc in model.procs:
        yield from (step.where for step in proc.steps if step.where is not None)
    for stmt in _statements(model):
        yield from own_expressions(stmt)


def _statements(model: typed.Model) -> Iterator[typed.Stmt]:
    for action in model.actions:
        yield from statements(action.body)
    for proc in model.procs:
        for step in proc.steps:
            yield from statements(step.body)
