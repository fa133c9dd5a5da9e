"""How each construct looks: from lark's tree with all tokens to a document.

A construct without a case of its own is its words and signs in a row, with single blanks where `blank_between` says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cowspec.syntax.comments import Comments, blank_before, find_comments
from cowspec.syntax.concrete import (
    Branch,
    blank_between,
    first_token,
    is_empty,
    is_sign,
    last_token,
    line_between,
    on_one_line,
    position_of,
    start_of,
    tokens_of,
)
from cowspec.syntax.document import Concat, Doc, Fresh, Group, Hard, Line, Mark, Nest, Text
from lark import Token, Tree

INDENT = 2
DEEP = 4  # for the headers of blocks, whose bodies are indented by INDENT
BLANK = Text(" ")
ALIGNED = ("lock", "cost", "fix", "define", "option", "case")  # keys of marks, in the order of aligning
INDENT_THEMSELVES = ("quantified", "record", "match_expr", "apply", "count", "index_of", "choose")
ITEM_LISTS = ("locals", "steps", "script_names", "script_allow", "script", "script_expects")

Item = tuple[Doc, bool]  # a document on lines of its own, and whether an empty line stands above it


@dataclass(frozen=True, slots=True)
class Page:
    """What the layout of a tree looks up besides the tree."""

    text: str
    comments: Comments


def file_document(text: str, tree: "Tree[Token]") -> Doc:
    """The document of a whole file. `tree` keeps all tokens of `text`."""
    page = Page(text, find_comments(text, [start_of(token) for token in tokens_of(tree)]))
    items = _items(page, tree.children)
    last = page.comments.above.get(len(text), ())
    if last:
        items.append((Concat(last), last[0].blank))
    return Concat(tuple(_separated(items, Hard())))


def document(page: Page, branch: Branch) -> Doc:
    """The document of any part of a file."""
    body: Doc
    if isinstance(branch, Token):
        return _token(page, branch)
    children = branch.children
    match str(branch.data):
        case "block":
            return Group(_braces(page, children, Line("; ") if on_one_line(branch) else Hard()))
        case "action" | "macro" | "step" | "bulk":
            return Concat((_header(page, children[:-1]), BLANK, document(page, children[-1])))
        case "proc" | "scenario" | "expects" | "survivors":
            opener = position_of("{", children)
            body = Group(_braces(page, _flattened(children[opener:]), Hard()))
            return Concat((_header(page, children[:opener]), BLANK, body))
        case "if_stmt":
            return _if_statement(page, branch)
        case "match_stmt" | "match_expr":
            separator = Line("; ") if on_one_line(branch) else Hard()
            subject = Nest(DEEP, document(page, children[1]))
            body = Group(_braces(page, children[2:], separator))
            return Concat((document(page, children[0]), BLANK, subject, BLANK, body))
        case "struct" | "enum" | "use" | "choice" | "record":
            return _enumeration(page, branch)
        case "uses" if len(children) == 2:  # nothing to fill: its braces stand at the margin
            return _row(page, children)
        case "uses" | "names" | "binders" | "args" | "script_args" | "scope":
            return _filled(page, children)
        case "size":
            return Concat(tuple(document(page, child) for child in children))
        case "option" | "stmt_case" | "expr_case" | "lock" | "cost" | "fix":
            return _aligned(page, branch)
        case "define":
            body = _below(page, children[-2], children[-1])
            return Concat((_row(page, children[:-2]), BLANK, Mark("define"), body))
        case "property":
            return Concat((_header(page, children[:-2]), _below(page, children[-2], children[-1])))
        case "quantified":
            binders = _clause(page, children[:-2], "where", DEEP)
            return Group(Concat((binders, _below(page, children[-2], children[-1]))))
        case "init" | "require" | "not_" | "let" | "assign" | "var" | "field_value":
            return _row(page, children, tail=True)
        case "expect_line" | "script_expect" | "script_blocked":
            return _clause(page, children, "when", INDENT)
        case "survivor_line":
            return Concat((_filled(page, children[:-2]), _below(page, children[-2], children[-1])))
        case "each" | "choose" | "count" | "spend":
            return _clause(page, children, "where", DEEP)
        case "if_else":
            first, *others = (_row(page, children[i : i + 2], tail=True) for i in (0, 2, 4))
            return Group(Concat((first, *(Nest(INDENT, Concat((Line(), other))) for other in others))))
        case "implies" | "disjunction" | "conjunction" | "sum" | "compare":
            return _chain(page, children)
        case _:
            return _row(page, children)


# ---- pieces --------------------------------------------------------------------------------------------------------


def _token(page: Page, token: Token, text: str | None = None) -> Doc:
    """A token with its comments. `text` replaces its own text: nothing, for a comma that is not printed."""
    start = start_of(token)
    above = page.comments.above.get(start, ())
    behind = page.comments.behind.get(start)
    written = Text(str(token) if text is None else text)
    if not above and behind is None:
        return written
    fresh = (Fresh(blank_before(page.text, start)),) if above and text != "" else ()
    return Concat((*above, *fresh, written, *((behind,) if behind else ())))


def _row(page: Page, branches: Iterable[Branch], *, tail: bool = False) -> Doc:
    """Branches one after the other. With `tail`, lines that the last one needs more are indented."""
    parts: list[Doc] = []
    previous: Token | None = None
    present = [branch for branch in branches if not is_empty(branch)]
    for branch in present:
        if previous is not None and blank_between(previous, first_token(branch)):
            parts.append(BLANK)
        inner = document(page, branch)
        parts.append(_indented(branch, inner) if tail and branch is present[-1] else inner)
        previous = last_token(branch)
    return Concat(tuple(parts))


def _indented(branch: Branch, inner: Doc) -> Doc:
    """The document of a branch; what does not indent its further lines itself has them indented."""
    while not isinstance(branch, Token) and branch.data == "paren":
        branch = branch.children[1]
    return inner if isinstance(branch, Token) or branch.data in INDENT_THEMSELVES else Nest(INDENT, inner)


def _filled(page: Page, branches: Sequence[Branch], indent: int = DEEP) -> Doc:
    """`a, b, c`: a line ends only where the next item does not fit."""
    parts = [document(page, branches[0])]
    for left, right in pairwise(branches):
        inner = document(page, right)
        parts.append(Group(Concat((Line(), inner))) if is_sign(left, ",") else _spaced_after(left, right, inner))
    return Nest(indent, Concat(tuple(parts)))


def _spaced_after(left: Branch, right: Branch, inner: Doc) -> Doc:
    return Concat((BLANK, inner)) if blank_between(last_token(left), first_token(right)) else inner


def _below(page: Page, sign: Branch, body: Branch) -> Doc:
    """A sign and what it introduces: on the same line if it was and fits, else on the next lines."""
    line: Doc = Hard() if line_between(sign, body) else Line()
    return Concat((document(page, sign), Group(Nest(INDENT, Concat((line, document(page, body)))))))


def _clause(page: Page, children: list[Branch], word: str, indent: int) -> Doc:
    """A row, of which the part from `word` on (if it is there) may stand on the next line."""
    place = position_of(word, children)
    if place == len(children):
        return Group(_row(page, children))
    inner = Nest(indent, Concat((Line(), _row(page, children[place:], tail=True))))
    return Group(Concat((_row(page, children[:place]), inner)))


def _header(page: Page, children: list[Branch]) -> Doc:
    """`step s "text" each a: Va where c`, `forall c: Cpu where c`, `invariant i "text"`: what stands before a body."""
    cuts = [i for i, child in enumerate(children) if _may_begin_line(child)]
    first, *others = (_row(page, children[i:j]) for i, j in pairwise((0, *cuts, len(children))))
    return Nest(DEEP, Concat((first, *(Group(Concat((Line(), other))) for other in others))))


def _may_begin_line(branch: Branch) -> bool:
    if isinstance(branch, Token):
        return branch == "where" or branch.type == "STRING"
    return bool(branch.data == "each")


def _chain(page: Page, children: list[Branch]) -> Doc:
    """`a and b and c`, operators at the start of lines: a line ends before each, unless the author chose some."""
    while not isinstance(last := children[-1], Token) and last.data == "implies" and is_sign(children[-2], "->"):
        children = [*children[:-1], *last.children]
    triples = list(zip(children[:-2:2], children[1::2], children[2::2], strict=True))
    chosen = [line_between(left, operator) or line_between(operator, right) for left, operator, right in triples]
    parts: list[Doc] = [_indented(children[0], document(page, children[0]))]
    for (_, operator, operand), ended in zip(triples, chosen, strict=True):
        term = Concat((document(page, operator), BLANK, _indented(operand, document(page, operand))))
        if any(chosen) and not ended:
            parts.append(Group(Concat((Line(), term))))
        else:
            parts += [Hard() if ended else Line(), term]
    return Group(Concat(tuple(parts)))


def _aligned(page: Page, tree: "Tree[Token]") -> Doc:
    """Rows that are aligned with their neighbours at one place."""
    children, key, cut = tree.children, str(tree.data), 1
    if tree.data == "option":
        children = [child for child in children if not is_sign(child, ",")]
        dropped = [_token(page, child, "") for child in tree.children if isinstance(child, Token) and child == ","]
        if len(children) == 1:
            return Concat((document(page, children[0]), *dropped))
        return Concat((document(page, children[0]), BLANK, Mark(key), document(page, children[1]), *dropped))
    if tree.data in ("stmt_case", "expr_case"):
        key = "case"
    elif tree.data in ("cost", "fix"):
        cut = 2
    return Concat((_row(page, children[:cut]), BLANK, Mark(key), _row(page, children[cut:], tail=True)))


# ---- braces --------------------------------------------------------------------------------------------------------


def _items(page: Page, branches: Iterable[Branch]) -> list[Item]:
    items = []
    for branch in branches:
        if not is_empty(branch):
            start = start_of(first_token(branch))
            above = page.comments.above.get(start, ())
            blank = above[0].blank if above else blank_before(page.text, start)
            items.append((document(page, branch), blank))
    return items


def _separated(items: Sequence[Item], separator: Line | Hard) -> list[Doc]:
    """Items with separators between them; hard ones keep empty lines."""
    parts: list[Doc] = []
    for inner, blank in items:
        if parts:
            parts.append(Hard(blank) if isinstance(separator, Hard) else separator)
        parts.append(inner)
    return parts


def _braces(page: Page, children: Sequence[Branch], separator: Line | Hard) -> Doc:
    """`{ items }`, without a group around it. `children` begin and end with the braces."""
    return _enclosed(page, children, _items(page, children[1:-1]), separator)


def _enclosed(page: Page, children: Sequence[Branch], items: list[Item], separator: Line | Hard) -> Doc:
    """Items between the braces that `children` begin and end with. Comments above the closing one belong inside."""
    opener, closer = children[0], children[-1]
    assert isinstance(closer, Token)
    remarks = page.comments.above.get(start_of(closer), ())
    behind = page.comments.behind.get(start_of(closer))
    edge: Doc = Hard() if isinstance(separator, Hard) and (items or remarks) else Line()
    inner = Nest(INDENT, Concat((edge, *_separated(items, separator), *remarks)))
    end = (Text(str(closer)), *((behind,) if behind else ()))
    if items or remarks:
        return Concat((document(page, opener), inner, edge, *end))
    return Concat((document(page, opener), BLANK, *end))


def _flattened(children: Sequence[Branch]) -> list[Branch]:
    """The children with the members of lists in place of the lists."""
    flat: list[Branch] = []
    for child in children:
        if not isinstance(child, Token) and child.data in ITEM_LISTS:
            flat += child.children
        else:
            flat.append(child)
    return flat


def _if_statement(page: Page, tree: "Tree[Token]") -> Doc:
    """The whole chain of `else if` is on one line, or every block of it is broken."""
    separator = Line("; ") if on_one_line(tree) else Hard()
    parts: list[Doc] = []
    rest: list[Branch] = tree.children
    while rest:
        word, *rest = rest
        parts += [document(page, word), BLANK]
        if is_sign(word, "if"):
            condition, *rest = rest
            parts += [Nest(DEEP, document(page, condition)), BLANK]
        body, *rest = rest
        assert not isinstance(body, Token)
        if body.data == "if_stmt":
            rest = body.children
        else:
            parts.append(_braces(page, body.children, separator))
            parts += [BLANK] if rest else []
    return Group(Concat(tuple(parts)))


def _enumeration(page: Page, tree: "Tree[Token]") -> Doc:
    """`struct S { a: A, b: B }` and the like. A record is on one line whenever it fits; no comma after the last."""
    opener = position_of("{", tree.children)
    if opener == len(tree.children):
        return _row(page, tree.children)
    head, inside = tree.children[:opener], tree.children[opener:]
    flat = tree.data in ("record", "use") or first_token(inside[0]).line == first_token(inside[-1]).line
    items: list[Item] = []
    for branch, (inner, blank) in zip(inside[1:-1], _items(page, inside[1:-1]), strict=True):
        if is_sign(branch, ",") and isinstance(branch, Token):
            last = branch is inside[-2]
            items[-1] = (Concat((items[-1][0], _token(page, branch, "" if last else ","))), items[-1][1])
        elif not isinstance(branch, Token) and branch.data == "names":
            items.append((_filled(page, branch.children, 0), blank))  # the braces indent them already
        else:
            items.append((inner, blank))
    separator = (Line(", ") if tree.data == "choice" else Line()) if flat else Hard()
    body = Group(_enclosed(page, inside, items, separator))
    return Concat((_row(page, head), BLANK, body)) if head else body
