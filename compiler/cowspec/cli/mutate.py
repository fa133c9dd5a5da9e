"""`cowspec mutate`: small wrong changes of a model's operations, each of which its properties should notice."""

import sys
from typing import Any

import click

from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import INTERRUPTED, BadInput
from cowspec.cli.files import loader
from cowspec.cli.load import load_program
from cowspec.cli.lock import read_hints
from cowspec.cli.options import bounding, selecting, styling
from cowspec.cli.progress import progress
from cowspec.cli.session import painter
from cowspec.cli.workers import Pool
from cowspec.judge.mutation.mutate import Sample, mutate, status_of_mutate
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.report.mutants import mutants_json, mutants_text
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


@click.command("mutate")
@click.argument("path", metavar="MODEL")
@click.option("--only", "kinds", multiple=True, metavar="KIND,..", callback=_kinds,
              help=f"Only these kinds: {', '.join(KINDS)}.")  # fmt: skip
@click.option("--mutant", "mutants", multiple=True, metavar="NAME", help="Only this one, as it is printed.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=None, metavar="N", help="A sample of N mutants.")
@selecting
@bounding(14, 20.0)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--timings", is_flag=True, help="Show how long it took.")
@styling
def command(
    path: str, kinds: tuple[Mutation, ...], mutants: tuple[str, ...], limit: int | None, max_steps: int,
    timeout: float, seed: int, jobs: Pool, as_json: bool, timings: bool, **rest: Any,
) -> int:  # fmt: skip
    """Change the operations of a MODEL in small wrong ways (drop a guard, skip a statement, move a step out of its
    lock, swap two steps, negate a condition), and see if what it claims is violated (-i NAME: only these claims). Exit
    status 1 if a mutant survives that the model does not explain."""
    program, model, system = load_program(path, loader())
    limits, sample = Limits(max_steps, timeout, seed), Sample(kinds, limit, mutants)
    proofs = read_hints([path]).get(path, ())
    try:
        selection = validate([system], Selection(rest["options"], rest["names"], rest["sizes"]))
        with progress() as watch:
            work = jobs.runner(watch)
            report = mutate(program, model, system, selection, sample, limits, work, proofs)
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None
    status = status_of_mutate([report])
    if as_json:
        sys.stdout.write(mutants_json(report, tool_versions(), status, timings=timings))
    else:
        style = Style(rest["width"], rest["verbose"])
        sys.stdout.write(mutants_text(report, style, painter(rest["color"]), timings=timings))
    return INTERRUPTED if report.interrupted else status
