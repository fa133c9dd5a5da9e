"""Lemmas found before: proved again by the ordinary prover, without a search.

In: what was found, and what it was found for. Out: the same with the verdicts of this proof, or None if it does not go
through.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cowspec.engines.induction.prove import prove
from cowspec.engines.inference.infer import Effort, FoundLemma, Inferred
from cowspec.engines.inference.proofs import OBLIGATION_SECONDS
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.lemmas import Written, with_written
from cowspec.system.slicing import slice_system
from cowspec.system.switches import settings_of
from cowspec.verdict import Limits


@dataclass(frozen=True, slots=True)
class Lemmas:
    """What is kept of an `Inferred` that is proved."""

    lemmas: tuple[FoundLemma, ...]
    effort: Effort


def reproved(
    system: ir.System, goals: Sequence[str], when: ir.Formula, limits: Limits, kept: Lemmas, *, written: Written
) -> Inferred | None:
    """`written`: the lemmas that may be used."""
    settings = settings_of(system, when)
    if len(settings) == 1:
        system, when = replace(slice_system(system, settings[0]), switches=()), ir.TRUE
    own = tuple(
        prop
        for prop in with_written(system, written).properties
        if prop.name in goals or prop.kind is PropertyKind.LEMMA
    )
    found = tuple(lemma.prop for lemma in kept.lemmas)
    bounds = replace(limits, timeout=min(limits.timeout, OBLIGATION_SECONDS))
    result = prove(replace(system, properties=(*found, *own)), goals, when, bounds)
    again = Inferred(result.verdicts, kept.lemmas, None, replace(kept.effort, seconds=0.0))
    return again if again.is_proved else None
