"""The obligations of a model's any-size proofs as SMT-LIB files: `compile --to smtlib`.

In: a system, a selection. Out: files by name, and what could not be proved. Proved is what the model expects to be, as
far as it is selected; of a name for which it expects nothing of the kind, a proof under the selected settings is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cowspec.encode.relational.obligation import Obligation
from cowspec.encode.smtlib.script import body, digest, script
from cowspec.engines.obligation import Asked, obligations
from cowspec.judge.chains import chain_jobs
from cowspec.judge.confirming.crossing import proof_questions
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import Runner
from cowspec.judge.plan import Question, kind_of, plan, switch_formula
from cowspec.judge.results import PROOFS, Claim
from cowspec.judge.selection import Selection, within
from cowspec.syntax.ast import ExpectedKind, PropertyKind
from cowspec.system.ir import And, Formula, Setting, System
from cowspec.system.show import show_formula
from cowspec.system.simplify import conj
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits

STEM = 80  # characters of a file's name before its number


@dataclass(frozen=True, slots=True)
class Written:
    """`files`: texts by name, the same obligation once. `proofs`: how many they are of. `unproved`: names. `bugs`: jobs
    that failed by a mistake in this program."""

    files: dict[str, str]
    proofs: int
    unproved: tuple[str, ...]
    bugs: tuple[str, ...]


def smtlib_files(system: System, selection: Selection, limits: Limits, runner: Runner) -> Written:
    """Proves what is selected, then writes down what the proofs consist of."""
    docket = Docket(system, within(all_settings(system), selection), selection, limits)
    asked = _questions(docket)
    groups: dict[tuple[Setting, ...], list[Question]] = {}
    for question in asked:
        groups.setdefault(question.settings, []).append(question)
    runner(chain_jobs(docket, tuple(groups.values())))
    unproved = [r.property for r in docket.results if r.verdict not in PROOFS or r.claim != Claim.ANY_SIZE]
    files = _files(docket)
    proofs = sum(len(result.proofs) for result in docket.results)
    return Written(files, proofs, tuple(dict.fromkeys(unproved)), tuple(docket.bugs))


def _questions(docket: Docket) -> list[Question]:
    system, selection = docket.system, docket.selection
    proofs = (ExpectedKind.PROVED, ExpectedKind.UNREACHABLE)
    expected = plan(system, docket.settings, selection).questions
    found = [question for question in expected if question.expected in proofs and not question.scope]
    names = {question.property for question in found}
    when = switch_formula(system, selection)
    for name in selection.names:
        if name not in names and docket.settings:
            kind = kind_of(system, name)
            turned = ExpectedKind.UNREACHABLE if kind == PropertyKind.COVER.value else ExpectedKind.PROVED
            found.append(Question(name, kind, turned, docket.settings, when))
    return found


def _files(docket: Docket) -> dict[str, str]:
    system = docket.system
    wanted: dict[Asked, list[str]] = {}
    proofs = list(proof_questions(docket))
    for place, asked in proofs:
        for each in asked:
            wanted.setdefault(each, []).append(docket.results[place].property)
    files: dict[str, str] = {}
    distinct = list(dict.fromkeys(each for _, asked in proofs for each in asked))
    for each, obligation in zip(distinct, obligations(system, distinct), strict=True):
        name = f"{_stem(system, obligation)}-{digest(body(obligation))[:12]}.smt2"
        if name not in files:
            comment = _comment(obligation, each[2], wanted[each])
            files[name] = script(obligation, f"cowspec, {system.path}", comment)
    return files


def _comment(obligation: Obligation, when: Formula, goals: Sequence[str]) -> list[str]:
    under = show_formula(conj(when.parts) if isinstance(when, And) else when)
    return [
        f"{obligation.step}: {obligation.goal}",
        f"One question of the proofs, for any size, of {', '.join(dict.fromkeys(goals))}.",
        f"Under every setting with: {' '.join(under.split())}",
        "No structure satisfies all assertions: the goal holds after the step, if what is assumed holds before it.",
        "A predicate with an apostrophe is the one after the step, as the step makes it.",
    ]


def _stem(system: System, obligation: Obligation) -> str:
    words = f"{system.name}-{obligation.step}-{obligation.goal}"
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "_.-") else "_" for char in words)
    return plain if len(plain) <= STEM else f"{plain[: STEM - 9]}-{sha256(words.encode()).hexdigest()[:8]}"
