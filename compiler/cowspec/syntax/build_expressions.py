"""The callbacks for words and expressions; `build.py` adds statements and declarations.

Children come in the order of the rule: a missing optional part is None, words and signs are dropped unless the rule
names them. Nothing here can fail: what the grammar accepts is a tree.
"""

from dataclasses import replace

from cowspec.source import Span
from cowspec.syntax import ast
from cowspec.syntax.ast import BinaryOp
from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

Names = tuple[ast.Name, ...]
Binders = tuple[ast.Binder, ...]
Args = tuple[ast.Expr, ...]

STRAIGHT_CHAIN = 8
CHAINS = ("disjunction", "conjunction", "sum")


def chain_depth(parts: int) -> int:
    """How deep a tree `chain` makes of so many parts, at most."""
    halvings = 0
    while parts > STRAIGHT_CHAIN:
        parts -= parts // 2
        halvings += 1
    return halvings + (STRAIGHT_CHAIN if halvings else parts) - 1


def chain(op: BinaryOp, parts: tuple[ast.Expr, ...]) -> ast.Expr:
    """`a op b op c`, grouped to the left, but balanced where long: whoever recurses over trees stays shallow.

    Only for `and`, `or` and `+`, where the grouping means nothing.
    """
    if len(parts) <= STRAIGHT_CHAIN:
        result = parts[0]
        for part in parts[1:]:
            result = ast.Binary(op, result, part, span=_cover(result, part))
        return result
    middle = len(parts) - len(parts) // 2
    left, right = chain(op, parts[:middle]), chain(op, parts[middle:])
    return ast.Binary(op, left, right, span=_cover(left, right))


def _cover(first: ast.Expr, last: ast.Expr) -> Span:
    return Span(first.span.path, first.span.start, last.span.end)


@v_args(inline=True, meta=True)
class ExpressionBuilder(Transformer_NonRecursive[Token, ast.Module]):
    """Names that begin with `_` do not become callbacks."""

    def __init__(self, path: str) -> None:
        super().__init__(visit_tokens=True)
        self._path = path

    def _span(self, meta: Meta) -> Span:
        return Span(self._path, meta.start_pos, meta.end_pos)

    def _token_span(self, token: Token) -> Span:
        assert token.start_pos is not None and token.end_pos is not None
        return Span(self._path, token.start_pos, token.end_pos)

    def __default__(self, data: str, children: object, meta: object) -> object:
        raise AssertionError(f"rule {data} has no callback")

    # ---- words ----

    def NAME(self, token: Token) -> ast.Name:
        return ast.Name(str(token), span=self._token_span(token))

    def INT(self, token: Token) -> ast.Int:
        return ast.Int(int(token), span=self._token_span(token))

    def STRING(self, token: Token) -> str:
        return str(token[1:-1])

    def names(self, meta: Meta, *names: ast.Name) -> Names:
        return names

    def step_name(self, meta: Meta, word: ast.Name | Token) -> ast.Name:
        return word if isinstance(word, ast.Name) else ast.Name(str(word), span=self._span(meta))

    # ---- names with their sorts ----

    def binders(self, meta: Meta, *groups: Binders) -> Binders:
        return tuple(binder for group in groups for binder in group)

    def binder_group(self, meta: Meta, names: Names, type_: ast.Name) -> Binders:
        last = len(names) - 1
        return tuple(ast.Binder(name, type_, i < last, span=name.span) for i, name in enumerate(names))

    # ---- operators ----

    def implies(self, meta: Meta, left: ast.Expr, right: ast.Expr) -> ast.Binary:
        return ast.Binary(BinaryOp.IMPLIES, left, right, span=self._span(meta))

    def disjunction(self, meta: Meta, *parts: ast.Expr) -> ast.Expr:
        return chain(BinaryOp.OR, parts)

    def conjunction(self, meta: Meta, *parts: ast.Expr) -> ast.Expr:
        return chain(BinaryOp.AND, parts)

    def sum(self, meta: Meta, *parts: ast.Expr) -> ast.Expr:
        return chain(BinaryOp.ADD, parts)

    def not_(self, meta: Meta, body: ast.Expr) -> ast.Not:
        return ast.Not(body, span=self._span(meta))

    def compare(self, meta: Meta, left: ast.Expr, op: Token, right: ast.Expr) -> ast.Binary:
        return ast.Binary(BinaryOp(str(op)), left, right, span=self._span(meta))

    def at(self, meta: Meta, cpu: ast.Expr, proc: ast.Name, step: ast.Name) -> ast.At:
        return ast.At(cpu, proc, step, span=self._span(meta))

    def paren(self, meta: Meta, inner: ast.Expr) -> ast.Expr:
        return replace(inner, span=self._span(meta))

    # ---- expressions with words of their own ----

    def quantified(
        self, meta: Meta, kind: ast.QuantKind, binders: Binders, where: ast.Expr | None, body: ast.Expr
    ) -> ast.Quantified:
        return ast.Quantified(kind, binders, where, body, span=self._span(meta))

    def quantifier(self, meta: Meta, word: Token) -> ast.QuantKind:
        return ast.QuantKind(str(word))

    def if_else(self, meta: Meta, condition: ast.Expr, then: ast.Expr, otherwise: ast.Expr) -> ast.IfElse:
        return ast.IfElse(condition, then, otherwise, span=self._span(meta))

    def match_expr(self, meta: Meta, subject: ast.Expr, *cases: ast.MatchCase) -> ast.Match:
        return ast.Match(subject, cases, span=self._span(meta))

    def expr_case(self, meta: Meta, options: Names, body: ast.Expr) -> ast.MatchCase:
        return ast.MatchCase(options, body, span=self._span(meta))

    def count(self, meta: Meta, binders: Binders, where: ast.Expr) -> ast.Count:
        return ast.Count(binders, where, span=self._span(meta))

    def choose(self, meta: Meta, name: ast.Name, type_: ast.Name, where: ast.Expr | None) -> ast.Choose:
        return ast.Choose(name, type_, where, span=self._span(meta))

    # ---- places and calls ----

    def index_of(self, meta: Meta, base: ast.Expr, args: Args) -> ast.Index:
        return ast.Index(base, args, span=self._span(meta))

    def field_of(self, meta: Meta, base: ast.Expr, field: ast.Name) -> ast.FieldOf:
        return ast.FieldOf(base, field, span=self._span(meta))

    def apply(self, meta: Meta, function: ast.Name, args: Args | None) -> ast.Apply:
        return ast.Apply(function, args or (), span=self._span(meta))

    def args(self, meta: Meta, *args: ast.Expr) -> Args:
        return args

    # ---- atoms ----

    def name(self, meta: Meta, name: ast.Name) -> ast.Name:
        return name

    def int(self, meta: Meta, number: ast.Int) -> ast.Int:
        return number

    def true(self, meta: Meta) -> ast.Bool:
        return ast.Bool(True, span=self._span(meta))

    def false(self, meta: Meta) -> ast.Bool:
        return ast.Bool(False, span=self._span(meta))

    def none(self, meta: Meta) -> ast.NoneValue:
        return ast.NoneValue(span=self._span(meta))

    def self_(self, meta: Meta) -> ast.Self:
        return ast.Self(span=self._span(meta))

    def no_fix(self, meta: Meta) -> ast.NoFix:
        return ast.NoFix(span=self._span(meta))

    def record(self, meta: Meta, *fields: tuple[ast.Name, ast.Expr]) -> ast.Record:
        return ast.Record(fields, span=self._span(meta))

    def field_value(self, meta: Meta, name: ast.Name, value: ast.Expr) -> tuple[ast.Name, ast.Expr]:
        return (name, value)
