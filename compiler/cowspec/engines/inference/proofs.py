"""What the ordinary prover says of the claims of a search: the only judge of what the search found.

In: a system, claims, further properties. Out: `InductionResult`s, the last of each claim.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os import times
from time import monotonic

from cowspec.engines.beside import Beside, when_asked
from cowspec.engines.induction.prove import InductionResult, prove
from cowspec.engines.inference.claims import Claim, guarded, union
from cowspec.engines.known import NOTHING, Known
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import System
from cowspec.system.switches import settings_of
from cowspec.verdict import Limits, Proved, Unknown

OBLIGATION_SECONDS = 10.0
"""For one obligation of a proof with found lemmas: what takes longer is no lemma to keep."""

FIRST_SECONDS = 2.0
"""The same before anything was searched: a proof that needs no lemma is mostly quick."""


@dataclass(slots=True)
class Proofs:
    """What is proved so far, and after how many seconds by the clock, and of all processors (`done`). `facts`: what the
    prover found of the compiler's facts, under all settings of any claim. `beside`: may prove while the search goes
    on."""

    base: System
    limits: Limits
    beside: Beside = when_asked
    done: dict[Claim, tuple[float, float]] = field(default_factory=dict)
    facts: Known = NOTHING
    _results: dict[Claim, InductionResult] = field(default_factory=dict)
    _clock: float = field(default_factory=monotonic)
    _worked: float = field(default_factory=lambda: worked())

    def passed(self) -> float:
        """Seconds by the clock since this was made."""
        return monotonic() - self._clock

    def worked(self) -> float:
        """Processor seconds since then, of this process and of those that ended of its workers."""
        return worked() - self._worked

    def begin(self, claims: Sequence[Claim]) -> None:
        """What can be proved without any lemma, if nobody wrote one; with little patience."""
        quick = self._limits(is_quick=True)
        if len(claims) > 1:
            self.facts = prove(self.base, (), union(claims), quick).known
        if any(prop.kind is PropertyKind.LEMMA for prop in self.base.properties):
            return
        for when in dict.fromkeys(claim.when for claim in claims):
            mine = [claim for claim in claims if claim.when == when]
            result = prove(self.base, [claim.name for claim in mine], when, quick, self.facts)
            seconds = self.passed()
            for claim, verdict in zip(mine, result.verdicts, strict=True):
                self._note(claim, replace(result, verdicts=(verdict,)), seconds)

    def given(self) -> tuple[ir.Property, ...]:
        """The claims that are proved, each under the settings of its line."""
        properties = {prop.name: prop for prop in self.base.properties}
        return tuple(
            replace(
                properties[claim.name],
                name=f"{claim.name}/{number}",
                formula=guarded(properties[claim.name].formula, claim.when),
            )
            for number, claim in enumerate(self.done)
        )

    def is_done(self, claim: Claim) -> bool:
        return claim in self.done

    def verdicts(self, claim: Claim) -> tuple[tuple[str, Proved | Unknown], ...]:
        """Of the last proof."""
        result = self._results.get(claim)
        return result.verdicts if result is not None else ((claim.name, Unknown("no proof was tried")),)

    def begin_proof(
        self, claim: Claim, further: Sequence[ir.Property], *, is_quick: bool = False
    ) -> Callable[[], tuple[InductionResult, float]]:
        """With these properties alone, and what is proved wherever this is claimed: others would only cost time. Goes
        on beside whatever else is done until it is asked for the result, and after how many seconds that was there;
        knows what is proved now."""
        mine = set(settings_of(self.base, claim.when))
        names = {each.name for each in self.done if mine <= set(settings_of(self.base, each.when))} | {claim.name}
        names -= {each.name for each in further}
        own = tuple(prop for prop in self.base.properties if prop.name in names)
        system = replace(self.base, properties=(*further, *own))
        limits = self._limits(is_quick=is_quick)
        later = self.beside(f"a proof of {claim.name}", partial(_proved, system, claim, limits, self.facts))

        def ended() -> tuple[InductionResult, float]:
            result, at = later.get()
            self._note(claim, result, at - self._clock)
            return result, at - self._clock

        return ended

    def _limits(self, *, is_quick: bool) -> Limits:
        most = FIRST_SECONDS if is_quick else OBLIGATION_SECONDS
        return replace(self.limits, timeout=min(self.limits.timeout, most))

    def _note(self, claim: Claim, result: InductionResult, seconds: float) -> None:
        """A claim that is proved stays proved."""
        is_proved = all(isinstance(verdict, Proved) for _, verdict in result.verdicts)
        if is_proved or claim not in self.done:
            self._results[claim] = result
        if is_proved:
            self.done.setdefault(claim, (seconds, self.worked()))


def _proved(system: System, claim: Claim, limits: Limits, facts: Known) -> tuple[InductionResult, float]:
    """With the time by the clock."""
    return prove(system, [claim.name], claim.when, limits, facts), monotonic()


def worked() -> float:
    """Processor seconds of this process, and of those of its workers that have ended."""
    return sum(times()[:4])
