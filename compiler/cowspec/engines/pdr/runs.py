"""From a path of PDR to a run: the states that the encoding's updates make, one after the other."""

from collections.abc import Collection
from dataclasses import replace

from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Literal
from cowspec.encode.finite.decode import Truths, evaluator, firing_of, setting_of, state_of, universe_of
from cowspec.encode.finite.ground import Grounder
from cowspec.encode.relational.formula import RelSystem
from cowspec.engines.pdr.cells import Cells
from cowspec.engines.pdr.lifting import Choice, Lifting
from cowspec.engines.pdr.search import Path
from cowspec.system.ir import Scope, System
from cowspec.verdict import Firing, Trace, TraceStep


def run_of(
    system: System, rel: RelSystem, scope: Scope, cells: Cells, lifting: Lifting, property: str, path: Path
) -> Trace:
    """`rel`: the system that `lifting` reads. The run is not replayed yet."""
    tables = _tables(cells, path.start)
    run = Trace(system.name, property, setting_of(system, tables), scope, state_of(system, scope, tables), ())
    for choice in path.choices:
        firing, fault = _firing(system, rel, scope, tables, lifting, choice)
        if fault is not None:
            return replace(run, steps=(*run.steps, TraceStep(firing, (), None)), fault=fault)
        tables = _after(rel, scope, tables, lifting, choice)
        run = replace(run, steps=(*run.steps, TraceStep(firing, (), state_of(system, scope, tables))))
    return run


def _tables(cells: Cells, true: Collection[Literal]) -> Truths:
    return {name: [TRUE if cell in true else FALSE for cell in table] for name, table in cells.tables.items()}


def _firing(
    system: System, rel: RelSystem, scope: Scope, tables: Truths, lifting: Lifting, choice: Choice
) -> tuple[Firing, str | None]:
    """What is taken, and the message of its fault."""
    step, names = lifting.step(choice), lifting.constants(choice)
    holds = evaluator(rel, step, scope, tables, names)
    message = next((fault.message for fault in step.faults if holds(fault.condition)), None)
    return firing_of(system, step, names, holds), message


def _after(rel: RelSystem, scope: Scope, tables: Truths, lifting: Lifting, choice: Choice) -> Truths:
    universe, sorts = universe_of(scope), {predicate.name: predicate.sorts for predicate in rel.predicates}
    grounder = Grounder(Circuit(), universe, rel.predicates, tables)
    after = dict(tables)
    for update in lifting.step(choice).updates:
        run = grounder.compile(update.body)
        after[update.pred] = [
            run({**lifting.constants(choice), **{f.name: e for f, e in zip(update.formals, elements, strict=True)}})
            for elements in universe.tuples(sorts[update.pred])
        ]
    return after
