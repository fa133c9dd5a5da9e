"""Several models, scopes and settings in one run of TLC, as a JVM takes longer to start than a small model to search.

The module `Batch` has each question as an `INSTANCE` of its emitted module, which stays as it is: `which` says in which
of them a state is, and all share the variables `v1`, `v2`, ... Registers of TLC count the states of each question, keep
how deep it goes, and remember which properties were violated. A chain of states longer than the deepest question prints
the registers at its end; if it is not the deepest after all, TLC's own depth tells.

What a constraint excludes is not counted, and TLC goes no further there; but it asks such states, and steps to them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cowspec.encode.tla.module import Module
from cowspec.evaluate.search import NO_FAULT
from cowspec.system import ir


@dataclass(frozen=True, slots=True)
class Question:
    """`depth`: only states within so many steps; None for all."""

    module: Module
    scope: ir.Scope
    setting: ir.Setting
    depth: int | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        tables = tuple(table.name for table in self.module.symbols.tables.values())
        return (*tables, "fault") if self.module.can_fault else tables

    @property
    def watched(self) -> tuple[tuple[str, str, bool], ...]:
        """Property, definition in the module, and whether that speaks of steps."""
        steps = self.module.symbols.derived
        found = [
            (each.property, steps[f"{each.property}_step"], True)
            if each.kind == "PROPERTY"
            else (each.property, each.name, False)
            for each in self.module.properties
        ]
        return (*found, (NO_FAULT, "NoFault", False)) if self.module.can_fault else tuple(found)

    def is_in_place(self, prop: str, name: str) -> bool:
        """The definition is of a state and speaks of its steps that change nothing, and there is a last depth."""
        return self.depth is not None and self.module.symbols.derived.get(f"{prop}_in_place") == name


@dataclass(frozen=True, slots=True)
class Counted:
    """`bad`: properties with a violation, covers that are reached."""

    states: int
    depth: int
    bad: frozenset[str]


def batch(questions: Sequence[Question], last: int) -> Mapping[str, str]:
    """Files by name: the emitted modules, `Batch.tla` and `Batch.cfg`. Modules of one name are the same module."""
    files = {f"{each.module.name}.tla": each.module.text for each in questions}
    elements = dict.fromkeys(element for each in questions for element in _elements(each))
    values = "".join(f"  {element} = {element}\n" for element in elements)
    files["Batch.tla"] = "".join(f"{line}\n" for line in _module(questions, tuple(elements), last + 1))
    files["Batch.cfg"] = (
        f"INIT Init\nNEXT Next\nCONSTANTS\n{values}CONSTRAINT InModel\nINVARIANTS Types Watch\nPROPERTY WatchSteps\n"
    )
    return files


def counted(questions: Sequence[Question], last: int, output: str) -> list[Counted] | None:
    """What TLC has printed, for each question; None if it has not come to its end, or counts other than itself."""
    whole = re.search(r"(\d+) distinct states found, 0 states left", output)
    deepest = re.search(r"depth of the complete state graph search is (\d+)", output)
    found = {int(n): (int(states), int(depth)) for n, states, depth in _COUNTED.findall(output)}
    bad = set(_BAD.findall(output))
    if "No error has been found" not in output or whole is None or len(found) != len(questions):
        return None
    if int(whole[1]) != sum(states for states, _ in found.values()) + last + 2:
        return None
    if deepest is None or int(deepest[1]) != last + 2:
        return None
    return [
        Counted(*found[n], frozenset(name for number, name in bad if int(number) == n)) for n in range(len(questions))
    ]


_COUNTED = re.compile(r'<<"counted", (\d+), (\d+), (\d+)>>')
_BAD = re.compile(r'<<"bad", (\d+), "([^"]+)">>')

AND = " /\\ "
BEGUN = 1  # the register that says that all initial states were seen
FIRST = 2  # of the registers of the first question: its states, its depth, its properties


def _elements(question: Question) -> Iterator[str]:
    for sort, size in question.scope:
        yield f"no_{sort}"
        yield from (f"{sort}_{number}" for number in range(size))


def _module(questions: Sequence[Question], elements: Sequence[str], chain: int) -> Iterator[str]:
    width = max(len(each.variables) for each in questions)
    variables = [f"v{number}" for number in range(1, width + 1)]
    registers = list[int]()  # the first of each question
    free = FIRST
    for each in questions:
        registers.append(free)
        free += 2 + len(each.watched)
    yield "---- MODULE Batch ----"
    yield "EXTENDS Naturals, TLC"
    yield f"CONSTANTS {', '.join(elements)}"
    yield f"VARIABLES which, {', '.join(variables)}"
    yield f"vars == <<which, {', '.join(variables)}>>"
    for number, each in enumerate(questions):
        yield _instance(number, each)
    yield f"ASSUME \\A r \\in {BEGUN}..{free}: TLCSet(r, 0)"
    yield "Init =="
    for number, each in enumerate(questions):
        rest = "".join(f" /\\ {v} = 0" for v in variables[len(each.variables) :])
        yield f"  \\/ which = {number} /\\ M{number}!Init{rest}"
    yield f"  \\/ which = {len(questions)} /\\ {AND.join(f'{v} = 0' for v in variables)}"
    yield "Next =="
    for number, each in enumerate(questions):
        rest = ", ".join(("which", *variables[len(each.variables) :]))
        yield f"  \\/ which = {number} /\\ M{number}!Next /\\ UNCHANGED <<{rest}>>"
    rest = ", ".join(("which", *variables[1:]))
    yield f"  \\/ which = {len(questions)} /\\ v1 < {chain} /\\ v1' = v1 + 1 /\\ UNCHANGED <<{rest}>>"
    yield f'Depth == IF TLCGet({BEGUN}) = 0 THEN 0 ELSE TLCGet("level")'
    bounded = {n: f"Depth <= {each.depth}" for n, each in enumerate(questions) if each.depth is not None}
    yield f"InDepth == {_cases(bounded)}"
    yield f"NoFault == {_cases({n: f'M{n}!NoFault' for n, each in enumerate(questions) if each.module.can_fault})}"
    yield "InModel == InDepth /\\ NoFault"
    yield f"Types == {_cases({n: _types(n, each) for n, each in enumerate(questions)})}"
    yield from _watch(questions, registers, chain)
    yield "===="


def _instance(number: int, question: Question) -> str:
    symbols, module = question.module.symbols, question.module
    fixes = {switch.name for switch in symbols.model.switches if switch.is_fix}
    given = []
    for sort, size in question.scope:
        given.append(f"{symbols.domains[sort]} <- {{{', '.join(f'{sort}_{n}' for n in range(size))}}}")
        given.append(f"{symbols.none[sort]} <- no_{sort}")
    for switch, option in question.setting:
        value = ("TRUE" if option == "on" else "FALSE") if switch in fixes else f'"{option}"'
        given.append(f"{symbols.switches[switch]} <- {value}")
    given += [f"{name} <- v{position}" for position, name in enumerate(question.variables, 1)]
    return f"M{number} == INSTANCE {module.name} WITH {', '.join(given)}"


def _cases(said: Mapping[int, str]) -> str:
    """What is said of each question; nothing of the others."""
    arms = [f"which = {number} -> {text}" for number, text in said.items()]
    return f"CASE {' [] '.join((*arms, 'OTHER -> TRUE'))}" if arms else "TRUE"


def _types(number: int, question: Question) -> str:
    locks = f" /\\ M{number}!IdleHoldsNothing" if question.module.symbols.has_locks else ""
    return f"M{number}!TypeOK{locks}"


def _watch(questions: Sequence[Question], registers: Sequence[int], chain: int) -> Iterator[str]:
    """Each property is printed once."""
    of_states, of_steps = dict[int, str](), dict[int, str]()
    for number, (each, first) in enumerate(zip(questions, registers, strict=True)):
        states, depth = first, first + 1
        count = f"TLCSet({states}, TLCGet({states}) + 1) /\\ TLCSet({depth}, Depth)"
        parts = [f"(NoFault => {count})"]
        steps = list[str]()
        for register, (prop, name, is_step) in enumerate(each.watched, first + 2):
            said = f'PrintT(<<"bad", {number}, "{prop}">>)'
            once = f"TLCGet({register}) = 1 \\/ (TLCSet({register}, 1) /\\ {said})"
            if each.is_in_place(prop, name):  # a step from there that changes nothing would be one too many
                once = f"Depth = {each.depth} \\/ {once}"
            if is_step:
                steps.append(f"(M{number}!world' = M{number}!world \\/ M{number}!{name} \\/ {once})")
            else:
                parts.append(f"(M{number}!{name} \\/ {once})")
        of_states[number] = AND.join(parts)
        if steps:
            of_steps[number] = AND.join(steps)
    printed = [f'PrintT(<<"counted", {n}, TLCGet({r}), TLCGet({r + 1})>>)' for n, r in enumerate(registers)]
    of_states[len(questions)] = f"(v1 = 0 => TLCSet({BEGUN}, 1)) /\\ (v1 = {chain} => {AND.join(printed)})"
    yield f"Watch == InDepth => {_cases(of_states)}"
    yield f"WatchSteps == [][InDepth => {_cases(of_steps)}]_vars"
