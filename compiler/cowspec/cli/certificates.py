"""Certificates as files: made after a proof."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cowspec.cli.errors import INTERRUPTED, BadInput
from cowspec.cli.files import write
from cowspec.cli.progress import progress
from cowspec.cli.workers import Pool
from cowspec.engines.instantiation.certify import Wrong
from cowspec.evidence.certificates import write as certificate_text
from cowspec.judge.confirming.certifying import certified, with_evidence
from cowspec.judge.results import Claim, ModelReport, Status
from cowspec.report.certified import certified_text
from cowspec.report.text import Style
from cowspec.system.ir import System
from cowspec.verdict import Limits


def certifiable(systems: Sequence[System]) -> None:
    """Said before minutes are spent on proofs. Raises `BadInput`."""
    if len(systems) != 1:
        raise BadInput("error: a certificate is of one model: give one FILE with --cert")


def files_in(folder: str, reports: Sequence[ModelReport]) -> list[str]:
    """Where the certificate of each report goes: a file named after the model, or after its path if several models
    have the same name."""
    stems = [Path(report.path).stem for report in reports]
    plain = [
        stem if stems.count(stem) == 1 else _plain(report.path) for stem, report in zip(stems, reports, strict=True)
    ]
    return [str(Path(folder) / f"{name}.cert.json.gz") for name in plain]


def write_certificates(
    reports: Sequence[ModelReport], paths: Sequence[str], limits: Limits, pool: Pool, style: Style
) -> tuple[tuple[ModelReport, ...], str, bool]:
    """The certificates of all any-size proofs of the reports, into the files. Returns the reports with the checker
    among the evidence, what is to be said, and if an obligation was rejected."""
    found = [_write(report, path, limits, pool, style) for report, path in zip(reports, paths, strict=True)]
    said = "".join(text for _, text, _ in found)
    return tuple(report for report, _, _ in found), said, any(rejected for _, _, rejected in found)


def status_with(status: int, rejected: bool) -> int:
    """A rejected obligation is a disagreement, whatever else was found; not if the run was cut short or broken."""
    return Status.DISAGREE if rejected and status not in (INTERRUPTED, Status.INTERNAL) else status


def _write(report: ModelReport, path: str, limits: Limits, pool: Pool, style: Style) -> tuple[ModelReport, str, bool]:
    if report.interrupted or not any(result.claim == Claim.ANY_SIZE for result in report.results):
        why = "interrupted" if report.interrupted else "nothing is proved for any size"
        return report, f"{path}: not written: {why}\n", False
    try:
        with progress() as watch:
            found = certified(report.system, report.results, limits, pool.runner(watch))
    except KeyboardInterrupt:
        return replace(report, interrupted=True), f"{path}: not written: interrupted\n", False
    write(path, certificate_text(found.certificate))
    rejected = any(isinstance(each.outcome, Wrong) for each in found.obliged)
    shown = replace(report, results=with_evidence(found, report.results))
    return shown, certified_text(found, path, style), rejected


def _plain(path: str) -> str:
    return "".join(char if char.isalnum() or char in "_-" else "-" for char in str(Path(path).with_suffix("")))
