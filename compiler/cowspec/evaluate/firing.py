"""One step of the system, compiled: for enumerating what it can do in a state, and for firing it as prescribed.

`expand` binds the parameters in the order that tests them earliest. A `require` counts as such a test as long as
nothing it reads has been assigned above it: then it means the same before the body runs. `execute` is the plain
reading: all parameters given, every statement in its order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cowspec.evaluate.closures import bind, compile_term, loops
from cowspec.evaluate.context import Code, Context, Names, Slot, Tables
from cowspec.evaluate.loops import Bind, Test
from cowspec.evaluate.names import conjuncts, free_names, inside, variables_read, variables_written
from cowspec.evaluate.statements import Exec, Work, compile_block
from cowspec.system import ir

Arguments = tuple[int | None, ...]
"""What the arguments of a firing must be; None is anything."""


@dataclass(slots=True)
class StepCode:
    """A step and what has been compiled of it so far: a step that is never tried reads no switch."""

    number: int
    step: ir.Step
    expand: dict[Arguments, Code] = field(default_factory=dict)  # by what is given of the arguments
    names: Names | None = None
    frame: tuple[Bind, ...] = ()
    body: Exec | None = None


def gate_of(step: ir.Step) -> tuple[str, ir.Member] | None:
    """An enum variable and the member that it must have somewhere for the step to be enabled: the program counter."""
    params = {param.name for param in step.params}
    for formula in _hoist(step)[0]:
        match formula:
            case ir.Equal(ir.Get(var, (ir.Param(name),)), ir.Member() as member) if name in params:
                return var, member
            case _:
                continue
    return None


def expand(c: Context, code: StepCode, state: ir.State, given: Arguments = ()) -> None:
    """Appends every way to fire the step to `Run.moves`. `given`: only with these arguments; () is any."""
    compiled = code.expand.get(given)
    if compiled is None:
        compiled = code.expand[given] = _compile_expand(c, code, given)
    compiled(state)


def execute(c: Context, code: StepCode, state: ir.State, args: tuple[int, ...]) -> ir.State | None:
    """The state after the step with these arguments and the choices in `Run.given`; None if it is disabled.

    Faults, notes, choices and the statement that disabled the step are left in `Run`.
    """
    names = _names_of(c, code)
    if code.body is None:
        code.body = compile_block(c, code.step.body, names)
    for param, arg in zip(code.step.params, args, strict=True):
        c.cells[names[param.name].cell] = arg
    if not all(item.code(state) for item in code.frame):
        return None
    work = list(state)
    return tuple(work) if code.body(work) else None


def _hoist(step: ir.Step) -> tuple[list[ir.Formula], tuple[ir.Stmt, ...]]:
    """What the step requires of the state before it, as far as the places of its `require`s show, and what remains."""
    found: list[ir.Formula] = []
    rest: list[ir.Stmt] = []
    written: set[str] = set()
    inner: set[str] = set()  # names bound in the body
    for statement in step.body:
        match statement:
            case ir.Require(condition):
                parts = tuple(conjuncts(condition))
                early = [p for p in parts if written.isdisjoint(variables_read(p)) and inner.isdisjoint(free_names(p))]
                found.extend(early)
                if len(early) < len(parts):
                    rest.append(statement)
                continue
            case ir.Let(name) | ir.LetBool(name) | ir.Choose(name):
                inner.add(name)
            case _:
                written |= variables_written(statement)
        rest.append(statement)
    return found, tuple(rest)


def _names_of(c: Context, code: StepCode) -> Names:
    """Cells for the parameters and the frame; compiles the frame."""
    if code.names is None:
        names = bind(c, code.step.params, {})
        names |= {name: Slot(c.new_cell()) for name, _ in code.step.frame}
        code.names = names
        code.frame = tuple(_frame_item(c, names, name, get) for name, get in code.step.frame)
    return code.names


def _frame_item(c: Context, names: Names, name: str, get: ir.Get) -> Bind:
    cells, cell, value = c.cells, names[name].cell, compile_term(c, get, names)

    def take(S: Tables) -> bool:
        number = value(S)
        if number is None:
            return False
        cells[cell] = number
        return True

    return Bind(take, free_names(get), name)


def _compile_expand(c: Context, code: StepCode, given: Arguments) -> Code:
    names, step = _names_of(c, code), code.step
    required, rest = _hoist(step)
    tests = tuple(Test(part, free_names(part)) for part in required)
    chooses = any(isinstance(sub, ir.Choose) for statement in rest for sub in inside(statement))
    run_rest = _late_block(c, rest, names)
    leaf = (_leaf_with_choices if chooses else _leaf)(c, code, names, run_rest)
    only = {param.name: arg for param, arg in zip(step.params, given, strict=False) if arg is not None}
    expansion = loops(c, step.params, (*code.frame, *tests), names, leaf, only)
    return (lambda S: False) if isinstance(expansion, bool) else expansion


def _late_block(c: Context, statements: tuple[ir.Stmt, ...], names: Names) -> Exec:
    """The statements, compiled when they first run."""
    compiled = list[Exec]()

    def block(W: Work) -> bool:
        if not compiled:
            compiled.append(compile_block(c, statements, names))
        return compiled[0](W)

    return block


def _arguments(c: Context, code: StepCode, names: Names) -> Callable[[], tuple[int, ...]]:
    cells, numbers = c.cells, tuple(names[param.name].cell for param in code.step.params)
    if numbers and numbers == tuple(range(numbers[0], numbers[0] + len(numbers))):
        first, last = numbers[0], numbers[-1] + 1
        return lambda: tuple(cells[first:last])
    return lambda: tuple([cells[number] for number in numbers])


def _leaf(c: Context, code: StepCode, names: Names, rest: Exec) -> Code:
    run, number, arguments = c.run, code.number, _arguments(c, code, names)

    def leaf(S: Tables) -> bool:
        assert isinstance(S, tuple)
        work = list(S)
        run.fault = None
        if rest(work):
            fault = run.fault
            run.moves.append((number, arguments(), (), tuple(work) if fault is None else None, fault))
        return False

    return leaf


def _leaf_with_choices(c: Context, code: StepCode, names: Names, rest: Exec) -> Code:
    """Runs the rest once for every combination of choices."""
    run, number, arguments = c.run, code.number, _arguments(c, code, names)

    def leaf(S: Tables) -> bool:
        assert isinstance(S, tuple)
        run.untried = [()]
        while run.untried:
            run.given, run.taken, run.fault, work = run.untried.pop(), [], None, list(S)
            if rest(work):
                fault, choices = run.fault, tuple(run.taken)
                run.moves.append((number, arguments(), choices, tuple(work) if fault is None else None, fault))
        return False

    return leaf
