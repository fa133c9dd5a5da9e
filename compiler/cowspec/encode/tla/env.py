"""What names mean at a place of the model, and the text that depends on nothing else: quantifiers, counts, holders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from cowspec.check import typed
from cowspec.check.typed import StructType, Type
from cowspec.encode.tla.names import fresh, string
from cowspec.encode.tla.store import Store, Value
from cowspec.encode.tla.symbols import Symbols, type_of
from cowspec.encode.tla.symbols import field as field_name
from cowspec.syntax.ast import QuantKind

Gap = tuple[str, str, frozenset[str]]
"""A field that must have a value, when it has none, and what is present where it has one."""


@dataclass(frozen=True, slots=True)
class Env:
    """What names mean: `names` the bound ones of the model, `used` all TLA+ names bound around, `proc` the proc around,
    `maybe` those bound by a `let` to what may be absent, `gaps` what fields may be absent of a record bound so.
    `after`: variables are read in the state after the step.
    `strict`: what has been written may be absent where it must not, as a step that faults may still be disabled.
    `splits`: TLC follows each part of a disjunction by itself, so that none may rely on those before it."""

    symbols: Symbols
    store: Store
    names: Mapping[str, Value] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    proc: str | None = None
    maybe: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    gaps: Mapping[str, tuple["Gap", ...]] = field(default_factory=dict)
    after: bool = False
    strict: bool = False
    splits: bool = False

    def bind(self, name: str) -> tuple["Env", str]:
        """The scope inside a binder, and the binder's name in TLA+."""
        unique = fresh(name, self.symbols.top | self.used)
        return replace(self, names={**self.names, name: unique}, used=self.used | {unique}), unique

    def place(self, name: str) -> tuple["Env", str]:
        """A bound name that nothing in the model refers to."""
        unique = fresh(name, self.symbols.top | self.used)
        return replace(self, used=self.used | {unique}), unique

    def open(self, binders: tuple[typed.Binder, ...]) -> tuple["Env", tuple[tuple[str, str], ...]]:
        """The scope inside the binders; name and set of each."""
        env, bound = self, []
        for binder in binders:
            env, name = env.bind(binder.name)
            bound.append((name, self.symbols.domains[binder.sort]))
        return env, tuple(bound)

    def knowing(self, texts: Iterator[str] | frozenset[str]) -> "Env":
        return replace(self, known=self.known | frozenset(texts))

    def read(self, table: str, index: str | None, path: tuple[str, ...] = ()) -> Value:
        return self.store.read(self.table(table), index, path)

    def current(self, table: str) -> str:
        """A name for the whole variable as it is now."""
        return self.store.current(self.table(table))

    def table(self, name: str) -> str:
        """The variable in the state that is spoken of."""
        plain = self.symbols.tables[name].name
        return f"{plain}'" if self.after else plain


def is_local(var: str, index: tuple[typed.Expr, ...], env: Env) -> bool:
    return env.proc is not None and not index and var in env.symbols.layout.frames[env.proc].names


def declared(var: str, index: tuple[typed.Expr, ...], env: Env) -> Type:
    if is_local(var, index, env):
        return env.symbols.layout.frames[env.proc or ""].names[var]
    return env.symbols.layout.shapes[var]


def is_optional_field(base: typed.Expr, name: str, env: Env) -> bool:
    struct = type_of(base).base
    return isinstance(struct, StructType) and dict(env.symbols.layout.structs[struct.name])[name].optional


def quantifier(kind: QuantKind, bound: tuple[tuple[str, str], ...]) -> str:
    """`\\A m, n \\in Mm, a \\in Va`"""
    groups: list[tuple[list[str], str]] = []
    for name, domain in bound:
        if groups and groups[-1][1] == domain:
            groups[-1][0].append(name)
        else:
            groups.append(([name], domain))
    said = ", ".join(f"{', '.join(names)} \\in {domain}" for names, domain in groups)
    sign = "\\A" if kind is QuantKind.FORALL else "\\E"
    return f"{sign} {said}"


def me(proc: str) -> str:
    """The call on self, as a holder of locks."""
    return f"<<self, {string(proc)}>>"


# ---- counting ------------------------------------------------------------------------------------------------------


def cardinality(bound: tuple[tuple[str, str], ...], where: str) -> str:
    if not bound:
        return f"(IF {where} THEN 1 ELSE 0)"
    names, domains = ", ".join(name for name, _ in bound), " \\X ".join(domain for _, domain in bound)
    return f"Cardinality({{{f'<<{names}>>' if len(bound) > 1 else names} \\in {domains} : {where}}})"


def ref_tables(sort: str, symbols: Symbols) -> tuple[str, ...]:
    return tuple(dict.fromkeys(table for table, _, _ in ref_places(sort, symbols)))


def ref_places(sort: str, symbols: Symbols) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Table, index sorts and path of every scalar that holds references to the sort."""
    for var in symbols.layout.table.values():
        if var.is_ref and var.domain == sort:
            head, at, rest = var.name.partition("@")
            path = rest.split(".") if at else var.source[1:]
            yield (head if at else var.source[0]), var.index, tuple(field_name(name) for name in path)


def ref_counts(sort: str, element: str, tables: Mapping[str, str], env: Env) -> Iterator[str]:
    """One count for each such scalar; `tables` are the names of their variables."""
    for table, index, path in ref_places(sort, env.symbols):
        inside, bound = env, []
        for domain in index:
            inside, name = inside.place(domain[:1].lower())
            bound.append((name, env.symbols.domains[domain]))
        at = f"[{', '.join(name for name, _ in bound)}]" if bound else ""
        here = "".join((tables[table], at, *(f".{name}" for name in path)))
        yield cardinality(tuple(bound), f"{here} = {element}")
