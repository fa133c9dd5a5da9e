"""Loads `grammar.lark`. Importing lark and building its tables take most of a short run, so both wait for a text."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

GRAMMAR_FILE = Path(__file__).with_name("grammar.lark")


@cache
def abstract_parser() -> "Lark":
    """The parser whose trees keep names, numbers and texts only; an optional part that is missing is None."""
    from lark import Lark

    return Lark(grammar_text(), parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True)


@cache
def concrete_parser() -> "Lark":
    """The parser whose trees keep every token, in order, for printing."""
    from lark import Lark

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
        maybe_placeholders=False,
        keep_all_tokens=True,
    )


def grammar_text() -> str:
    """The grammar as written in `grammar.lark`."""
    return GRAMMAR_FILE.read_text(encoding="utf-8")


def read(parser: "Lark", text: str, start: int) -> "Tree[Token]":
    """The tree of `text` from offset `start` on; positions are offsets in `text`. Raises lark's `UnexpectedInput`."""
    return parser.parse(rest_of(text, start))


def rest_of(text: str, start: int) -> str:
    """The text from an offset on, at the same offsets: blanks stand for what comes before."""
    return " " * start + text[start:] if start else text
