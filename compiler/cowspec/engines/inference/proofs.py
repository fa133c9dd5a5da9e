"""What the ordinary prover says of the claims of a search: the only judge of what the search found.

In: a system, claims, further properties. Out: `InductionResult`s, the last of each claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import process_time

from cowspec.engines.induction.prove import InductionResult, prove
from cowspec.engines.inference.claims import Claim, guarded, union
from cowspec.engines.known import NOTHING, Known
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import System
from cowspec.system.switches import settings_of
from cowspec.verdict import Limits, Proved

OBLIGATION_SECONDS = 10.0
"""For one obligation of a proof with found lemmas: what takes longer is no lemma to keep."""

FIRST_SECONDS = 1.0
"""The same before anything was searched: a proof that needs no lemma is mostly quick."""


@dataclass(slots=True)
class Proofs:
    """What is proved so far, and after how many seconds (`done`). `facts`: what the prover found of the compiler's
    facts, under all settings of any claim; `first`: what it found without any found lemma, under those of one line."""

    base: System
    limits: Limits
    began: float
    results: dict[Claim, InductionResult] = field(default_factory=dict)
    done: dict[Claim, float] = field(default_factory=dict)
    facts: Known = NOTHING
    first: dict[ir.Formula, InductionResult] = field(default_factory=dict)

    def begin(self, claims: Sequence[Claim]) -> None:
        """With the written lemmas alone, and little patience."""
        quick = replace(self.limits, timeout=min(self.limits.timeout, FIRST_SECONDS))
        if len(claims) > 1:
            self.facts = prove(self.base, (), union(claims), quick).known
        for when in dict.fromkeys(claim.when for claim in claims):
            mine = [claim for claim in claims if claim.when == when]
            result = self.first[when] = prove(self.base, [claim.name for claim in mine], when, quick, self.facts)
            for claim, verdict in zip(mine, result.verdicts, strict=True):
                self._note(claim, replace(result, verdicts=(verdict,)))

    def given(self) -> tuple[ir.Property, ...]:
        """The written lemmas that were inductive, and the claims that are proved, each under the settings of the line
        with which it was."""
        properties = {prop.name: prop for prop in self.base.properties}
        kept = [
            (name, when)
            for when, result in self.first.items()
            for name in result.inductive
            if name in properties and properties[name].kind is PropertyKind.LEMMA
        ]
        kept += [(claim.name, claim.when) for claim in self.done]
        found: dict[ir.Formula, ir.Property] = {}
        for name, when in kept:
            formula = guarded(properties[name].formula, when)
            found.setdefault(formula, replace(properties[name], name=f"{name}/{len(found)}", formula=formula))
        return tuple(found.values())

    def is_done(self, claim: Claim) -> bool:
        return claim in self.done

    def prove(self, claim: Claim, further: Sequence[ir.Property]) -> InductionResult:
        """With these properties, besides the written lemmas and what is proved wherever this is claimed: others would
        only cost time."""
        mine = set(settings_of(self.base, claim.when))
        names = {each.name for each in self.done if mine <= set(settings_of(self.base, each.when))} | {claim.name}
        taken = {each.name for each in further}
        own = tuple(
            prop
            for prop in self.base.properties
            if prop.name not in taken and (prop.kind is PropertyKind.LEMMA or prop.name in names)
        )
        system = replace(self.base, properties=(*further, *own))
        result = prove(system, [claim.name], claim.when, self.limits, self.facts)
        self._note(claim, result)
        return result

    def _note(self, claim: Claim, result: InductionResult) -> None:
        """A claim that is proved stays proved."""
        is_proved = all(isinstance(verdict, Proved) for _, verdict in result.verdicts)
        if is_proved or claim not in self.done:
            self.results[claim] = result
        if is_proved:
            self.done.setdefault(claim, process_time() - self.began)
