"""Random declarations: sorts, types, variables, locks, switches, and the heads of procs.

Small on purpose: every table has few cells, so that all that follows can be enumerated.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from draws import Draws

BOOL = "bool"
CPU = "Cpu"


class Type(NamedTuple):
    """`base` is "bool", a sort, an enum or a struct."""

    base: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    index: tuple[str, ...]
    type: Type
    ghost: bool
    is_ref: bool
    start: str  # "" or what stands after `=`


@dataclass(frozen=True, slots=True)
class Lock:
    kind: str
    name: str
    index: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proc:
    """The head of a proc: what others may know of it."""

    name: str
    params: tuple[tuple[str, str], ...]
    locals: tuple[Variable, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A def, or (`type` None) a macro."""

    name: str
    params: tuple[tuple[str, str], ...]
    type: str | None
    ghost: bool  # reads ghosts
    own_call: bool  # reads `self` or `changed`: only for use in procs


@dataclass(slots=True)
class Declared:
    sorts: list[str]
    enums: dict[str, tuple[str, ...]]
    structs: dict[str, dict[str, Type]]
    vars: list[Variable] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    choice: tuple[str, tuple[str, ...]] | None = None
    fixes: list[str] = field(default_factory=list)
    procs: list[Proc] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)

    def held_sorts(self) -> set[str]:
        """What `refs` can count."""
        found: set[str] = set()
        for var in [*self.vars, *(local for proc in self.procs for local in proc.locals)]:
            if var.is_ref:
                bases = [of.base for of in self.structs.get(var.type.base, {}).values()] or [var.type.base]
                found.update(base for base in bases if base in self.sorts)
        return found


def declare(draws: Draws) -> Declared:
    sorts = ["Page", CPU] if draws.chance(85) else ["Page", "Mm"]
    if draws.chance(35):
        sorts.append("Value")
    enums = {"Mode": ("calm", "busy", "gone")[: draws.between(2, 3)]} if draws.chance(60) else {}
    structs = {"Pte": _struct(draws, sorts, enums)} if draws.chance(75) else {}
    declared = Declared(sorts, enums, structs)
    declared.vars = _variables(draws, declared)
    if draws.chance(35):
        declared.choice = ("policy", ("eager", "lazy"))
    if draws.chance(20 if declared.choice else 40):
        declared.fixes.append("fixed")
    if CPU in sorts and draws.chance(85):
        if draws.chance(75):
            declared.locks = _locks(draws, sorts)
        declared.procs = [_proc(draws, declared, f"op{number}") for number in range(draws.between(1, 2))]
    return declared


def _struct(draws: Draws, sorts: list[str], enums: dict[str, tuple[str, ...]]) -> dict[str, Type]:
    fields = {"page": Type("Page", draws.chance(20)), "write": Type(BOOL)}
    if draws.chance(30):
        fields["other"] = Type(draws.pick([*sorts, *enums]), draws.chance(40))
    return fields


def _variables(draws: Draws, declared: Declared) -> list[Variable]:
    found: list[Variable] = []
    wide = 0
    for number in range(draws.between(3, 5)):
        bases = [BOOL, *declared.sorts, *declared.enums, *declared.structs, *declared.structs]
        base = declared.sorts[0] if number == 0 else draws.pick(bases)
        most = 1 if wide or base in declared.structs else 2
        index = tuple(draws.pick(declared.sorts) for _ in range(draws.below(most + 1)))
        wide += len(index) > 1
        optional = base != BOOL and draws.chance(50)
        ghost = number > 1 and draws.chance(30)
        is_ref = not ghost and _holds_sort(declared, base) and draws.chance(50)
        of = Type(base, optional)
        found.append(Variable(f"v{number}", index, of, ghost, is_ref, _start(draws, declared, of)))
    return found


def _holds_sort(declared: Declared, base: str) -> bool:
    bases = [of.base for of in declared.structs.get(base, {}).values()] or [base]
    return any(each in declared.sorts for each in bases)


def _start(draws: Draws, declared: Declared, of: Type) -> str:
    """A start value; a plain sort, and a struct with one, has none but `any`."""
    must = not of.optional and (of.base in declared.sorts or of.base in declared.structs)
    if must or draws.chance(30):
        return "any"
    if of.base in declared.enums and draws.chance(40):
        return draws.pick(declared.enums[of.base])
    if of.base == BOOL and draws.chance(25):
        return "true"
    if of.optional and draws.chance(10):
        return "none"
    return ""


def _locks(draws: Draws, sorts: list[str]) -> list[Lock]:
    kinds = ["mutex", "rwlock", "rwlock", "seqcount"]
    found = []
    for number in range(draws.between(1, 2)):
        index = tuple(draws.several(sorts, 0, 1))
        found.append(Lock(draws.pick(kinds), f"lock{number}", index))
    return found


def _proc(draws: Draws, declared: Declared, name: str) -> Proc:
    domains = [*declared.sorts, *declared.enums]
    params = tuple((f"{name}_{x}", draws.pick(domains)) for x in "pq"[: draws.below(3)])
    found = []
    for number in range(draws.below(3)):
        base = draws.pick([*declared.sorts, BOOL, *declared.enums, *declared.structs])
        of = Type(base, base != BOOL and (base not in declared.enums or draws.chance(40)))
        is_ref = _holds_sort(declared, base) and draws.chance(50)
        ghost = not is_ref and draws.chance(20)
        found.append(Variable(f"{name}_x{number}", (), of, ghost, is_ref, ""))
    return Proc(name, params, tuple(found), tuple(f"{name}_s{number}" for number in range(draws.between(1, 3))))


# ---- text ----------------------------------------------------------------------------------------------------------


def written(of: Type) -> str:
    return of.base + "?" * of.optional


def variable_text(var: Variable) -> str:
    index = f"[{', '.join(var.index)}]" if var.index else ""
    ghost, ref = "ghost " * var.ghost, "ref " * var.is_ref
    return f"{ghost}var {var.name}{index}: {ref}{written(var.type)}" + (f" = {var.start}" if var.start else "")


def declarations_text(declared: Declared) -> list[str]:
    lines = [f"sort {', '.join(declared.sorts)}"]
    lines += [f"enum {name} {{ {', '.join(members)} }}" for name, members in declared.enums.items()]
    for name, fields in declared.structs.items():
        inner = ", ".join(f"{field_name}: {written(of)}" for field_name, of in fields.items())
        lines.append(f"struct {name} {{ {inner} }}")
    lines += [variable_text(var) for var in declared.vars]
    for lock in declared.locks:
        lines.append(f"{lock.kind} {lock.name}" + (f"[{', '.join(lock.index)}]" if lock.index else ""))
    if declared.choice is not None:
        name, options = declared.choice
        said = " ".join(f'{option} "does it {option}"' for option in options)
        lines.append(f"choice {name} {{ {said} }}")
    lines += [f'fix {name} "{name} does"' for name in declared.fixes]
    return lines
