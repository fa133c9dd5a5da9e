"""Which assumptions an obligation is likely to need.

Nearly every obligation follows from a few of the hundreds of conjuncts that may be assumed, and a solver that is given
only those finds the answer in milliseconds where one that is given all may not find it at all. Nothing depends on the
choice but time: what does not follow from a few is asked again from more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cowspec.encode.relational.connectives import predicates_of
from cowspec.encode.relational.formula import And, Atom, Exists, Formula, RelStep


@dataclass(slots=True)
class Relevance:
    """`reads`: the predicates of each conjunct and goal. `helped`: for each goal itself and what it needed so far, at
    any step; `useful`: what any goal needed. `calls`: of each step, what belongs to the call that takes it."""

    reads: Mapping[str, frozenset[str]]
    helped: dict[str, dict[str, None]] = field(default_factory=dict)
    useful: dict[str, None] = field(default_factory=dict)
    calls: dict[str, frozenset[str]] = field(default_factory=dict)

    def learn(self, goal: str, core: Iterable[str]) -> None:
        """The goal needed no more than this, at some step."""
        needed = dict.fromkeys(core)
        self.helped.setdefault(goal, {goal: None}).update(needed)
        self.useful.update(needed)

    def likely(self, goal: str, assumed: Sequence[str]) -> tuple[str, ...]:
        """The goal before the step, and what it needed elsewhere."""
        known = self.helped.setdefault(goal, {goal: None})
        return tuple(each for each in assumed if each in known)

    def near(self, step: RelStep, goal: str, assumed: Sequence[str]) -> tuple[str, ...]:
        """What speaks of anything that the goal speaks of after the step, or of the call that takes it, or of nothing
        else than what the step looks at."""
        after = self.reads[goal]
        made = (predicates_of(update.body) for update in step.updates if update.pred in after)
        read = after.union(self._call(step), *made)
        said = read | predicates_of(step.guard)
        return tuple(each for each in assumed if not read.isdisjoint(self.reads[each]) or self.reads[each] <= said)

    def useful_or(self, near: Iterable[str], assumed: Sequence[str]) -> tuple[str, ...]:
        """What any goal needed so far, and what is near this one."""
        chosen = {*self.useful, *near}
        return tuple(each for each in assumed if each in chosen)

    def _call(self, step: RelStep) -> frozenset[str]:
        """What the step requires of its frame, and the locks that its procedure takes."""
        if step.name not in self.calls:
            suffix = "@" + step.name.partition(".")[0]
            locks = (pred for read in self.reads.values() for pred in read if pred.endswith(suffix))
            frame = (pred for pred in _required(step.guard) if "@" in pred)
            self.calls[step.name] = frozenset((*locks, *frame))
        return self.calls[step.name]


def _required(formula: Formula) -> Iterator[str]:
    """The predicates that are true of something if the formula is."""
    match formula:
        case Atom(pred, _):
            yield pred
        case And(parts):
            for part in parts:
                yield from _required(part)
        case Exists(_, body):
            yield from _required(body)
        case _:
            pass
