"""The types of constants, variables and operators, as Apalache reads them in comments (its Type System 1.2).

A sort is an uninterpreted type in capitals; an enum is `Str`.
"""

from cowspec.check import typed
from cowspec.check.typed import BoolType, EnumType, SortType, StructType, Type
from cowspec.encode.tla.names import comment, identifier
from cowspec.encode.tla.symbols import PC, PRESENT, READERS, SEEN, WRITERS, Symbols
from cowspec.encode.tla.symbols import field as field_name
from cowspec.encode.tla.text import WIDTH
from cowspec.syntax.ast import LockKind
from cowspec.system.lowering.layout import CPU

PARTS = {
    LockKind.MUTEX: (WRITERS,),
    LockKind.RWLOCK: (READERS, WRITERS),
    LockKind.SEQCOUNT: (WRITERS, SEEN),
}


def typed_as(of: str) -> str:
    """The comment that stands before what is of this type; one that can be folded if it is long."""
    return comment(f"@type: {of};") if len(of) < WIDTH - 20 else f"(* @type: {of}; *)"


def value_type(known: Symbols, of: Type) -> str:
    match of.base:
        case BoolType():
            return "Bool"
        case EnumType():
            return "Str"
        case SortType(name):
            return uninterpreted(name)
        case StructType(name):
            fields = [f"{field_name(f)}: {value_type(known, inside)}" for f, inside in known.layout.structs[name]]
            return _record([f"{PRESENT}: Bool", *fields] if known.marked(name) else fields)


def lock_type(kind: LockKind, holder: str = f"<<{CPU.upper()}, Str>>") -> str:
    return _record([f"{part}: Set({holder})" for part in PARTS[kind]])


def frame_type(known: Symbols, proc: typed.Proc) -> str:
    """Of a call."""
    fields = [f"{name}: {value_type(known, of)}" for name, of in known.frame_fields(proc.name)]
    return _record([f"{PC}: Str", *fields])


def table_type(known: Symbols, name: str) -> str:
    """Of a variable, or of the calls of a proc on each CPU."""
    for var in known.model.vars:
        if var.name == name:
            return function_type(known, var.index, value_type(known, var.type))
    return function_type(known, (CPU,), frame_type(known, next(p for p in known.model.procs if p.name == name)))


def function_type(known: Symbols, index: tuple[str, ...], value: str) -> str:
    kinds = [uninterpreted(name) if name in known.model.sorts else "Str" for name in index]
    if not kinds:
        return value
    return f"{kinds[0] if len(kinds) == 1 else '<<' + ', '.join(kinds) + '>>'} -> {value}"


def uninterpreted(sort: str) -> str:
    return identifier(sort).upper()


def _record(fields: list[str]) -> str:
    return "{ " + ", ".join(fields) + " }"
