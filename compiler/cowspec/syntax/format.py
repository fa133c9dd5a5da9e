"""Prints a file in the one canonical layout, from the tree that keeps every token.

Only blanks, line ends and `;` change (and the commas after last fields and between options), so the text means what it
meant. Blocks, and what follows `:` or `=` or an operator, stay on one line if they were and fit; a comment stays with
its token. `layout.py` says how each construct looks.
"""

from cowspec.source import Source
from cowspec.syntax import grammar
from cowspec.syntax.align import align
from cowspec.syntax.document import lay_out
from cowspec.syntax.parse import parse_tree


def format_source(source: Source) -> str:
    """The text in canonical layout, with one line end at its end. Raises `CompileError` if it does not parse.

    Laid out twice: a block that was on one line may be broken only once what stands before it is.
    """
    return _laid_out(Source(source.path, _laid_out(source)))


def _laid_out(source: Source) -> str:
    tree = parse_tree(source, grammar.concrete_parser)
    from cowspec.syntax.layout import ALIGNED, file_document

    lines = align(lay_out(file_document(source.text, tree)), ALIGNED)
    return "\n".join(lines).strip("\n") + "\n" if any(lines) else ""
