"""The lines of a scenario in terms of steps: which may fire before a line, to begin it, and until it is done.

The names of a scenario are the first elements of their sorts, in order; sorts are interchangeable, so that is no loss.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cowspec.evaluate.firing import Arguments
from cowspec.system import ir


@dataclass(frozen=True, slots=True)
class Line:
    """`before`: the steps of allowed operations, with the CPUs whose calls they must not move. `first`: what begins the
    line, `inside`: what goes on with it until `is_done` (None: after the first step)."""

    before: Mapping[int, frozenset[int]]
    first: Mapping[int, Arguments]
    inside: Mapping[int, Arguments]
    is_done: Callable[[ir.State], bool] | None


def least_sizes(scenario: ir.Scenario) -> dict[str, int]:
    """How many elements of each sort the script names: a scope must have them."""
    sizes: dict[str, int] = {}
    for name in scenario.names:
        sizes[name.domain] = sizes.get(name.domain, 0) + 1
    return sizes


def operations_of(system: ir.System, scenario: ir.Scenario) -> set[str]:
    """The operations whose steps may fire in some run of the script: what it names and allows, and what these call."""
    scripted = [line.operation for line in scenario.lines if isinstance(line, ir.ScriptLine)]
    return _with_callees(system, (*scenario.allowed, *scripted))


def lines_of(system: ir.System, scenario: ir.Scenario) -> tuple[Line, ...]:
    elements = _elements(scenario)
    domains = {name.name: name.domain for name in scenario.names}
    procs = {proc.name for proc in system.procs}
    played = operations_of(system, scenario)
    left_under_way: set[int] = set()  # CPUs
    lines: list[Line] = []
    for line in scenario.lines:
        before = _before(system, scenario.allowed, frozenset(left_under_way))
        cpu = elements[line.cpu]
        calls = _call_steps(system, cpu, played)
        match line:
            case ir.ScriptFinish():
                lines.append(Line(before, calls, calls, _is_idle(system, cpu)))
                left_under_way.discard(cpu)
            case ir.ScriptLine(_, operation, args, until):
                first = _first(system, operation, domains[line.cpu], cpu, args, elements)
                if operation not in procs:
                    lines.append(Line(before, first, {}, None))
                elif until is None:
                    lines.append(Line(before, first, calls, _is_idle(system, cpu)))
                else:
                    lines.append(Line(before, first, calls, _is_next(system, operation, until, cpu)))
                    left_under_way.add(cpu)
    return tuple(lines)


def uses_of(
    system: ir.System, lines: tuple[Line, ...], done: int = 0, begun: bool = False
) -> tuple[tuple[ir.Step, Arguments], ...]:
    """The steps that may still fire in some run of the script after so many lines, with what is known of their
    arguments. `begun`: the line after these has begun."""
    found: dict[tuple[int, Arguments], None] = {}
    for number, line in enumerate(lines[done:]):
        if number > 0 or not begun:
            for step in line.before:
                found[step, (None,) * len(system.steps[step].params)] = None
            found.update(dict.fromkeys(line.first.items()))
        found.update(dict.fromkeys(line.inside.items()))
    return tuple((system.steps[number], args) for number, args in found)


def counters_of(system: ir.System) -> dict[str, int]:
    """The table of each proc's program counter."""
    tables = {var.name: number for number, var in enumerate(system.vars)}
    return {proc.name: tables[f"{proc.name}@pc"] for proc in system.procs if f"{proc.name}@pc" in tables}


def _elements(scenario: ir.Scenario) -> dict[str, int]:
    elements: dict[str, int] = {}
    used: dict[str, int] = {}
    for name in scenario.names:
        elements[name.name] = used.get(name.domain, 0)
        used[name.domain] = elements[name.name] + 1
    return elements


def _before(system: ir.System, allowed: tuple[str, ...], busy: frozenset[int]) -> dict[int, frozenset[int]]:
    """Actions and starts of what is allowed; further steps of it, and of what it calls, on CPUs that are not busy with
    a call of the script."""
    within = _with_callees(system, allowed)
    found: dict[int, frozenset[int]] = {}
    for number, step in enumerate(system.steps):
        if step.kind in (ir.StepKind.ACTION, ir.StepKind.START):
            if step.operation in allowed:
                found[number] = frozenset()
        elif step.operation in within:
            found[number] = busy
    return found


def _with_callees(system: ir.System, operations: Iterable[str]) -> set[str]:
    calls = {proc.name: proc.calls for proc in system.procs}
    found: set[str] = set()
    todo = list(operations)
    while todo:
        operation = todo.pop()
        if operation not in found:
            found.add(operation)
            todo.extend(calls.get(operation, ()))
    return found


def _first(
    system: ir.System, operation: str, cpu_sort: str, cpu: int, args: Sequence[str | None], elements: Mapping[str, int]
) -> dict[int, Arguments]:
    """The action, or the start of the call; the CPU fills the first parameter of its sort, the arguments the others:
    names of the script, or members of an enum."""
    found: dict[int, Arguments] = {}
    enums = dict(system.enums)
    for number, step in enumerate(system.steps):
        if step.operation == operation and step.kind in (ir.StepKind.ACTION, ir.StepKind.START):
            place = next((k for k, param in enumerate(step.params) if param.domain == cpu_sort), None)
            others = [param for k, param in enumerate(step.params) if k != place][: len(args)]
            given: list[int | None] = [
                None if arg is None else enums[param.domain].index(arg) if param.domain in enums else elements[arg]
                for param, arg in zip(others, args, strict=True)
            ]
            if place is not None:
                given.insert(place, cpu)
            found[number] = (*given, *(None for _ in step.params[len(given) :]))
    return found


def _call_steps(system: ir.System, cpu: int, procs: set[str]) -> dict[int, Arguments]:
    """The steps of calls of these procs under way on this CPU."""
    return {
        number: (cpu, *(None for _ in step.params[1:]))
        for number, step in enumerate(system.steps)
        if step.kind in (ir.StepKind.NEXT, ir.StepKind.LEAVE) and step.operation in procs
    }


def _is_idle(system: ir.System, cpu: int) -> Callable[[ir.State], bool]:
    counters = tuple(counters_of(system).values())
    return lambda state: all(state[table][cpu] is None for table in counters)


def _is_next(system: ir.System, proc: str, label: str, cpu: int) -> Callable[[ir.State], bool]:
    """The step is next: the program counter is there, and no proc that this one calls is under way."""
    counters, enums = counters_of(system), dict(system.enums)
    domain = system.vars[counters[proc]].domain
    assert domain is not None, "a program counter has the labels of its proc as values"
    table, value = counters[proc], enums[domain].index(label)
    callees = [counters[callee] for p in system.procs if p.name == proc for callee in p.calls if callee in counters]
    return lambda state: state[table][cpu] == value and all(state[callee][cpu] is None for callee in callees)
