"""`cowspec check`: every expectation of the models; the policy table."""

from functools import partial
from typing import Any

import click

from cowspec.cli.certificates import Certificates, certificates, files_in, status_with
from cowspec.cli.checker import needs_checker
from cowspec.cli.errors import BadInput
from cowspec.cli.files import models
from cowspec.cli.load import load_systems
from cowspec.cli.lock import read_hints, read_locks, show_findings, update_locks
from cowspec.cli.options import caching, crossing, hinting, inferring, limiting, locking, reporting, selecting
from cowspec.cli.session import judge, memory_of, outputs, show
from cowspec.cli.workers import Pool
from cowspec.judge.check import check, check_locked
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
@inferring
@crossing
@click.option("--cert-dir", metavar="DIR", callback=needs_checker,
              help="Write the any-size proofs there, a file for each model, for `cowspec verify-cert`.")  # fmt: skip
@click.option("--necessary", is_flag=True, help="Name the lemmas of the models that no proof needs.")
@click.option("--junit", metavar="FILE", help="Write the results as JUnit XML, too.")
@click.option("--sarif", metavar="FILE", help="Write what is not as declared, and the notes, as SARIF, too.")
@reporting
@caching
@hinting
@locking
def command(
    paths: tuple[str, ...], max_steps: int, timeout: float, seed: int, jobs: Pool, inference: float | None,
    twice: bool, cert_dir: str | None, necessary: bool, junit: str | None, sarif: str | None, no_cache: bool,
    no_hints: bool, locked: bool, update_lock: bool, **rest: Any,
) -> int:  # fmt: skip
    """Check every expectation of the models (default: the folder `models`)."""
    files = models(paths)
    selection = Selection(rest.pop("options"), rest.pop("names"), rest.pop("sizes"))
    if locked and (twice or necessary or cert_dir is not None):
        raise BadInput("error: --locked searches no proofs: not with --cross, --necessary or --cert-dir")
    locks = read_locks(files, selection, locked=locked, update=update_lock)
    systems = load_systems(files)
    limits, output = Limits(max_steps, timeout, seed), outputs(**rest)
    if locks is None:
        hints = {} if no_hints else read_hints(files)
        by = partial(check, inference=inference, twice=twice, necessary=necessary, hints=hints)
    else:
        by = partial(check_locked, locks.models)
    reports = judge(systems, selection, limits, jobs, by, memory_of(output, no_cache=no_cache))
    found = Certificates(reports, {}, "", False)
    if cert_dir is not None:
        found = certificates(reports, files_in(cert_dir, reports), limits, jobs, output.style)
        reports = found.reports
    wanted = ((junit, junit_xml), (sarif, sarif_json))
    also = {path: render(reports, timings=output.timings) for path, render in wanted if path} | dict(found.files)
    status = status_of_check(reports) if locks is None else show_findings(reports, locks, status_of_check(reports))
    status = show(reports, status, output, check_text, also, found.said)
    if update_lock:
        update_locks(reports, limits, status)
    return status_with(status, found.rejected)
