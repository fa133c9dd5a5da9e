"""Samples for a search, drawn before they are needed if somebody does so beside it.

In: a system and all that is claimed of it. Out: for the claims that are open, samples of reachable states at several
scopes, under the settings of these claims: others would speak against what holds there.
"""

from collections.abc import Sequence
from functools import partial

from cowspec.engines.beside import Beside, Later, when_asked
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.claims import Claim, representative_settings, union
from cowspec.engines.inference.cover import Instances, instances
from cowspec.engines.inference.sampling import Sample, sample
from cowspec.engines.inference.scopes import sampled_scopes
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.switches import settings_of

VISITS = 5_000
KEPT = 15_000
"""Of each of the scopes that are sampled: visited states, and samples kept."""

SETTINGS = 12
"""Samples are taken under at most so many of the settings."""


class Samples:
    """Begins with the settings of all claims; if those of what is open are others, these are sampled."""

    def __init__(self, system: System, claims: Sequence[Claim], seed: int, beside: Beside) -> None:
        self._system, self._seed, self._beside = system, seed, beside
        self._settings: tuple[Setting, ...] = ()
        self._drawn: list[Later[list[list[Sample]]]] = []
        self._batches: list[Instances] = []
        self._begin(claims, [sampled_scopes(system)])  # in one go: the first proofs have the other cores

    @property
    def count(self) -> int:
        """How many there are, of those asked for."""
        return sum(each.batch.count for each in self._batches)

    def of(self, claims: Sequence[Claim]) -> list[Instances]:
        """Samples under the settings of these claims, of all kinds that the claims tell apart."""
        if settings_of(self._system, union(claims)) != self._settings:
            self.drop()
            self._begin(claims, [[scope] for scope in sampled_scopes(self._system)])
        if not self._batches:
            drawn = [states for each in self._drawn for states in each.get()]
            found = (
                Batch(self._system, scope, states)
                for scope, states in zip(sampled_scopes(self._system), drawn, strict=True)
            )
            self._batches = [instances(batch) for batch in found if batch.count]
        return self._batches

    def drop(self) -> None:
        """Nothing more will be asked for."""
        for each in self._drawn:
            each.drop()

    def _begin(self, claims: Sequence[Claim], parts: Sequence[Sequence[Scope]]) -> None:
        self._settings = settings_of(self._system, union(claims))
        self._batches = []
        chosen = representative_settings(self._system, claims, SETTINGS)
        draw = partial(_drawn, self._system, chosen, self._seed)
        self._drawn = [self._beside("samples", partial(draw, scopes)) for scopes in parts]


def _drawn(system: System, settings: Sequence[Setting], seed: int, scopes: Sequence[Scope]) -> list[list[Sample]]:
    return [sample(system, scope, settings, seed, visits=VISITS, kept=KEPT) for scope in scopes]


def reachable(system: System, when: ir.Formula, seed: int) -> list[Instances]:
    """Samples of the reachable states under settings that satisfy the formula."""
    claims = [Claim("", when)]
    return Samples(system, claims, seed, when_asked).of(claims)
