"""A random model made ready: its system, its settings, scopes to try it at, states to try it in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, permutations, product
from random import Random

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import translate
from cowspec.evaluate.machine import Machine, Moved
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.switches import all_settings


class Disagreement(AssertionError):
    """Two readings of one model differ."""


def compile_text(text: str) -> ir.System:
    return build(check(load("random.cow", text, lambda name, path: None)))


@dataclass(frozen=True)
class Case:
    """`random` decides what is sampled; everything else follows from the text."""

    text: str
    random: Random

    @cached_property
    def system(self) -> ir.System:
        return compile_text(self.text)

    @cached_property
    def rel(self) -> RelSystem:
        return translate(self.system)

    @cached_property
    def settings(self) -> tuple[ir.Setting, ...]:
        return all_settings(self.system)

    def setting(self) -> ir.Setting:
        return self.random.choice(self.settings)

    def scope(self, wide: bool = False) -> ir.Scope:
        """One or two elements of each sort; if `wide`, sometimes three of one."""
        sizes = {sort: self.random.choice((1, 2, 2)) for sort in self.system.sorts}
        if wide and self.random.random() < 0.15:
            sizes[self.random.choice(self.system.sorts)] = 3
        return tuple(sizes.items())

    # ---- states ----------------------------------------------------------------------------------------------------

    def typed_state(self, scope: ir.Scope) -> ir.State:
        """Any state that respects types and owners; mostly one that no run reaches."""
        sizes = dict(scope) | {name: len(members) for name, members in self.system.enums}
        tables: dict[str, tuple[ir.Value, ...]] = {}
        for var in self.system.vars:
            cells = range(len(list(product(*(range(sizes[sort]) for sort in var.index)))))
            owner = tables.get(var.owner) if var.owner is not None else None
            present = [owner is None or (owner[cell] is not None and owner[cell] is not False) for cell in cells]
            tables[var.name] = tuple(self._cell(var, sizes, present[cell]) for cell in cells)
        return tuple(tables.values())

    def _cell(self, var: ir.StateVar, sizes: dict[str, int], present: bool) -> ir.Value:
        if var.domain is None:
            return present and self.random.random() < 0.5
        if not present or (var.presence == ir.Presence.OWN and self.random.random() < 0.4):
            return None
        return self.random.randrange(sizes[var.domain])

    def reached_states(self, machine: Machine, starts: int, steps: int) -> Iterator[ir.State]:
        """States along some random runs."""
        for state in islice(machine.starts(shuffle=self.random), starts):
            yield state
            for _ in range(steps):
                moves = [outcome for _, outcome in machine.successors(state) if isinstance(outcome, Moved)]
                if not moves:
                    break
                state = self.random.choice(moves).state
                yield state

    def renamings(self, state: ir.State, scope: ir.Scope) -> Iterator[ir.State]:
        """The states that permutations of elements make of a state."""
        for chosen in product(*(permutations(range(size)) for _, size in scope)):
            yield self._renamed(state, scope, dict(zip(self.system.sorts, chosen, strict=True)))

    def _renamed(self, state: ir.State, scope: ir.Scope, to: dict[str, tuple[int, ...]]) -> ir.State:
        sizes = dict(scope)
        tables = []
        for var, table in zip(self.system.vars, state, strict=True):
            cells: dict[tuple[int, ...], ir.Value] = {}
            for index, value in zip(product(*(range(sizes[sort]) for sort in var.index)), table, strict=True):
                moved = tuple(to[sort][element] for sort, element in zip(var.index, index, strict=True))
                is_element = var.domain in to and value is not None
                cells[moved] = to[var.domain or ""][int(value or 0)] if is_element else value
            tables.append(tuple(cells[index] for index in sorted(cells)))
        return tuple(tables)
