"""Certificates checked again, without a prover: each refutation, and, given the model, that nothing is missing.

In: a certificate, the system of the model it is to be about (or none). Out: a `Verified`.

A refutation is checked from the formulas in the certificate. What they are worth is known only with the model: then it
is compiled anew, for each claim all obligations that an induction needs are worked out from it (`engines/obligation`),
and each must stand in the certificate in exactly the model's formulas, asked under all settings of the claim.

A claim may bring lemmas that the model has not. What they say does not matter: any closed formula over the state may
be a conjunct of an induction, as long as its obligations are there as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from cowspec.encode.herbrand.fragment import cyclic_sorts
from cowspec.encode.herbrand.interning import Interner, free_of, intern, interned
from cowspec.encode.relational.formula import FALSE, And, Atom, Formula, Not, Or, Predicate, Same, Truth
from cowspec.encode.relational.obligation import NO_FAULT, NO_FAULT_YET, Obligation, Question, Subject, obligation
from cowspec.encode.relational.translate import counts_above_two
from cowspec.engines.instantiation.checking import Rejected, check_refutation
from cowspec.engines.obligation import Incomplete, questions, subject
from cowspec.evidence.certificates import Certificate, CertifiedClaim, Entry
from cowspec.judge.confirming.portions import in_portions
from cowspec.judge.jobs import Runner
from cowspec.judge.results import Status
from cowspec.system.ir import TRUE, Setting, System
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits

WHEN = "when"
"""The assumption of an obligation that says under which settings it is asked."""


@dataclass(frozen=True, slots=True)
class EntryVerdict:
    """`rejected` and `open` are reasons; if both are empty, the verified checker has accepted the refutation. `cyclic`:
    the sorts by which the obligation is outside of the fragment."""

    step: str
    goal: str
    rejected: str
    open: str
    cyclic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """What the certificate says of the model: `goal` under `settings`. `rejected` is a reason. `unchecked`: how many of
    the obligations it rests on are open or rejected. `found`: how many lemmas it brings."""

    goal: str
    settings: tuple[Setting, ...]
    obligations: int
    unchecked: int
    rejected: str
    found: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """`claims` is None if there was no model to compare with; then nothing is known but that the formulas of each
    obligation have no model."""

    entries: tuple[EntryVerdict, ...]
    claims: tuple[ClaimVerdict, ...] | None


def verify(certificate: Certificate, system: System | None, limits: Limits, runner: Runner) -> Verified:
    """Checks all again. Raises `CountTooLarge` for a system without any-size proofs."""
    entries = _entries(certificate, limits, runner)
    if system is None:
        return Verified(entries, None)
    of, settings, large = subject(system), all_settings(system), counts_above_two(system)
    claims = []
    for claim in certificate.claims:
        try:
            own = _settings(of, claim.when, settings)
            numbers = _complete(certificate, claim, _with_found(of, claim), own, large)
        except _Refused as error:
            claims.append(ClaimVerdict(claim.goal, (), 0, 0, str(error)))
            continue
        unchecked = sum(1 for number in numbers if entries[number].rejected or entries[number].open)
        claims.append(ClaimVerdict(claim.goal, own, len(numbers), unchecked, "", len(claim.found)))
    return Verified(entries, tuple(claims))


def status_of_verify(found: Verified) -> int:
    """0 if everything is checked; 6 if anything is rejected; 4 if something is open; 5 if there is nothing."""
    if any(entry.rejected for entry in found.entries) or any(claim.rejected for claim in found.claims or ()):
        return Status.DISAGREE
    if any(each.open for each in found.entries):
        return Status.UNKNOWN
    return Status.DECLARED if found.entries and found.claims != () else Status.NOTHING


# ---- refutations ---------------------------------------------------------------------------------------------------


def _entries(certificate: Certificate, limits: Limits, runner: Runner) -> tuple[EntryVerdict, ...]:
    entries = certificate.entries

    def work(part: range) -> tuple[EntryVerdict, ...]:
        return _check(entries[part.start : part.stop])

    def lost(number: int, reason: str) -> EntryVerdict:
        return _verdict(entries[number], still_open=reason)

    return in_portions(runner, "obligations", work, len(entries), limits.timeout, lost)


def _check(entries: Sequence[Entry]) -> tuple[EntryVerdict, ...]:
    interner = Interner()
    return tuple(_checked(interner, entry) for entry in entries)


def _checked(interner: Interner, entry: Entry) -> EntryVerdict:
    if entry.refutation is None:
        return _verdict(entry, still_open=entry.reason or "no refutation")
    made = interned(interner, entry.obligation)
    try:
        check_refutation(interner, made, entry.refutation.lemmas, entry.refutation.proof)
    except Rejected as error:
        return _verdict(entry, rejected=str(error))
    return _verdict(entry, cyclic=cyclic_sorts(made))


def _verdict(entry: Entry, rejected: str = "", still_open: str = "", cyclic: tuple[str, ...] = ()) -> EntryVerdict:
    return EntryVerdict(entry.obligation.step, entry.obligation.goal, rejected, still_open, cyclic)


# ---- completeness --------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """The certificate does not show the claim of this model; the message says why."""


def _with_found(of: Subject, claim: CertifiedClaim) -> Subject:
    """The subject with the lemmas of the claim; where the model has a lemma of the same name, that of the claim is
    meant. Raises `_Refused` for what is no lemma."""
    interner = Interner()
    for name, formula in claim.found:
        if not name.isidentifier() or name in of.transitions or name in (claim.goal, NO_FAULT):
            raise _Refused(f"a found lemma has the name `{name}`")
        if free_of(interner, intern(interner, formula)):
            raise _Refused(f"the found lemma `{name}` is not closed")
    for part in interner.formulas:
        if not _is_of_state(of, part):
            raise _Refused("a found lemma speaks of more than the state of the model")
    return replace(of, conjuncts={**of.conjuncts, **dict(claim.found)})


def _is_of_state(of: Subject, part: Formula) -> bool:
    match part:
        case Atom(pred, args):
            return Predicate(pred, tuple(arg.sort for arg in args)) in of.system.predicates
        case Same(left, right):
            return left.sort == right.sort
        case _:
            return True


def _complete(
    certificate: Certificate, claim: CertifiedClaim, of: Subject, settings: Sequence[Setting], large: Mapping[str, int]
) -> tuple[int, ...]:
    """The entries that the claim rests on: all are there, in the formulas of the model. Raises `_Refused`."""
    if not settings:
        raise _Refused("no setting of the model satisfies its condition")
    numbers = {
        (certificate.entries[number].obligation.step, certificate.entries[number].obligation.goal): number
        for number in claim.entries
    }
    by_name = {key: certificate.entries[number] for key, number in numbers.items()}
    if claim.goal not in of.conjuncts and claim.goal not in of.transitions and claim.goal != NO_FAULT:
        raise _Refused("the model has no such property")
    for entry in by_name.values():
        unknown = [name for name in entry.needed if name not in of.conjuncts and name != NO_FAULT_YET]
        if unknown:
            raise _Refused(f"{_label(entry)} assumes `{unknown[0]}`, which the model has not")
    cores = {key: frozenset(entry.needed) for key, entry in by_name.items()}
    try:
        asked = questions(of, cores, dict.fromkeys(cores, TRUE), claim.goal)
    except Incomplete as error:
        raise _Refused(f"the obligation {error} is missing") from None
    interner = Interner()
    everywhere: dict[int, bool] = {}
    for _, question, _ in asked:
        _countable(of, question, large)
        entry = by_name[question.step, question.goal]
        when = intern(interner, dict(entry.obligation.assumptions).get(WHEN, FALSE))
        if id(when) not in everywhere:
            everywhere[id(when)] = len(_settings(of, when, settings)) == len(settings)
        if not everywhere[id(when)]:
            raise _Refused(f"{_label(entry)} is not asked under all settings of the claim")
        _compare(interner, entry, obligation(of, when, question))
    return tuple(numbers[question.step, question.goal] for _, question, _ in asked)


def _countable(of: Subject, question: Question, large: Mapping[str, int]) -> None:
    """At any size counts are compared with 0, 1 and 2 only."""
    names = {question.goal, *question.needed}
    for place in large:
        if place in names or (place not in of.conjuncts and place not in of.transitions):
            raise _Refused(f"`{place}` compares a count with {large[place]}: at any size only 0, 1 and 2 are supported")


def _compare(interner: Interner, entry: Entry, expected: Obligation) -> None:
    """The entry's formulas are those of the model. Raises `_Refused`. Equal formulas are one object here."""
    ours, theirs = interned(interner, expected), interned(interner, entry.obligation)
    for (name, formula), (other, given) in zip_longest(ours.assumptions, theirs.assumptions, fillvalue=("", FALSE)):
        if name != other or formula is not given:
            raise _Refused(f"{_label(entry)}: `{other or name}` is not what the model says")
    for update, stated in zip_longest(ours.updates, theirs.updates):
        if update is None or stated is None or update.body is not stated.body or update.formals != stated.formals:
            raise _Refused(f"{_label(entry)}: what the step does is not what the model says")
    plain = (replace(each, assumptions=(), updates=(), violated=FALSE) for each in (ours, theirs))
    preds = ([update.pred for update in each.updates] for each in (ours, theirs))
    if ours.violated is not theirs.violated or next(plain) != next(plain) or next(preds) != next(preds):
        raise _Refused(f"{_label(entry)} is not what the model asks")


def _label(entry: Entry) -> str:
    return f"{entry.obligation.step} / {entry.obligation.goal}"


def _settings(of: Subject, when: Formula, settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """Those that satisfy a formula over switches. Raises `_Refused` if it speaks of anything else."""
    return tuple(setting for setting in settings if _holds(of, when, setting, {}))


def _holds(of: Subject, when: Formula, setting: Setting, done: dict[int, bool]) -> bool:
    """`done`: by identity, as a part may occur many times."""
    if id(when) not in done:
        done[id(when)] = _newly_holds(of, when, setting, done)
    return done[id(when)]


def _newly_holds(of: Subject, when: Formula, setting: Setting, done: dict[int, bool]) -> bool:
    match when:
        case Truth(value):
            return value
        case Atom(pred, ()) if pred in of.system.rigid:
            switch, _, option = pred.partition("=")
            return (switch, option) in setting
        case Not(body):
            return not _holds(of, body, setting, done)
        case And(parts):
            return all(_holds(of, part, setting, done) for part in parts)
        case Or(parts):
            return any(_holds(of, part, setting, done) for part in parts)
        case _:
            raise _Refused("a condition speaks of more than switches")
