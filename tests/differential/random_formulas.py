"""Random truth values: the kinds of formulas, with how often each is wanted."""

from dataclasses import replace

from random_declarations import BOOL, CPU, Type
from random_expressions import (
    AND,
    ATOM,
    COMPARISON,
    EXPR,
    NOT,
    OR,
    SUM,
    Context,
    Option,
    Text,
    _match,
    _old,
    _readable,
    apply,
    binders,
    binders_text,
    formula,
    index_text,
    places,
    read,
    term,
    value,
    wrap,
)


def options(c: Context, depth: int) -> list[Option]:
    flags = [place for place in _readable(c, BOOL) if depth > 0 or not place.sorts]
    found: list[Option] = [(1, lambda: Text(c.draws.pick(("true", "false"))))]
    names = [name for name, of in c.names.items() if of.base == BOOL]
    if names:
        found.append((8, lambda: Text(c.draws.pick(names))))
    if flags:
        found.append((14, lambda: read(c, c.draws.pick(flags), depth)))
    if c.where != "init":
        found += _about_switches(c) + _about_calls(c, depth)
    if depth <= 0:
        return found
    found += [
        (16, lambda: _comparison(c, depth)),
        (10, lambda: _presence(c, depth)),
        (6, lambda: Text(f"not {wrap(formula(c, depth - 1), NOT)}", NOT)),
    ]
    if depth > 1:
        found += _compound(c, depth)
    return found


def _compound(c: Context, depth: int) -> list[Option]:
    found: list[Option] = [
        (8, lambda: _chain(c, "and", depth)),
        (8, lambda: _chain(c, "or", depth)),
        (5, lambda: _implies(c, depth)),
        (2, lambda: _iff(c, depth)),
        (8, lambda: _quantified(c, depth)),
        (7, lambda: _tally(c, depth)),
        (2, lambda: _if_else(c, depth)),
        (2, lambda: _match(c, lambda: formula(c, depth - 1))),
        (3, lambda: apply(c, BOOL, depth)),
    ]
    if c.where == "transition" and not c.in_old:
        found.append((20, lambda: _old(formula(replace(c, in_old=True), depth - 1))))
    return found


# ---- logic ---------------------------------------------------------------------------------------------------------


def _chain(c: Context, word: str, depth: int) -> Text:
    level = AND if word == "and" else OR
    parts = [wrap(formula(c, depth - 1), level + 1) for _ in range(c.draws.between(2, 3))]
    return Text(f" {word} ".join(parts), level)


def _implies(c: Context, depth: int) -> Text:
    return Text(f"{wrap(formula(c, depth - 1), OR)} -> {formula(c, depth - 1).text}", EXPR)


def _iff(c: Context, depth: int) -> Text:
    left, right = formula(c, depth - 1), formula(c, depth - 1)
    op = c.draws.pick(("==", "!="))
    return Text(f"{wrap(left, SUM)} {op} {wrap(right, SUM)}", COMPARISON)


def _if_else(c: Context, depth: int) -> Text:
    parts = [formula(c, depth - 1).text for _ in range(3)]
    return Text(f"if {parts[0]} then {parts[1]} else {parts[2]}", EXPR)


def _quantified(c: Context, depth: int) -> Text:
    return quantified(c, c.draws.pick(("forall", "exists")), binders(c), depth)


def quantified(c: Context, kind: str, bound: list[tuple[str, str]], depth: int) -> Text:
    inner = c.bind(bound)
    where = f" where {formula(inner, depth - 1).text}" if c.draws.chance(35) else ""
    return Text(f"{kind} {binders_text(c, bound)}{where}: {formula(inner, depth - 1).text}", EXPR)


# ---- comparisons ---------------------------------------------------------------------------------------------------


def _comparison(c: Context, depth: int) -> Text | None:
    bases = [*c.declared.sorts, *c.declared.sorts, *c.declared.enums, *c.declared.structs]
    base = c.draws.pick(bases)
    left = term(c, base, depth - 1)
    right = None if left is None else value(c, Type(base, True), depth - 1)
    if left is None or right is None:
        return None
    if c.draws.chance(20) and right.text != "none":
        left, right = right, left
    return Text(f"{wrap(left, SUM)} {c.draws.pick(('==', '!='))} {wrap(right, SUM)}", COMPARISON)


def _presence(c: Context, depth: int) -> Text | None:
    known = [place for place in places(c) if place.type.optional and place.type.base != BOOL]
    known = [place for place in known if c.ghost or not place.ghost]
    said = read(c, c.draws.pick(known), depth) if known else None
    return None if said is None else Text(f"{said.text} {c.draws.pick(('!=', '=='))} none", COMPARISON)


def _tally(c: Context, depth: int) -> Text | None:
    parts = []
    for _ in range(c.draws.pick((1, 1, 1, 2))):
        held = sorted(c.declared.held_sorts())
        counted = term(c, c.draws.pick(held), depth - 1) if held and c.draws.chance(50) else None
        if counted is not None and c.where != "init":
            parts.append(f"refs({counted.text})")
        else:
            bound = binders(c)
            parts.append(f"count({binders_text(c, bound)} where {formula(c.bind(bound), depth - 1).text})")
    op = c.draws.pick(("==", "!=", "<", "<=", ">", ">="))
    bound_text = str(c.draws.pick((0, 1, 1, 1, 2, 2)))
    total = " + ".join(parts)
    sides = (bound_text, total) if c.draws.chance(15) else (total, bound_text)
    return Text(f" {op} ".join(sides), COMPARISON)


# ---- switches, calls, locks ----------------------------------------------------------------------------------------


def _about_switches(c: Context) -> list[Option]:
    found: list[Option] = []
    if c.declared.choice is not None:
        name, choices = c.declared.choice
        op = c.draws.pick(("==", "!="))
        found.append((2, lambda: Text(f"{name} {op} {c.draws.pick(choices)}", COMPARISON)))
    if c.declared.fixes:
        found.append((2, lambda: Text(c.draws.pick((*c.declared.fixes, "no fix")), ATOM)))
    return found


def _about_calls(c: Context, depth: int) -> list[Option]:
    found: list[Option] = []
    if c.declared.procs:
        found.append((4, lambda: _at(c, depth)))
        found.append((2, lambda: _one(c, "idle", CPU, depth)))
        found.append((3, lambda: _active(c, depth)))
    if c.declared.locks:
        found.append((3, lambda: _held(c, depth)))
        if any(lock.kind == "seqcount" for lock in c.declared.locks):
            found.append((8, lambda: _changed(c, depth)))
    return found


def _at(c: Context, depth: int) -> Text | None:
    proc = c.draws.pick(c.declared.procs)
    cpu = term(c, CPU, depth - 1)
    return None if cpu is None else Text(f"{wrap(cpu, SUM)} at {proc.name}.{c.draws.pick(proc.steps)}", COMPARISON)


def _one(c: Context, function: str, sort: str, depth: int) -> Text | None:
    said = term(c, sort, depth - 1)
    return None if said is None else Text(f"{function}({said.text})")


def _active(c: Context, depth: int) -> Text | None:
    cpu = term(c, CPU, depth - 1)
    name = c.draws.pick(c.declared.procs).name
    return None if cpu is None else Text(f"{name}[{cpu.text}] {c.draws.pick(('!=', '=='))} none", COMPARISON)


def _held(c: Context, depth: int) -> Text | None:
    lock = c.draws.pick(c.declared.locks)
    index = index_text(c, lock.index, depth)
    return None if index is None else Text(f"{c.draws.pick(('held', 'write_held'))}({lock.name}{index})")


def _changed(c: Context, depth: int) -> Text | None:
    lock = c.draws.pick([lock for lock in c.declared.locks if lock.kind == "seqcount"])
    index = index_text(c, lock.index, depth)
    if index is None or (c.in_call and c.draws.chance(65)):
        return None if index is None else Text(f"changed({lock.name}{index})")
    cpu = term(c, CPU, depth - 1)
    return None if cpu is None else Text(f"changed({lock.name}{index}, {cpu.text})")
