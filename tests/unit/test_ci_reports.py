"""What CI systems read: JUnit XML and SARIF, made of reports of whole models and of reports made up."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cowspec.cli.main import run
from cowspec.codes import CODES
from cowspec.judge.check import check
from cowspec.judge.jobs import run_here
from cowspec.judge.results import Claim, Disagreement, Finding, ModelReport, Remark, Result
from cowspec.judge.selection import Selection
from cowspec.report.claims import claims, code_of, sentence
from cowspec.report.junit import junit_xml
from cowspec.report.sarif import sarif_json
from cowspec.source import Span
from cowspec.verdict import Limits, Trace
from report_examples import SMALL, system_of

WRONG = (
    SMALL.replace("  no_stale: refuted when policy == lazy and not flush_late\n", "")
    .replace("no_stale: proved when policy == eager or flush_late", "no_stale: // all\n    proved when not flush_late")
    .replace("violated when policy", "holds when policy")
)  # fmt: skip
LIMITS = Limits(max_steps=6, timeout=20.0)


@pytest.fixture(scope="module")
def report() -> ModelReport:
    (found,) = check([system_of(WRONG)], Selection(), LIMITS, run_here)
    return found


def line_of(text: str) -> int:
    return WRONG[: WRONG.index(text)].count("\n") + 1


def codes(report: ModelReport, text: str) -> list[str | None]:
    (claim,) = [claim for claim in claims(report) if claim.text == text]
    return [code_of(result) for result in claim.results]


def test_every_line_and_property_is_a_claim(report: ModelReport) -> None:
    assert [claim.text for claim in claims(report)] == [
        "no_stale: proved when not flush_late",
        "busy: reached",
        "scenario stale: no_stale holds when policy == lazy and no fix",
        "scenario stale: no_stale holds when policy == eager",
        "no_stale: has an expectation",
        "no_fault: proved",
    ]
    assert sorted(map(str, codes(report, "no_stale: proved when not flush_late"))) == ["None", "R901"]
    assert codes(report, "scenario stale: no_stale holds when policy == lazy and no fix") == ["R901"]
    assert codes(report, "no_stale: has an expectation") == ["R903"]
    assert codes(report, "no_fault: proved") == [None]


def test_claims_have_all_results_once(report: ModelReport) -> None:
    told = [(r.scenario, r.property, s) for claim in claims(report) for r in claim.results for s in r.settings]
    assert len(told) == len(set(told))
    assert set(told) == {(r.scenario, r.property, s) for r in report.results for s in r.settings}


def test_a_sentence_says_what_was_expected(report: ModelReport) -> None:
    (wrong,) = [r for r in report.results if r.property == "no_stale" and code_of(r) == "R901" and r.scenario is None]
    assert sentence(report, wrong) == (
        "no_stale: refuted in 3 steps at Cpu=1, Mm=1, Page=1, under policy=lazy, no fix; expected: proved"
    )


# ---- JUnit ---------------------------------------------------------------------------------------------------------


def test_junit_has_a_case_for_each_claim(report: ModelReport) -> None:
    root = ElementTree.fromstring(junit_xml([report]))
    (suite,) = root
    assert root.tag == "testsuites" and suite.tag == "testsuite" and suite.get("name") == "models/small.cow"
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert len(cases) == 6 and suite.get("tests") == root.get("tests") == "6"
    assert suite.get("failures") == root.get("failures") == "3" and suite.get("errors") == "0"
    case = cases["no_stale: proved when not flush_late"]
    assert case.get("line") == str(line_of("no_stale: // all")) and case.get("file") == "models/small.cow"
    (failure,) = case
    assert failure.tag == "failure" and failure.get("type") == "R901"
    assert "violated: no_stale" in (failure.text or "") and "expected: proved" in (failure.get("message") or "")
    assert list(cases["busy: reached"]) == [] and "time" not in case.attrib


def test_junit_has_times_only_if_asked_for(report: ModelReport) -> None:
    root = ElementTree.fromstring(junit_xml([report], timings=True))
    assert all(float(case.attrib["time"]) >= 0 for case in root.iter("testcase"))
    assert junit_xml([report]) == junit_xml([replace(report, results=tuple(later(report)))])


def later(report: ModelReport) -> Iterator[Result]:
    return (replace(result, seconds=result.seconds + 1) for result in report.results)


UNKNOWN = Result(
    "no_stale", "invariant", (), Finding.UNKNOWN, Claim.NONE, "induction", expected="proved", reason="\x1b!"
)
SYSTEM = system_of(SMALL)
BROKEN = ModelReport(
    "models/small.cow",
    SYSTEM,
    (replace(UNKNOWN, settings=((("policy", "eager"), ("flush_late", "off")),)),),
    True,
    remarks=(
        Remark("V701", "there is no start state"),
        Remark("N801", "no step reads <f>", Span("x y.cow", 0, 1), "f"),
    ),
    notes=("a & b",),
    bugs=("KeyError",),
    disagreements=(Disagreement("no run", Trace("m", "p", (), (), (), ())),),
    interrupted=True,
)


def test_junit_tells_errors_from_failures() -> None:
    (suite,) = ElementTree.fromstring(junit_xml([BROKEN]))
    found = [(case.get("name"), part.tag, part.get("type")) for case in suite.iter("testcase") for part in case]
    assert found == [
        ("no_stale: proved when policy == eager or flush_late", "error", "R902"),
        ("vacuous[V701]: the model", "failure", "V701"),
        ("disagreement 1", "error", "R904"),
        ("internal error 1", "error", "R905"),
        ("all of it", "error", "R902"),
    ]
    (said,) = suite.iter("system-out")
    assert said.text == "note[N801]: no step reads <f>\nnote: a & b"
    assert "\\x1b!" in "".join(suite.itertext())


def test_a_model_that_expects_nothing_fails() -> None:
    (suite,) = ElementTree.fromstring(junit_xml([ModelReport("m.cow", SYSTEM, (), False)]))
    assert suite.get("failures") == "1" and "expects nothing" in "".join(suite.itertext())


# ---- SARIF ---------------------------------------------------------------------------------------------------------

# From the schema of the standard (sarif-schema-2.1.0.json): of the objects that we write, what each must have, and what
# we use of what it may have.
SCHEMA = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"columnKind", "invocations", "results"}),
    "tool": ({"driver"}, set()),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"shortDescription", "fullDescription", "help", "defaultConfiguration"}),
    "configuration": (set(), {"level"}),
    "invocation": ({"executionSuccessful"}, set()),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations"}),
    "text": ({"text"}, set()),
    "location": (set(), {"physicalLocation"}),
    "physical": ({"artifactLocation"}, {"region"}),
    "artifact": (set(), {"uri"}),
    "region": (set(), {"startLine", "startColumn", "endLine", "endColumn"}),
}
PARTS = {
    "runs": "run", "tool": "tool", "driver": "driver", "rules": "rule", "invocations": "invocation",
    "results": "result",
    "message": "text", "shortDescription": "text", "fullDescription": "text", "help": "text", "locations": "location",
    "physicalLocation": "physical", "artifactLocation": "artifact", "region": "region",
    "defaultConfiguration": "configuration",
}  # fmt: skip


def conforms(record: dict[str, Any], kind: str = "log") -> bool:
    required, allowed = SCHEMA[kind]
    assert required <= set(record) <= required | allowed, (kind, record)
    for key, value in record.items():
        if key in PARTS:
            assert all(conforms(each, PARTS[key]) for each in (value if isinstance(value, list) else [value]))
    return True


@pytest.fixture(scope="module")
def sarif(report: ModelReport) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(sarif_json([report, BROKEN]))
    return record


def test_sarif_has_what_the_schema_requires(sarif: dict[str, Any]) -> None:
    assert conforms(sarif) and sarif["version"] == "2.1.0"
    (run_,) = sarif["runs"]
    rules = run_["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) and {rule["id"] for rule in rules} <= set(CODES)
    for result in run_["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == ("note" if result["ruleId"][0] == "N" else "error")
        (place,) = (location["physicalLocation"] for location in result["locations"])
        region = place["region"]
        assert 1 <= region["startLine"] <= region["endLine"] and min(region["startColumn"], region["endColumn"]) >= 1
    assert run_["invocations"] == [{"executionSuccessful": False}]


def test_sarif_says_what_is_not_as_declared_and_where(sarif: dict[str, Any]) -> None:
    found = [
        (result["ruleId"], location["artifactLocation"]["uri"], location["region"]["startLine"])
        for result in sarif["runs"][0]["results"]
        for location in [result["locations"][0]["physicalLocation"]]
    ]
    here = "models/small.cow"
    assert found[:3] == [
        ("R901", here, line_of("no_stale: // all")),
        ("R901", here, line_of("expect no_stale holds when policy == lazy")),
        ("R903", here, line_of("invariant no_stale")),
    ]
    own = [(code, uri) for code, uri, _ in found[3:]]
    assert own == [
        ("R902", here),
        ("V701", here),
        ("N801", "x%20y.cow"),
        ("R904", here),
        ("R905", here),
        ("R902", here),
    ]


def test_what_is_as_declared_is_no_result() -> None:
    (report,) = check([SYSTEM], Selection(), LIMITS, run_here)
    (run_,) = json.loads(sarif_json([report]))["runs"]
    assert run_["results"] == [] and run_["invocations"] == [{"executionSuccessful": True}]


def test_check_writes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.cow").write_text(SMALL)
    only = ("-i", "busy", "--jobs", "1", "--max-steps", "6")
    assert run(["check", "small.cow", *only, "--junit", "ci/junit.xml", "--sarif", "ci/out.sarif", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == 0
    (suite,) = ElementTree.parse(tmp_path / "ci" / "junit.xml").getroot()
    assert [case.get("name") for case in suite] == ["busy: reached"]
    assert conforms(json.loads((tmp_path / "ci" / "out.sarif").read_text()))
    (tmp_path / "folder").mkdir()
    assert run(["check", "small.cow", *only, "--junit", "folder"]) == 2
    said = capsys.readouterr()
    assert "folder: cannot be written" in said.err and "as declared" in said.out  # what was found is not lost
