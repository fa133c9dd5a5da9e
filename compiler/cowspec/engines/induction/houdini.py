"""The largest inductive subset of some candidates (Flanagan and Leino: Houdini, FME 2001), with what each one needs.

In: candidates, the obligations' judges, and conjuncts that are known to be invariant. Out: the survivors, in order,
with the unsatisfiable core of each of their obligations; and why each of the others was dropped.

Soundness. A set of formulas is inductive if every start state satisfies them all, and every step from a state that
satisfies them all, and the conjuncts known before, leads to a state that satisfies them all. A round asks for each
step and each candidate with all candidates left assumed, and drops those that fail or stay open. Then the answers
whose core has a dropped candidate are worth nothing and are asked again; the others stand, as what they were derived
from is still assumed. When nothing is dropped any more, all obligations of the survivors have cores among the
survivors: they are inductive. As dropping only takes assumptions away, every inductive subset survives: the result is
the largest (up to answers left open).

With `held`, some answers are known already. They stand as long as their cores do, and are asked again like the others.

With `wanted`, a candidate is asked only once something needs it: it is wanted, or in the core of an obligation of one
that is. What nothing needs is neither proved nor refuted, and no survivor.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from logging import getLogger
from types import MappingProxyType

from cowspec.encode.relational.obligation import START
from cowspec.engines.induction.solver import Answer, Holds, Open


@dataclass(frozen=True, slots=True)
class Failure:
    """`conjunct` is not preserved by `step` (or false in a start state), with `assumed` assumed before.

    `reason` is empty if the solver found a structure, else why it did not know. `lost`: dropped conjuncts with which
    the obligation held in an earlier round.
    """

    conjunct: str
    step: str
    reason: str
    assumed: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inductive:
    """`cores`: for each obligation (step, survivor) the conjuncts that it needs."""

    survivors: tuple[str, ...]
    cores: dict[tuple[str, str], frozenset[str]]
    failures: tuple[Failure, ...]
    queries: int


LOG = getLogger(__name__)

NONE_HELD: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType({})

Ask = Callable[[str, str, Sequence[str]], Answer]
"""The answer for a step (or `START`) and a conjunct, with some conjuncts assumed before."""


def houdini(
    candidates: Sequence[str],
    base: Sequence[str],
    obligations: Iterable[tuple[str, str]],
    efforts: Sequence[Ask],
    wanted: Iterable[str] | None = None,
    held: Mapping[tuple[str, str], frozenset[str]] = NONE_HELD,
    goals: Collection[str] = (),
) -> Inductive:
    """`obligations`: pairs (step, candidate) that have to be asked; the others hold as nothing changes. `efforts`:
    where one of them leaves an obligation open, the next is asked, once there is nothing easier to ask. `wanted`: the
    candidates that matter; all of them if None. `held`: cores of other obligations, which are asked once they have lost
    something. Without one of the `goals` the rest is worth nothing, and is not asked."""
    alive = dict.fromkeys(candidates)
    own: dict[str, list[tuple[str, str]]] = {name: [] for name in candidates}
    for pair in obligations:
        own[pair[1]].append(pair)
    demanded = dict.fromkeys(candidates if wanted is None else (name for name in wanted if name in alive))
    cores = dict(held)
    lost: dict[tuple[str, str], tuple[str, ...]] = {}
    failures: list[Failure] = []
    waiting: list[list[tuple[str, str]]] = [[] for _ in efforts]
    waiting[0] = [pair for name in demanded for pair in own[name]]
    queries = 0
    while any(waiting):
        assumed = (*base, *alive)
        level = next(number for number, queue in enumerate(waiting) if queue)
        pending, waiting[level] = waiting[level], []
        dropped: dict[str, None] = {}
        for step, candidate in pending:
            if candidate in dropped:
                continue
            queries += 1
            LOG.info("%d obligations hold; %s at %s", len(cores), candidate, step)
            answer = efforts[level](step, candidate, () if step == START else assumed)
            if isinstance(answer, Holds):
                cores[step, candidate] = answer.needed
                continue
            if isinstance(answer, Open) and level + 1 < len(efforts):
                waiting[level + 1].append((step, candidate))
                continue
            reason = answer.reason if isinstance(answer, Open) else ""
            failures.append(Failure(candidate, step, reason, assumed, lost.get((step, candidate), ())))
            dropped[candidate] = None
            if candidate in goals:
                break
        for candidate in dropped:
            del alive[candidate]
        waiting = [[pair for pair in queue if pair[1] in alive] for queue in waiting]
        if not alive.keys() >= set(goals):
            break
        needed = frozenset[str]().union(*cores.values())
        for name in alive:
            if name in needed and name not in demanded:
                demanded[name] = None
                waiting[0] += own[name]
        for (step, candidate), core in list(cores.items()):
            if candidate not in alive:
                del cores[step, candidate]
            elif not core.isdisjoint(dropped):
                lost[step, candidate] = tuple(sorted(core.intersection(dropped)))
                waiting[0].append((step, candidate))
    return Inductive(tuple(name for name in alive if name in demanded), cores, tuple(failures), queries)
