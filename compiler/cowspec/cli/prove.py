"""`cowspec prove`: properties for every size of every sort, whatever the model expects."""

from functools import partial
from typing import Any

import click

from cowspec.cli.files import models
from cowspec.cli.load import load_systems
from cowspec.cli.options import crossing, limiting, reporting, selecting
from cowspec.cli.session import judge, outputs, show
from cowspec.judge.check import prove
from cowspec.judge.results import status_of_prove
from cowspec.judge.selection import Selection
from cowspec.report.summary import verb_text
from cowspec.verdict import Limits


@click.command("prove")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@selecting
@limiting
@crossing
@reporting
def command(
    paths: tuple[str, ...], max_steps: int, timeout: float, seed: int, jobs: int | None, twice: bool, **rest: Any
) -> int:  # fmt: skip
    """Prove the properties of the models (-i NAME: only these) under every switch setting, for every size; with --scope
    for the sizes given."""
    systems = load_systems(models(paths))
    selection = Selection(rest.pop("options"), rest.pop("names"), rest.pop("sizes"))
    reports = judge(systems, selection, Limits(max_steps, timeout, seed), jobs, partial(prove, twice=twice))
    return show(reports, status_of_prove(reports), outputs(**rest), verb_text)
