"""The vocabulary of lemmas: what can be said of a few elements in one state.

In: a system and some typed names. Out: atoms, formulas in which only these names are free:
- every variable of the model at these names: a truth, a presence, a value, the next step of a call;
- equality of two names; of two values, where a sort has tables that always have one (`content[p] == memory[m, a]`);
- `idle(t)`;
- `refs(p) <= 1`, and every other count or `exists` that the model itself compares, about any names of its sorts;
- "some call of this proc, at this step, with these arguments": true only as a conclusion, `... -> (exists t: ...)`.

Tables of locks are left out: who holds a lock where is said by the compiler's own facts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from cowspec.engines.inference.harvest import harvest
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.traverse import names

Names = tuple[ir.Binder, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    """`cost`: how much it adds to a lemma that mentions it, in tenths of a plain literal. `only_positive`: may stand in
    a conclusion only. `of`: the variable that it reads, if it reads one. `is_weak`: says only that there is a value."""

    formula: ir.Formula
    names: frozenset[str]
    cost: int
    only_positive: bool = False
    of: str = ""
    is_weak: bool = False
    is_naming: bool = False


Literal = tuple[Atom, bool]
"""An atom and its truth."""


def cost(atom: Atom, truth: bool) -> int:
    """What the literal adds to a lemma. That some value is there is a weak conclusion: at any size the prover does not
    know that a value which is there exists, so which one it is is worth more."""
    if atom.is_naming and truth:
        return 4 if of_step(atom.formula) is not None else 3
    return atom.cost + (10 if atom.is_weak and not truth else 0)


def atoms(system: ir.System, bound: Names) -> tuple[Atom, ...]:
    """All atoms about these names."""
    found = [*_equalities(bound), *_reads(system, bound), *_values(system, bound), *_counts(system, bound)]
    found += _calls(system, bound)
    found += _locks(system, bound)
    found += _idle(system, bound)
    return tuple({atom.formula: atom for atom in found}.values())


def is_lock(var: ir.StateVar) -> bool:
    """A table of who holds a lock, or of what a reader of a seqcount saw."""
    return any(f"@{mode}@" in var.name for mode in ("read", "write", "seen"))


def is_frame(var: ir.StateVar) -> bool:
    """A program counter, a parameter or a local."""
    return "@" in var.name and not is_lock(var)


def _of_sort(bound: Names, sort: str) -> list[ir.Param]:
    return [ir.Param(name.name) for name in bound if name.domain == sort]


def _instances(bound: Names, index: Sequence[str]) -> Iterator[tuple[ir.Term, ...]]:
    return product(*(_of_sort(bound, sort) for sort in index))


def _atom(formula: ir.Formula, cost: int = 10, of: str = "") -> Atom:
    return Atom(formula, names([formula]), cost, of=of)


def _equalities(bound: Names) -> Iterator[Atom]:
    for one, two in combinations(bound, 2):
        if one.domain == two.domain:
            yield _atom(ir.Equal(ir.Param(one.name), ir.Param(two.name)), 7)


def _reads(system: ir.System, bound: Names) -> Iterator[Atom]:
    enums = dict(system.enums)
    for var in system.vars:
        if is_lock(var):
            continue
        for args in _instances(bound, var.index):
            here = ir.Get(var.name, args)
            if var.domain is None:
                owns = any(other.owner == var.name for other in system.vars)
                yield _atom(ir.Test(var.name, args), 9 if owns else 10, of=var.name)
                continue
            if var.presence == ir.Presence.OWN:
                weak = var.domain in system.sorts
                yield Atom(ir.Present(here), names([ir.Present(here)]), 9, of=var.name, is_weak=weak)
            if var.domain in enums:
                for member in enums[var.domain]:
                    formula = ir.Equal(here, ir.Member(var.domain, member))
                    yield Atom(formula, names([formula]), 11, of=var.name, is_naming=var.name.endswith("@pc"))
            else:
                for name in _of_sort(bound, var.domain):
                    formula = ir.Equal(here, name)
                    yield Atom(formula, names([formula]), 10, of=var.name, is_naming=is_frame(var))


def _values(system: ir.System, bound: Names) -> Iterator[Atom]:
    """Equalities of what two places hold, in sorts of which some table always holds a value."""
    total = {var.domain for var in system.vars if var.presence == ir.Presence.TOTAL and not is_frame(var)}
    for sort in system.sorts:
        if sort not in total:
            continue
        places = [
            ir.Get(var.name, args)
            for var in system.vars
            if var.domain == sort and not is_lock(var)
            for args in _instances(bound, var.index)
        ]
        for one, two in combinations(places, 2):
            yield _atom(ir.Equal(one, two), 12)


def _counts(system: ir.System, bound: Names) -> Iterator[Atom]:
    for pattern in harvest(system):
        for args in product(*(_of_sort(bound, sort) for sort in pattern.sorts)):
            taken = [arg.name for arg in args]
            if len(set(taken)) == len(taken):
                yield Atom(pattern.at(taken), frozenset(taken), 13, pattern.only_positive)


def _calls(system: ir.System, bound: Names) -> Iterator[Atom]:
    """`exists t: Cpu: t at munmap.flush and munmap[t].m == m and munmap[t].a == a`"""
    if any(name.name == CALLER for name in bound):
        return
    cpu = ir.Param(CALLER)
    for proc in system.procs:
        slots = [
            var for var in system.vars if var.name.startswith(f"{proc.name}@") and var.domain in system.sorts
            and var.index == ("Cpu",)
        ]  # fmt: skip
        steps = dict(system.enums).get(f"{proc.name}@step", ())
        arguments = tuple(slot for slot in slots if any(slot.name == f"{proc.name}@{p.name}" for p in proc.params))
        locals_ = [slot for slot in slots if slot not in arguments]
        shapes = dict.fromkeys([*((slot,) for slot in slots), arguments, *((*arguments, slot) for slot in locals_)])
        for chosen in shapes:
            size = len(chosen)
            if size:
                choices = [[n.name for n in bound if n.domain == slot.domain] for slot in chosen]
                for taken in product(*choices):
                    if len(set(taken)) < len(taken):
                        continue
                    fixed = tuple(
                        ir.Equal(ir.Get(slot.name, (cpu,)), ir.Param(name))
                        for slot, name in zip(chosen, taken, strict=True)
                    )
                    for step in (None, *steps):
                        at = () if step is None else (_at(proc.name, step, cpu),)
                        body = fixed[0] if not at and size == 1 else ir.And((*at, *fixed))
                        formula = ir.Quant(QuantKind.EXISTS, (ir.Binder(CALLER, "Cpu"),), body)
                        cost = 22 - 2 * size - 2 * bool(at)
                        yield Atom(formula, frozenset(taken), cost, only_positive=True)


def _locks(system: ir.System, bound: Names) -> Iterator[Atom]:
    """`held(l[m])`, `write_held(l[m])`, `changed(s[m], t)`"""
    tables: dict[str, dict[str, list[ir.StateVar]]] = {}
    for var in system.vars:
        if is_lock(var):
            lock, mode, _ = var.name.split("@")
            tables.setdefault(lock, {}).setdefault(mode, []).append(var)
    holder = ir.Param(HOLDER)
    for modes in tables.values():
        writers, readers, watchers = (modes.get(mode, []) for mode in ("write", "read", "seen"))
        index = next(iter(modes.values()))[0].index[:-1]
        for args in _instances(bound, index):
            for group in ([*writers, *readers], writers) if readers else (writers,):
                if group:
                    held = _any([ir.Test(var.name, (*args, holder)) for var in group])
                    formula = ir.Quant(QuantKind.EXISTS, (ir.Binder(HOLDER, "Cpu"),), held)
                    yield Atom(formula, names([formula]) - {HOLDER}, 10)
            for cpu in _of_sort(bound, "Cpu") if watchers else ():
                yield _atom(_any([ir.Test(var.name, (*args, cpu)) for var in watchers]))


def _idle(system: ir.System, bound: Names) -> Iterator[Atom]:
    """`idle(t)`, where more than one proc could run: what holds of no call needs to know that there is none."""
    counters = [var.name for var in system.vars if var.name.endswith("@pc")]
    for cpu in _of_sort(bound, "Cpu") if len(counters) > 1 else ():
        formula = ir.And(tuple(ir.Not(ir.Present(ir.Get(counter, (cpu,)))) for counter in counters))
        yield Atom(formula, frozenset({cpu.name}), 9)


def _any(parts: Sequence[ir.Formula]) -> ir.Formula:
    return parts[0] if len(parts) == 1 else ir.Or(tuple(parts))


HOLDER = "holder"
"""The name of the CPU of whoever holds a lock."""

CALLER = "t_"
"""The name of the CPU of the call in an existential atom."""


def _at(proc: str, step: str, cpu: ir.Term) -> ir.Formula:
    return ir.Equal(ir.Get(f"{proc}@pc", (cpu,)), ir.Member(f"{proc}@step", step))


def of_step(formula: ir.Formula) -> str | None:
    """The program counter that the atom compares with a step, if it is such an atom."""
    match formula:
        case ir.Equal(ir.Get(var, _), ir.Member()) if var.endswith("@pc"):
            return var
        case _:
            return None
