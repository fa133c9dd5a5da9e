"""What a model asks of the engines: its expectations as questions, and what it leaves open.

In: a system, the settings and names selected. Out: questions, each about one property under a group of settings.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from cowspec.judge.cubes import cubes
from cowspec.judge.selection import NO_FAULT, Selection, selected
from cowspec.syntax.ast import ExpectedKind, PropertyKind
from cowspec.system.ir import And, Expectation, Formula, Or, Property, Setting, SwitchIs, System
from cowspec.system.switches import holds

IMPLIED = "implied"


@dataclass(frozen=True, slots=True)
class Question:
    """Does the property have the expected verdict under these settings? `when` is the switch formula that they satisfy.
    `scope` empty: at any size, `proved`; at the smallest scope that shows it, `refuted` and `reached`. `by`: the
    scenario that has a run which refutes it."""

    property: str
    kind: str  # of the property: "invariant", ..., "implied"
    expected: ExpectedKind
    settings: tuple[Setting, ...]
    when: Formula
    scope: tuple[tuple[str, int], ...] = ()
    within: int | None = None
    by: str | None = None


def restricted(system: System, question: Question, settings: Sequence[Setting]) -> Question:
    """The question under these of its settings only."""
    return replace(question, settings=tuple(settings), when=either(system, settings))


@dataclass(frozen=True, slots=True)
class Plan:
    """`unlisted`: properties with the settings under which nothing is declared of them."""

    questions: tuple[Question, ...]
    unlisted: tuple[tuple[Property, tuple[Setting, ...]], ...]


def plan(system: System, settings: Sequence[Setting], selection: Selection) -> Plan:
    """The questions of the model's expectations, in their order, and that no step faults under any setting."""
    chosen = switch_formula(system, selection)
    questions = [
        question
        for line in system.expectations
        for question in _questions(system, line, settings, chosen)
        if selected(question.property, selection)
    ]
    if settings and selected(NO_FAULT, selection):
        questions.append(Question(NO_FAULT, IMPLIED, ExpectedKind.PROVED, tuple(settings), chosen))
    unlisted = []
    for prop in asked_properties(system):
        if selected(prop.name, selection):
            listed = {s for question in questions if question.property == prop.name for s in question.settings}
            rest = tuple(setting for setting in settings if setting not in listed)
            if rest:
                unlisted.append((prop, rest))
    return Plan(_merged(questions, settings), tuple(unlisted))


def declares(system: System) -> bool:
    """The model expects anything at all."""
    return bool(system.expectations) or any(scenario.expects for scenario in system.scenarios)


def asked_properties(system: System) -> tuple[Property, ...]:
    """The properties that need an expectation for every setting."""
    return tuple(prop for prop in system.properties if prop.checked and prop.kind != PropertyKind.LEMMA)


def kind_of(system: System, name: str) -> str:
    return next((prop.kind.value for prop in system.properties if prop.name == name), IMPLIED)


def switch_formula(system: System, selection: Selection) -> Formula:
    """What `--set` says, as a formula over switches."""
    own = {switch.name for switch in system.switches}
    return And(tuple(SwitchIs(name, option) for name, option in selection.options if name in own))


def either(system: System, settings: Collection[Setting]) -> Formula:
    """The formula that exactly these settings of the system's switches satisfy, a short one."""
    found = cubes(system.switches, settings)
    return Or(tuple(And(tuple(SwitchIs(name, option) for name, option in cube)) for cube in found))


def _questions(system: System, line: Expectation, settings: Iterable[Setting], chosen: Formula) -> list[Question]:
    under = tuple(setting for setting in settings if holds(line.when, setting))
    if not under:
        return []
    when = And((line.when, chosen))
    return [
        Question(name, kind_of(system, name), line.verdict, under, when, line.scope, line.within, line.by)
        for name in line.properties
    ]


def _merged(questions: Iterable[Question], settings: Sequence[Setting]) -> tuple[Question, ...]:
    """Questions that differ only in their settings become one; but what is to be proved stays as the lines group it: a
    proof under fewer settings at once is faster, and the lines mostly follow the reasons why it holds."""
    merged: dict[tuple[object, ...], Question] = {}
    for question in questions:
        line = question.when if question.expected is ExpectedKind.PROVED else None
        key = (question.property, question.expected, question.scope, question.within, question.by, line)
        known = merged.get(key)
        if known is not None:
            both = {*known.settings, *question.settings}
            under = tuple(setting for setting in settings if setting in both)
            question = replace(known, settings=under, when=Or((known.when, question.when)))
        merged[key] = question
    return tuple(merged.values())
