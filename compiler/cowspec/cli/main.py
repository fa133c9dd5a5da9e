"""The entry point: the group of commands, each imported when it is asked for, and what becomes of errors.

Nothing heavy is imported here: `cowspec --version` answers at once.
"""

import errno
import gc
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType

import click

from cowspec import __version__
from cowspec.cli.errors import INTERRUPTED, UNREAD, BadInput
from cowspec.judge.jobs import died_of

COMMANDS = {
    "check": "every expectation of the models: the policy table, and the check for CI",
    "prove": "prove properties for every size",
    "refute": "search the shortest run that violates a property",
    "cost": "what each operation costs: copies, flushes, locks",
    "infer": "find the lemmas with which a property is proved for every size",
    "mutate": "small wrong changes of a model: which of them its properties notice",
    "stability": "how steadily the proofs go through: each obligation again, shuffled, renamed, reseeded",
    "run": "play a scenario, or walk at random",
    "trace": "replay and print a saved trace",
    "verify-cert": "check a stored proof again, without a prover",
    "tlc": "let TLC search all states of a scope: a second judge",
    "compile": "what the compiler made of a model: its transition system, TLA+, or SMT-LIB",
    "fmt": "print models in their canonical layout",
    "list": "the invariant library, or what a model has",
    "explain": "what a code or a verdict means",
    "doctor": "what is installed and usable",
}

UNWRITABLE = "error: the output cannot be written"
COMPLETING = "_COWSPEC_COMPLETE"
"""By this variable a shell asks click how a line may go on."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

COLLECT_AFTER = (50_000, 20, 100)
"""How seldom this process and its workers look for cycles of objects (`gc.set_threshold`). Models and searches are
millions of objects, hardly one in a cycle; to look at them again and again takes a tenth to a quarter of the time."""


class Commands(click.Group):
    """Commands live in modules of their own, imported when used. A subclass because click offers no other way."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"cowspec.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cowspec", message="%(prog)s %(version)s")
def cowspec() -> None:
    """Prove or refute invariants of page tables, TLBs and copy-on-write."""


def main() -> None:
    """Runs the command line and exits. SIGTERM ends it as Ctrl-C does: with what is finished."""
    signal.signal(signal.SIGTERM, _interrupt)
    gc.set_threshold(*COLLECT_AFTER)
    sys.exit(run(sys.argv[1:]))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(args: Sequence[str]) -> int:
    """Runs one command line; returns its exit status, whatever happens."""
    if sys.stdout is None:
        _tell(f"{UNWRITABLE}: it is closed")
        return 2
    try:
        status = _run(args)
        sys.stdout.flush()
        return status
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _discard(1)
        return UNREAD
    except Exception as error:
        lost = _lost(error)
        if lost is None:
            return _internal(error)
        _tell(f"{UNWRITABLE}: {lost.strerror or lost}")
        return 2


def _run(args: Sequence[str]) -> int:
    try:
        status = cowspec.main(list(args), prog_name="cowspec", standalone_mode=False)
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return 2
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except BadInput as error:
        _tell(str(error).rstrip("\n"))
        return 2
    except SystemExit:  # so click ends after it has completed a line for a shell, or when it sees a closed pipe
        if COMPLETING in os.environ:
            raise
        raise BrokenPipeError from None
    return status if isinstance(status, int) else 0


def _lost(error: Exception) -> OSError | None:
    """Why the output cannot be written, if that is so. What was not written is tried again, then thrown away; of a long
    text the streams keep nothing, so a full disk is known by its number."""
    found = error if isinstance(error, OSError) and error.errno in FULL else None
    for number, stream in ((2, sys.stderr), (1, sys.stdout)):
        try:
            if stream is not None:
                stream.flush()
        except OSError as again:
            _discard(number)
            found = again
    return found


def _discard(number: int) -> None:
    """Else the interpreter would write the rest when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _tell(text: str) -> None:
    """To the standard error; where that cannot be written, either, the exit status has to do."""
    with suppress(OSError):
        click.echo(text, err=True)


def _internal(error: Exception) -> int:
    """A broken installation, or a mistake of ours: one line, and the traceback only for those who ask for it."""
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("cowspec"):
        _tell(f"error: the package of `{error.name}` is not installed; `cowspec doctor` says more")
        return 3
    _tell(f"internal error: {died_of(error).reason}")
    _tell("This is a bug in cowspec: please report it with the model. COWSPEC_TRACEBACK=1 prints more.")
    if os.environ.get("COWSPEC_TRACEBACK"):
        traceback.print_exception(error)
    return 3


if __name__ == "__main__":
    main()
