"""`cowspec compile`: what the compiler makes of a model."""

import sys

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.load import load_systems
from cowspec.cli.options import selecting
from cowspec.judge.selection import Selection, SelectionError, validate, within
from cowspec.system.show import show
from cowspec.system.slicing import slice_system
from cowspec.system.switches import all_settings


@click.command("compile")
@click.argument("path", metavar="FILE")
@click.option("--to", "target", type=click.Choice(["system"]), default="system", show_default=True,
              help="The form: `system`, the transition system with its structural facts, to read.")  # fmt: skip
@selecting
def command(path: str, target: str, options: tuple[tuple[str, str], ...], names: tuple[str, ...], sizes: object) -> int:
    """Print the transition system of a model; with --set for every switch, the slice of that setting."""
    systems = load_systems([path])
    selection = Selection(options, names)
    try:
        selection = validate(systems, selection)
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None
    for system in systems:
        settings = within(all_settings(system), selection)
        sys.stdout.write(show(slice_system(system, settings[0]) if len(settings) == 1 else system))
    return 0
