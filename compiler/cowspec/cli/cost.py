"""`cowspec cost`: what each operation costs under each policy."""

import sys
from functools import partial
from typing import Any

import click

from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import INTERRUPTED
from cowspec.cli.files import models, write
from cowspec.cli.load import load_systems
from cowspec.cli.options import bounding, reporting, scoping, setting
from cowspec.cli.session import judge, outputs, painter
from cowspec.cli.workers import Pool
from cowspec.judge.costing import cost_all, cost_selection, status_of_cost
from cowspec.judge.selection import Selection
from cowspec.report.costs import cost_files, cost_json, cost_text
from cowspec.verdict import Limits


@click.command("cost")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--proc", "procs", multiple=True, metavar="NAME", help="Only this operation.")
@setting
@scoping
@bounding(10)
@reporting
def command(
    paths: tuple[str, ...], procs: tuple[str, ...], max_steps: int, timeout: float, seed: int, jobs: Pool,
    **rest: Any,
) -> int:  # fmt: skip
    """The least and the most that a call of each operation spends, at one scope, for every value of the choices; fixes
    are off unless set. Each amount has a run that shows it."""
    systems = load_systems(models(paths), costs=True)
    selection = cost_selection(Selection(rest.pop("options"), (), rest.pop("sizes")))
    output = outputs(**rest)
    reports = judge(systems, selection, Limits(max_steps, timeout, seed), jobs, partial(cost_all, names=procs))
    status = status_of_cost(reports)
    files, texts = cost_files(reports, output.out_dir)
    for path, content in texts.items():
        write(path, content)
    if output.as_json:
        sys.stdout.write(cost_json(reports, files, tool_versions(), status, timings=output.timings))
    else:
        sys.stdout.write(cost_text(reports, files, output.style, painter(output.color), timings=output.timings))
    return INTERRUPTED if any(report.interrupted for report in reports) else status
