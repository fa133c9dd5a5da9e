"""One transition at a box of scopes as clauses, made once and instantiated for each frame of an unrolling.

In: a `RelSystem`, the scopes to be served, and the formulas to be asked about. Out: a `Template`, whose variables are
of four kinds: shared by all frames (switches, sizes of sorts, predicates that no step updates), the state of a frame,
the state of the next one, and those of the frame alone (the step taken, its registers, inner nodes). To instantiate is
to rename; nothing else happens for each frame.

Of a frame: exactly one step is `selected`, or it is `idle`; the guard of the selected step holds; `faulting` says that
one of its checks fails, else none does. If it is idle or faulting, the state stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cowspec.encode.finite.circuit import FALSE, TRUE, Circuit, Clause, Clauses, Literal
from cowspec.encode.finite.ground import FIRST_REGISTER, Environment, Grounder, Table, Universe
from cowspec.encode.finite.symmetry import Cells, Symmetry
from cowspec.encode.relational.formula import Formula, Predicate, RelStep, RelSystem
from cowspec.system.ir import Scope


@dataclass(frozen=True, slots=True)
class Goal:
    """A formula to be asked about at a frame: `literal` (given the clauses) implies it. `crossing`: it speaks of the
    state and, with primed predicates, of the next one."""

    literal: Literal
    clauses: tuple[Clause, ...]
    crossing: bool


@dataclass(frozen=True, slots=True)
class Template:
    variables: int  # 1 (true) up to this number
    shared: tuple[Literal, ...]
    current: tuple[Literal, ...]
    following: tuple[Literal, ...]  # in the order of `current`
    tables: Mapping[str, Table]  # each predicate's literals in the current state, or shared
    universe: Universe
    scopes: tuple[Scope, ...]
    at_scope: tuple[Literal, ...]  # for each of `scopes`, a literal that implies it
    selected: tuple[Literal, ...]  # for each of `RelSystem.steps`
    idle: Literal
    faulting: Literal
    registers: tuple[tuple[Literal, ...], ...]
    register_of: tuple[Mapping[str, int], ...]  # for each step, the register of each of its params and choices
    start: tuple[Clause, ...]  # asserted once, of the first frame
    step: tuple[Clause, ...]  # asserted of each frame that has a next one
    goals: Mapping[str, Goal]


@dataclass(frozen=True, slots=True)
class Question:
    """What a template must be able to ask: formulas over the state, or (`crossing`) over two states."""

    name: str
    formula: Formula
    crossing: bool = False


def build(
    rel: RelSystem,
    scopes: Sequence[Scope],
    start: Sequence[Formula],
    questions: Sequence[Question],
    cells: Cells | None,
    dead: Collection[str] = (),
) -> Template:
    """The template for these scopes (at least one), all with the system's sorts in order. `start`: what holds in the
    first frame beside the switches' axioms. `cells`: what the start state chooses, for breaking symmetries; None: keep
    every symmetric run. `dead`: predicates that are false in every state to be considered."""
    return _Builder(rel, tuple(scopes), cells is not None, dead).build(start, questions, cells or {})


class _Builder:
    def __init__(self, rel: RelSystem, scopes: tuple[Scope, ...], symmetry: bool, dead: Collection[str]) -> None:
        self.rel = rel
        self.dead = dead
        self.scopes = scopes
        self.circuit = Circuit()
        self.shared: list[Literal] = []
        self.current: list[Literal] = []
        self.following: list[Literal] = []
        self.start_clauses = Clauses(self.circuit)
        self.step_clauses = Clauses(self.circuit)
        self.universe = self._universe()
        self.next_tables: dict[str, Table] = {}
        self.tables = self._tables()
        self.registers: list[tuple[Literal, ...]] = []
        self.register_sorts: list[str] = []
        self.grounder = Grounder(self.circuit, self.universe, rel.predicates, self.tables, self.registers)
        self.symmetry = Symmetry(self.circuit, self.universe, rel.sorts) if symmetry else None

    def build(self, start: Sequence[Formula], questions: Sequence[Question], cells: Cells) -> Template:
        at_scope = self._scopes()
        register_of = tuple(self._assign_registers(step) for step in self.rel.steps)
        selected = tuple(self.circuit.variable() for _ in self.rel.steps)
        idle, faulting = self.circuit.variable(), self.circuit.variable()
        environments = [{name: FIRST_REGISTER + r for name, r in names.items()} for names in register_of]
        self._exactly_one([*selected, idle], self.step_clauses)
        self._register_clauses()
        self.step_clauses.require(-idle, -faulting)
        self._guards(selected, environments, faulting)
        self._updates(selected, environments, faulting)
        self._real_state()
        self._symmetry(selected, environments, register_of, cells)
        for formula in (*self.rel.switch_axioms, *start):
            self.start_clauses.require(self.grounder.ground(formula))
        self._absent_elements()
        goals = {question.name: self._goal(question) for question in questions}
        return Template(
            variables=len(self.circuit.kinds) - 1,
            shared=tuple(self.shared),
            current=tuple(self.current),
            following=tuple(self.following),
            tables=self.tables,
            universe=self.universe,
            scopes=self.scopes,
            at_scope=at_scope,
            selected=selected,
            idle=idle,
            faulting=faulting,
            registers=tuple(self.registers),
            register_of=register_of,
            start=tuple(self.start_clauses.clauses),
            step=tuple(self.step_clauses.clauses),
            goals=goals,
        )

    # ---- variables ---------------------------------------------------------------------------------------------------

    def _shared(self) -> Literal:
        variable = self.circuit.variable()
        self.shared.append(variable)
        return variable

    def _state(self) -> tuple[Literal, Literal]:
        pair = self.circuit.variable(), self.circuit.variable()
        self.current.append(pair[0])
        self.following.append(pair[1])
        return pair

    def _universe(self) -> Universe:
        sizes, inside = {}, {}
        for sort in self.rel.sorts:
            each = [dict(scope)[sort] for scope in self.scopes]
            sizes[sort] = max(each)
            inside[sort] = tuple(TRUE if e < min(each) else self._shared() for e in range(max(each)))
        return Universe(sizes, inside)

    def _tables(self) -> dict[str, Table]:
        moving = {update.pred for step in self.rel.steps for update in step.updates}.difference(self.dead)
        tables: dict[str, Table] = {}
        for predicate in self.rel.predicates:
            count = len(self.universe.tuples(predicate.sorts))
            if predicate.name in moving:
                pairs = [self._state() for _ in range(count)]
                tables[predicate.name] = [now for now, _ in pairs]
                self.next_tables[predicate.name] = [later for _, later in pairs]
            else:
                is_dead = predicate.name in self.dead
                table = [FALSE if is_dead else self._shared() for _ in range(count)]
                tables[predicate.name] = self.next_tables[predicate.name] = table
        return tables

    def _scopes(self) -> tuple[Literal, ...]:
        """A literal for each scope; sizes are initial segments, and one of the scopes is the case."""
        for literals in self.universe.inside.values():
            for smaller, larger in pairwise(literals):
                self.start_clauses.require(-larger, smaller)
        at_scope = []
        for scope in self.scopes:
            chosen = []
            for sort, size in scope:
                inside = self.universe.inside[sort]
                chosen.append(inside[size - 1])
                if size < len(inside):
                    chosen.append(-inside[size])
            if all(literal == TRUE for literal in chosen):
                at_scope.append(TRUE)
                continue
            literal = self._shared()
            for part in chosen:
                self.start_clauses.require(-literal, part)
            at_scope.append(literal)
        self.start_clauses.require(*at_scope)
        return tuple(at_scope)

    def _absent_elements(self) -> None:
        """Nothing is true of an element that does not exist, so the state of a scope is one state."""
        for predicate in self.rel.predicates:
            table = self.tables[predicate.name]
            for atom, elements in zip(table, self.universe.tuples(predicate.sorts), strict=True):
                for exists in self.universe.exist(predicate.sorts, elements):
                    self.start_clauses.require(-atom, exists)

    # ---- inputs ------------------------------------------------------------------------------------------------------

    def _assign_registers(self, step: RelStep) -> dict[str, int]:
        """The k-th constant of a sort is the k-th register of the sort: steps share the lookups behind them."""
        taken: dict[str, int] = {}
        found: dict[str, int] = {}
        for constant in (*step.params, *step.choices):
            nth = taken.get(constant.sort, 0)
            taken[constant.sort] = nth + 1
            of_sort = [r for r, sort in enumerate(self.register_sorts) if sort == constant.sort]
            if nth < len(of_sort):
                found[constant.name] = of_sort[nth]
            else:
                found[constant.name] = len(self.registers)
                self.registers.append(self._register(self.universe.sizes[constant.sort]))
                self.register_sorts.append(constant.sort)
        return found

    def _register(self, size: int) -> tuple[Literal, ...]:
        if size == 1:
            return (TRUE,)
        if size == 2:
            variable = self.circuit.variable()
            return (-variable, variable)
        return tuple(self.circuit.variable() for _ in range(size))

    def _register_clauses(self) -> None:
        for register, sort in zip(self.registers, self.register_sorts, strict=True):
            if len(register) > 2:
                self._exactly_one(register, self.step_clauses)
            for literal, exists in zip(register, self.universe.inside[sort], strict=True):
                self.step_clauses.require(-literal, exists)

    def _exactly_one(self, literals: Sequence[Literal], clauses: Clauses) -> None:
        clauses.require(*literals)
        if len(literals) <= 6:
            for i, one in enumerate(literals):
                for other in literals[i + 1 :]:
                    clauses.require(-one, -other)
            return
        before = literals[0]  # one of those so far (Sinz, "Towards an optimal CNF encoding", 2005)
        for literal in literals[1:-1]:
            clauses.require(-before, -literal)
            after = self.circuit.variable()
            clauses.require(-before, after)
            clauses.require(-literal, after)
            before = after
        clauses.require(-before, -literals[-1])

    # ---- the transition ----------------------------------------------------------------------------------------------

    def _guards(self, selected: Sequence[Literal], environments: Sequence[Environment], faulting: Literal) -> None:
        for step, chosen, environment in zip(self.rel.steps, selected, environments, strict=True):
            for name, formula in step.definitions:
                self.grounder.define(name, self.grounder.ground(formula, environment))
            self.step_clauses.require(-chosen, self.grounder.ground(step.guard, environment))
            faults = tuple(self.grounder.ground(fault.condition, environment) for fault in step.faults)
            for fault in faults:
                self.step_clauses.require(-chosen, faulting, -fault)
            self.step_clauses.require(-chosen, -faulting, self.circuit.any(faults))

    def _updates(self, selected: Sequence[Literal], environments: Sequence[Environment], faulting: Literal) -> None:
        """Each atom after the step: what the selected step makes it, unchanged by the others and by a fault."""
        writers: dict[str, list[tuple[Literal, list[Literal]]]] = {}
        sorts = {predicate.name: predicate.sorts for predicate in self.rel.predicates}
        for step, taken, environment in zip(self.rel.steps, selected, environments, strict=True):
            chosen = self.circuit.all((taken, -faulting)) if step.faults else taken
            for update in step.updates:
                if update.pred in self.dead:
                    continue
                values = []
                run = self.grounder.compile(update.body)
                for elements in self.universe.tuples(sorts[update.pred]):
                    formals = {sym.name: e for sym, e in zip(update.formals, elements, strict=True)}
                    value = run({**environment, **formals})
                    values.append(self.circuit.all([value, *self.universe.exist(sorts[update.pred], elements)]))
                writers.setdefault(update.pred, []).append((chosen, values))
        for name, writes in writers.items():
            for i, (now, later) in enumerate(zip(self.tables[name], self.next_tables[name], strict=True)):
                self._next_atom(now, later, [(chosen, values[i]) for chosen, values in writes if values[i] != now])

    def _next_atom(self, now: Literal, later: Literal, writes: Sequence[tuple[Literal, Literal]]) -> None:
        require = self.step_clauses.require
        for chosen, value in writes:
            require(-chosen, -later, value)
            require(-chosen, later, -value)
        written = self.circuit.any([chosen for chosen, _ in writes])
        require(written, -later, now)
        require(written, later, -now)

    def _real_state(self) -> None:
        """What is true of every real state is asserted of each: it is nothing new, and saves the solver finding it."""
        for formula in (*(formula for _, formula in self.rel.typing), *self.rel.exact):
            self.step_clauses.require(self.grounder.ground(formula))

    def _symmetry(
        self,
        selected: Sequence[Literal],
        environments: Sequence[Environment],
        register_of: Sequence[Mapping[str, int]],
        cells: Cells,
    ) -> None:
        """Registers that the selected step does not use are pinned to the first element. Params and choices name
        elements in order of first use; what the step reads from the state is left out of it."""
        named: list[list[Literal]] = [[] for _ in self.registers]
        used: list[list[Literal]] = [[] for _ in self.registers]
        for step, chosen, environment, names in zip(self.rel.steps, selected, environments, register_of, strict=True):
            for param in step.params[: step.arity]:
                named[names[param.name]].append(chosen)
            for param in step.params[step.arity :]:
                used[names[param.name]].append(chosen)
            for choice, path in zip(step.choices, step.choice_paths, strict=True):
                met = self.grounder.ground(path, environment)
                named[names[choice.name]].append(self.circuit.all((chosen, met)))
        uses = []
        for register, sort, naming, using in zip(self.registers, self.register_sorts, named, used, strict=True):
            if len(register) > 1:
                self.step_clauses.require(*naming, *using, register[0])
                uses.append((sort, self.circuit.any(naming), register))
        if self.symmetry is not None:
            seen = {sort: [self._state() for _ in range(size - 1)] for sort, size in self.universe.sizes.items()}
            self.symmetry.start(self.start_clauses, self.tables, seen, cells)
            self.symmetry.step(self.step_clauses, seen, uses)

    # ---- questions ---------------------------------------------------------------------------------------------------

    def _goal(self, question: Question) -> Goal:
        clauses = Clauses(self.circuit)
        literal = self.circuit.variable()
        clauses.require(-literal, self._asked(question))
        return Goal(literal, tuple(clauses.clauses), question.crossing)

    def _asked(self, question: Question) -> Literal:
        if not question.crossing:
            return self.grounder.ground(question.formula)
        predicates = (*self.rel.predicates, *(Predicate(f"{p.name}'", p.sorts) for p in self.rel.predicates))
        tables = {**self.tables, **{f"{name}'": table for name, table in self.next_tables.items()}}
        return Grounder(self.circuit, self.universe, predicates, tables).ground(question.formula)
