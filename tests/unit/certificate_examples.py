"""A folder with a model and a certificate of it, and changed copies of certificates."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cowspec.cli.main import run

Record = dict[str, Any]


@contextmanager
def certified_in(folder: Path, model: str, text: str, certificate: str, *words: str) -> Iterator[Path]:
    """The folder, once `prove` with these words has written the certificate of the model there."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        Path(model).write_text(text)
        assert run(["prove", model, *words, "--jobs", "1", "--cert", certificate]) == 0
    finally:
        os.chdir(before)
    yield folder


def record(certificate: Path) -> Record:
    found: Record = json.loads(certificate.read_text())
    return found


def changed(certificate: Path, tmp_path: Path, change: Callable[[Record], object]) -> Path:
    """The certificate with a change."""
    made = record(certificate)
    change(made)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(made))
    return path
