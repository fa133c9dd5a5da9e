"""`cowspec stability`: how much luck there is in the any-size proofs."""

import sys
from functools import partial
from typing import Any

import click

from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import INTERRUPTED
from cowspec.cli.files import models
from cowspec.cli.load import load_systems
from cowspec.cli.options import naming, setting, styling, working
from cowspec.cli.session import judge, painter
from cowspec.cli.workers import Pool
from cowspec.judge.confirming.stability import Asked, stability, status_of_stability
from cowspec.judge.selection import Selection
from cowspec.report.stability import stability_json, stability_text
from cowspec.report.text import Style
from cowspec.verdict import Limits


@click.command("stability")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|FOLDER...")
@setting
@naming
@click.option("--mutants", type=click.IntRange(1, 1000), default=20, show_default=True, help="Of each obligation.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help="Only so many obligations of each model, drawn by the seed.",
)
@working
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text: every obligation.")
@styling
def command(
    paths: tuple[str, ...], mutants: int, sample: int | None, timeout: float, seed: int, jobs: Pool,
    as_json: bool, verbose: bool, width: int, color: bool, **rest: Any,
) -> int:  # fmt: skip
    """Ask each obligation of the proofs that the models expect (-i NAME: of this property) again in mutants that say
    the same: shuffled, renamed, from other seeds. Prints how many hold and how much the solver's effort varies. Exit
    status 1 if some mutant stays open."""
    systems = load_systems(models(paths))
    selection = Selection(rest.pop("options"), rest.pop("names"))
    asked = Asked(mutants, sample)
    reports = judge(systems, selection, Limits(timeout=timeout, seed=seed), jobs, partial(stability, asked=asked))
    status = status_of_stability(reports)
    if as_json:
        sys.stdout.write(stability_json(reports, tool_versions(), status))
    else:
        sys.stdout.write(stability_text(reports, Style(width, verbose), painter(color)))
    return INTERRUPTED if any(report.interrupted for report in reports) else status
