"""Hints: what an obligation needed in an earlier proof is asked first.

A proof has to find out what each of its obligations needs, a few of hundreds of conjuncts; from these a solver shows it
in a millisecond. Who has a proof of the model, or of an older text of it, need not search again where the model is what
it was. Nothing that a hint says is believed: the obligations are those of the system as it is now, each is asked of a
fresh solver, and one that does not hold from its hint is asked as if there were none. (F* keeps the cores of its
queries beside the sources to the same end, and calls them hints.)
"""

from collections.abc import Collection, Iterable, Sequence

from cowspec.encode.relational.obligation import NO_FAULT, NO_FAULT_YET, START
from cowspec.engines.induction.obligations import Obligations, fault_pairs, pairs, unconfirmed
from cowspec.engines.known import Certificate, Known, Question, usual_core


def held(
    asked: Obligations, hints: Certificate, goals: Sequence[str], base: Collection[str]
) -> dict[Question, frozenset[str]]:
    """Obligations of the goals, and of what these need in turn, that a fresh solver shows from what the hints say they
    need, with that. `base`: conjuncts that hold, of which nothing has to be asked."""
    by_step: dict[str, dict[str, frozenset[str]]] = {}
    for question, core in _hinted(asked, hints, goals, base).items():
        by_step.setdefault(question[0], {})[question[1]] = assumed(asked, question, core)
    cores: dict[Question, frozenset[str]] = {}
    for step, each in by_step.items():
        doubtful = frozenset(unconfirmed(asked, step, each, patiently=False))
        cores.update(((step, name), core) for name, core in each.items() if name not in doubtful)
    part = Known(cores=cores).part(goals)
    for (_, name), core in part.items():
        if name in asked.conjuncts:
            asked.relevance.learn(name, core)
    return part


def assumed(asked: Obligations, question: Question, core: frozenset[str]) -> frozenset[str]:
    """Nothing is assumed of a start state. That the step does not fault is assumed wherever that is not the question:
    a step that faults has no state after it."""
    step, name = question
    if step == START:
        return frozenset()
    return core | {NO_FAULT_YET} if name in asked.goals else core


def _hinted(
    asked: Obligations, hints: Certificate, goals: Sequence[str], base: Collection[str]
) -> dict[Question, frozenset[str]]:
    """What the hints say of the goals, and of what these need by them."""
    known = [name for name in hints.conjuncts if name in asked.conjuncts and name not in base]
    shown = [name for name in goals if name in asked.goals and name not in asked.conjuncts]
    own = _by_name(pairs(asked, [*known, *shown]))
    own[NO_FAULT] = fault_pairs(asked)
    found: dict[Question, frozenset[str]] = {}
    names = dict.fromkeys(goals)
    pending = list(names)
    while pending:
        for question in own.get(pending.pop(), ()):
            core = hints.cores.get(question, usual_core(question, asked.conjuncts))
            if not core <= asked.conjuncts.keys():
                continue
            found[question] = core
            fresh = [name for name in sorted(core) if name not in names]
            names.update(dict.fromkeys(fresh))
            pending += fresh
    return found


def _by_name(questions: Iterable[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question[1], []).append(question)
    return found
