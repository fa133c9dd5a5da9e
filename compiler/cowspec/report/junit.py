"""The results of `check` as JUnit XML, which CI systems show as tests: one test suite for each model, one test case for
each claim (`claims.py`) and for each thing that makes the model vacuous. Notes are the suite's output.

There is no standard; this keeps to what all readers know: `testsuites`, `testsuite`, `testcase`, `failure`, `error`,
`system-out`, with the attributes of the schema that Jenkins publishes. Times only if asked for, so that the same run
gives the same file.
"""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from cowspec.diagnostics import printable
from cowspec.judge.results import ModelReport, Result
from cowspec.report.claims import OPEN, UNDECLARED, Claimed, claims, code_of, sentence
from cowspec.report.places import place_of
from cowspec.report.summary import remark_title
from cowspec.report.text import Style, cti_text, trace_text
from cowspec.source import Span

DISAGREE, INTERNAL = "R904", "R905"
ERRORS = frozenset({OPEN, DISAGREE, INTERNAL})
"""What says that there is no answer: an `error`, no `failure`."""


def junit_xml(reports: Sequence[ModelReport], *, timings: bool = False) -> str:
    """The whole file."""
    root = ElementTree.Element("testsuites", name="cowspec")
    for report in reports:
        root.append(_suite(report, timings))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(report: ModelReport, timings: bool) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=printable(report.path))
    for claim in claims(report):
        _claim_case(suite, report, claim, timings)
    if not report.declares:
        _broken_case(suite, report, "expectations", UNDECLARED, "the model expects nothing")
    for remark in report.remarks:
        if remark.is_vacuous:
            name = f"{remark_title(remark)}: {remark.subject or 'the model'}"
            _wrong(_case(suite, report, name, remark.span), remark.code, remark.message, remark.message)
    for number, disagreement in enumerate(report.disagreements, 1):
        _broken_case(suite, report, f"disagreement {number}", DISAGREE, disagreement.message)
    for number, bug in enumerate(report.bugs, 1):
        _broken_case(suite, report, f"internal error {number}", INTERNAL, bug)
    if report.interrupted:
        _broken_case(suite, report, "all of it", OPEN, "interrupted: the rest was not tried")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(1 for _ in suite.iter("failure"))))
    suite.set("errors", str(sum(1 for _ in suite.iter("error"))))
    said = [f"{remark_title(remark)}: {remark.message}" for remark in report.remarks if not remark.is_vacuous]
    said += [f"note: {text}" for text in report.notes]
    if said:
        ElementTree.SubElement(suite, "system-out").text = _printable("\n".join(said))
    return suite


def _claim_case(suite: ElementTree.Element, report: ModelReport, claim: Claimed, timings: bool) -> None:
    case = _case(suite, report, claim.text, claim.span)
    if timings:
        case.set("time", f"{max(result.seconds for result in claim.results):.3f}")
    for result in claim.results:
        code = code_of(result)
        if code is not None:
            said = sentence(report, result)
            _wrong(case, code, said, "\n".join([said, *_explanation(report, result)]))


def _broken_case(suite: ElementTree.Element, report: ModelReport, name: str, code: str, message: str) -> None:
    _wrong(_case(suite, report, name, None), code, message, message)


def _case(suite: ElementTree.Element, report: ModelReport, name: str, span: Span | None) -> ElementTree.Element:
    place = place_of(report.system, span)
    case = ElementTree.SubElement(suite, "testcase", classname=printable(report.path), name=printable(name))
    case.set("file", printable(place.path))
    case.set("line", str(place.line))
    return case


def _wrong(case: ElementTree.Element, code: str, message: str, text: str) -> None:
    """A case has one `failure` or `error`, which says everything that is wrong with it."""
    known = next(iter(case), None)
    if known is not None:
        known.text = f"{known.text}\n\n{_printable(text)}"
        return
    tag = "error" if code in ERRORS else "failure"
    ElementTree.SubElement(case, tag, type=code, message=printable(message)).text = _printable(text)


def _explanation(report: ModelReport, result: Result) -> Iterable[str]:
    """The reason, and the run or the counterexample to induction as `check` prints it."""
    yield from (text for text in (result.reason, *result.notes) if text)
    if result.trace is not None:
        yield "\n" + trace_text(report.system, result.trace, result.witness, Style())
    elif result.cti is not None:
        yield "\n" + cti_text(report.system, result.cti, result.cti_witness, Style())


def _printable(text: str) -> str:
    """Without characters that XML cannot hold; lines stay."""
    return "\n".join(map(printable, text.split("\n")))
