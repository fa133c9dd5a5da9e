"""`cowspec tlc`: the model checker of TLA+ on a model, as a second judge."""

from typing import Any

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.files import loader
from cowspec.cli.load import load_model
from cowspec.cli.options import reporting, selecting
from cowspec.cli.progress import progress
from cowspec.cli.session import outputs, show
from cowspec.cli.tlc_process import tlc
from cowspec.encode.tla.module import TlaError
from cowspec.judge.confirming.tlc import Asked, judge_by_tlc, status_of_tlc
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.report.summary import verb_text
from cowspec.verdict import Limits


@click.command("tlc")
@click.argument("path", metavar="FILE")
@selecting
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Threads of TLC; with more than one a run need not be the shortest.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86400),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="For one run of TLC.",
)
@click.option("--heap", metavar="SIZE", help="Memory of Java, as 8g; default: a quarter of the machine's.")
@click.option("--no-symmetry", is_flag=True, help="Count all states, not only those that differ by more than names.")
@click.option("--count", is_flag=True, help="Let the evaluator count the states, too (without symmetry).")
@reporting
def command(
    path: str, options: Any, names: Any, sizes: Any, workers: int, timeout: float, heap: str | None, no_symmetry: bool,
    count: bool, **rest: Any,
) -> int:  # fmt: skip
    """Let TLC search all states of a scope (default: 2 CPUs and pages, 1 of each other sort) for violations, under each
    setting that --set leaves. Its runs are replayed by the evaluator: exit status 6 if the two disagree, 1 if something
    is violated."""
    model, system = load_model(path, loader())
    try:
        selection = validate([system], Selection(options, names, sizes))
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None
    output = outputs(**rest)
    asked = Asked(selection, Limits(timeout=timeout), not no_symmetry, count)
    with progress() as watch:

        def tell(finished: int, known: int, said: str) -> None:
            if watch is not None:
                watch(finished, known, [f"{system.name}: {said}"])

        run = tlc(f"{output.out_dir}/tlc", workers, timeout, heap, tell)
        try:
            report = judge_by_tlc(model, system, asked, run)
        except TlaError as error:
            raise BadInput(f"error: {path}: {error}") from None
    return show([report], status_of_tlc(report), output, verb_text)
