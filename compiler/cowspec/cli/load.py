"""From paths to systems: read, load, check, build. What is wrong with a text becomes `BadInput`."""

from collections.abc import Sequence

from cowspec.check.check import check
from cowspec.check.modules import Loader, Program, load
from cowspec.check.typed import Model
from cowspec.cli.errors import BadInput
from cowspec.cli.files import loader, read
from cowspec.diagnostics import CompileError, render
from cowspec.system.build import build
from cowspec.system.ir import System


def load_systems(paths: Sequence[str], *, costs: bool = False) -> tuple[System, ...]:
    """The systems of the model files (`costs`: with what their steps spend). Raises `BadInput` with everything that is
    wrong in any of them."""
    find = loader()
    systems = []
    wrong: list[str] = []
    for path in paths:
        try:
            systems.append(load_system(path, find, costs=costs))
        except BadInput as error:
            wrong.append(str(error))
    if wrong:
        raise BadInput("\n\n".join(dict.fromkeys(wrong)))
    return tuple(systems)


def load_system(path: str, find: Loader, *, costs: bool = False) -> System:
    """The system of one model file. Raises `BadInput`."""
    return load_model(path, find, costs=costs)[1]


def load_model(path: str, find: Loader, *, costs: bool = False) -> tuple[Model, System]:
    """The checked model of one file, and its system. Raises `BadInput`."""
    return load_program(path, find, costs=costs)[1:]


def load_program(path: str, find: Loader, *, costs: bool = False) -> tuple[Program, Model, System]:
    """The modules of one file, its checked model, and its system. Raises `BadInput`."""
    program = load(path, read(path), find)
    try:
        model = check(program)
        return program, model, build(model, costs=costs)
    except CompileError as error:
        raise BadInput(diagnosed(error, program)) from None


def diagnosed(error: CompileError, program: Program) -> str:
    return render(error.diagnostics, program.sources)
