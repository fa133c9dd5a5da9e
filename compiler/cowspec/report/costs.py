"""What `cost` found: one table for each setting, rows are operations, columns costs; the runs that show the amounts.

    vmsplice under cow=page_count  copy  mmap_lock
    do_wp_page                     0..1  1
    fork                           no run within 4 steps

Each different run is saved once, and named with everything that it shows.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cowspec.evidence.names import options
from cowspec.evidence.traces import write
from cowspec.judge.costing import CostReport, OperationCosts, SettingCosts, Spent
from cowspec.report.ascii import wrap
from cowspec.report.records import SCHEMA_VERSION, disagreement_texts, stem
from cowspec.report.table import Paint, hanging, unpainted
from cowspec.report.text import Style, scope_text, setting_text, trace_text
from cowspec.verdict import Trace

Files = dict[tuple[str, Trace], str]
"""The file of each run, by model."""

GAP = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A run and the amounts that it shows: `copy 1`. `is_most`: one of them is a largest one; `told`: one that some
    other call does not reach."""

    trace: Trace
    amounts: tuple[str, ...]
    is_most: bool
    told: bool


def cost_files(reports: Sequence[CostReport], out_dir: str) -> tuple[Files, dict[str, str]]:
    """Names for the runs of the reports, and the texts to write under them."""
    files: Files = {}
    texts: dict[str, str] = {}
    for report in reports:
        for setting in report.settings:
            for operation in setting.operations:
                for shown in _shown(operation):
                    words = ("cost", operation.operation, shown.amounts[0] if shown.amounts else "")
                    named = stem(report.path, words, report.system, shown.trace.setting)
                    text = write(report.system, shown.trace)
                    name, again = f"{out_dir}/{named}.json", 2
                    while texts.get(name, text) != text:
                        name, again = f"{out_dir}/{named}-{again}.json", again + 1
                    files.setdefault((report.path, shown.trace), name)
                    texts[files[report.path, shown.trace]] = text
        for number, found in enumerate(report.disagreements, 1):
            texts |= disagreement_texts(report.path, report.system, found, number, out_dir)
    return files, texts


def _shown(operation: OperationCosts) -> tuple[Shown, ...]:
    """The different runs of an operation, in order of the costs; the shortest one last, if it shows no amount."""
    amounts: dict[Trace, list[str]] = {}
    most: set[Trace] = set()
    told: set[Trace] = set()
    for spent in operation.spent:
        most_text = f"{spent.most}{'+' if spent.more else ''}"
        for run, amount in ((spent.least_run, f"{spent.least}"), (spent.most_run, most_text)):
            if run is not None:
                text = f"{spent.cost} {amount}"
                mine = amounts.setdefault(run, [])
                mine += [text] if text not in mine else []
        if spent.most_run is not None and spent.most > 0:
            most.add(spent.most_run)
            told |= {spent.most_run} if spent.most > spent.least else set()
    if operation.run is not None and not amounts:
        amounts[operation.run] = []
    return tuple(Shown(trace, tuple(words), trace in most, trace in told) for trace, words in amounts.items())


# ---- text ----------------------------------------------------------------------------------------------------------


def cost_text(
    reports: Sequence[CostReport], files: Files, style: Style, paint: Paint = unpainted, *, timings: bool = False
) -> str:
    """Per model what is claimed, a table for each setting, the runs that matter; a legend. With `-v` all runs, drawn if
    they show a largest amount."""
    lines: list[str] = []
    for report in reports:
        lines += _claim(report, style.width, paint)
        for setting in report.settings:
            lines += ["", *_table(report, setting, style.width, paint)]
            lines += _remark(report, setting, style.width, paint)
            lines += _runs(report, setting, files, style)
        lines += _troubles(report, style.width, paint)
        lines += [""] if lines[-1] else []
    lines += _legend(reports, style.width)
    if timings:
        timed = [(each.seconds, report, each) for report in reports for each in report.settings]
        lines += [
            f"{seconds:8.2f} s  {report.path}  {setting_text(report.system, each.setting)}".rstrip()
            for seconds, report, each in sorted(timed, key=lambda entry: -entry[0])
        ]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(line + "\n" for line in lines)


def _claim(report: CostReport, width: int, paint: Paint) -> list[str]:
    """What the numbers speak of."""
    steps = f"{report.max_steps} step{'' if report.max_steps == 1 else 's'}"
    said = f"what a call spends, over all calls that end within {steps} at {scope_text(report.scope)}"
    on = {name for each in report.settings for name, option in each.setting if option == "on"}
    off = [switch.name for switch in report.system.switches if switch.is_fix and switch.name not in on]
    said += f"; fixes that are off: {', '.join(off)}" if off else ""
    first, *rest = wrap(f"{report.path}: {said}", width, "", "  ")
    return [first.replace(report.path, paint(report.path, "strong"), 1), *rest]


def _table(report: CostReport, found: SettingCosts, width: int, paint: Paint) -> list[str]:
    """The rows of one setting; as many columns side by side as fit, the others below. The setting stands at the head of
    the operations, or above the table if that would make it too wide."""
    heads = _columns(report)
    rows = [(each.operation, _cells(each, heads)) for each in found.operations]
    widths = [max([len(head), *(len(cells[n]) for _, cells in rows if cells)]) for n, head in enumerate(heads)]
    label, lines = _label(report, found), list[str]()
    first = max(len(name) for name, _ in rows)
    if max(first, len(label)) + sum(GAP + each for each in widths) > width and len(label) > first:
        lines += [paint(line, "strong") for line in wrap(label, width)]
        label = "operation"
    first = max(first, len(label))
    for block in _blocks(widths, width - first):
        titles = "".join(" " * GAP + heads[n].ljust(widths[n]) for n in block)
        lines.append((paint(label, "strong") + " " * (first - len(label)) + titles).rstrip())
        for name, cells in rows:
            missing = "".ljust(GAP) + paint(f"no run within {_steps(found.steps)}", "bad")
            text = "".join(" " * GAP + cells[n].ljust(widths[n]) for n in block) if cells else missing
            lines.append((name.ljust(first) + text).rstrip())
    return lines


def _label(report: CostReport, found: SettingCosts) -> str:
    """The choices of a setting and the fixes that are on: which are off stands above."""
    fixes = {switch.name for switch in report.system.switches if switch.is_fix}
    said = [f"{name}={option}" for name, option in found.setting if name not in fixes]
    said += [name for name, option in found.setting if name in fixes and option == "on"]
    return ", ".join(said) or "operation"


def _columns(report: CostReport) -> list[str]:
    """The costs that some run spends; without one, all that there are."""
    spent = [
        each.cost
        for setting in report.settings
        for operation in setting.operations
        for each in operation.spent
        if each.most_run is not None
    ]
    costs = [cost.name for cost in report.system.costs]
    return [name for name in costs if name in set(spent)] or costs


def _cells(operation: OperationCosts, heads: Sequence[str]) -> list[str]:
    by_cost = {spent.cost: spent for spent in operation.spent}
    return [amount_text(by_cost[head]) for head in heads] if operation.run is not None else []


def amount_text(spent: Spent) -> str:
    """`1`, `0..1`, `0..8+`"""
    most = f"{spent.most}{'+' if spent.more else ''}"
    return most if spent.least == spent.most else f"{spent.least}..{most}"


def _blocks(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """The columns in groups that fit; each has at least one."""
    block: list[int] = []
    used = 0
    for number, width in enumerate(widths):
        if block and used + GAP + width > room:
            yield block
            block, used = [], 0
        block.append(number)
        used += GAP + width
    yield block


def _remark(report: CostReport, found: SettingCosts, width: int, paint: Paint) -> list[str]:
    if not found.stopped:
        return []
    text = f"searched to {_steps(found.steps)} only ({found.stopped}): larger and smaller amounts may be further on"
    return [paint(line, "bad") for line in wrap(text, width, "  ", "    ")]


def _runs(report: CostReport, found: SettingCosts, files: Files, style: Style) -> list[str]:
    """`do_wp_page: copy 1, flush 1 in 5 steps: FILE` for what not every call spends; with `-v` all runs, each followed
    by its drawing if it shows a largest amount."""
    lines: list[str] = []
    silent: list[Trace] = []
    for operation in found.operations:
        for shown in _shown(operation):
            if not (style.verbose or shown.told):
                silent.append(shown.trace)
                continue
            said = ", ".join(shown.amounts) or "ends"
            steps = _steps(len(shown.trace.steps))
            file = files[report.path, shown.trace]
            lines += wrap(f"{operation.operation}: {said} in {steps}: {file}", style.width, "  ", "    ")
            if style.verbose and shown.is_most:
                drawn = trace_text(report.system, shown.trace, (), Style(style.width))
                lines += ["", *drawn.rstrip("\n").split("\n"), ""]
    if silent:
        folder = files[report.path, silent[0]].rpartition("/")[0]
        more = f"{len(silent)} {'more ' if lines else ''}run{'' if len(silent) == 1 else 's'}"
        said = f"{more} in {folder}, for the {'other ' if lines else ''}amounts (-v names them)"
        lines += wrap(said, style.width, "  ", "    ")
    return lines


def _troubles(report: CostReport, width: int, paint: Paint) -> list[str]:
    lines: list[str] = []
    if not (report.settings or report.lost or report.disagreements or report.interrupted):
        lines.append(paint("  nothing is counted: no operation may start that has costs", "bad"))
    for setting, reason in report.lost:
        under = setting_text(report.system, setting)
        lines += [paint(line, "bad") for line in wrap(f"unknown{' under ' + under if under else ''}: {reason}", width)]
    for found in report.disagreements:
        lines += [paint(line, "bad") for line in wrap(f"engines disagree: {found.message}", width, "  ", "    ")]
    return lines + ([paint("  interrupted: the rest was not tried", "bad")] if report.interrupted else [])


def _legend(reports: Sequence[CostReport], width: int) -> list[str]:
    """What the columns count, and what the options of the choices stand for."""
    said: dict[tuple[str, str], None] = {}
    for report in reports:
        heads = set(_columns(report))
        said |= {(cost.name, cost.text): None for cost in report.system.costs if cost.name in heads}
        if any(spent.more for each in report.settings for of in each.operations for spent in of.spent):
            said["N+", "at least so many: counting stops there"] = None
        used = {pair for each in report.settings for pair in each.setting}
        for switch in report.system.switches:
            for option, text in switch.options:
                if (switch.name, option) in used and option != "off" and text:
                    said[switch.name if switch.is_fix else f"{switch.name}={option}", text] = None
    first = min(max((len(name) for name, _ in said), default=0), 28) + GAP
    return [line for name, text in said for line in hanging(name, text, first, width)]


def _steps(count: int) -> str:
    return f"{count} step{'' if count == 1 else 's'}"


# ---- data ----------------------------------------------------------------------------------------------------------


def cost_json(
    reports: Sequence[CostReport], files: Files, tools: Mapping[str, str], status: int, *, timings: bool = False
) -> str:
    """The report as JSON text: one record for each model and setting."""
    record = {
        "schema_version": SCHEMA_VERSION,
        "tool": dict(tools),
        "costs": [_setting_record(report, found, files, timings) for report in reports for found in report.settings],
        "models": [_model_record(report) for report in reports],
        "status": status,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _model_record(report: CostReport) -> dict[str, object]:
    return {
        "model": report.path,
        "legend": {cost.name: cost.text for cost in report.system.costs},
        "unknown": [{"switches": options(each, report.system), "reason": why} for each, why in report.lost],
        "disagreements": [found.message for found in report.disagreements],
        "interrupted": report.interrupted,
    }


def _setting_record(report: CostReport, found: SettingCosts, files: Files, timings: bool) -> dict[str, object]:
    record: dict[str, object] = {
        "model": report.path,
        "switches": options(found.setting, report.system),
        "claim": "bounded",
        "scope": dict(report.scope),
        "steps": found.steps,
        "operations": [_operation_record(report, each, files) for each in found.operations],
    }
    if found.stopped:
        record["reason"] = found.stopped
    if timings:
        record["seconds"] = round(found.seconds, 3)
    return record


def _operation_record(report: CostReport, found: OperationCosts, files: Files) -> dict[str, object]:
    record: dict[str, object] = {"operation": found.operation, "ends": found.run is not None}
    if found.run is not None:
        record["costs"] = {spent.cost: _spent_record(report.path, spent, files) for spent in found.spent}
    return record


def _spent_record(path: str, spent: Spent, files: Files) -> dict[str, object]:
    record: dict[str, object] = {"least": spent.least, "most": spent.most}
    if spent.more:
        record["or_more"] = True
    runs: Iterable[tuple[str, Trace | None]] = (("least_trace", spent.least_run), ("most_trace", spent.most_run))
    return record | {key: files[path, run] for key, run in runs if run is not None}
