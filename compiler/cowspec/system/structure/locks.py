"""Facts about locks that hold wherever the calls stand."""

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement

from cowspec.system import ir
from cowspec.system.ir import Fact, Formula, System, Term
from cowspec.system.simplify import all_equal, conj, disj, forall, implies, neg
from cowspec.system.structure.calls import active
from cowspec.system.structure.standing import SELF, Index, Proc, Standing

C, D = ir.Param("c"), ir.Param("d")


def index_binders(index: tuple[str, ...], avoid: tuple[str, ...] = ("c", "d")) -> tuple[ir.Binder, ...]:
    """`i, j, ...` for the index of a lock."""
    names = [name for name in "ijklmnop" if name not in avoid]
    return tuple(ir.Binder(name, sort) for name, sort in zip(names, index, strict=False))


def params(binders: tuple[ir.Binder, ...]) -> tuple[Term, ...]:
    return tuple(ir.Param(binder.name) for binder in binders)


# ---- exclusion -----------------------------------------------------------------------------------------------------


def exclusion(system: System) -> Iterator[Fact]:
    """Two holders for writing are the same call; nobody reads meanwhile. One fact for each two procs."""
    tables = [var for var in system.vars if var.name.count("@") == 2]
    for lock in dict.fromkeys(var.name.split("@")[0] for var in tables):
        mine = {var.name: var for var in tables if var.name.split("@")[0] == lock}
        procs = dict.fromkeys(name.split("@")[2] for name in mine)
        for one, two in combinations_with_replacement(procs, 2):
            body = conj(_exclude(lock, one, two, mine))
            binders = index_binders(next(iter(mine.values())).index[:-1])
            name = f"{lock}: {one} excludes {two}" if one != two else f"{lock}: {one} excludes itself"
            yield Fact(name, forall((*binders, ir.Binder("c", "Cpu"), ir.Binder("d", "Cpu")), body))


def _exclude(lock: str, one: str, two: str, tables: Mapping[str, ir.StateVar]) -> Iterator[Formula]:
    index = params(index_binders(next(iter(tables.values())).index[:-1]))

    def holds(mode: str, proc: str, cpu: Term) -> Formula | None:
        table = f"{lock}@{mode}@{proc}"
        return ir.Test(table, (*index, cpu)) if table in tables else None

    w1, w2, r1, r2 = holds("write", one, C), holds("write", two, D), holds("read", one, C), holds("read", two, D)
    if w1 is not None and w2 is not None:
        both = ir.And((w1, w2))
        yield implies(both, ir.Equal(C, D)) if one == two else neg(both)
    if w1 is not None and r2 is not None:
        yield neg(ir.And((w1, r2)))
    if r1 is not None and w2 is not None and one != two:
        yield neg(ir.And((r1, w2)))


# ---- holding -------------------------------------------------------------------------------------------------------


def holding(proc: Proc, standing: Mapping[str, Standing]) -> Iterator[Fact]:
    """An idle call holds nothing; and if control flow takes a lock at one index only, an index held is that one."""
    name = proc.info.name
    for table in proc.locks:
        lock, mode, _ = table.split("@")
        binders = index_binders(proc.table[table].index[:-1])
        everywhere = (*binders, ir.Binder("c", "Cpu"))
        holds = ir.Test(table, (*params(binders), C))
        verb = {"write": "holds", "read": "read-holds", "seen": "watches"}[mode]
        yield Fact(f"idle {name} {verb} no {lock}", forall(everywhere, implies(holds, active(name))))
        taken = {key[1] for here in standing.values() for key in here.may if key[0] == table}
        lost = any(here.lost.get(table, 0) for here in standing.values())
        if mode != "seen" and binders and len(taken) == 1 and not lost:
            (index,) = taken
            body = implies(holds, same_index(binders, index))
            yield Fact(f"{name} {verb} {indexed(lock, index)} only", forall(everywhere, body))


def same_index(binders: tuple[ir.Binder, ...], index: Index) -> Formula:
    """The bound index is this one of the call on c."""
    return all_equal((at_cpu(term) for term in index), params(binders))


def at_cpu(term: Term) -> Term:
    """A term over the frame of self, of the call on c."""
    return ir.Get(term.var, (C,)) if isinstance(term, ir.Get) and term.args == (SELF,) else term


def indexed(lock: str, index: Index) -> str:
    """`mmap_lock[m]` in the words of the proc."""
    texts = [_word(term) for term in index]
    return f"{lock}[{', '.join(texts)}]" if texts else lock


def _word(term: Term) -> str:
    match term:
        case ir.Get(var):
            return var.partition("@")[2]
        case ir.Member(_, name):
            return name
        case _:
            return "?"


def any_index(binders: tuple[ir.Binder, ...], indices: dict[Index, Formula]) -> Formula:
    """The bound index is one of these, each under its condition."""
    return disj(conj((when, same_index(binders, index))) for index, when in indices.items())
