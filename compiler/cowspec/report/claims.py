"""What a model claims, line by line, and what became of it: what CI systems are told (`junit.py`, `sarif.py`).

A claim is a property on a line of `expect`, what a scenario expects, that no step faults, or that a property has an
expectation at all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cowspec.judge.plan import IMPLIED
from cowspec.judge.results import Finding, ModelReport, Result
from cowspec.report.places import text_of
from cowspec.report.summary import found_text, settings_text
from cowspec.source import Span
from cowspec.system.ir import Formula, System
from cowspec.system.switches import holds

WRONG, OPEN, UNDECLARED = "R901", "R902", "R903"


@dataclass(frozen=True, slots=True)
class Claimed:
    """`text`: the claim as it stands in the model. `span`: of its line; of the property if no line claims it; None for
    what every model claims. `results`: about it, with those of their settings that it speaks of."""

    text: str
    span: Span | None
    results: tuple[Result, ...]


def claims(report: ModelReport) -> tuple[Claimed, ...]:
    """Every claim about which there is a result, in order."""
    system = report.system
    found = list(_lines(report))
    taken = {(result.property, setting) for claim in found for result in claim.results for setting in result.settings}
    found += _scenarios(report)
    spans = {prop.name: prop.span for prop in system.properties}
    for result in report.results:
        rest = tuple(setting for setting in result.settings if (result.property, setting) not in taken)
        if result.scenario is None and rest:
            text = f"{result.property}: {'proved' if result.kind == IMPLIED else 'has an expectation'}"
            found.append(Claimed(text, spans.get(result.property), (replace(result, settings=rest),)))
    return tuple(claim for claim in found if claim.results)


def code_of(result: Result) -> str | None:
    """The code of a result that is not as declared; None if it is."""
    if result.as_declared:
        return None
    if result.expected is None:
        return UNDECLARED
    return OPEN if result.verdict == Finding.UNKNOWN else WRONG


def sentence(report: ModelReport, result: Result) -> str:
    """`cow_invisible: refuted in 8 steps at Cpu=2, under cow=page_count; expected: proved`"""
    name = ", ".join(part for part in (result.scenario and f"scenario {result.scenario}", result.property) if part)
    under = settings_text(report, result)
    expected = (result.expected or "nothing").replace("_", " ")
    wrong = "" if result.as_declared else f"; expected: {expected}"
    return f"{name}: {found_text(result)}{f', under {under}' if under else ''}{wrong}"


def _lines(report: ModelReport) -> Iterator[Claimed]:
    for line in report.system.expectations:
        rest = _after_colon(report.system, line.span) or line.verdict.value
        for name in line.properties:
            key = (None, name, line.verdict.value)
            mine = [r for r in report.results if (r.scenario, r.property, r.expected) == key]
            yield Claimed(f"{name}: {rest}", line.span, _under(mine, line.when))


def _scenarios(report: ModelReport) -> Iterator[Claimed]:
    for scenario in report.system.scenarios:
        for expect in scenario.expects:
            text = text_of(report.system, expect.span).removeprefix("expect ") or expect.outcome.value
            key = (scenario.name, expect.property or "", expect.outcome.value)
            mine = [r for r in report.results if (r.scenario, r.property, r.expected) == key]
            yield Claimed(f"scenario {scenario.name}: {text}", expect.span, _under(mine, expect.when))


def _after_colon(system: System, span: Span) -> str:
    return text_of(system, span).partition(":")[2].strip()


def _under(results: Iterable[Result], when: Formula) -> tuple[Result, ...]:
    """The results, each with the settings for which `when` holds."""
    parts = (replace(each, settings=tuple(s for s in each.settings if holds(when, s))) for each in results)
    return tuple(part for part in parts if part.settings)
