"""What the declarations of a model are called in TLA+, and which values they have.

- A sort is a set of model values, with one more constant for "none": `Page`, `NoPage`.
- An enum is a set of strings; its "none" is "none".
- A struct is a set of records. The absent record is a record, too: `NoPte == [page |-> NoPage, write |-> FALSE]`, so
  that a field of an absent record is absent, and false if boolean, by itself. A struct without a field that tells
  (one of a sort or an enum that is not optional) has a further field `present`.
- The call of a proc on a CPU is a record `[pc |-> "copy", m |-> ..., orig |-> ...]`; of an idle call all is absent.
- A lock is a record of sets of holders `<<cpu, "proc">>`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cowspec.check import typed
from cowspec.check.typed import BoolType, EnumType, SortType, StructType, Type
from cowspec.check.walk import own_expressions, statements, walk
from cowspec.encode.tla.names import RESERVED, fresh, identifier, string
from cowspec.syntax.ast import LockKind, PropertyKind
from cowspec.system import ir
from cowspec.system.lowering.layout import CPU, Layout, layout

BOOL = Type(BoolType())
DERIVED = {PropertyKind.COVER: ("_not",), PropertyKind.TRANSITION: ("_step", "_in_place")}
PC = "pc"
IDLE = '"idle"'
PRESENT = "present"
READERS, WRITERS, SEEN = "readers", "writers", "seen"


@dataclass(frozen=True, slots=True)
class Table:
    """A TLA+ variable: a function from `index` (a plain value without), `absent` what it holds at an absent index."""

    name: str
    index: tuple[str, ...]
    absent: str
    type: Type | None  # None: a frame or a lock


@dataclass(frozen=True, slots=True)
class Symbols:
    """`tables` by the name of the variable, the lock, or the proc (its frames); `top`: every name of the module."""

    model: typed.Model
    layout: Layout
    domains: Mapping[str, str]  # sorts and enums
    none: Mapping[str, str]  # sorts and structs: NoPage, NoPte
    structs: Mapping[str, str]
    switches: Mapping[str, str]
    tables: Mapping[str, Table]
    idle: Mapping[str, str]  # of each proc its idle frame
    actions: Mapping[str, str]  # by the name of the ir step
    properties: Mapping[str, str]
    refs: Mapping[str, str]  # of each sort with references the operator that counts them
    unlocked: Mapping[LockKind, str]
    derived: Mapping[str, str]  # "p_not" of a cover p, "p_step" and "p_in_place" of a transition
    marks: frozenset[str]  # structs
    top: frozenset[str]

    @property
    def has_locks(self) -> bool:
        """Whether any call takes a lock."""
        return any((*lock.writers, *lock.readers, *lock.watchers) for lock in self.layout.locks.values())

    def marked(self, struct: str) -> bool:
        """Whether the struct needs a field that says it is there."""
        fields = self.layout.structs[struct]
        tells = any(isinstance(of.base, SortType | EnumType) and not of.optional for _, of in fields)
        return struct in self.marks or not tells

    def set_of(self, of: Type) -> str:
        """The TLA+ set of the values of a type."""
        if isinstance(of.base, BoolType):
            return "BOOLEAN"
        whole = self.structs[of.base.name] if isinstance(of.base, StructType) else self.domains[of.base.name]
        return f"{whole} \\cup {{{self.absent(of)}}}" if of.optional else whole

    def absent(self, of: Type) -> str:
        """What stands for `none` of a type."""
        match of.base:
            case BoolType():
                return "FALSE"
            case EnumType():
                return string("none")
            case SortType(name) | StructType(name):
                return self.none[name]

    def frame_fields(self, proc: str) -> tuple[tuple[str, Type], ...]:
        return tuple((field(name), of) for name, of in self.layout.frames[proc].names.items())


def field(name: str) -> str:
    """A field of a record, which has no other names but fields: all are allowed but keywords and what is added to
    records here. These get a `_`, as does what would then have the same name."""
    root = name.rstrip("_")
    return f"{name}_" if root and (root == PRESENT or identifier(root) != root) else identifier(name)


def label(step: str) -> str:
    """The value of `pc` before this step; `idle` gets a `_`, as does what would then be called so."""
    return string(f"{step}_" if string(step.rstrip("_")) == IDLE else step)


def symbols(model: typed.Model, steps: Iterable[ir.Step], marks: frozenset[str] = frozenset()) -> Symbols:
    """`marks`: structs that need a field that says whether the record is there, though another field would tell."""
    places = layout(model)
    taken: set[str] = {*RESERVED, "refs_in", *(f"refs_{sort}_in" for sort in model.sorts)}

    def top(name: str) -> str:
        unique = fresh(name, taken)
        taken.add(unique)
        return unique

    kinds = dict.fromkeys(lock.kind for lock in model.locks)
    domains = {name: top(name) for name in (*model.sorts, *(enum.name for enum in model.enums))}
    structs = {struct.name: top(struct.name) for struct in model.structs}
    switches = {switch.name: top(switch.name) for switch in model.switches}
    declared = (*(v.name for v in model.vars), *(v.name for v in model.locks), *(v.name for v in model.procs))
    variables = {name: top(name) for name in declared}
    properties = {prop.name: top(prop.name) for prop in model.properties}
    derived = {
        f"{prop.name}{what}": top(f"Not_{prop.name}" if what == "_not" else f"{prop.name}{what}")
        for prop in model.properties
        for what in DERIVED.get(prop.kind, ())
    }
    none = {name: top(f"No{name}") for name in (*model.sorts, *structs)}
    idle = {proc.name: top(f"idle_{proc.name}") for proc in model.procs}
    unlocked = {kind: top(f"free_{kind.value}") for kind in kinds}
    held = {var.domain for var in places.table.values() if var.is_ref}
    counted = [sort for sort in counted_sorts(model) if sort in held]
    refs = {sort: top("refs" if len(counted) == 1 else f"refs_{sort}") for sort in counted}
    tables: dict[str, Table] = {}
    found = Symbols(
        model,
        places,
        domains,
        none,
        structs,
        switches,
        tables,
        idle,
        {},
        properties,
        refs,
        unlocked,
        derived,
        marks,
        frozenset(),
    )
    for var in model.vars:
        tables[var.name] = Table(variables[var.name], var.index, found.absent(var.type), var.type)
    for lock in model.locks:
        tables[lock.name] = Table(variables[lock.name], lock.index, unlocked[lock.kind], None)
    for proc in model.procs:
        tables[proc.name] = Table(variables[proc.name], (CPU,), idle[proc.name], None)
    actions = {step.name: top(step.name) for step in steps}
    return Symbols(
        model, places, domains, none, structs, switches, tables, idle, actions, properties, refs, unlocked, derived,
        marks, frozenset(taken),
    )  # fmt: skip


def counted_sorts(model: typed.Model) -> tuple[str, ...]:
    """The sorts of all values whose references some formula counts."""
    roots = [*model.inits, *(prop.body for prop in model.properties)]
    bodies = [action.body for action in model.actions]
    for proc in model.procs:
        for step in proc.steps:
            bodies.append(step.body)
            roots += [] if step.where is None else [step.where]
    for body in bodies:
        for stmt in statements(body):
            roots += own_expressions(stmt)
    found: dict[str, None] = {}
    for node in walk(*roots):
        if isinstance(node, typed.Tally):
            for term in node.terms:
                if isinstance(term, typed.Refs):
                    found[base_name(type_of(term.value))] = None
    return tuple(found)


def base_name(of: Type) -> str:
    """The name of a sort, an enum or a struct."""
    if isinstance(of.base, BoolType):
        raise TypeError("a boolean has no declaration")
    return of.base.name


def type_of(expr: typed.Expr) -> Type:
    match expr:
        case (
            typed.NoneLit(of) | typed.Var(_, of) | typed.Read(_, _, of) | typed.FrameRead(_, _, _, of)
            | typed.FieldOf(_, _, of) | typed.Cond(_, _, _, of) | typed.Old(_, of)
        ):  # fmt: skip
            return of
        case typed.EnumLit(enum):
            return Type(EnumType(enum))
        case typed.Record(struct):
            return Type(StructType(struct))
        case _:
            return BOOL
