"""Top-level names: what each module declares, what it sees, and what may start.

In: the modules of a program. Out: for each module a table from names to `Symbol`s. Names of sorts, variables, procs and
so on end up in one flat model, so they are unique over all loaded modules; defs and macros are expanded, so two of
them may share a name as long as no module sees both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from cowspec.check.modules import LoadedModule, Program
from cowspec.diagnostics import Diagnostic
from cowspec.source import Span
from cowspec.syntax import ast

NamedDecl = (
    ast.SortDecl | ast.StructDecl | ast.EnumDecl | ast.VarDecl | ast.LockDecl | ast.CostDecl | ast.DefDecl
    | ast.MacroDecl | ast.ChoiceDecl | ast.FixDecl | ast.ActionDecl | ast.ProcDecl | ast.PropertyDecl | ast.ScenarioDecl
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbol:
    """A top-level name. `module` is the index of the module that declares it."""

    name: str
    decl: NamedDecl
    module: int
    span: Span  # of the name

    @property
    def key(self) -> tuple[int, str]:
        return self.module, self.name


Visible = Mapping[str, Symbol]

BUILTINS = frozenset({"refs", "idle", "held", "write_held", "changed", "old", "next"})


@dataclass(frozen=True, slots=True)
class Names:
    """`own[i]`: what module i declares; `visible[i]`: what it sees. `startable`: names of the actions, procs and
    properties that the model file and its own `use` lines bring into play (R10)."""

    modules: tuple[str, ...]
    own: tuple[Visible, ...]
    visible: tuple[Visible, ...]
    startable: frozenset[str]

    def declared_in(self, name: str) -> str | None:
        """The first module that declares a name, seen or not."""
        return next((module for module, own in zip(self.modules, self.own, strict=True) if name in own), None)


def kind_of(decl: NamedDecl) -> str:
    """The word for a declaration in messages."""
    match decl:
        case ast.SortDecl():
            return "sort"
        case ast.StructDecl():
            return "struct"
        case ast.EnumDecl():
            return "enum"
        case ast.VarDecl():
            return "variable"
        case ast.LockDecl(kind=kind):
            return kind.value
        case ast.CostDecl():
            return "cost"
        case ast.DefDecl():
            return "def"
        case ast.MacroDecl():
            return "macro"
        case ast.ChoiceDecl():
            return "choice"
        case ast.FixDecl():
            return "fix"
        case ast.ActionDecl():
            return "action"
        case ast.ProcDecl():
            return "proc"
        case ast.PropertyDecl(kind=property_kind):
            return property_kind.value
        case ast.ScenarioDecl():
            return "scenario"


def a(word: str) -> str:
    """The word with its article."""
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def did_you_mean(name: str, known: list[str]) -> str | None:
    """A hint that names the closest known name, or None."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else None


def resolve(program: Program, diagnostics: list[Diagnostic]) -> Names:
    """The tables of names of all modules; names declared twice and `use` lines that name nothing are reported."""
    own = [_declared(index, module, diagnostics) for index, module in enumerate(program.modules)]
    clashes = _check_flat(program, own, diagnostics)
    visible: list[Visible] = []
    for index, module in enumerate(program.modules):
        visible.append(_visible(module, own, visible, index, clashes, diagnostics))
    main = len(program.modules) - 1
    startable = set(own[main])
    for used in program.main.uses:
        names = own[used.module] if used.use.names is None else [name.text for name in used.use.names]
        startable.update(names)
    modules = tuple(module.name for module in program.modules)
    return Names(modules, tuple(own), tuple(visible), frozenset(startable))


def _names_of(decl: ast.Decl) -> Iterator[tuple[ast.Name, NamedDecl]]:
    match decl:
        case ast.Use() | ast.InitDecl() | ast.ExpectDecl() | ast.SurvivorsDecl():
            return
        case ast.SortDecl(names=names):
            yield from ((name, decl) for name in names)
        case _:
            yield decl.name, decl


def _declared(index: int, module: LoadedModule, diagnostics: list[Diagnostic]) -> dict[str, Symbol]:
    """The names that one module declares; the first declaration of a name stands."""
    own: dict[str, Symbol] = {}
    for item in module.tree.items:
        for name, decl in _names_of(item):
            earlier = own.get(name.text)
            if earlier is not None:
                diagnostics.append(_twice(name.text, name.span, earlier))
                continue
            own[name.text] = Symbol(name.text, decl, index, name.span)
            if isinstance(decl, ast.DefDecl) and name.text in BUILTINS:
                message = f"`{name.text}` is built in and cannot be defined again"
                diagnostics.append(Diagnostic("E106", message, name.span, hint="choose another name"))
    return own


def _twice(name: str, span: Span, earlier: Symbol) -> Diagnostic:
    message = f"`{name}` is declared twice"
    label = f"first declared here, as {a(kind_of(earlier.decl))}"
    return Diagnostic("E105", message, span, "second declaration", ((earlier.span, label),), "rename one of them")


def _is_flat(symbol: Symbol) -> bool:
    return not isinstance(symbol.decl, ast.DefDecl | ast.MacroDecl)


def _check_flat(program: Program, own: list[dict[str, Symbol]], diagnostics: list[Diagnostic]) -> set[str]:
    """Names of the flat model that two modules declare. The first declaration stands for all of them in `own`, so that
    a name means one thing in everything that follows."""
    first: dict[str, Symbol] = {}
    clashes: set[str] = set()
    for index in range(len(program.modules)):
        for name, symbol in list(own[index].items()):
            if not _is_flat(symbol):
                continue
            earlier = first.setdefault(name, symbol)
            if earlier is not symbol:
                clashes.add(name)
                own[index][name] = earlier
                diagnostics.append(_twice(name, symbol.span, earlier))
    return clashes


def _visible(
    module: LoadedModule,
    own: list[dict[str, Symbol]],
    earlier: list[Visible],
    index: int,
    clashes: set[str],
    diagnostics: list[Diagnostic],
) -> dict[str, Symbol]:
    """What a module sees: its own names, and what the modules it uses see or, with braces, the named ones."""
    seen: dict[str, Symbol] = {}
    for used in module.uses:
        exported = earlier[used.module]
        if used.use.names is None:
            brought = list(exported.values())
        else:
            brought = _named(used.use, used.use.names, own[used.module], exported, diagnostics)
        for symbol in brought:
            other = seen.setdefault(symbol.name, symbol)
            if other.key != symbol.key and symbol.name not in clashes:
                message = f"`{symbol.name}` comes from two modules"
                more = ((other.span, "one is declared here"), (symbol.span, "the other here"))
                hint = "rename one of them, or use a module with `{ ... }` to see only some of its names"
                diagnostics.append(Diagnostic("E105", message, used.use.span, more=more, hint=hint))
    for name, symbol in own[index].items():
        other = seen.get(name, symbol)
        if other.key != symbol.key and name not in clashes:
            diagnostics.append(_twice(name, symbol.span, other))
        seen[name] = symbol
    return seen


def _named(
    use: ast.Use,
    names: tuple[ast.Name, ...],
    own: Visible,
    exported: Visible,
    diagnostics: list[Diagnostic],
) -> list[Symbol]:
    """The symbols in the braces of a `use`."""
    found = []
    for name in names:
        if name.text in own:
            found.append(own[name.text])
            continue
        message = f"module `{use.module}` declares no `{name.text}`"
        hint = did_you_mean(name.text, list(own))
        if name.text in exported:
            hint = f"`{name.text}` is declared in a module that `{use.module}` uses: name that module on a `use` line"
        diagnostics.append(Diagnostic("E107", message, name.span, hint=hint))
    return found
