"""Renaming the elements of a trace by first appearance, so that the first CPU that acts is CPU 0.

Sorts are interchangeable: a permutation of the elements of each sort maps runs to runs. What comes out is replayed like
any other trace before it is shown.
"""

from collections.abc import Iterator
from itertools import product

from cowspec.evidence.names import offset, size
from cowspec.evidence.traces import step_named
from cowspec.system.ir import Choose, If, Scope, State, Step, Stmt, System, Value
from cowspec.verdict import Firing, Trace, TraceStep

Renaming = dict[str, tuple[int, ...]]
"""For each sort, the new number of each element."""


def renumber(system: System, trace: Trace) -> Trace:
    """The same run with elements numbered as they appear: first in the columns of the trace, then (of a sort whose
    elements the start state holds) in the start state, then as arguments and choices. Unchanged where it cannot be told
    what was chosen in a step."""
    steps = [step_named(system, taken.firing.step) for taken in trace.steps]
    domains = [choice_domains(step, len(t.firing.choices)) for step, t in zip(steps, trace.steps, strict=True)]
    if None in domains:
        return trace
    renaming = _renaming(system, trace, steps, domains)
    return Trace(
        trace.model,
        trace.property,
        trace.setting,
        trace.scope,
        renamed_state(system, trace.scope, renaming, trace.start),
        tuple(
            TraceStep(
                _renamed_firing(renaming, taken.firing, step, chosen or ()),
                taken.notes,
                None if taken.state is None else renamed_state(system, trace.scope, renaming, taken.state),
            )
            for taken, step, chosen in zip(trace.steps, steps, domains, strict=True)
        ),
        trace.fault,
    )


def choice_domains(step: Step, length: int) -> tuple[str, ...] | None:
    """What each of `length` choices of the step ranges over; None if that depends on the branches taken."""
    found = {path for path in _paths(step.body) if len(path) == length}
    return found.pop() if len(found) == 1 else None


def renamed_state(system: System, scope: Scope, renaming: Renaming, state: State) -> State:
    """The state with every element under its new number."""
    tables = []
    for var, table in zip(system.vars, state, strict=True):
        values = renaming.get(var.domain) if var.domain is not None else None
        new: list[Value] = [None] * len(table)
        sizes = [range(size(system, scope, domain)) for domain in var.index]
        names = [renaming.get(domain, tuple(r)) for domain, r in zip(var.index, sizes, strict=True)]
        for index, value in zip(product(*sizes), table, strict=True):
            at = tuple(name[i] for name, i in zip(names, index, strict=True))
            new[offset(system, scope, var, at)] = value if values is None or value is None else values[value]
        tables.append(tuple(new))
    return tuple(tables)


def _paths(body: tuple[Stmt, ...]) -> set[tuple[str, ...]]:
    """The sequences of domains that the `choose`s on the paths through a body can have."""
    paths: set[tuple[str, ...]] = {()}
    for stmt in body:
        match stmt:
            case Choose(_, domain, _):
                paths = {(*path, domain) for path in paths}
            case If(_, then, otherwise):
                ends = _paths(then) | _paths(otherwise)
                paths = {path + end for path in paths for end in ends}
            case _:
                pass
    return paths


def _renaming(system: System, trace: Trace, steps: list[Step], domains: list[tuple[str, ...] | None]) -> Renaming:
    order: dict[str, dict[int, None]] = {sort: {} for sort in system.sorts}

    def see(domain: str | None, number: Value) -> None:
        if domain in order and number is not None:
            order[domain].setdefault(int(number))

    for step, taken in zip(steps, trace.steps, strict=True):
        for binder, number in zip(step.params, taken.firing.args, strict=True):
            if binder.name == step.cpu:
                see(binder.domain, number)
    held = {
        var.domain
        for var, table in zip(system.vars, trace.start, strict=True)
        if any(value is not None for value in table)
    }
    for step, taken in zip(steps, trace.steps, strict=True):
        for binder, number in zip(step.params, taken.firing.args, strict=True):
            if binder.domain not in held:
                see(binder.domain, number)
    for number, var in enumerate(system.vars):
        for index in product(*(_seen_first(order, system, trace.scope, domain) for domain in var.index)):
            see(var.domain, trace.start[number][offset(system, trace.scope, var, index)])
    for step, taken in zip(steps, trace.steps, strict=True):
        for binder, number in zip(step.params, taken.firing.args, strict=True):
            see(binder.domain, number)
    for chosen, taken in zip(domains, trace.steps, strict=True):
        for domain, number in zip(chosen or (), taken.firing.choices, strict=True):
            see(domain, number)
    result: Renaming = {}
    for sort in system.sorts:
        ranked = _seen_first(order, system, trace.scope, sort)
        result[sort] = tuple(ranked.index(old) for old in range(len(ranked)))
    return result


def _seen_first(order: dict[str, dict[int, None]], system: System, scope: Scope, domain: str) -> list[int]:
    everything: Iterator[int] = iter(range(size(system, scope, domain)))
    seen = list(order.get(domain, ()))
    return seen + [number for number in everything if number not in order.get(domain, ())]


def _renamed_firing(renaming: Renaming, firing: Firing, step: Step, chosen: tuple[str, ...]) -> Firing:
    def rename(domain: str, number: int) -> int:
        return renaming[domain][number] if domain in renaming else number

    return Firing(
        firing.step,
        tuple(rename(binder.domain, number) for binder, number in zip(step.params, firing.args, strict=True)),
        tuple(rename(domain, number) for domain, number in zip(chosen, firing.choices, strict=True)),
    )
