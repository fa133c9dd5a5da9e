"""What became of the mutants of a model, as text and as data."""

import json
from collections.abc import Mapping

from cowspec.check.modules import Program
from cowspec.judge.mutation.mutate import FATES, Fate, MutationReport, Trial
from cowspec.mutation.edits import Change
from cowspec.mutation.mutants import Mutant, changed
from cowspec.report.ascii import wrap
from cowspec.report.table import Paint, unpainted, words
from cowspec.report.text import Style, scope_text, setting_text, trace_text
from cowspec.syntax.ast import PropertyKind

SHOWN = 4
"""Lines of a change that are printed, on each side."""

TOLD = (Fate.SURVIVOR, Fate.NOTICED, Fate.STILL_PROVED, Fate.EQUIVALENT, Fate.UNKNOWN)
"""Fates whose mutants are printed without being asked for."""

ROLES = {Fate.REFUTED: "good", Fate.NOTICED: "good", Fate.SURVIVOR: "bad", Fate.UNKNOWN: "weak"}


def mutants_text(report: MutationReport, style: Style, paint: Paint = unpainted, *, timings: bool = False) -> str:
    """The mutants that are not refuted (`-v`: all, with their runs), then the score and its bound."""
    lines = [paint(report.path, "strong")]
    for fate in FATES:
        for trial in report.trials:
            if trial.fate == fate and (style.verbose or fate in TOLD):
                lines += ["", *_trial(report, trial, style, paint, timings)]
    lines += ["", *_score(report, style, paint)]
    return "".join(line + "\n" for line in lines)


def _trial(report: MutationReport, trial: Trial, style: Style, paint: Paint, timings: bool) -> list[str]:
    explained = ", explained" if trial.is_explained else ""
    lines = [f"{trial.mutant.name}: {painted(trial.fate, paint, explained)}"]
    lines += change_lines(report.program, trial.mutant)
    return lines + outcome_lines(report, trial, style, timings)


def painted(fate: str, paint: Paint, more: str = "") -> str:
    """A fate in its colour."""
    return paint(fate + more, ROLES.get(fate, "weak"))


def change_lines(program: Program, mutant: Mutant) -> list[str]:
    """The lines that a mutant changes, as they were and as they are."""
    return [line for change in changed(program, mutant) for line in _change(change)]


def outcome_lines(report: MutationReport, trial: Trial, style: Style, timings: bool) -> list[str]:
    """What was found: the run, who notices, how far it was tried, why it does no harm."""
    lines: list[str] = []
    trace = trial.trace
    if trace is not None:
        under = words(report.system.switches, trial.settings)
        said = under if len(under) <= 160 else setting_text(report.system, trace.setting)
        count = f"{len(trace.steps)} step{'' if len(trace.steps) == 1 else 's'}"
        verb = "reaches" if trace.property in _covers(report) else "violates"
        told = f"{verb} {trace.property} in {count} at {scope_text(trace.scope)}" + (f", under {said}" if said else "")
        lines += wrap(told, style.width, "  ", "    ")
    for text in (*trial.noticed, *trial.notes, *([f"why: {trial.mutant.why}"] if trial.is_explained else [])):
        lines += wrap(text, style.width, "  ", "    ")
    if timings:
        lines.append(f"  {trial.seconds:.1f} s")
    if trace is not None and trial.system is not None and style.verbose:
        lines += ["", *trace_text(trial.system, trace, trial.witness, Style(style.width)).rstrip("\n").split("\n")]
    return lines


def _covers(report: MutationReport) -> frozenset[str]:
    return frozenset(prop.name for prop in report.system.properties if prop.kind is PropertyKind.COVER)


def _change(change: Change) -> list[str]:
    lines = [f"  {change.path}:{change.line}:"]
    for sign, side in (("-", change.old), ("+", change.new)):
        lines += [f"    {sign} {line}" for line in side[:SHOWN]]
        lines += [f"    {sign} ... {len(side) - SHOWN} lines more"] if len(side) > SHOWN else []
    return lines


def _score(report: MutationReport, style: Style, paint: Paint) -> list[str]:
    """How many mutants have which fate, of how many that do anything else, within which bound."""
    explained = sum(trial.is_explained for trial in report.trials if trial.fate == Fate.SURVIVOR)
    noticed = sum(bool(trial.noticed) for trial in report.trials)
    counts = {fate: report.count(fate) for fate in FATES}
    lines = score_lines(counts, report.found, explained, noticed, style)
    lines += [*bound_lines(report, "bound", style), *remark_lines(report, style, paint)]
    return lines + ([paint("interrupted: the rest was not tried", "bad")] if report.interrupted else [])


def score_lines(counts: Mapping[str, int], found: int, explained: int, noticed: int, style: Style) -> list[str]:
    """How many mutants have which fate, and how many of those that do anything else are refuted."""
    tried = sum(counts.values())
    said = ", ".join(f"{count} {fate}" for fate, count in counts.items() if count)
    said += f" ({explained} explained)" if explained else ""
    lines = wrap(f"{tried} of {found} mutant{'' if found == 1 else 's'}: {said or 'none'}", style.width, "", "  ")
    different = tried - counts[Fate.EQUIVALENT] - counts[Fate.REJECTED]
    if different:
        refuted = counts[Fate.REFUTED]
        score = f"score: {100 * refuted // different}%: {refuted} of {different} that do something else are refuted"
        more = f"; {noticed} more are noticed by a run or a scenario that the model claims" if noticed else ""
        lines += wrap(score + more, style.width, "", "  ")
    return lines


def bound_lines(report: MutationReport, title: str, style: Style) -> list[str]:
    """How far runs were searched in a model."""
    scopes = "; ".join(scope_text(scope) for scope in report.scopes)
    bound = (
        f"{title}: runs of up to {report.limits.max_steps} steps, {report.limits.timeout:g} s for each scope: {scopes}"
    )
    return wrap(bound, style.width, "", "  ")


def remark_lines(report: MutationReport, style: Style, paint: Paint) -> list[str]:
    """What is wrong, or open, in a model itself."""
    lines = []
    for title, texts, role in (
        ("internal error", report.bugs, "bad"),
        ("engines disagree", [each.message for each in report.disagreements], "bad"),
        ("wrong", report.wrong, "bad"),
        ("not proved of the model itself", report.unproved, "weak"),
    ):
        for text in texts:
            first, *rest = wrap(f"{title}: {text}", style.width, "", "  ")
            lines += [paint(first, role), *rest]
    return lines


def model_record(report: MutationReport) -> dict[str, object]:
    """What was tried of a model, and how far."""
    return {
        "model": report.path,
        "mutants": report.found,
        "tried": len(report.trials),
        "totals": {fate: report.count(fate) for fate in FATES},
        "scopes": [dict(scope) for scope in report.scopes],
        "max_steps": report.limits.max_steps,
        "timeout": report.limits.timeout,
        "seed": report.limits.seed,
        "wrong": report.wrong,
        "unproved": report.unproved,
    }


def mutants_json(report: MutationReport, tools: Mapping[str, str], status: int, *, timings: bool) -> str:
    """One record for each mutant, and the totals."""
    record = {
        "tool": dict(tools),
        **model_record(report),
        "trials": [_record(report, trial, timings) for trial in report.trials],
        "interrupted": report.interrupted,
        "status": status,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _record(report: MutationReport, trial: Trial, timings: bool) -> dict[str, object]:
    return mutant_record(report.program, trial.mutant) | outcome_record(report, trial, timings)


def mutant_record(program: Program, mutant: Mutant) -> dict[str, object]:
    """Which mutant it is."""
    return {
        "name": mutant.name,
        "mutation": mutant.mutation.value,
        "operation": mutant.operation,
        "step": mutant.step or None,
        "changes": [
            {"file": each.path, "line": each.line, "old": list(each.old), "new": list(each.new)}
            for each in changed(program, mutant)
        ],
    }


def outcome_record(report: MutationReport, trial: Trial, timings: bool) -> dict[str, object]:
    """What became of it in a model."""
    mutant, trace = trial.mutant, trial.trace
    record: dict[str, object] = {"fate": trial.fate}
    if mutant.why is not None:
        record["why"] = mutant.why
    if trace is not None:
        record |= {
            "property": trace.property,
            "settings": words(report.system.switches, trial.settings),
            "scope": dict(trace.scope),
            "steps": [step.firing.step for step in trace.steps],
        }
    record |= {key: list(value) for key, value in (("noticed", trial.noticed), ("notes", trial.notes)) if value}
    return record | ({"seconds": round(trial.seconds, 1)} if timings else {})
