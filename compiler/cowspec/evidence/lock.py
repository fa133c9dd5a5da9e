"""The proof lock: what was shown of models, and by what, as text that is kept beside them.

In: a `Lock`. Out: JSON with sorted keys, the same for the same lock byte for byte; and back. Reading checks the form
only: whether anything in it holds is for `judge/lock/checking.py` to find out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cowspec.evidence.records import RecordError, read, record
from cowspec.verdict import Limits

SCHEMA_VERSION = 1
WIDTH = 120
MAX_ENTRIES = 10_000  # of one model

Options = Mapping[str, str]
"""Options of some switches, "on" and "off" for a fix: all settings that have them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was shown of a property (or of a scenario) under the settings `when`. `obligation`: the fingerprint of all
    that it speaks of: the model's steps, the property, the settings. `run` shows a refutation; `proofs` are the numbers
    of the model's proofs that together show a proof for any size. `by`: the scenario that the run is one of."""

    property: str
    scenario: str | None
    expected: str
    when: tuple[Options, ...]
    obligation: str
    verdict: str
    claim: str
    engine: str
    evidence: Mapping[str, tuple[str, ...]]
    scope: Mapping[str, int] | None = None
    steps: int | None = None
    run: object = None
    proofs: tuple[int, ...] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class StoredProof:
    """`conjuncts` are inductive together under the settings `when`, with those of the earlier proofs that it builds on,
    and the goals follow. `cores`: by conjunct and step, what an obligation needs unless it is the conjunct itself."""

    when: tuple[Options, ...]
    goals: tuple[str, ...]
    builds_on: tuple[int, ...]
    conjuncts: tuple[str, ...]
    cores: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class LockedModel:
    """`tools` and `limits`: of the check that found all this."""

    tools: Mapping[str, str]
    limits: Limits
    entries: tuple[Entry, ...]
    proofs: tuple[StoredProof, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """By the names of the models' files."""

    models: Mapping[str, LockedModel] = field(default_factory=dict)


class LockError(Exception):
    """The text is no lock; the message says where and why."""


def write_lock(lock: Lock) -> str:
    """The text of the lock."""
    models = record(lock.models, tagged=False)
    return _laid_out({"kind": "lock", "schema_version": SCHEMA_VERSION, "models": models}, "") + "\n"


def read_lock(text: str) -> Lock:
    """Raises `LockError`, and nothing else, for any text."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LockError(f"no JSON: {error}") from None
    if not isinstance(data, dict) or data.get("kind") != "lock":
        raise LockError('no lock: an object with "kind": "lock" is expected')
    if data.get("schema_version") != SCHEMA_VERSION:
        raise LockError(f"schema_version is {str(data.get('schema_version'))[:40]!r}, {SCHEMA_VERSION} is expected")
    try:
        kind: Any = Mapping[str, LockedModel]
        lock = Lock(read(kind, data.get("models"), "models"))
    except RecordError as error:
        raise LockError(str(error)) from None
    if any(len(model.entries) > MAX_ENTRIES or len(model.proofs) > MAX_ENTRIES for model in lock.models.values()):
        raise LockError(f"more than {MAX_ENTRIES} entries")
    return lock


def _laid_out(data: object, indent: str) -> str:
    """JSON with sorted keys; what fits stands on one line."""
    short = json.dumps(data, ensure_ascii=False, sort_keys=True)
    if len(indent) + len(short) <= WIDTH or not isinstance(data, dict | list) or not data:
        return short
    inner = indent + " "
    opening, closing = "{}" if isinstance(data, dict) else "[]"
    return opening + "\n" + ",\n".join(inner + part for part in _parts(data, inner)) + "\n" + indent + closing


def _parts(data: dict[str, object] | list[object], indent: str) -> Iterator[str]:
    if isinstance(data, list):
        yield from (_laid_out(each, indent) for each in data)
    else:
        for key in sorted(data):
            yield f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(data[key], indent)}"
