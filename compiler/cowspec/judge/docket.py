"""The open book of one model under judgement: what was asked, and the results that come in, in any order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cowspec.diagnostics import Diagnostic
from cowspec.engines.known import Known
from cowspec.evidence.fingerprint import fingerprint, substance
from cowspec.evidence.lock import StoredProof
from cowspec.judge.jobs import Died
from cowspec.judge.plan import Question, declares
from cowspec.judge.proving import Attempts
from cowspec.judge.refuting import Searched
from cowspec.judge.relations import Relations
from cowspec.judge.results import Claim, Crossed, Disagreement, Finding, ModelReport, Remark, Result, found_lemmas
from cowspec.judge.selection import Selection
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Formula, Property, Setting, System
from cowspec.verdict import Induction, Limits, NoViolation, Proved, Refuted, Unknown


@dataclass(frozen=True, slots=True)
class Shown:
    """What one proof has shown under `when`, and for each property the conjuncts that this rests on. `lemmas`: found
    for this proof."""

    rests_on: Mapping[str, frozenset[str]]
    when: Formula
    known: Known
    lemmas: tuple[Property, ...] = ()


@dataclass(slots=True)
class Docket:
    """`settings` are the selected ones, in order. Filled by the continuations of jobs; `close` makes the report.
    `shown`: the proofs that went through; `kept`, `dropped`: lemmas that some proof used, that some could not use.
    `inference`: for how many seconds of processor time lemmas are searched where a proof does not go through; None: not
    at all. `hints`: proofs that a lock keeps. `findings`: of a comparison with a lock. `fingerprint`, `relations`: of
    the system."""

    system: System
    settings: tuple[Setting, ...]
    selection: Selection
    limits: Limits
    inference: float | None = None
    hints: Sequence[StoredProof] = ()
    results: list[Result] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)
    crossed: Crossed | None = None
    findings: list[Diagnostic] = field(default_factory=list)
    fingerprint: str = ""
    relations: Relations = field(init=False)

    def __post_init__(self) -> None:
        self.fingerprint = fingerprint(substance(self.system))
        self.relations = Relations(self.system)

    def key(self, *question: object) -> str:
        """Stands for a question about the model, and for the model."""
        return fingerprint(self.fingerprint, question)

    def lost(self, question: Question, settings: Sequence[Setting], died: Died, engine: str) -> None:
        """Nothing came of a job: the question stays open under these settings."""
        if died.bug:
            self.bugs.append(f"{question.property}: {died.reason}")
        self.unknown(question, settings, died.reason, engine)

    def unknown(self, question: Question, settings: Sequence[Setting], reason: str, engine: str) -> None:
        if settings:
            self.results.append(
                Result(
                    question.property,
                    question.kind,
                    tuple(settings),
                    Finding.UNKNOWN,
                    Claim.NONE,
                    engine,
                    expected=question.expected.value,
                    reason=reason,
                )
            )

    def proof_ended(self, answer: Attempts, when: Formula, lemmas: tuple[Property, ...] = ()) -> None:
        """Remembers what was proved, what was of use and what was not."""
        rests_on = {
            each.property: frozenset(each.verdict.evidence.conjuncts)
            for each in answer.found
            if isinstance(each.verdict, Proved) and isinstance(each.verdict.evidence, Induction)
        }
        if rests_on:
            self.shown.append(Shown(rests_on, when, answer.known, lemmas))
        self.kept.update(answer.kept)
        for name, text in answer.dropped:
            self.dropped.setdefault(name, text)

    def refused(self, question: Question, settings: Sequence[Setting], found: Disagreement) -> None:
        """The evaluator refuses an engine's run."""
        self.disagreements.append(found)
        self.unknown(question, settings, "engines disagree", "bmc")

    def close(self, *, interrupted: bool) -> ModelReport:
        """The report, in an order that does not depend on which job ended first."""
        order = {prop.name: number for number, prop in enumerate(self.system.properties)}
        scripts = {scenario.name: number for number, scenario in enumerate(self.system.scenarios)}
        rank = {setting: number for number, setting in enumerate(self.settings)}

        def key(result: Result) -> tuple[int, int, int, int, str, str]:
            return (
                -1 if result.scenario is None else scripts[result.scenario],
                order.get(result.property, len(order)),
                min((rank.get(setting, 0) for setting in result.settings), default=0),
                -len(result.settings),
                result.expected or "",
                result.verdict,
            )

        return ModelReport(
            self.system.path,
            self.system,
            tuple(sorted(_merged(self.results, self.settings), key=key)),
            declares(self.system),
            tuple(sorted({*self.remarks, *self._useless()}, key=_place)),
            tuple(sorted(set(self.notes))),
            tuple(sorted(set(self.bugs))),
            tuple(sorted(self.disagreements, key=lambda each: each.message)),
            interrupted,
            self.crossed,
            tuple(dict.fromkeys(self.findings)),
        )

    def _useless(self) -> Iterator[Remark]:
        spans = {prop.name: prop.span for prop in self.system.properties}
        for name, text in self.dropped.items():
            if name not in self.kept:
                yield Remark("N806", text, spans.get(name), name)


def _place(remark: Remark) -> tuple[bool, str, str, int, str]:
    """What is vacuous first, then by code and place."""
    path, start = (remark.span.path, remark.span.start) if remark.span is not None else ("", -1)
    return (not remark.is_vacuous, remark.code, path, start, remark.message)


def _merged(results: Iterable[Result], settings: Sequence[Setting]) -> list[Result]:
    """Settings with the same answer, or under which a question stays open for the same reason, become one result, with
    the first explanation. Runs stay as they are: each group of settings has its own."""
    kept: list[Result] = []
    places: dict[tuple[object, ...], int] = {}
    for result in sorted(results, key=lambda each: settings.index(each.settings[0])):
        cti = result.cti
        key = (
            result.property,
            result.scenario,
            (result.expected, result.as_declared),
            (result.verdict, result.claim, result.engine, result.reason),
            (result.evidence, result.scope, result.steps, result.notes if cti is None else ()),
            (cti.conjunct, cti.step.firing.step) if cti is not None else None,
            found_lemmas(result),
        )
        if result.trace is None and key in places:
            known = kept[places[key]]
            both = {*known.settings, *result.settings}
            together = tuple(setting for setting in settings if setting in both)
            kept[places[key]] = replace(
                known,
                settings=together,
                proofs=(*known.proofs, *result.proofs),
                seconds=max(known.seconds, result.seconds),
            )
        else:
            places.setdefault(key, len(kept))
            kept.append(result)
    return kept


def result_of_proof(question: Question, settings: Sequence[Setting], checked_by: tuple[str, ...]) -> Result:
    """The property of the question holds for any size (a cover: is unreachable), as some judges say."""
    cover = question.expected in (ExpectedKind.UNREACHABLE, ExpectedKind.REACHED)
    return Result(
        question.property,
        question.kind,
        tuple(settings),
        Finding.UNREACHABLE if cover else Finding.PROVED,
        Claim.ANY_SIZE,
        "induction",
        expected=question.expected.value,
        as_declared=question.expected in (ExpectedKind.PROVED, ExpectedKind.UNREACHABLE),
        evidence=(("induction", checked_by),),
    )


def result_of_search(question: Question, found: Searched, seconds: float = 0.0) -> Result:
    """What a search for runs says of the question."""
    empty = Result(
        question.property,
        question.kind,
        found.settings,
        Finding.UNKNOWN,
        Claim.NONE,
        "bmc",
        expected=question.expected.value,
        seconds=seconds,
    )
    match found.verdict:
        case Refuted(trace, smaller):
            reached = question.expected in (ExpectedKind.REACHED, ExpectedKind.UNREACHABLE)
            return replace(
                empty,
                verdict=Finding.REACHED if reached else Finding.REFUTED,
                claim=Claim.TRACE,
                scope=trace.scope,
                steps=len(trace.steps),
                as_declared=question.expected in (ExpectedKind.REFUTED, ExpectedKind.REACHED),
                evidence=(("trace", ("evaluator",)),),
                trace=trace,
                witness=found.witness,
                notes=(smaller,) if smaller else (),
            )
        case NoViolation(scope, steps, never):
            return replace(
                empty,
                verdict=Finding.NO_VIOLATION,
                claim=Claim.BOUNDED,
                scope=scope,
                steps=steps,
                as_declared=question.expected is ExpectedKind.NO_VIOLATION and steps >= (question.within or 0),
                notes=(f"never fired: {', '.join(never)}",) if never else (),
            )
        case Unknown(reason):
            return replace(empty, reason=reason)


def unlisted_result(name: str, kind: str, settings: Iterable[Setting]) -> Result:
    """Nothing is declared of the property under these settings."""
    reason = "no expectation names this property and setting"
    return Result(name, kind, tuple(settings), Finding.UNKNOWN, Claim.NONE, "none", reason=reason)
