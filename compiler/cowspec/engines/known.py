"""What a proof has found, for further proofs and for other judges; apart from the prover, as those do without it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cowspec.encode.relational.obligation import NO_FAULT, fault_name
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

    def part(self, goals: Iterable[str]) -> dict[tuple[str, str], frozenset[str]]:
        """The obligations of the goals and of all conjuncts that one of these needs, with what each needs."""
        own: dict[str, list[tuple[str, str]]] = {}
        for step, name in self.cores:
            goal = NO_FAULT if name.startswith(fault_name(step, 0)[:-1]) else name
            own.setdefault(goal, []).append((step, name))
        found: dict[tuple[str, str], frozenset[str]] = {}
        names = dict.fromkeys(goals)
        pending = list(names)
        while pending:
            for question in own.get(pending.pop(), ()):
                found[question] = self.cores[question]
                for needed in found[question]:
                    if needed not in names:
                        names[needed] = None
                        pending.append(needed)
        return found


NOTHING = Known()
