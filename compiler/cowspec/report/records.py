"""The JSON report: one object, the data that every other report is made of (schema in `design/claims.md`).

Where a trace is saved is decided here too, because its name stands in the report: `trace_files` says what is to be
written where, `file_of` which file a result names.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from cowspec.evidence.names import options
from cowspec.evidence.traces import write
from cowspec.judge.cubes import cubes
from cowspec.judge.results import Disagreement, ModelReport, Remark, Result, as_declared, found_lemmas
from cowspec.report.crossed import cross_record
from cowspec.report.formulas import lemma
from cowspec.report.places import place_of
from cowspec.system.ir import Setting, System
from cowspec.system.show import show

SCHEMA_VERSION = 1
Files = dict[tuple[str, int], str]
"""The file of each trace: by model and number of the result."""


def trace_files(reports: Sequence[ModelReport], out_dir: str) -> tuple[Files, dict[str, str]]:
    """Names for the traces of the reports, and the texts to write under them."""
    files: Files = {}
    texts: dict[str, str] = {}
    for report in reports:
        for number, result in enumerate(report.results):
            if result.trace is None:
                continue
            text = write(report.system, result.trace)
            stem = _stem(report, result)
            name, again = f"{out_dir}/{stem}.json", 2
            while texts.get(name, text) != text:
                name, again = f"{out_dir}/{stem}-{again}.json", again + 1
            files[report.path, number] = name
            texts[name] = text
    return files, texts


def disagreement_files(reports: Sequence[ModelReport], out_dir: str) -> dict[str, str]:
    """For each disagreement of engines a folder with all that is needed to reproduce it: the run that one of them
    found, or the question that two answer differently, what is said of it, and the transition system."""
    texts: dict[str, str] = {}
    for report in reports:
        for number, found in enumerate(report.disagreements, 1):
            texts |= disagreement_texts(report.path, report.system, found, number, out_dir)
    return texts


def disagreement_texts(path: str, system: System, found: Disagreement, number: int, out_dir: str) -> dict[str, str]:
    """The files of one disagreement, the `number`th of its model."""
    about = found.about if found.trace is None else found.trace.property
    folder = f"{out_dir}/disagreement-{_plain(path)}-{_plain(about)}-{number}"
    trace = {} if found.trace is None else {"trace.json": write(system, replace(found.trace, model=path))}
    texts = {**dict(found.files), **trace, "message.txt": f"{path}: {found.message}\n", "system.txt": show(system)}
    return {f"{folder}/{name}": text for name, text in texts.items()}


def render(
    reports: Sequence[ModelReport], files: Files, tools: Mapping[str, str], status: int, *, timings: bool = False
) -> str:
    """The report as JSON text: one result for each property and cube of settings."""
    results = [
        record
        for report in reports
        for number, result in enumerate(report.results)
        for record in _records(report, result, files.get((report.path, number)), timings)
    ]
    models = [
        {
            "model": report.path,
            "as_declared": as_declared(report),
            "vacuous": list(report.vacuous),
            "notes": list(report.notes),
            "remarks": [_remark(report, remark) for remark in report.remarks],
            "disagreements": [each.message for each in report.disagreements],
            "interrupted": report.interrupted,
            **({"lock": [f"{each.code}: {each.message}" for each in report.findings]} if report.findings else {}),
        }
        | ({} if report.crossed is None else {"cross": cross_record(report.crossed, timings=timings)})
        for report in reports
    ]
    record = {
        "schema_version": SCHEMA_VERSION,
        "tool": dict(tools),
        "results": results,
        "models": models,
        "status": status,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _remark(report: ModelReport, remark: Remark) -> dict[str, object]:
    place = place_of(report.system, remark.span)
    return {
        "code": remark.code,
        "severity": "vacuous" if remark.is_vacuous else "note",
        "subject": remark.subject or None,
        "message": remark.message,
        "path": place.path,
        "line": place.line,
        "column": place.column,
    }


def _records(report: ModelReport, result: Result, file: str | None, timings: bool) -> list[dict[str, object]]:
    records = []
    for cube in cubes(report.system.switches, result.settings):
        record: dict[str, object] = {"model": report.path, "property": result.property, "kind": result.kind}
        if result.scenario is not None:
            record["scenario"] = result.scenario
        if result.by is not None:
            record["by"] = result.by
        record |= {
            "switches": options(cube, report.system),
            "verdict": result.verdict,
            "claim": result.claim,
            "scope": dict(result.scope) if result.scope is not None else None,
            "steps": result.steps,
            "expected": result.expected,
            "as_declared": result.as_declared,
            "engine": result.engine,
        }
        if result.reason:
            record["reason"] = result.reason
        if result.notes:
            record["notes"] = list(result.notes)
        found = found_lemmas(result)
        if found:
            record["lemmas"] = [lemma(report.system, each) for each in found]
        if file is not None:
            record["trace"] = file
        record["evidence"] = {what: list(who) for what, who in result.evidence}
        if timings:
            record["seconds"] = round(result.seconds, 3)
        records.append(record)
    return records


def _stem(report: ModelReport, result: Result) -> str:
    setting: Setting = result.trace.setting if result.trace is not None else ()
    return stem(report.path, (result.scenario or "", result.property), report.system, setting)


def stem(path: str, words: Sequence[str], system: System, setting: Setting) -> str:
    """`uffd_wp-cow_invisible-page_count-flush_in_ptl`: model, what the trace shows, its switches."""
    model = path.replace("\\", "/").rpartition("/")[2].removesuffix(".cow")
    name = "-".join(_plain(part) for part in (model, *words, *_said(system, setting)) if part)
    return name if len(name) <= 120 else name[:100] + "-" + sha256(name.encode()).hexdigest()[:12]


def _plain(text: str) -> str:
    """Fit for the name of a file."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "_.") else "_" for char in text)


def _said(system: System, setting: Setting) -> list[str]:
    fixes = {switch.name for switch in system.switches if switch.is_fix}
    return [name if name in fixes else option for name, option in setting if name not in fixes or option == "on"]
