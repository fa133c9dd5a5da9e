"""`cowspec trace`: replay a saved trace and print it."""

import os
import sys
from pathlib import Path

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.files import MAX_TRACE_BYTES, loader, read
from cowspec.cli.load import load_system
from cowspec.cli.options import styling
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evidence.traces import TraceError, subject, write
from cowspec.evidence.traces import read as read_trace
from cowspec.judge.refuting import witness_of
from cowspec.report.text import Style, headline, trace_text

REJECTED = 6


@click.command("trace")
@click.argument("path", metavar="TRACE.json")
@click.option("--model", default=None, metavar="FILE", help="The model, if it is not where the trace says.")
@click.option("--json", "as_json", is_flag=True, help="Print the replayed trace as JSON.")
@styling
def command(path: str, model: str | None, as_json: bool, verbose: bool, width: int, color: bool) -> int:
    """Replay a saved trace step by step in the reference semantics, and print it. Exit status 6 if it is no run of the
    model, or does not show what it claims."""
    text = read(path, MAX_TRACE_BYTES)
    try:
        system = load_system(model or _model_of(subject(text).model, path), loader())
        trace = replay(system, read_trace(system, text))
    except TraceError as error:
        raise BadInput(f"{path}: {error}") from None
    except ReplayError as error:
        click.echo(f"{path}: the evaluator rejects this trace: {error}", err=True)
        return REJECTED
    if as_json:
        sys.stdout.write(write(system, trace))
    else:
        sys.stdout.write(
            headline(system, trace)
            + "\n\n"
            + trace_text(system, trace, witness_of(system, trace), Style(width, verbose))
        )
    return 0


def _model_of(named: str, path: str) -> str:
    """The model's path as the trace gives it: from here, else from where the trace lies."""
    beside = str(Path(path).resolve().parent.parent / named)
    return named if os.path.exists(named) or not os.path.exists(beside) else beside
