"""The body of a step as a closure that changes tables under way, statement by statement in order.

A closure returns False if the step is disabled, and leaves the failing statement in `Run.failed`. A fault is noted in
`Run.fault` and execution goes on: only a step that is enabled as a whole can fault (M1). A `choose` takes what
`Run.given` prescribes; beyond that its first candidate, and leaves the others in `Run.untried`.
"""

from collections.abc import Callable
from typing import assert_never

from cowspec.evaluate.closures import bind, compile_address, compile_condition, compile_formula, compile_term, loops
from cowspec.evaluate.context import ABSENT, Code, Context, Names, Slot, Tables, TermCode
from cowspec.evaluate.loops import Test
from cowspec.evaluate.names import conjuncts, free_names, switches_mentioned
from cowspec.system import ir

Work = list[tuple[ir.Value, ...]]
"""The tables of a state under way; a table is replaced when a cell of it changes."""

Exec = Callable[[Work], bool]


def compile_block(c: Context, statements: tuple[ir.Stmt, ...], names: Names) -> Exec:
    """The statements in order; a name bound by one is known to those after it."""
    here = dict(names)
    several = tuple(_compile(c, statement, here) for statement in statements)
    if len(several) == 1:
        return several[0]

    def block(W: Work) -> bool:
        for run in several:
            if not run(W):
                break
        else:
            return True
        return False

    return block


def _compile(c: Context, statement: ir.Stmt, names: dict[str, Slot]) -> Exec:
    """Adds the name that the statement binds to `names`."""
    run = c.run
    match statement:
        case ir.Require(condition):
            return _require(c, statement, compile_condition(c, condition, names))
        case ir.Check(condition, message):
            holds = compile_condition(c, condition, names)

            def check(W: Work) -> bool:
                if run.fault is None and not holds(W):
                    run.fault = message
                return True

            return check
        case ir.Assign():
            return _assign(c, statement, names)
        case ir.If():
            return _branch(c, statement, names)
        case ir.Bulk():
            return _bulk(c, statement, names)
        case ir.Let(name, term):
            value = compile_term(c, term, names)
            names[name] = slot = Slot(c.new_cell(), maybe=True)
            return bind_cell(c, slot.cell, value)
        case ir.LetBool(name, formula):
            code = compile_condition(c, formula, names)
            names[name] = slot = Slot(c.new_cell())
            return bind_cell(c, slot.cell, lambda S: bool(code(S)))
        case ir.Choose():
            return _choose(c, statement, names)
        case ir.Spend():
            return lambda W: True
        case ir.Note(text):

            def note(W: Work) -> bool:
                run.notes.append(text)
                return True

            return note
        case _:
            assert_never(statement)


def bind_cell(c: Context, cell: int, value: TermCode) -> Callable[[Tables], bool]:
    cells = c.cells

    def let(S: Tables) -> bool:
        number = value(S)
        cells[cell] = ABSENT if number is None else number
        return True

    return let


def _require(c: Context, statement: ir.Stmt, holds: Code) -> Exec:
    run = c.run

    def require(W: Work) -> bool:
        if holds(W):
            return True
        run.failed = statement
        return False

    return require


def _value(c: Context, assign: ir.Assign, names: Names) -> TermCode:
    """The right side: of a boolean variable a formula, else a term."""
    match assign.value:
        case ir.Param() | ir.Member() | ir.Absent() | ir.Get() | ir.Pick() | ir.OldTerm():
            return compile_term(c, assign.value, names)
        case _:
            code = compile_formula(c, assign.value, names)
            return (lambda S: code) if isinstance(code, bool) else lambda S: bool(code(S))


def _assign(c: Context, assign: ir.Assign, names: Names) -> Exec:
    v = c.shapes[assign.var].number
    at, value = compile_address(c, assign.var, assign.args, names), _value(c, assign, names)

    def write(W: Work) -> bool:
        i = at(W)
        if i is not None:
            new, table = value(W), W[v]
            if table[i] != new:
                W[v] = (*table[:i], new, *table[i + 1 :])
        return True

    return write


def _branch(c: Context, statement: ir.If, names: Names) -> Exec:
    condition = compile_formula(c, statement.condition, names)
    if isinstance(condition, bool):
        return _arm(c, statement.then if condition else statement.otherwise, names)
    then, otherwise = _arm(c, statement.then, names), _arm(c, statement.otherwise, names)
    return lambda W: then(W) if condition(W) else otherwise(W)


def _arm(c: Context, statements: tuple[ir.Stmt, ...], names: Names) -> Exec:
    """Compiled when first taken if it reads switches: one that is never taken makes no verdict depend on them."""
    if not statements:
        return lambda W: True
    if not any(map(switches_mentioned, statements)):
        return compile_block(c, statements, names)
    known, compiled = dict(names), list[Exec]()

    def arm(W: Work) -> bool:
        if not compiled:
            compiled.append(compile_block(c, statements, known))
        return compiled[0](W)

    return arm


def _bulk(c: Context, bulk: ir.Bulk, names: Names) -> Exec:
    """Every instance reads the tables before the first write; of two writes to one place the later statement wins, of
    two faults the earlier check."""
    inner = bind(c, bulk.binders, names)
    run = c.run
    checks = [
        (compile_condition(c, check.condition, inner), check.message)
        for check in bulk.body
        if isinstance(check, ir.Check)
    ]
    assigns = [
        (c.shapes[assign.var].number, compile_address(c, assign.var, assign.args, inner), _value(c, assign, inner))
        for assign in bulk.body
        if isinstance(assign, ir.Assign)
    ]
    writes: list[list[tuple[int, ir.Value]]] = [[] for _ in assigns]
    collected = tuple((at, value, found) for (_, at, value), found in zip(assigns, writes, strict=True))
    failed = [False for _ in checks]

    def collect(S: Tables) -> bool:
        for number, (holds, _) in enumerate(checks):
            if not failed[number] and not holds(S):
                failed[number] = True
        for at, value, found in collected:
            i = at(S)
            if i is not None:
                found.append((i, value(S)))
        return False

    tests = tuple(Test(part, free_names(part)) for part in conjuncts(bulk.where))
    instances = loops(c, bulk.binders, tests, inner, collect)
    if isinstance(instances, bool):
        return lambda W: True
    apply = tuple((v, found) for (v, _, _), found in zip(assigns, writes, strict=True))

    def bulk_update(W: Work) -> bool:
        for _, found in apply:
            found.clear()
        failed[:] = [False for _ in checks]
        instances(W)
        if run.fault is None and True in failed:
            run.fault = checks[failed.index(True)][1]
        for v, found in apply:
            if found:
                table = list(W[v])
                for i, value in found:
                    table[i] = value
                W[v] = tuple(table)
        return True

    return bulk_update


def _choose(c: Context, choose: ir.Choose, names: dict[str, Slot]) -> Exec:
    names[choose.name] = slot = Slot(c.new_cell())
    where, domain = compile_condition(c, choose.where, names), range(c.sizes[choose.domain])
    cell, cells, run = slot.cell, c.cells, c.run

    def choose_one(W: Work) -> bool:
        position = len(run.taken)
        if position < len(run.given):
            candidates = [run.given[position]] if run.given[position] in domain else []
        else:
            candidates = list(domain)
        suitable = []
        for cells[cell] in candidates:
            if where(W):
                suitable.append(cells[cell])
        if not suitable:
            run.failed = choose
            return False
        for other in reversed(suitable[1:]):
            run.untried.append((*run.taken, other))
        cells[cell] = suitable[0]
        run.taken.append(suitable[0])
        return True

    return choose_one
