"""Facts about the place where a call waits: reached when, holding what, with which locals."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from cowspec.system import ir
from cowspec.system.ir import TRUE, Fact, Formula, System
from cowspec.system.show import show_formula
from cowspec.system.simplify import conj, disj, forall, implies, neg
from cowspec.system.structure.calls import at
from cowspec.system.structure.locks import C, D, any_index, index_binders, indexed, params, same_index
from cowspec.system.structure.rigid import Settings
from cowspec.system.structure.standing import Proc, Standing

CPU = ir.Binder("c", "Cpu")


def step_facts(proc: Proc, standing: Mapping[str, Standing], system: System) -> Iterator[Fact]:
    for label in proc.info.labels:
        here = standing.get(label)
        if here is None:
            yield Fact(f"{proc.info.name}.{label}: never waited at", forall((CPU,), neg(at(proc.info.name, label))))
            continue
        yield from _reached(proc, label, here)
        for table in proc.locks:
            yield from _held(proc, label, here, table)
            yield from _not_held(proc, label, here, table, standing)
            yield from _different(proc, label, here, table)
            yield from _watched(proc, label, here, table, system)
        yield from _locals(proc, label, here)


def _when(proc: Proc, these: Settings, here: Standing) -> tuple[str, Formula]:
    """A condition over switches as words for the name and as a formula; outside `reach` nothing waits there."""
    condition = proc.cases.formula(these, here.reach)
    return _under("", condition), condition


def _reached(proc: Proc, label: str, here: Standing) -> Iterator[Fact]:
    if here.reach != proc.cases.everything:
        condition = proc.cases.formula(here.reach, proc.cases.everything)
        body = implies(at(proc.info.name, label), condition)
        yield Fact(f"{proc.info.name}.{label}: only when {show_formula(condition)}", forall((CPU,), body))


def _held(proc: Proc, label: str, here: Standing, table: str) -> Iterator[Fact]:
    lock, mode, _ = table.split("@")
    if mode == "seen":
        return
    binders = index_binders(proc.table[table].index[:-1])
    for (name, index), where in here.held.items():
        if name == table and where:
            words, when = _when(proc, where, here)
            premise = conj((when, at(proc.info.name, label), same_index(binders, index)))
            body = implies(premise, ir.Test(table, (*params(binders), C)))
            kind = "read-held" if mode == "read" else "held"
            fact = f"{proc.info.name}.{label}: {indexed(lock, index)} is {kind}{words}"
            yield Fact(fact, forall((*binders, CPU), body))


def _not_held(proc: Proc, label: str, here: Standing, table: str, standing: Mapping[str, Standing]) -> Iterator[Fact]:
    """What the call may hold at most, where that is less than what it may hold anywhere."""
    lock, mode, _ = table.split("@")
    if mode == "seen" or here.lost.get(table, 0) == here.reach:
        return
    may = {index: where for (name, index), where in here.may.items() if name == table and where}
    anywhere = {index for other in standing.values() for (name, index) in other.may if name == table}
    lost = here.lost.get(table, 0)
    known_index = len(anywhere) == 1 and not any(other.lost.get(table, 0) for other in standing.values())
    if known_index and all(where == here.reach for where in may.values()) and may:
        return  # `holding` says it
    binders = index_binders(proc.table[table].index[:-1])
    conditions = {index: proc.cases.formula(where, here.reach) for index, where in may.items()}
    free = proc.cases.formula(lost, here.reach)
    upper = disj(conditions.values()) if known_index else disj((free, any_index(binders, conditions)))
    premise = conj((at(proc.info.name, label), ir.Test(table, (*params(binders), C))))
    verb = "read-holds" if mode == "read" else "holds"
    what = " or ".join(_under(indexed(lock, index), when) for index, when in conditions.items())
    what = f"at most {what}" if what else _under(f"no {lock}", neg(free))
    yield Fact(f"{proc.info.name}.{label}: {verb} {what}", forall((*binders, CPU), implies(premise, upper)))


def _under(what: str, when: Formula) -> str:
    return what if when == TRUE else f"{what} when {show_formula(when)}"


def _different(proc: Proc, label: str, here: Standing, table: str) -> Iterator[Fact]:
    """Two locks held for writing are two: needed when one of them is released."""
    lock, mode, _ = table.split("@")
    mine = [(index, where) for (name, index), where in here.held.items() if name == table]
    if mode != "write":
        return
    binders = index_binders(proc.table[table].index[:-1])
    for (one, where_one), (two, where_two) in combinations(mine, 2):
        both = where_one & where_two
        if both:
            words, when = _when(proc, both, here)
            premise = conj((when, at(proc.info.name, label), same_index(binders, one)))
            name = f"{proc.info.name}.{label}: {indexed(lock, one)} is not {indexed(lock, two)}{words}"
            yield Fact(name, forall((*binders, CPU), implies(premise, neg(same_index(binders, two)))))


def _watched(proc: Proc, label: str, here: Standing, table: str, system: System) -> Iterator[Fact]:
    """Since `begin`, a writer inside a seqcount has been seen."""
    lock, mode, _ = table.split("@")
    if mode != "seen":
        return
    writers = [var.name for var in system.vars if var.name.startswith(f"{lock}@write@")]
    binders = index_binders(proc.table[table].index[:-1])
    for (name, index), where in here.held.items():
        if name == table and where and writers:
            words, when = _when(proc, where, here)
            inside = disj(ir.Test(writer, (*params(binders), D)) for writer in writers)
            premise = conj((when, at(proc.info.name, label), same_index(binders, index), inside))
            body = implies(premise, ir.Test(table, (*params(binders), C)))
            fact = f"{proc.info.name}.{label}: a writer in {indexed(lock, index)} is seen{words}"
            yield Fact(fact, forall((*binders, CPU, ir.Binder("d", "Cpu")), body))


def _locals(proc: Proc, label: str, here: Standing) -> Iterator[Fact]:
    """Which locals are surely there, and which surely are not; booleans likewise."""
    for name in proc.frame:
        var = proc.table[name]
        sure = here.reach & ~here.false.get(name, 0)
        never = here.reach & ~here.true.get(name, 0)
        if var.owner is not None:  # fields of an absent record are absent anyway
            never &= here.true.get(var.owner, here.reach)
        holds: Formula = ir.Test(name, (C,)) if var.domain is None else ir.Present(ir.Get(name, (C,)))
        is_record = any(other.owner == name for other in proc.table.values())
        yes, no = ("present", "none") if var.domain is not None or is_record else ("true", "false")
        word = name.partition("@")[2]
        for these, literal, what in ((sure, holds, yes), (never, neg(holds), no)):
            if these:
                words, when = _when(proc, these, here)
                body = implies(conj((when, at(proc.info.name, label))), literal)
                yield Fact(f"{proc.info.name}.{label}: {word} is {what}{words}", forall((CPU,), body))
