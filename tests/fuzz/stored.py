"""Evidence that was stored, as hostile input: the proof lock and certificates.

The readers go as far as the commands do: what a damaged file says of a model is judged, too. Whatever it says, what is
false of that model is not shown.
"""

import json
from collections.abc import Sequence
from functools import cache, partial
from itertools import combinations

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.errors import BadInput
from cowspec.cli.files import decoded
from cowspec.engines.induction.prove import prove
from cowspec.evidence.certificate_reading import CertificateError
from cowspec.evidence.certificate_reading import read as read_certificate
from cowspec.evidence.certificates import write as written
from cowspec.evidence.lock import Lock, LockError, read_lock, write_lock
from cowspec.judge import check as judge
from cowspec.judge.confirming.certifying import certified
from cowspec.judge.confirming.verifying import verify
from cowspec.judge.hints import hints_for
from cowspec.judge.jobs import AnyJob, run_here
from cowspec.judge.lock.making import locked_model
from cowspec.judge.results import Claim, ModelReport, found_lemmas
from cowspec.judge.selection import Selection
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.ir import System
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Proved
from mutator import json_mutant
from targets import Target

NAME = "stored.cow"
LIMITS = Limits(max_steps=4, timeout=1.0)
TRUE = ("filled", "covered")
FALSE = ("never_mapped", "never_filled")
STORED = """
module stored
sort Cpu, Page
fix early "drops first"
var mapped[Page]: bool
var cached[Cpu, Page]: bool
action map(p: Page) { mapped[p] := true }
action fill(c: Cpu, p: Page) { require mapped[p]  cached[c, p] := true }
proc unmap(p: Page) {
  step drop { require mapped[p]  if early { forall c: Cpu { cached[c, p] := false } mapped[p] := false } }
  step done { if not early { mapped[p] := false  forall c: Cpu { cached[c, p] := false } } }
}
lemma filled "": forall c: Cpu, p: Page: cached[c, p] -> mapped[p]
invariant covered "": forall c: Cpu, p: Page: cached[c, p] -> mapped[p]
cover never "": exists c: Cpu, p: Page: cached[c, p] and not mapped[p]
invariant never_mapped "": forall p: Page: not mapped[p]
invariant never_filled "": forall c: Cpu, p: Page: not cached[c, p]
expect { covered: proved  never: unreachable  never_mapped, never_filled: refuted }
"""
FOUND = """
module stored
sort Page
var asked[Page]: bool
var ready[Page]: bool
var freed[Page]: bool
action ask(p: Page) { asked[p] := true }
action prepare(p: Page) { require asked[p]  ready[p] := true }
action free(p: Page) { require ready[p]  freed[p] := true }
invariant was_asked "needs a lemma": forall p: Page: freed[p] -> asked[p]
invariant was_ready "": forall p: Page: freed[p] -> ready[p]
invariant never_mapped "": forall p: Page: not ready[p]
invariant never_filled "": forall p: Page: not freed[p]
expect { was_asked, was_ready: proved  never_mapped, never_filled: refuted }
"""


@cache
def system(text: str = STORED) -> System:
    return build(check(load(NAME, text, lambda name, user: None)))


@cache
def report(text: str = STORED) -> ModelReport:
    """Of a model that lacks a lemma: with one that was found."""
    (found,) = judge.check([system(text)], Selection(), LIMITS, run_here, inference=60.0)
    assert all(result.as_declared for result in found.results)
    return found


def run_openly(jobs: Sequence[AnyJob]) -> None:
    """As `run_here`, but an exception in a job is none that anybody catches."""
    for job in jobs:
        run_openly(job.then(job.work()))


# ---- the lock ------------------------------------------------------------------------------------------------------


@cache
def locks() -> tuple[bytes, ...]:
    """With all entries, and with one each."""
    whole = json.loads(write_lock(Lock({NAME: locked_model(report(), LIMITS, {"z3": "5"})})))
    entries = whole["models"][NAME]["entries"]
    parts = []
    for entry in entries:
        whole["models"][NAME]["entries"] = [entry]
        parts.append(json.dumps(whole).encode())
    whole["models"][NAME]["entries"] = entries
    return (json.dumps(whole).encode(), *parts, write_lock(Lock()).encode())


def read_as_lock(data: bytes) -> object:
    """As `check --locked` reads the lock beside a model, and as `prove` takes hints from it."""
    lock = read_lock(decoded("cowspec.lock", data))
    known = lock.models.get(NAME)
    hints = hints_for(known.proofs if known is not None else (), all_settings(system()))
    proof = prove(system(), (*TRUE, *FALSE), ir.TRUE, LIMITS, hints=hints)
    assert [isinstance(verdict, Proved) for _, verdict in proof.verdicts] == [True, True, False, False]
    (found,) = judge.check_locked({NAME: known}, [system()], Selection(), LIMITS, run_openly)
    assert all(each.message for each in found.findings)
    shown = {result.property for result in found.results if result.claim == Claim.ANY_SIZE}
    assert shown.isdisjoint(FALSE), "a lock makes something false true"
    return write_lock(lock)


# ---- certificates --------------------------------------------------------------------------------------------------


@cache
def certificates(text: str = STORED) -> tuple[bytes, ...]:
    """Of each property that is proved, of each two of them, and of all."""
    results = [result for result in report(text).results if result.proofs]
    groups = [group for size in range(1, len(results) + 1) for group in combinations(results, size)]
    return tuple(written(certified(system(text), group, LIMITS, run_here).certificate).encode() for group in groups)


@cache
def found_certificates() -> tuple[bytes, ...]:
    """With a lemma that was found."""
    assert any(map(found_lemmas, report(FOUND).results))
    return certificates(FOUND)


def read_as_certificate(data: bytes, text: str = STORED) -> object:
    """As `verify-cert` reads a certificate and the model that it is about."""
    certificate = read_certificate(decoded("cert.json", data))
    found = verify(certificate, system(text), LIMITS, run_openly)
    shown = {claim.goal for claim in found.claims or () if not claim.rejected and not claim.unchecked}
    assert shown.isdisjoint(FALSE), "a certificate makes something false true"
    return found


STORED_TARGETS = (
    Target("lock", locks, read_as_lock, (BadInput, LockError), json_mutant),
    Target("certificate", certificates, read_as_certificate, (BadInput, CertificateError), json_mutant),
    Target(
        "certificate of a found proof",
        found_certificates,
        partial(read_as_certificate, text=FOUND),
        (BadInput, CertificateError),
        json_mutant,
    ),
)
