"""Expressions of the checked model as TLA+.

What may be absent is never used as an index of a plain application: TLC stops there. `ValueAt(f, x, none)` is `none`
for an absent x; where the text around has asked for the presence of x, plain `f[x]` is written. `known` holds the texts
that are surely present.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from cowspec.check import typed
from cowspec.check.typed import BoolType, Expr, StructType, Type
from cowspec.encode.tla.env import (
    Env,
    cardinality,
    declared,
    is_local,
    is_optional_field,
    me,
    quantifier,
    ref_places,
    ref_tables,
)
from cowspec.encode.tla.names import string
from cowspec.encode.tla.store import Rec, Value, select, text
from cowspec.encode.tla.symbols import IDLE, PC, PRESENT, READERS, SEEN, WRITERS, base_name, label, type_of
from cowspec.encode.tla.symbols import field as field_name
from cowspec.encode.tla.text import conj, disj, implies, inner, negated, pick
from cowspec.syntax.ast import LockKind, QuantKind


def shown(expr: Expr, env: Env) -> str:
    """The expression as one line of TLA+."""
    return text(value(expr, env))


def value(expr: Expr, env: Env) -> Value:
    match expr:
        case typed.BoolLit(truth):
            return "TRUE" if truth else "FALSE"
        case typed.EnumLit(_, member):
            return string(member)
        case typed.NoneLit(of):
            return env.symbols.absent(of)
        case typed.Var(name):
            return env.names[name]
        case typed.Read(var, index):
            if is_local(var, index, env):
                return env.read(env.proc or "", "self", (field_name(var),))
            return entry(var, index, env)
        case typed.FrameRead(proc, name, cpu):
            return entry(proc, (cpu,), env, (field_name(name),))
        case typed.FieldOf(base, name):
            return _field(base, name, env)
        case typed.Record(struct, fields):
            there = ((PRESENT, "TRUE"),) if env.symbols.marked(struct) else ()
            return Rec((*there, *((field_name(name), value(inside, env)) for name, inside in fields)))
        case typed.Cond(condition, then, otherwise):
            test = shown(condition, env)
            yes = shown(then, env.knowing(met(condition, env)))
            return f"({pick(test, yes, shown(otherwise, env.knowing(unmet(condition, env))))})"
        case typed.Old(body):
            return value(body, replace(env, after=False))
        case _:
            return formula(expr, env)


def _field(base: Expr, name: str, env: Env) -> Value:
    """A field; of the absent record it is absent by itself."""
    match base:
        case typed.Read(var, index) if not is_local(var, index, env):
            return entry(var, index, env, (field_name(name),))
        case typed.Read(var):
            return env.read(env.proc or "", "self", (field_name(var), field_name(name)))
        case typed.FrameRead(proc, local, cpu):
            return entry(proc, (cpu,), env, (field_name(local), field_name(name)))
        case typed.NoneLit():
            return env.symbols.absent(dict(env.symbols.layout.structs[base.type.base.name])[name])  # type: ignore[union-attr]
        case _:
            return select(value(base, env), (field_name(name),))


def entry(table: str, index: tuple[Expr, ...], env: Env, path: tuple[str, ...] = ()) -> Value:
    """A place of a variable, or a field of it; absent (false) where an index is."""
    if not index:
        return env.read(table, None, path)
    args = [shown(arg, env) for arg in index]
    if all(sure(arg, env) for arg in index):
        return env.read(table, ", ".join(args), path)
    key = args[0] if len(args) == 1 else f"<<{', '.join(args)}>>"
    whole = f"ValueAt({env.current(table)}, {key}, {env.symbols.tables[table].absent})"
    return select(whole, path)


# ---- presence ------------------------------------------------------------------------------------------------------


def sure(expr: Expr, env: Env) -> bool:
    """Whether the value is present in every state in which no step has faulted."""
    match expr:
        case typed.Var(name):
            return name not in env.maybe or text(env.names[name]) in env.known
        case typed.EnumLit() | typed.Record() | typed.BoolLit():
            return True
        case typed.NoneLit():
            return False
        case typed.Cond(_, then, otherwise):
            return sure(then, env) and sure(otherwise, env)
        case typed.Old(body):
            return sure(body, replace(env, after=False))
        case typed.Read(var, index):
            total = not declared(var, index, env).optional and all(sure(arg, env) for arg in index)
            total = total and _is_settled(env.proc or "" if is_local(var, index, env) else var, env)
            return total or _is_known(expr, env)
        case typed.FrameRead(proc, name, cpu):
            own = proc == env.proc and isinstance(cpu, typed.Var) and cpu.name == "self"
            total = own and not env.symbols.layout.frames[proc].names[name].optional and _is_settled(proc, env)
            return total or _is_known(expr, env)
        case typed.FieldOf(typed.Record(_, fields), name):
            return sure(dict(fields)[name], env)
        case typed.FieldOf(typed.Cond(_, then, otherwise), name):
            return all(sure(replace(expr, base=side), env) for side in (then, otherwise)) or _is_known(expr, env)
        case typed.FieldOf(base, name):
            total = not is_optional_field(base, name, env) and sure(base, env) and not env.strict
            return total or _is_known(expr, env)
        case _:
            return True


def _is_known(expr: Expr, env: Env) -> bool:
    """Its text is, or (of a field that is not optional) the text of its record."""
    said = peeked(expr, env)
    if said in env.known:
        return True
    match expr:
        case typed.FieldOf(base, name):
            optional = is_optional_field(base, name, env)
            return not optional and said.removesuffix(f".{field_name(name)}") in env.known
        case typed.Read(var, index) if not is_local(var, index, env) and all(sure(arg, env) for arg in index):
            at = ", ".join(peeked(arg, env) for arg in index) or None
            return env.store.same_presence(env.table(var), at) in env.known
        case _:
            return False


def _is_settled(table: str, env: Env) -> bool:
    return not (env.strict and env.store.touched(env.symbols.tables[table].name))


def peeked(expr: Expr, env: Env) -> str:
    """The expression; where it would need a LET, a text that nothing else is."""
    return shown(expr, replace(env, store=env.store.dry()))


def is_absent(expr: Expr, env: Env) -> str:
    """`x = NoPage`"""
    if isinstance(expr, typed.NoneLit):
        return "TRUE"
    of = type_of(expr)
    if isinstance(of.base, BoolType) or sure(expr, env):
        return "FALSE"
    match expr:
        case typed.Cond(condition, then, otherwise):
            yes, no = is_absent(then, env.knowing(met(condition, env))), is_absent(otherwise, env)
            return f"({pick(shown(condition, env), yes, no)})" if yes != no else yes
        case typed.Read(var, index) if index and not declared(var, index, env).optional and _is_settled(var, env):
            return disj(is_absent(arg, env) for arg in index)
        case typed.FieldOf(typed.Record(_, fields), name):
            return is_absent(dict(fields)[name], env)
        case typed.FieldOf(base, name) if (
            not isinstance(base, typed.Cond) and not is_optional_field(base, name, env) and not env.strict
        ):
            return is_absent(base, env)
        case _:
            pass
    now = value(expr, env)
    match of.base:
        case StructType(struct) if env.symbols.marked(struct):
            return negated(text(select(now, (PRESENT,))))
        case StructType() if isinstance(now, Rec):
            return "FALSE"
        case _:
            return f"{inner(text(now))} = {env.symbols.absent(of)}"


def met(condition: Expr, env: Env) -> Iterator[str]:
    """What is present where the condition holds."""
    match condition:
        case typed.And(parts):
            for part in parts:
                yield from met(part, env)
        case typed.Not(body):
            yield from unmet(body, env)
        case typed.Equal(left, right) if not isinstance(type_of(left).base, BoolType):  # false may equal an absent flag
            for one, other in ((left, right), (right, left)):
                if not isinstance(other, typed.NoneLit) and sure(other, env):
                    yield from present(one, env)
        case typed.FieldOf() | typed.Read() | typed.FrameRead():
            yield from present(condition, env)
        case typed.At(cpu) | typed.Active(_, cpu):
            yield from present(cpu, env)
        case typed.Old(body):
            yield from met(body, replace(env, after=False))
        case _:
            pass


def unmet(condition: Expr, env: Env) -> Iterator[str]:
    """What is present where the condition does not hold."""
    match condition:
        case typed.Or(parts):
            for part in parts:
                yield from unmet(part, env)
        case typed.Not(body):
            yield from met(body, env)
        case typed.Implies(left, right):
            yield from met(left, env)
            yield from unmet(right, env)
        case typed.Equal(left, typed.NoneLit()):
            yield from present(left, env)
        case typed.Equal(typed.NoneLit(), right):
            yield from present(right, env)
        case _:
            pass


def present(expr: Expr, env: Env) -> Iterator[str]:
    """The texts that are present because this value is."""
    if sure(expr, env):
        return
    yield peeked(expr, env)
    match expr:
        case typed.FieldOf(base):
            yield peeked(expr, env).removesuffix(f".{field_name(expr.field)}")
            yield from present(base, env)
        case typed.Read(_, index):
            for arg in index:
                yield from present(arg, env)
        case typed.FrameRead(_, _, cpu):
            yield from present(cpu, env)
        case typed.Old(body):
            yield from present(body, replace(env, after=False))
        case _:
            pass


# ---- formulas ------------------------------------------------------------------------------------------------------


def formula(expr: Expr, env: Env) -> str:
    """A boolean expression."""
    match expr:
        case typed.Equal(left, right):
            return equal(left, right, env)
        case typed.Not(typed.Equal(left, right)):
            same = equal(left, right, env)
            return negated(same)
        case typed.Not(body):
            return negated(shown(body, env))
        case typed.And(parts):
            return conj(in_turn(parts, env, met))
        case typed.Or(parts):
            return disj(in_turn(parts, env, unmet))
        case typed.Implies(left, right):
            return implies(shown(left, env), shown(right, env.knowing(met(left, env))))
        case typed.Quant(kind, binders, where, body):
            return _quantified(kind, binders, where, body, env)
        case typed.Tally(terms, op, bound):
            sum_ = " + ".join(_counted(term, env) for term in terms)
            return f"{sum_} {_COMPARE[op]} {bound}"
        case typed.At(cpu, proc, step):
            return f"{text(entry(proc, (cpu,), env, (PC,)))} = {label(step)}"
        case typed.Active(proc, cpu):
            return f"{text(entry(proc, (cpu,), env, (PC,)))} # {IDLE}"
        case typed.Idle(cpu):
            return idle(tuple(env.symbols.layout.frames), cpu, env)
        case typed.Held(lock, index, write):
            return held(lock, index, write, env)
        case typed.Changed(lock, index, cpu):
            return _changed(lock, index, cpu, env)
        case typed.SwitchIs(switch, option):
            return _switch(switch, option, env)
        case (
            typed.BoolLit() | typed.EnumLit() | typed.NoneLit() | typed.Var() | typed.Read() | typed.FrameRead()
            | typed.FieldOf() | typed.Record() | typed.Cond() | typed.Old()
        ):  # fmt: skip
            return shown(expr, env)
        case _:
            assert_never(expr)


_COMPARE = {"==": "=", "!=": "#", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def in_turn(parts: tuple[Expr, ...], env: Env, learn: object) -> Iterator[str]:
    """Each part in the knowledge of those before it."""
    for part in parts:
        yield shown(part, env)
        if learn is met or not env.splits:
            env = env.knowing(met(part, env) if learn is met else unmet(part, env))


def equal(left: Expr, right: Expr, env: Env) -> str:
    if isinstance(right, typed.NoneLit):
        return is_absent(left, env)
    if isinstance(left, typed.NoneLit):
        return is_absent(right, env)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, typed.Cond) and isinstance(type_of(one).base, StructType):
            yes, no = equal(one.then, other, env), equal(one.otherwise, other, env)
            return f"({pick(shown(one.condition, env), yes, no)})"
    sign = "<=>" if isinstance(type_of(left).base, BoolType) else "="
    if isinstance(type_of(left).base, StructType):
        return conj((*_literals_differ(left, right, env), f"{inner(shown(left, env))} = {inner(shown(right, env))}"))
    return f"{inner(shown(left, env))} {sign} {inner(shown(right, env))}"


def _literals_differ(left: Expr, right: Expr, env: Env) -> Iterator[str]:
    """A record made of parts is there, even if a part that must be there is absent: it differs from the absent one."""
    for one, other in ((left, right), (right, left)):
        struct, now = type_of(one).base, value(one, env)
        if isinstance(now, Rec) and isinstance(struct, StructType):
            types = {field_name(name): of for name, of in env.symbols.layout.structs[struct.name]}
            must = [text(part) for name, part in now.fields if name in types and not _may_lack(types[name])]
            if not all(part in env.known or part in env.used for part in must):
                yield negated(is_absent(other, env))


def _may_lack(of: Type) -> bool:
    return of.optional or isinstance(of.base, BoolType)


def _quantified(kind: QuantKind, binders: tuple[typed.Binder, ...], where: Expr | None, body: Expr, env: Env) -> str:
    inside, bound = env.open(binders)
    if where is None:
        said = shown(body, inside)
    else:
        first, then = shown(where, inside), shown(body, inside.knowing(met(where, inside)))
        said = implies(first, then) if kind is QuantKind.FORALL else conj((first, then))
    return f"{quantifier(kind, bound)}: {said}" if bound else said


def idle(procs: tuple[str, ...], cpu: Expr, env: Env) -> str:
    """No call of these procs on that CPU."""
    every = len(procs) == len(env.symbols.layout.frames)
    untouched = not env.after and not any(env.store.touched(env.symbols.tables[proc].name) for proc in procs)
    if every and untouched and sure(cpu, env) and procs:
        return f"Idle({shown(cpu, env)})"
    return conj(f"{text(entry(proc, (cpu,), env, (PC,)))} = {IDLE}" for proc in procs)


def _switch(switch: str, option: str, env: Env) -> str:
    name = env.symbols.switches[switch]
    is_fix = next(s.is_fix for s in env.symbols.model.switches if s.name == switch)
    if is_fix:
        return name if option == "on" else f"~{name}"
    return f"{name} = {string(option)}"


# ---- locks ---------------------------------------------------------------------------------------------------------


def holders(lock: str, index: tuple[Expr, ...], part: str, env: Env) -> str:
    """The set of those who hold the lock in a mode."""
    return text(entry(lock, index, env, (part,)))


def held(lock: str, index: tuple[Expr, ...], write: bool, env: Env) -> str:
    parts = [WRITERS] if write or env.symbols.layout.locks[lock].kind is not LockKind.RWLOCK else [WRITERS, READERS]
    return disj(f"{holders(lock, index, part, env)} # {{}}" for part in parts)


def _changed(lock: str, index: tuple[Expr, ...], cpu: Expr | None, env: Env) -> str:
    """Of this call, or of any on a CPU."""
    watchers = env.symbols.layout.locks[lock].watchers
    seen = holders(lock, index, SEEN, env)
    if cpu is not None:
        return disj(f"<<{shown(cpu, env)}, {string(proc)}>> \\in {seen}" for proc in watchers)
    return f"{me(env.proc)} \\in {seen}" if env.proc is not None and env.proc in watchers else "FALSE"


# ---- counting ------------------------------------------------------------------------------------------------------


def _counted(term: typed.Count | typed.Refs, env: Env) -> str:
    match term:
        case typed.Count(binders, where):
            inside, bound = env.open(binders)
            return cardinality(bound, shown(where, inside))
        case typed.Refs(of):
            return _references(of, env)
        case _:
            assert_never(term)


def _references(of: Expr, env: Env) -> str:
    """Over the tables as they are now, where a step has changed one of them."""
    sort = base_name(type_of(of))
    if sort not in env.symbols.refs:
        return "0"
    now, name = shown(of, env), env.symbols.refs[sort]
    places = ref_places(sort, env.symbols)
    if not env.after and all(env.store.keeps(env.symbols.tables[table].name, path) for table, _, path in places):
        return f"{name}({now})"
    return f"{name}_in({', '.join((now, *(env.current(table) for table in ref_tables(sort, env.symbols))))})"
