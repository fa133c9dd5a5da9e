"""Facts about calls: one CPU runs at most one call, and those that it made in turn (R4)."""

from collections.abc import Iterator, Mapping

from cowspec.system import ir
from cowspec.system.ir import Fact, Formula, ProcInfo, Stmt, System
from cowspec.system.simplify import conj, disj, forall, implies, neg

CPU = ir.Param("c")
BINDER = ir.Binder("c", "Cpu")


def active(proc: str, cpu: ir.Term = CPU) -> Formula:
    return ir.Present(ir.Get(f"{proc}@pc", (cpu,)))


def at(proc: str, label: str, cpu: ir.Term = CPU) -> Formula:
    return ir.Equal(ir.Get(f"{proc}@pc", (cpu,)), ir.Member(f"{proc}@step", label))


def call_facts(system: System) -> Iterator[Fact]:
    infos = {info.name: info for info in system.procs}
    reached = {name: _reached(name, infos) for name in infos}
    waits = _waits(system, infos)
    names = list(infos)
    for n, one in enumerate(names):
        for two in names[n + 1 :]:
            if two not in reached[one] and one not in reached[two]:
                yield _fact(f"{one}, {two}: not both on one CPU", neg(ir.And((active(one), active(two)))))
    for caller in names:
        for callee in infos:
            if callee in reached[caller]:
                yield _caller_waits(caller, callee, reached, waits)
    for info in infos.values():
        if not info.startable:
            yield _called(info, infos, waits)
    for caller in names:
        yield from _passed(system, infos[caller], infos, reached)


def _fact(name: str, body: Formula) -> Fact:
    return Fact(name, forall((BINDER,), body))


def _reached(name: str, infos: Mapping[str, ProcInfo]) -> frozenset[str]:
    """Everything that a call of `name` may have called, directly or not."""
    found: set[str] = set()
    stack = list(infos[name].calls)
    while stack:
        callee = stack.pop()
        if callee not in found:
            found.add(callee)
            stack += infos[callee].calls
    return frozenset(found)


def _caller_waits(
    caller: str,
    callee: str,
    reached: Mapping[str, frozenset[str]],
    waits: Mapping[tuple[str, str], tuple[str, ...]],
) -> Fact:
    """While both run, the caller stands after a call that leads to the callee."""
    labels: dict[str, None] = {}
    for (one, called), after in waits.items():
        if one == caller and (called == callee or callee in reached[called]):
            labels |= dict.fromkeys(after)
    where = disj(at(caller, label) for label in labels)
    name = f"{caller} waits while {callee}, which it called, runs"
    return _fact(name, implies(conj((active(caller), active(callee))), where))


def _called(info: ProcInfo, infos: Mapping[str, ProcInfo], waits: Mapping[tuple[str, str], tuple[str, ...]]) -> Fact:
    """A call that nobody may start alone has a caller that waits for it."""
    callers = (
        at(caller, label)
        for caller in infos
        if info.name in infos[caller].calls
        for label in waits.get((caller, info.name), ())
    )
    return _fact(f"{info.name}: has a caller", implies(active(info.name), disj(callers)))


# ---- where a caller waits, what it passed --------------------------------------------------------------------------


def _waits(system: System, infos: Mapping[str, ProcInfo]) -> dict[tuple[str, str], tuple[str, ...]]:
    """For each caller and each proc that it calls itself, the labels where it may stand after such a call."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for step in system.steps:
        if step.operation not in infos:
            continue
        for callee, label, _ in _calls(step.body, step.label, infos[step.operation]):
            found.setdefault((step.operation, callee), {})[label] = None
    return {key: tuple(labels) for key, labels in found.items()}


def _calls(
    body: tuple[Stmt, ...], label: str, info: ProcInfo
) -> Iterator[tuple[str, str, Mapping[str, ir.Term | Formula]]]:
    """The calls at the ends of the paths of a body: the callee, where the caller stands then, and what it passed.

    A call sets the program counter of the callee, and it is the last thing on its path besides the caller's own.
    """
    callee: str | None = None
    passed: dict[str, ir.Term | Formula] = {}
    for stmt in body:
        match stmt:
            case ir.If(_, then, otherwise):
                yield from _calls(then, label, info)
                yield from _calls(otherwise, label, info)
            case ir.Assign(var, _, value) if var == f"{info.name}@pc" and isinstance(value, ir.Member):
                label = value.name
            case ir.Assign(var, _, value) if var.split("@")[0] in info.calls and var.count("@") == 1:
                callee = var.split("@")[0]
                passed[var] = value
            case _:
                pass
    if callee is not None:
        yield callee, label, passed


def _passed(
    system: System, caller: ProcInfo, infos: Mapping[str, ProcInfo], reached: Mapping[str, frozenset[str]]
) -> Iterator[Fact]:
    """A callee's parameter that always gets the same parameter of the caller is equal to it while both run.

    Only where the callee is reached by its direct calls alone: else another caller in between may have passed it.
    """
    own = {param.name for param in caller.params}
    for callee in dict.fromkeys(caller.calls):
        if any(callee in reached[other] for other in caller.calls):
            continue
        bodies = [step for step in system.steps if step.operation == caller.name]
        sites = [p for step in bodies for called, _, p in _calls(step.body, step.label, caller) if called == callee]
        for param in infos[callee].params:
            args = {site[f"{callee}@{param.name}"] for site in sites}
            arg = args.pop() if len(args) == 1 else None
            if isinstance(arg, ir.Param) and arg.name in own:
                theirs, ours = ir.Get(f"{callee}@{param.name}", (CPU,)), ir.Get(f"{caller.name}@{arg.name}", (CPU,))
                value = ir.Param(param.name)
                body = implies(
                    conj((active(caller.name), active(callee), ir.Equal(theirs, value))), ir.Equal(ours, value)
                )
                binders = (BINDER, ir.Binder(value.name, param.domain))
                yield Fact(f"{callee}.{param.name} is {caller.name}.{arg.name}", forall(binders, body))
