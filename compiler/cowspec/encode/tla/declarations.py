"""Everything of the module but its actions and properties: constants, variables, values, the start, help for TLC."""

from collections.abc import Iterator

from cowspec.check import typed
from cowspec.check.typed import BoolType
from cowspec.check.walk import walk
from cowspec.encode.tla.actions import idle_frame
from cowspec.encode.tla.apalache import (
    PARTS,
    frame_type,
    function_type,
    lock_type,
    table_type,
    typed_as,
    uninterpreted,
    value_type,
)
from cowspec.encode.tla.env import ref_counts, ref_tables
from cowspec.encode.tla.expressions import shown
from cowspec.encode.tla.layout import laid_out
from cowspec.encode.tla.locks import released
from cowspec.encode.tla.names import comment, fresh, identifier, string
from cowspec.encode.tla.properties import closed
from cowspec.encode.tla.store import text
from cowspec.encode.tla.symbols import IDLE, PC, PRESENT, READERS, SEEN, WRITERS, Symbols, type_of
from cowspec.encode.tla.symbols import field as field_name
from cowspec.encode.tla.symbols import label as label_of
from cowspec.encode.tla.text import bullet, enclosed, filled, hanging, indented
from cowspec.syntax.ast import QuantKind
from cowspec.system.lowering.layout import CPU


def module_name(model: typed.Model) -> str:
    """The last part of the model's name."""
    return identifier(model.name.rpartition(".")[2])


def section(title: str) -> Iterator[str]:
    yield from ("", "-" * 100, comment(title), "")


def header(known: Symbols) -> Iterator[str]:
    yield comment(f"The model {known.model.name}, written by cowspec. An action is one atomic step.")
    yield comment("A field of an absent record is absent, and FALSE if it is a boolean.")


# ---- constants and variables ---------------------------------------------------------------------------------------


def constants(known: Symbols) -> Iterator[str]:
    model = known.model
    rows: list[tuple[str, str, str]] = []
    for sort in model.sorts:
        rows.append((f"Set({uninterpreted(sort)})", known.domains[sort], ""))
    for sort in model.sorts:
        rows.append((uninterpreted(sort), known.none[sort], ""))
    for switch in model.switches:
        if switch.is_fix:
            rows.append(("Bool", known.switches[switch.name], dict(switch.options)["on"]))
        else:
            rows.append(("Str", known.switches[switch.name], "one of " + ", ".join(o for o, _ in switch.options)))
    if rows:
        yield from _declared("CONSTANTS", rows)
    for switch in model.switches:
        if not switch.is_fix:
            yield ""
            for option, said in switch.options:
                yield comment(f"{option}: {said}") if said else comment(option)
            options = ", ".join(string(option) for option, _ in switch.options)
            yield f"ASSUME {known.switches[switch.name]} \\in {{{options}}}"


def variables(known: Symbols, faults: bool) -> Iterator[str]:
    rows: list[tuple[str, str, str]] = []
    for var in known.model.vars:
        table = known.tables[var.name]
        said = "history: steers nothing" if var.ghost else "each page in it is a reference" if var.is_ref else ""
        rows.append((function_type(known, table.index, value_type(known, var.type)), table.name, said))
    for lock in known.model.locks:
        rows.append(
            (function_type(known, lock.index, lock_type(lock.kind)), known.tables[lock.name].name, lock.kind.value)
        )
    for proc in known.model.procs:
        of = function_type(known, (CPU,), frame_type(known, proc))
        rows.append((of, known.tables[proc.name].name, "the call on each CPU"))
    if faults:
        rows.append(("Str", "fault", "what a step has done that it must not"))
    if rows:
        yield from _declared("VARIABLES", rows)
    names = [name for _, name, _ in rows if name != "fault"]
    yield ""
    yield from filled("world == <<", names, ">>")
    yield "vars == <<world, fault>>" if faults else "vars == world"


def _declared(head: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    """Each name below its type, which Apalache reads."""
    yield ""
    yield head
    for n, (of, name, said) in enumerate(rows):
        yield f"  {typed_as(of)}"
        yield f"  {name}{',' if n + 1 < len(rows) else ''}" + (f"  {comment(said)}" if said else "")


# ---- values --------------------------------------------------------------------------------------------------------


def values(known: Symbols, names: tuple[str, ...], faults: bool) -> Iterator[str]:
    """Sets of values, what stands for none, and operators that steps and properties use."""
    model = known.model
    yield from section("values")
    for enum in model.enums:
        yield f"{known.domains[enum.name]} == {{{', '.join(string(member) for member in enum.members)}}}"
    for struct in model.structs:
        yield from _struct(known, struct)
    for proc in model.procs:
        yield typed_as(frame_type(known, proc))
        yield f"{known.idle[proc.name]} == {text(idle_frame(proc, known))}"
    if known.has_locks:
        procs = ", ".join(string(proc.name) for proc in model.procs)
        yield f"Holder == {known.domains[CPU]} \\X {{{procs}}}"
    yield from _lock_values(known)
    for sort in known.refs:
        yield from _references(known, sort)
    yield from ("", comment("`f[x]`; `none` where x is absent"), typed_as("(k -> v, k, v) => v"))
    f, x, none = _bound(known, "f", "x", "none")
    yield f"ValueAt({f}, {x}, {none}) == IF {x} \\in DOMAIN {f} THEN {f}[{x}] ELSE {none}"
    if model.procs:
        (c,) = _bound(known, "c")
        yield from ("", comment("no call is under way on this CPU"), f"Idle({c}) ==")
        for proc in model.procs:
            yield f"  /\\ {known.tables[proc.name].name}[{c}].{PC} = {IDLE}"
    if faults:
        yield from ("", comment("a step that does what the language forbids"), typed_as("(Str) => Bool"))
        (said,) = _bound(known, "text")
        yield from (f"Fault({said}) ==", f"  /\\ fault' = {said}", "  /\\ UNCHANGED world")


def _bound(known: Symbols, *names: str) -> tuple[str, ...]:
    """Parameters of an operator that nothing in the module is called."""
    return tuple(fresh(name, known.top) for name in names)


def _references(known: Symbols, sort: str) -> Iterator[str]:
    """The operator that counts references, over given tables and over those of the state."""
    name, tables = known.refs[sort], ref_tables(sort, known)
    env = closed(known)
    env, x = env.place("x")
    given: list[str] = []
    for table in tables:
        env, unique = env.place(f"{known.tables[table].name}_in")
        given.append(unique)
    yield from (
        "",
        comment(f"how many places hold a reference to an element of {known.domains[sort]}, in these tables"),
    )
    types = [uninterpreted(sort), *(table_type(known, table) for table in tables)]
    yield from filled("(* @type: (", types, ") => Int; *)")
    yield f"{name}_in({', '.join((x, *given))}) =="
    yield f"  IF {x} = {known.none[sort]} THEN 0"
    total = list(ref_counts(sort, x, dict(zip(tables, given, strict=True)), env))
    lines = [f"{'  ' if not n else '+ '}{count}" for n, count in enumerate(total)]
    yield from indented(hanging("ELSE ", lines), 2)
    yield from filled(f"{name}({x}) == {name}_in(", [x, *(known.tables[table].name for table in tables)], ")")


def _struct(known: Symbols, struct: typed.StructDecl) -> Iterator[str]:
    name, none = known.structs[struct.name], known.none[struct.name]
    fields = [f"{field_name(f)}: {known.set_of(of)}" for f, of in struct.fields]
    empty = [f"{field_name(f)} |-> {known.absent(of)}" for f, of in struct.fields]
    if known.marked(struct.name):
        fields.insert(0, f"{PRESENT}: {{TRUE}}")
        empty.insert(0, f"{PRESENT} |-> FALSE")
    yield f"{name} == [{', '.join(fields)}]"
    yield f"{none} == [{', '.join(empty)}]"


def _lock_values(known: Symbols) -> Iterator[str]:
    for kind, free in known.unlocked.items():
        parts = PARTS[kind]
        yield from ("", comment(f"a {kind.value} that nobody holds, and all of a table without a holder"))
        yield typed_as(lock_type(kind))
        yield f"{free} == [{', '.join(f'{part} |-> {{}}' for part in parts)}]"
        for is_indexed in sorted({bool(lock.index) for lock in known.model.locks if lock.kind is kind}):
            lock, holder, i = _bound(known, "lock", "holder", "i")
            at = f"[{i}]" if is_indexed else ""
            record = "[" + ", ".join(f"{part} |-> {lock}{at}.{part} \\ {{{holder}}}" for part in parts) + "]"
            one = lock_type(kind, "h")
            yield typed_as(f"(i -> {one}, h) => i -> {one}" if is_indexed else f"({one}, h) => {one}")
            yield f"{released(kind, is_indexed)}({lock}, {holder}) =="
            yield f"  [{i} \\in DOMAIN {lock} |-> {record}]" if is_indexed else f"  {record}"


# ---- the start -----------------------------------------------------------------------------------------------------


def initial(known: Symbols, faults: bool) -> Iterator[str]:
    """What starts somewhere first, each followed by the `init` formulas that then can be asked."""
    yield from section("the start")
    yield "Init =="
    waiting = list(known.model.inits)
    seen: set[str] = set()
    lines: list[str] = []
    fixed = [var for var in known.model.vars if not isinstance(var.start, typed.StartAny)]
    for lock in known.model.locks:
        table = known.tables[lock.name]
        lines += bullet([f"{table.name} = {_constant(known, table.index, known.unlocked[lock.kind])}"])
    for proc in known.model.procs:
        table = known.tables[proc.name]
        lines += bullet([f"{table.name} = {_constant(known, table.index, known.idle[proc.name])}"])
    for var in fixed:
        table = known.tables[var.name]
        lines += bullet([f"{table.name} = {_constant(known, table.index, _start(known, var))}"])
        seen.add(var.name)
    lines += bullet(['fault = ""']) if faults else []
    lines += _askable(known, waiting, seen)
    for var in (var for var in known.model.vars if isinstance(var.start, typed.StartAny)):
        lines += bullet([_given(known, var, waiting, seen) or f"{known.tables[var.name].name} \\in {_all(known, var)}"])
        seen.add(var.name)
        lines += _askable(known, waiting, seen)
    yield from indented(lines or ["TRUE"], 2)


def _start(known: Symbols, var: typed.VarDecl) -> str:
    assert not isinstance(var.start, typed.StartAny)
    return shown(var.start, closed(known))


def _constant(known: Symbols, index: tuple[str, ...], value: str) -> str:
    return f"[{_over(known, index)} |-> {value}]" if index else value


def _over(known: Symbols, index: tuple[str, ...]) -> str:
    names: list[str] = []
    for sort in index:
        names.append(fresh(sort[:1].lower(), known.top | set(names)))
    return ", ".join(f"{name} \\in {known.domains[sort]}" for name, sort in zip(names, index, strict=True))


def _all(known: Symbols, var: typed.VarDecl) -> str:
    whole = known.set_of(var.type)
    return f"[{_domain(known, var.index)} -> {whole}]" if var.index else whole


def _domain(known: Symbols, index: tuple[str, ...]) -> str:
    return " \\X ".join(known.domains[sort] for sort in index)


def _given(known: Symbols, var: typed.VarDecl, waiting: list[typed.Expr], seen: set[str]) -> str | None:
    """`memory = [m \\in Mm, a \\in Va |-> ...]` where a formula says so of every place: TLC need not try all."""
    for formula in waiting:
        match formula:
            case typed.Quant(QuantKind.FORALL, binders, None, typed.Equal(left, right)):
                for place, value in ((left, right), (right, left)):
                    if _is_place(place, var, binders) and _mentions(known, value) <= seen and _fits(known, var, value):
                        waiting.remove(formula)
                        env, bound = closed(known).open(binders)
                        over = ", ".join(f"{name} \\in {domain}" for name, domain in bound)
                        return f"{known.tables[var.name].name} = [{over} |-> {shown(value, env)}]"
            case _:
                pass
    return None


def _is_place(place: typed.Expr, var: typed.VarDecl, binders: tuple[typed.Binder, ...]) -> bool:
    if not isinstance(place, typed.Read) or place.var != var.name or not binders:
        return False
    names = tuple(arg.name for arg in place.index if isinstance(arg, typed.Var))
    sorts = tuple(binder.sort for binder in binders)
    return names == tuple(binder.name for binder in binders) and sorts == var.index


def _fits(known: Symbols, var: typed.VarDecl, value: typed.Expr) -> bool:
    """Every value of the expression is one of the variable's type."""
    return var.type.optional or isinstance(var.type.base, BoolType) or not type_of(value).optional


def _askable(known: Symbols, waiting: list[typed.Expr], seen: set[str]) -> list[str]:
    lines: list[str] = []
    for formula in [formula for formula in waiting if _mentions(known, formula) <= seen]:
        waiting.remove(formula)
        lines += bullet(laid_out(formula, closed(known)))
    return lines


def _mentions(known: Symbols, expr: typed.Expr) -> set[str]:
    """The variables that an `init` formula reads; what calls and locks say is known at once."""
    found: set[str] = set()
    for node in walk(expr):
        match node:
            case typed.Read(var):
                found.add(var)
            case typed.Tally(terms) if any(isinstance(term, typed.Refs) for term in terms):
                found |= {var.name for var in known.model.vars if var.is_ref}
            case _:
                pass
    return found


# ---- types, TLC ----------------------------------------------------------------------------------------------------


def type_ok(known: Symbols, faults: bool) -> Iterator[str]:
    yield "TypeOK =="
    lines: list[str] = []
    for var in known.model.vars:
        lines += bullet([f"{known.tables[var.name].name} \\in {_all(known, var)}"])
    for lock in known.model.locks:
        holder = "SUBSET Holder" if known.has_locks else "{{}}"
        record = "[" + ", ".join(f"{part}: {holder}" for part in PARTS[lock.kind]) + "]"
        table = known.tables[lock.name]
        whole = f"[{_domain(known, table.index)} -> {record}]" if table.index else record
        lines += bullet([f"{table.name} \\in {whole}"])
    for proc in known.model.procs:
        lines += bullet(_frame_type(known, proc))
    lines += bullet(["fault \\in STRING"]) if faults else []
    yield from indented(lines or ["TRUE"], 2)


def idle_holds_nothing(known: Symbols) -> Iterator[str]:
    """What the steps that begin a call rely on."""
    lines: list[str] = []
    for lock in known.model.locks if known.has_locks else ():
        table, taken = known.tables[lock.name], known.layout.locks[lock.name]
        env, cpu = closed(known).place("c")
        names: list[str] = []
        for sort in lock.index:
            env, name = env.place(sort[:1].lower())
            names.append(name)
        place = f"{table.name}[{', '.join(names)}]" if names else table.name
        bound = [f"{cpu} \\in {known.domains[CPU]}"]
        bound += [f"{name} \\in {known.domains[sort]}" for name, sort in zip(names, lock.index, strict=True)]
        for part, procs in ((WRITERS, taken.writers), (READERS, taken.readers), (SEEN, taken.watchers)):
            for proc in procs:
                frame = known.tables[proc].name
                said = f"<<{cpu}, {string(proc)}>> \\in {place}.{part} => {frame}[{cpu}].{PC} # {IDLE}"
                lines += bullet([f"\\A {', '.join(bound)}: {said}"])
    if lines:
        yield from ("", comment("only a call under way holds a lock"), "IdleHoldsNothing ==", *indented(lines, 2))


def _frame_type(known: Symbols, proc: typed.Proc) -> list[str]:
    labels = ", ".join(label_of(label) for label in known.layout.labels[proc.name])
    fields = [f"{PC}: {{{IDLE}, {labels}}}"]
    for name, of in known.frame_fields(proc.name):
        whole = known.set_of(of)
        absent = known.absent(of)
        also = "" if of.optional or isinstance(of.base, BoolType) else f" \\cup {{{absent}}}"
        fields.append(f"{name}: {whole}{also}")
    table = known.tables[proc.name]
    return enclosed(f"{table.name} \\in [{known.domains[CPU]} -> [", fields, "]]")


def for_tlc(known: Symbols, names: tuple[str, ...], faults: bool) -> Iterator[str]:
    sorts = [f"Permutations({known.domains[sort]})" for sort in known.model.sorts]
    parts = [sort if not n else f"\\cup {sort}" for n, sort in enumerate(sorts)]
    yield from hanging("Symmetry == ", parts or ["{}"])
    yield ""
    c, call = _bound(known, "c", "call")
    if known.model.procs:
        yield comment("the calls under way on a CPU: operation and next step")
        calls = [f"<<{string(proc.name)}, {known.tables[proc.name].name}[{c}].{PC}>>" for proc in known.model.procs]
        yield from hanging(f"Doing({c}) == ", enclosed(f"{{{call} \\in {{", calls, f"}} : {call}[2] # {IDLE}}}"))
    fields = [f"{name} |-> {name}" for name in (*names, *(("fault",) if faults else ()))]
    if known.model.procs:
        fields.insert(0, f"{fresh('doing', names)} |-> [{c} \\in {known.domains[CPU]} |-> Doing({c})]")
    yield from hanging("Alias == ", enclosed("[", fields, "]") if fields else ["world"])
