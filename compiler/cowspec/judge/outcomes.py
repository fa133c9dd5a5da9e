"""What is kept of the answers of jobs, and how they are believed again.

A run is kept as start state and firings (`evidence/runs.py`), and every setting that it is shown for is replayed. Of a
proof its conjuncts with their cores are kept, and under which settings each obligation was asked; a fresh solver has
confirmed each when it was found, and the key of the entry says that these were the same obligations. `unknown` is not
kept: next time may have more to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cowspec.evaluate.replay import replays_under
from cowspec.evidence.records import RecordError, read, record
from cowspec.evidence.runs import read_run, run_record
from cowspec.judge.jobs import Memo
from cowspec.judge.proving import Attempts
from cowspec.judge.refuting import Searched, witness_of
from cowspec.judge.results import Disagreement
from cowspec.system.ir import Formula, Setting, System
from cowspec.verdict import NoViolation, Proved, Refuted, Trace

TimedSearch = tuple[tuple[Searched, ...] | Disagreement, float]


def proof_memo(key: str, names: tuple[str, ...]) -> Memo[Attempts]:
    """Of one proof of the properties together."""
    return Memo(key, _attempts_record, partial(_read_attempts, names))


def search_memo(key: str, system: System, name: str, settings: tuple[Setting, ...]) -> Memo[TimedSearch]:
    """Of a search for runs under each of the settings."""
    return Memo(key, partial(_search_record, system, settings), partial(_read_search, system, name, settings))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Obligations that were asked under the same settings."""

    when: Formula
    questions: tuple[tuple[str, str], ...]


def _attempts_record(answer: Attempts) -> object:
    """Of a proof that went through for all of its properties."""
    if not _is_proved(answer):
        return None
    together: dict[Formula, list[tuple[str, str]]] = {}
    for question, when in answer.known.under.items():
        together.setdefault(when, []).append(question)
    asked = [_Asked(when, tuple(questions)) for when, questions in together.items()]
    return {"answer": record(_bare(answer)), "asked": record(asked)}


def _read_attempts(names: tuple[str, ...], data: object) -> Attempts:
    """Raises `RecordError`."""
    answer = read(Attempts, member(data, "answer"))
    if not _is_proved(answer):
        raise RecordError("a proof that did not go through")
    if tuple(found.property for found in answer.found) != names:
        raise RecordError("other properties are proved than were asked")
    asked = [read(_Asked, each) for each in items(member(data, "asked"))]
    under = {question: each.when for each in asked for question in each.questions}
    if under.keys() != answer.known.cores.keys():
        raise RecordError("other obligations were asked than were shown")
    return replace(answer, known=replace(answer.known, under=under))


def _is_proved(answer: Attempts) -> bool:
    return all(isinstance(found.verdict, Proved) for found in answer.found)


def _bare(answer: Attempts) -> Attempts:
    """Without the seconds that it took, and without what is kept otherwise."""
    found = tuple(replace(each, seconds=0.0) for each in answer.found)
    return replace(answer, found=found, known=replace(answer.known, under={}))


def _search_record(system: System, settings: Sequence[Setting], answer: TimedSearch) -> object:
    """Of a search for runs that ended; a disagreement is to be seen again."""
    found, _ = answer
    if isinstance(found, Disagreement):
        return None
    records = [searched_record(system, settings, each) for each in found]
    return None if None in records else records


def searched_record(system: System, settings: Sequence[Setting], each: Searched) -> object:
    """Of one answer of a search under some of these settings; None if that is `unknown`."""
    numbers = numbered(settings)
    under = [numbers[setting] for setting in each.settings]
    match each.verdict:
        case Refuted(trace, smaller):
            return {"settings": under, "run": run_record(system, trace), "smaller": smaller}
        case NoViolation():
            return {"settings": under, "none": record(each.verdict)}
        case _:
            return None


def _read_search(system: System, name: str, settings: Sequence[Setting], data: object) -> TimedSearch:
    """Raises `RecordError` or `TraceError`."""
    found = [read_searched(system, name, settings, each) for each in items(data)]
    answers_all(settings, (setting for each in found for setting in each.settings))
    return tuple(found), 0.0


def read_searched(system: System, name: str, settings: Sequence[Setting], data: object) -> Searched:
    """The inverse of `searched_record`. Raises `RecordError` or `TraceError`."""
    under = chosen(settings, member(data, "settings"))
    if "none" in members(data):
        return Searched(under, read(NoViolation, member(data, "none")))
    trace = believed(system, name, under, member(data, "run"))
    return Searched(under, Refuted(trace, read(str, member(data, "smaller"))), witness_of(system, trace))


def believed(system: System, name: str, settings: Sequence[Setting], data: object) -> Trace:
    """The run, replayed under each of these settings. Raises `RecordError` or `TraceError`."""
    trace = read_run(system, name, data)
    if trace.setting not in settings or replays_under(system, trace, settings) != tuple(settings):
        raise RecordError("the run is none under some of its settings")
    return trace


# ---- data of an unknown form ---------------------------------------------------------------------------------------


def numbered(settings: Sequence[Setting]) -> dict[Setting, int]:
    return {setting: number for number, setting in enumerate(settings)}


def chosen(settings: Sequence[Setting], data: object) -> tuple[Setting, ...]:
    """Settings by their numbers. Raises `RecordError`."""
    numbers = [read(int, each) for each in items(data)]
    if not numbers or not all(0 <= number < len(settings) for number in numbers):
        raise RecordError("a setting that was not asked about")
    return tuple(settings[number] for number in numbers)


def answers_all(asked: Sequence[Setting], answered: Iterable[Setting]) -> None:
    """Raises `RecordError` unless each of the settings is answered once."""
    if sorted(answered) != sorted(asked):
        raise RecordError("other settings are answered than were asked")


def items(data: object) -> list[object]:
    """Raises `RecordError` unless it is a list."""
    if not isinstance(data, list):
        raise RecordError("no list")
    return data


def members(data: object) -> dict[str, object]:
    """Raises `RecordError` unless it is an object."""
    if not isinstance(data, dict):
        raise RecordError("no object")
    return data


def member(data: object, key: str) -> object:
    """Raises `RecordError` unless it is an object with this member."""
    found = members(data)
    if key not in found:
        raise RecordError(f"`{key}` is missing")
    return found[key]
