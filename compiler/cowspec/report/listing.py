"""What `cowspec list` shows: the invariants of the library, or the switches, operations and properties of a model."""

from collections.abc import Sequence

from cowspec.report.ascii import wrap
from cowspec.report.table import switches_text
from cowspec.syntax import ast
from cowspec.system.ir import StepKind, System


def library(modules: Sequence[tuple[str, ast.Module]], width: int) -> list[str]:
    """Every property of the modules (path and tree), by module."""
    lines: list[str] = []
    for path, tree in modules:
        found = [item for item in tree.items if isinstance(item, ast.PropertyDecl) and item.kind.value != "lemma"]
        if found:
            lines += ([""] if lines else []) + [f"{tree.name or path}  ({path})"]
        for item in found:
            kind = "" if item.kind.value == "invariant" else f"{item.kind.value} "
            lines.append(f"  {kind}{item.name.text}")
            lines += wrap(item.text or "", width, "    ", "    ")
    return lines


def model(system: System, width: int) -> list[str]:
    """Switches, sorts, operations with their steps, what they cost, properties, scenarios."""
    lines = [system.path, "", "sorts", f"  {', '.join(system.sorts)}"]
    lines += ["", "switches", *("  " + line for line in switches_text(system))] if system.switches else []
    lines += ["", "operations"]
    actions = [step for step in system.steps if step.kind == StepKind.ACTION]
    for step in actions:
        params = ", ".join(f"{binder.name}: {binder.domain}" for binder in step.params)
        lines.append(f"  action {step.name}({params})  {step.text or ''}".rstrip())
    for proc in system.procs:
        params = ", ".join(f"{binder.name}: {binder.domain}" for binder in proc.params)
        lines.append(f"  proc {proc.name}({params}){'' if proc.startable else '  only called'}")
        for label in proc.labels:
            text = next((s.text for s in system.steps if s.operation == proc.name and s.label == label and s.text), "")
            lines.append(f"    step {label}  {text}".rstrip())
    lines += ["", "costs"] if system.costs else []
    lines += [f"  {cost.name}  {cost.text}".rstrip() for cost in system.costs]
    lines += ["", "properties"]
    for prop in system.properties:
        checked = "" if prop.checked else "  not checked here"
        lines.append(f"  {prop.kind.value} {prop.name}{checked}")
        lines += wrap(prop.text or "", width, "    ", "    ")
    lines += ["", "scenarios"] if system.scenarios else []
    for scenario in system.scenarios:
        lines.append(f"  {scenario.name}")
        lines += wrap(scenario.text or "", width, "    ", "    ")
    return lines


def record(system: System) -> dict[str, object]:
    """The same as data, for `--json`."""
    return {
        "model": system.path,
        "sorts": list(system.sorts),
        "switches": [
            {"name": switch.name, "fix": switch.is_fix, "options": [{"name": o, "text": t} for o, t in switch.options]}
            for switch in system.switches
        ],
        "actions": [step.name for step in system.steps if step.kind == StepKind.ACTION],
        "procs": [
            {"name": proc.name, "steps": list(proc.labels), "startable": proc.startable} for proc in system.procs
        ],
        "costs": [{"name": cost.name, "text": cost.text} for cost in system.costs],
        "properties": [
            {"name": prop.name, "kind": prop.kind.value, "text": prop.text, "checked": prop.checked}
            for prop in system.properties
        ],
        "scenarios": [{"name": scenario.name, "text": scenario.text} for scenario in system.scenarios],
    }
