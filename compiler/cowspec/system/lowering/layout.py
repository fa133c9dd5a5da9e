"""How the declarations of a model become scalar variables, and where the lowering finds them again.

In: `typed.Model`. Out: a `Layout` with every `ir.StateVar`. Records are flattened per field, an optional record has a
boolean for its presence; calls and locks are tables, named as `ir.py` says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cowspec.check import typed
from cowspec.check.typed import BoolType, StructType, Type
from cowspec.syntax.ast import LockKind
from cowspec.system import ir
from cowspec.system.ir import Presence, StartValue, StateVar

CPU = "Cpu"
RETURN = "return"  # label of the silent last step of a proc that calls from its last step; a word of the grammar


@dataclass(frozen=True, slots=True)
class Frame:
    """The call of a proc on a CPU: base names and types of its parameters and locals, `p@x` each."""

    pc: str
    steps: str  # the enum of its labels
    names: Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Lock:
    """Who takes a lock how: the procs that have a table of each kind."""

    kind: LockKind
    index: tuple[str, ...]
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    watchers: tuple[str, ...]  # procs that `begin` a section of a seqcount


@dataclass(frozen=True, slots=True)
class Layout:
    """`shapes` gives the type of each declared variable and of each `p@x`; `labels` the steps of each proc in order,
    `RETURN` among them; `callees` those it calls itself, `reached` also those called by these."""

    table: Mapping[str, StateVar]
    shapes: Mapping[str, Type]
    structs: Mapping[str, tuple[tuple[str, Type], ...]]
    enums: Mapping[str, tuple[str, ...]]
    frames: Mapping[str, Frame]
    locks: Mapping[str, Lock]
    labels: Mapping[str, tuple[str, ...]]
    callees: Mapping[str, tuple[str, ...]]
    reached: Mapping[str, tuple[str, ...]]

    def frame_variables(self, proc: str) -> tuple[StateVar, ...]:
        """Every scalar of the frame of a proc but its program counter."""
        prefix, pc = f"{proc}@", self.frames[proc].pc
        return tuple(
            var for name, var in self.table.items() if name.startswith(prefix) and name.count("@") == 1 and name != pc
        )


def lock_table(lock: str, mode: str, proc: str) -> str:
    """`mode` is "read", "write" or "seen"."""
    return f"{lock}@{mode}@{proc}"


def layout(model: typed.Model) -> Layout:
    structs = {struct.name: struct.fields for struct in model.structs}
    enums = {enum.name: enum.members for enum in model.enums}
    labels = {proc.name: _labels(proc) for proc in model.procs}
    enums |= {f"{proc}@step": members for proc, members in labels.items()}
    frames = {proc.name: _frame(proc, model) for proc in model.procs}
    locks = {lock.name: _lock(lock, model.procs) for lock in model.locks}
    shapes = {var.name: var.type for var in model.vars}
    for name, frame in frames.items():
        shapes |= {f"{name}@{x}": of for x, of in frame.names.items()}
    callees = {proc.name: _callees(proc) for proc in model.procs}
    variables = [*_declared(model, structs, enums), *_lock_tables(locks)]
    for proc in model.procs:
        variables += _frame_variables(proc, frames[proc.name], structs)
    table = {var.name: var for var in variables}
    return Layout(table, shapes, structs, enums, frames, locks, labels, callees, _reached(callees))


# ---- declared variables --------------------------------------------------------------------------------------------


def _declared(
    model: typed.Model, structs: Mapping[str, tuple[tuple[str, Type], ...]], enums: Mapping[str, tuple[str, ...]]
) -> Iterator[StateVar]:
    for var in model.vars:
        base = StateVar(var.name, var.index, None, Presence.TOTAL, None, False, var.ghost, var.is_ref, (var.name,))
        yield from flatten(base, var.type, var.start, structs)


def flatten(
    base: StateVar,
    of: Type,
    start: typed.Start | typed.Record | typed.Expr,
    structs: Mapping[str, tuple[tuple[str, Type], ...]],
) -> Iterator[StateVar]:
    """The scalars of a variable of type `of`: `base` says everything but domain, presence and start."""
    match of.base:
        case StructType(struct):
            owner = base.owner
            if of.optional:
                owner = base.name
                yield _scalar(base, None, Presence.TOTAL, _presence_start(start))
            for field, field_type in structs[struct]:
                inner = StateVar(
                    f"{base.name}.{field}", base.index, None, Presence.TOTAL, owner, False, base.ghost, base.is_ref,
                    (*base.source, field),
                )  # fmt: skip
                yield from flatten(inner, field_type, _field_start(start, field, field_type), structs)
        case BoolType():
            yield _scalar(base, None, Presence.TOTAL, start_value(start, is_bool=True))
        case domain:
            held = Presence.OWN if of.optional else Presence.TOTAL if base.owner is None else Presence.OWNER
            yield _scalar(base, domain.name, held, start_value(start, is_bool=False))


def _scalar(base: StateVar, domain: str | None, held: str, start: StartValue) -> StateVar:
    return StateVar(
        base.name, base.index, domain, held, base.owner, start, base.ghost, base.is_ref and domain is not None,
        base.source,
    )  # fmt: skip


def start_value(start: typed.Start | typed.Record | typed.Expr, is_bool: bool) -> StartValue:
    """A start value of the model as one of a scalar; `none` of a boolean inside an absent record is false."""
    match start:
        case typed.StartAny():
            return ir.AnyValue()
        case typed.BoolLit(value):
            return value
        case typed.EnumLit(enum, member):
            return ir.Member(enum, member)
        case typed.NoneLit():
            return False if is_bool else ir.Absent()
        case _:
            raise ValueError(f"not a start value: {start}")  # the checker lets only literals through


def _presence_start(start: typed.Start | typed.Record | typed.Expr) -> StartValue:
    return True if isinstance(start, typed.Record) else start_value(start, is_bool=True)


def _field_start(
    start: typed.Start | typed.Record | typed.Expr, field: str, of: Type
) -> typed.Start | typed.Record | typed.Expr:
    """What a field starts as when its record starts as `start`: with `none` and `any` the field does so too."""
    if isinstance(start, typed.Record):
        return dict(start.fields)[field]
    return start


# ---- calls ---------------------------------------------------------------------------------------------------------


def _labels(proc: typed.Proc) -> tuple[str, ...]:
    """The steps in order; a call from the last step leaves the caller waiting at `RETURN` until the callee ends."""
    names = tuple(step.name for step in proc.steps)
    last = proc.steps[-1] if proc.steps else None
    waits = last is not None and not last.each and any(isinstance(s, typed.Call) for s in statements(last.body))
    return (*names, RETURN) if waits else names


def _frame(proc: typed.Proc, model: typed.Model) -> Frame:
    enums = {enum.name for enum in model.enums}
    names = {
        param.name: Type(typed.EnumType(param.sort) if param.sort in enums else typed.SortType(param.sort))
        for param in proc.params
    }
    names |= {local.name: local.type for local in proc.locals}
    return Frame(f"{proc.name}@pc", f"{proc.name}@step", names)


def _frame_variables(
    proc: typed.Proc, frame: Frame, structs: Mapping[str, tuple[tuple[str, Type], ...]]
) -> Iterator[StateVar]:
    """All owned by the program counter: an idle call has no frame (M2), so everything starts absent."""
    yield StateVar(frame.pc, (CPU,), frame.steps, Presence.OWN, None, ir.Absent(), False, False, (proc.name,))
    refs = {local.name for local in proc.locals if local.is_ref}
    ghosts = {local.name for local in proc.locals if local.ghost}
    for name, of in frame.names.items():
        base = StateVar(
            f"{proc.name}@{name}", (CPU,), None, Presence.TOTAL, frame.pc, False, name in ghosts, name in refs,
            (proc.name, name),
        )  # fmt: skip
        yield from flatten(base, of, typed.NoneLit(of, span=proc.span), structs)


def _callees(proc: typed.Proc) -> tuple[str, ...]:
    found = {stmt.proc: None for step in proc.steps for stmt in statements(step.body) if isinstance(stmt, typed.Call)}
    return tuple(found)


def _reached(callees: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """The transitive closure, in order of discovery."""
    closure: dict[str, tuple[str, ...]] = {}
    for proc in callees:
        found: dict[str, None] = {}
        stack = list(reversed(callees[proc]))
        while stack:
            callee = stack.pop()
            if callee not in found:
                found[callee] = None
                stack += reversed(callees[callee])
        closure[proc] = tuple(found)
    return closure


# ---- locks ---------------------------------------------------------------------------------------------------------


def _lock(lock: typed.LockDecl, procs: tuple[typed.Proc, ...]) -> Lock:
    writers: dict[str, None] = {}
    readers: dict[str, None] = {}
    watchers: dict[str, None] = {}
    for proc in procs:
        for step in proc.steps:
            for stmt in statements(step.body):
                match stmt:
                    case typed.Acquire(name, _, mode) if name == lock.name:
                        (writers if mode.value == "write" else readers)[proc.name] = None
                    case typed.Downgrade(name) if name == lock.name:
                        readers[proc.name] = None
                    case typed.Begin(name) if name == lock.name:
                        watchers[proc.name] = None
                    case _:
                        pass
    return Lock(lock.kind, lock.index, tuple(writers), tuple(readers), tuple(watchers))


def _lock_tables(locks: Mapping[str, Lock]) -> Iterator[StateVar]:
    for name, lock in locks.items():
        for mode, procs in (("write", lock.writers), ("read", lock.readers), ("seen", lock.watchers)):
            for proc in procs:
                table = lock_table(name, mode, proc)
                yield StateVar(
                    table, (*lock.index, CPU), None, Presence.TOTAL, None, False, False, False, (name, mode, proc)
                )


def statements(body: tuple[typed.Stmt, ...]) -> Iterator[typed.Stmt]:
    """All statements of a body, those in branches too."""
    for stmt in body:
        yield stmt
        if isinstance(stmt, typed.If):
            yield from statements(stmt.then)
            yield from statements(stmt.otherwise)
