"""Formulas over as many lines as they need: lists of conjuncts, what a quantifier binds above what it says."""

from collections.abc import Iterator

from cowspec.check import typed
from cowspec.check.typed import Expr
from cowspec.encode.tla.env import Env, quantifier
from cowspec.encode.tla.expressions import met, shown, unmet
from cowspec.encode.tla.text import bare, bullet, hanging, indented, operand
from cowspec.syntax.ast import QuantKind

FITS = 92


def laid_out(expr: Expr, env: Env) -> list[str]:
    """The expression over as many lines as it needs."""
    line = shown(expr, env)
    if len(line) <= FITS:
        return [line]
    match expr:
        case typed.Quant(kind, binders, where, body) if binders:
            inside, bound = env.open(binders)
            head = f"{quantifier(kind, bound)}:"
            if where is None:
                return [head, *indented(laid_out(body, inside), 2)]
            then = laid_out(body, inside.knowing(met(where, inside)))
            if kind is QuantKind.EXISTS:
                return [head, *indented([*bullet(laid_out(where, inside)), *bullet(then)], 2)]
            return [head, *indented(_implication(laid_out(where, inside), body, then), 2)]
        case typed.Implies(left, right):
            then = laid_out(right, env.knowing(met(left, env)))
            return _implication(laid_out(left, env), right, then)
        case typed.And(parts):
            return list(_list(parts, env, "/\\"))
        case typed.Or(parts):
            return list(_list(parts, env, "\\/"))
        case typed.Cond(condition, then, otherwise):
            yes = laid_out(then, env.knowing(met(condition, env)))
            no = laid_out(otherwise, env.knowing(unmet(condition, env)))
            head = f"IF {shown(condition, env)} THEN "
            return [*hanging(head, _bare(yes)), *hanging("ELSE ", _bare(no))]
        case _:
            return [line]


def _bare(lines: list[str]) -> list[str]:
    return [bare(lines[0])] if len(lines) == 1 else lines


def _list(parts: tuple[Expr, ...], env: Env, sign: str) -> Iterator[str]:
    learn = met if sign == "/\\" else unmet
    for part in parts:
        yield from bullet(laid_out(part, env), sign)
        if learn is met or not env.splits:
            env = env.knowing(learn(part, env))


def _implication(left: list[str], right: Expr, said: list[str]) -> list[str]:
    """`said`: the right side over its lines. Of `a => b => c` TLA+ does not say which comes first."""
    first = [operand(left[0])] if len(left) == 1 else _in_parentheses(left)
    if len(said) == 1:
        said = [operand(said[0])]
    elif isinstance(right, typed.Implies):
        said = _in_parentheses(said)
    return [*first, *hanging("=> ", said)]


def _in_parentheses(lines: list[str]) -> list[str]:
    inside = hanging("(", lines)
    return [*inside[:-1], inside[-1] + ")"]
