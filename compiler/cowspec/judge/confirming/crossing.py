"""A second solver on every obligation of every any-size proof.

In: the dockets, when their proofs are done. Out: in each docket, which proofs were confirmed, and the figures. A proof
is confirmed if cvc5 finds each of its obligations, given as SMT-LIB text, unsatisfiable; if it does not know of some,
the proof stays and stands on one judge. An obligation that cvc5 finds satisfiable is a disagreement: its model is not
trusted, and neither is the proof. Z3 is then asked again, about the text that cvc5 has read.

Proofs share obligations, within a chain, without, and between models: each is asked once, known by its text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from cowspec.encode.relational.obligation import Obligation, Question
from cowspec.encode.smtlib.script import body, digest, script
from cowspec.engines.cvc5_solver import command_line, cvc5_version, opinion
from cowspec.engines.induction.text import opinion_of_z3, z3_version
from cowspec.engines.obligation import Asked, Incomplete, obligations
from cowspec.judge.confirming.subjects import Subjects
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job, Runner
from cowspec.judge.results import Claim, Crossed, Disagreement, Finding
from cowspec.system.ir import Setting, System

CHUNK = 150  # questions of one job
BASE_SECONDS, SECONDS_EACH = 60.0, 2.0
"""A job is killed after so much; then its halves are tried, so that one question does not cost the others."""
NAMED = 3  # open obligations that are named


@dataclass(frozen=True, slots=True)
class Answer:
    """`answer`, `reason`: as in `Opinion`; `seconds`: spent now, none if the answer was known. Where cvc5 refuses the
    obligation, `again` is what Z3 says of the same text, and `files` show the matter."""

    answer: str
    seconds: float = 0.0
    reason: str = ""
    digest: str = ""
    again: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Book:
    """One model's proofs (by the number of the result), what each has to show, and the answers so far. `known`: of all
    models, by digest. A worker sees what is known when it is started."""

    docket: Docket
    proofs: tuple[tuple[int, tuple[Asked, ...]], ...]
    known: dict[str, Answer]
    answers: dict[Asked, Answer] = field(default_factory=dict)


def cross(dockets: Iterable[Docket], runner: Runner) -> None:
    """Asks cvc5 about all proofs of all models together."""
    known: dict[str, Answer] = {}
    books = [
        _book(docket, known) for docket in dockets if any(result.claim == Claim.ANY_SIZE for result in docket.results)
    ]
    runner([job for book in books for job in _jobs(book)])
    for book in books:
        _close(book)


def proof_questions(docket: Docket) -> Iterator[tuple[int, tuple[Asked, ...]]]:
    """What each any-size proof has to show, with the number of its result. A proof that lacks something is a mistake of
    this program."""
    subjects = Subjects(docket.system)
    for place, result in enumerate(docket.results):
        for proof in result.proofs:
            try:
                yield place, subjects.questions(result.property, proof)
            except Incomplete as error:
                docket.bugs.append(f"{result.property}: the proof has no obligation {error}")


def _book(docket: Docket, known: dict[str, Answer]) -> _Book:
    return _Book(docket, tuple(proof_questions(docket)), known)


def _jobs(book: _Book) -> Iterator[AnyJob]:
    """All questions, each once; those of one step together, as they may have the same text."""
    by_step: dict[str, list[Asked]] = {}
    for each in dict.fromkeys(each for _, asked in book.proofs for each in asked):
        by_step.setdefault(each[1].step, []).append(each)
    chunk: list[Asked] = []
    for group in by_step.values():
        if chunk and len(chunk) + len(group) > CHUNK:
            yield _job(book, chunk)
            chunk = []
        chunk += group
    if chunk:
        yield _job(book, chunk)


def _job(book: _Book, chunk: Sequence[Asked]) -> AnyJob:
    docket = book.docket
    return Job(
        f"{docket.system.name}: {len(chunk)} obligations to cvc5",
        partial(confirm, docket.system, tuple(chunk), docket.limits.seed, book.known),
        partial(_confirmed, book, chunk),
        BASE_SECONDS + SECONDS_EACH * len(chunk),
    )


def confirm(system: System, chunk: Sequence[Asked], seed: int, known: Mapping[str, Answer]) -> tuple[Answer, ...]:
    """What cvc5 says of each of the questions, in order, unless it is known."""
    answered = dict(known)
    found: list[Answer] = []
    for obligation in obligations(system, chunk):
        text = body(obligation)
        key = digest(text)
        if key in answered:
            found.append(replace(answered[key], seconds=0.0))
            continue
        said = opinion(text, seed)
        answer = Answer(said.answer, said.seconds, said.reason, key)
        if said.answer == "sat":
            whole = script(obligation, f"cowspec, {system.path}", [f"{obligation.step}: {obligation.goal}"])
            answer = replace(answer, files=_shown(obligation, whole, said.model), again=opinion_of_z3(text, seed + 23))
        answered[key] = answer
        found.append(answer)
    return tuple(found)


def _confirmed(book: _Book, chunk: Sequence[Asked], answer: tuple[Answer, ...] | Died) -> Sequence[AnyJob]:
    """Takes down the answers; after a crash or a hang the halves are tried."""
    if not isinstance(answer, Died):
        book.answers.update(zip(chunk, answer, strict=True))
        book.known.update((each.digest, each) for each in answer)
        return []
    if answer.bug:
        book.docket.bugs.append(f"cvc5: {answer.reason}")
    elif len(chunk) > 1:
        middle = len(chunk) // 2
        return [_job(book, chunk[:middle]), _job(book, chunk[middle:])]
    book.answers.update((each, Answer("unknown", reason=answer.reason)) for each in chunk)
    return []


# ---- what follows --------------------------------------------------------------------------------------------------


def _close(book: _Book) -> None:
    """The word of the second judge in each result, the disagreements, and the figures."""
    docket = book.docket
    pairs: dict[str, set[tuple[str, Setting]]] = {"twice": set(), "once": set(), "against": set()}
    for place, asked in book.proofs:
        result = docket.results[place]
        pairs[_outcome(book, place, asked)].update((result.property, setting) for setting in result.settings)
    for each, answer in book.answers.items():
        if answer.answer == "sat":
            docket.disagreements.append(_disagreement(each[1], answer))
    distinct = {answer.digest or str(number): answer.answer for number, answer in enumerate(book.answers.values())}
    proving = {id(proof.known): each.seconds for each in docket.results for proof in each.proofs}
    docket.crossed = Crossed(
        (f"z3 {z3_version()}", f"cvc5 {cvc5_version()}"),
        len(distinct),
        sum(answer == "unsat" for answer in distinct.values()),
        sum(answer == "sat" for answer in distinct.values()),
        (sum(proving.values()), sum(answer.seconds for answer in book.answers.values())),
        len(pairs["twice"] - pairs["against"]),
        len(pairs["once"] - pairs["twice"] - pairs["against"]),
        len(pairs["against"]),
    )


def _outcome(book: _Book, place: int, asked: Sequence[Asked]) -> str:
    """Writes into the result what became of its proof."""
    results = book.docket.results
    result = results[place]
    by_answer = _by_answer(book.answers, asked)
    if by_answer["sat"]:
        results[place] = replace(
            result,
            verdict=Finding.UNKNOWN,
            claim=Claim.NONE,
            as_declared=False,
            evidence=(),
            reason=f"judges disagree: cvc5 refuses {_some(by_answer['sat'])}",
        )
        return "against"
    if by_answer["unknown"]:
        said = f"cvc5 does not know of {len(by_answer['unknown'])} of {len(asked)} obligations: "
        results[place] = replace(result, notes=(*result.notes, said + _some(by_answer["unknown"])))
        return "once"
    evidence = tuple((what, (*who, "cvc5") if what == "induction" else who) for what, who in result.evidence)
    results[place] = replace(result, evidence=evidence)
    return "twice"


def _by_answer(answers: Mapping[Asked, Answer], asked: Iterable[Asked]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {"unsat": [], "sat": [], "unknown": []}
    for each in asked:
        found[answers[each].answer if each in answers else "unknown"].append(each[1])
    return found


def _some(asked: Sequence[Question]) -> str:
    names = [f"{each.goal} at {each.step}" for each in asked[:NAMED]]
    return ", ".join(names) + (f" and {len(asked) - NAMED} more" if len(asked) > NAMED else "")


def _disagreement(question: Question, answer: Answer) -> Disagreement:
    seen = f"{question.goal} at {question.step}"
    message = f"{seen}: z3 proved it, cvc5 finds a counterexample; z3 asked again about the same text: {answer.again}"
    return Disagreement(message, None, question.goal, answer.files)


def _shown(obligation: Obligation, text: str, model: str) -> tuple[tuple[str, str], ...]:
    """What reproduces a disagreement."""
    how = (
        f"{obligation.goal} at {obligation.step}\n\nThe obligation is unsatisfiable if the proof is right.\n\n"
        f"  {command_line()} obligation.smt2\n  z3 obligation.smt2\n\n"
        f"Versions: cvc5 {cvc5_version()}, z3 {z3_version()}. model.txt is what cvc5 shows; it is not trusted.\n"
    )
    return ("obligation.smt2", text), ("model.txt", model + "\n"), ("README.txt", how)
