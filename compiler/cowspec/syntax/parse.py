"""Text to tree: `parse` accepts any text whatever and either returns a module or raises `CompileError`.

Limits come first, so that hostile texts cost little and nobody who recurses over a tree meets Python's own limit.
After a syntax error, parsing goes on at the next word that begins a declaration at the start of a line.
"""

import re
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

from cowspec.diagnostics import CompileError, Diagnostic
from cowspec.source import Source, Span
from cowspec.syntax import ast, grammar

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

MAX_CHARACTERS = 1 << 21
MAX_WORDS = 100_000
MAX_DEPTH = 150
MAX_DIAGNOSTICS = 10
LOCK_MODES = ("read", "write")
BYTE_ORDER_MARK = "\ufeff"

WORD = re.compile(r'//[^\r\n]*|([(\[{])|([)\]}])|("[^"\t\r\n]*"|\w+|[^\w\s;])')
# Control characters, marks that change the direction of writing, line ends that are none here, lone surrogates.
UNPRINTABLE = re.compile(
    r"(?!\A\ufeff)[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
DECLARATION = re.compile(
    r"^(?:use|ordered|sort|struct|enum|ghost|var|mutex|rwlock|seqcount|init|choice|fix|def|macro|action|proc|invariant"
    r"|lemma|cover|transition|scenario|expect|survivors)\b",
    re.MULTILINE,
)


def parse(source: Source) -> ast.Module:
    """The tree of a text. Raises `CompileError` with up to ten diagnostics."""
    tree = parse_tree(source, grammar.abstract_parser)
    from cowspec.syntax.build import build

    return build(source.path, tree)


def parse_tree(source: Source, parser_of: Callable[[], "Lark"]) -> "Tree[Token]":
    """Lark's tree of a text by one of the parsers of `grammar`, at most `MAX_DEPTH` deep. Raises `CompileError`."""
    _refuse_excess(source)
    from cowspec.syntax.errors import Unexpected, diagnose

    parser = parser_of()
    problems: list[Diagnostic] = []
    start: int | None = len(BYTE_ORDER_MARK) if source.text.startswith(BYTE_ORDER_MARK) else 0
    while start is not None and len(problems) < MAX_DIAGNOSTICS:
        try:
            tree = grammar.read(parser, source.text, start)
        except Unexpected as error:
            problem, place = diagnose(error, parser, source, start)
            problems.append(problem)
            start = _next_declaration(source.text, max(place, start + 1))
        else:
            start = None
    problems = problems or _problems(source, tree)
    if problems:
        raise CompileError(problems)
    return tree


def _next_declaration(text: str, after: int) -> int | None:
    found = DECLARATION.search(text, after)
    return found.start() if found else None


def _refuse_excess(source: Source) -> None:
    """Raises for texts over the limits of size or nested brackets, and for what a terminal might obey."""
    if len(source.text) > MAX_CHARACTERS:
        raise CompileError([_too_large(f"{MAX_CHARACTERS} characters", Span(source.path, 0, 0))])
    unprintable = list(islice(UNPRINTABLE.finditer(source.text), MAX_DIAGNOSTICS))
    if unprintable:
        raise CompileError([_unprintable(Span(source.path, match.start(), match.end())) for match in unprintable])
    depth = words = 0
    for match in WORD.finditer(source.text):
        kind = match.lastindex
        words += kind is not None
        if kind == 1:
            depth += 1
        elif kind == 2:
            depth = max(0, depth - 1)
        if depth > MAX_DEPTH:
            raise CompileError([_too_deep_at(Span(source.path, match.start(), match.end()))])
        if words > MAX_WORDS:
            raise CompileError(
                [_too_large(f"{MAX_WORDS} words and signs", Span(source.path, match.start(), match.end()))]
            )


def _unprintable(span: Span) -> Diagnostic:
    return Diagnostic(
        "E003", "a character that cannot be printed", span, hint="remove it, also from comments and texts"
    )


def _too_large(limit: str, span: Span) -> Diagnostic:
    return Diagnostic("E006", f"the text has more than {limit}", span, hint="split the model into modules")


def _too_deep_at(span: Span) -> Diagnostic:
    message = f"expressions and blocks are nested more than {MAX_DEPTH} deep"
    return Diagnostic("E007", message, span, "too deep here", hint="name the parts with `def` or `macro`")


def _problems(source: Source, tree: "Tree[Token]") -> list[Diagnostic]:
    """What the grammar lets pass: trees too deep for who recurses (chains and prefixes need no brackets), and
    `for x` where x is neither `read` nor `write`, which are no reserved words."""
    from cowspec.syntax.build_expressions import CHAINS, chain_depth
    from lark import Tree

    problems = []
    rest: list[tuple[object, int]] = [(tree, 0)]
    while rest:
        node, depth = rest.pop()
        if not isinstance(node, Tree):
            continue
        if depth > MAX_DEPTH:
            return [_too_deep_at(Span(source.path, node.meta.start_pos, node.meta.start_pos + 1))]
        operands = sum(isinstance(child, Tree) for child in node.children)
        inner = depth + (chain_depth(operands) if node.data in CHAINS else 1)
        rest += [(child, inner) for child in node.children]
        if node.data == "lock_mode" and str(node.children[0]) not in LOCK_MODES:
            span = Span(source.path, node.meta.start_pos, node.meta.end_pos)
            problems.append(Diagnostic("E001", f"found `{node.children[0]}`, expected `read` or `write`", span))
    return problems[:MAX_DIAGNOSTICS]
