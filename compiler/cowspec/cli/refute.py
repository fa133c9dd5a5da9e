"""`cowspec refute`: the shortest run that violates a property, whatever the model expects."""

from typing import Any

import click

from cowspec.cli.files import models
from cowspec.cli.load import load_systems
from cowspec.cli.options import caching, limiting, reporting, selecting
from cowspec.cli.session import judge, memory_of, outputs, show
from cowspec.cli.workers import Pool
from cowspec.judge.check import refute_all
from cowspec.judge.results import status_of_refute
from cowspec.judge.selection import Selection
from cowspec.report.summary import verb_text
from cowspec.verdict import Limits


@click.command("refute")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@selecting
@limiting
@reporting
@caching
def command(
    paths: tuple[str, ...], max_steps: int, timeout: float, seed: int, jobs: Pool, no_cache: bool, **rest: Any
) -> int:
    """Search the shortest run that violates a property of the models (-i NAME: only these), at growing scopes."""
    systems = load_systems(models(paths))
    selection = Selection(rest.pop("options"), rest.pop("names"), rest.pop("sizes"))
    limits, output = Limits(max_steps, timeout, seed), outputs(**rest)
    reports = judge(systems, selection, limits, jobs, refute_all, memory_of(output, no_cache=no_cache))
    return show(reports, status_of_refute(reports), output, verb_text)
