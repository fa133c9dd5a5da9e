"""Lemmas searched for the properties of a model, and what is said where none were found.

In: a system, what was selected, limits. Out: an `Inference` for each claim. Where the search did not succeed, runs
are searched: a property that is false needs no lemma.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from cowspec.encode.relational.translate import translate
from cowspec.engines.beside import Beside, when_asked
from cowspec.engines.inference.claims import Claim
from cowspec.engines.inference.infer import Inferred, infer_all
from cowspec.engines.inference.reproving import Lemmas, reproved
from cowspec.engines.scopes import elements
from cowspec.evidence.fingerprint import fingerprint, substance
from cowspec.evidence.records import RecordError, read, record
from cowspec.judge.jobs import Memo
from cowspec.judge.plan import asked_properties, either, switch_formula
from cowspec.judge.proving import reached
from cowspec.judge.refuting import Searched, refute, scopes_for
from cowspec.judge.results import Status
from cowspec.judge.selection import Selection, selected, within
from cowspec.syntax.ast import ExpectedKind, PropertyKind
from cowspec.system.ir import Setting, System
from cowspec.system.lemmas import Written
from cowspec.system.switches import all_settings, holds, settings_of
from cowspec.verdict import Limits, Refuted

Recall = Callable[[Memo[Inferred], Callable[[], Inferred]], Inferred]
DOUBT = Limits(max_steps=12, timeout=20.0)
DOUBT_SPAN = 4
"""Bounds of the search for runs where no lemmas were found, at scopes of so many elements more than the smallest."""

OUTSIDE = (
    "searched were implications between what is true of a few elements, with conclusions about some call, or about what"
    " a step has required; not: other alternations of quantifiers, counts above 1, and lemmas of more than about ten"
    " literals"
)
"""Which lemmas would be outside of the search."""


@dataclass(frozen=True, slots=True)
class Inference:
    """Of the property `name`. `run`: one that violates it. `notes`: how far the search came."""

    name: str
    settings: tuple[Setting, ...]
    found: Inferred
    run: Searched | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_refuted(self) -> bool:
        return self.run is not None


def inferences(
    system: System,
    selection: Selection,
    limits: Limits,
    *,
    seconds: float,
    written: Written,
    say: Callable[[str], None] = lambda _: None,
    recall: Recall = lambda _, work: work(),
    beside: Beside = when_asked,
) -> tuple[Inference, ...]:
    """One for each claim; all that have to be searched are searched together, for `seconds` each. `recall`: may know
    the answer from an earlier run. `written`: the lemmas that may be used. `beside`: may do some of the work
    meanwhile."""
    claims = claimed(system, selection)

    @cache
    def searched() -> Mapping[Claim, Inferred]:
        say(", ".join(dict.fromkeys(claim.name for claim in claims)))
        whole = seconds * len(claims)
        found = infer_all(system, claims, limits, seconds=whole, written=written, say=say, beside=beside)
        return dict(zip(claims, found, strict=True))

    found: list[Inference] = []
    for claim in claims:
        memo = _memo(system, claim, claims, limits, seconds, written)
        inferred = recall(memo, partial(lambda each: searched()[each], claim))
        inference = Inference(claim.name, settings_of(system, claim.when), inferred)
        found.append(inference if inferred.is_proved else _explained(system, inference, limits))
    return tuple(found)


def claimed(system: System, selection: Selection) -> tuple[Claim, ...]:
    """What is to be proved: of each selected invariant what the expectations say is proved, as far as the selected
    settings go; under all of these, if they say it of none."""
    settings = within(all_settings(system), selection)
    found: list[Claim] = []
    for prop in asked_properties(system):
        if prop.kind is PropertyKind.INVARIANT and selected(prop.name, selection):
            lines = [
                line.when
                for line in system.expectations
                if prop.name in line.properties and line.verdict is ExpectedKind.PROVED and not line.scope
            ]
            under = [(when, tuple(setting for setting in settings if holds(when, setting))) for when in lines]
            whens = [either(system, mine) if selection.options else when for when, mine in under if mine]
            found += [Claim(prop.name, when) for when in whens or [switch_formula(system, selection)]]
    return tuple(dict.fromkeys(found))


def _memo(
    system: System, claim: Claim, claims: Sequence[Claim], limits: Limits, seconds: float, written: Written
) -> Memo[Inferred]:
    """Lemmas are kept if they prove the property, and believed if they prove it again."""

    def kept(found: Inferred) -> object:
        return record(Lemmas(found.lemmas, found.effort)) if found.is_proved else None

    def believed(data: object) -> Inferred:
        lemmas = read(Lemmas, data)
        again = reproved(system, [claim.name], claim.when, limits, lemmas, written=written)
        if again is None:
            raise RecordError("the lemmas do not prove it")
        return again

    key = fingerprint("lemmas", substance(system), claim, claims, limits, seconds, written)
    return Memo(key, kept, believed)


def status_of_infer(found: Sequence[Inference]) -> int:
    """0 if all is proved, 1 if a run was found, else 4; 5 if there was nothing to do."""
    if any(each.is_refuted for each in found):
        return Status.NOT_DECLARED
    if not all(each.found.is_proved for each in found):
        return Status.UNKNOWN
    return Status.DECLARED if found else Status.NOTHING


def _explained(system: System, inference: Inference, limits: Limits) -> Inference:
    """With a run that violates the property, or with how far the search came."""
    scopes = scopes_for(system, (), exact=False)
    small = tuple(scope for scope in scopes if elements(scope) <= elements(scopes[0]) + DOUBT_SPAN)
    bounds = replace(DOUBT, seed=limits.seed)
    searched = refute(system, inference.name, inference.settings, small, bounds)
    for each in searched if isinstance(searched, tuple) else ():
        if isinstance(each.verdict, Refuted):
            return replace(inference, run=each)
    notes = [f"no run of up to {DOUBT.max_steps} steps at the smallest scopes violates it"]
    stuck = inference.found.stuck
    if stuck is not None:
        notes.append(f"the search ended: {stuck.reason}")
        if stuck.cti is not None:
            notes.append(reached(system, translate(system), stuck.cti, limits))
    return replace(inference, notes=(*notes, OUTSIDE))
