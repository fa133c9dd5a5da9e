"""Loading a model file and everything it uses.

In: the text of the model file and a loader. Out: a `Program`, its modules in dependency order. Nothing is raised here:
what went wrong (a module that is not found, a syntax error, a cycle) is kept in the program, and `check` reports it, so
that the caller always has the texts to print it with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath

from cowspec.diagnostics import CompileError, Diagnostic
from cowspec.source import Source
from cowspec.syntax import ast
from cowspec.syntax.parse import parse

Loader = Callable[[str, str], Source | None]
"""From a dotted module name and the path of the file that uses it to the module's text, or None if there is none. It
decides where a module is looked up, and that a library module sees the library only. It may raise `CompileError`."""


@dataclass(frozen=True, slots=True)
class Used:
    """One `use` and the module it names, as an index into `Program.modules`."""

    use: ast.Use
    module: int


@dataclass(frozen=True, slots=True)
class LoadedModule:
    name: str  # dotted, as it was used; of the model file its `module` line or the stem of its path
    source: Source
    tree: ast.Module
    uses: tuple[Used, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """All loaded modules, a used one before its user, the model file last; incomplete if there are `diagnostics`."""

    modules: tuple[LoadedModule, ...]
    sources: dict[str, Source]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def main(self) -> LoadedModule:
        return self.modules[-1]


@dataclass(slots=True)
class _Loading:
    """What is known while the files are read: `places` maps the path of a finished module to its index."""

    loader: Loader
    modules: list[LoadedModule] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)  # dotted name -> path
    failed: set[str] = field(default_factory=set)  # paths of files that could not be parsed or lie on a cycle
    sources: dict[str, Source] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


MAX_CHAIN = 60  # modules that use each other in a row


def load(path: str, text: str, loader: Loader) -> Program:
    """The program of the model file `text`. Reads every module once; never raises for any text."""
    source = Source(path, text)
    state = _Loading(loader)
    _load(state, PurePath(path).stem, source, None, ())
    return Program(tuple(state.modules), state.sources, tuple(state.diagnostics))


def _load(
    state: _Loading, name: str, source: Source, use: ast.Use | None, chain: tuple[tuple[str, str], ...]
) -> int | None:
    """The index of the module in `source`, loaded with all it uses; None if it was refused. `chain`: the users above
    it, as (path, name)."""
    if any(path == source.path for path, _ in chain):
        _report_cycle(state, name, source.path, use, chain)
        return None
    if source.path in state.places:
        return state.places[source.path]
    if source.path in state.failed:
        return None
    state.sources[source.path] = source
    try:
        tree = parse(source)
    except CompileError as error:
        state.diagnostics.extend(error.diagnostics)
        state.failed.add(source.path)
        return None
    if use is None:
        name = tree.name or name
    elif tree.name is not None and tree.name != name:
        message = f"the file of module `{name}` says `module {tree.name}`"
        hint = f"write `module {name}` in {source.path}, or `use {tree.name}`"
        state.diagnostics.append(Diagnostic("E103", message, use.span, hint=hint))
    inner = (*chain, (source.path, name))
    uses: list[Used] = []
    for item in tree.items:
        if isinstance(item, ast.Use):
            index = _find(state, item, source.path, inner)
            if index is not None:
                uses.append(Used(item, index))
    state.modules.append(LoadedModule(name, source, tree, tuple(uses)))
    state.places[source.path] = len(state.modules) - 1
    return state.places[source.path]


def _find(state: _Loading, use: ast.Use, path: str, chain: tuple[tuple[str, str], ...]) -> int | None:
    """The index of the module that a `use` in the file `path` names; None, with a diagnostic, if there is none."""
    try:
        found = state.loader(use.module, path)
    except CompileError as error:
        state.diagnostics.extend(error.diagnostics)
        return None
    if found is None:
        hint = "a module is looked up beside the file, then in the library; a library file sees the library only"
        state.diagnostics.append(Diagnostic("E101", f"module `{use.module}` is not found", use.span, hint=hint))
        return None
    known = state.paths.setdefault(use.module, found.path)
    if known != found.path:
        message = f"module `{use.module}` is found in two places: {known} and {found.path}"
        hint = "give the file beside the model another name"
        state.diagnostics.append(Diagnostic("E104", message, use.span, hint=hint))
        return None
    if len(chain) >= MAX_CHAIN:
        message = f"more than {MAX_CHAIN} modules use each other in a row"
        state.diagnostics.append(Diagnostic("E102", message, use.span))
        return None
    return _load(state, use.module, found, use, chain)


def _report_cycle(
    state: _Loading, name: str, path: str, use: ast.Use | None, chain: tuple[tuple[str, str], ...]
) -> None:
    names = [user for _, user in chain]
    start = [user for user, _ in chain].index(path)
    route = " -> ".join([*names[start:], names[start]])
    message = f"module `{name}` uses itself: {route}"
    hint = "move what both need into a module of its own"
    state.diagnostics.append(Diagnostic("E102", message, use.span if use else None, hint=hint))
