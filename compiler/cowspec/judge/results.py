"""What was found: a `Result` for each property and group of switch settings, a `ModelReport` for each model, and the
exit status that follows from them (`design/claims.md`)."""

from collections.abc import Iterable
from dataclasses import dataclass

from cowspec.diagnostics import Diagnostic
from cowspec.engines.known import Known
from cowspec.source import Span
from cowspec.system.ir import Formula, Property, Scope, Setting, System
from cowspec.verdict import Cti, Trace

Witness = tuple[tuple[str, str, int], ...]


class Finding:
    """The words of `Result.verdict`."""

    PROVED = "proved"
    REFUTED = "refuted"
    NO_VIOLATION = "no_violation"
    UNKNOWN = "unknown"
    REACHED = "reached"  # covers
    UNREACHABLE = "unreachable"
    VIOLATED = "violated"  # scenarios
    HOLDS = "holds"
    BLOCKED = "blocked"


PROOFS = frozenset({Finding.PROVED, Finding.UNREACHABLE})
RUNS = frozenset({Finding.REFUTED, Finding.REACHED, Finding.VIOLATED})


class Claim:
    """The words of `Result.claim`: what the verdict speaks of."""

    ANY_SIZE = "any_size"
    SCOPE = "scope"
    BOUNDED = "bounded"
    TRACE = "trace"
    NONE = "none"


class Status:
    """Exit statuses. The first that applies in the order 2, 3, 6, 1, 7, 4, 5."""

    DECLARED = 0
    NOT_DECLARED = 1
    USAGE = 2
    INTERNAL = 3
    UNKNOWN = 4
    NOTHING = 5
    DISAGREE = 6
    VACUOUS = 7


@dataclass(frozen=True, slots=True)
class Proof:
    """What has shown a property for any size under these settings: `when` is the switch formula that they satisfy,
    `known` all that was found inductive; `lemmas`: found for it, and none of the model's."""

    settings: tuple[Setting, ...]
    when: Formula
    known: Known
    lemmas: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One property under settings for which the answer is the same.

    `kind`: of the property ("invariant", "lemma", "cover", "transition"), "scenario", or "implied" (no fault).
    `scenario`: of a scenario's expectation, its name (`property` is then what it expects something of, or "").
    `by`: the scenario whose run the trace is; it need not be a shortest one.
    `expected` None: nothing was declared. `evidence`: what was checked, and by whom. `notes`: what else the reader
    should know; `details`: what only those want to know who ask for more. `proofs`: of any-size proofs, which together
    are about all settings.
    """

    property: str
    kind: str
    settings: tuple[Setting, ...]
    verdict: str
    claim: str
    engine: str
    scope: Scope | None = None
    steps: int | None = None
    expected: str | None = None
    as_declared: bool = False
    evidence: tuple[tuple[str, tuple[str, ...]], ...] = ()
    trace: Trace | None = None
    witness: Witness = ()
    cti: Cti | None = None
    cti_witness: Witness = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    scenario: str | None = None
    by: str | None = None
    proofs: tuple[Proof, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two judges differ: nothing is claimed. `trace`: an engine's run that the reference semantics refuses. Of a proof
    that another solver does not accept there is none; `files` show the matter instead, by name, and `about` is what
    was proved."""

    message: str
    trace: Trace | None
    about: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Crossed:
    """What a second solver says of the obligations of a model's any-size proofs, each asked once; `seconds` for the
    first solver, and for the second. Of properties x settings: proved `twice`, `once` where it does not know of some
    obligation, or `against` its word."""

    judges: tuple[str, str]
    obligations: int
    confirmed: int
    refused: int
    seconds: tuple[float, float]
    twice: int
    once: int
    against: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the model itself, beside the verdicts. `code`: a row of `codes.py`, V7xx or N8xx. `span`: the
    declaration or the part of it that the remark is about. `subject`: the name of what it is about."""

    code: str
    message: str
    span: Span | None = None
    subject: str = ""

    @property
    def is_vacuous(self) -> bool:
        """Then verdicts are worth nothing; else it is a note, and fails nothing."""
        return self.code.startswith("V")


@dataclass(frozen=True, slots=True)
class ModelReport:
    """All results of a model, in the order of its properties. `remarks`: about the model itself, what makes it vacuous
    first; `notes`: said, but no fault; `bugs`: jobs that failed by a mistake in this program; `disagreements`: between
    engines. `declares`: the model expects anything at all. `interrupted`: some results are missing. `crossed`: if a
    second solver was asked about the proofs. `findings`: where the model and its lock differ."""

    path: str
    system: System
    results: tuple[Result, ...]
    declares: bool
    remarks: tuple[Remark, ...] = ()
    notes: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    interrupted: bool = False
    crossed: Crossed | None = None
    findings: tuple[Diagnostic, ...] = ()

    @property
    def vacuous(self) -> tuple[str, ...]:
        """What makes verdicts worthless, in words."""
        return tuple(remark.message for remark in self.remarks if remark.is_vacuous)


def found_lemmas(result: Result) -> tuple[Property, ...]:
    """Those that its proofs need beside the model's own."""
    return tuple(dict.fromkeys(lemma for proof in result.proofs for lemma in proof.lemmas))


def as_declared(report: ModelReport) -> bool:
    """Everything the model declares was found, and nothing is left undeclared, vacuous or broken."""
    return status_of_check([report]) == Status.DECLARED


def status_of_check(reports: Iterable[ModelReport]) -> int:
    """The exit status of `check`. An `unknown` where something was expected counts as 4, a different verdict as 1."""
    reports = list(reports)
    results = [result for report in reports for result in report.results]
    broken = _broken(reports)
    if broken is not None:
        return broken
    if any(report.findings for report in reports):
        return Status.NOT_DECLARED
    if any(not r.as_declared and (r.verdict != Finding.UNKNOWN or r.expected is None) for r in results):
        return Status.NOT_DECLARED
    if any(report.vacuous for report in reports):
        return Status.VACUOUS
    if any(result.verdict == Finding.UNKNOWN for result in results) or any(report.interrupted for report in reports):
        return Status.UNKNOWN
    if not results or not all(report.declares for report in reports):
        return Status.NOTHING
    return Status.DECLARED


def status_of_prove(reports: Iterable[ModelReport]) -> int:
    """The exit status of `prove`: 0 if all is proved, 1 if a run was found, else 4; 5 if there was nothing to do."""
    reports = list(reports)
    verdicts = {result.verdict for report in reports for result in report.results}
    broken = _broken(reports)
    if broken is not None:
        return broken
    if verdicts & RUNS:
        return Status.NOT_DECLARED
    if verdicts - PROOFS or any(report.interrupted for report in reports):
        return Status.UNKNOWN
    return Status.DECLARED if verdicts else Status.NOTHING


def status_of_refute(reports: Iterable[ModelReport]) -> int:
    """The exit status of `refute`: 0 if each property has a run under some of the settings; 1 if some has none as it is
    proved; else 4; 5 if there was nothing to do."""
    reports = list(reports)
    asked = {(report.path, result.property) for report in reports for result in report.results}
    found = {(report.path, r.property) for report in reports for r in report.results if r.verdict in RUNS}
    broken = _broken(reports)
    if broken is not None:
        return broken
    results = [(report.path, result) for report in reports for result in report.results]
    if any(all(r.verdict in PROOFS for path, r in results if (path, r.property) == name) for name in asked - found):
        return Status.NOT_DECLARED
    if found != asked or any(report.interrupted for report in reports):
        return Status.UNKNOWN
    return Status.DECLARED if asked else Status.NOTHING


def _broken(reports: Iterable[ModelReport]) -> int | None:
    """3 after a mistake of this program, 6 after a disagreement of engines."""
    reports = list(reports)
    if any(report.bugs for report in reports):
        return Status.INTERNAL
    return Status.DISAGREE if any(report.disagreements for report in reports) else None


def status_of_run(reports: Iterable[ModelReport]) -> int:
    """The exit status of `run`: 0 if every script was played to an answer, whatever the answer."""
    reports = list(reports)
    verdicts = {result.verdict for report in reports for result in report.results}
    if any(report.bugs for report in reports):
        return Status.INTERNAL
    if Finding.UNKNOWN in verdicts or any(report.interrupted for report in reports):
        return Status.UNKNOWN
    return Status.DECLARED if verdicts else Status.NOTHING
