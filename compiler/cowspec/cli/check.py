"""`cowspec check`: every expectation of the models; the policy table."""

from functools import partial
from typing import Any

import click

from cowspec.cli.files import models, write
from cowspec.cli.load import load_systems
from cowspec.cli.options import crossing, inferring, limiting, reporting, selecting
from cowspec.cli.session import judge, outputs, show
from cowspec.cli.workers import Pool
from cowspec.judge.check import check
from cowspec.judge.results import status_of_check
from cowspec.judge.selection import Selection
from cowspec.report.junit import junit_xml
from cowspec.report.sarif import sarif_json
from cowspec.report.summary import check_text
from cowspec.verdict import Limits


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]...")
@selecting
@limiting
@crossing
@inferring
@reporting
@click.option("--necessary", is_flag=True, help="Name the lemmas of the models that no proof needs.")
@click.option("--junit", metavar="FILE", help="Write the results as JUnit XML, too.")
@click.option("--sarif", metavar="FILE", help="Write what is not as declared, and the notes, as SARIF, too.")
def command(
    paths: tuple[str, ...], max_steps: int, timeout: float, seed: int, jobs: Pool, twice: bool,
    inference: float | None, **rest: Any,
) -> int:  # fmt: skip
    """Check every expectation of the models (default: the folder `models`)."""
    systems = load_systems(models(paths))
    selection = Selection(rest.pop("options"), rest.pop("names"), rest.pop("sizes"))
    by = partial(check, inference=inference, twice=twice, necessary=rest.pop("necessary"))
    junit, sarif = rest.pop("junit"), rest.pop("sarif")
    reports = judge(systems, selection, Limits(max_steps, timeout, seed), jobs, by)
    for path, render in ((junit, junit_xml), (sarif, sarif_json)):
        if path:
            write(path, render(reports, timings=rest["timings"]))
    return show(reports, status_of_check(reports), outputs(**rest), check_text)
