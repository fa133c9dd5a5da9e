"""What a proof has found, for further proofs and for other judges; apart from the prover, as those do without it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cowspec.system import ir


@dataclass(frozen=True, slots=True)
class Known:
    """Conjuncts that earlier proofs of the same system found inductive, under every setting in question and others.
    `cores`: of each of their obligations (step, conjunct) the conjuncts it needs; `under`: the settings that it was
    asked under; `confirmed`: those that a fresh solver has confirmed."""

    inductive: tuple[str, ...] = ()
    cores: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    under: Mapping[tuple[str, str], ir.Formula] = field(default_factory=dict)
    confirmed: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: "Known") -> "Known":
        """Both together are inductive if each is."""
        return Known(
            tuple(dict.fromkeys((*self.inductive, *other.inductive))),
            {**self.cores, **other.cores},
            {**self.under, **other.under},
            self.confirmed | other.confirmed,
        )


NOTHING = Known()
