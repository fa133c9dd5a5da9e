"""What `stability` found: per model how many mutants hold, how much the solver's effort varies, which obligations are
the most unsteady; and as data every obligation.

    models/uffd_wp.cow: 1,020 obligations of 9 proofs, 20 mutants of each
      20,400 of 20,400 hold (100 %); 20,398 at the first try
      units of the solver: 24..214,030, median 4,100; an obligation's variation: median 2 %, most 31 %
      most unsteady:
        install: cow_invisible: 20/20, 12,100..20,300, median 14,000, variation 31 %
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev

from cowspec.encode.relational.steps import in_words
from cowspec.engines.induction.stability import Tried
from cowspec.judge.confirming.stability import Measured, StabilityReport
from cowspec.report.ascii import wrap
from cowspec.report.records import SCHEMA_VERSION
from cowspec.report.table import Paint, unpainted, words
from cowspec.report.text import Style

SHOWN = 5
"""Unsteady obligations that are named where all hold; `-v` names more."""
SHOWN_VERBOSE = 40
NO_STEP = "nothing to ask: no step can break what is expected to be proved for any size"
CONTRADICTED = "the solver found a structure that violates it"
LARGE = 10_000
"""Units below which variation is no news: a fortieth of a hundredth of a second."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the solver's resource units over mutants that hold; `variation` is the standard deviation by the mean."""

    least: int
    middle: int
    most: int
    variation: float


def spread(tried: Sequence[Tried]) -> Spread | None:
    """None if no mutant holds."""
    units = [each.units for each in tried if each.holds]
    if not units:
        return None
    mean = fmean(units)
    return Spread(min(units), round(median(units)), max(units), pstdev(units) / mean if mean else 0.0)


# ---- text ----------------------------------------------------------------------------------------------------------


def stability_text(reports: Sequence[StabilityReport], style: Style, paint: Paint = unpainted) -> str:
    """The report on each model: figures, obligations below 100 %, the most unsteady, what could not be asked."""
    lines: list[str] = []
    for report in reports:
        lines += _head(report, style, paint)
        if report.tested:
            lines += _figures(report, style, paint)
            lines += _failing(report, style, paint)
            lines += _unsteady(report, style)
        lines += _troubles(report, style, paint)
    return "".join(line + "\n" for line in lines)


def _head(report: StabilityReport, style: Style, paint: Paint) -> list[str]:
    if not report.known:
        return [paint(report.path, "strong")]
    sample = "" if len(report.tested) == report.known else f"a sample of {len(report.tested):,} of "
    said = f"{sample}{_several(report.known, 'obligation')} of {_several(report.proofs, 'proof')}"
    said += f", {_several(report.mutants, 'mutant')} of each"
    first, *rest = wrap(f"{report.path}: {said}", style.width, "", "  ")
    return [first.replace(report.path, paint(report.path, "strong"), 1), *rest]


def _figures(report: StabilityReport, style: Style, paint: Paint) -> list[str]:
    tried = [each for tested in report.tested for each in tested.tried]
    held = sum(1 for each in tried if each.holds)
    first = sum(1 for each in tried if each.holds and each.first)
    rate = paint(_percent(held, len(tried)), "good" if held == len(tried) else "bad")
    lines = [f"  {held:,} of {len(tried):,} hold ({rate}); {first:,} at the first try"]
    whole = spread(tried)
    if whole is not None:
        own = [found.variation for tested in report.tested if (found := spread(tested.tried)) is not None]
        said = f"units of the solver: {whole.least:,}..{whole.most:,}, median {whole.middle:,}; an obligation's"
        lines += wrap(
            f"{said} variation: median {_rate(median(own))}, most {_rate(max(own))}", style.width, "  ", "    "
        )
    return lines


def _failing(report: StabilityReport, style: Style, paint: Paint) -> list[str]:
    """Every obligation that does not hold in all mutants, with what it was asked from and why it stays open."""
    lines: list[str] = []
    for tested in sorted(report.tested, key=lambda each: (each.held, each.step, each.conjunct)):
        if tested.held == len(tested.tried):
            continue
        under = words(report.system.switches, tested.settings)
        said = (
            f"{_line(report, tested)}{'; under ' + under if under else ''}; from {', '.join(tested.core) or 'nothing'}"
        )
        why = sorted({each.open or CONTRADICTED for each in tested.tried if not each.holds})
        lines += wrap(f"{said}; {', '.join(why)}", style.width, "    ", "      ")
    return [paint("  below 100 %:", "bad"), *lines] if lines else []


def _unsteady(report: StabilityReport, style: Style) -> list[str]:
    """Obligations that hold, but at a cost that depends on luck: by how far the worst lies above the median."""
    found = [(tested, spread(tested.tried)) for tested in report.tested if tested.held == len(tested.tried)]
    large = [(tested, each) for tested, each in found if each is not None and each.most >= LARGE]
    large.sort(key=lambda pair: (-pair[1].variation, pair[0].step, pair[0].conjunct))
    shown = large[: SHOWN_VERBOSE if style.verbose else SHOWN]
    lines = [line for tested, _ in shown for line in wrap(_line(report, tested), style.width, "    ", "      ")]
    return ["  most unsteady:", *lines] if lines else []


def _line(report: StabilityReport, tested: Measured) -> str:
    """`install: cow_invisible: 20/20, 12,100..20,300, median 14,000, variation 31 %`"""
    name = _name(report, tested.step, tested.conjunct)
    each = spread(tested.tried)
    units = (
        f"{each.least:,}..{each.most:,}, median {each.middle:,}, variation {_rate(each.variation)}"
        if each is not None
        else "none holds"
    )
    return f"{name}: {tested.held}/{len(tested.tried)}, {units}"


def _troubles(report: StabilityReport, style: Style, paint: Paint) -> list[str]:
    lines: list[str] = []
    for name, settings, reason in report.unproved:
        under = words(report.system.switches, settings)
        lines += wrap(f"{name} is not proved{', under ' + under if under else ''}: {reason}", style.width, "  ", "    ")
    for obligations, reason in report.lost:
        names = ", ".join(_name(report, step, conjunct) for step, conjunct in obligations[:3])
        more = f" and {len(obligations) - 3} more" if len(obligations) > 3 else ""
        lines += wrap(f"unknown: {names}{more}: {reason}", style.width, "  ", "    ")
    for bug in report.bugs:
        lines += wrap(f"internal error: {bug}", style.width, "  ", "    ")
    if report.interrupted:
        lines.append("  interrupted: some obligations are missing")
    if not report.known and not lines:
        lines.append(f"  {NO_STEP if report.proofs else 'nothing is expected to be proved for any size'}")
    return [paint(line, "weak") for line in lines]


def _name(report: StabilityReport, step: str, conjunct: str) -> str:
    """Of an obligation; that of a fault has the step in its own."""
    of_fault = conjunct.startswith(f"{step}:")
    return in_words(report.system, conjunct if of_fault else f"{step}: {conjunct}")


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _rate(variation: float) -> str:
    return f"{variation * 100:.0f} %"


def _percent(part: int, whole: int) -> str:
    """Never 100 % by rounding."""
    return "100 %" if part == whole else f"{min(part / whole * 100, 99.99):.2f} %"


# ---- data ----------------------------------------------------------------------------------------------------------


def stability_json(reports: Sequence[StabilityReport], tools: Mapping[str, str], status: int) -> str:
    """The report as JSON text: one record for each model, and in it one for each obligation."""
    record = {
        "schema_version": SCHEMA_VERSION,
        "tool": dict(tools),
        "models": [_model_record(report) for report in reports],
        "status": status,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _model_record(report: StabilityReport) -> dict[str, object]:
    tried = [each for tested in report.tested for each in tested.tried]
    under = {
        settings: words(report.system.switches, settings) for settings in {each.settings for each in report.tested}
    }
    return {
        "model": report.path,
        "mutants": report.mutants,
        "obligations_known": report.known,
        "tried": len(tried),
        "held": sum(1 for each in tried if each.holds),
        "held_at_first_try": sum(1 for each in tried if each.holds and each.first),
        "units": _spread_record(spread(tried)),
        "obligations": [_record(tested, under[tested.settings]) for tested in report.tested],
        "unproved": [
            {"property": name, "settings": words(report.system.switches, settings), "reason": reason}
            for name, settings, reason in report.unproved
        ],
        "unknown": [
            {"step": step, "conjunct": conjunct, "reason": reason}
            for obligations, reason in report.lost
            for step, conjunct in obligations
        ],
        "interrupted": report.interrupted,
    }


def _record(tested: Measured, under: str) -> dict[str, object]:
    return {
        "step": tested.step,
        "conjunct": tested.conjunct,
        "settings": under,
        "core": list(tested.core),
        "held": tested.held,
        "held_at_first_try": sum(1 for each in tested.tried if each.holds and each.first),
        "contradicted": sum(1 for each in tested.tried if each.fails),
        "open": sorted({each.open for each in tested.tried if each.open}),
        "units": _spread_record(spread(tested.tried)),
    }


def _spread_record(found: Spread | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "min": found.least,
        "median": found.middle,
        "max": found.most,
        "variation": round(found.variation, 4),
    }
