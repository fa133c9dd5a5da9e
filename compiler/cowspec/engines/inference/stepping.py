"""States and steps of a scope as a SAT problem that grows: does a lemma hold across a step?

In: the relational system and a scope. Formulas are grounded when they are first assumed or asked for, so lemmas come
and go as assumptions and nothing is built twice. The states are either *real*, or those that the any-size prover
considers: `typing` and the compiler's facts hold, but a present value need not exist (`relational/translate.py`), not
even of a variable that always has one: what is inductive among the latter has a chance there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cowspec.encode.finite.circuit import TRUE, Circuit, Clauses, Literal
from cowspec.encode.finite.decode import Truths, setting_of
from cowspec.encode.finite.ground import Grounder, Run, Table
from cowspec.encode.finite.template import Template, build
from cowspec.encode.relational.connectives import conj, disj, resolve
from cowspec.encode.relational.formula import Atom, Predicate, RelSystem, Sym, Update
from cowspec.encode.relational.translate import formula_of
from cowspec.engines.bmc.asking import Asker
from cowspec.engines.bmc.sat import cadical, glucose
from cowspec.engines.bmc.search import starting
from cowspec.engines.bmc.unroll import Unrolling
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, State, System, Value
from cowspec.system.traverse import names as names_of
from cowspec.verdict import TraceStep

EITHER = "?or"
"""Ends the names of predicates that say what is made of an update that the prover leaves open."""


class Steps:
    """One step at one scope, under the settings that satisfy `when`, from any state or (`start`) from a start state; of
    `depth` 0 the state alone. `like`: the same question, from which the encoding is taken."""

    def __init__(
        self,
        system: System,
        rel: RelSystem,
        scope: Scope,
        when: ir.Formula,
        *,
        start: bool = False,
        real: bool = False,
        depth: int = 1,
        like: "Steps | None" = None,
    ) -> None:
        self.system, self.scope, self.depth, self.real = system, scope, depth, real
        if not depth:
            rel = replace(rel, steps=())
        if not real:
            rel = as_proved(replace(rel, exact=()))
        rel = replace(rel, steps=tuple(replace(step, guard=resolve(step.guard, True)) for step in rel.steps))
        given = starting(rel) if start else [*(f for _, f in rel.typing), *(fact.formula for fact in rel.facts)]
        given = [resolve(each, True) for each in given]
        encoded = build(rel, (scope,), given, (), None) if like is None else like.template
        self._unrolling = Unrolling(encoded, cadical() if start else glucose())
        for _ in range(depth):
            self._unrolling.extend()
        self._asker = Asker(system, rel, self._unrolling)
        template = self._unrolling.template
        self._given = [self._asker.setting_literal(when)]
        if not start:
            self._given += [-self._unrolling.literal(each, 0) for each in (template.idle, template.faulting)]
        self._circuit = Circuit()
        self._clauses = Clauses(self._circuit)
        self._solver_of: dict[Literal, int] = {TRUE: self._unrolling.literal(TRUE, 0)}
        self._sent = 0
        self._both: dict[Literal, Literal] = {}
        self._sizes = dict(scope) | {name: len(members) for name, members in system.enums}
        self._atoms: dict[tuple[ir.Formula, bool, int], tuple[tuple[str, ...], Run, dict[tuple[int, ...], int]]] = {}
        self._tables = {frame: self._frame_tables(frame) for frame in {0, depth}}
        universe = template.universe
        self._grounders = {f: Grounder(self._circuit, universe, rel.predicates, t) for f, t in self._tables.items()}
        self._last: list[int] = []
        self._pinned: list[int] = []

    @property
    def template(self) -> Template:
        return self._unrolling.template

    def _ask(self, given: list[int], deadline: float) -> bool | None:
        self._last = given
        return self._unrolling.solve(given, deadline)

    # ---- clauses of literals -----------------------------------------------------------------------------------------

    def size(self, domain: str) -> int:
        """How many elements the sort (or enum) has."""
        return self._sizes[domain]

    def fresh(self) -> int:
        """A new literal."""
        return self._unrolling.fresh()

    def require(self, clauses: Iterable[Sequence[int]]) -> None:
        """From now on each of the disjunctions holds."""
        for each in clauses:
            self._unrolling.add(list(each))

    def ask(self, given: Sequence[int], deadline: float) -> bool | None:
        """Is there a step with all these literals? The state is then `before()`; None: out of time."""
        return self._ask([*self._given, *given], deadline)

    def satisfiable(self, given: Sequence[int]) -> bool:
        return bool(self._unrolling.solve([*self._given, *given], float("inf")))

    def core(self, given: Sequence[int]) -> list[int] | None:
        """Those of the literals with which there is no step; None if there is one with all."""
        return self._unrolling.core([*self._given, *given])

    def under(self, when: ir.Formula) -> int:
        """A literal that is equivalent to the formula over switches."""
        return self._asker.setting_literal(when)

    def holds(self, literal: int) -> bool:
        """In the answer to the last question."""
        return self._unrolling.solver_value(literal)

    def model(self) -> frozenset[int]:
        """All literals that hold in the answer to the last question."""
        return frozenset(self._unrolling.solver_model())

    def atom(
        self, formula: ir.Formula, names: Sequence[ir.Binder], where: Mapping[str, int], frame: int, *, asserted: bool
    ) -> int:
        """A literal that is equivalent to the formula of these elements. `asserted`: as the prover takes it where it
        is asserted."""
        key = (formula, asserted, frame)
        known = self._atoms.get(key)
        if known is None:
            used = names_of([formula])
            free = tuple(name for name in names if name.name in used)
            symbols = {name.name: Sym(name.name, name.domain) for name in free}
            run = self._grounders[frame].compile(resolve(formula_of(self.system, formula, symbols), asserted))
            known = self._atoms[key] = (tuple(name.name for name in free), run, {})
        free_names, run, found = known
        elements = tuple([where[name] for name in free_names])
        literal = found.get(elements)
        if literal is None:
            literal = found[elements] = self._equivalent(run(dict(where)))
        return literal

    def smallest(self) -> None:
        """After a question that found a state: the same question, with as few true atoms as taking them in order can
        get."""
        given = list(self._last)
        atoms = [literal for name in self._tables[0] for literal in reversed(self._unrolling.template.tables[name])]
        literals = list(dict.fromkeys(self._unrolling.literal(atom, 0) for atom in atoms if abs(atom) != TRUE))
        true = [each for each in literals if self._unrolling.solver_value(each)]
        given += [-each for each in literals if not self._unrolling.solver_value(each)]
        needed: list[int] = []
        while true:
            each = true.pop(0)
            if self._unrolling.solve([*given, *needed, -each], float("inf")):
                given.append(-each)
                given += [-other for other in true if not self._unrolling.solver_value(other)]
                true = [other for other in true if self._unrolling.solver_value(other)]
            else:
                needed.append(each)
        self._pinned = [*given, *needed]
        self._unrolling.solve(self._pinned, float("inf"))

    def agrees(self, given: Sequence[int]) -> bool:
        """The literals can be true together with the state that `smallest` found."""
        return self._unrolling.solve([*self._pinned, *given], float("inf")) is True

    def before(self) -> tuple[State, Setting]:
        """The state that the last question found. A value that is present and is none of the elements is -1."""
        return self._state(0)

    def firing(self) -> TraceStep:
        """The step that the last question found, and the state after it; of real states only."""
        firing, _ = self._asker.firing(self.scope, 0)
        return TraceStep(firing, (), self._state(1)[0])

    def _state(self, frame: int) -> tuple[State, Setting]:
        truths = self._asker.truths(self.scope, frame)
        sizes, members = dict(self.scope), dict(self.system.enums)
        tables = tuple(_table(var, sizes, members, truths) for var in self.system.vars)
        return tables, setting_of(self.system, truths)

    def _frame_tables(self, frame: int) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        for name, table in self._unrolling.template.tables.items():
            tables[name] = [self._own(self._unrolling.literal(literal, frame)) for literal in table]
        return tables

    def _own(self, solver_literal: int) -> Literal:
        variable = self._circuit.variable()
        self._solver_of[variable] = solver_literal
        return variable

    def _equivalent(self, literal: Literal) -> int:
        """A literal of the solver that is equivalent to this one of the circuit."""
        node = abs(literal)
        own = self._both.get(node)
        if own is None:
            own = self._circuit.variable()
            self._clauses.require(-own, node)
            self._clauses.require(own, -node)
            self._send()
            self._both[node] = own
        return self._translated(own if literal > 0 else -own)

    def _send(self) -> None:
        for clause in self._clauses.clauses[self._sent :]:
            self._unrolling.add([self._translated(literal) for literal in clause])
        self._sent = len(self._clauses.clauses)

    def _translated(self, literal: Literal) -> int:
        variable = abs(literal)
        if variable not in self._solver_of:
            self._solver_of[variable] = self._unrolling.fresh()
        found = self._solver_of[variable]
        return found if literal > 0 else -found


def as_proved(rel: RelSystem) -> RelSystem:
    """The steps as the prover takes them: where the two sides of an `Either` in an update differ, which they do in no
    real state, a predicate may become either; which, a further one says that nothing else speaks of."""
    free: dict[str, Predicate] = {}

    def loose(update: Update) -> Update:
        weak, strong = resolve(update.body, True), resolve(update.body, False)
        if weak == strong:
            return update
        name = f"{update.pred}{EITHER}"
        free[name] = Predicate(name, tuple(formal.sort for formal in update.formals))
        choice = Atom(name, update.formals)
        return replace(update, body=disj((strong, conj((weak, choice)))))

    steps = tuple(replace(step, updates=tuple(map(loose, step.updates))) for step in rel.steps)
    return replace(rel, steps=steps, predicates=(*rel.predicates, *free.values()))


def _table(
    var: ir.StateVar, sizes: dict[str, int], members: dict[str, tuple[str, ...]], truths: Truths
) -> tuple[Value, ...]:
    if var.domain is None:
        return tuple(literal == TRUE for literal in truths[var.name])
    if var.domain in members:
        columns: Sequence[Table] = [truths[f"{var.name}={member}"] for member in members[var.domain]]
    else:
        size = sizes[var.domain]
        columns = [truths[var.name][element::size] for element in range(size)]
    cells: list[Value] = []
    for place in zip(*columns, strict=True):
        cells.append(next((value for value, literal in enumerate(place) if literal == TRUE), None))
    if f"{var.name}?" in truths:
        there = truths[f"{var.name}?"]
        return tuple(-1 if value is None and flag == TRUE else value for value, flag in zip(cells, there, strict=True))
    return tuple(cells)
