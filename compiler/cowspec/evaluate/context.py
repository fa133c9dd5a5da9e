"""What the closures of one machine share: the shapes of the tables, the cells of bound names, the run under way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cowspec.system import ir


class Table(Protocol):
    def __getitem__(self, index: int, /) -> ir.Value: ...


class Tables(Protocol):
    """A state, a state under way, or a partial start state."""

    def __getitem__(self, index: int, /) -> Table: ...


TermCode = Callable[[Tables], ir.Value]
"""A number, or None for absent."""

Code = Callable[[Tables], object]
"""A formula: true or false in Python's sense."""


class Slot(NamedTuple):
    """The cell of a bound name. `maybe`: it can be absent, and the cell then holds ABSENT (only a `let` can)."""

    cell: int
    maybe: bool = False


Names = Mapping[str, Slot]
ABSENT = -1


class VarShape(NamedTuple):
    number: int  # of its table
    sizes: tuple[int, ...]  # of its index
    var: ir.StateVar


Move = tuple[int, tuple[int, ...], tuple[int, ...], ir.State | None, str | None]
"""Number of a step, its arguments, its choices, the state after it, or None and the fault."""


@dataclass(slots=True)
class Run:
    """What one execution of a step writes down; reset by whoever starts it."""

    before: Tables = ()  # the state that `old` speaks of
    given: tuple[int, ...] = ()  # choices prescribed
    taken: list[int] = field(default_factory=list)  # choices made
    untried: list[tuple[int, ...]] = field(default_factory=list)  # other choices to prescribe, last first
    notes: list[str] = field(default_factory=list)
    fault: str | None = None
    failed: ir.Stmt | None = None  # the statement that disabled the step
    moves: list[Move] = field(default_factory=list)  # ways to fire steps that were found


@dataclass(slots=True)
class Context:
    """What all closures of one machine share."""

    shapes: Mapping[str, VarShape]
    sizes: Mapping[str, int]  # of each sort and enum
    members: Mapping[tuple[str, str], int]
    setting: Mapping[str, str]
    cells: list[int]
    run: Run
    switches_read: set[str]

    def new_cell(self) -> int:
        self.cells.append(0)
        return len(self.cells) - 1


def context_of(system: ir.System, scope: ir.Scope, setting: ir.Setting) -> Context:
    """Raises ValueError for a scope that leaves out a sort or gives it no element, and for an unknown option."""
    sizes = dict(scope)
    for sort in system.sorts:
        if sizes.get(sort, 0) < 1:
            raise ValueError(f"the scope gives sort {sort} no element")
    for switch in system.switches:
        option = dict(setting).get(switch.name)
        if option is not None and option not in dict(switch.options):
            raise ValueError(f"switch {switch.name} has no option {option}")
    sizes |= {name: len(members) for name, members in system.enums}
    members = {(name, member): k for name, group in system.enums for k, member in enumerate(group)}
    shapes = {
        var.name: VarShape(number, tuple(sizes[sort] for sort in var.index), var)
        for number, var in enumerate(system.vars)
    }
    return Context(shapes, sizes, members, dict(setting), [], Run(), set())
