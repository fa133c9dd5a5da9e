"""The text reports of `check`, `prove`, `refute` and `run`: tables, what is not as declared, diagrams, totals."""

from collections import Counter
from collections.abc import Sequence

from cowspec.judge.results import Claim, Finding, ModelReport, Remark, Result, as_declared, found_lemmas
from cowspec.report.ascii import wrap
from cowspec.report.crossed import cross_lines
from cowspec.report.inferred import declarations
from cowspec.report.places import place_of
from cowspec.report.records import Files
from cowspec.report.table import Paint, legend, table, unpainted, verdict_text, words
from cowspec.report.text import Style, cti_text, scope_text, setting_text, trace_text

VERDICTS = {
    Finding.PROVED: "proved: for any number of elements of each sort, unless sizes are named",
    Finding.REFUTED: "refuted N steps: the shortest run that violates it has N steps, or that of the scenario named",
    Finding.NO_VIOLATION: "no violation in N: searched to a depth of N steps only, nothing is proved",
    Finding.UNKNOWN: "unknown: nothing is claimed",
}


def check_text(
    reports: Sequence[ModelReport], files: Files, style: Style, paint: Paint = unpainted, *, timings: bool = False
) -> str:
    """The report of `check`: per model the table and whatever is not as declared; a legend; totals."""
    lines: list[str] = []
    for report in reports:
        lines += table(report, style.width, paint)
        lines += _model_lines(report, style.width, paint)
        lines += [""]
        lines += _details(report, files, style)
    lines += _legend(reports, style.width)
    lines += totals(reports, paint)
    lines += cross_lines(reports, timings=timings)
    if timings:
        lines += timing_lines(reports)
    return "".join(line + "\n" for line in lines)


def verb_text(
    reports: Sequence[ModelReport], files: Files, style: Style, paint: Paint = unpainted, *, timings: bool = False
) -> str:
    """The report of `prove`, `refute` and `run`: one line for each result, and every diagram."""
    lines: list[str] = []
    for report in reports:
        lines += [paint(report.path, "strong")]
        if not (report.results or report.interrupted):
            lines.append("  no results: there is nothing of that kind, or nothing of that name and kind")
        for number, result in enumerate(report.results):
            lines += wrap(_heading(report, result), style.width, "", "  ")
            lines += _reasons(report, result, files.get((report.path, number)), style)
            body = _body(report, result, style)
            lines += ["", *body, ""] if body else []
        lines += _remarks(report, style.width, paint)
        if report is not reports[-1] and lines[-1]:
            lines.append("")
    lines += cross_lines(reports, timings=timings)
    if timings:
        lines += timing_lines(reports)
    while lines and not lines[-1]:
        lines.pop()
    return "".join(line + "\n" for line in lines)


def totals(reports: Sequence[ModelReport], paint: Paint = unpainted) -> list[str]:
    """The last line: how many properties and settings have which verdict, and whether all is as declared."""
    counts: Counter[str] = Counter()
    for report in reports:
        for result in report.results:
            word = result.verdict.replace("_", " ")
            if result.verdict == Finding.PROVED:
                word += " for any size" if result.claim == Claim.ANY_SIZE else " at a scope"
            counts[word] += len(result.settings)
    said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    models = f"{len(reports)} model{'' if len(reports) == 1 else 's'}"
    good = all(as_declared(report) for report in reports)
    verdict = paint("all as declared", "good") if good else paint("NOT as declared", "bad")
    if not any(report.declares for report in reports):
        verdict = paint("nothing was checked", "bad")
    if any(report.interrupted for report in reports):
        verdict = paint("interrupted", "bad")
    pairs = sum(counts.values())
    return [f"{models}, {pairs} properties x settings: {said or 'nothing'}; {verdict}"]


def timing_lines(reports: Sequence[ModelReport]) -> list[str]:
    """Which results took longest."""
    timed = [(result.seconds, report, result) for report in reports for result in report.results]
    timed.sort(key=lambda entry: -entry[0])
    return [f"{seconds:8.2f} s  {report.path}  {_name(result)}" for seconds, report, result in timed[:20]]


def settings_text(report: ModelReport, result: Result) -> str:
    """The settings of a result in words; empty if it speaks of all."""
    if len(result.settings) == 1:
        return setting_text(report.system, result.settings[0])
    said = words(report.system.switches, result.settings)
    return said if len(said) <= 160 else f"{len(result.settings)} settings"


def found_text(result: Result) -> str:
    """`refuted in 8 steps at Cpu=2, Page=3`"""
    text = verdict_text(result)
    if result.claim == Claim.ANY_SIZE:
        text += ", any size"
    if result.claim == Claim.BOUNDED:
        text += f" within {result.steps} steps"
    elif result.claim == Claim.TRACE and result.steps is not None:
        text += f" in {result.steps} step{'' if result.steps == 1 else 's'}"
    return text + (f" at {scope_text(result.scope)}" if result.scope else "")


def _model_lines(report: ModelReport, width: int, paint: Paint) -> list[str]:
    """`as declared`, or how much is not."""
    wrong = [result for result in report.results if not result.as_declared]
    lines = []
    if not report.declares:
        lines.append(paint("  checks nothing: the model expects nothing", "bad"))
    elif wrong:
        pairs = sum(len(result.settings) for result in wrong)
        lines.append(
            paint(f"  NOT as declared: {pairs} of {sum(len(r.settings) for r in report.results)} (marked !)", "bad")
        )
    elif as_declared(report):
        lines.append(paint("  as declared", "good"))
    scopes = {(r.scenario, r.scope): None for r in report.results if r.scenario is not None and r.scope is not None}
    lines += [line for name, scope in scopes if scope for line in wrap(
        f"scenario {name} is played at {scope_text(scope)}", width, "  ", "    ")]  # fmt: skip
    return lines + _remarks(report, width, paint)


def _remarks(report: ModelReport, width: int, paint: Paint) -> list[str]:
    lines: list[str] = []
    for title, texts, role in (
        ("internal error", report.bugs, "bad"),
        ("engines disagree", tuple(each.message for each in report.disagreements), "bad"),
        *((remark_title(remark), (f"{remark.message}{_at(report, remark)}",), "bad" if remark.is_vacuous else "weak")
          for remark in report.remarks),
        ("note", report.notes, "weak"),
    ):  # fmt: skip
        for text in texts:
            first, *rest = wrap(f"{title}: {text}", width, "  ", "    ")
            lines += [paint(first, role), *rest]
    return lines + ([paint("  interrupted: the rest was not tried", "bad")] if report.interrupted else [])


def remark_title(remark: Remark) -> str:
    """`vacuous[V702]`, `note[N804]`"""
    return f"{'vacuous' if remark.is_vacuous else 'note'}[{remark.code}]"


def _at(report: ModelReport, remark: Remark) -> str:
    place = place_of(report.system, remark.span)
    return f" ({place.path}:{place.line})" if remark.span is not None else ""


def _details(report: ModelReport, files: Files, style: Style) -> list[str]:
    """What is not as declared, each with its diagram; of what is refuted as declared the shortest run of each property;
    lemmas that were found; with `-v` everything that has a run or something to say."""
    shortest: dict[str, int] = {}
    for number, result in enumerate(report.results):
        if result.verdict == Finding.REFUTED and result.trace is not None:
            best = shortest.setdefault(result.property, number)
            if len(result.trace.steps) < (report.results[best].steps or 0):
                shortest[result.property] = number
    lines: list[str] = []
    for number, result in enumerate(report.results):
        told = style.verbose and (result.trace is not None or bool(result.reason or result.notes or result.details))
        if result.as_declared and not (told or found_lemmas(result)) and number not in shortest.values():
            continue
        expected = "" if result.as_declared else f"; expected: {(result.expected or 'nothing').replace('_', ' ')}"
        lines += wrap(_heading(report, result) + expected, style.width, "", "  ")
        lines += _reasons(report, result, files.get((report.path, number)), style)
        body = _body(report, result, style)
        lines += ["", *body, ""] if body else []
    return [*lines, ""] if lines and lines[-1] else lines


def _heading(report: ModelReport, result: Result) -> str:
    under = settings_text(report, result)
    return f"{_name(result)}: {found_text(result)}" + (f", under {under}" if under else "")


def _reasons(report: ModelReport, result: Result, file: str | None, style: Style) -> list[str]:
    lines = []
    details = result.details if style.verbose else ()
    for text in (result.reason, *result.notes, *details, f"trace: {file}" if file else ""):
        lines += wrap(text, style.width, "  ", "    ") if text else []
    return lines


def _body(report: ModelReport, result: Result, style: Style) -> list[str]:
    if result.trace is not None:
        return trace_text(report.system, result.trace, result.witness, style).rstrip("\n").split("\n")
    found = found_lemmas(result)
    if found:
        return declarations(report.system, found).rstrip("\n").split("\n")
    if result.cti is not None:
        return cti_text(report.system, result.cti, result.cti_witness, style).rstrip("\n").split("\n")
    return []


def _legend(reports: Sequence[ModelReport], width: int) -> list[str]:
    said = legend(reports, width)
    seen = {result.verdict for report in reports for result in report.results}
    said += [text for verdict, text in VERDICTS.items() if verdict in seen]
    return [*said, ""] if said else []


def _name(result: Result) -> str:
    if result.scenario is None:
        return result.property
    return f"scenario {result.scenario}" + (f", {result.property}" if result.property else "")
