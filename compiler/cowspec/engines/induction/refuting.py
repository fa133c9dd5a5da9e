"""A second opinion on obligations that Z3 leaves open: is there a counterexample to induction at a small scope?

Where quantifiers alternate in a cycle, Z3 may search for ever for an infinite structure that violates an obligation,
when two CPUs and two pages would do. The finite encoding finds those, and they are states of the system's types, so
that such an obligation is known not to hold. It never says that one holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import translate
from cowspec.engines.cti import find_cti
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Limits

SECONDS = 10.0
"""No search for a counterexample takes longer."""

Refute = Callable[[str, str, Sequence[str]], bool]
"""Does the step break the goal from a state, at a small scope, that has what is assumed?"""


@dataclass(slots=True)
class _Translated:
    system: RelSystem | None = None


def refuter(system: ir.System, when: ir.Formula, limits: Limits) -> Refute:
    """Searches only when asked, and translates the system then."""
    covers = frozenset(each.name for each in system.properties if each.kind is PropertyKind.COVER)
    cache = _Translated()
    bounds = replace(limits, timeout=min(SECONDS, limits.timeout))

    def refute(step: str, goal: str, assumed: Sequence[str]) -> bool:
        if goal in covers:  # as a conjunct it stands for its negation, which the search does not know
            return False
        cache.system = cache.system or translate(system)
        names = [name for name in assumed if name not in covers]
        return find_cti(system, cache.system, names, goal, step, when, bounds) is not None

    return refute
