"""A run and a counterexample to induction in words and columns: what goes into a commit message, and what -v adds."""

from dataclasses import dataclass

from cowspec.evidence.names import element
from cowspec.report.ascii import listed, plain, wrap
from cowspec.report.columns import columns
from cowspec.report.states import describe, differences, relevant
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Property, Scope, Setting, State, System
from cowspec.system.traverse import reads
from cowspec.verdict import Cti, Firing, Trace

Witness = tuple[tuple[str, str, int], ...]
"""Name, sort and element of each binder for which a property fails."""


@dataclass(frozen=True, slots=True)
class Style:
    """How wide, and whether with the state changes and ghosts (`-v`)."""

    width: int = 100
    verbose: bool = False


def setting_text(system: System, setting: Setting) -> str:
    """`cow=page_count, flush_in_ptl`: choices, then the fixes that are on, or `no fix`."""
    fixes = {switch.name for switch in system.switches if switch.is_fix}
    said = [f"{name}={option}" for name, option in setting if name not in fixes]
    on = [name for name, option in setting if name in fixes and option == "on"]
    off = [name for name, option in setting if name in fixes and option == "off"]
    said += on or (["no fix"] if off and len(off) == len(fixes) else [])
    return ", ".join(said)


def scope_text(scope: Scope) -> str:
    """`Cpu=2, Page=3`"""
    return ", ".join(f"{sort}={size}" for sort, size in scope)


def headline(system: System, trace: Trace) -> str:
    """`models/uffd_wp.cow: cow_invisible, 8 steps at Cpu=2, Page=3 under cow=page_count`"""
    under = setting_text(system, trace.setting)
    count = f"{len(trace.steps)} step{'' if len(trace.steps) == 1 else 's'}"
    claim = f"{trace.property}, " if trace.property else ""
    return plain(f"{trace.model}: {claim}{count} at {scope_text(trace.scope)}{' under ' + under if under else ''}")


def trace_text(system: System, trace: Trace, witness: Witness, style: Style) -> str:
    """The start state, the run in columns, and what it violates; lines end with a newline each."""
    lines = listed(
        describe(system, trace.scope, trace.start, ghosts=style.verbose) or ["nothing is there"],
        style.width,
        "start: ",
        "       ",
    )
    drawn = columns(system, trace, style.width)
    lines += ["", *drawn] if drawn else []
    last = next((step.state for step in reversed(trace.steps) if step.state is not None), trace.start)
    lines += ["", *_ending(system, trace, witness, last, style)]
    if style.verbose:
        lines += ["", *_step_by_step(system, trace, style)]
    return "".join(line + "\n" for line in lines)


def cti_text(system: System, cti: Cti, witness: Witness, style: Style, reached: str = "") -> str:
    """A state in which all conjuncts hold, a step, and what then fails. `reached`: what is known about that state."""
    lines = wrap(f"not preserved: {cti.conjunct}{_sentence(system, cti.conjunct)}", style.width, "", "  ")
    under = setting_text(system, cti.setting)
    lines += wrap(
        f"by: {firing_text(system, cti.step.firing)}{' under ' + under if under else ''}", style.width, "", "  "
    )
    before = describe(system, cti.scope, cti.before, ghosts=True) or ["nothing is there"]
    lines += listed(before, style.width, "before: ", "        ")
    if cti.step.state is None:
        lines += wrap("after: the step faults", style.width)
    else:
        changed = differences(system, cti.scope, cti.before, cti.step.state) or ["nothing changes"]
        lines += listed(changed, style.width, "changes: ", "         ")
        lines += _where(system, cti.scope, cti.step.state, _property(system, cti.conjunct), witness, style)
    lines += wrap(reached, style.width) if reached else []
    return "".join(line + "\n" for line in lines)


def firing_text(system: System, firing: Firing) -> str:
    """`do_wp_page.fault on cpu0 (m = mm0, a = va0)`"""
    for step in system.steps:
        if step.name == firing.step:
            named = list(zip(step.params, firing.args, strict=True))
            column = [element(system, b.domain, n) for b, n in named if b.name == step.cpu]
            others = [f"{b.name} = {element(system, b.domain, n)}" for b, n in named if b.name != step.cpu]
            name = step.name.removesuffix(":start")
            name = f"leaving {name.removesuffix(':leave')}" if name.endswith(":leave") else name
            return name + "".join(f" on {cpu}" for cpu in column) + (f" ({', '.join(others)})" if others else "")
    return firing.step


def _ending(system: System, trace: Trace, witness: Witness, last: State, style: Style) -> list[str]:
    found = _property(system, trace.property)
    if trace.fault is not None:
        fault = f"fault: {trace.fault}, in {firing_text(system, trace.steps[-1].firing)}"
        return wrap(fault, style.width, "", "  ")
    if not trace.property:
        return describe_end(system, trace, last, style)
    verb = "reached" if found is not None and found.kind is PropertyKind.COVER else "violated"
    lines = wrap(f"{verb}: {trace.property}{_sentence(system, trace.property)}", style.width, "", "  ")
    return lines + _where(system, trace.scope, last, found, witness, style)


def describe_end(system: System, trace: Trace, last: State, style: Style) -> list[str]:
    """The last state, of a run that claims nothing."""
    held = describe(system, trace.scope, last, ghosts=style.verbose) or ["nothing is there"]
    return listed(held, style.width, "end: ", "     ")


def _where(
    system: System, scope: Scope, state: State, found: Property | None, witness: Witness, style: Style
) -> list[str]:
    """Where a property fails: the elements, and what the variables that it reads hold there."""
    lines = []
    if witness:
        at = ", ".join(f"{plain(name.partition('@')[0])} = {element(system, sort, n)}" for name, sort, n in witness)
        lines += wrap(f"at {at}", style.width, "  ", "  ")
    if found is not None:
        only = relevant(system, scope, state, reads([found.formula]), witness)
        held = describe(system, scope, state, only=only)
        lines += listed(held, style.width, "  with ", "       ") if held else []
    return lines


def _step_by_step(system: System, trace: Trace, style: Style) -> list[str]:
    lines = []
    before = trace.start
    for number, taken in enumerate(trace.steps, 1):
        lines += wrap(f"{number}. {firing_text(system, taken.firing)}", style.width, "", "   ")
        if taken.state is not None:
            for change in differences(system, trace.scope, before, taken.state):
                lines += wrap(change, style.width, "     ", "       ")
            before = taken.state
    return lines


def _property(system: System, name: str) -> Property | None:
    return next((found for found in system.properties if found.name == name), None)


def _sentence(system: System, name: str) -> str:
    found = _property(system, name)
    return f": {found.text}" if found is not None and found.text else ""
