"""What the declarations of sorts, types, variables, locks, switches and procs say, with types resolved.

In: the names of a program. Out: `Tables`, keyed by name (these names are unique in the flat model). A declaration with
a mistake is reported once; its name is in `broken`, and whoever uses it is silent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cowspec.check import typed
from cowspec.check.calls import procs_in_use
from cowspec.check.names import Names, Symbol, a, did_you_mean, kind_of
from cowspec.check.start import start_value
from cowspec.check.typed import BoolType, EnumType, SortType, StructType, Type
from cowspec.diagnostics import Diagnostic
from cowspec.source import Span
from cowspec.syntax import ast

CPU = "Cpu"


@dataclass(frozen=True, slots=True)
class Frame:
    """Parameters, locals and steps of a proc. `in_use`: it may start or is called by one that may."""

    params: dict[str, Type]
    locals: dict[str, typed.VarDecl]
    steps: tuple[str, ...]
    in_use: bool


@dataclass(slots=True)
class Tables:
    names: Names
    diagnostics: list[Diagnostic]
    sorts: list[str] = field(default_factory=list)
    structs: dict[str, typed.StructDecl] = field(default_factory=dict)
    enums: dict[str, typed.EnumDecl] = field(default_factory=dict)
    vars: dict[str, typed.VarDecl] = field(default_factory=dict)
    locks: dict[str, typed.LockDecl] = field(default_factory=dict)
    costs: dict[str, typed.CostDecl] = field(default_factory=dict)
    counted: dict[str, tuple[tuple[str, ...], Span]] = field(
        default_factory=dict
    )  # by cost: what its first `spend` binds
    switches: dict[str, typed.Switch] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    ordered: bool = False  # an `ordered sort` was declared, and refused

    def fields(self, struct: str) -> dict[str, Type]:
        return dict(self.structs[struct].fields)

    def members(self, enum: str) -> tuple[str, ...]:
        return self.enums[enum].members

    def enums_with(self, member: str) -> list[str]:
        return [enum.name for enum in self.enums.values() if member in enum.members]

    def choices_with(self, option: str) -> list[str]:
        choices = (switch for switch in self.switches.values() if not switch.is_fix)
        return [switch.name for switch in choices if option in dict(switch.options)]

    def held_sorts(self) -> set[str]:
        """The sorts whose elements `ref` variables and locals can hold."""
        locals_ = [local for frame in self.frames.values() for local in frame.locals.values()]
        refs = [var.type.base for var in [*self.vars.values(), *locals_] if var.is_ref]
        return {sort for base in refs for sort in self.sorts_in(base)}

    def sorts_in(self, base: typed.BaseType) -> set[str]:
        match base:
            case SortType(name=name):
                return {name}
            case StructType(name=name):
                types = self.fields(name).values() if name in self.structs else ()
                return {inner.base.name for inner in types if isinstance(inner.base, SortType)}
            case _:
                return set()


def tables_of(names: Names, diagnostics: list[Diagnostic]) -> Tables:
    """The tables of all declarations of all modules, in order. Mistakes are added to `diagnostics`, to which everyone
    who has the tables reports."""
    tables = Tables(names, diagnostics)
    in_use = procs_in_use(names)
    for symbol in _symbols(names):
        match symbol.decl:
            case ast.SortDecl():
                _add_sort(tables, symbol, symbol.decl)
            case ast.EnumDecl():
                _add_enum(tables, symbol.decl)
            case ast.ChoiceDecl() | ast.FixDecl():
                _add_switch(tables, symbol.decl)
            case _:
                pass
    for symbol in _symbols(names):
        if isinstance(symbol.decl, ast.StructDecl):
            _add_struct(tables, symbol, symbol.decl)
    for symbol in _symbols(names):
        match symbol.decl:
            case ast.VarDecl():
                _add_var(tables, symbol, symbol.decl)
            case ast.LockDecl():
                index = _index(tables, symbol, symbol.decl.index)
                tables.locks[symbol.name] = typed.LockDecl(symbol.decl.kind, symbol.name, index, span=symbol.decl.span)
            case ast.CostDecl(text=text):
                tables.costs[symbol.name] = typed.CostDecl(symbol.name, text, span=symbol.decl.span)
            case ast.ProcDecl():
                _add_frame(tables, symbol, symbol.decl, symbol.name in in_use)
            case _:
                pass
    return tables


def _symbols(names: Names) -> Iterator[Symbol]:
    """The symbols of the flat model in order of declaration, each name once."""
    seen: set[str] = set()
    for own in names.own:
        for name, symbol in own.items():
            if isinstance(symbol.decl, ast.DefDecl | ast.MacroDecl):
                continue
            if name not in seen:
                seen.add(name)
                yield symbol


# ---- types ---------------------------------------------------------------------------------------------------------


def base_type(tables: Tables, name: ast.Name, module: int) -> typed.BaseType | None:
    """The type that a name stands for in a module; None, reported, if it is none."""
    if name.text == "bool":
        return BoolType()
    visible = tables.names.visible[module]
    symbol = visible.get(name.text)
    match symbol.decl if symbol else None:
        case ast.SortDecl():
            return SortType(name.text)
        case ast.EnumDecl():
            return EnumType(name.text)
        case ast.StructDecl():
            return StructType(name.text)
        case None:
            types = ast.SortDecl | ast.EnumDecl | ast.StructDecl
            known = ["bool", *(other.name for other in visible.values() if isinstance(other.decl, types))]
            message = f"unknown type `{name.text}`"
            hint = did_you_mean(name.text, known) or "declare it with `sort`, `enum` or `struct`, or `use` its module"
            tables.diagnostics.append(Diagnostic("E109", message, name.span, hint=hint))
        case decl:
            message = f"`{name.text}` is {a(kind_of(decl))}, not a type"
            tables.diagnostics.append(Diagnostic("E109", message, name.span))
    return None


def binder_domain(tables: Tables, type_name: ast.Name, module: int) -> str | None:
    """The sort or enum that a bound name ranges over; None, reported, for anything else."""
    match base_type(tables, type_name, module):
        case SortType(name=name) | EnumType(name=name):
            return name
        case BoolType():
            message = "a bound name ranges over a sort or an enum, not over `bool`"
            hint = "declare an enum of two members"
            tables.diagnostics.append(Diagnostic("E207", message, type_name.span, hint=hint))
        case StructType(name=name):
            message = f"a bound name ranges over a sort or an enum, not over the struct `{name}`"
            hint = "bind its parts, each with its own sort"
            tables.diagnostics.append(Diagnostic("E207", message, type_name.span, hint=hint))
        case None:
            pass
    return None


def domain_type(tables: Tables, domain: str) -> typed.BaseType:
    """The type of a bound name."""
    return EnumType(domain) if domain in tables.enums else SortType(domain)


def _type(tables: Tables, symbol: Symbol, ref: ast.TypeRef) -> Type | None:
    """The type that a declaration gives to a variable, a local or a field."""
    base = base_type(tables, ref.name, symbol.module)
    if base is None:
        return None
    if base == BoolType() and ref.optional:
        hint = "write `bool`, or an optional enum of two members"
        message = "a `bool` cannot be optional: an absent bool is false"
        tables.diagnostics.append(Diagnostic("E204", message, ref.span, hint=hint))
        return None
    return Type(base, ref.optional)


def _index(tables: Tables, symbol: Symbol, names: tuple[ast.Name, ...]) -> tuple[str, ...]:
    index = []
    for name in names:
        base = base_type(tables, name, symbol.module)
        if isinstance(base, SortType):
            index.append(base.name)
            continue
        tables.broken.add(symbol.name)
        if base is not None:
            message = f"`{symbol.name}` is indexed by `{name.text}`, which is not a sort"
            hint = "an index is a sort; declare one variable for each member of an enum"
            tables.diagnostics.append(Diagnostic("E209", message, name.span, hint=hint))
    return tuple(index)


# ---- declarations --------------------------------------------------------------------------------------------------


def _add_sort(tables: Tables, symbol: Symbol, decl: ast.SortDecl) -> None:
    tables.sorts.append(symbol.name)
    if symbol.name == "bool":
        tables.diagnostics.append(Diagnostic("E106", "`bool` is built in and cannot be declared", symbol.span))
    if decl.ordered:
        tables.ordered = True
        message = f"`ordered sort {symbol.name}` is not supported yet"
        hint = "use a plain sort and keep the order in a variable"
        tables.diagnostics.append(Diagnostic("E218", message, symbol.span, hint=hint))


def distinct(tables: Tables, names: list[ast.Name], what: str) -> list[str]:
    """The texts of the names; a name that comes twice is reported and kept once."""
    seen: dict[str, ast.Name] = {}
    for name in names:
        if name.text in seen:
            more = ((seen[name.text].span, "first here"),)
            tables.diagnostics.append(
                Diagnostic("E105", f"{what} `{name.text}` is declared twice", name.span, more=more)
            )
        seen.setdefault(name.text, name)
    return list(seen)


def _add_enum(tables: Tables, decl: ast.EnumDecl) -> None:
    members = tuple(distinct(tables, list(decl.members), "member"))
    tables.enums[decl.name.text] = typed.EnumDecl(decl.name.text, members, span=decl.span)


def _add_switch(tables: Tables, decl: ast.ChoiceDecl | ast.FixDecl) -> None:
    name = decl.name.text
    if isinstance(decl, ast.FixDecl):
        options = (("off", ""), ("on", decl.text))
        tables.switches[name] = typed.Switch(name, True, options, span=decl.span)
        return
    kept = distinct(tables, [option.name for option in decl.options], "option")
    texts = {option.name.text: option.text or "" for option in reversed(decl.options)}
    tables.switches[name] = typed.Switch(name, False, tuple((option, texts[option]) for option in kept), span=decl.span)


def _add_struct(tables: Tables, symbol: Symbol, decl: ast.StructDecl) -> None:
    fields: dict[str, Type] = {}
    distinct(tables, [item.name for item in decl.fields], "field")
    for item in decl.fields:
        found = _type(tables, symbol, item.type)
        if found is None:
            tables.broken.add(symbol.name)
            continue
        if item.type.is_ref or isinstance(found.base, StructType):
            tables.broken.add(symbol.name)
            message = f"field `{item.name.text}` is a struct in a struct"
            hint = "give the struct the fields of the other one"
            if item.type.is_ref:
                message = f"field `{item.name.text}` cannot be a `ref`"
                hint = "`ref` stands on the variable that holds the struct"
            tables.diagnostics.append(Diagnostic("E205", message, item.type.span, hint=hint))
            continue
        fields.setdefault(item.name.text, found)
    tables.structs[symbol.name] = typed.StructDecl(symbol.name, tuple(fields.items()), span=decl.span)


def _check_ref(tables: Tables, decl: ast.VarDecl, found: Type) -> None:
    message = ""
    hint = "`ref` counts the elements of sorts that the variable holds"
    if decl.ghost:
        message = f"ghost `{decl.name.text}` cannot be a `ref`"
        hint = "references decide what the kernel does, ghosts only record it"
    elif not tables.sorts_in(found.base):
        message = f"`ref {decl.name.text}` holds no element of a sort"
    if decl.type.is_ref and message:
        tables.diagnostics.append(Diagnostic("E217", message, decl.type.span, hint=hint))


def _var(tables: Tables, symbol: Symbol, decl: ast.VarDecl, local: bool) -> typed.VarDecl | None:
    """The declaration with its types and start value filled in; None, reported, if it has no type."""
    found = _type(tables, symbol, decl.type)
    index = _index(tables, symbol, decl.index)
    if found is None or (isinstance(found.base, StructType) and found.base.name in tables.broken):
        return None
    _check_ref(tables, decl, found)
    start = start_value(tables.structs, tables.enums, decl, found, local, tables.diagnostics)
    name = decl.name.text
    return typed.VarDecl(name, index, found, decl.type.is_ref, decl.ghost, start, span=decl.span)


def _add_var(tables: Tables, symbol: Symbol, decl: ast.VarDecl) -> None:
    var = _var(tables, symbol, decl, False)
    if var is None:
        tables.broken.add(symbol.name)
    else:
        tables.vars[symbol.name] = var


def _add_frame(tables: Tables, symbol: Symbol, decl: ast.ProcDecl, in_use: bool) -> None:
    params: dict[str, Type] = {}
    for param in decl.params:
        domain = binder_domain(tables, param.type, symbol.module)
        if domain is None:
            tables.broken.add(symbol.name)
        else:
            params.setdefault(param.name.text, Type(domain_type(tables, domain)))
    distinct(tables, [*(param.name for param in decl.params), *(local.name for local in decl.locals)], "name")
    locals_: dict[str, typed.VarDecl] = {}
    for local in decl.locals:
        var = _var(tables, symbol, local, True)
        if var is None:
            tables.broken.add(symbol.name)
        else:
            locals_.setdefault(var.name, var)
    steps = tuple(distinct(tables, [step.name for step in decl.steps], "step"))
    if not steps:
        message = f"proc `{symbol.name}` has no step"
        tables.diagnostics.append(Diagnostic("E310", message, symbol.span, hint="write at least one `step`"))
    cpu = tables.names.visible[symbol.module].get(CPU)
    if cpu is None or not isinstance(cpu.decl, ast.SortDecl):
        message = f"proc `{symbol.name}` runs on a CPU, but there is no `sort {CPU}`"
        tables.diagnostics.append(
            Diagnostic("E117", message, symbol.span, hint=f"declare `sort {CPU}`, or `use` its module")
        )
    tables.frames[symbol.name] = Frame(params, locals_, steps, in_use)
