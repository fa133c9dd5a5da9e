"""What `check`, `prove`, `refute` and `run` have in common: models in, a judge at work in processes, a report out."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from cowspec.cli.cache import Memory, memory_in
from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import INTERRUPTED, BadInput
from cowspec.cli.files import write
from cowspec.cli.progress import progress
from cowspec.cli.workers import Pool
from cowspec.judge.foundations import founded
from cowspec.judge.jobs import Runner
from cowspec.judge.results import ModelReport
from cowspec.judge.selection import Selection, SelectionError, validate
from cowspec.report.records import disagreement_files, render, trace_files
from cowspec.report.table import Paint, unpainted
from cowspec.report.text import Style
from cowspec.system.ir import System
from cowspec.verdict import Limits

Report = TypeVar("Report")
Judge = Callable[[Sequence[System], Selection, Limits, Runner], tuple[Report, ...]]
Render = Callable[..., str]
COLORS = {"good": "green", "bad": "red", "weak": "yellow"}


@dataclass(frozen=True, slots=True)
class Output:
    """How results are to be shown and where traces go."""

    style: Style
    color: bool
    as_json: bool
    out_dir: str
    timings: bool


def outputs(*, verbose: bool, width: int, color: bool, as_json: bool, out_dir: str, timings: bool) -> Output:
    """From the values of the options of `reporting`."""
    return Output(Style(width, verbose), color, as_json, out_dir.rstrip("/") or "/", timings)


def judge(
    systems: Sequence[System],
    selection: Selection,
    limits: Limits,
    pool: Pool,
    by: Judge[Report],
    memory: Memory | None = None,
) -> tuple[Report, ...]:
    """Runs the judge with worker processes and a progress line on a terminal; with a `memory` answers of earlier runs
    are used. Raises `BadInput` for unknown names."""
    try:
        selection = validate(systems, selection)
        warnings = dict.fromkeys(text for system in systems for text in system.warnings)
        for text in warnings:
            click.echo(text, err=True)
        with progress() as watch:
            workers = pool.runner(watch)
            reports = by(systems, selection, limits, workers if memory is None else memory.helping(workers))
        if memory is not None:
            memory.summary()
        return reports
    except SelectionError as error:
        raise BadInput(f"error: {error}") from None


def memory_of(output: Output, *, no_cache: bool) -> Memory | None:
    """The answers of earlier runs that lie in the folder for results."""
    return None if no_cache else memory_in(output.out_dir, verbose=output.style.verbose)


def show(
    reports: Sequence[ModelReport],
    status: int,
    output: Output,
    text: Render,
    also: Mapping[str, str] | None = None,
    said: str = "",
) -> int:
    """Saves the traces, what shows a disagreement of engines, and the files `also`; prints the report, and what is
    `said` after it; returns the exit status. What may have taken minutes is printed even if a file cannot be written;
    `BadInput` comes after that."""
    if output.style.verbose and not output.as_json:
        reports = [founded(report) for report in reports]
    files, texts = trace_files(reports, output.out_dir)
    unwritten: BadInput | None = None
    for path, content in (texts | disagreement_files(reports, output.out_dir) | dict(also or {})).items():
        try:
            write(path, content)
        except BadInput as error:
            unwritten = unwritten or error
    if output.as_json:
        printed = render(reports, files, tool_versions(), status, timings=output.timings)
    else:
        printed = text(reports, files, output.style, painter(output.color), timings=output.timings)
    sys.stdout.write(printed)
    click.echo(said, nl=False, err=output.as_json)
    if unwritten is not None:
        raise unwritten
    return INTERRUPTED if any(report.interrupted for report in reports) else status


def painter(color: bool) -> Paint:
    """Colours by role, or none."""
    if not color:
        return unpainted
    return lambda text, role: click.style(text, fg=COLORS.get(role), bold=role == "strong" or None)
