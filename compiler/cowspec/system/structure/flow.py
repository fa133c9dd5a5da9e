"""What the control flow of a proc says about its own locks and locals, wherever its call may stand.

An abstract interpretation of the lowered steps. A state of the analysis is for one place in a step, and says for which
settings of the switches (`rigid.py`)
- this place can be reached at all,
- a lock is surely held, at an index made of parameters and locals; and which indices may be held at all,
- a boolean of the frame (a local, or the presence of a record) may be true, may be false; an optional scalar likewise;
- besides, which literals are known: from `require` and from the conditions of branches, until something assigns them.
Where paths meet, the knowledge is what all of them agree on. The result, `Standing` for each label, holds in every
reachable state; other calls cannot change it, since only p's own steps write p's locks and frame.
"""

from collections.abc import Iterable
from dataclasses import replace

from cowspec.system import ir
from cowspec.system.ir import Stmt
from cowspec.system.structure.rigid import cases
from cowspec.system.structure.standing import Proc, Standing, join
from cowspec.system.structure.transfer import run
from cowspec.system.traverse import assigned, expressions


def analyse(system: ir.System, info: ir.ProcInfo) -> tuple[Proc, dict[str, Standing]]:
    """The standing at each label that a call may wait at; a label missing there is never waited at."""
    proc = _proc(system, info)
    found: dict[str, Standing] = {}
    waiting: list[str] = []

    def arrive(states: Iterable[Standing]) -> None:
        for state in states:
            if state.label is None or not state.reach:
                continue
            here = found.get(state.label)
            joined = state if here is None else join(here, state)
            joined = replace(joined, known=frozenset())
            if joined != here:
                found[state.label] = joined
                if state.label not in waiting:
                    waiting.append(state.label)

    nothing = _idle(proc)
    for step in proc.steps:
        if step.kind == ir.StepKind.START:
            arrive(run(step.body, [nothing], proc))
    arrive(_called(system, proc, nothing))
    while waiting:
        label = waiting.pop(0)
        for step in proc.steps:
            if step.label == label and step.kind != ir.StepKind.START:
                arrive(run(step.body, [found[label]], proc))
    return proc, found


def _proc(system: ir.System, info: ir.ProcInfo) -> Proc:
    steps = tuple(step for step in system.steps if step.operation == info.name and step.kind != ir.StepKind.ACTION)
    table = {var.name: var for var in system.vars}
    locks = tuple(name for name in table if name.count("@") == 2 and name.rpartition("@")[2] == info.name)
    frame = tuple(
        name
        for name, var in table.items()
        if name.startswith(f"{info.name}@")
        and name.count("@") == 1
        and (var.domain is None or var.presence == ir.Presence.OWN)
        and name != f"{info.name}@pc"
    )
    inside = [expression for step in steps for expression in expressions(step.body)]
    maybe = frozenset(name for step in steps for name in lets(step.body))
    return Proc(info, steps, table, locks, frame, cases(system, inside), maybe)


def lets(body: Iterable[Stmt]) -> Iterable[str]:
    for stmt in body:
        if isinstance(stmt, ir.Let):
            yield stmt.name
        elif isinstance(stmt, ir.If):
            yield from lets(stmt.then)
            yield from lets(stmt.otherwise)


def _idle(proc: Proc) -> Standing:
    everything = proc.cases.everything
    return Standing(
        everything,
        true=dict.fromkeys(proc.frame, 0),
        false=dict.fromkeys(proc.frame, everything),
        known=frozenset(),
    )


def _called(system: ir.System, proc: Proc, nothing: Standing) -> Iterable[Standing]:
    """How a call stands that another proc has entered: at its first step, with what the caller set left open."""
    outside = [step.body for step in system.steps if step.operation != proc.info.name]
    entered = [body for body in outside if proc.pc in assigned(body)]
    if entered:
        written = frozenset[str]().union(*(assigned(body) for body in entered))
        everything = proc.cases.everything
        true = {name: everything if name in written else 0 for name in proc.frame}
        yield replace(nothing, true=true, label=proc.info.labels[0])
