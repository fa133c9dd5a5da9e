"""All obligations of a finished proof, for judges that share nothing with the prover.

In: a system, what a proof of it found. Out: for each goal the `Question`s that together make it hold in every reachable
state, and each as an `Obligation`.

What has to be asked is worked out here from the goal, not taken from the prover: the start states and each step that
changes what the goal reads, then the same for every conjunct that one of these needs, until nothing is left. So if all
of them hold, the goal does, whatever the prover did. From the prover comes only what each of them may assume (`needed`)
and under which settings (`when`): these are hints, and a wrong one makes a question fail.
"""

from collections.abc import Iterable, Iterator, Mapping

from cowspec.encode.relational.connectives import neg, predicates_of
from cowspec.encode.relational.formula import Formula
from cowspec.encode.relational.obligation import (
    NO_FAULT,
    NO_FAULT_YET,
    START,
    Obligation,
    Question,
    Resolver,
    Subject,
    fault_name,
    obligation,
    steps_by_name,
)
from cowspec.encode.relational.translate import NAMED, formula_of, translate
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir

Asked = tuple[Subject, Question, ir.Formula]
"""A question about a subject, and under which settings."""


class Incomplete(Exception):
    """A proof lacks an obligation: "step / goal". It proves nothing."""


def subject(system: ir.System) -> Subject:
    """Raises `CountTooLarge` for systems that have no any-size proofs."""
    relational = translate(system, NAMED)
    conjuncts = dict(relational.typing) | {fact.name: fact.formula for fact in relational.facts}
    transitions: dict[str, Formula] = {}
    for source, prop in zip(system.properties, relational.properties, strict=True):
        if source.kind is PropertyKind.TRANSITION:
            transitions[prop.name] = prop.formula
        else:  # of a cover it is shown that it is unreachable
            conjuncts[prop.name] = neg(prop.formula) if source.kind is PropertyKind.COVER else prop.formula
    return Subject(relational, conjuncts, transitions, steps_by_name(relational.steps), Resolver())


def questions(
    of: Subject,
    cores: Mapping[tuple[str, str], frozenset[str]],
    under: Mapping[tuple[str, str], ir.Formula],
    goal: str,
) -> tuple[Asked, ...]:
    """All that has to hold for the goal, each with the settings it was asked under. The proof is known by its `cores`
    and the settings `under` which they were found (`known.Known`). Raises `Incomplete` if it lacks something."""
    found: list[Asked] = []
    names = {goal: None}
    pending = [goal]
    while pending:
        for step, name in _asked(of, pending.pop()):
            if (step, name) not in cores:
                raise Incomplete(f"{step} / {name}")
            needed = cores[step, name]
            found.append((of, Question(step, name, needed), under[step, name]))
            new = sorted(each for each in needed if each != NO_FAULT_YET and each not in names)
            names.update(dict.fromkeys(new))
            pending += new
    return tuple(found)


def obligations(system: ir.System, asked: Iterable[Asked]) -> Iterator[Obligation]:
    """The questions about the system (it may have further lemmas there) as formulas, in order."""
    relational: dict[ir.Formula, Formula] = {}
    for of, question, when in asked:
        if when not in relational:
            relational[when] = formula_of(system, when)
        yield obligation(of, relational[when], question)


def _asked(of: Subject, goal: str) -> Iterator[tuple[str, str]]:
    if goal == NO_FAULT:
        for name, step in of.steps.items():
            yield from ((name, fault_name(name, case)) for case in range(len(step.faults)))
    elif goal in of.transitions:
        yield from ((name, goal) for name in of.steps)
    else:
        yield START, goal
        read = predicates_of(of.conjuncts[goal])
        for name, step in of.steps.items():
            if any(update.pred in read for update in step.updates):
                yield name, goal
