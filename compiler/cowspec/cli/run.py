"""`cowspec run`: play the scenarios of a model, or walk at random."""

import sys
from typing import Any

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.files import models
from cowspec.cli.load import load_systems
from cowspec.cli.options import limiting, reporting, selecting
from cowspec.cli.session import judge, outputs, show
from cowspec.cli.workers import Pool
from cowspec.judge.check import run
from cowspec.judge.results import status_of_run
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.judge.walking import walk
from cowspec.report.summary import verb_text
from cowspec.report.text import Style, trace_text
from cowspec.verdict import Limits


@click.command("run")
@click.argument("path", metavar="FILE")
@click.option("--random", "steps", type=click.IntRange(1, 100000), default=None, metavar="STEPS",
              help="Walk at random instead, so many steps.")  # fmt: skip
@selecting
@limiting
@reporting
def command(path: str, steps: int | None, max_steps: int, timeout: float, seed: int, jobs: Pool, **rest: Any) -> int:
    """Play the scenarios of a model (-i NAME: only these); without any, or with --random, walk at random."""
    systems = load_systems(models([path]))
    selection = Selection(rest.pop("options"), rest.pop("names"), rest.pop("sizes"))
    output = outputs(**rest)
    if steps is None and any(system.scenarios for system in systems):
        reports = judge(systems, selection, Limits(max_steps, timeout, seed), jobs, run)
        return show(reports, status_of_run(reports), output, verb_text)
    for system in systems:
        try:
            selection = validate([system], selection)
            trace = walk(system, selection, seed, steps or max_steps)
        except SelectionError as error:
            raise BadInput(f"error: {error}") from None
        style = Style(output.style.width, output.style.verbose)
        sys.stdout.write(trace_text(system, trace, (), style))
    return 0
