"""`cowspec infer`: searches the lemmas with which properties are proved for every size."""

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from cowspec.cli.cache import memory_in
from cowspec.cli.errors import BadInput
from cowspec.cli.files import STDIN, read, write
from cowspec.cli.load import load_systems
from cowspec.cli.meanwhile import meanwhile
from cowspec.cli.options import OUT_DIR, caching, naming, setting, styling
from cowspec.cli.progress import Watch, progress
from cowspec.cli.workers import default_jobs
from cowspec.judge.inferring import inferences, status_of_infer
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.report.inferred import inferred_text, record, written
from cowspec.report.text import Style
from cowspec.system.lemmas import Written
from cowspec.verdict import Limits


@click.command("infer")
@click.argument("path", metavar="MODEL")
@setting
@naming
@click.option("--from-scratch", is_flag=True, help="Without the lemmas that the model and the library have.")
@click.option("--without-own", is_flag=True, help="Without the lemmas of MODEL's own file; those of the library stay.")
@click.option("--write", "write_back", is_flag=True, help="Append what was found to MODEL.")
@click.option("--timeout", type=click.FloatRange(1, 86400), default=300.0, show_default=True, metavar="SECONDS",
              help="For one property.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the search.")
@click.option("--jobs", type=click.IntRange(1, 1024), default=None,
              help="Worker processes; default: the cores; 1: none. What is found is the same.")  # fmt: skip
@click.option("--timings", is_flag=True, help="Show how long it took.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@caching
@styling
def command(
    path: str, write_back: bool, as_json: bool, timings: bool, no_cache: bool, jobs: int | None, **rest: Any
) -> int:
    """Search lemmas that make the invariants of a MODEL (-i NAME: only these) inductive at any size, under the selected
    settings together; print them, and prove with them."""
    if write_back and path == STDIN:
        raise BadInput("error: --write needs a file: not `-`, the standard input")
    (system,) = load_systems([path])
    try:
        selection = validate([system], Selection(rest["options"], rest["names"]))
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None
    memory = None if no_cache else memory_in(OUT_DIR, verbose=rest["verbose"])
    with progress() as watch, meanwhile(jobs or default_jobs()) as beside:
        found = inferences(
            system,
            selection,
            Limits(seed=rest["seed"]),
            seconds=rest["timeout"],
            written=(Written.NONE if rest["from_scratch"] else Written.LIBRARY if rest["without_own"] else Written.ALL),
            say=_saying(watch, verbose=rest["verbose"]),
            recall=(lambda _, work: work()) if memory is None else memory.recall,
            beside=beside,
        )
    if memory is not None:
        memory.summary()
    text = written(system, found)
    if write_back and text:
        write(path, read(path).rstrip("\n") + "\n\n" + text)
    if as_json:
        data = [record(system, each, timings=timings) for each in found]
        click.echo(json.dumps({"model": path, "properties": data}, indent=1))
    else:
        sys.stdout.write(inferred_text(system, found, Style(rest["width"], rest["verbose"]), timings=timings))
    return status_of_infer(found)


def _saying(watch: Watch | None, *, verbose: bool) -> Callable[[str], None]:
    """Where the search says how far it is: on stderr line by line, or in a line that changes, or nowhere."""
    if verbose:
        return lambda text: click.echo(text, err=True)
    return (lambda text: watch(0, 1, [text.strip()])) if watch is not None else (lambda _: None)
