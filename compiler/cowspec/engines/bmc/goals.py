"""What can be searched for, as questions to a template."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from cowspec.encode.finite.symmetry import Cells, start_cells
from cowspec.encode.finite.template import Question
from cowspec.encode.relational.formula import Formula, Not, RelSystem
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import AnyValue, Setting, System

NO_FAULT = "no_fault"


@dataclass(frozen=True, slots=True)
class Violates:
    """A run that ends in a violation of an invariant, lemma, fact or transition property, or reaches a cover."""

    property: str


@dataclass(frozen=True, slots=True)
class Faults:
    """A run whose last step faults."""


@dataclass(frozen=True, slots=True)
class Fires:
    """A run that ends with this step."""

    step: str


@dataclass(frozen=True, slots=True)
class Meets:
    """A run to a state with this formula; or (`crossing`) one that ends with a step of which it is true."""

    name: str
    formula: Formula
    crossing: bool = False


Goal = Violates | Faults | Fires | Meets


@dataclass(frozen=True, slots=True)
class Target:
    """A goal under one of the settings that satisfy `when` (a formula over switches)."""

    goal: Goal
    when: ir.Formula = ir.TRUE

    @property
    def name(self) -> str:
        """The name that stands in the trace."""
        match self.goal:
            case Violates(name) | Meets(name) | Fires(name):
                return name
            case Faults():
                return NO_FAULT
            case _:
                assert_never(self.goal)


def at_setting(setting: Setting) -> ir.Formula:
    """The switch formula that this setting alone satisfies."""
    return ir.And(tuple(ir.SwitchIs(switch, option) for switch, option in setting))


def questions_of(system: System, rel: RelSystem, targets: Iterable[Target]) -> tuple[Question, ...]:
    """One for each property and formula asked for."""
    covers = {p.name for p in system.properties if p.kind == PropertyKind.COVER}
    properties = {p.name: p for p in (*rel.facts, *rel.properties)}
    found: dict[str, Question] = {}
    for target in targets:
        match target.goal:
            case Violates(name):
                asked = properties[name]
                formula = asked.formula if name in covers else Not(asked.formula)
                found[name] = Question(name, formula, asked.is_transition)
            case Meets(name, formula, crossing):
                found[name] = Question(name, formula, crossing)
            case Faults() | Fires():
                pass
            case _:
                assert_never(target.goal)
    return tuple(found.values())


def open_cells(system: System) -> Cells:
    """The sort-valued variables of which the start state says nothing by itself."""
    return start_cells(
        [
            (var.name, var.index, var.domain)
            for var in system.vars
            if isinstance(var.start, AnyValue) and var.domain in system.sorts
        ]
    )
