"""What a model expects, compared with what a lock says of it.

In: expectations as `Asked`, the entries of a lock. Out: `Match`es, entries that say what is expected; everything that
differs becomes a finding of the docket, and nothing is claimed there.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cowspec.diagnostics import Diagnostic
from cowspec.evidence.lock import Entry, Options
from cowspec.judge.docket import Docket
from cowspec.judge.lock.making import Fingerprints, under
from cowspec.judge.plan import Question
from cowspec.judge.results import Claim
from cowspec.judge.scripts import Ask
from cowspec.source import Span
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Setting, System
from cowspec.system.switches import holds

STRENGTH = {Claim.BOUNDED: 1, Claim.SCOPE: 2, Claim.ANY_SIZE: 3}
UPDATE = "if this is meant, write the lock anew with `cowspec check --update-lock`"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the model expects. `claim`: what the verdict has to speak of; of scripts "". Told apart by identity: some
    have thousands of settings."""

    property: str
    scenario: str | None
    expected: str
    claim: str
    settings: tuple[Setting, ...]
    span: Span | None
    question: Question | None = None
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """An entry of the lock that is to be checked, and what the model expects under some of its settings. `whole`: all
    of them."""

    entry: Entry
    settings: tuple[Setting, ...]
    asked: Asked
    whole: tuple[Setting, ...]


def of_question(system: System, question: Question) -> Asked:
    span = next(
        (
            line.span
            for line in system.expectations
            if question.property in line.properties and holds(line.when, question.settings[0])
        ),
        None,
    )
    claim = Claim.TRACE
    if question.expected in (ExpectedKind.PROVED, ExpectedKind.UNREACHABLE):
        claim = Claim.SCOPE if question.scope else Claim.ANY_SIZE
    elif question.expected is ExpectedKind.NO_VIOLATION:
        claim = Claim.BOUNDED
    return Asked(question.property, None, question.expected.value, claim, question.settings, span, question)


def of_script(ask: Ask) -> Asked:
    expected = ask.expected.value if ask.expected is not None else ""
    return Asked(ask.property or "", ask.scenario.name, expected, "", ask.settings, ask.span, ask=ask)


def matched(docket: Docket, asked: Sequence[Asked], entries: Iterable[Entry]) -> list[Match]:
    """The entries that say what the model expects. What differs becomes a finding, and nothing is claimed there."""
    fingerprints = Fingerprints(docket.system)
    places: dict[tuple[str | None, str, Setting], list[Asked]] = {}
    for each in asked:
        for setting in each.settings:
            places.setdefault((each.scenario, each.property, setting), []).append(each)
    covered: set[tuple[Asked, Setting]] = set()
    matches = []
    for entry in entries:
        settings = under(docket.settings, entry.when)
        under_each = {s: _nearest(entry, places.get((entry.scenario, entry.property, s), ())) for s in settings}
        first = {setting: found[0] for setting, found in under_each.items() if found}
        expected = tuple(dict.fromkeys(first.values()))
        finding = _difference(entry, expected, gone=len(first) < len(settings) or not settings)
        if (
            finding is None
            and fingerprints.of(entry.property, entry.scenario or entry.by, settings) != entry.obligation
        ):
            finding = _finding("E603", entry, "the model has changed since it was locked", expected)
        if finding is None and not covered.isdisjoint((each, setting) for setting, each in first.items()):
            finding = _finding("E603", entry, "another entry speaks of the same settings", expected)
        if finding is not None:
            docket.findings.append(finding)
        for each in expected:
            part = tuple(setting for setting, chosen in first.items() if chosen is each)
            if finding is None:
                matches.append(Match(entry, part, each, settings))
            elif each.question is not None:
                docket.unknown(each.question, part, "the lock says otherwise", "lock")
        covered.update((each, setting) for setting, found in under_each.items() for each in found)
    _unlocked(docket, asked, covered)
    return matches


def _nearest(entry: Entry, asked: Sequence[Asked]) -> Sequence[Asked]:
    """Those of the expectations that the entry answers; if it answers none, the first."""
    return [each for each in asked if _differs(entry, each) is None] or asked[:1]


def _difference(entry: Entry, expected: Sequence[Asked], *, gone: bool) -> Diagnostic | None:
    if gone:
        return _finding("E601", entry, "nothing is expected of it any more", expected)
    found = next((found for each in expected if (found := _differs(entry, each)) is not None), None)
    return None if found is None else _finding(found[0], entry, found[1], expected)


def _differs(entry: Entry, asked: Asked) -> tuple[str, str] | None:
    """How the model expects something else than the entry says: the code and words for it."""
    if STRENGTH.get(asked.claim, 4) < STRENGTH.get(entry.claim, 0) or _smaller(entry, asked.question):
        return "E602", f"the model claims less, `{asked.expected}`"
    if asked.expected != entry.expected:
        return "E603", f"the model expects `{asked.expected}`"
    if asked.question is not None and (asked.claim != entry.claim or entry.verdict != entry.expected):
        return "E603", "the lock does not claim what is expected"
    if asked.question is not None and asked.question.by != entry.by:
        return "E603", "the model names another scenario for it"
    if asked.question is not None and not dict(asked.question.scope).items() <= (entry.scope or {}).items():
        return "E603", "the model names other sizes"
    return None


def _smaller(entry: Entry, question: Question | None) -> bool:
    """The model speaks of smaller sizes, or of fewer steps."""
    if question is None or entry.claim not in (Claim.SCOPE, Claim.BOUNDED):
        return False
    sizes = dict(question.scope)
    shrunk = any(sizes.get(sort, size) < size for sort, size in (entry.scope or {}).items())
    return shrunk or (entry.claim == Claim.BOUNDED and (question.within or 0) < (entry.steps or 0))


def _finding(code: str, entry: Entry, what: str, expected: Sequence[Asked]) -> Diagnostic:
    name = entry.property if entry.scenario is None else f"scenario {entry.scenario} {entry.property}".rstrip()
    said = f"`{name}` is locked as `{entry.verdict}`{_under(entry.when)}, but {what}"
    return Diagnostic(code, said, expected[0].span if expected else None, hint=UPDATE)


def _under(when: Sequence[Options]) -> str:
    if not when or not when[0]:
        return ""
    words = ", ".join(f"{name}={option}" for name, option in sorted(when[0].items()))
    return f" under {words}" + (f" and {len(when) - 1} more" if len(when) > 1 else "")


def _unlocked(docket: Docket, asked: Sequence[Asked], covered: Collection[tuple[Asked, Setting]]) -> None:
    for each in asked:
        rest = tuple(setting for setting in each.settings if (each, setting) not in covered)
        if rest:
            name = each.property if each.scenario is None else f"scenario {each.scenario} {each.property}".rstrip()
            said = f"`{name}` is expected as `{each.expected}`, and is not in the lock"
            if len(rest) < len(each.settings):
                said += f" for {len(rest)} of {len(each.settings)} settings"
            docket.findings.append(Diagnostic("E604", said, each.span, hint=UPDATE))
            if each.question is not None:
                docket.unknown(each.question, rest, "not in the lock", "lock")
