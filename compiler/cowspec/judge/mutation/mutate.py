"""`mutate`: what becomes of each mutant of a model. One job first for the model itself, then some for each mutant.

The score speaks of a bound: mutants that survive do so for the scopes, the depth and the seconds that were tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from cowspec.check.modules import Program
from cowspec.check.typed import Model
from cowspec.evidence.lock import StoredProof
from cowspec.judge.jobs import AnyJob, Died, Job, Runner
from cowspec.judge.mutation.aligning import aligned
from cowspec.judge.mutation.comparing import Compared
from cowspec.judge.mutation.mutant import (
    RUNS,
    claimed_runs,
    differences,
    examine,
    look_closer,
    prove_again,
    prove_lines,
)
from cowspec.judge.mutation.runs import CLOSER, CLOSER_SCOPES
from cowspec.judge.mutation.sampling import Sample, chosen
from cowspec.judge.mutation.scopes import scopes_of
from cowspec.judge.mutation.subject import Examined, Line, Subject
from cowspec.judge.plan import Question, declares, plan
from cowspec.judge.results import Disagreement, Status, Witness
from cowspec.judge.selection import Selection, within
from cowspec.mutation.mutants import Mutant, mutants
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Trace


class Fate:
    """What became of a mutant, best first."""

    REFUTED = "refuted"  # a run violates what the model claims
    NOTICED = "noticed"  # a run that the model claims, or a scenario, is not there any more
    EQUIVALENT = "equivalent"  # does the same at every state of a scope
    STILL_PROVED = "still proved"  # does something else, and everything is proved of it: the properties do not need it
    SURVIVOR = "survivor"
    REJECTED = "rejected"  # by the checker
    UNKNOWN = "unknown"  # nothing came of the work


FATES = (Fate.REFUTED, Fate.NOTICED, Fate.EQUIVALENT, Fate.STILL_PROVED, Fate.SURVIVOR, Fate.REJECTED, Fate.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant and its fate. `settings`: under which its run violates the property. `noticed`: by which claims that
    something happens. `notes`: how far it was tried."""

    mutant: Mutant
    fate: str
    system: System | None = None
    trace: Trace | None = None
    settings: tuple[Setting, ...] = ()
    witness: Witness = ()
    noticed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_explained(self) -> bool:
        return self.mutant.why is not None


@dataclass(slots=True)
class MutationReport:
    """`found`: how many mutants there are; `trials`: of those that were tried. `unproved`: claims that were not proved,
    and are taken on the model's word. `wrong`: explanations that are wrong. `scopes`: where runs were searched."""

    path: str
    system: System
    program: Program
    found: int
    scopes: tuple[Scope, ...]
    limits: Limits
    trials: list[Trial] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    interrupted: bool = False

    def count(self, fate: str) -> int:
        return sum(trial.fate == fate for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Original:
    """A model whose mutants are judged. `hints`: proofs of it that a lock keeps."""

    program: Program
    model: Model
    system: System
    hints: Sequence[StoredProof] = ()


def mutate(original: Original, selection: Selection, sample: Sample, limits: Limits, runner: Runner) -> MutationReport:
    """The report on one model. A Ctrl-C leaves the mutants that are finished. Raises `SelectionError` for the name of a
    mutant that there is not."""
    everything = mutants(original.program, original.model)
    wanted = chosen(everything, sample, limits.seed)
    return try_mutants(original, everything, wanted, selection, limits, runner)


def try_mutants(
    original: Original,
    everything: Sequence[Mutant],
    wanted: Sequence[Mutant],
    selection: Selection,
    limits: Limits,
    runner: Runner,
) -> MutationReport:
    """The report on the `wanted` among all mutants of a model. A Ctrl-C leaves those that are finished."""
    model, system = original.model, original.system
    settings, asked = asked_of(system, selection)
    claims = tuple(question for question in asked if question.expected not in RUNS and question.settings)
    report = MutationReport(system.path, system, original.program, len(everything), (), limits)
    names = {each.name for each in everything}
    report.wrong += [
        f"`survivors` names {each.mutant}: no such mutant" for each in model.survivors if each.mutant not in names
    ]
    happens = tuple(question for question in asked if question.expected in RUNS and question.settings)
    scripted = tuple(question for question in happens if question.by is not None)
    subject = Subject(original.program, model, system, selection, settings, claims, scripted=scripted)
    report.scopes = scopes_of(system, selection, claims)
    judge = _Judge(subject, report, limits, tuple(each for each in happens if each.by is None), original.hints)
    try:
        if wanted and declares(system):
            runner([judge.proof_job()])
            runner(judge.run_jobs())
            runner([judge.examine_job(mutant) for mutant in wanted])
    except KeyboardInterrupt:
        report.interrupted = True
    order = {mutant.name: number for number, mutant in enumerate(everything)}
    report.trials.sort(key=lambda trial: order[trial.mutant.name])
    report.wrong += _wrong(report.trials)
    return report


def asked_of(system: System, selection: Selection) -> tuple[tuple[Setting, ...], tuple[Question, ...]]:
    """The selected settings of a model, and what it claims under them."""
    settings = within(all_settings(system), selection)
    return settings, plan(system, settings, selection).questions


def status_of_mutate(reports: Sequence[MutationReport]) -> int:
    """The exit status of `mutate`: 0 if no mutant survives without an explanation, and no explanation is wrong; 1 if
    one does; else 4 if something was not decided; 5 if there was no mutant, or no claim to judge it by."""
    return status_of_trials(reports, [(t.fate, t.is_explained) for report in reports for t in report.trials])


def status_of_trials(reports: Sequence[MutationReport], trials: Sequence[tuple[str, bool]]) -> int:
    """The same, by the fates of the mutants and whether each is explained."""
    if any(report.bugs for report in reports):
        return Status.INTERNAL
    if any(report.disagreements for report in reports):
        return Status.DISAGREE
    if any(report.wrong for report in reports) or (Fate.SURVIVOR, False) in trials:
        return Status.NOT_DECLARED
    if any(report.interrupted for report in reports) or any(fate == Fate.UNKNOWN for fate, _ in trials):
        return Status.UNKNOWN
    return Status.DECLARED if trials else Status.NOTHING


def _wrong(trials: Sequence[Trial]) -> list[str]:
    """Mutants that are explained, and refuted."""
    return [
        f"`survivors` explains {trial.mutant.name}, which is {trial.fate}"
        for trial in trials
        if trial.is_explained and trial.fate in (Fate.REFUTED, Fate.REJECTED)
    ]


@dataclass(slots=True)
class _Judge:
    """Makes the jobs, and takes down what comes of them."""

    subject: Subject
    report: MutationReport
    limits: Limits
    happens: tuple[Question, ...]
    hints: Sequence[StoredProof]

    # ---- the model ----

    def proof_job(self) -> AnyJob:
        groups: dict[tuple[Setting, ...], list[Question]] = {}
        for claim in self.subject.claims:
            if claim.expected in (ExpectedKind.PROVED, ExpectedKind.UNREACHABLE) and not claim.scope:
                groups.setdefault(claim.settings, []).append(claim)
        lines = [tuple(group) for group in groups.values()]
        work = partial(prove_lines, self.subject.system, lines, self.limits, self.hints)
        return Job(f"{self.subject.system.name}: proof", work, self._proved, 1800)

    def _proved(self, answer: tuple[Line, ...] | Died) -> Sequence[AnyJob]:
        if isinstance(answer, Died):
            self._lost("the model's own proof", answer)
            return []
        self.subject = replace(self.subject, lines=answer)
        self.report.unproved += [", ".join(line.names) for line in answer if line.kept is None]
        return []

    def run_jobs(self) -> list[AnyJob]:
        """A job for each property of which the model claims runs that no scenario has."""
        return [
            Job(
                f"{self.subject.system.name}: runs for {question.property}",
                partial(claimed_runs, self.subject.system, question, self.limits),
                self._ran,
                1200,
            )
            for question in self.happens
        ]

    def _ran(self, answer: tuple[tuple[Trace, tuple[Setting, ...]], ...] | Disagreement | Died) -> Sequence[AnyJob]:
        match answer:
            case Died():
                self._lost("runs of the model", answer)
            case Disagreement():
                self.report.disagreements.append(answer)
            case _:
                self.subject = replace(self.subject, runs=(*self.subject.runs, *answer))
        return []

    # ---- a mutant ----

    def examine_job(self, mutant: Mutant) -> AnyJob:
        budget = self.limits.timeout * (len(self.report.scopes) + 2) * 10 + 120
        work = partial(examine, self.subject, mutant, self.report.scopes, self.limits)
        return Job(f"{self.subject.system.name}: {mutant.name}", work, partial(self._examined, mutant), budget)

    def _examined(self, mutant: Mutant, answer: Examined | Disagreement | Died) -> Sequence[AnyJob]:
        match answer:
            case Died():
                self._lost(mutant.name, answer)
                self._ends(Trial(mutant, Fate.UNKNOWN, notes=(answer.reason,)))
            case Disagreement():
                self.report.disagreements.append(answer)
                self._ends(Trial(mutant, Fate.UNKNOWN, notes=("engines disagree",)))
            case Examined(system=None):
                self._ends(Trial(mutant, Fate.REJECTED, notes=answer.codes))
            case Examined(trace=Trace()):
                self._refuted(mutant, answer)
            case Examined(steps=steps) if not steps and not answer.searched:
                note = "the same transition system"
                self._ends(Trial(mutant, Fate.EQUIVALENT, answer.system, notes=(note,), seconds=answer.seconds))
            case Examined(system=System() as system) if answer.proved or aligned(self.subject.system, system):
                return [self._compare_job(mutant, answer)]
            case _:  # the model's own proof says nothing of it
                assert answer.system is not None
                return [self._proof_again_job(mutant, answer.system, partial(self._proved_again, mutant, answer))]
        return []

    def _proof_again_job(
        self, mutant: Mutant, system: System, then: Callable[[tuple[Question, ...] | Died], Sequence[AnyJob]]
    ) -> AnyJob:
        work = partial(prove_again, self.subject, system, self.limits)
        return Job(f"{self.subject.system.name}: proof of {mutant.name}", work, then, self.limits.timeout * 15 + 60)

    def _proved_again(
        self, mutant: Mutant, examined: Examined, answer: tuple[Question, ...] | Died
    ) -> Sequence[AnyJob]:
        if isinstance(answer, Died):
            if answer.bug:
                self._lost(mutant.name, answer)
            return [self._compare_job(mutant, examined)]
        return [self._compare_job(mutant, replace(examined, proved=not answer, open=answer))]

    def _compare_job(self, mutant: Mutant, examined: Examined) -> AnyJob:
        work = partial(differences, self.subject, examined, self.report.scopes, self.limits)
        then = partial(self._compared, mutant, examined)
        return Job(
            f"{self.subject.system.name}: differences of {mutant.name}", work, then, self.limits.timeout * 20 + 300
        )

    def _compared(
        self, mutant: Mutant, examined: Examined, answer: tuple[Compared | None, tuple[str, ...]] | Died
    ) -> Sequence[AnyJob]:
        if isinstance(answer, Died):
            if answer.bug:
                self._lost(mutant.name, answer)
            answer = None, ()
        compared, noticed = answer
        notes = tuple(f"no run within {each}" for each in examined.searched)
        if compared is not None and compared.same:
            place = ", ".join(f"{sort}={size}" for sort, size in compared.scope)
            notes = (f"the same steps at all {compared.states} states at {place}", *notes)
            fate = Fate.EQUIVALENT
        elif examined.proved:
            fate = Fate.STILL_PROVED
        else:
            fate = Fate.NOTICED if noticed else Fate.SURVIVOR
        trial = Trial(mutant, fate, examined.system, noticed=noticed, notes=notes, seconds=examined.seconds)
        if fate != Fate.SURVIVOR or trial.system is None:
            self._ends(trial)
        elif aligned(self.subject.system, trial.system):
            return [self._proof_again_job(mutant, trial.system, partial(self._survives, trial, examined))]
        else:
            return [self._closer_job(trial, examined)]
        return []

    def _survives(self, trial: Trial, examined: Examined, answer: tuple[Question, ...] | Died) -> Sequence[AnyJob]:
        """Unless lemmas prove it that the model's own proof did not need, or a run violates one of the open claims."""
        if isinstance(answer, Died) and answer.bug:
            self._lost(trial.mutant.name, answer)
        if answer == ():
            self._ends(replace(trial, fate=Fate.STILL_PROVED, notes=()))
            return []
        return [self._closer_job(trial, examined)]

    def _closer_job(self, trial: Trial, examined: Examined) -> AnyJob:
        budget = self.limits.timeout * (len(self.subject.claims) * CLOSER_SCOPES + CLOSER) * 10 + 120
        work = partial(look_closer, self.subject, examined, self.report.scopes, self.limits)
        name = f"{self.subject.system.name}: a closer look at {trial.mutant.name}"
        return Job(name, work, partial(self._looked_closer, trial), budget)

    def _looked_closer(self, trial: Trial, answer: Examined | Disagreement | Died) -> Sequence[AnyJob]:
        match answer:
            case Examined(trace=Trace()):
                self._refuted(trial.mutant, answer)
            case Examined():
                self._ends(replace(trial, notes=tuple(f"no run within {each}" for each in answer.searched)))
            case Disagreement():
                self.report.disagreements.append(answer)
                self._ends(replace(trial, fate=Fate.UNKNOWN, notes=("engines disagree",)))
            case Died():
                if answer.bug:
                    self._lost(trial.mutant.name, answer)
                self._ends(trial)
        return []

    def _refuted(self, mutant: Mutant, found: Examined) -> None:
        trace, settings, witness = found.trace, found.settings, found.witness
        trial = Trial(mutant, Fate.REFUTED, found.system, trace, settings, witness, seconds=found.seconds)
        self._ends(trial)

    def _ends(self, trial: Trial) -> None:
        self.report.trials.append(trial)

    def _lost(self, what: str, died: Died) -> None:
        if died.bug:
            self.report.bugs.append(f"{what}: {died.reason}")
