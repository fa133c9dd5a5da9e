"""`cowspec mutate`: small wrong changes of a model's operations, each of which its properties should notice."""

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import click

from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import INTERRUPTED, BadInput
from cowspec.cli.files import loader, models
from cowspec.cli.load import load_program
from cowspec.cli.lock import read_hints
from cowspec.cli.options import bounding, selecting, styling
from cowspec.cli.progress import progress
from cowspec.cli.session import painter
from cowspec.cli.workers import Pool
from cowspec.judge.mutation.mutate import MutationReport, Original, mutate, status_of_mutate
from cowspec.judge.mutation.sampling import Sample
from cowspec.judge.mutation.several import JointReport, mutate_all, status_of_several
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.report.mutants import mutants_json, mutants_text
from cowspec.report.several_mutants import several_json, several_text, told_text
from cowspec.report.table import Paint
from cowspec.report.text import Style
from cowspec.syntax.ast import Mutation
from cowspec.verdict import Limits

KINDS = {mutation.value: mutation for mutation in Mutation}


def _kinds(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[Mutation, ...]:
    names = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    for name in names:
        if name not in KINDS:
            raise click.BadParameter(f"`{name}` is none of {', '.join(KINDS)}")
    return tuple(KINDS[name] for name in names)


def _part(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, int]:
    """`2/5`: the second of five parts."""
    if text is None:
        return 1, 1
    found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
    number, parts = (int(each) for each in found.groups()) if found else (0, 0)
    if not 1 <= number <= parts:
        raise click.BadParameter(f"`{text}` is no part: write for example 2/5")
    return number, parts


@click.command("mutate")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option("--only", "kinds", multiple=True, metavar="KIND,..", callback=_kinds,
              help=f"Only these kinds: {', '.join(KINDS)}.")  # fmt: skip
@click.option("--mutant", "mutants", multiple=True, metavar="NAME", help="Only this one, as it is printed.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=None, metavar="N", help="A sample of N mutants.")
@click.option("--part", callback=_part, metavar="K/N", help="Only the K-th of N parts of them.")
@selecting
@bounding(14, 20.0)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--timings", is_flag=True, help="Show how long it took.")
@styling
def command(
    paths: tuple[str, ...], kinds: tuple[Mutation, ...], mutants: tuple[str, ...], limit: int | None,
    part: tuple[int, int], max_steps: int, timeout: float, seed: int, jobs: Pool, as_json: bool, timings: bool,
    **rest: Any,
) -> int:  # fmt: skip
    """Change the operations of a model in small wrong ways (drop a guard, skip a statement, move a step out of its
    lock, swap two steps, negate a condition), and see if what it claims is violated (-i NAME: only these claims). Of
    several models, what they share is changed once for all. Exit status 1 if a mutant survives that is not
    explained."""
    files = models(paths) if len(paths) > 1 or os.path.isdir(paths[0]) else list(paths)
    limits, sample = Limits(max_steps, timeout, seed), Sample(kinds, limit, mutants, part)
    originals, options = _originals(files), Selection(rest["options"], rest["names"], rest["sizes"])
    try:
        selection = validate([each.system for each in originals], options)
        with progress() as watch:
            work = jobs.runner(watch)
            if len(originals) == 1:
                report: Judged = mutate(originals[0], selection, sample, limits, work)
            else:
                report = mutate_all(originals, selection, sample, limits, work, _told)
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None
    status = status_of_mutate([report]) if isinstance(report, MutationReport) else status_of_several(report)
    style, paint = Style(rest["width"], rest["verbose"]), painter(rest["color"])
    sys.stdout.write(_shown(report, status, style, paint, as_json=as_json, timings=timings))
    return INTERRUPTED if report.interrupted else status


Judged = MutationReport | JointReport


def _originals(files: Sequence[str]) -> list[Original]:
    """The models, each with the proofs that a lock keeps of it."""
    hints = read_hints(files)
    return [Original(*load_program(path, loader()), hints.get(path, ())) for path in files]


def _told(report: MutationReport) -> None:
    click.echo(told_text(report), err=True)


def _shown(report: Judged, status: int, style: Style, paint: Paint, *, as_json: bool, timings: bool) -> str:
    if isinstance(report, MutationReport):
        if as_json:
            return mutants_json(report, tool_versions(), status, timings=timings)
        return mutants_text(report, style, paint, timings=timings)
    if as_json:
        return several_json(report, tool_versions(), status, timings=timings)
    return several_text(report, style, paint, timings=timings)
