"""The reference semantics: what a system does at a scope under a setting of its switches.

A `Machine` holds the system compiled to closures. States go in and come out as plain tuples; nothing is remembered
between calls but the compiled code and which switches it has read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from random import Random

from cowspec.evaluate.closures import bind, compile_condition
from cowspec.evaluate.context import Code, Move, Names, context_of
from cowspec.evaluate.firing import Arguments, StepCode, execute, expand, gate_of
from cowspec.evaluate.starts import is_start, start_states
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.verdict import Firing


@dataclass(frozen=True, slots=True)
class Moved:
    state: ir.State
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Faulted:
    """The step is enabled and does what M5 forbids."""

    message: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disabled:
    """`statement`: the `Require` or `Choose` that failed, if it was one."""

    reason: str
    statement: ir.Stmt | None = None


Outcome = Moved | Faulted | Disabled


class Machine:
    """`Machine(system, scope, setting)`; ValueError if the scope leaves out a sort or gives it no element, or an option
    is unknown (and later, if something reads a switch that the setting leaves out)."""

    def __init__(self, system: ir.System, scope: ir.Scope, setting: ir.Setting) -> None:
        self.system, self.scope, self.setting = system, scope, setting
        self._context = context_of(system, scope, setting)
        self._steps = tuple(StepCode(number, step) for number, step in enumerate(system.steps))
        self._number = {step.name: number for number, step in enumerate(system.steps)}
        self._gates: tuple[list[StepCode], dict[int, dict[ir.Value, list[StepCode]]]] | None = None
        self._formulas: dict[int, tuple[ir.Formula, Code]] = {}

    @property
    def switches_read(self) -> frozenset[str]:
        """The switches that anything computed so far depends on: it is the same under all settings that agree on them.

        Holds for the system as given: a system sliced by its setting reads no switch any more.
        """
        return frozenset(self._context.switches_read)

    def starts(
        self, *, named: Mapping[str, int] | None = None, up_to_symmetry: bool = False, shuffle: Random | None = None
    ) -> Iterator[ir.State]:
        """The start states, found as they are asked for, in a fixed order (or a shuffled one).

        `up_to_symmetry`: at least one of each class of start states that permutations of elements turn into each other;
        of each sort the first `named[sort]` elements stay where they are.
        """
        return start_states(self._context, self.system, (named or {}) if up_to_symmetry else None, shuffle)

    def is_start(self, state: ir.State) -> bool:
        return is_start(self._context, self.system, state)

    # ---- steps -----------------------------------------------------------------------------------------------------

    def successors(self, state: ir.State) -> Iterator[tuple[Firing, Outcome]]:
        """Every enabled firing with `Moved` or `Faulted`, in order of the steps."""
        for number, args, choices, _, _ in self.moves(state):
            firing = Firing(self._steps[number].step.name, args, choices)
            yield firing, self.fire(state, firing)

    def moves(self, state: ir.State, among: frozenset[int] | None = None) -> list[Move]:
        """Every enabled firing, bare: the inner loop of the searches. `among`: only steps with these numbers."""
        if self._gates is None:
            self._gates = self._gates_of_steps()
        ungated, gated = self._gates
        active = [*ungated]
        for table, by_value in gated.items():
            for value in set(state[table]):
                active.extend(by_value.get(value, ()))
        if among is not None:
            active = [code for code in active if code.number in among]
        active.sort(key=_number_of)
        run = self._context.run
        moves: list[Move] = []
        run.moves = moves
        run.given, run.notes = (), []
        for code in active:
            expand(self._context, code, state)
            run.given = ()
        return moves

    def _gates_of_steps(self) -> tuple[list[StepCode], dict[int, dict[ir.Value, list[StepCode]]]]:
        """The steps that may be enabled anywhere, and the others by table and what it must contain."""
        ungated: list[StepCode] = []
        gated: dict[int, dict[ir.Value, list[StepCode]]] = {}
        for code in self._steps:
            gate = gate_of(code.step)
            if gate is None:
                ungated.append(code)
            else:
                var, member = gate
                table, value = self._context.shapes[var].number, self._context.members[member.enum, member.name]
                gated.setdefault(table, {}).setdefault(value, []).append(code)
        return ungated, gated

    def moves_of(self, number: int, given: Arguments, state: ir.State) -> list[Move]:
        """Every enabled firing of the step with this number that has these arguments, in the order of `moves`."""
        run = self._context.run
        moves: list[Move] = []
        run.moves = moves
        run.given, run.notes = (), []
        expand(self._context, self._steps[number], state, given)
        return moves

    def fire(self, state: ir.State, firing: Firing) -> Outcome:
        """Runs one firing, statement by statement. KeyError if there is no such step, ValueError if the firing has not
        one element for each parameter."""
        code = self._steps[self._number[firing.step]]
        params = code.step.params
        if len(params) != len(firing.args) or not all(
            0 <= arg < self._context.sizes[param.domain] for param, arg in zip(params, firing.args, strict=True)
        ):
            raise ValueError(f"{firing.step} has no parameters {firing.args}")
        run = self._context.run
        run.given, run.taken, run.untried, run.notes, run.fault, run.failed = firing.choices, [], [], [], None, None
        after = execute(self._context, code, state, firing.args)
        if after is None:
            return Disabled(_reason(run.failed), run.failed)
        if len(run.taken) != len(firing.choices):
            return Disabled(f"it makes {len(run.taken)} choices, not {len(firing.choices)}")
        if run.fault is not None:
            return Faulted(run.fault, tuple(run.notes))
        return Moved(after, tuple(run.notes))

    # ---- formulas --------------------------------------------------------------------------------------------------

    def holds(self, formula: ir.Formula, state: ir.State, before: ir.State | None = None) -> bool:
        """The value of a closed formula. `old` speaks of `before`, or of `state` itself if that is not given."""
        return bool(self.code(formula)(self._tables(state, before)))

    def code(self, formula: ir.Formula) -> Code:
        """The compiled formula; only for formulas without `old`."""
        known = self._formulas.get(id(formula))
        if known is None:
            known = self._formulas[id(formula)] = formula, compile_condition(self._context, formula, {})
        return known[1]

    def witness(
        self, formula: ir.Formula, state: ir.State, before: ir.State | None = None
    ) -> tuple[tuple[str, str, int], ...]:
        """Of a formula that is false: name, sort and element of the outermost `forall` binders for which it is.

        Follows the first false part of a conjunction. Empty if the formula holds or does not begin with `forall`.
        """
        tables = self._tables(state, before)
        context, found = self._context, list[tuple[str, str, int]]()
        names: Names = {}
        while True:
            match formula:
                case ir.And(parts):
                    failing = [part for part in parts if not compile_condition(context, part, names)(tables)]
                    if not failing:
                        return ()
                    formula = failing[0]
                case ir.Quant(kind, binders, body) if kind is QuantKind.FORALL:
                    names = bind(context, binders, names)
                    cells = [names[binder.name].cell for binder in binders]
                    elements = self._falsify(binders, cells, compile_condition(context, body, names), tables)
                    if elements is None:
                        return ()
                    found += [(b.name, b.domain, element) for b, element in zip(binders, elements, strict=True)]
                    formula = body
                case _:
                    return tuple(found)

    def _falsify(
        self, binders: tuple[ir.Binder, ...], cells: list[int], body: Code, tables: ir.State
    ) -> tuple[int, ...] | None:
        """The first elements for the binders that make the body false; they are left in the cells."""
        memory = self._context.cells
        for elements in product(*(range(self._context.sizes[binder.domain]) for binder in binders)):
            for cell, element in zip(cells, elements, strict=True):
                memory[cell] = element
            if not body(tables):
                return elements
        return None

    def _tables(self, state: ir.State, before: ir.State | None) -> ir.State:
        self._context.run.before = state if before is None else before
        return state


def _number_of(code: StepCode) -> int:
    return code.number


def _reason(failed: ir.Stmt | None) -> str:
    match failed:
        case ir.Require():
            return "a requirement fails"
        case ir.Choose(name, domain):
            return f"no element of {domain} can be chosen for {name}"
        case _:
            return "the call is not under way"
