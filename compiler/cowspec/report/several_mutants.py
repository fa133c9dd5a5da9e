"""What became of the mutants of several models together, as text and as data."""

import json
from collections.abc import Mapping

from cowspec.judge.mutation.mutate import FATES, Fate, MutationReport
from cowspec.judge.mutation.several import JointReport, JointTrial
from cowspec.report.ascii import wrap
from cowspec.report.mutants import (
    TOLD,
    bound_lines,
    change_lines,
    model_record,
    mutant_record,
    outcome_lines,
    outcome_record,
    painted,
    remark_lines,
    score_lines,
)
from cowspec.report.table import Paint, unpainted
from cowspec.report.text import Style


def several_text(report: JointReport, style: Style, paint: Paint = unpainted, *, timings: bool = False) -> str:
    """The mutants that no model refutes (`-v`: all, with their runs), each with its fate in each model that was asked;
    the models in the order in which they were asked; the score."""
    lines: list[str] = []
    for fate in FATES:
        for trial in report.trials:
            if trial.fate == fate and (style.verbose or fate in TOLD):
                lines += [*_trial(trial, style, paint, timings), ""]
    for one in report.models:
        lines += [*_model(one, style, paint), ""]
    counts = {fate: report.count(fate) for fate in FATES}
    survivors = [trial for trial in report.trials if trial.fate == Fate.SURVIVOR]
    explained = sum(trial.is_explained for trial in survivors)
    lines += score_lines(counts, report.found, explained, counts[Fate.NOTICED], style)
    lines += [paint("interrupted: the rest was not tried", "bad")] if report.interrupted else []
    return "".join(line + "\n" for line in lines)


def told_text(report: MutationReport) -> str:
    """One line on a model that has been asked: how many mutants came to it, and their fates there."""
    counts = ((report.count(fate), fate) for fate in FATES)
    said = ", ".join(f"{count} {fate}" for count, fate in counts if count)
    mutants = f"{report.found} mutant{'' if report.found == 1 else 's'}"
    return f"{report.path}: {len(report.trials)} of {mutants} asked: {said or 'none'}"


def _trial(joint: JointTrial, style: Style, paint: Paint, timings: bool) -> list[str]:
    report, deciding = joint.deciding
    explained = ", explained" if joint.fate == Fate.SURVIVOR and joint.is_explained else ""
    lines = [f"{deciding.mutant.name}: {painted(joint.fate, paint, explained)}"]
    lines += change_lines(report.program, deciding.mutant)
    for one, trial in joint.trials:
        why = ", explained" if trial.fate == Fate.SURVIVOR and trial.is_explained else ""
        lines.append(f"  {one.path}: {trial.fate}{why}")
        if trial.fate in (Fate.REFUTED, Fate.NOTICED, Fate.SURVIVOR, Fate.UNKNOWN):
            lines += ["  " + line if line else "" for line in outcome_lines(one, trial, style, timings)]
    return lines


def _model(report: MutationReport, style: Style, paint: Paint) -> list[str]:
    lines = wrap(told_text(report), style.width, "", "  ")
    return lines + bound_lines(report, "  bound", style) + remark_lines(report, style, paint)


def several_json(report: JointReport, tools: Mapping[str, str], status: int, *, timings: bool) -> str:
    """One record for each mutant, one for each model, and the totals."""
    record = {
        "tool": dict(tools),
        "models": [model_record(each) for each in report.models],
        "mutants": report.found,
        "tried": len(report.trials),
        "totals": {fate: report.count(fate) for fate in FATES},
        "trials": [_trial_record(each, timings) for each in report.trials],
        "interrupted": report.interrupted,
        "status": status,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _trial_record(joint: JointTrial, timings: bool) -> dict[str, object]:
    report, deciding = joint.deciding
    outcomes = [{"model": one.path, **outcome_record(one, trial, timings)} for one, trial in joint.trials]
    return mutant_record(report.program, deciding.mutant) | {"fate": joint.fate, "in": outcomes}
