"""What a proof has found, for further proofs and for other judges; apart from the prover, as those do without it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from cowspec.encode.relational.obligation import NO_FAULT, NO_FAULT_YET, START, fault_name
from cowspec.system import ir

Question = tuple[str, str]
"""A step (or the start), and a conjunct, a transition property or a fault (`fault_name`)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Conjuncts that are inductive together. `cores`: what an obligation needs; where nothing is said, the conjunct
    itself (of a goal that is no conjunct: nothing)."""

    conjuncts: tuple[str, ...] = ()
    cores: Mapping[Question, frozenset[str]] = field(default_factory=dict)


NO_CERTIFICATE = Certificate()


@dataclass(frozen=True, slots=True)
class Known:
    """Conjuncts that earlier proofs of the same system found inductive, under every setting in question and others.
    `cores`: of each of their obligations (step, conjunct) the conjuncts it needs; `under`: the settings that it was
    asked under; `confirmed`: those that a fresh solver has confirmed."""

    inductive: tuple[str, ...] = ()
    cores: Mapping[Question, frozenset[str]] = field(default_factory=dict)
    under: Mapping[Question, ir.Formula] = field(default_factory=dict)
    confirmed: frozenset[Question] = frozenset()

    def __or__(self, other: "Known") -> "Known":
        """Both together are inductive if each is."""
        return Known(
            tuple(dict.fromkeys((*self.inductive, *other.inductive))),
            {**self.cores, **other.cores},
            {**self.under, **other.under},
            self.confirmed | other.confirmed,
        )

    def part(self, goals: Iterable[str]) -> dict[Question, frozenset[str]]:
        """The obligations of the goals and of all conjuncts that one of these needs, with what each needs."""
        own: dict[str, list[Question]] = {}
        for step, name in self.cores:
            goal = NO_FAULT if name.startswith(fault_name(step, 0)[:-1]) else name
            own.setdefault(goal, []).append((step, name))
        found: dict[Question, frozenset[str]] = {}
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


def certificate(known: Known, goals: Collection[str]) -> Certificate:
    """The part of what is known that the goals need."""
    inductive = frozenset(known.inductive)
    part = known.part(goals)
    names = frozenset(goals).union(*part.values())
    needed = {question: core - {NO_FAULT_YET} for question, core in part.items()}
    cores = {question: core for question, core in needed.items() if core != usual_core(question, inductive)}
    return Certificate(tuple(name for name in known.inductive if name in names), cores)


def usual_core(question: Question, conjuncts: Collection[str]) -> frozenset[str]:
    """What an obligation needs of which a certificate says nothing."""
    step, name = question
    return frozenset({name} if step != START and name in conjuncts else ())
