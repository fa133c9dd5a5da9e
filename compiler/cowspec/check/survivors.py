"""`survivors`: what a model says of mutants that violate nothing."""

from collections.abc import Iterator

from cowspec.check import typed
from cowspec.check.context import Context, Scope
from cowspec.check.lookup import check_step
from cowspec.check.names import a, did_you_mean, kind_of
from cowspec.syntax import ast

KINDS = tuple(mutation.value for mutation in ast.Mutation)


def survivors(context: Context, module: int, decl: ast.SurvivorsDecl) -> tuple[typed.Survivor, ...]:
    """The mutants that are explained. Whether there are such mutants only `cowspec mutate` knows."""
    scope = Scope(module, {})
    return tuple(
        typed.Survivor(name, line.why, span=mutant.span)
        for line in decl.lines
        for mutant in line.mutants
        for name in _mutant(context, scope, mutant)
    )


def _mutant(context: Context, scope: Scope, mutant: ast.MutantName) -> Iterator[str]:
    """`skip do_wp_page.put 1`; nothing, reported, if it cannot be the name of a mutant."""
    kind, operation, step = mutant.mutation, mutant.operation, mutant.step
    if kind.text not in KINDS:
        hint = did_you_mean(kind.text, list(KINDS)) or f"it is one of {', '.join(KINDS)}"
        context.report(scope, "E107", f"unknown mutation `{kind.text}`", kind.span, hint)
        return
    declared = {name: symbol.decl for own in context.tables.names.own for name, symbol in own.items()}
    found = declared.get(operation.text)
    match found:
        case ast.ProcDecl():
            if step is None:
                message, hint = (
                    f"`{operation.text}` is a proc",
                    f"name the step: `{operation.text}.{found.steps[0].name.text}`",
                )
                context.report(scope, "E112", message, operation.span, hint)
                return
            check_step(context, scope, operation.text, step)
        case ast.ActionDecl() | ast.MacroDecl():
            if step is not None:
                message = f"`{operation.text}` is {a(kind_of(found))} and has no steps"
                context.report(scope, "E112", message, step.span)
                return
        case None:
            known = did_you_mean(operation.text, list(declared))
            context.report(scope, "E107", f"unknown operation `{operation.text}`", operation.span, known)
            return
        case _:
            message = f"`{operation.text}` is {a(kind_of(found))}, not an operation"
            context.report(scope, "E110", message, operation.span)
            return
    yield f"{kind.text} {operation.text}{'.' + step.text if step else ''} {mutant.number}"
