"""`proved at Cpu=2, Page=3` where the states are too many to count: an invariant that is inductive at the scope (PDR).

A run that is found on the way need not be a shortest one: the search for runs is asked for one that is no longer, at
the same scope. What that shows for some settings leaves the others in question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic

from cowspec.engines.bmc.search import NOT_SHORTEST, EncodingDisagrees
from cowspec.engines.pdr.confirm import CONFIRMED_BY
from cowspec.engines.pdr.prove import InvariantRefused, prove_at
from cowspec.evaluate.replay import replay, replays_under
from cowspec.evidence.records import RecordError, read, record
from cowspec.judge.clauses import clause_text
from cowspec.judge.docket import Docket, result_of_search
from cowspec.judge.jobs import AnyJob, Died, Job, Memo
from cowspec.judge.outcomes import answers_all, items, member, read_searched, searched_record
from cowspec.judge.plan import Question, either
from cowspec.judge.refuting import Searched, refute, shown, witness_of
from cowspec.judge.results import Claim, Disagreement, Finding, Result
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.ir import Formula, Scope, Setting, System
from cowspec.verdict import Invariant, Limits, Refuted, Trace


@dataclass(frozen=True, slots=True)
class DirectedAnswer:
    """`runs`: of the settings that have one. `settings`: the others, with an invariant, or the reason why there is
    none."""

    runs: tuple[Searched, ...]
    settings: tuple[Setting, ...]
    invariant: Invariant | None
    stopped: str
    seconds: float


Answer = DirectedAnswer | Disagreement
Then = Callable[[Question, DirectedAnswer], Sequence[AnyJob]]


def directed_job(
    docket: Docket,
    question: Question,
    scope: Scope,
    limits: Limits,
    then: Then,
    lost: Callable[[Question], Sequence[AnyJob]] | None = None,
) -> AnyJob:
    """All settings of the question at once. A disagreement is taken down, and so is a death that is a mistake of this
    program, or that nothing is to follow (`lost`)."""
    return Job(
        f"{docket.system.name}: an invariant for {question.property}",
        partial(direct, docket.system, question.property, question.settings, scope, limits),
        partial(_directed, docket, question, then, lost),
        4 * limits.timeout + 60,
        Memo(
            docket.key("invariant", question.property, question.settings, scope, limits),
            partial(_answer_record, docket.system, question),
            partial(_read_answer, docket.system, question),
        ),
    )


def _directed(
    docket: Docket,
    question: Question,
    then: Then,
    lost: Callable[[Question], Sequence[AnyJob]] | None,
    answer: Answer | Died,
) -> Sequence[AnyJob]:
    if isinstance(answer, Died):
        if lost is not None and not answer.bug:
            return lost(question)
        docket.lost(question, question.settings, answer, "pdr")
        return []
    if isinstance(answer, Disagreement):
        docket.refused(question, question.settings, answer)
        return []
    return then(question, answer)


# ---- what a worker does --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Waiting:
    """The settings in question, and the runs that took others away."""

    system: System
    name: str
    scope: Scope
    limits: Limits
    settings: tuple[Setting, ...]
    runs: list[Searched] = field(default_factory=list)
    disagreement: Disagreement | None = None

    def take(self, run: Trace) -> Formula | None:
        """A run was found: takes the settings that have one of no more steps; the formula of the others."""
        limits = replace(self.limits, max_steps=len(run.steps))
        found = refute(self.system, self.name, self.settings, (self.scope,), limits)
        if isinstance(found, Disagreement):
            self.disagreement = found
            return None
        self.runs += [each for each in found if isinstance(each.verdict, Refuted)]
        taken = {setting for each in self.runs for setting in each.settings}
        if run.setting not in taken:
            told = shown(self.system, run)
            alike = replays_under(self.system, told, [each for each in self.settings if each not in taken])
            self.runs.append(Searched(alike, Refuted(told, NOT_SHORTEST), witness_of(self.system, told)))
            taken.update(alike)
        self.settings = tuple(setting for setting in self.settings if setting not in taken)
        return either(self.system, self.settings) if self.settings else None


def direct(system: System, name: str, settings: tuple[Setting, ...], scope: Scope, limits: Limits) -> Answer:
    """Runs for those of the settings that have one, an invariant for the others."""
    began = monotonic()
    waiting = _Waiting(system, name, scope, limits, settings)
    try:
        found = prove_at(system, name, either(system, settings), scope, limits, replay=replay, rest=waiting.take)
    except EncodingDisagrees as error:
        return Disagreement(str(error), error.trace)
    except InvariantRefused as error:
        return Disagreement(str(error), None, about=name)
    if waiting.disagreement is not None:
        return waiting.disagreement
    return DirectedAnswer(tuple(waiting.runs), waiting.settings, found.invariant, found.stopped, monotonic() - began)


# ---- results -------------------------------------------------------------------------------------------------------


def run_results(question: Question, answer: DirectedAnswer) -> list[Result]:
    """Those of the settings that have a run."""
    return [replace(result_of_search(question, each, answer.seconds), engine="pdr") for each in answer.runs]


def proved_result(system: System, question: Question, scope: Scope, answer: DirectedAnswer) -> Result:
    """Of the settings with an invariant."""
    invariant = answer.invariant
    assert invariant is not None
    cover = question.expected is ExpectedKind.UNREACHABLE
    return Result(
        question.property,
        question.kind,
        answer.settings,
        Finding.UNREACHABLE if cover else Finding.PROVED,
        Claim.SCOPE,
        "pdr",
        scope=scope,
        expected=question.expected.value,
        as_declared=True,
        evidence=(("invariant", (CONFIRMED_BY,)),),
        notes=(in_words(invariant),),
        details=(*(clause_text(system, clause) for clause in invariant.clauses), f"with {_names(invariant)}"),
        seconds=answer.seconds,
    )


def in_words(invariant: Invariant) -> str:
    """How large it is."""
    count, names = len(invariant.clauses), len(invariant.conjuncts)
    clauses = f"{count} clause{'' if count == 1 else 's'} up to symmetry"
    clauses += f" ({invariant.size} without)" if count else ""
    return f"inductive at this scope: {clauses}, with {names} of the model's facts, lemmas and invariants"


def _names(invariant: Invariant) -> str:
    return ", ".join(invariant.conjuncts) or "nothing else"


# ---- what is kept --------------------------------------------------------------------------------------------------


def _answer_record(system: System, question: Question, answer: Answer) -> object:
    """Of a search that ended; the invariant was confirmed when it was found."""
    if isinstance(answer, Disagreement) or answer.stopped:
        return None
    runs = [searched_record(system, question.settings, each) for each in answer.runs]
    return None if None in runs else {"runs": runs, "invariant": record(answer.invariant)}


def _read_answer(system: System, question: Question, data: object) -> DirectedAnswer:
    """Raises `RecordError` or `TraceError`."""
    runs = tuple(
        read_searched(system, question.property, question.settings, each) for each in items(member(data, "runs"))
    )
    shown = [setting for each in runs for setting in each.settings]
    rest = tuple(setting for setting in question.settings if setting not in shown)
    answers_all(question.settings, [*shown, *rest])
    kept = member(data, "invariant")
    invariant = read(Invariant, kept) if kept is not None else None
    if (invariant is None) != (not rest):
        raise RecordError("there is an invariant for settings that have a run, or none for others")
    return DirectedAnswer(runs, rest, invariant, "", 0.0)
