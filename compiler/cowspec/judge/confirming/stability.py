"""`stability`: the obligations of every any-size proof that a model expects, each asked again in mutants.

First the proofs, in chains as `check` makes them, so that an obligation is asked under the settings under which it was
first shown; then the obligations, in portions of one job each. Nothing here changes a verdict: it says how much luck
there is in one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from cowspec.engines.induction.prove import prove
from cowspec.engines.induction.stability import Named, Tried, retried
from cowspec.engines.known import NOTHING, Known
from cowspec.judge.chains import Group, chains, contains
from cowspec.judge.jobs import AnyJob, Died, Job, Runner
from cowspec.judge.plan import Question, plan
from cowspec.judge.pursuit import PROOF_BUDGET
from cowspec.judge.results import Status
from cowspec.judge.selection import Selection, within
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Formula, Setting, System
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Proved

PORTION = 240
"""Obligations of one job."""

PER_TRY = 0.1
"""Seconds that a mutant of an obligation has on average before its job counts as hanging, beside its own limit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`sample`: no more obligations than this of each model, drawn by the seed; all of them if None."""

    mutants: int = 20
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """An obligation, the settings under which it was asked, what it was asked from, and what became of its mutants."""

    step: str
    conjunct: str
    settings: tuple[Setting, ...]
    core: tuple[str, ...]
    tried: tuple[Tried, ...]

    @property
    def held(self) -> int:
        return sum(1 for each in self.tried if each.holds)


@dataclass(slots=True)
class StabilityReport:
    """The obligations of one model. `known`: how many its proofs have, of which `tested` may be a sample. `unproved`:
    what was to be proved and was not. `lost`: obligations whose job gave no answer."""

    path: str
    system: System
    mutants: int
    known: int = 0
    proofs: int = 0
    tested: list[Measured] = field(default_factory=list)
    unproved: list[tuple[str, tuple[Setting, ...], str]] = field(default_factory=list)
    lost: list[tuple[tuple[Named, ...], str]] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class _Proof:
    """What a proof of a group of questions has shown that no proof before it had."""

    verdicts: tuple[tuple[str, str], ...]  # the property, and why it is not proved
    cores: Mapping[Named, frozenset[str]]
    known: Known


def stability(
    systems: Sequence[System], selection: Selection, limits: Limits, runner: Runner, asked: Asked = Asked()
) -> tuple[StabilityReport, ...]:
    """The report on each system. A Ctrl-C leaves the obligations that are finished."""
    reports = [StabilityReport(system.path, system, asked.mutants) for system in systems]
    jobs = [job for report in reports for job in _proof_jobs(report, selection, limits, asked)]
    try:
        runner(jobs)
    except KeyboardInterrupt:
        for report in reports:
            report.interrupted = True
    for report in reports:
        report.tested.sort(key=lambda each: (each.step, each.conjunct, each.settings))
        report.lost.sort()
        report.unproved.sort()
    return tuple(reports)


def status_of_stability(reports: Sequence[StabilityReport]) -> int:
    """The exit status: 0 if every mutant of every obligation holds, 1 if some is open; 6 if the solver contradicts
    itself; 4 if something was not proved or not asked; 5 if there is nothing to ask."""
    tried = [each for report in reports for tested in report.tested for each in tested.tried]
    if any(report.bugs for report in reports):
        return Status.INTERNAL
    if any(each.fails for each in tried):
        return Status.DISAGREE
    if not all(each.holds for each in tried):
        return Status.NOT_DECLARED
    if any(report.unproved or report.lost or report.interrupted for report in reports):
        return Status.UNKNOWN
    return Status.DECLARED if tried else Status.NOTHING


# ---- the proofs ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Waiting:
    """The proofs of a model that are done, until the last one is: then the sample is drawn."""

    left: int
    done: list[tuple[Group, _Proof]] = field(default_factory=list)


def _proof_jobs(report: StabilityReport, selection: Selection, limits: Limits, asked: Asked) -> list[AnyJob]:
    system = report.system
    settings = within(all_settings(system), selection)
    groups: dict[tuple[Setting, ...], list[Question]] = {}
    for question in plan(system, settings, selection).questions:
        if question.expected in (ExpectedKind.PROVED, ExpectedKind.UNREACHABLE) and not question.scope:
            groups.setdefault(question.settings, []).append(question)
    found = chains(sorted(groups.values(), key=lambda group: -len(group[0].settings)))
    waiting = _Waiting(len(found))
    jobs: list[AnyJob] = []
    for chain in found:
        then = partial(_proofs_ended, report, chain, limits, asked, waiting)
        seconds = len(chain) * limits.timeout * PROOF_BUDGET + 60
        jobs.append(Job(f"{system.name}: proofs", partial(_proofs, system, chain, limits), then, seconds))
    return jobs


def _proofs(system: System, chain: Sequence[Group], limits: Limits) -> tuple[_Proof, ...]:
    """In a worker: one proof after the other, each with what those under its settings and more have shown."""
    done: list[_Proof] = []
    for number, group in enumerate(chain):
        known = NOTHING
        for earlier in range(number):
            if contains(chain[earlier], group):
                known |= done[earlier].known
        result = prove(system, _goals(group), _when(group), limits, known)
        new = sorted(result.known.confirmed - known.confirmed)
        verdicts = tuple((name, "" if isinstance(v, Proved) else v.reason) for name, v in result.verdicts)
        done.append(_Proof(verdicts, {named: result.known.cores[named] for named in new}, result.known))
    return tuple(done)


def _goals(group: Group) -> tuple[str, ...]:
    return tuple(question.property for question in group)


def _when(group: Group) -> Formula:
    return group[0].when


def _proofs_ended(
    report: StabilityReport,
    chain: Sequence[Group],
    limits: Limits,
    asked: Asked,
    waiting: _Waiting,
    answer: tuple[_Proof, ...] | Died,
) -> Sequence[AnyJob]:
    waiting.left -= 1
    if isinstance(answer, Died):
        report.unproved += [(question.property, question.settings, answer.reason) for g in chain for question in g]
        if answer.bug:
            report.bugs.append(answer.reason)
    else:
        waiting.done += zip(chain, answer, strict=True)
        for group, proof in zip(chain, answer, strict=True):
            report.unproved += [(name, group[0].settings, reason) for name, reason in proof.verdicts if reason]
            report.proofs += sum(1 for _, reason in proof.verdicts if not reason)
            report.known += len(proof.cores)
    return [] if waiting.left else _portions(report, limits, asked, waiting)


# ---- the obligations -----------------------------------------------------------------------------------------------


def _portions(report: StabilityReport, limits: Limits, asked: Asked, waiting: _Waiting) -> list[AnyJob]:
    """Jobs for the obligations, or for a sample of them."""
    proofs = sorted(waiting.done, key=lambda each: (_goals(each[0]), each[0][0].settings))
    everything = [(number, named) for number, (_, proof) in enumerate(proofs) for named in sorted(proof.cores)]
    if asked.sample is not None and asked.sample < len(everything):
        everything = sorted(Random(f"{limits.seed} {report.path}").sample(everything, asked.sample))
    jobs: list[AnyJob] = []
    for number, (group, proof) in enumerate(proofs):
        own = [named for at, named in everything if at == number]
        for first in range(0, len(own), PORTION):
            cores = {named: proof.cores[named] for named in own[first : first + PORTION]}
            jobs.append(_portion(report, group, cores, limits, asked))
    return jobs


def _portion(
    report: StabilityReport, group: Group, cores: Mapping[Named, frozenset[str]], limits: Limits, asked: Asked
) -> AnyJob:
    steps = sorted({step for step, _ in cores})
    return Job(
        f"{report.system.name}: {asked.mutants} mutants at {', '.join(steps)}",
        partial(retried, report.system, _goals(group), _when(group), cores, asked.mutants, limits),
        partial(_portion_ended, report, group, cores),
        len(cores) * asked.mutants * (limits.timeout + PER_TRY) + 60,
    )


def _portion_ended(
    report: StabilityReport,
    group: Group,
    cores: Mapping[Named, frozenset[str]],
    answer: dict[Named, tuple[Tried, ...]] | Died,
) -> Sequence[AnyJob]:
    if isinstance(answer, Died):
        report.lost.append((tuple(cores), answer.reason))
        if answer.bug:
            report.bugs.append(answer.reason)
        return []
    for (step, conjunct), tried in answer.items():
        core = tuple(sorted(cores[step, conjunct]))
        report.tested.append(Measured(step, conjunct, group[0].settings, core, tried))
    return []
