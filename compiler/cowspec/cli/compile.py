"""`cowspec compile`: what the compiler makes of a model."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cowspec.check.typed import Model
from cowspec.cli.errors import BadInput
from cowspec.cli.files import loader, write
from cowspec.cli.load import load_model
from cowspec.cli.options import selecting
from cowspec.cli.progress import progress
from cowspec.cli.workers import Pool
from cowspec.encode.tla.module import TlaError, config, tla_module
from cowspec.engines.scopes import counted_scope
from cowspec.judge.confirming.writing import smtlib_files
from cowspec.judge.results import Status
from cowspec.judge.selection import Selection, SelectionError, sizes_of, validate, within
from cowspec.system.ir import Setting, System
from cowspec.system.show import show
from cowspec.system.slicing import slice_system
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits


@click.command("compile")
@click.argument("path", metavar="FILE")
@click.option("--to", "target", type=click.Choice(["system", "tla", "smtlib"]), default="system", show_default=True,
              help="`system`: the transition system with its structural facts; `tla`: a TLA+ module; `smtlib`: the "
                   "obligations of the any-size proofs, a file each.")  # fmt: skip
@click.option("-o", "output", metavar="FILE", help="Write to FILE; beside a TLA+ module also what TLC needs.")
@click.option(
    "--out-dir",
    metavar="DIR",
    help="Instead of -o: write `NAME.system` there; or `NAME.tla`, with `MCNAME.tla` and `MCNAME.cfg` for TLC; or the "
    "`.smt2` files.",
)
@selecting
def command(
    path: str,
    target: str,
    output: str | None,
    out_dir: str | None,
    options: tuple[tuple[str, str], ...],
    names: tuple[str, ...],
    sizes: tuple[tuple[str, int], ...],
) -> int:
    """Print what the compiler makes of a model. A TLA+ module serves every setting; --set and --scope say what stands
    in its configuration. The text of a system is that of one setting if --set leaves no other. SMT-LIB text needs the
    proofs, which are made anew: those that the model expects, or of -i NAME."""
    if output is not None and out_dir is not None:
        raise BadInput("error: -o FILE and --out-dir DIR both say where to write: give one of them")
    model, system = load_model(path, loader())
    try:
        selection = validate([system], Selection(options, names, sizes))
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None
    if target == "smtlib":
        return _smtlib(system, selection, out_dir)
    settings = within(all_settings(system), selection)
    if target == "tla":
        try:
            return _tla(model, system, settings, selection, output, out_dir)
        except TlaError as error:
            raise BadInput(f"error: {path}: {error}") from None
    text = show(slice_system(system, settings[0]) if len(settings) == 1 else system)
    place = output or (str(Path(out_dir) / f"{Path(path).stem}.system") if out_dir else None)
    if place is None:
        sys.stdout.write(text)
    else:
        write(place, text)
    return 0


def _smtlib(system: System, selection: Selection, out_dir: str | None) -> int:
    """The proofs are made first. Exit status 4 if one does not go through, 5 if there is none."""
    if out_dir is None:
        raise BadInput("error: SMT-LIB text is a file for each obligation: say where to, with --out-dir DIR")
    with progress() as watch:
        written = smtlib_files(system, selection, Limits(), Pool().runner(watch))
    for name, text in written.files.items():
        write(str(Path(out_dir) / name), text)
    obligations = f"{len(written.files)} obligation{'' if len(written.files) == 1 else 's'}"
    click.echo(f"{obligations} of {written.proofs} proof{'' if written.proofs == 1 else 's'} in {out_dir}")
    for bug in written.bugs:
        click.echo(f"internal error: {bug}", err=True)
    for name in written.unproved:
        click.echo(f"{name}: not proved, so there is nothing to write", err=True)
    if written.bugs:
        return Status.INTERNAL
    if written.unproved:
        return Status.UNKNOWN
    return Status.DECLARED if written.proofs else Status.NOTHING


def _tla(
    model: Model, system: System, settings: Sequence[Setting], selection: Selection, output: str | None,
    out_dir: str | None,
) -> int:  # fmt: skip
    """TLA+ wants a module in a file of its name."""
    module = tla_module(model, system, Path(output).stem if output else None)
    place = output or (str(Path(out_dir) / f"{module.name}.tla") if out_dir else None)
    if place is None:
        sys.stdout.write(module.text)
        return 0
    scope = counted_scope(system, sizes_of(system, selection))
    only = None if not selection.names else selection.names
    files = module.files(config(module, scope, settings[0], only=only))
    for name, text in files.items():
        write(place if text is module.text else str(Path(place).with_name(name)), text)
    return 0
