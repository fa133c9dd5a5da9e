"""`check --locked`: what the models expect, compared with a lock, and what the lock keeps checked again.

In: a docket, and what the lock says of its model. Out: jobs, none of which searches for what the lock already has: each
obligation of a proof is asked once, from its core, and each run is replayed. What has no such evidence (all states of a
scope, depths searched, scripts) is searched anew. Differences are findings of the docket.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from cowspec.diagnostics import Diagnostic
from cowspec.engines.induction.checking import failing
from cowspec.engines.known import Certificate
from cowspec.evidence.lock import LockedModel, Options, StoredProof
from cowspec.evidence.records import RecordError
from cowspec.evidence.traces import TraceError
from cowspec.judge.docket import Docket, result_of_proof, result_of_search, unlisted_result
from cowspec.judge.exploring import explore_job
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.lock.making import under
from cowspec.judge.lock.matching import UPDATE, Match, matched, of_question, of_script
from cowspec.judge.outcomes import believed
from cowspec.judge.plan import Question, declares, plan, restricted
from cowspec.judge.pursuit import PROOF_BUDGET, search_job
from cowspec.judge.refuting import Searched, witness_of
from cowspec.judge.remarks.sanity import sanity_jobs
from cowspec.judge.remarks.vacuity import vacuity_job
from cowspec.judge.results import Claim
from cowspec.judge.scripts import (
    Ask,
    Playing,
    expected,
    follow,
    open_script,
    played_result,
    refuted,
    refuting_ask,
    script_job,
)
from cowspec.system.ir import And, Formula, Or, Setting, SwitchIs, System
from cowspec.verdict import Limits, Refuted

SILENT = "the evidence in the lock does not show it"


def locked_jobs(docket: Docket, model: LockedModel | None) -> list[AnyJob]:
    """The first jobs; `model` None: the lock does not know it."""
    system = docket.system
    if model is None:
        docket.findings.append(Diagnostic("E604", f"{system.path} is not in the lock", None, hint=UPDATE))
        return []
    if not declares(system) and not model.entries:
        return []
    asked = plan(system, docket.settings, docket.selection)
    docket.results += [unlisted_result(prop.name, prop.kind.value, rest) for prop, rest in asked.unlisted]
    scripts = expected(system, docket.settings, docket.selection)
    plain = [entry for entry in model.entries if entry.scenario is None]
    matches = matched(docket, [of_question(system, each) for each in asked.questions], plain)
    jobs = _evidence_jobs(docket, model, matches)
    scripted = [entry for entry in model.entries if entry.scenario is not None]
    played = matched(docket, [of_script(ask) for ask in scripts], scripted)
    return [*jobs, *_script_jobs(docket, scripts, played), vacuity_job(docket), *sanity_jobs(docket)]


def _evidence_jobs(docket: Docket, model: LockedModel, matches: Sequence[Match]) -> list[AnyJob]:
    jobs: list[AnyJob] = []
    book = _Proofs(docket, model.proofs, [match for match in matches if match.entry.claim == Claim.ANY_SIZE])
    for match in matches:
        question = match.asked.question
        if question is None or match.entry.claim == Claim.ANY_SIZE:
            continue
        part = restricted(docket.system, question, match.settings)
        if question.by is not None:
            jobs.append(_follow_job(docket, match, refuting_ask(docket.system, part), partial(refuted, docket, part)))
        elif match.entry.claim == Claim.TRACE:
            jobs.append(_replay_job(docket, match, part))
        elif match.entry.claim == Claim.SCOPE:
            jobs.append(explore_job(docket, part))
        else:
            jobs.append(search_job(docket, part))
    return [*book.jobs(), *jobs]


def _replay_job(docket: Docket, match: Match, question: Question) -> AnyJob:
    return Job(
        f"{docket.system.name}: the locked run for {question.property}",
        partial(_replayed, docket.system, match),
        partial(_was_replayed, docket, match, question),
        docket.limits.timeout + 60,
    )


def _replayed(system: System, match: Match) -> Searched | str:
    """What the run shows under these settings, or why it does not."""
    entry = match.entry
    try:
        trace = believed(system, entry.property, match.whole, entry.run)
    except (TraceError, RecordError) as error:
        return str(error)
    if len(trace.steps) != entry.steps or dict(trace.scope) != entry.scope:
        return "it has another length or scope than the lock says"
    return Searched(match.settings, Refuted(trace), witness_of(system, trace))


def _was_replayed(docket: Docket, match: Match, question: Question, answer: Searched | str | Died) -> list[AnyJob]:
    if isinstance(answer, Searched):
        docket.results.append(result_of_search(question, answer))
    else:
        _refuse(docket, match, answer.reason if isinstance(answer, Died) else answer)
    return []


def _script_jobs(docket: Docket, asks: Sequence[Ask], matches: Sequence[Match]) -> list[AnyJob]:
    """Scripts whose runs the lock has are played along these; the others are searched."""
    jobs: list[AnyJob] = []
    followed: set[tuple[int, Setting]] = set()
    for match in matches:
        ask = match.asked.ask
        if ask is not None and match.settings and match.entry.run is not None:
            followed.update((id(ask), setting) for setting in match.settings)
            part = replace(ask, settings=match.settings)
            jobs.append(_follow_job(docket, match, part, partial(_played, docket, part)))
    for ask in asks:
        rest = tuple(setting for setting in ask.settings if (id(ask), setting) not in followed)
        if rest:
            jobs.append(script_job(docket, replace(ask, settings=rest)))
    return jobs


def _played(docket: Docket, ask: Ask, answer: tuple[Playing, ...]) -> Sequence[AnyJob]:
    docket.results += [played_result(ask, each) for each in answer]
    return []


def _follow_job(
    docket: Docket, match: Match, ask: Ask, then: Callable[[tuple[Playing, ...]], Sequence[AnyJob]]
) -> AnyJob:
    def ended(answer: tuple[Playing, ...] | str | Died) -> Sequence[AnyJob]:
        if isinstance(answer, tuple):
            return then(answer)
        _refuse(docket, match, answer.reason if isinstance(answer, Died) else answer)
        return []

    return Job(
        f"{docket.system.name}: the locked run of scenario {ask.scenario.name}",
        partial(follow, docket.system, ask, match.entry.run, docket.limits),
        ended,
        docket.limits.timeout * len(ask.settings) + 60,
    )


def _refuse(docket: Docket, match: Match, reason: str) -> None:
    """The evidence does not hold: a finding, and nothing is claimed."""
    entry = match.entry
    said = f"the evidence in the lock does not show that `{entry.property}` is {entry.verdict}: {reason[:300]}"
    hint = "check anew, and write the lock again with `cowspec check --update-lock`"
    docket.findings.append(Diagnostic("E605", said, match.asked.span, hint=hint))
    if match.asked.question is not None:
        docket.unknown(match.asked.question, match.settings, SILENT, "lock")
    elif match.asked.ask is not None:
        open_script(docket, replace(match.asked.ask, settings=match.settings), SILENT)


@dataclass(slots=True)
class _Proofs:
    """The stored proofs of a model, each checked by a job of its own; `wrong`: what is wrong with those that ended."""

    docket: Docket
    proofs: Sequence[StoredProof]
    matches: Sequence[Match]
    wrong: dict[int, str] = field(default_factory=dict)

    def jobs(self) -> list[AnyJob]:
        jobs = [self._job(number) for number in sorted(self._awaited())]
        if not jobs:
            self._settle()
        return jobs

    def _before(self, number: int) -> frozenset[int]:
        """All earlier proofs that this one builds on, directly or not."""
        found: set[int] = set()
        pending = [number]
        while pending:
            at = pending.pop()
            for earlier in self.proofs[at].builds_on:
                if 0 <= earlier < at and earlier not in found:
                    found.add(earlier)
                    pending.append(earlier)
        return frozenset(found)

    def _job(self, number: int) -> AnyJob:
        proof, system, limits = self.proofs[number], self.docket.system, self.docket.limits
        cores = {
            (step, name): frozenset(core) for name, by_step in proof.cores.items() for step, core in by_step.items()
        }
        base = frozenset(name for earlier in self._before(number) for name in self.proofs[earlier].conjuncts)
        return Job(
            f"{system.name}: the locked proof of {', '.join(proof.goals)}",
            partial(_checked, system, Certificate(proof.conjuncts, cores), proof, base, limits),
            partial(self._ended, number),
            limits.timeout * PROOF_BUDGET + 60,
        )

    def _ended(self, number: int, answer: tuple[str, ...] | Died) -> list[AnyJob]:
        before = self._before(number)
        mine = set(self._settings(number))
        if isinstance(answer, Died):
            self.wrong[number] = answer.reason
        elif answer:
            self.wrong[number] = answer[0] + (f", and {len(answer) - 1} more" if len(answer) > 1 else "")
        elif set(self.proofs[number].builds_on) - before or any(mine - set(self._settings(n)) for n in before):
            self.wrong[number] = "it builds on what does not hold under its settings"
        else:
            self.wrong[number] = ""
        if len(self.wrong) == len(self._awaited()):
            self._settle()
        return []

    def _awaited(self) -> set[int]:
        """The proofs that entries name, and all that these build on."""
        used = {n for match in self.matches for n in match.entry.proofs if 0 <= n < len(self.proofs)}
        return used.union(*(self._before(number) for number in used))

    def _settings(self, number: int) -> tuple[Setting, ...]:
        return under(self.docket.settings, self.proofs[number].when)

    def _settle(self) -> None:
        for match in self.matches:
            reason = self._reason(match)
            if reason:
                _refuse(self.docket, match, reason)
            elif match.asked.question is not None:
                self.docket.results.append(result_of_proof(match.asked.question, match.settings, ("z3",)))

    def _reason(self, match: Match) -> str:
        """Why the proofs do not show what the entry says; nothing if they do."""
        left = set(match.settings)
        for number in match.entry.proofs:
            if not 0 <= number < len(self.proofs) or match.entry.property not in self.proofs[number].goals:
                return "it has no such proof"
            for each in (number, *sorted(self._before(number))):
                if self.wrong[each]:
                    return self.wrong[each]
            left -= set(self._settings(number))
        return "the proofs leave settings out" if left else ""


def _checked(
    system: System, proof: Certificate, stored: StoredProof, base: frozenset[str], limits: Limits
) -> tuple[str, ...]:
    return failing(system, proof, stored.goals, base, _formula(system, stored.when), limits)


def _formula(system: System, when: Sequence[Options]) -> Formula:
    """The settings as a formula; options that the model has not mean none."""
    known = {(switch.name, option) for switch in system.switches for option, _ in switch.options}
    cubes = [sorted(options.items()) for options in when if set(options.items()) <= known]
    return Or(tuple(And(tuple(SwitchIs(name, option) for name, option in cube)) for cube in cubes))
