"""What `check` has to complain of as SARIF 2.1.0, which code hosts show beside the lines: claims that are not as
declared, what makes a model vacuous, notes, disagreements. The rules are rows of `codes.py`.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from cowspec import __version__
from cowspec.codes import CODES
from cowspec.judge.results import ModelReport
from cowspec.report.claims import OPEN, UNDECLARED, claims, code_of, sentence
from cowspec.report.junit import DISAGREE, INTERNAL
from cowspec.report.places import Place, place_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    message: str
    place: Place


def sarif_json(reports: Sequence[ModelReport], *, timings: bool = False) -> str:
    """The whole file. There are no times in it."""
    found = [each for report in reports for each in _of_model(report)]
    codes = sorted({each.code for each in found})
    run = {
        "tool": {"driver": {"name": "cowspec", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not any(report.bugs for report in reports)}],
        "results": [_result(each, codes.index(each.code)) for each in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def level(code: str) -> str:
    """SARIF's word for how bad it is: notes fail nothing."""
    return "note" if code.startswith("N") else "error"


def _of_model(report: ModelReport) -> Iterator[_Found]:
    whole = place_of(report.system, None)
    for claim in claims(report):
        place = place_of(report.system, claim.span)
        for result in claim.results:
            code = code_of(result)
            if code is not None:
                reason = f" ({result.reason})" if result.reason else ""
                yield _Found(code, sentence(report, result) + reason, place)
    if not report.declares:
        yield _Found(UNDECLARED, "the model expects nothing", whole)
    for remark in report.remarks:
        yield _Found(remark.code, remark.message, place_of(report.system, remark.span))
    for disagreement in report.disagreements:
        yield _Found(DISAGREE, disagreement.message, whole)
    for bug in report.bugs:
        yield _Found(INTERNAL, bug, whole)
    if report.interrupted:
        yield _Found(OPEN, "interrupted: the rest was not tried", whole)


def _rule(code: str) -> dict[str, object]:
    row = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.explanation},
        "help": {"text": f"{row.explanation}\n\nFor example: {row.example}"},
        "defaultConfiguration": {"level": level(code)},
    }


def _result(found: _Found, rule: int) -> dict[str, object]:
    place = found.place
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    location = {"artifactLocation": {"uri": _uri(place.path)}, "region": region}
    return {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": level(found.code),
        "message": {"text": found.message},
        "locations": [{"physicalLocation": location}],
    }


def _uri(path: str) -> str:
    """A path as SARIF wants it: relative paths stay relative to where the tool ran."""
    posix = PurePosixPath(path.replace("\\", "/"))
    return posix.as_uri() if posix.is_absolute() else quote(str(posix))
