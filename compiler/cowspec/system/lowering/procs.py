"""Actions and procs as steps.

A call of p on a CPU lives in `p@pc` and the variables this owns. Its steps (`ir.StepKind`):

- START: no call at all is under way on self; the call starts and fires its first step (M2). A first step with `each`
  fires one instance; where nothing matches at the start, a second START named `p.s:start-leave` starts the call and
  leaves that step at once, as LEAVE would.
- NEXT: the program counter stands here and everything that p called, directly or not, is idle on self.
- LEAVE: the same for a step with `each` where nothing matches any more; it changes the program counter only.

`call q(x)` sets the frame of q and its program counter to its first step, which fires by NEXT; the caller waits at its
own next step (with `each`: at the same one). A call from the last step leaves the caller waiting at `p.return`, a
silent LEAVE that ends it: its locks are held until the callee has ended.
"""

from collections.abc import Iterator
from dataclasses import replace

from cowspec.check import typed
from cowspec.system import ir
from cowspec.system.ir import TRUE, StepKind, Stmt
from cowspec.system.lowering.calls import end_call, enter, exits, go, step_after
from cowspec.system.lowering.expressions import SELF, Names, Scope, at, formula, idle
from cowspec.system.lowering.layout import CPU, RETURN, Layout, statements
from cowspec.system.lowering.statements import body
from cowspec.system.simplify import exists, neg
from cowspec.system.traverse import expressions
from cowspec.system.traverse import names as mentioned

Procs = dict[str, typed.Proc]


def action_step(action: typed.Action, layout: Layout) -> ir.Step:
    names = Names()
    scope, params = Scope(layout, names, {}).open(action.params)
    made = body(action.body, scope, lambda _, __: (), action.span)
    cpu = next((param.name for param in params if param.domain == CPU), None)
    return ir.Step(
        action.name, StepKind.ACTION, action.name, action.name, params, (), made, action.text, cpu, span=action.span
    )


def proc_info(proc: typed.Proc, layout: Layout) -> ir.ProcInfo:
    params = tuple(ir.Binder(param.name, param.sort) for param in proc.params)
    return ir.ProcInfo(proc.name, params, layout.labels[proc.name], layout.callees[proc.name], proc.startable)


def proc_steps(proc: typed.Proc, procs: tuple[typed.Proc, ...], layout: Layout) -> Iterator[ir.Step]:
    """All steps of a proc in order of its labels; of one label START first, LEAVE last."""
    by_name = {other.name: other for other in procs}
    for n, step in enumerate(proc.steps):
        first = n == 0
        resumed = not first or _resumed(proc, layout)
        if first and proc.startable:
            yield _start(proc, step, by_name, layout, ":start" if resumed else "")
            if step.each:
                yield _start_leave(proc, step, by_name, layout)
        if resumed:
            yield _next(proc, n, by_name, layout)
            if step.each:
                yield _leave(proc, n, by_name, layout)
    if RETURN in layout.labels[proc.name]:
        yield _return(proc, layout)


def _resumed(proc: typed.Proc, layout: Layout) -> bool:
    """Whether a program counter can stand at the first step in some state."""
    first = proc.steps[0]
    jumps = (stmt for step in proc.steps for stmt in statements(step.body) if isinstance(stmt, typed.Goto))
    called = any(proc.name in callees for callees in layout.callees.values())
    return bool(first.each) or called or any(jump.step == first.name for jump in jumps)


# ---- the four kinds ------------------------------------------------------------------------------------------------


def _start(proc: typed.Proc, step: typed.Step, procs: Procs, layout: Layout, mark: str) -> ir.Step:
    scope, params = _opened(proc, layout, params=True)
    inside, each = scope.open(step.each)
    made = (
        *_begin_call(proc, scope),
        *_match(step, inside),
        *body(step.body, inside, exits(proc, 0, procs), step.span),
    )
    return _step(proc, step.name, StepKind.START, mark, (*params, *each), (), made, step)


def _start_leave(proc: typed.Proc, step: typed.Step, procs: Procs, layout: Layout) -> ir.Step:
    scope, params = _opened(proc, layout, params=True)
    made = (*_begin_call(proc, scope), *_no_match(step, scope), *go(step_after(proc, 0), proc, scope))
    silent = replace(step, text=None)
    return _step(proc, step.name, StepKind.START, ":start-leave", params, (), made, silent)


def _next(proc: typed.Proc, n: int, procs: Procs, layout: Layout) -> ir.Step:
    step = proc.steps[n]
    scope, params = _opened(proc, layout, params=False)
    inside, each = scope.open(step.each)
    made = (
        *_resume(proc, step.name, layout),
        *_match(step, inside),
        *body(step.body, inside, exits(proc, n, procs), step.span),
    )
    return _step(proc, step.name, StepKind.NEXT, "", (*params, *each), _frame(proc, made), made, step)


def _leave(proc: typed.Proc, n: int, procs: Procs, layout: Layout) -> ir.Step:
    step = proc.steps[n]
    scope, params = _opened(proc, layout, params=False)
    made = (*_resume(proc, step.name, layout), *_no_match(step, scope), *go(step_after(proc, n), proc, scope))
    return _step(proc, step.name, StepKind.LEAVE, ":leave", params, _frame(proc, made), made, replace(step, text=None))


def _return(proc: typed.Proc, layout: Layout) -> ir.Step:
    scope, params = _opened(proc, layout, params=False)
    made = (*_resume(proc, RETURN, layout), *end_call(proc, layout, scope.names))
    silent = replace(proc.steps[-1], text=None)
    return _step(proc, RETURN, StepKind.LEAVE, "", params, (), made, silent)


def _step(
    proc: typed.Proc,
    label: str,
    kind: str,
    mark: str,
    params: tuple[ir.Binder, ...],
    frame: tuple[tuple[str, ir.Get], ...],
    made: tuple[Stmt, ...],
    step: typed.Step,
) -> ir.Step:
    name = f"{proc.name}.{label}{mark}"
    return ir.Step(name, kind, proc.name, label, params, frame, made, step.text, SELF.name, span=step.span)


# ---- the parts of a step -------------------------------------------------------------------------------------------


def _opened(proc: typed.Proc, layout: Layout, params: bool) -> tuple[Scope, tuple[ir.Binder, ...]]:
    """The scope of a step and its parameters: self, and if the call starts here, what it is called with."""
    names = Names(used={SELF.name})
    scope = Scope(layout, names, {SELF.name: SELF}, proc.name)
    scope, opened = scope.open(proc.params)
    cpu = ir.Binder(SELF.name, CPU)
    return scope, (cpu, *opened) if params else (cpu,)


def _frame(proc: typed.Proc, made: tuple[Stmt, ...]) -> tuple[tuple[str, ir.Get], ...]:
    """The parameters of the call that the body mentions, read from the frame."""
    used = mentioned(expressions(made))
    return tuple(
        (param.name, ir.Get(f"{proc.name}@{param.name}", (SELF,))) for param in proc.params if param.name in used
    )


def _resume(proc: typed.Proc, label: str, layout: Layout) -> Iterator[Stmt]:
    yield ir.Require(at(proc.name, label, SELF, layout))
    waiting = idle(layout.reached[proc.name], SELF, layout)
    if waiting != TRUE:
        yield ir.Require(waiting)


def _match(step: typed.Step, scope: Scope) -> Iterator[Stmt]:
    if step.where is not None:
        where = formula(step.where, scope)
        if where != TRUE:
            yield ir.Require(where)


def _no_match(step: typed.Step, scope: Scope) -> Iterator[Stmt]:
    inside, binders = scope.open(step.each)
    where = TRUE if step.where is None else formula(step.where, inside)
    yield ir.Require(neg(exists(binders, where)))


def _begin_call(proc: typed.Proc, scope: Scope) -> Iterator[Stmt]:
    layout = scope.layout
    yield ir.Require(idle(tuple(layout.frames), SELF, layout))
    yield from enter(proc, tuple(scope.env[param.name] for param in proc.params), scope)
