"""Options that several commands share, each turned into a typed value at once."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, TypeVar

import click

from cowspec.cli.errors import BadInput
from cowspec.cli.workers import Pool
from cowspec.engines.cvc5_solver import available
from cowspec.judge.selection import MAX_SIZE

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
OUT_DIR = ".cowspec"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _scope(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """`Cpu=2,Page=3`, several times if need be; no sort twice."""
    sizes: dict[str, int] = {}
    for part in _parts(texts, "Cpu=2,Page=3"):
        name, equals, size = (word.strip() for word in part.partition("="))
        if not (equals and _NAME.fullmatch(name) and re.fullmatch(r"[0-9]{1,4}", size)):
            raise click.BadParameter(f"`{part}` is no size: write for example Cpu=2,Page=3")
        if not 1 <= int(size) <= MAX_SIZE:
            raise click.BadParameter(f"`{part}`: a sort has from 1 to {MAX_SIZE} elements")
        if sizes.setdefault(name, int(size)) != int(size):
            raise click.BadParameter(f"sort `{name}` is given two sizes")
    return tuple(sizes.items())


def _options(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`cow=page_count`, `flush_in_ptl`, `no-flush_in_ptl`, `no-fix` (all not named); no switch twice."""
    options: dict[str, str] = {}
    for part in _parts(texts, "SWITCH=OPTION, FIX or no-FIX"):
        name, equals, option = (word.strip() for word in part.partition("="))
        if not equals:
            option = "off" if name.startswith("no-") else "on"
            name = name.removeprefix("no-")
        if not (_NAME.fullmatch(name) and _NAME.fullmatch(option)):
            raise click.BadParameter(f"`{part}`: write SWITCH=OPTION, FIX or no-FIX")
        if options.setdefault(name, option) != option:
            raise click.BadParameter(f"switch `{name}` is given two options")
    return tuple(options.items())


def _parts(texts: Iterable[str], form: str) -> Iterator[str]:
    """What commas separate. Where nothing stands, perhaps a script's variable was not set: that is not "everything"."""
    for text in texts:
        for part in map(str.strip, text.split(",")):
            if not part:
                raise click.BadParameter(f"nothing is selected by `{text}`: write {form}, or leave the option out")
            yield part


def _use_color(_: click.Context, __: click.Parameter, when: str) -> bool:
    if when == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return when == "always"


def _cross(_: click.Context, __: click.Parameter, wanted: bool) -> bool:
    if wanted and not available():
        raise BadInput("error: --cross needs cvc5, which is not installed: `pip install 'cowspec[cross]'`")
    return wanted


def _pooled(function: Callable[..., int]) -> Callable[..., int]:
    """What is said of the workers, as one value `jobs`."""

    @wraps(function)
    def command(*args: Any, jobs: int | None, memory: int | None, **rest: Any) -> int:
        return function(*args, jobs=Pool(jobs, memory), **rest)

    return command


def _patient(function: Callable[..., int]) -> Callable[..., int]:
    """For how many seconds lemmas are searched, as one value `inference`; None: not at all."""

    @wraps(function)
    def command(*args: Any, no_infer: bool, infer_timeout: float, **rest: Any) -> int:
        return function(*args, inference=None if no_infer else infer_timeout, **rest)

    return command


def several(*options: Callable[[Any], Any]) -> Callable[[Decorated], Decorated]:
    """One decorator out of several, the first on top."""

    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


setting = click.option("--set", "options", multiple=True, metavar="SWITCH", callback=_options, help="Fix a switch.")
scoping = click.option("--scope", "sizes", multiple=True, metavar="SORT=N,..", callback=_scope, help="Sizes of sorts.")
naming = click.option(
    "-i", "--invariant", "names", multiple=True, metavar="NAME", help="Only this property or scenario."
)
selecting = several(setting, naming, scoping)


def bounding(max_steps: int, timeout: float = 60.0) -> Callable[[Decorated], Decorated]:
    """The options of `Limits` and the number of workers; runs are up to `max_steps` long unless the user says more."""
    longest = click.option(
        "--max-steps", type=click.IntRange(0, 1000), default=max_steps, show_default=True, help="Longest run."
    )
    return several(longest, patience(timeout))


def patience(timeout: float) -> Callable[[Decorated], Decorated]:
    """The options of `Limits` that have nothing to do with runs, and the number of workers."""
    return several(
        click.option("--timeout", type=click.FloatRange(0.1, 86400), default=timeout, show_default=True,
                     metavar="SECONDS", help="For one obligation or one scope."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the solvers."),
        click.option("--jobs", type=click.IntRange(1, 1024), default=None,
                     help="Worker processes; default: the cores."),
        click.option("--memory", type=click.IntRange(256), default=None, metavar="MB",
                     help="Of each worker; default: the machine's, shared out."),
        _pooled,
    )  # fmt: skip


working = patience(60.0)
limiting = bounding(30)
crossing = click.option("--cross", "twice", is_flag=True, callback=_cross,
                        help="Let cvc5 confirm every any-size proof (`pip install 'cowspec[cross]'`).")  # fmt: skip
inferring = several(
    _patient,
    click.option("--no-infer", is_flag=True, help="Search no lemmas where a proof does not go through."),
    click.option("--infer-timeout", type=click.FloatRange(1, 86400), default=120.0, show_default=True,
                 metavar="SECONDS", help="For the lemmas of one property."),
)  # fmt: skip
styling = several(
    click.option("-v", "--verbose", is_flag=True, help="What changed in each step, ghosts, every diagram."),
    click.option("--width", type=click.IntRange(40, 1000), default=100, show_default=True, help="Of the output."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", callback=_use_color,
                 expose_value=True, help="Colour in the output."),
)  # fmt: skip
caching = click.option("--no-cache", is_flag=True, help="Use no answers of earlier runs, and keep none.")
hinting = click.option("--no-hints", is_flag=True,
                       help="Search proofs without what the lock beside the models says of earlier ones.")  # fmt: skip
locking = several(
    click.option("--locked", is_flag=True, help="Compare with the lock beside the models; check what it keeps."),
    click.option("--update-lock", is_flag=True, help="Write what was shown into the lock beside the models."),
)
reporting = several(
    styling,
    click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text."),
    click.option("--out-dir", default=OUT_DIR, show_default=True, metavar="DIR", help="Where traces are saved."),
    click.option("--timings", is_flag=True, help="Show how long it took."),
)
