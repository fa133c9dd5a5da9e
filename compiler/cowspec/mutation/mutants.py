"""Mutants of a model: one small wrong change each, made where a node of the tree stands, so that each is a text with a
difference in the model's own language, parsed and checked like any other.

In: a program and its checked model. Out: the mutants, in a fixed order; and the program that a mutant is.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cowspec.check.modules import Program
from cowspec.check.typed import Model
from cowspec.mutation.edits import Change, Edit, apply, changes
from cowspec.mutation.operators import Place, of_block, of_locks, of_steps
from cowspec.mutation.usage import Operation, Usage, usage_of
from cowspec.syntax import ast
from cowspec.syntax.ast import Mutation
from cowspec.syntax.parse import parse


@dataclass(frozen=True, slots=True)
class Mutant:
    """`number`: counts the mutants of this kind in this step (`step` empty: of an action or macro). `module`: the index
    of the one whose text changes. `why`: what the model says of it if it survives."""

    mutation: Mutation
    operation: str
    step: str
    number: int
    module: int
    edits: tuple[Edit, ...]
    why: str | None = None

    @property
    def name(self) -> str:
        """`skip do_wp_page.install 2`, as `survivors` names it."""
        return f"{self.mutation.value} {self.operation}{'.' + self.step if self.step else ''} {self.number}"


def mutants(program: Program, model: Model) -> tuple[Mutant, ...]:
    """All mutants of the actions and procs of a model, and of the macros they use, in order of the texts."""
    usage = usage_of(program, model)
    counts: Counter[tuple[Mutation, str, str]] = Counter()
    found = []
    for module, operation in usage.operations:
        for step, mutation, edits in _of_operation(program, usage, module, operation):
            key = (mutation, operation.name.text, step)
            counts[key] += 1
            found.append(Mutant(*key, counts[key], module, edits))
    reasons = {each.mutant: each.why for each in model.survivors}
    return tuple(replace(each, why=reasons.get(each.name)) for each in found)


def mutated(program: Program, mutant: Mutant) -> Program:
    """The program that the mutant is. Raises `CompileError` if its text does not parse."""
    old = program.modules[mutant.module]
    source = apply(old.source, mutant.edits)
    new = replace(old, source=source, tree=parse(source))
    modules = (*program.modules[: mutant.module], new, *program.modules[mutant.module + 1 :])
    return replace(program, modules=modules, sources={**program.sources, source.path: source})


def changed(program: Program, mutant: Mutant) -> tuple[Change, ...]:
    """The lines in which the mutant differs."""
    source = program.modules[mutant.module].source
    return changes(source, apply(source, mutant.edits))


def _of_operation(
    program: Program, usage: Usage, module: int, operation: Operation
) -> Iterator[tuple[str, Mutation, tuple[Edit, ...]]]:
    source = program.modules[module].source
    if not isinstance(operation, ast.ProcDecl):
        place = Place(source, usage, module)
        yield from (("", mutation, edits) for mutation, edits in of_block(place, operation.body))
        if isinstance(operation, ast.MacroDecl):
            yield from (("", mutation, edits) for _, mutation, edits in of_locks(place, operation))
        return
    ghosts = frozenset(local.name.text for local in operation.locals if local.ghost)
    place = Place(source, usage, module, ghosts)
    for step in operation.steps:
        yield from ((step.name.text, mutation, edits) for mutation, edits in of_block(place, step.body))
    yield from ((step.name.text, mutation, edits) for step, mutation, edits in of_steps(place, operation))
    for number, mutation, edits in of_locks(place, operation):
        yield operation.steps[number].name.text, mutation, edits
