"""Which operations a model has, the macros they use, and which of their statements only keep records.

In: a program and its checked model. Out: the declarations in use, in order of the modules and their texts, and a test
for statements without effect on what happens: ghosts, notes, costs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cowspec.check.modules import Program
from cowspec.check.names import Names, resolve
from cowspec.check.typed import Model
from cowspec.syntax import ast

Operation = ast.ActionDecl | ast.ProcDecl | ast.MacroDecl


@dataclass(frozen=True, slots=True)
class Usage:
    """`operations`: with the index of the module that declares each."""

    names: Names
    operations: tuple[tuple[int, Operation], ...]

    def macro(self, module: int, name: str) -> tuple[int, ast.MacroDecl] | None:
        """The macro of that name which the module sees, and the module that declares it."""
        symbol = self.names.visible[module].get(name)
        return (symbol.module, symbol.decl) if symbol is not None and isinstance(symbol.decl, ast.MacroDecl) else None

    def keeps_records(self, module: int, statement: ast.Stmt, locals_: frozenset[str] = frozenset()) -> bool:
        """Whether a statement changes ghosts only (`locals_`: those of the proc), or nothing at all."""
        match statement:
            case ast.Note() | ast.Spend():
                return True
            case ast.Assign(target=target):
                return self._is_ghost(module, target, locals_)
            case ast.Bulk(body=body):
                return all(self.keeps_records(module, each, locals_) for each in body)
            case ast.If(then=then, otherwise=otherwise):
                return all(self.keeps_records(module, each, locals_) for each in (*then, *otherwise))
            case ast.MatchStmt(cases=cases):
                return all(self.keeps_records(module, each, locals_) for case in cases for each in body_of(case))
            case ast.Let(value=value):
                return not isinstance(value, ast.Choose)
            case ast.UseMacro(macro=macro):
                found = self.macro(module, macro.text)
                return found is not None and all(self.keeps_records(found[0], each) for each in found[1].body)
            case _:
                return False

    def reads_switches_only(self, module: int, condition: ast.Expr) -> bool:
        """Whether a condition says which setting it is for, and nothing of the state."""
        match condition:
            case ast.Not(body=body):
                return self.reads_switches_only(module, body)
            case ast.Binary(op=op, left=left, right=right):
                if op in (ast.BinaryOp.EQ, ast.BinaryOp.NE):
                    return self._is_switch(module, left) or self._is_switch(module, right)
                return self.reads_switches_only(module, left) and self.reads_switches_only(module, right)
            case ast.NoFix():
                return True
            case _:
                return self._is_switch(module, condition)

    def _is_switch(self, module: int, expr: ast.Expr) -> bool:
        symbol = self.names.visible[module].get(expr.text) if isinstance(expr, ast.Name) else None
        return symbol is not None and isinstance(symbol.decl, ast.FixDecl | ast.ChoiceDecl)

    def _is_ghost(self, module: int, target: ast.Expr, locals_: frozenset[str]) -> bool:
        while isinstance(target, ast.Index | ast.FieldOf):
            target = target.base
        if not isinstance(target, ast.Name):
            return False
        symbol = self.names.visible[module].get(target.text)
        is_ghost = symbol is not None and isinstance(symbol.decl, ast.VarDecl) and symbol.decl.ghost
        return target.text in locals_ or is_ghost


def usage_of(program: Program, model: Model) -> Usage:
    """The actions and procs of the model, and the macros that they use, directly or through others."""
    usage = Usage(resolve(program, []), ())
    wanted = {action.name for action in model.actions} | {proc.name for proc in model.procs}
    declared = [
        (index, item)
        for index, module in enumerate(program.modules)
        for item in module.tree.items
        if isinstance(item, ast.ActionDecl | ast.ProcDecl | ast.MacroDecl)
    ]
    pending: list[tuple[int, Operation]] = [
        (index, item) for index, item in declared if not isinstance(item, ast.MacroDecl) and item.name.text in wanted
    ]
    used = {(index, item.name.text) for index, item in pending}
    while pending:
        index, item = pending.pop()
        for statement in statements(blocks_of(item)):
            found = usage.macro(index, statement.macro.text) if isinstance(statement, ast.UseMacro) else None
            if found is not None and (found[0], found[1].name.text) not in used:
                used.add((found[0], found[1].name.text))
                pending.append(found)
    return Usage(usage.names, tuple(each for each in declared if (each[0], each[1].name.text) in used))


def blocks_of(operation: Operation) -> tuple[ast.Stmt, ...]:
    """All statements at the top of an operation's blocks."""
    if isinstance(operation, ast.ProcDecl):
        return tuple(statement for step in operation.steps for statement in step.body)
    return operation.body


def statements(block: Iterable[ast.Stmt]) -> Iterator[ast.Stmt]:
    """The statements of a block and all in them, in the order of the text."""
    stack = list(reversed(list(block)))
    while stack:
        statement = stack.pop()
        yield statement
        stack.extend(reversed(inside(statement)))


def inside(statement: ast.Stmt) -> tuple[ast.Stmt, ...]:
    """The statements directly in a statement."""
    match statement:
        case ast.If(then=then, otherwise=otherwise):
            return (*then, *otherwise)
        case ast.Bulk(body=body):
            return body
        case ast.MatchStmt(cases=cases):
            return tuple(each for case in cases for each in body_of(case))
        case _:
            return ()


def body_of(case: ast.MatchCase) -> tuple[ast.Stmt, ...]:
    """The statements of a case of a `match` statement."""
    return case.body if isinstance(case.body, tuple) else ()
