"""What a candidate lemma can be about: a call under way with its arguments and locals, or a cell of a table with what
it holds. To name what an anchor holds costs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cowspec.engines.inference.atoms import Atom, Literal, Names, is_frame, is_lock
from cowspec.engines.inference.clauses import fresh_names
from cowspec.system import ir
from cowspec.system.traverse import assigned
from cowspec.system.traverse import names as names_of

NAMING_COST = 3
"""Of a literal that only gives a name to what an anchor holds, in tenths of a plain literal."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """`always`: true of every clause about it; `slots`: what it holds, by the name that this gets: true of every clause
    that mentions the name. `call`: the proc, of a call. `names`: of its index, then of its slots."""

    names: Names
    always: tuple[Literal, ...]
    slots: tuple[tuple[str, Literal], ...]
    call: str | None = None


def naming(formula: ir.Formula, of: str) -> Literal:
    """A literal that is true of an anchor."""
    return Atom(formula, names_of([formula]), NAMING_COST, of=of), True


def anchors(system: ir.System) -> Iterator[Anchor]:
    """Calls of each proc, then cells of each table."""
    yield from _calls(system)
    yield from _cells(system)


def _calls(system: ir.System) -> Iterator[Anchor]:
    for proc in system.procs:
        slots = [
            var
            for var in system.vars
            if var.name.startswith(f"{proc.name}@") and var.domain in system.sorts and var.index == ("Cpu",)
        ]
        pc = f"{proc.name}@pc"
        if all(var.name != pc for var in system.vars):
            continue
        names = fresh_names(["Cpu", *(str(var.domain) for var in slots)], system.sorts)
        cpu = ir.Param(names[0].name)
        named = tuple(
            (name.name, naming(ir.Equal(ir.Get(var.name, (cpu,)), ir.Param(name.name)), var.name))
            for name, var in zip(names[1:], slots, strict=True)
        )
        yield Anchor(names, (naming(ir.Present(ir.Get(pc, (cpu,))), pc),), named, proc.name)


def _cells(system: ir.System) -> Iterator[Anchor]:
    updated = frozenset[str]().union(*(assigned(step.body) for step in system.steps))
    owners = {var.owner for var in system.vars}
    for var in system.vars:
        if is_frame(var) or is_lock(var) or not var.index or var.owner is not None or var.name not in updated:
            continue
        if var.domain is None and var.name not in owners:
            if len(var.index) >= 2:
                names = fresh_names(var.index, system.sorts)
                yield Anchor(names, (naming(ir.Test(var.name, _params(names)), var.name),), ())
        elif var.domain is None:
            fields = [each for each in system.vars if each.owner == var.name and each.domain in system.sorts]
            names = fresh_names([*var.index, *(str(field.domain) for field in fields)], system.sorts)
            args = _params(names[: len(var.index)])
            slots = tuple(
                (name.name, naming(ir.Equal(ir.Get(field.name, args), ir.Param(name.name)), field.name))
                for name, field in zip(names[len(var.index) :], fields, strict=True)
            )
            yield Anchor(names, (naming(ir.Test(var.name, args), var.name),), slots)
        elif var.domain in system.sorts:
            names = fresh_names([*var.index, var.domain], system.sorts)
            cell = ir.Get(var.name, _params(names[:-1]))
            yield Anchor(names, (naming(ir.Equal(cell, ir.Param(names[-1].name)), var.name),), ())


def _params(names: Names) -> tuple[ir.Term, ...]:
    return tuple(ir.Param(name.name) for name in names)
