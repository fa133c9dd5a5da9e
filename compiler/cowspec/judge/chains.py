"""Proofs in order of strength: what holds under more settings helps to prove what holds under fewer.

Groups of questions with the same settings are proved from the most settings to the fewest. A chain is one job: it
begins with a group whose settings no other contains, and has those that it contains. If some group has all settings, it
is proved first, for all chains; the others run side by side.
"""

from collections.abc import Sequence
from functools import partial

from cowspec.engines.induction import NOTHING, Known
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.plan import Question
from cowspec.judge.proving import Attempts, Link, attempt_chain
from cowspec.judge.pursuit import PROOF_BUDGET, attempted, proof_job

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
    links = tuple(
        Link(
            tuple(question.property for question in group),
            group[0].when,
            tuple(earlier for earlier in range(number) if contains(chain[earlier], group)),
        )
        for number, group in enumerate(chain)
    )
    names = ", ".join(name for link in links for name in link.names)
    return Job(
        f"{docket.system.name}: proof of {names}",
        partial(attempt_chain, docket.system, links, docket.limits, known),
        partial(_ended, docket, chain, after),
        len(chain) * docket.limits.timeout * PROOF_BUDGET + 60,
    )


def _ended(
    docket: Docket, chain: Sequence[Group], after: Sequence[Group], answer: tuple[Attempts, ...] | Died
) -> Sequence[AnyJob]:
    """Takes down what is proved. After a crash each group is tried by itself."""
    if isinstance(answer, Died):
        if len(chain) == 1 or answer.bug:
            jobs = [job for group in chain for job in attempted(docket, group, answer)]
        else:
            jobs = [proof_job(docket, group) for group in chain]
        known = NOTHING
    else:
        jobs = [job for group, each in zip(chain, answer, strict=True) for job in attempted(docket, group, each)]
        known = answer[0].known
    return [_chain(docket, each, known, ()) for each in chains(after)] + jobs


def contains(group: Group, other: Group) -> bool:
    """The first has all settings of the other."""
    return set(group[0].settings) >= set(other[0].settings)
