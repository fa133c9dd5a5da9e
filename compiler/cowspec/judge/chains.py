"""Proofs in order of strength: what holds under more settings helps to prove what holds under fewer.

Groups of questions with the same settings are proved from the most settings to the fewest. A chain begins with a group
whose settings no other contains, and has those that it contains, one job after the other. If some group has all
settings, it is proved first, for all chains; the others run side by side.
"""

from collections.abc import Sequence
from functools import partial

from cowspec.engines.known import NOTHING, Known
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died
from cowspec.judge.plan import Question
from cowspec.judge.proving import Attempts
from cowspec.judge.pursuit import attempted, proof, proof_job

Group = Sequence[Question]
"""Questions under the same settings."""


def chain_jobs(docket: Docket, groups: Sequence[Group]) -> list[AnyJob]:
    """The first jobs of these proofs."""
    ordered = sorted(groups, key=lambda group: -len(group[0].settings))
    if not ordered:
        return []
    if len(ordered) == 1:
        return [proof_job(docket, ordered[0])]
    first = ordered[0]
    if all(contains(first, group) for group in ordered):
        return [_chain(docket, [first], NOTHING, ordered[1:])]
    return [_chain(docket, chain, NOTHING, ()) for chain in chains(ordered)]


def chains(ordered: Sequence[Group]) -> list[list[Group]]:
    """Each group joins the first chain whose head contains it, or begins one."""
    chains: list[list[Group]] = []
    for group in ordered:
        home = next((chain for chain in chains if contains(chain[0], group)), None)
        if home is None:
            chains.append([group])
        else:
            home.append(group)
    return chains


def _chain(docket: Docket, chain: Sequence[Group], known: Known, after: Sequence[Group]) -> AnyJob:
    return _link(docket, chain, known, after, ())


def _link(
    docket: Docket, chain: Sequence[Group], known: Known, after: Sequence[Group], done: tuple[Known, ...]
) -> AnyJob:
    """The next proof of a chain. `done`: what the proofs before it have found."""
    group = chain[len(done)]
    helped = known
    for earlier, found in zip(chain, done, strict=False):
        if contains(earlier, group):
            helped |= found
    return proof(docket, group, partial(_ended, docket, chain, known, after, done), helped)


def _ended(
    docket: Docket,
    chain: Sequence[Group],
    known: Known,
    after: Sequence[Group],
    done: tuple[Known, ...],
    answer: Attempts | Died,
) -> Sequence[AnyJob]:
    """Takes down what is proved, and goes on along the chain; its first proof opens the way for the other chains."""
    found = NOTHING if isinstance(answer, Died) else answer.known
    jobs = list(attempted(docket, chain[len(done)], answer))
    if len(done) + 1 < len(chain):
        jobs.insert(0, _link(docket, chain, known, after, (*done, found)))
    if not done:
        jobs = [*(_chain(docket, each, found, ()) for each in chains(after)), *jobs]
    return jobs


def contains(group: Group, other: Group) -> bool:
    """The first has all settings of the other."""
    return set(group[0].settings) >= set(other[0].settings)
