"""Why a state leads to where it leads: the few cells of it on which that depends.

In: a step with its elements, a state, and what holds after the step. Out: a cube that the state satisfies and every
state of which the same step with the same elements leads to the same. The weakest precondition of an instance of a step
is a circuit over cells, made once; walking down from what must hold, each conjunction asks for all of its parts and
each disjunction for one that is true, preferably one that another part has asked for already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Literal
from cowspec.encode.finite.ground import Environment, Grounder, Table
from cowspec.encode.relational.formula import Formula, Predicate, RelStep, RelSystem, Update
from cowspec.engines.pdr.cells import Cells, Cube, cube_of

Choice = tuple[int, tuple[int, ...]]
"""A step by its number, with the elements of its params and choices."""


@dataclass(frozen=True, slots=True)
class _Instance:
    guard: Literal
    faults: tuple[Literal, ...]
    environment: Environment
    updates: Mapping[str, Update]


class Lifting:
    """`rel`: the system with no names for values and conditions (`Naming`): what a step reads is spelled out."""

    def __init__(self, rel: RelSystem, cells: Cells) -> None:
        self._rel, self._cells = rel, cells
        self._grounder = Grounder(cells.circuit, cells.universe, rel.predicates, cells.tables)
        self._sorts = {predicate.name: predicate.sorts for predicate in rel.predicates}
        self._instances: dict[Choice, _Instance] = {}
        self._after: dict[tuple[Choice, Literal], Literal] = {}

    def constants(self, choice: Choice) -> Environment:
        """The elements of the step's params and choices by name."""
        number, elements = choice
        step = self._rel.steps[number]
        return {each.name: e for each, e in zip((*step.params, *step.choices), elements, strict=True)}

    def choice(self, number: int, params: Sequence[int], choices: Mapping[int, int]) -> Choice:
        """Of a step taken: without the params that a name for a value has added, and with any element for a `choose`
        whose branch is known to be dead once values have names. `choices` by number (`RelStep.choice_numbers`)."""
        step = self._rel.steps[number]
        return number, (*params[: len(step.params)], *(choices.get(each, 0) for each in step.choice_numbers))

    def step(self, choice: Choice) -> RelStep:
        return self._rel.steps[choice[0]]

    def holding(self, formula: Formula, true: set[Literal]) -> Cube:
        """Why the formula is true of the state."""
        return self._reason([self._grounder.ground(formula)], true)

    def leading(self, choice: Choice, true: set[Literal], into: Cube) -> Cube:
        """Why the step is taken, does not fault, and leads into the cube."""
        instance = self._instance(choice)
        parts = [instance.guard, *[-fault for fault in instance.faults]]
        return self._reason([*parts, *[self._next(choice, instance, literal) for literal in into]], true)

    def faulting(self, choice: Choice, true: set[Literal]) -> Cube:
        """Why the step is taken and faults."""
        instance = self._instance(choice)
        return self._reason([instance.guard, self._cells.circuit.any(instance.faults)], true)

    def crossing(self, choice: Choice, true: set[Literal], formula: Formula) -> Cube:
        """Why the step is taken, does not fault, and the formula holds of the states before and (primed) after it."""
        instance = self._instance(choice)
        parts = [instance.guard, *[-fault for fault in instance.faults]]
        tables: dict[str, Table] = {**self._cells.tables}
        for name, table in self._cells.tables.items():
            tables[f"{name}'"] = [each if each == FALSE else self._next(choice, instance, each) for each in table]
        predicates = (*self._rel.predicates, *(Predicate(f"{p.name}'", p.sorts) for p in self._rel.predicates))
        across = Grounder(self._cells.circuit, self._cells.universe, predicates, tables)
        return self._reason([*parts, across.ground(formula)], true)

    # ---- circuits ----------------------------------------------------------------------------------------------------

    def _instance(self, choice: Choice) -> _Instance:
        found = self._instances.get(choice)
        if found is None:
            step, environment = self.step(choice), self.constants(choice)
            found = self._instances[choice] = _Instance(
                self._grounder.ground(step.guard, environment),
                tuple(self._grounder.ground(fault.condition, environment) for fault in step.faults),
                environment,
                {update.pred: update for update in step.updates},
            )
        return found

    def _next(self, choice: Choice, instance: _Instance, literal: Literal) -> Literal:
        """The literal after the step, over the cells before it."""
        cell = abs(literal)
        name, elements = self._cells.names[cell]
        update = instance.updates.get(name)
        if update is None:
            return literal
        found = self._after.get((choice, cell))
        if found is None:
            formals = {formal.name: e for formal, e in zip(update.formals, elements, strict=True)}
            found = self._grounder.ground(update.body, {**instance.environment, **formals})
            self._after[choice, cell] = found
        return found if literal > 0 else -found

    def _reason(self, literals: Sequence[Literal], true: set[Literal]) -> Cube:
        return cube_of(_Reason(self._cells.circuit, self._cells.names, true).of(literals))


class _Reason:
    """One walk: literals of the circuit that are true of the state, to cells."""

    def __init__(self, circuit: Circuit, cells: Mapping[Literal, object], true: set[Literal]) -> None:
        self._circuit, self._cells, self._true = circuit, cells, true
        self._values: dict[int, bool] = {TRUE: True}
        self._chosen: dict[Literal, None] = {}
        self._done: set[Literal] = set()

    def of(self, literals: Iterable[Literal]) -> Iterable[Literal]:
        needed = list(literals)
        open_choices: list[list[Literal]] = []
        while needed or open_choices:
            if not needed:
                needed.append(self._choose(open_choices.pop(0)))
            literal = needed.pop()
            if literal in self._done or literal == TRUE:
                continue
            self._done.add(literal)
            if not self._value(literal):
                raise AssertionError("the state does not satisfy what it is to explain")
            node = abs(literal)
            if node in self._cells:
                self._chosen[literal] = None
                continue
            parts = self._circuit.operands[node]
            if self._circuit.is_choice(node):
                condition, then, otherwise = parts
                sign = 1 if literal > 0 else -1
                first = self._value(condition)
                needed += [condition if first else -condition, sign * (then if first else otherwise)]
            elif literal > 0:
                needed += parts
            else:
                open_choices.append([-part for part in parts if not self._value(part)])
        return self._chosen

    def _choose(self, parts: Sequence[Literal]) -> Literal:
        """A part that is there already, else a cell, else any."""
        for part in parts:
            if part in self._done:
                return part
        return next((part for part in parts if abs(part) in self._cells), parts[0])

    def _value(self, literal: Literal) -> bool:
        node = abs(literal)
        if node not in self._values:
            self._evaluate(node)
        return self._values[node] == (literal > 0)

    def _evaluate(self, root: int) -> None:
        values, operands = self._values, self._circuit.operands
        waiting = [root]
        while waiting:
            node = waiting[-1]
            if node in values:
                waiting.pop()
            elif node in self._cells:
                values[node] = node in self._true
            else:
                parts = operands[node]
                missing = [abs(part) for part in parts if abs(part) not in values]
                if missing:
                    waiting += missing
                elif self._circuit.is_choice(node):
                    condition, then, otherwise = parts
                    chosen = then if values[abs(condition)] == (condition > 0) else otherwise
                    values[node] = values[abs(chosen)] == (chosen > 0)
                else:
                    values[node] = all(values[abs(part)] == (part > 0) for part in parts)
