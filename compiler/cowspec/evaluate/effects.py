"""What steps do, remembered: a search of many states meets the same contents of tables again and again.

What a step does depends on the tables that it reads or writes alone; where all of these have contents that it was tried
on before, it does the same again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cowspec.evaluate.contents import Cells, Contents, Numbers, part
from cowspec.evaluate.firing import Arguments, gate_of
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.names import Node, variables_read, variables_written
from cowspec.system import ir

Changes = tuple[tuple[int, Cells, int], ...]
"""Tables that differ after a step: their new contents, and the number of these."""

Effect = tuple[tuple[int, ...], tuple[int, ...], Changes | None, str | None]
"""Arguments and choices of a firing, what it changes, or None and the fault."""


def part_read(system: ir.System, node: Node) -> Callable[[Numbers], object]:
    """A function that gives the same for two states only if the node has the same value in both."""
    return _part(system, variables_read(node))


def _part(system: ir.System, variables: frozenset[str]) -> Callable[[Numbers], object]:
    return part([table for table, var in enumerate(system.vars) if var.name in variables])


def changes(contents: Contents, before: ir.State, after: ir.State) -> Changes:
    """What differs between two states: all tables that are not the same object in both."""
    tables = enumerate(zip(before, after, strict=True))
    return tuple([(table, new, contents.number(table, new)) for table, (old, new) in tables if new is not old])


def changed(state: ir.State, numbers: Numbers, changes: Changes) -> tuple[ir.State, Numbers]:
    """The state after the changes."""
    after, numbers_after = list(state), list(numbers)
    for table, cells, number in changes:
        after[table], numbers_after[table] = cells, number
    return tuple(after), tuple(numbers_after)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of a step: what it depends on. It is disabled where no cell of `table` has `value` (-1: no such table)."""

    depends: Callable[[Numbers], object]
    table: int
    value: ir.Value


def footprint_of(system: ir.System, step: ir.Step) -> Footprint:
    nodes = (*(get for _, get in step.frame), *step.body)
    variables = frozenset[str]().union(*[variables_read(node) | variables_written(node) for node in nodes])
    depends, gate = _part(system, variables), gate_of(step)
    if gate is None:
        return Footprint(depends, -1, None)
    var, member = gate
    table = next(number for number, each in enumerate(system.vars) if each.name == var)
    return Footprint(depends, table, dict(system.enums)[member.enum].index(member.name))


@dataclass(slots=True)
class Effects:
    """Of one step of one machine, with some of its arguments given."""

    machine: Machine
    number: int
    given: Arguments
    footprint: Footprint
    contents: Contents
    known: dict[object, tuple[Effect, ...]] = field(default_factory=dict)

    def at(self, state: ir.State, numbers: Numbers) -> tuple[Effect, ...]:
        """Every way to fire the step, in order."""
        footprint = self.footprint
        if footprint.table >= 0 and footprint.value not in state[footprint.table]:
            return ()
        key = footprint.depends(numbers)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._tried(state)
        return found

    def _tried(self, state: ir.State) -> tuple[Effect, ...]:
        moves = self.machine.moves_of(self.number, self.given, state)
        return tuple(
            [
                (args, choices, None if after is None else changes(self.contents, state, after), fault)
                for _, args, choices, after, fault in moves
            ]
        )
