"""What is known while one declaration is elaborated: its names, its place, what it has grown to.

`Scope` is lexical: the names around a piece of text and the module it stands in. A def or macro is elaborated in its
own module with its parameters bound, so nothing of the caller can be captured. `Context` belongs to one declaration: it
hands out bound names that are unique there, and stops expansions that grow without measure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from cowspec.check import typed
from cowspec.check.names import Visible
from cowspec.check.tables import Tables, binder_domain, domain_type
from cowspec.check.typed import Type
from cowspec.check.values import Value
from cowspec.diagnostics import Diagnostic
from cowspec.source import Span
from cowspec.syntax import ast

MAX_SIZE = 200_000  # nodes of one declaration after expansion
MAX_TOTAL = 1_000_000  # nodes of all declarations together
MAX_DEPTH = 100  # nesting of one declaration after expansion
FRESH = "#"  # no character of a name


class Where(Enum):
    """The place that an expression or statement stands in, through all expansions."""

    PROC = "a proc"
    ACTION = "an action"
    PROPERTY = "a property"
    TRANSITION = "a transition property"
    INIT = "an `init` formula"
    WHEN = "a condition on switches"
    DEF = "a def"
    MACRO = "a macro"


class What(Enum):
    """What a bound name was bound as."""

    PARAMETER = "a parameter"
    LOCAL = "a local"
    BINDER = "a bound name"
    LET = "a `let`"


@dataclass(frozen=True, slots=True)
class Thunk:
    """An argument of a def that binds names itself: elaborated again, in the caller's scope, wherever the parameter
    stands, so that each copy binds names of its own."""

    expr: ast.Expr
    scope: "Scope"
    base: typed.BaseType


@dataclass(frozen=True, slots=True)
class Bound:
    meaning: Value | Thunk | None  # None: broken, silent
    what: What
    span: Span
    size: int = 1  # of the value
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """`uses`: the places, outermost first, where the defs and macros around this text are used."""

    module: int
    names: Mapping[str, Bound]
    uses: tuple[Span, ...] = ()

    def bind(self, name: str, bound: Bound) -> "Scope":
        return replace(self, names={**self.names, name: bound})


class TooLarge(Exception):
    """The declaration cannot be elaborated; it has been reported."""


@dataclass(slots=True)
class Totals:
    """What all declarations share: the size so far, and the defs and macros that have a mistake of their own."""

    size: int = 0
    broken: set[tuple[int, str]] = field(default_factory=set)


@dataclass(slots=True)
class Context:
    tables: Tables
    totals: Totals
    where: Where
    name: Span  # of the declaration's name
    proc: str | None = None
    taken: set[str] = field(default_factory=lambda: {"self"})
    said: set[tuple[str, Span, str]] = field(default_factory=set)
    size: int = 0
    depth: int = 0
    in_old: bool = False
    in_bulk: bool = False
    in_spend: bool = False

    def visible(self, scope: Scope) -> Visible:
        return self.tables.names.visible[scope.module]

    def report(
        self,
        scope: Scope,
        code: str,
        message: str,
        span: Span,
        hint: str | None = None,
        more: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        """Keeps a diagnostic. Inside an expansion the primary place is where the outermost def or macro is used: its
        own text was found right by itself."""
        if scope.uses:
            more = ((span, "where this is expanded"), *more)
            span = scope.uses[0]
        if (code, span, message) not in self.said:
            self.said.add((code, span, message))
            self.tables.diagnostics.append(Diagnostic(code, message, span, more=more, hint=hint))

    def enter(self, scope: Scope, span: Span) -> None:
        """Counts one node; `leave` when it is done. Raises `TooLarge` beyond the limits."""
        self.size += 1
        self.totals.size += 1
        self.depth += 1
        if self.size > MAX_SIZE or self.totals.size > MAX_TOTAL:
            limit = MAX_SIZE if self.size > MAX_SIZE else MAX_TOTAL
            message = f"the expansion of this declaration has more than {limit} parts"
            if self.size <= MAX_SIZE:
                message = f"the expansions of all declarations together have more than {limit} parts"
            hint = "a def that uses its parameter twice doubles it: use it on less, or bind a value with `let`"
            self.tables.diagnostics.append(Diagnostic("E114", message, self.name, hint=hint))
            raise TooLarge
        if self.depth > MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} deep after expansion"
            self.tables.diagnostics.append(Diagnostic("E115", message, scope.uses[0] if scope.uses else span))
            raise TooLarge

    def charge(self, scope: Scope, span: Span, size: int, depth: int) -> None:
        """Counts a copy of something elaborated before, beyond its first node."""
        self.depth += depth - 1
        self.size += size - 1
        self.totals.size += size - 1
        self.enter(scope, span)
        self.leave()
        self.depth -= depth - 1

    def leave(self) -> None:
        self.depth -= 1

    def fresh(self, name: str) -> str:
        """A bound name that nothing else in this declaration has: `m`, then `m#2`, `m#3`."""
        unique, number = name, 1
        while unique in self.taken:
            number += 1
            unique = f"{name}{FRESH}{number}"
        self.taken.add(unique)
        return unique


def bind_all(
    context: Context, scope: Scope, binders: tuple[ast.Binder, ...], what: What
) -> tuple[tuple[typed.Binder, ...], Scope]:
    """Binds names to the elements of their sorts, with unique names. A name that is bound already is reported."""
    bound: list[typed.Binder] = []
    for binder in binders:
        domain = binder_domain(context.tables, binder.type, scope.module)
        check_free(context, scope, binder.name)
        meaning = None
        if domain is not None:
            name = context.fresh(binder.name.text)
            bound.append(typed.Binder(name, domain, span=binder.span))
            meaning = variable(name, Type(domain_type(context.tables, domain)), binder.name.span)
        scope = scope.bind(binder.name.text, Bound(meaning, what, binder.name.span))
    return tuple(bound), scope


def variable(name: str, of: Type, span: Span) -> Value:
    return Value(typed.Var(name, of, span=span), of)


def check_free(context: Context, scope: Scope, name: ast.Name) -> None:
    """Reports a name that the text around has bound already."""
    earlier = scope.names.get(name.text)
    if earlier is not None:
        more = ((earlier.span, f"bound here, as {earlier.what.value}"),)
        message = f"`{name.text}` is bound already"
        context.report(scope, "E108", message, name.span, "choose another name", more)
