"""What `infer` found: verdicts, and lemmas as text that can be pasted into a model."""

from collections.abc import Iterable, Sequence

from cowspec.diagnostics import CompileError
from cowspec.engines.inference.infer import Inferred
from cowspec.judge.inferring import Inference
from cowspec.report.ascii import wrap
from cowspec.report.formulas import lemma
from cowspec.report.table import words
from cowspec.report.text import Style, cti_text, trace_text
from cowspec.source import Source
from cowspec.syntax.format import format_source
from cowspec.system.ir import Property, System
from cowspec.verdict import Induction, Proved, Refuted


def inferred_text(system: System, found: Sequence[Inference], style: Style, *, timings: bool) -> str:
    """For each property the verdict, then the lemmas, or how far the search came."""
    parts = [system.path + "\n"]
    told: dict[str, str] = {}
    for each in found:
        parts.append("".join(line + "\n" for line in wrap(_heading(system, each), style.width, "", "  ")))
        if each.found.is_proved:
            parts.append(_proof(system, each, told))
        elif each.run is not None and isinstance(each.run.verdict, Refuted):
            parts.append("\n" + trace_text(system, each.run.verdict.trace, each.run.witness, style) + "\n")
        else:
            parts.append(_open(system, each, style))
        if timings:
            effort = each.found.effort
            parts.append(
                f"  {effort.seconds:.1f} s, {effort.samples} samples, {effort.counterexamples} counterexamples to"
                f" induction, {effort.tried} lemmas tried\n"
            )
    return "".join(parts)


def declarations(system: System, lemmas: Iterable[Property]) -> str:
    """The lemmas in the canonical layout, each after an empty line."""
    texts = [lemma(system, each) for each in lemmas]
    try:
        return format_source(Source("found", "\n".join(texts)))
    except CompileError:  # only the layout is lost
        return "\n".join(texts)


def _properties(found: Inferred) -> list[Property]:
    return [each.prop for each in found.lemmas]


def written(system: System, found: Sequence[Inference]) -> str:
    """What `--write` appends to the model."""
    parts = []
    told: dict[str, str] = {}
    for each in found:
        new, _ = _new(each, told)
        if each.found.is_proved and new:
            under = words(system.switches, each.settings)
            said = f"found by `cowspec infer` for {each.name}{', under ' + under if under else ''}"
            comment = "".join(f"{line}\n" for line in wrap(said, 118, "// ", "// "))
            parts.append(comment + declarations(system, new))
    return "\n".join(parts)


def record(system: System, each: Inference, *, timings: bool) -> dict[str, object]:
    """As data."""
    effort = each.found.effort
    took = {"seconds": round(effort.seconds, 1)} if timings else {}
    return {
        "property": each.name,
        "settings": words(system.switches, each.settings),
        "verdict": _verdict(each),
        "lemmas": [
            {"name": it.prop.name, "text": lemma(system, it.prop), "literals": it.literals, "found_for": it.reason}
            for it in each.found.lemmas
        ],
        "notes": list(each.notes),
        "samples": effort.samples,
        "counterexamples": effort.counterexamples,
        "tried": effort.tried,
        **took,
    }


def _verdict(each: Inference) -> str:
    return "proved" if each.found.is_proved else "refuted" if each.is_refuted else "unknown"


def _heading(system: System, each: Inference) -> str:
    under = words(system.switches, each.settings)
    said = {"proved": "proved, any size", "refuted": "refuted", "unknown": "unknown"}[_verdict(each)]
    return f"{each.name}: {said}{', under ' + under if under else ''}"


def _new(each: Inference, told: dict[str, str]) -> tuple[list[Property], list[str]]:
    """The lemmas that were not told yet, and of the others the names under which they were. `told`: of each formula
    the name; grows."""
    new, old = [], []
    for prop in _properties(each.found) if each.found.is_proved else []:
        key = str(prop.formula)
        if key in told:
            old.append(told[key])
        else:
            told[key] = prop.name
            new.append(prop)
    return new, old


def _proof(system: System, each: Inference, told: dict[str, str]) -> str:
    found = each.found
    evidence = [verdict.evidence for _, verdict in found.verdicts if isinstance(verdict, Proved)]
    obligations = sum(each.obligations for each in evidence if isinstance(each, Induction))
    if not found.lemmas:
        return f"  nothing had to be found ({obligations} obligations)\n"
    new, old = _new(each, told)
    head = f"  with these lemmas, all of which it needs ({obligations} obligations):\n"
    above = "".join(f"{line}\n" for line in wrap(f"as above: {', '.join(old)}", 118, "  ", "    ")) if old else ""
    return head + above + (f"\n{declarations(system, new)}\n" if new else "")


def _open(system: System, each: Inference, style: Style) -> str:
    lines = [line for note in each.notes for line in wrap(note, style.width, "  ", "    ")]
    text = "".join(line + "\n" for line in lines)
    stuck = each.found.stuck
    if stuck is not None and stuck.cti is not None:
        text += "\n" + cti_text(system, stuck.cti, (), style) + "\n"
    if each.found.lemmas:
        text += "  lemmas that the search had come to:\n\n" + declarations(system, _properties(each.found)) + "\n"
    return text
