"""TLC as a judge: every reachable state of a scope, counted by a program that shares no code with this one.

TLC stops at the first violation, so it runs again without that property until nothing is violated; the last run counts
the states. Its error traces are read back, each step is found again in the reference semantics, and what results is
replayed: a run that the evaluator refuses is a disagreement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from cowspec.check import typed
from cowspec.encode.tla.module import Module, config, tla_module
from cowspec.encode.tla.output import TlcReport
from cowspec.encode.tla.states import StateError, state_of
from cowspec.engines.scopes import counted_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evaluate.search import NO_FAULT, explore
from cowspec.judge.refuting import shown, witness_of
from cowspec.judge.results import Claim, Disagreement, Finding, ModelReport, Result, Status
from cowspec.judge.selection import Selection, selected, sizes_of, within
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Scope, Setting, State, System
from cowspec.system.switches import all_settings
from cowspec.verdict import Firing, Limits, Trace, TraceStep

Run = Callable[[Module, Mapping[str, str], tuple[int, int]], TlcReport]
"""Runs TLC on a module with these files; what TLC cannot do stands in `TlcReport.errors`. The numbers are for a
progress line: how many settings are finished, and how many there are."""

MAX_DEPTH = 1_000_000
IMPLIED = ("TypeOK", "IdleHoldsNothing")  # invariants of the translation itself


@dataclass(slots=True)
class _Found:
    results: list[Result] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """`symmetry`: count states up to permutations. `count`: the evaluator must count as many."""

    selection: Selection
    limits: Limits
    symmetry: bool = True
    count: bool = False


def judge_by_tlc(model: typed.Model, system: System, asked: Asked, run: Run) -> ModelReport:
    """All selected properties under all selected settings, at one scope; after Ctrl-C, what was found until then."""
    module = tla_module(model, system)
    scope = counted_scope(system, sizes_of(system, asked.selection))
    settings = within(all_settings(system), asked.selection)
    found, interrupted = _Found(), False
    try:
        for number, setting in enumerate(settings):
            ask = partial(_ask, module, run, (number, len(settings)))
            _setting(module, system, scope, setting, asked, ask, found)
    except KeyboardInterrupt:
        interrupted = True
    return ModelReport(
        system.path, system, tuple(_together(found.results)), declares=True, notes=tuple(found.notes),
        disagreements=tuple(found.disagreements), interrupted=interrupted,
    )  # fmt: skip


def status_of_tlc(report: ModelReport) -> int:
    """0 if nothing is violated, 1 if something is, 4 if something is not known, 5 if there was nothing to do, 6 after a
    disagreement."""
    verdicts = {result.verdict for result in report.results}
    if report.disagreements:
        return Status.DISAGREE
    if Finding.REFUTED in verdicts:
        return Status.NOT_DECLARED
    if Finding.UNKNOWN in verdicts or report.interrupted:
        return Status.UNKNOWN
    return Status.DECLARED if report.results else Status.NOTHING


def _ask(module: Module, run: Run, place: tuple[int, int], cfg: str) -> TlcReport:
    return run(module, module.files(cfg), place)


def _setting(
    module: Module, system: System, scope: Scope, setting: Setting, asked: Asked, ask: Callable[[str], TlcReport],
    found: _Found,
) -> None:  # fmt: skip
    names = [name for name in (*(prop.name for prop in system.properties), NO_FAULT) if selected(name, asked.selection)]
    symmetry = asked.symmetry and not asked.count
    while True:
        cfg = config(module, scope, setting, symmetry=symmetry, modern=False, only=tuple(names), implied=True)
        report = ask(cfg)
        if report.violated is None:
            break
        if report.violated in IMPLIED:
            trace = _read(module, system, scope, setting, "", report)
            found.disagreements.append(
                Disagreement(f"TLC: {report.violated} is violated: {trace[1]}".rstrip(": "), trace[0])
            )
            return
        name = _property(module, report.violated)
        names.remove(name)
        _violation(module, system, scope, setting, name, report, found)
    found.results += [_held(system, scope, setting, name, report) for name in names]
    if report.complete:
        depth = "" if report.depth is None else f", depth {report.depth}"
        up_to = " up to symmetry" if symmetry else ""
        counted = f"TLC: {report.distinct} distinct states{up_to}{depth}"
        if asked.count:
            counted += _counted(system, scope, setting, report, asked.limits, found)
        found.notes.append(counted + _under(system, setting))


def _property(module: Module, definition: str) -> str:
    if definition == "NoFault":
        return NO_FAULT
    return next(each.property for each in module.properties if each.name == definition)


def _under(system: System, setting: Setting) -> str:
    fixes = {switch.name for switch in system.switches if switch.is_fix}
    said = [name if name in fixes else f"{name}={option}" for name, option in setting if option != "off"]
    return f" under {', '.join(said) or 'no fix'}" if setting else ""


# ---- results -------------------------------------------------------------------------------------------------------


def _kind(system: System, name: str) -> str:
    return next((prop.kind.value for prop in system.properties if prop.name == name), "implied")


def _held(system: System, scope: Scope, setting: Setting, name: str, report: TlcReport) -> Result:
    kind = _kind(system, name)
    result = Result(name, kind, (setting,), Finding.UNKNOWN, Claim.NONE, "tlc")
    if not report.complete:
        reason = report.errors[0].split("\n")[0] if report.errors else "TLC did not finish"
        return replace(result, reason=f"TLC: {reason}")
    verdict = Finding.UNREACHABLE if kind == PropertyKind.COVER.value else Finding.PROVED
    return replace(result, verdict=verdict, claim=Claim.SCOPE, scope=scope, evidence=(("states", ("TLC",)),))


def _violation(
    module: Module, system: System, scope: Scope, setting: Setting, name: str, report: TlcReport, found: _Found
) -> None:
    """Adds the run that TLC found, replayed; or a disagreement."""
    trace, wrong = _read(module, system, scope, setting, name, report)
    try:
        trace = trace if wrong else replay(system, trace)
    except ReplayError as error:
        wrong = f"the evaluator refuses TLC's run: {error}"
    if wrong:
        found.disagreements.append(Disagreement(f"{name}: {wrong}", trace))
        return
    trace = shown(system, trace)
    kind = _kind(system, name)
    verdict = Finding.REACHED if kind == PropertyKind.COVER.value else Finding.REFUTED
    found.results.append(
        Result(
            name, kind, (setting,), verdict, Claim.TRACE, "tlc", scope=scope, steps=len(trace.steps),
            evidence=(("trace", ("TLC", "evaluator")),), trace=trace, witness=witness_of(system, trace),
        )
    )  # fmt: skip


def _together(results: Sequence[Result]) -> list[Result]:
    """Settings with the same answer and no run become one; a lemma that holds is not worth a line."""
    groups: dict[tuple[str, str, str, int], Result] = {}
    for number, result in enumerate(results):
        if result.kind == PropertyKind.LEMMA.value and result.verdict == Finding.PROVED:
            continue
        key = (result.property, result.verdict, result.reason, -1 if result.trace is None else number)
        known = groups.get(key)
        groups[key] = result if known is None else replace(known, settings=(*known.settings, *result.settings))
    return list(groups.values())


# ---- TLC's states as a run -----------------------------------------------------------------------------------------


def _read(
    module: Module, system: System, scope: Scope, setting: Setting, name: str, report: TlcReport
) -> tuple[Trace, str]:
    """The run, as far as the evaluator can follow; and what is wrong with it, if anything."""
    machine = Machine(system, scope, setting)
    start = next(machine.starts(), tuple(() for _ in system.vars))
    empty = Trace(system.path, name, setting, scope, start, ())
    try:
        states = [state_of(module, system, scope, text) for text in report.states]
    except StateError as error:
        return empty, str(error)
    if not states:
        return empty, "TLC shows no state"
    trace = replace(empty, start=states[0][0])
    for number, (after, fault) in enumerate(states[1:], 1):
        before = trace.steps[-1].state if trace.steps else trace.start
        assert before is not None
        step = _step(machine, before, after, fault)
        if step is None:
            return trace, f"the evaluator knows no step from state {number} of TLC's run to the next"
        taken, message = step
        trace = replace(trace, steps=(*trace.steps, taken), fault=message)
    return trace, ""


def _step(machine: Machine, before: State, after: State, fault: str) -> tuple[TraceStep, str | None] | None:
    for number, args, choices, state, message in machine.moves(before):
        firing = Firing(machine.system.steps[number].name, args, choices)
        if fault and message is not None:
            return TraceStep(firing, (), None), message
        if not fault and state == after:
            return TraceStep(firing, (), after), None
    return None


# ---- counting ------------------------------------------------------------------------------------------------------


def _counted(system: System, scope: Scope, setting: Setting, report: TlcReport, limits: Limits, found: _Found) -> str:
    machine = Machine(system, scope, setting)
    ours = explore(machine, (), replace(limits, max_steps=MAX_DEPTH), max_states=max(report.distinct + 1, 1000))
    if ours.stopped == "timeout":
        return "; the evaluator ran out of time"
    if (ours.states, ours.depth) != (report.distinct, report.depth) or not ours.complete:
        start = next(machine.starts(), tuple(() for _ in system.vars))
        theirs = f"{report.distinct} states, depth {report.depth}"
        seen = f"{ours.states} states, depth {ours.depth}" + ("" if ours.complete else " or more")
        message = f"TLC counts {theirs}, the evaluator {seen}{_under(system, setting)}"
        found.disagreements.append(Disagreement(message, Trace(system.path, "", setting, scope, start, ())))
        return ""
    return ", and so does the evaluator"
