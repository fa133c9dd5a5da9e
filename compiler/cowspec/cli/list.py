"""`cowspec list`: the invariant library, or what a model has."""

import json

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.files import library_files, read, shown_path
from cowspec.cli.load import load_systems
from cowspec.diagnostics import CompileError, render
from cowspec.report import listing
from cowspec.source import Source
from cowspec.syntax import ast
from cowspec.syntax.parse import parse


@click.command("list")
@click.argument("paths", nargs=-1, metavar="[MODEL]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--width", type=click.IntRange(40, 1000), default=100, show_default=True, help="Of the output.")
def command(paths: tuple[str, ...], as_json: bool, width: int) -> int:
    """Without argument the invariants of the library; of a MODEL its switches, operations, costs, properties."""
    if paths:
        systems = load_systems(paths, costs=True)
        texts = ["\n".join(listing.model(system, width)) for system in systems]
        data: object = {"models": [listing.record(system) for system in systems]}
    else:
        modules = [(path, _parsed(path)) for path in map(shown_path, library_files())]
        texts = ["\n".join(listing.library(modules, width))]
        data = {
            "library": [
                {"module": tree.name or path, "name": item.name.text, "kind": item.kind.value, "text": item.text}
                for path, tree in modules
                for item in tree.items
                if isinstance(item, ast.PropertyDecl)
            ]
        }
    click.echo(json.dumps(data, indent=1, ensure_ascii=False) if as_json else "\n\n".join(texts))
    return 0


def _parsed(path: str) -> ast.Module:
    source = Source(path, read(path))
    try:
        return parse(source)
    except CompileError as error:
        raise BadInput(render(error.diagnostics, {path: source})) from None
