"""`cost`: for each operation the least and the most that a call of it spends, each with a shortest run that shows it.

One search for each switch setting: the system is sliced, made to count (`system/costs.py`), and every amount that a
call can end with is looked for at one scope, depth by depth. What is claimed is bounded: "within so many steps at this
scope". A run is replayed in the counting system, which shows the amount, then cut down to the model's own variables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic

from cowspec.engines.bmc.depths import reach
from cowspec.engines.bmc.goals import Target, Violates, at_setting
from cowspec.engines.bmc.search import EncodingDisagrees
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.replay import replay
from cowspec.judge.jobs import AnyJob, Died, Job, Runner
from cowspec.judge.refuting import shown
from cowspec.judge.results import Disagreement, Status
from cowspec.judge.selection import NO_FIX, Selection, SelectionError, sizes_of, suggestion, within
from cowspec.system.costs import Amount, Operation, counting, operations
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.slicing import slice_system
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Trace


@dataclass(frozen=True, slots=True)
class Spent:
    """Over the calls that end within the depth. `more`: `most` is where counting stopped. The runs are the shortest
    that show the amount; None where no path of the operation spends this cost."""

    cost: str
    least: int = 0
    most: int = 0
    more: bool = False
    least_run: Trace | None = None
    most_run: Trace | None = None


@dataclass(frozen=True, slots=True)
class OperationCosts:
    """`run`: the shortest in which a call of it ends; None if there is none (then `spent` is empty)."""

    operation: str
    run: Trace | None
    spent: tuple[Spent, ...]


@dataclass(frozen=True, slots=True)
class SettingCosts:
    """`steps`: how deep the search went, and if that is not as deep as asked, why (`stopped`)."""

    setting: Setting
    steps: int
    stopped: str
    operations: tuple[OperationCosts, ...]
    seconds: float


@dataclass(slots=True)
class CostReport:
    """The costs of one model. `lost`: settings of which nothing is known, and why."""

    path: str
    system: System
    scope: Scope
    max_steps: int
    settings: list[SettingCosts] = field(default_factory=list)
    lost: list[tuple[Setting, str]] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    interrupted: bool = False


def cost_selection(selection: Selection) -> Selection:
    """Every fix that is not named is off: all settings would be too many to look at."""
    return selection if NO_FIX in selection.options else replace(selection, options=(*selection.options, NO_FIX))


def cost_all(
    systems: Sequence[System], selection: Selection, limits: Limits, runner: Runner, names: Sequence[str] = ()
) -> tuple[CostReport, ...]:
    """The report on each system (built with its costs), for the operations of these names, or all. A Ctrl-C leaves the
    settings that are finished. Raises `SelectionError` for an unknown operation."""
    _check_names(systems, names)
    reports = []
    jobs: list[AnyJob] = []
    for system in systems:
        scope = default_scope(system, sizes_of(system, selection))
        report = CostReport(system.path, system, scope, limits.max_steps)
        reports.append(report)
        wanted = [each.name for each in operations(system) if not names or each.name in names]
        if wanted:
            settings = within(all_settings(system), selection)
            jobs += [_job(system, report, setting, wanted, limits) for setting in settings]
    try:
        runner(jobs)
    except KeyboardInterrupt:
        for report in reports:
            report.interrupted = True
    for report in reports:
        report.settings.sort(key=lambda each: all_settings(report.system).index(each.setting))
    return tuple(reports)


def _check_names(systems: Sequence[System], names: Iterable[str]) -> None:
    known = [operation.name for system in systems for operation in operations(system)]
    for name in names:
        if name not in known:
            raise SelectionError(f"there is no operation `{name}` that has costs{suggestion(name, known)}")


def _job(system: System, report: CostReport, setting: Setting, wanted: Sequence[str], limits: Limits) -> AnyJob:
    def done(answer: SettingCosts | Disagreement | Died) -> Sequence[AnyJob]:
        match answer:
            case SettingCosts():
                report.settings.append(answer)
            case Disagreement():
                report.disagreements.append(answer)
            case Died():
                report.lost.append((setting, answer.reason))
                if answer.bug:
                    report.bugs.append(answer.reason)
        return []

    under = ", ".join(option for _, option in setting if option not in ("on", "off"))
    return Job(
        f"{system.name}: costs{' under ' + under if under else ''}",
        partial(setting_costs, system, setting, report.scope, tuple(wanted), limits),
        done,
        2 * limits.timeout + 60,
    )


def setting_costs(
    system: System, setting: Setting, scope: Scope, wanted: Sequence[str], limits: Limits
) -> SettingCosts | Disagreement:
    """What the wanted operations spend under one setting: what a worker does."""
    began = monotonic()
    counted = counting(slice_system(system, setting), scope, wanted)
    targets = {Target(Violates(name), at_setting(setting)): amount for name, amount in counted.goals.items()}
    try:
        found = reach(counted.system, targets, scope, limits, replay=replay)
    except EncodingDisagrees as error:
        return Disagreement(str(error), _cut(system, error.trace))
    runs = {targets[target]: shown(system, _cut(system, trace)) for target, trace in found.traces.items()}
    asked = [operation for operation in operations(system) if operation.name in wanted]
    costs = tuple(_operation_costs(system, operation, runs) for operation in asked)
    return SettingCosts(setting, found.steps, found.stopped, costs, monotonic() - began)


def _cut(system: System, trace: Trace) -> Trace:
    """The run without the tables that count, which come last; it claims nothing."""
    count = len(system.vars)
    steps = (replace(step, state=None if step.state is None else step.state[:count]) for step in trace.steps)
    return replace(trace, property="", start=trace.start[:count], steps=tuple(steps))


def _operation_costs(system: System, operation: Operation, runs: dict[Amount, Trace]) -> OperationCosts:
    run = runs.get(Amount(operation.name, None))
    if run is None:
        return OperationCosts(operation.name, None, ())
    spent = []
    for cost in system.costs:
        met = [amount for amount in runs if (amount.operation, amount.cost) == (operation.name, cost.name)]
        if not met:
            spent.append(Spent(cost.name))
            continue
        least, most = min(met, key=lambda each: each.amount), max(met, key=lambda each: each.amount)
        spent.append(Spent(cost.name, least.amount, most.amount, most.more, runs[least], runs[most]))
    return OperationCosts(operation.name, run, tuple(spent))


def status_of_cost(reports: Iterable[CostReport]) -> int:
    """The exit status of `cost`: 0 if each operation has a call that ends, under each setting, and the search went as
    deep as asked; else 4; 5 if there was nothing to count."""
    reports = list(reports)
    if any(report.bugs for report in reports):
        return Status.INTERNAL
    if any(report.disagreements for report in reports):
        return Status.DISAGREE
    if any(report.lost or report.interrupted for report in reports):
        return Status.UNKNOWN
    found = [each for report in reports for each in report.settings]
    if any(each.stopped or any(of.run is None for of in each.operations) for each in found):
        return Status.UNKNOWN
    return Status.DECLARED if found else Status.NOTHING
