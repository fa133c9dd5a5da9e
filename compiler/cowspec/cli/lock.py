"""The proof lock as files: `cowspec.lock` beside the models, read before a check and written after one."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cowspec.cli.doctor import tool_versions
from cowspec.cli.errors import BadInput
from cowspec.cli.files import STDIN, read, write
from cowspec.diagnostics import Diagnostic, render
from cowspec.evidence.lock import Lock, LockedModel, LockError, StoredProof, read_lock, write_lock
from cowspec.judge.lock.making import locked_model
from cowspec.judge.results import ModelReport, Status, found_lemmas
from cowspec.judge.selection import Selection
from cowspec.source import Source
from cowspec.verdict import Limits

NAME = "cowspec.lock"
MAX_LOCK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Locks:
    """`models`: what the locks say, by the paths of the models. `gone`: paths of models that a lock knows, and that are
    not there any more."""

    models: Mapping[str, LockedModel | None]
    gone: tuple[str, ...]


def read_locks(paths: Sequence[str], selection: Selection, *, locked: bool, update: bool) -> Locks | None:
    """The locks beside the models, if they are asked for. Raises `BadInput` if one is missing or no lock, or options
    do not fit together."""
    if (locked or update) and selection != Selection():
        raise BadInput("error: a lock speaks of all that a model expects: not with --set, --scope or -i")
    if (locked or update) and STDIN in paths:
        raise BadInput("error: a lock lies beside the files of models: not with `-`, the standard input")
    if locked and update:
        raise BadInput("error: --locked and --update-lock do not go together")
    if update:
        for folder in dict.fromkeys(map(_folder, paths)):
            _known(folder)  # whoever waits for a check should not hear only then that its lock cannot be written
            if not os.access(folder, os.W_OK):
                raise BadInput(f"error: {folder / NAME}: cannot be written: no right to write in the folder")
    if not locked:
        return None
    locks = {folder: _read(folder, hint=True) for folder in dict.fromkeys(map(_folder, paths))}
    gone = [
        str(folder / name) for folder, lock in locks.items() for name in lock.models if not (folder / name).is_file()
    ]
    return Locks({path: locks[_folder(path)].models.get(Path(path).name) for path in paths}, tuple(gone))


def read_hints(paths: Sequence[str]) -> Mapping[str, Sequence[StoredProof]]:
    """The proofs that the locks beside the models keep, by the paths of the models. A lock that cannot be read keeps
    none, and that is said."""
    found: dict[Path, Lock] = {}
    for folder in dict.fromkeys(map(_folder, paths)):
        try:
            found[folder] = _known(folder)
        except BadInput as error:
            click.echo(f"note: no hints: {str(error).removeprefix('error: ')}", err=True)
            found[folder] = Lock()
    models = {path: found[_folder(path)].models.get(Path(path).name) for path in paths}
    return {path: model.proofs for path, model in models.items() if model is not None}


def update_locks(reports: Sequence[ModelReport], limits: Limits, status: int) -> None:
    """Writes what was shown into the locks beside the models, if all is as declared; what they say of other models that
    are still there stays."""
    if status != Status.DECLARED:
        click.echo("the lock is not written: it may only say what is declared and shown", err=True)
        return
    by_found = sorted({result.property for report in reports for result in report.results if found_lemmas(result)})
    if by_found:
        said = f"the lock is not written: lemmas had to be found for {', '.join(by_found)}, and are not in the model"
        click.echo(said, err=True)
        return
    for folder in dict.fromkeys(_folder(report.path) for report in reports):
        found = {name: model for name, model in _known(folder).models.items() if (folder / name).is_file()}
        for report in reports:
            if _folder(report.path) == folder:
                found[Path(report.path).name] = locked_model(report, limits, tool_versions())
        write(str(folder / NAME), write_lock(Lock(found)))
        click.echo(f"wrote {folder / NAME}", err=True)


def show_findings(reports: Sequence[ModelReport], locks: Locks, status: int) -> int:
    """The differences between the models and their locks, on stderr; returns the status with them."""
    found = [each for report in reports for each in report.findings]
    found += [Diagnostic("E601", f"{path} is in the lock, and there is no such file", None) for path in locks.gone]
    spans = {each.span.path for each in found if each.span is not None}
    if found:
        click.echo(render(found, {path: Source(path, read(path)) for path in sorted(spans)}), err=True)
    return Status.NOT_DECLARED if found and status not in (Status.INTERNAL, Status.DISAGREE) else status


def _known(folder: Path) -> Lock:
    """What the lock of the folder says, nothing if there is none. Raises `BadInput`."""
    return _read(folder, hint=False) if (folder / NAME).exists() else Lock()


def _read(folder: Path, *, hint: bool) -> Lock:
    place = folder / NAME
    if place.exists() and not place.is_file():
        raise BadInput(f"error: {place}: no file")
    if hint and not place.exists():
        raise BadInput(f"error: there is no {place}\nhint: `cowspec check --update-lock` writes it")
    try:
        return read_lock(read(str(place), MAX_LOCK_BYTES))
    except LockError as error:
        raise BadInput(f"error: {place}: {error}\nhint: delete it, and `cowspec check --update-lock`") from None


def _folder(path: str) -> Path:
    return Path(path).parent
