"""Random statements of actions, macros and steps of procs, as lines of text.

What the language forbids is never said: nothing but ghosts is steered by a ghost, a bulk only assigns and indexes by
every bound name, locks and jumps stand in procs, a jump ends its block.
"""

from dataclasses import replace
from typing import NamedTuple

from random_declarations import BOOL, Function, Proc, Type, written
from random_expressions import (
    Context,
    Option,
    Place,
    Text,
    arguments,
    binders_text,
    first_possible,
    flags_of,
    formula,
    grouped,
    index_text,
    subject_and_cases,
    term,
    value,
)

Lines = list[str]


class Said(NamedTuple):
    """Statements, and whether every path through them ends in a jump (then nothing may follow)."""

    lines: Lines
    leaves: bool = False


def block(c: Context, depth: int, least: int, most: int, jump: int = 0) -> Said:
    """Statements, with so many percent a jump at the end. A `let` is known to what follows it."""
    lines: Lines = []
    for _ in range(c.draws.between(least, most)):
        c, said = statement(c, depth)
        lines += said.lines
        if said.leaves:
            return Said(lines, True)
    if c.proc is not None and c.draws.chance(jump):
        return Said([*lines, _jump(c)], True)
    return Said(lines)


def statement(c: Context, depth: int) -> tuple[Context, Said]:
    """One statement, and what is bound after it."""
    kinds: list[tuple[int, str]] = [
        (14, "assign"), (6, "choose"), (6, "require"), (5, "let"), (6, "bulk"), (4, "ghost"), (1, "note"), (3, "macro"),
    ]  # fmt: skip
    if depth > 0:
        kinds += [(7, "if"), (2, "match"), (3, "ghost_if")]
    if c.in_call and c.declared.locks:
        kinds += [(14, "lock")]
    match c.draws.weighted(kinds):
        case "assign":
            return c, Said(_assign(c, ghost=False))
        case "choose":
            c, lines = _choose(c)
            return c, Said(lines)
        case "require":
            return c, Said([f"require {formula(c, 2).text}"])
        case "let":
            c, lines = _let(c)
            return c, Said(lines)
        case "bulk":
            return c, Said(_bulk(c, ghost=False))
        case "ghost":
            return c, Said((c.draws.chance(50) and _bulk(c, ghost=True)) or _assign(c, ghost=True))
        case "note":
            return c, Said(['note "[ seen ]"'])
        case "macro":
            return c, Said(_use_macro(c))
        case "if":
            return c, _if(c, depth)
        case "match":
            return c, _match(c, depth)
        case "ghost_if":
            return c, Said(_ghost_if(c))
        case _:
            return c, Said(lock_lines(c))


# ---- assignments ---------------------------------------------------------------------------------------------------


def _targets(c: Context, ghost: bool) -> list[Place]:
    """Places to write: variables, own locals, and fields of records."""
    found = [Place(var.name, var.index, "", var.type, var.ghost) for var in c.declared.vars]
    if c.proc is not None:
        found += [Place(local.name, (), "", local.type, local.ghost) for local in c.proc.locals]
    found = [place for place in found if place.ghost == ghost]
    fields = [
        place._replace(tail=f".{field}", type=of)
        for place in found
        for field, of in c.declared.structs.get(place.type.base, {}).items()
    ]
    return found + fields


def _assign(c: Context, ghost: bool) -> Lines:
    targets = _targets(c, ghost)
    if not targets:
        return []
    place = c.draws.pick(targets)
    inner = replace(c, ghost=ghost)
    index = index_text(replace(c, ghost=False), place.sorts, 1)
    said = value(inner, place.type, 2)
    if index is None or said is None:
        return []
    written = f"{place.head}{index}{place.tail}"
    also = _read_back(c, written, place.type.base) if not ghost and c.draws.chance(20) else []
    return [f"{written} := {said.text}", *also]


def _read_back(c: Context, written: str, sort: str) -> Lines:
    """A guard that reads what was just written, at its place in an index."""
    flags = [place for place in flags_of(c) if sort in place.sorts]
    if not flags:
        return []
    flag = c.draws.pick(flags)
    index = []
    for each in flag.sorts:
        said = term(c, each, 1)
        if said is None:
            return []
        index.append(written if each == sort else said.text)
    return [f"require {c.draws.pick(('', 'not '))}{flag.head}[{', '.join(index)}]{flag.tail}"]


def _choose(c: Context) -> tuple[Context, Lines]:
    domains = [*c.declared.sorts, *c.declared.sorts, *c.declared.enums]
    domain, name = c.draws.pick(domains), f"x{next(c.fresh)}"
    where = f" where {formula(c.bind([(name, domain)]), 2).text}" if c.draws.chance(60) else ""
    right = f"choose {name}: {domain}{where}"
    targets = [place for place in _targets(c, ghost=False) if place.type.base == domain]
    if targets and c.draws.chance(60):
        place = c.draws.pick(targets)
        index = index_text(c, place.sorts, 1)
        if index is not None:
            return c, [f"{place.head}{index}{place.tail} := {right}"]
    known = f"x{next(c.fresh)}"
    return c.bind([(known, domain)]), [f"let {known} = {right}"]


def _let(c: Context) -> tuple[Context, Lines]:
    base = c.draws.pick([BOOL, *c.declared.sorts, *c.declared.enums, *c.declared.structs])
    said = formula(c, 2) if base == BOOL else term(c, base, 2)
    if said is None:
        return c, []
    name = f"x{next(c.fresh)}"
    return replace(c, names={**c.names, name: Type(base, base != BOOL)}), [f"let {name} = {said.text}"]


def _bulk(c: Context, ghost: bool) -> Lines:
    """Binders for some positions of one variable's index; every assignment mentions them all. No record is written both
    as a whole and by field."""
    wide = [place for place in _targets(c, ghost) if place.sorts]
    if not wide:
        return []
    first = c.draws.pick(wide)
    bound = [(f"x{next(c.fresh)}", sort) for sort in first.sorts[: c.draws.between(1, len(first.sorts))]]
    inner = replace(c.bind(bound), ghost=ghost)
    where = f" where {formula(inner, 2).text}" if c.draws.chance(60) else ""
    assigns = []
    written_as: set[tuple[str, str]] = set()
    for place in [first, *c.draws.several(wide, 0, 2)]:
        other = "record" if place.tail else "field"
        if (place.head, other) in written_as:
            continue
        written_as.add((place.head, "field" if place.tail else "record"))
        said = _bulk_assign(inner, place, bound)
        if said is not None:
            assigns.append(said)
    return [f"forall {binders_text(c, bound)}{where} {{", *assigns, "}"] if assigns else []


def _bulk_assign(c: Context, place: Place, bound: list[tuple[str, str]]) -> str | None:
    left = list(bound)
    index = []
    for sort in place.sorts:
        mine = next((each for each in left if each[1] == sort), None)
        if mine is not None:
            left.remove(mine)
            index.append(mine[0])
            continue
        said = term(replace(c, ghost=False), sort, 1)
        if said is None:
            return None
        index.append(said.text)
    said = value(c, place.type, 2)
    if left or said is None:
        return None
    return f"{place.head}[{', '.join(index)}]{place.tail} := {said.text}"


# ---- branches ------------------------------------------------------------------------------------------------------


def _if(c: Context, depth: int) -> Said:
    then = block(c, depth - 1, 1, 2, 40)
    lines, leaves = [f"if {formula(c, 2).text} {{", *then.lines], [then.leaves]
    if c.draws.chance(20):
        also = block(c, depth - 1, 1, 1, 40)
        lines += [f"}} else if {formula(c, 2).text} {{", *also.lines]
        leaves.append(also.leaves)
    has_else = c.draws.chance(50)
    if has_else:
        otherwise = block(c, depth - 1, 0, 2, 40)
        lines += ["} else {", *otherwise.lines]
        leaves.append(otherwise.leaves)
    return Said([*lines, "}"], has_else and all(leaves))


def _match(c: Context, depth: int) -> Said:
    chosen = subject_and_cases(c)
    if chosen is None:
        return Said([])
    lines, leaves = [f"match {chosen[0]} {{"], []
    for names in grouped(c, chosen[1]):
        case = block(c, depth - 1, 0, 2, 40)
        lines += [f"{names} => {{", *case.lines, "}"]
        leaves.append(case.leaves)
    return Said([*lines, "}"], all(leaves))


def _ghost_if(c: Context) -> Lines:
    inner = _assign(c, ghost=True)
    return [f"if {formula(replace(c, ghost=True), 2).text} {{", *inner, "}"] if inner else []


def _use_macro(c: Context) -> Lines:
    known = [each for each in c.declared.functions if each.type is None and (c.in_call or not each.own_call)]
    if not known or c.where == "macro":
        return []
    macro = c.draws.pick(known)
    args = arguments(c, macro.params, 1)
    return [] if args is None else [f"{macro.name}({args})"]


# ---- locks and jumps -----------------------------------------------------------------------------------------------


def lock_lines(c: Context) -> Lines:
    lock = c.draws.pick(c.declared.locks)
    index = index_text(c, lock.index, 1)
    if index is None:
        return []
    place = f"{lock.name}{index}"
    said: tuple[str, ...]
    match lock.kind:
        case "rwlock":
            said = ("acquire {} for read", "acquire {} for write", "acquire {} for write", "release {}", "downgrade {}")
        case "mutex":
            said = ("acquire {}", "release {}")
        case _:
            said = ("begin {}", "acquire {}", "begin {}", "release {}")
    return [c.draws.pick(said).format(place)]


def _jump(c: Context) -> str:
    proc = c.proc
    assert proc is not None
    options: list[Option] = [
        (3, lambda: Text("return")),
        (2, lambda: Text('return "[ done ]"')),
        (4, lambda: Text(f"goto {c.draws.pick(proc.steps)}")),
        (9, lambda: call(c)),
    ]
    said = first_possible(c.draws, options)
    assert said is not None
    return said.text


def call(c: Context) -> Text | None:
    """A call of a proc declared later, so that there is no recursion."""
    assert c.proc is not None
    callees = c.declared.procs[c.declared.procs.index(c.proc) + 1 :]
    if not callees:
        return None
    callee = c.draws.pick(callees)
    args = []
    for _, base in callee.params:
        said = value(c, Type(base), 1)
        if said is None:
            return None
        args.append(said.text)
    return Text(f"call {callee.name}({', '.join(args)})")


# ---- bodies --------------------------------------------------------------------------------------------------------


def step_lines(c: Context, name: str, first: bool) -> Lines:
    """One step of `c.proc`."""
    text = f' "{name}()"' if c.draws.chance(40) else ""
    head, inner = "", c
    if c.draws.chance(15):
        bound = [(f"x{next(c.fresh)}", c.draws.pick(c.declared.sorts))]
        inner = c.bind(bound)
        head = f" each {binders_text(c, bound)}"
        head += f" where {formula(inner, 2).text}" if c.draws.chance(85) else ""
    lines = [f"step {name}{text}{head} {{"]
    if first and c.declared.locks and c.draws.chance(65):
        lines += lock_lines(inner)
    return [*lines, *block(inner, 2, 1, 2, 25).lines, "}"]


def function_lines(c: Context, function: Function) -> Lines:
    """A def or macro. One for the use in calls says something of its call."""
    params = ", ".join(f"{name}: {base}" for name, base in function.params)
    inner = replace(c.bind(function.params), ghost=function.ghost, in_call=function.own_call)
    if function.type is None:
        inner = replace(inner, where="macro")
        locks = lock_lines(inner) if function.own_call and c.declared.locks else []
        return [f"macro {function.name}({params}) {{", *locks, *block(inner, 1, 1, 2).lines, "}"]
    inner = replace(inner, where="def")
    said = formula(inner, 2) if function.type == BOOL else term(inner, function.type, 2)
    assert said is not None, "a parameter has the type of the def"
    return [f"def {function.name}({params}) = {said.text}"]


def proc_lines(c: Context, proc: Proc) -> Lines:
    params = ", ".join(f"{name}: {base}" for name, base in proc.params)
    lines = [f"proc {proc.name}({params}) {{"]
    for local in proc.locals:
        ghost, ref = "ghost " * local.ghost, "ref " * local.is_ref
        lines.append(f"{ghost}var {local.name}: {ref}{written(local.type)}")
    names = {name: Type(base) for name, base in proc.params}
    inner = replace(c, where="proc", proc=proc, in_call=True, names=names)
    for number, name in enumerate(proc.steps):
        lines += step_lines(inner, name, number == 0)
    return [*lines, "}"]
