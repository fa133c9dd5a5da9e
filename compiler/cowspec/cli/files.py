"""Files: the shipped library and models, the loader of modules, reading with limits, writing atomically."""

import gzip
import os
import re
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from cowspec.check.modules import Loader
from cowspec.cli.errors import BadInput
from cowspec.diagnostics import CompileError, Diagnostic
from cowspec.source import Source

STDIN = "-"
MAX_BYTES = 2 * 1024 * 1024
MAX_TRACE_BYTES = 64 * 1024 * 1024
MAX_CERTIFICATE_BYTES = 256 * 1024 * 1024
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(folder: str) -> Path:
    """Where `spec` or `models` lie: inside an installed package, or at the root of the checkout. Raises `BadInput`."""
    for place in (_PACKAGE / "_data", _PACKAGE.parents[1]):
        if (place / folder).is_dir():
            return place / folder
    raise BadInput(f"the folder `{folder}` of cowspec is not found: the installation is incomplete")


def models(paths: Sequence[str]) -> list[str]:
    """The model files that the arguments name: files themselves (`-`: the standard input), of folders every `.cow` file
    below. No argument stands for `models` here, or the shipped one. Raises `BadInput`."""
    found: dict[str, None] = {}
    for path in paths or [_default_models()]:
        if os.path.isdir(path):
            inside = sorted(str(file) for file in Path(path).rglob("*.cow") if file.is_file())
            if not inside:
                raise BadInput(f"{path}: no `.cow` file in this folder")
            found.update(dict.fromkeys(inside))
        elif path == STDIN or os.path.exists(path):
            found[path] = None
        else:
            raise BadInput(f"{path}: no such file or folder")
    return list(found)


def read(path: str, limit: int = MAX_BYTES) -> str:
    """The text of a file (`-`: of the standard input; a name that ends in `.gz`: compressed). Raises `BadInput` if it
    cannot be read, is too large, or is no UTF-8."""
    try:
        if path == STDIN:
            raw = os.fdopen(os.dup(0), "rb").read(limit + 1)
        else:
            with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
                raw = file.read(limit + 1)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        raise BadInput(f"{path}: cannot be read: {reason}") from None
    if len(raw) > limit:
        raise BadInput(f"{path}: larger than {limit} bytes")
    return decoded(path, raw)


def decoded(path: str, raw: bytes) -> str:
    """The bytes as text. Raises `BadInput` if they are no UTF-8."""
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: no UTF-8 text (byte {error.start})") from None


def write(path: str, text: str) -> None:
    """Writes a file (if its name ends in `.gz`: compressed) in one go: whoever reads it sees the old text or the new
    one. Raises `BadInput`."""
    raw = text.encode("utf-8")
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(gzip.compress(raw, mtime=0) if target.suffix == ".gz" else raw)
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None


def loader(library: Path | None = None) -> Loader:
    """Looks a module up beside the file that uses it and in the library; a file of the library sees the library only.

    A module that lies in both places is an error (E104). Nothing outside these two folders is ever read, whatever
    symbolic links say. Raises `CompileError`, and `BadInput` for a file that cannot be read.
    """
    root = (library or shipped("spec")).resolve()

    def load(name: str, user: str) -> Source | None:
        if not _MODULE.fullmatch(name):
            return None
        beside = Path(user).resolve().parent
        folders = (root,) if beside.is_relative_to(root) or user == STDIN else (beside, root)
        found = [file for folder in folders if (file := _module_file(folder, name)) is not None]
        if len(found) > 1:
            places = " and ".join(shown_path(file) for file in found)
            hint = "give the file beside the model another name"
            raise CompileError(
                [Diagnostic("E104", f"module `{name}` is found in two places: {places}", None, hint=hint)]
            )
        return Source(shown_path(found[0]), read(str(found[0]))) if found else None

    return load


def _module_file(folder: Path, name: str) -> Path | None:
    """The file of a module in a folder, unless it really lies elsewhere."""
    file = folder.joinpath(*name.split(".")).with_suffix(".cow")
    return file if os.path.isfile(file) and file.resolve().is_relative_to(folder) else None


def shown_path(file: Path) -> str:
    """The path as messages show it: relative to the current folder where it lies below it."""
    here = Path.cwd()
    return file.relative_to(here).as_posix() if file.is_relative_to(here) else str(file)


def library_files() -> Iterable[Path]:
    """The `.cow` files of the library, sorted."""
    return sorted(shipped("spec").rglob("*.cow"))


def _default_models() -> str:
    return "models" if os.path.isdir("models") else str(shipped("models"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
