"""Proofs of unsatisfiability, cut down to the lines that matter.

In: clauses, and a DRUP proof: clauses each of which follows from those before by unit propagation, the last one empty.
Out: a proof of a few of its lines. A solver writes down all that it learned; a verified checker reads slowly.

From the last line backwards, a line that is needed is derived by unit propagation, first from the given clauses and the
lines already needed, and what the derivation used is needed in turn (Heule, Hunt, Wetzler, "Trimming while checking
clausal proofs", FMCAD 2013). Whether the result is a proof is for the checker to say.
"""

from collections.abc import Sequence

Clause = tuple[int, ...]
_GIVEN = -1


def trimmed(clauses: Sequence[Clause], proof: Sequence[Clause]) -> tuple[Clause, ...]:
    """The lines that are needed; all of them where a line does not follow by unit propagation."""
    if () not in proof:
        return tuple(proof)
    last = list(proof).index(())
    needed = {last}
    for at in range(last, -1, -1):
        if at in needed:
            used = _derived(clauses, proof, sorted(each for each in needed if each < at), proof[at])
            if used is None:
                used = _derived(clauses, proof, range(at), proof[at])
            if used is None:
                return tuple(proof)
            needed |= used
    return tuple(proof[at] for at in sorted(needed))


def _derived(
    clauses: Sequence[Clause], proof: Sequence[Clause], lines: Sequence[int], target: Clause
) -> set[int] | None:
    """The lines that a derivation of the target by unit propagation uses; None: there is none."""
    sources = [(_GIVEN, clause) for clause in clauses] + [(line, proof[line]) for line in lines]
    watching: dict[int, list[int]] = {}
    for number, (_, clause) in enumerate(sources):
        for literal in clause:
            watching.setdefault(-literal, []).append(number)
    reasons: dict[int, int | None] = {-literal: None for literal in target}
    pending = [number for number, (_, clause) in enumerate(sources) if len(clause) <= 1]
    pending += [number for literal in reasons for number in watching.get(literal, ())]
    at = 0
    while at < len(pending):
        number = pending[at]
        at += 1
        clause = sources[number][1]
        if any(literal in reasons for literal in clause):
            continue
        free = [literal for literal in clause if -literal not in reasons]
        if not free:
            return _used(sources, reasons, number)
        if len(free) == 1:
            reasons[free[0]] = number
            pending += watching.get(free[0], ())
    return None


def _used(sources: Sequence[tuple[int, Clause]], reasons: dict[int, int | None], conflict: int) -> set[int]:
    """The lines among the clauses that led to the conflict."""
    met: set[int] = set()
    pending = [conflict]
    while pending:
        number = pending.pop()
        if number in met:
            continue
        met.add(number)
        for literal in sources[number][1]:
            reason = reasons.get(-literal)
            if reason is not None and reason != number:
                pending.append(reason)
    return {sources[number][0] for number in met} - {_GIVEN}
