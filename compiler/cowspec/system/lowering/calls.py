"""How a call begins, goes on, and ends: its program counter and its frame."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from cowspec.check import typed
from cowspec.check.typed import BoolType, StructType, Type
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Stmt
from cowspec.system.lowering.assignments import scalars, value_checks
from cowspec.system.lowering.expressions import SELF, Names, Scope, value
from cowspec.system.lowering.layout import RETURN, Layout
from cowspec.system.lowering.locks import release_all
from cowspec.system.lowering.statements import Exit, Jump
from cowspec.system.lowering.values import Rec, Value, as_term, nothing, picked
from cowspec.system.lowering.words import quoted
from cowspec.system.simplify import equal

ANY_BOOL = "bool@any"  # the enum from which a boolean local with `= any` draws its start
ANY_BOOL_MEMBERS = ("false", "true")


# ---- begin ---------------------------------------------------------------------------------------------------------


def enter(proc: typed.Proc, args: tuple[Value, ...], scope: Scope) -> Iterator[Stmt]:
    """Sets the frame: program counter, parameters, and locals that start as something other than none or false (the
    frame of an idle call holds nothing)."""
    layout = scope.layout
    frame = layout.frames[proc.name]
    yield ir.Assign(frame.pc, (SELF,), ir.Member(frame.steps, proc.steps[0].name))
    for param, arg in zip(proc.params, args, strict=True):
        yield ir.Assign(f"{proc.name}@{param.name}", (SELF,), as_term(arg))
    for local in proc.locals:
        yield from _start_local(f"{proc.name}@{local.name}", local, scope)


def _start_local(name: str, local: typed.VarDecl, scope: Scope) -> Iterator[Stmt]:
    match local.start:
        case typed.StartAny():
            chosen: list[Stmt] = []
            start = _draw(local.name, local.type, scope, chosen)
            yield from chosen
        case typed.BoolLit() | typed.EnumLit() | typed.NoneLit() | typed.Record():
            start = value(local.start, scope)
        case _:
            assert_never(local.start)
    for write in scalars(name, local.type, (SELF,), start, scope.layout):
        if write.value != FALSE and not isinstance(write.value, ir.Absent):
            yield write


def _draw(name: str, of: Type, scope: Scope, chosen: list[Stmt]) -> Value:
    """Any value of a type, by one `choose` for each scalar and each presence, added to `chosen`."""

    def element(domain: str) -> ir.Param:
        bound = scope.names.fresh(name)
        chosen.append(ir.Choose(bound, domain, TRUE))
        return ir.Param(bound)

    def flip() -> Formula:
        return equal(element(ANY_BOOL), ir.Member(ANY_BOOL, "true"))

    drawn: Value
    match of.base:
        case BoolType():
            return flip()
        case StructType(struct):
            fields = {field: _draw(name, inner, scope, chosen) for field, inner in scope.layout.structs[struct]}
            drawn = Rec(TRUE, fields)
        case domain:
            drawn = element(domain.name)
    return picked(flip(), drawn, nothing(of, scope.layout)) if of.optional else drawn


# ---- go on, end ----------------------------------------------------------------------------------------------------


def step_after(proc: typed.Proc, n: int) -> str | None:
    """The label after step n; None: the call ends."""
    return proc.steps[n + 1].name if n + 1 < len(proc.steps) else None


def go(label: str | None, proc: typed.Proc, scope: Scope) -> Iterator[Stmt]:
    """The call waits at a label next, or ends."""
    if label is None:
        yield from end_call(proc, scope.layout, scope.names)
    else:
        frame = scope.layout.frames[proc.name]
        yield ir.Assign(frame.pc, (SELF,), ir.Member(frame.steps, label))


def end_call(proc: typed.Proc, layout: Layout, names: Names) -> Iterator[Stmt]:
    """Releases everything and clears the frame."""
    yield from release_all(proc.name, layout, names)
    yield ir.Assign(layout.frames[proc.name].pc, (SELF,), ir.Absent())
    for var in layout.frame_variables(proc.name):
        yield ir.Assign(var.name, (SELF,), FALSE if var.domain is None else ir.Absent())


def exits(proc: typed.Proc, n: int, procs: Mapping[str, typed.Proc]) -> Exit:
    """What stands at the end of each path of step n. With `each` the call stays where it is."""
    stays = bool(proc.steps[n].each)

    def leave(jump: Jump | None, scope: Scope) -> tuple[Stmt, ...]:
        match jump:
            case None:
                return () if stays else tuple(go(step_after(proc, n), proc, scope))
            case typed.Goto(step):
                return tuple(go(step, proc, scope))
            case typed.Return(text):
                said = () if text is None else (ir.Note(text),)
                return (*said, *end_call(proc, scope.layout, scope.names))
            case typed.Call():
                waits = () if stays else tuple(go(step_after(proc, n) or RETURN, proc, scope))
                return (*_call(jump, procs[jump.proc], scope), *waits)
            case _:
                assert_never(jump)

    return leave


def _call(call: typed.Call, callee: typed.Proc, scope: Scope) -> Iterator[Stmt]:
    """The arguments are evaluated before the frame of the callee begins to change."""
    args: list[Value] = []
    for param, expr in zip(callee.params, call.args, strict=True):
        arg = value(expr, scope)
        of = scope.layout.frames[callee.name].names[param.name]
        where = f"parameter `{param.name}` of `{callee.name}`"
        yield from value_checks(arg, of, where, quoted(expr), scope, call.span)
        if not isinstance(arg, ir.Param | ir.Member):
            bound = scope.names.fresh(param.name)
            scope.names.maybe.add(bound)
            yield ir.Let(bound, as_term(arg))
            arg = ir.Param(bound)
        args.append(arg)
    yield from enter(callee, tuple(args), scope)
