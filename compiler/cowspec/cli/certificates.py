"""Certificates as the text of files: made after a proof; `session.show` writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cowspec.cli.errors import INTERRUPTED, BadInput
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


@dataclass(frozen=True, slots=True)
class Certificates:
    """`reports`: with the checker among the evidence. `files`: the certificates, by path. `said`: what is to be said of
    them. `rejected`: some obligation was."""

    reports: tuple[ModelReport, ...]
    files: Mapping[str, str]
    said: str
    rejected: bool


def certificates(
    reports: Sequence[ModelReport], paths: Sequence[str], limits: Limits, pool: Pool, style: Style
) -> Certificates:
    """The certificates of all any-size proofs of the reports, each for the file at the same place of `paths`."""
    found = [_certified(report, path, limits, pool, style) for report, path in zip(reports, paths, strict=True)]
    return Certificates(
        tuple(report for each in found for report in each.reports),
        {path: text for each in found for path, text in each.files.items()},
        "".join(each.said for each in found),
        any(each.rejected for each in found),
    )


def status_with(status: int, rejected: bool) -> int:
    """A rejected obligation is a disagreement, whatever else was found; not if the run was cut short or broken."""
    return Status.DISAGREE if rejected and status not in (INTERRUPTED, Status.INTERNAL) else status


def _certified(report: ModelReport, path: str, limits: Limits, pool: Pool, style: Style) -> Certificates:
    if report.interrupted or not any(result.claim == Claim.ANY_SIZE for result in report.results):
        why = "interrupted" if report.interrupted else "nothing is proved for any size"
        return Certificates((report,), {}, f"{path}: not written: {why}\n", False)
    try:
        with progress() as watch:
            found = certified(report.system, report.results, limits, pool.runner(watch))
    except KeyboardInterrupt:
        return Certificates((replace(report, interrupted=True),), {}, f"{path}: not written: interrupted\n", False)
    text = certificate_text(found.certificate)
    rejected = any(isinstance(each.outcome, Wrong) for each in found.obliged)
    shown = replace(report, results=with_evidence(found, report.results))
    return Certificates((shown,), {path: text}, certified_text(found, path, style), rejected)


def _plain(path: str) -> str:
    return "".join(char if char.isalnum() or char in "_-" else "-" for char in str(Path(path).with_suffix("")))
