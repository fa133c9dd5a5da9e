"""Costs turned into ghost tables, so that a search for runs can ask about them.

In: a system built with its `Spend`s. Out: a system with the same runs, which remembers what the call under way on each
CPU has spent, and covers such as "a call of do_wp_page has just ended, and copied twice".

- `copy@spent3[Cpu]`: the call has spent `copy` at least three times; `interrupt@spent[Cpu, Cpu]`: it has interrupted
  this CPU. All are reset when a call starts on an idle CPU, so what it calls counts for it.
- `@ended[Cpu]`: the operation that has ended last there, none while the next one is under way.
- `copy@once3`, `@fired`: the same for an action, which is over in one step.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Presence, Stmt, System, Term
from cowspec.system.simplify import conj, disj, exists, neg, tally

CAP = 8
"""From so many on, what is spent is not counted further."""

SET_CAP = 4
"""The same for different elements: telling k of them apart takes k to the power of their number."""

CPU = "Cpu"
NOWHERE = Span("", 0, 0)
SELF = ir.Param("self")
ENDED, ENDED_ENUM = "@ended", "@operation"
FIRED, FIRED_ENUM = "@fired", "@action"


# ---- operations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation:
    """A proc that may start, or an action that spends something. `costs`: what some path of it, or of what it calls,
    spends; of everything else it spends nothing."""

    name: str
    costs: tuple[str, ...]


def operations(system: System) -> tuple[Operation, ...]:
    """The operations of a system built with its costs, in order of declaration, actions last."""
    spent: dict[str, set[str]] = {}
    for step in system.steps:
        spent.setdefault(step.operation, set()).update(spend.cost for spend in _spends(step.body))
    calls = {proc.name: proc.calls for proc in system.procs}
    found = []
    for proc in system.procs:
        if proc.startable:
            mine = set[str]().union(*(spent.get(name, ()) for name in (proc.name, *_below(calls, proc.name))))
            found.append(_operation(system, proc.name, mine))
    actions = [step.operation for step in system.steps if step.kind == ir.StepKind.ACTION]
    return (*found, *(_operation(system, name, spent[name]) for name in actions if spent[name]))


def _operation(system: System, name: str, spent: set[str]) -> Operation:
    return Operation(name, tuple(cost.name for cost in system.costs if cost.name in spent))


def _below(calls: Mapping[str, tuple[str, ...]], proc: str) -> frozenset[str]:
    """What a proc calls, directly or not."""
    found: set[str] = set()
    waiting = list(calls[proc])
    while waiting:
        callee = waiting.pop()
        if callee not in found:
            found.add(callee)
            waiting += calls[callee]
    return frozenset(found)


def _spends(body: Iterable[Stmt]) -> Iterator[ir.Spend]:
    for stmt in body:
        match stmt:
            case ir.Spend():
                yield stmt
            case ir.If(_, then, otherwise):
                yield from _spends((*then, *otherwise))
            case _:
                pass


# ---- counting ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amount:
    """What a cover of `Counting.system` says: a call of the operation has just ended, and spent so much of the cost;
    at least so much, if `more`. `cost` None: that it has ended at all."""

    operation: str
    cost: str | None
    amount: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Counting:
    """`system` begins with the variables of the system it is made from; its properties are covers, `goals` says which
    cover (by name) says what."""

    system: System
    goals: Mapping[str, Amount]


def counting(system: System, scope: ir.Scope, wanted: Iterable[str]) -> Counting:
    """The system that counts, at a scope, for the wanted ones of its `operations`."""
    asked = [operation for operation in operations(system) if operation.name in set(wanted)]
    procs = {proc.name for proc in system.procs}
    ledgers = [
        Ledger(system, ENDED, ENDED_ENUM, (CPU,), tuple(each for each in asked if each.name in procs)),
        Ledger(system, FIRED, FIRED_ENUM, (), tuple(each for each in asked if each.name not in procs)),
    ]
    calls, actions = ledgers
    covers: dict[str, tuple[Amount, Formula]] = {}
    for ledger in ledgers:
        covers |= ledger.covers(dict(scope))
    counted = replace(
        system,
        enums=(*system.enums, *(enum for ledger in ledgers for enum in ledger.enums())),
        vars=(*system.vars, *(var for ledger in ledgers for var in ledger.vars())),
        steps=tuple(_counted_step(step, calls, actions) for step in system.steps),
        properties=tuple(_cover(name, formula) for name, (_, formula) in covers.items()),
        facts=(),
        scenarios=(),
        expectations=(),
    )
    return Counting(counted, {name: amount for name, (amount, _) in covers.items()})


def _cover(name: str, formula: Formula) -> ir.Property:
    return ir.Property(PropertyKind.COVER, name, None, formula, True, (), span=NOWHERE)


def _counted_step(step: ir.Step, calls: "Ledger", actions: "Ledger") -> ir.Step:
    if step.kind == ir.StepKind.ACTION:
        if not any(operation.name == step.operation for operation in actions.operations):
            return step
        body = (*actions.reset(), *_written(step.body, actions, step.name), *actions.finish(step.operation))
    else:
        if not calls.operations:
            return step
        begins = calls.reset() if step.kind == ir.StepKind.START else ()
        body = (*begins, *_written(step.body, calls, step.name))
    return replace(step, body=body)


def _written(body: Iterable[Stmt], ledger: "Ledger", step: str) -> Iterator[Stmt]:
    """The statements, each spend and the end of each call followed by what is remembered of it."""
    for stmt in body:
        match stmt:
            case ir.If(condition, then, otherwise):
                yield ir.If(condition, tuple(_written(then, ledger, step)), tuple(_written(otherwise, ledger, step)))
            case ir.Spend():
                yield stmt
                yield from ledger.spend(stmt)
            case ir.Assign(var, args, ir.Absent()) if args == (SELF,) and var.endswith("@pc"):
                yield stmt
                yield from ledger.end(var.removesuffix("@pc"))
            case _:
                yield stmt


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ghost tables of calls (`index` Cpu) or of actions (no index) and what is written into them."""

    system: System
    last: str  # the variable that names the operation that is over
    enum: str
    index: tuple[str, ...]
    operations: tuple[Operation, ...]

    def costs(self) -> tuple[ir.Cost, ...]:
        """Those that one of the operations spends."""
        spent = {cost for operation in self.operations for cost in operation.costs}
        return tuple(cost for cost in self.system.costs if cost.name in spent)

    def table(self, cost: ir.Cost, at_least: int) -> str:
        word = "spent" if self.index else "once"
        return f"{cost.name}@{word}" + ("" if cost.counted else str(at_least))

    def enums(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ((self.enum, tuple(each.name for each in self.operations)),) if self.operations else ()

    def vars(self) -> Iterator[ir.StateVar]:
        if not self.operations:
            return
        yield ir.StateVar(self.last, self.index, self.enum, Presence.OWN, None, ir.Absent(), True, False, (self.last,))
        for cost in self.costs():
            for name in self.tables(cost):
                index = (*self.index, *cost.counted)
                yield ir.StateVar(name, index, None, Presence.TOTAL, None, False, True, False, (name,))

    def tables(self, cost: ir.Cost) -> tuple[str, ...]:
        """From "at least one" on; of different elements there is one table."""
        return tuple(self.table(cost, k) for k in range(1, 2 if cost.counted else CAP + 1))

    def of(self, at: tuple[Term, ...]) -> tuple[Term, ...]:
        return at if self.index else ()

    # ---- statements ----

    def reset(self) -> tuple[Stmt, ...]:
        """An operation begins."""
        made: list[Stmt] = [ir.Assign(self.last, self.of((SELF,)), ir.Absent())]
        for cost in self.costs():
            binders = tuple(ir.Binder(f"{cost.name}@{n}", domain) for n, domain in enumerate(cost.counted))
            args = (*self.of((SELF,)), *(ir.Param(binder.name) for binder in binders))
            clear = [ir.Assign(name, args, FALSE) for name in self.tables(cost)]
            made += [ir.Bulk(binders, TRUE, tuple(clear))] if binders else clear
        return tuple(made)

    def spend(self, spend: ir.Spend) -> Iterator[Stmt]:
        cost = next((cost for cost in self.costs() if cost.name == spend.cost), None)
        if cost is None:
            return
        here = self.of((SELF,))
        if spend.binders:
            args = (*here, *(ir.Param(binder.name) for binder in spend.binders))
            yield ir.Bulk(spend.binders, spend.where, (ir.Assign(self.table(cost, 1), args, TRUE),))
            return
        for k in range(CAP, 1, -1):
            held = disj((ir.Test(self.table(cost, k), here), ir.Test(self.table(cost, k - 1), here)))
            yield ir.Assign(self.table(cost, k), here, held)
        yield ir.Assign(self.table(cost, 1), here, TRUE)

    def end(self, proc: str) -> Iterator[Stmt]:
        """A call of the proc ends on self; it was started by itself if nobody who calls it is under way there."""
        if all(operation.name != proc for operation in self.operations):
            return
        calls = {each.name: each.calls for each in self.system.procs}
        callers = [name for name in calls if proc in _below(calls, name)]
        alone = conj(neg(ir.Present(ir.Get(f"{caller}@pc", (SELF,)))) for caller in callers)
        finish = self.finish(proc)
        yield from finish if alone == TRUE else (ir.If(alone, finish, ()),)

    def finish(self, operation: str) -> tuple[Stmt, ...]:
        return (ir.Assign(self.last, self.of((SELF,)), ir.Member(self.enum, operation)),)

    # ---- covers ----

    def covers(self, sizes: Mapping[str, int]) -> Mapping[str, tuple[Amount, Formula]]:
        """By name: for each operation that it ends, and ends with each amount of what it spends."""
        found: dict[str, tuple[Amount, Formula]] = {}
        costs = {cost.name: cost for cost in self.costs()}
        for operation in self.operations:
            found[operation.name] = Amount(operation.name, None), self._somewhere(operation, ())
            for name in operation.costs:
                cost = costs[name]
                most = min(SET_CAP, prod(sizes[sort] for sort in cost.counted)) if cost.counted else CAP
                for amount in range(most + 1):
                    more = amount == (SET_CAP if cost.counted else CAP)
                    text = f"{operation.name}: {name} {'>=' if more else '=='} {amount}"
                    spent = self._spent(cost, amount, more)
                    found[text] = Amount(operation.name, name, amount, more), self._somewhere(operation, (spent,))
        return found

    def _somewhere(self, operation: Operation, spent: tuple[Formula, ...]) -> Formula:
        at = (ir.Param("t"),)
        over = ir.Equal(ir.Get(self.last, self.of(at)), ir.Member(self.enum, operation.name))
        return exists(tuple(ir.Binder("t", sort) for sort in self.index), conj((over, *spent)))

    def _spent(self, cost: ir.Cost, amount: int, more: bool) -> Formula:
        here = self.of((ir.Param("t"),))
        if cost.counted:
            binders = tuple(ir.Binder(f"x{n}", sort) for n, sort in enumerate(cost.counted))
            body = ir.Test(self.table(cost, 1), (*here, *(ir.Param(binder.name) for binder in binders)))
            return tally((ir.Count(binders, body),), ">=" if more else "==", amount)
        least = ir.Test(self.table(cost, amount), here) if amount else TRUE
        above = TRUE if more else neg(ir.Test(self.table(cost, amount + 1), here))
        return conj((least, above))
