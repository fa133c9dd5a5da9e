"""`mutate` of several models: a change of a module that several use is one mutant, judged by one model after the other
until one refutes it.

A project checks all its models, so what one of them refutes or notices does not get through. Whether the others would
notice as well is not asked: a model whose properties say nothing of locks need not, if another one says it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cowspec.judge.jobs import Runner
from cowspec.judge.mutation.mutate import (
    Fate,
    MutationReport,
    Original,
    Trial,
    asked_of,
    status_of_trials,
    try_mutants,
)
from cowspec.judge.mutation.sampling import Sample, chosen
from cowspec.judge.plan import declares
from cowspec.judge.selection import Selection
from cowspec.mutation.edits import Edit
from cowspec.mutation.mutants import Mutant, mutants
from cowspec.syntax.ast import Mutation
from cowspec.verdict import Limits

DECIDING = (
    Fate.REFUTED,
    Fate.NOTICED,
    Fate.SURVIVOR,
    Fate.UNKNOWN,
    Fate.STILL_PROVED,
    Fate.EQUIVALENT,
    Fate.REJECTED,
)
"""The fate in all models together is the first of these that it has in one of them: what a model notices counts for
all, and what is open in a model is open unless another one notices."""

Key = tuple[str, Mutation, tuple[Edit, ...]]
"""The file that changes, and how."""

_Tried = tuple[MutationReport, Trial]

Told = Callable[[MutationReport], None]
"""Told what came of each model, as soon as it has been asked."""


@dataclass(frozen=True, slots=True)
class JointTrial:
    """What became of a mutant in the models that were asked, in this order."""

    trials: tuple[_Tried, ...]

    @property
    def mutant(self) -> Mutant:
        return self.deciding[1].mutant

    @property
    def fate(self) -> str:
        fates = {trial.fate for _, trial in self.trials}
        return next(fate for fate in DECIDING if fate in fates)

    @property
    def deciding(self) -> _Tried:
        """The first model in which it has its fate."""
        return next(each for each in self.trials if each[1].fate == self.fate)

    @property
    def is_explained(self) -> bool:
        """By each model in which it survives."""
        return all(trial.is_explained for _, trial in self.trials if trial.fate == Fate.SURVIVOR)


@dataclass(slots=True)
class JointReport:
    """`models`: those that were asked, in this order. `found`: how many mutants they have together. `trials`: of those
    whose fate is known."""

    found: int
    models: list[MutationReport] = field(default_factory=list)
    trials: list[JointTrial] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        return any(report.interrupted for report in self.models)

    def count(self, fate: str) -> int:
        return sum(trial.fate == fate for trial in self.trials)


def mutate_all(
    originals: Sequence[Original],
    selection: Selection,
    sample: Sample,
    limits: Limits,
    runner: Runner,
    told: Told = lambda report: None,
) -> JointReport:
    """The report on all models. `told` hears of each. A Ctrl-C leaves the mutants that are finished. Raises
    `SelectionError` for the name of a mutant that no model has."""
    claiming = [each for each in originals if declares(each.system) and asked_of(each.system, selection)[1]]
    found = [(original, _by_key(original)) for original in sorted(claiming, key=lambda each: _cost(each, selection))]
    everything = {key: each for original in originals for key, each in _by_key(original).items()}
    wanted = set(chosen(list(everything.values()), sample, limits.seed))
    tried: dict[Key, list[_Tried]] = {key: [] for key, each in everything.items() if each in wanted}
    report = JointReport(len(everything))
    for original, keyed in found:
        waiting = {each.name: key for key, each in keyed.items() if key in tried and not _is_refuted(tried[key])}
        every = list(keyed.values())
        one = try_mutants(original, every, [each for each in every if each.name in waiting], selection, limits, runner)
        for trial in one.trials:
            tried[waiting[trial.mutant.name]].append((one, trial))
        report.models.append(one)
        told(one)
        if one.interrupted:
            break
    for key, trials in tried.items():
        if trials and (_is_refuted(trials) or len(trials) == sum(key in keyed for _, keyed in found)):
            report.trials.append(JointTrial(tuple(trials)))
    return report


def status_of_several(report: JointReport) -> int:
    """The exit status of `mutate` for several models: as for one, by the fates that the mutants have together."""
    return status_of_trials(report.models, [(each.fate, each.is_explained) for each in report.trials])


def _by_key(original: Original) -> dict[Key, Mutant]:
    """The mutants of a model, by what they change."""
    modules = original.program.modules
    return {
        (modules[each.module].source.path, each.mutation, each.edits): each
        for each in mutants(original.program, original.model)
    }


def _is_refuted(trials: Sequence[_Tried]) -> bool:
    return any(trial.fate == Fate.REFUTED for _, trial in trials)


def _cost(original: Original, selection: Selection) -> tuple[int, str]:
    """The steps of a model times what it claims: about how many obligations a proof has."""
    system = original.system
    return len(system.steps) * len(asked_of(system, selection)[1]), system.path
