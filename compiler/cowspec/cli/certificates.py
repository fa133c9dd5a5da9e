"""Certificates as files: made after a proof."""

from collections.abc import Sequence
from dataclasses import replace

from cowspec.cli.errors import BadInput
from cowspec.cli.files import write
from cowspec.cli.session import progress
from cowspec.cli.workers import Pool
from cowspec.engines.instantiation.certify import Wrong
from cowspec.engines.instantiation.checking import checker_module
from cowspec.evidence.certificates import write as certificate_text
from cowspec.judge.certifying import certified, with_evidence
from cowspec.judge.results import Claim, ModelReport
from cowspec.report.certified import certified_text
from cowspec.report.text import Style
from cowspec.system.ir import System
from cowspec.verdict import Limits


def certifiable(systems: Sequence[System]) -> None:
    """Said before minutes are spent on proofs. Raises `BadInput`, and `ModuleNotFoundError` if there is no checker."""
    if len(systems) != 1:
        raise BadInput("error: a certificate is of one model: give one FILE with --cert")
    checker_module()


def write_certificate(
    reports: Sequence[ModelReport], path: str, limits: Limits, pool: Pool, style: Style
) -> tuple[tuple[ModelReport, ...], str, bool]:
    """The certificate of all any-size proofs of the one report, into the file. Returns the report with the checker
    among the evidence, what is to be said, and if an obligation was rejected."""
    (report,) = reports
    if not any(result.claim == Claim.ANY_SIZE for result in report.results):
        return (report,), f"{path}: not written, as nothing is proved for any size\n", False
    with progress() as watch:
        found = certified(report.system, report.results, limits, pool.runner(watch))
    write(path, certificate_text(found.certificate))
    rejected = any(isinstance(each.outcome, Wrong) for each in found.obliged)
    shown = replace(report, results=with_evidence(found, report.results))
    return (shown,), certified_text(found, path, style), rejected
