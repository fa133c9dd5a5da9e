"""Actions and the steps of procs as TLA+ actions: how a call begins, goes on, and ends (`system/lowering/procs.py` says
the same for the core program). One action for each step of the transition system, under the same name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from cowspec.check import typed
from cowspec.check.typed import BoolType, Type
from cowspec.encode.tla.env import Env, quantifier
from cowspec.encode.tla.expressions import idle, is_absent, present, shown, value
from cowspec.encode.tla.locks import release_all
from cowspec.encode.tla.names import comment
from cowspec.encode.tla.paths import Item, Path, Shared, lines
from cowspec.encode.tla.statements import Exit, Jump, run
from cowspec.encode.tla.store import Rec, Store, Value
from cowspec.encode.tla.symbols import IDLE, PC, Symbols
from cowspec.encode.tla.symbols import field as field_name
from cowspec.encode.tla.symbols import label as label_of
from cowspec.encode.tla.text import hanging, indented, negated
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.lowering.layout import CPU, RETURN
from cowspec.system.lowering.words import quoted


@dataclass(frozen=True, slots=True)
class Action:
    """`params`: name and set of each. `lines`: the whole definition."""

    name: str
    params: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    faults: bool


Made = tuple[tuple[tuple[str, str], ...], list[tuple[str, str]], list[Item]]
"""Parameters, names read from the frame, items."""


def actions(
    symbols: Symbols, steps: Sequence[ir.Step], variables: tuple[str, ...]
) -> tuple[tuple[Action, ...], frozenset[str]]:
    """One for each step of the system, in its order. What a failed check would tell is used only where no guard comes
    after one; whether that is so is found out without it, as it may make a guard seem true.

    Also the structs that have to be marked before the actions are right: a guard may ask whether a record is there
    after a field has been written to an absent one."""
    declared = {action.name: action for action in symbols.model.actions}
    procs = {proc.name: proc for proc in symbols.model.procs}
    found = []
    unmarked = set[str]()
    for step in steps:
        maker = _Maker(symbols, procs, Shared(strict=True))
        made = _made(maker, step, declared, procs)
        unmarked |= {struct for struct in maker.shared.blurred if not symbols.marked(struct)}
        if not maker.shared.late:
            made = _made(_Maker(symbols, procs, Shared(strict=False)), step, declared, procs)
        found.append(_action(symbols, step, made, variables))
    return tuple(found), frozenset(unmarked)


def _made(
    maker: "_Maker", step: ir.Step, declared: Mapping[str, typed.Action], procs: Mapping[str, typed.Proc]
) -> Made:
    if step.kind == ir.StepKind.ACTION:
        return maker.action(declared[step.operation])
    proc = procs[step.operation]
    if step.label == RETURN and RETURN not in [s.name for s in proc.steps]:
        return maker.last_return(proc)
    number = [s.name for s in proc.steps].index(step.label)
    match step.kind:
        case ir.StepKind.START:
            return maker.start(proc, leaving=step.name.endswith(":start-leave"))
        case ir.StepKind.NEXT:
            return maker.next(proc, number)
        case ir.StepKind.LEAVE:
            return maker.leave(proc, number)
        case _:
            raise ValueError(f"unknown kind of step: {step.kind}")


def _action(symbols: Symbols, step: ir.Step, made: Made, variables: tuple[str, ...]) -> Action:
    params, frame, items = made
    body = lines(items, variables)
    used = "\n".join(body)
    kept = [(name, of) for name, of in frame if re.search(rf"\b{re.escape(name)}\b", used)]
    name = symbols.actions[step.name]
    head = f"{name}({', '.join(param for param, _ in params)}) ==" if params else f"{name} =="
    if kept:
        defined = hanging("LET ", [f"{inside} == {of}" for inside, of in kept])
        body = [*defined, *hanging("IN  ", body)]
    said = [comment(step.text)] if step.text else []
    whole = (*said, head, *indented(body, 2))
    return Action(name, params, whole, any("Fault(" in line for line in body))


# ---- the kinds of steps --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Maker:
    symbols: Symbols
    procs: Mapping[str, typed.Proc]
    shared: Shared

    def action(self, action: typed.Action) -> Made:
        env, params = Env(self.symbols, Store({}, _unnamed)).open(action.params)
        path = Path(env, self.shared)
        run(action.body, path, lambda jump, end: None)
        return params, [], path.items

    def start(self, proc: typed.Proc, *, leaving: bool) -> Made:
        env = self._inside(proc)
        env, params = env.open(proc.params)
        step = proc.steps[0]
        each: tuple[tuple[str, str], ...] = ()
        if not leaving:
            env, each = env.open(step.each)
        path = Path(env, self.shared, starting=True)
        path.guard(idle(tuple(self.symbols.layout.frames), _self(proc), path.env))
        enter(proc, [env.names[param.name] for param in proc.params], path)
        every = (("self", self.symbols.domains[CPU]), *params, *each)
        if leaving:
            self._left(proc, 0, path, starting=True)
        else:
            self._fired(proc, 0, path, starting=True)
        return every, [], path.items

    def next(self, proc: typed.Proc, number: int) -> Made:
        env, frame = self._resumed(proc)
        env, each = env.open(proc.steps[number].each)
        path = Path(env, self.shared)
        self._waiting(proc, proc.steps[number].name, path)
        self._fired(proc, number, path, starting=False)
        return (("self", self.symbols.domains[CPU]), *each), frame, path.items

    def leave(self, proc: typed.Proc, number: int) -> Made:
        env, frame = self._resumed(proc)
        path = Path(env, self.shared)
        self._waiting(proc, proc.steps[number].name, path)
        self._left(proc, number, path, starting=False)
        return (("self", self.symbols.domains[CPU]),), frame, path.items

    def last_return(self, proc: typed.Proc) -> Made:
        path = Path(self._inside(proc), self.shared)
        self._waiting(proc, RETURN, path)
        end_call(proc, path, starting=False)
        path.leaf()
        return (("self", self.symbols.domains[CPU]),), [], path.items

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _inside(self, proc: typed.Proc) -> Env:
        return Env(self.symbols, Store({}, _unnamed), {"self": "self"}, frozenset({"self"}), proc.name)

    def _resumed(self, proc: typed.Proc) -> tuple[Env, list[tuple[str, str]]]:
        """The scope of a step of a call under way: the parameters are what the frame holds."""
        env, params = self._inside(proc).open(proc.params)
        frame = self.symbols.tables[proc.name].name
        read = [
            (name, f"{frame}[self].{field_name(param.name)}")
            for param, (name, _) in zip(proc.params, params, strict=True)
        ]
        return env, read

    def _waiting(self, proc: typed.Proc, label: str, path: Path) -> None:
        frame = self.symbols.tables[proc.name].name
        path.guard(f"{frame}[self].{PC} = {label_of(label)}")
        for callee in self.symbols.layout.reached[proc.name]:
            path.guard(idle((callee,), _self(proc), path.env))

    def _fired(self, proc: typed.Proc, number: int, path: Path, *, starting: bool) -> None:
        step = proc.steps[number]
        if step.where is not None:
            path.require(step.where)
        run(step.body, path, self._exits(proc, number, starting=starting))

    def _left(self, proc: typed.Proc, number: int, path: Path, *, starting: bool) -> None:
        step = proc.steps[number]
        inside, bound = path.env.open(step.each)
        none = "TRUE" if step.where is None else shown(step.where, inside)
        path.guard(negated(f"{quantifier(QuantKind.EXISTS, bound)}: {none}"))
        self._go(_after(proc, number), proc, path, starting=starting)
        path.leaf()

    def _exits(self, proc: typed.Proc, number: int, *, starting: bool) -> Exit:
        """With `each` the call stays where it is."""
        stays = bool(proc.steps[number].each)

        def leave(jump: Jump | None, path: Path) -> None:
            match jump:
                case None:
                    if not stays:
                        self._go(_after(proc, number), proc, path, starting=starting)
                case typed.Goto(step):
                    self._go(step, proc, path, starting=starting)
                case typed.Return(words):
                    if words:
                        path.remark(words)
                    end_call(proc, path, starting=starting)
                case typed.Call():
                    _call(jump, self.procs[jump.proc], path)
                    if not stays:
                        self._go(_after(proc, number) or RETURN, proc, path, starting=starting)
                case _:
                    assert_never(jump)

        return leave

    def _go(self, label: str | None, proc: typed.Proc, path: Path, *, starting: bool) -> None:
        if label is None:
            end_call(proc, path, starting=starting)
        else:
            path.store.write(self.symbols.tables[proc.name].name, "self", (PC,), label_of(label))


def _unnamed(var: str, pending: object) -> str:
    raise ValueError(f"{var} has changed outside of any step")


def _self(proc: typed.Proc) -> typed.Var:
    return typed.Var("self", Type(typed.SortType(CPU)), span=proc.span)


def _after(proc: typed.Proc, number: int) -> str | None:
    return proc.steps[number + 1].name if number + 1 < len(proc.steps) else None


# ---- begin and end of a call ---------------------------------------------------------------------------------------


def enter(proc: typed.Proc, args: Sequence[Value], path: Path) -> None:
    """Sets the frame: program counter, parameters, locals."""
    fields: list[tuple[str, Value]] = [(PC, label_of(proc.steps[0].name))]
    fields += [(field_name(param.name), arg) for param, arg in zip(proc.params, args, strict=True)]
    fields += [(field_name(local.name), _start(local, path)) for local in proc.locals]
    absent = dict(idle_frame(proc, path.symbols).fields)
    same = frozenset(name for name, now in fields if now == absent[name])  # the call was idle before
    path.store.write(path.symbols.tables[proc.name].name, "self", (), Rec(tuple(fields)), same)


def _start(local: typed.VarDecl, path: Path) -> Value:
    if isinstance(local.start, typed.StartAny):
        return path.choose(local.name, path.symbols.set_of(local.type))
    return value(local.start, path.env)


def idle_frame(proc: typed.Proc, symbols: Symbols) -> Rec:
    """What stands for the frame of an idle call."""
    fields = ((name, _nothing(of, symbols)) for name, of in symbols.frame_fields(proc.name))
    return Rec(((PC, IDLE), *fields))


def _nothing(of: Type, symbols: Symbols) -> Value:
    return "FALSE" if isinstance(of.base, BoolType) else symbols.absent(of)


def end_call(proc: typed.Proc, path: Path, *, starting: bool) -> None:
    """Releases everything and clears the frame; a call that ends in its first step never had one."""
    release_all(proc.name, path, starting=starting)
    frame = path.symbols.tables[proc.name].name
    if starting:
        path.store.forget(frame)
    else:
        path.store.write(frame, "self", (), path.symbols.idle[proc.name])


def _call(call: typed.Call, callee: typed.Proc, path: Path) -> None:
    """The arguments are evaluated before the frame of the callee begins to change."""
    args: list[Value] = []
    for param, expr in zip(callee.params, call.args, strict=True):
        where = f"parameter `{param.name}` of `{callee.name}`"
        env = path.env
        path.check(
            is_absent(expr, env), f"{quoted(expr)} is none, which cannot be stored in {where}",
            frozenset(present(expr, env)),
        )  # fmt: skip
        args.append(value(expr, env))
    enter(callee, args, path)
