"""`cowspec fmt`: one canonical layout; `--check` only says what would change."""

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.files import models, read, write
from cowspec.diagnostics import CompileError, render
from cowspec.source import Source
from cowspec.syntax.format import format_source


@click.command("fmt")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|-]...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if a file is not in the layout.")
def command(paths: tuple[str, ...], only_check: bool) -> int:
    """Print models in their canonical layout, in place; `-` reads standard input and prints."""
    if not paths:
        raise click.UsageError("name files or folders, or `-` for the standard input")
    changed = []
    for path in list(paths) if "-" in paths else models(paths):
        text = read(path)
        formatted = _formatted(path, text)
        if path == "-" and not only_check:
            click.echo(formatted, nl=False)
        elif formatted != text:
            changed.append(path)
            if not only_check:
                write(path, formatted)
    for path in changed:
        click.echo(f"{'would change' if only_check else 'changed'} {path}", err=True)
    return 1 if changed and only_check else 0


def _formatted(path: str, text: str) -> str:
    source = Source(path, text)
    try:
        return format_source(source)
    except CompileError as error:
        raise BadInput(render(error.diagnostics, {path: source})) from None
