"""The mutation operators: for one block of an operation the edits that each of them makes.

What is mutated is what happens. Statements that only keep records (ghosts, notes, costs) are left alone: they are the
specification. So are conditions that only say for which setting a branch is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cowspec.mutation.edits import Edit, text_at
from cowspec.mutation.usage import Usage, body_of
from cowspec.source import Source, Span
from cowspec.syntax import ast
from cowspec.syntax.ast import BinaryOp, Mutation

Mutations = Iterator[tuple[Mutation, tuple[Edit, ...]]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where statements stand: the text, its module, and the ghosts among the locals of the proc."""

    source: Source
    usage: Usage
    module: int
    ghosts: frozenset[str] = frozenset()


def of_block(place: Place, block: Sequence[ast.Stmt]) -> Mutations:
    """Guards dropped, statements skipped and conditions negated, in the order of the text."""
    for statement in block:
        if place.usage.keeps_records(place.module, statement, place.ghosts):
            continue
        yield from _of_statement(place, statement)
        match statement:
            case ast.If(then=then, otherwise=otherwise):
                yield from of_block(place, then)
                yield from of_block(place, otherwise)
            case ast.MatchStmt(cases=cases):
                for case in cases:
                    yield from of_block(place, body_of(case))
            case _:
                pass


def _of_statement(place: Place, statement: ast.Stmt) -> Mutations:
    match statement:
        case ast.Require(condition=condition):
            for edit in _without_each_part(place.source, statement, condition):
                yield Mutation.DROP_GUARD, (edit,)
            yield Mutation.NEGATE, (negated(place.source, condition),)
        case ast.If(condition=condition):
            if not place.usage.reads_switches_only(place.module, condition):
                yield Mutation.DROP_GUARD, (Edit(condition.span, "true"),)
                yield Mutation.NEGATE, (negated(place.source, condition),)
        case ast.Assign(value=ast.Choose() as choose) | ast.Let(value=ast.Choose() as choose):
            yield from _of_choose(place.source, choose)
            if isinstance(statement, ast.Assign):
                yield Mutation.SKIP, (Edit(statement.span, ""),)
        case ast.Bulk(where=where):
            if where is not None:
                yield Mutation.NEGATE, (negated(place.source, where),)
            yield Mutation.SKIP, (Edit(statement.span, ""),)
        case (
            ast.Assign() | ast.UseMacro() | ast.Begin() | ast.Return() | ast.Goto() | ast.Call() | ast.Release()
            | ast.Downgrade()
        ):  # fmt: skip
            yield Mutation.SKIP, (Edit(statement.span, ""),)
        case ast.Acquire(mode=ast.LockMode.WRITE):
            mode = Span(statement.span.path, statement.lock.span.end, statement.span.end)
            yield Mutation.UNLOCK, (Edit(mode, " for read"),)
        case _:
            pass


def _of_choose(source: Source, choose: ast.Choose) -> Mutations:
    if choose.where is not None:
        clause = Span(choose.span.path, choose.type.span.end, choose.where.span.end)
        yield Mutation.DROP_GUARD, (Edit(clause, ""),)
        yield Mutation.NEGATE, (negated(source, choose.where),)


def _without_each_part(source: Source, statement: ast.Require, condition: ast.Expr) -> Iterator[Edit]:
    """The guard without one of the parts of a conjunction; without it all if there is only one."""
    parts = list(_conjuncts(condition))
    if len(parts) == 1:
        yield Edit(statement.span, "")
        return
    for left_out in range(len(parts)):
        kept = [text_at(source, part.span) for number, part in enumerate(parts) if number != left_out]
        yield Edit(condition.span, " and ".join(kept))


def _conjuncts(condition: ast.Expr) -> Iterator[ast.Expr]:
    if isinstance(condition, ast.Binary) and condition.op is BinaryOp.AND:
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def negated(source: Source, condition: ast.Expr) -> Edit:
    """The opposite of a condition."""
    text = text_at(source, condition.span)
    if isinstance(condition, ast.Not) and text.startswith("not"):
        return Edit(condition.span, text_at(source, condition.body.span))
    is_comparison = isinstance(condition, ast.Binary) and condition.op in (BinaryOp.EQ, BinaryOp.NE)
    if is_comparison and isinstance(condition, ast.Binary) and not text.startswith("("):
        sign = Span(condition.span.path, condition.left.span.end, condition.right.span.start)
        return Edit(sign, " != " if condition.op is BinaryOp.EQ else " == ")
    is_plain = isinstance(condition, ast.Name | ast.Index | ast.FieldOf | ast.Apply)
    is_enclosed = text.startswith("(") and text.endswith(")")
    return Edit(condition.span, f"not {text}" if is_plain or is_enclosed else f"not ({text})")


# ---- steps and locks -----------------------------------------------------------------------------------------------


def of_steps(place: Place, proc: ast.ProcDecl) -> Iterator[tuple[ast.StepDecl, Mutation, tuple[Edit, ...]]]:
    """Each step with the one behind it in its place."""
    for first, second in zip(proc.steps, proc.steps[1:], strict=False):
        swap = (
            Edit(first.span, text_at(place.source, second.span)),
            Edit(second.span, text_at(place.source, first.span)),
        )
        yield first, Mutation.SWAP, swap
    for step in proc.steps:
        if step.each is not None and step.each.where is not None:
            yield step, Mutation.NEGATE, (negated(place.source, step.each.where),)


def of_locks(place: Place, operation: ast.ProcDecl | ast.MacroDecl) -> Iterator[tuple[int, Mutation, tuple[Edit, ...]]]:
    """Each lock that the operation takes is not taken at all; or dropped early, so that a step is out of it. With the
    number of the step (of a macro 0) that takes the lock, or that is the last one under it."""
    blocks = [step.body for step in operation.steps] if isinstance(operation, ast.ProcDecl) else [operation.body]
    taken: dict[str, tuple[int, bool]] = {}
    for number, block in enumerate(blocks):
        for lock, is_own in _locks_taken(place, block):
            taken.setdefault(lock, (number, is_own))
    for lock, (number, is_own) in taken.items():
        if is_own:
            uses = [use for block in blocks for use in _uses_of(place.source, block, lock)]
            yield number, Mutation.UNLOCK, tuple(Edit(use.span, "") for use in uses)
        if isinstance(operation, ast.ProcDecl):
            for last, edits in _early(place, blocks, number, lock):
                yield last, Mutation.UNLOCK, edits


def _early(
    place: Place, blocks: Sequence[tuple[ast.Stmt, ...]], taken: int, lock: str
) -> Iterator[tuple[int, tuple[Edit, ...]]]:
    """Releases before some step that the lock should cover: what releases it does so at the end of the step that takes
    it, or, if only the end of the call does, at the end of each earlier step."""
    releases = [
        (number, use)
        for number, block in enumerate(blocks)
        for use in _uses_of(place.source, block, lock)
        if isinstance(use, ast.Release)
    ]
    lasts = range(taken, len(blocks) - 1) if not releases else [taken]
    if any(number == taken for number, _ in releases):
        return
    for last in lasts:
        inserted = _at_end(place.source, blocks[last], f"release {lock}")
        if inserted is not None:
            yield last, (inserted, *(Edit(use.span, "") for _, use in releases))


def _at_end(source: Source, block: Sequence[ast.Stmt], text: str) -> Edit | None:
    """A statement more, the last of a block that can have one more."""
    if not block:
        return None
    last = block[-1]
    start = source.text.rfind("\n", 0, last.span.start) + 1
    indent = source.text[start : last.span.start]
    if indent.strip():
        indent = " "
    if isinstance(last, ast.Goto | ast.Return | ast.Call):
        return Edit(Span(source.path, last.span.start, last.span.start), f"{text}\n{indent}")
    return Edit(Span(source.path, last.span.end, last.span.end), f"\n{indent}{text}")


def _locks_taken(place: Place, block: Sequence[ast.Stmt]) -> Iterator[tuple[str, bool]]:
    """The texts of the locks that a block takes, each with whether it does so itself and not by a macro."""
    for statement in block:
        match statement:
            case ast.Acquire(lock=lock):
                yield text_at(place.source, lock.span), True
            case ast.If(then=then, otherwise=otherwise):
                yield from _locks_taken(place, (*then, *otherwise))
            case ast.MatchStmt(cases=cases):
                yield from _locks_taken(place, [each for case in cases for each in body_of(case)])
            case ast.UseMacro(macro=macro, args=args):
                found = place.usage.macro(place.module, macro.text)
                given = [text_at(place.source, arg.span) for arg in args]
                if found is not None:
                    params = [param.name.text for param in found[1].params]
                    for lock in _locks_of(found[1].body):
                        text = _with_arguments(lock, dict(zip(params, given, strict=False)))
                        if text is not None:
                            yield text, False
            case _:
                pass


def _locks_of(block: Sequence[ast.Stmt]) -> Iterator[ast.Expr]:
    """The locks that a macro takes itself."""
    for statement in block:
        if isinstance(statement, ast.Acquire):
            yield statement.lock
        elif isinstance(statement, ast.If):
            yield from _locks_of((*statement.then, *statement.otherwise))


def _with_arguments(lock: ast.Expr, given: dict[str, str]) -> str | None:
    """`mmap_lock[m]` with the arguments of a macro for its parameters; None where it is less simple."""
    match lock:
        case ast.Name(text=text):
            return text
        case ast.Index(base=ast.Name(text=text), args=args):
            words = [given.get(arg.text) if isinstance(arg, ast.Name) else None for arg in args]
            known = [word for word in words if word is not None]
            return f"{text}[{', '.join(known)}]" if len(known) == len(words) else None
        case _:
            return None


def _uses_of(
    source: Source, block: Sequence[ast.Stmt], lock: str
) -> Iterator[ast.Acquire | ast.Release | ast.Downgrade]:
    """The statements of a block, and of those in it, that take or leave the lock of that text."""
    for statement in block:
        match statement:
            case ast.Acquire(lock=named) | ast.Release(lock=named) | ast.Downgrade(lock=named):
                if text_at(source, named.span) == lock:
                    yield statement
            case ast.If(then=then, otherwise=otherwise):
                yield from _uses_of(source, (*then, *otherwise), lock)
            case ast.MatchStmt(cases=cases):
                yield from _uses_of(source, [each for case in cases for each in body_of(case)], lock)
            case _:
                pass
