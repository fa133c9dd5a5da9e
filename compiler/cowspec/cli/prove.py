"""`cowspec prove`: properties for every size of every sort, whatever the model expects."""

from functools import partial
from typing import Any

import click

from cowspec.cli.certificates import Certificates, certifiable, certificates, status_with
from cowspec.cli.checker import needs_checker
from cowspec.cli.files import models
from cowspec.cli.load import load_systems
from cowspec.cli.lock import read_hints
from cowspec.cli.options import caching, crossing, hinting, inferring, limiting, reporting, selecting
from cowspec.cli.session import judge, memory_of, outputs, show
from cowspec.cli.workers import Pool
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
@click.option("--cert", metavar="CERT", callback=needs_checker,
              help="Write the proofs, for `cowspec verify-cert`; compressed if it ends in .gz.")  # fmt: skip
@inferring
@click.option("--from-scratch", is_flag=True, help="Without the lemmas that the models and the library have.")
@reporting
@caching
@hinting
def command(
    paths: tuple[str, ...], max_steps: int, timeout: float, seed: int, jobs: Pool, twice: bool, cert: str | None,
    inference: float | None, from_scratch: bool, no_cache: bool, no_hints: bool, **rest: Any,
) -> int:  # fmt: skip
    """Prove the properties of the models (-i NAME: only these) under every switch setting, for every size; with --scope
    for the sizes given."""
    files = models(paths)
    systems, hints = load_systems(files), {} if no_hints or from_scratch else read_hints(files)
    if cert is not None:
        certifiable(systems)
    selection = Selection(rest.pop("options"), rest.pop("names"), rest.pop("sizes"))
    limits, output = Limits(max_steps, timeout, seed), outputs(**rest)
    by = partial(prove, inference=inference, from_scratch=from_scratch, twice=twice, hints=hints)
    reports = judge(systems, selection, limits, jobs, by, memory_of(output, no_cache=no_cache))
    found = Certificates(reports, {}, "", False)
    if cert is not None:
        found = certificates(reports, [cert], limits, jobs, output.style)
    status = show(found.reports, status_of_prove(found.reports), output, verb_text, found.files, found.said)
    return status_with(status, found.rejected)
