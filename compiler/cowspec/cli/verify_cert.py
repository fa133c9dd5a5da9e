"""`cowspec verify-cert`: checks a stored proof again, without a prover."""

import sys

import click

from cowspec.cli.checker import require_checker
from cowspec.cli.errors import BadInput
from cowspec.cli.files import MAX_CERTIFICATE_BYTES, loader, read
from cowspec.cli.load import load_system
from cowspec.cli.options import styling, working
from cowspec.cli.progress import progress
from cowspec.cli.workers import Pool
from cowspec.encode.relational.translate import CountTooLarge
from cowspec.evidence.certificate_reading import CertificateError
from cowspec.evidence.certificate_reading import read as read_certificate
from cowspec.judge.confirming.verifying import status_of_verify, verify
from cowspec.report.text import Style
from cowspec.report.verified import verified_text
from cowspec.verdict import Limits


@click.command("verify-cert")
@click.argument("path", metavar="CERT")
@click.argument("model", required=False, metavar="[MODEL]")
@working
@styling
def command(
    path: str, model: str | None, timeout: float, seed: int, jobs: Pool, verbose: bool, width: int, color: bool
) -> int:
    """Check the proofs that `cowspec prove --cert` wrote: each refutation by a verified checker; with MODEL also that
    the obligations are those of the model, and all that the proofs need. No prover is used. Exit status 6 if anything
    is rejected, 4 if something was never refuted by instances."""
    require_checker()
    try:
        certificate = read_certificate(read(path, MAX_CERTIFICATE_BYTES))
        system = None if model is None else load_system(model, loader())
        with progress() as watch:
            found = verify(certificate, system, Limits(timeout=timeout, seed=seed), jobs.runner(watch))
    except CertificateError as error:
        raise BadInput(f"{path}: {error}") from None
    except CountTooLarge as error:
        raise BadInput(f"{model}: {error}") from None
    sys.stdout.write(verified_text(found, path, system, Style(width, verbose)))
    return status_of_verify(found)
