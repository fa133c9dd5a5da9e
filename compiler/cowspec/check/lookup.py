"""Finding top-level names, and saying what is wrong with one that does not fit."""

from cowspec.check.context import Context, Scope
from cowspec.check.names import NamedDecl, a, did_you_mean, kind_of
from cowspec.syntax import ast


def report_unknown(context: Context, scope: Scope, name: ast.Name, what: str) -> None:
    """Reports a name that means nothing here. `what` it should be decides which names are offered."""
    visible = context.visible(scope)
    known = [symbol.name for symbol in visible.values() if what == "name" or what in _words(symbol.decl)]
    if what in ("name", "variable"):
        known += scope.names
    if what == "name":
        known += [member for enum in context.tables.enums.values() for member in enum.members]
    hint = did_you_mean(name.text, known)
    elsewhere = context.tables.names.declared_in(name.text)
    if elsewhere is not None and name.text not in visible:
        hint = f"`{name.text}` is declared in `{elsewhere}`: name it on a `use` line"
    context.report(scope, "E107", f"unknown {what} `{name.text}`", name.span, hint)


def _words(decl: NamedDecl) -> tuple[str, ...]:
    """What a declaration can be asked for as."""
    match decl:
        case ast.ActionDecl() | ast.ProcDecl():
            return (kind_of(decl), "operation")
        case ast.LockDecl():
            return ("lock",)
        case ast.PropertyDecl():
            return ("property",)
        case _:
            return (kind_of(decl),)


def wrong_kind(context: Context, scope: Scope, name: ast.Name, decl: ast.Decl, wanted: str) -> None:
    """Reports a name that is declared as something else than what is wanted in its place."""
    text = name.text
    hint = None
    match decl:
        case ast.Use() | ast.InitDecl() | ast.ExpectDecl() | ast.SurvivorsDecl():
            return
        case ast.VarDecl(index=index) if index:
            hint = f"write `{text}[{', '.join(sort.text for sort in index)}]`"
        case ast.DefDecl(params=params):
            hint = f"a def is used with its arguments: `{text}({', '.join(param.name.text for param in params)})`"
        case ast.MacroDecl():
            hint = f"a macro is used as a statement: `{text}(...)`"
        case ast.ProcDecl():
            hint = f"a step calls it with `call {text}(...)`; `{text}[t]` is its call on CPU t"
        case ast.LockDecl(index=index):
            lock = text + (f"[{', '.join(sort.text for sort in index)}]" if index else "")
            hint = f"ask with `held({lock})`, take it with `acquire`"
        case ast.ActionDecl():
            hint = "an action happens by itself and cannot be called"
        case _:
            pass
    context.report(scope, "E110", f"`{text}` is {a(kind_of(decl))}, not {wanted}", name.span, hint)


def find_proc(context: Context, scope: Scope, name: ast.Name) -> str | None:
    """The proc of that name; None, reported, if there is none."""
    symbol = context.visible(scope).get(name.text)
    match symbol.decl if symbol else None:
        case ast.ProcDecl():
            return name.text
        case None:
            report_unknown(context, scope, name, "proc")
        case decl:
            wrong_kind(context, scope, name, decl, "a proc")
    return None


def find_choice(context: Context, scope: Scope, expr: ast.Expr) -> str | None:
    """The choice that an expression names, if it does."""
    if not isinstance(expr, ast.Name) or expr.text in scope.names:
        return None
    symbol = context.visible(scope).get(expr.text)
    return expr.text if symbol and isinstance(symbol.decl, ast.ChoiceDecl) else None


def check_step(context: Context, scope: Scope, proc: str, step: ast.Name) -> None:
    """Reports a name that is no step of the proc."""
    steps = context.tables.frames[proc].steps
    if step.text not in steps:
        message = f"proc `{proc}` has no step `{step.text}`"
        context.report(scope, "E112", message, step.span, did_you_mean(step.text, list(steps)))


def option_is(context: Context, scope: Scope, choice: str, option: ast.Expr) -> bool:
    """Whether an expression names an option of the choice; reported if not."""
    options = dict(context.tables.switches[choice].options)
    if isinstance(option, ast.Name) and option.text in options:
        return True
    if isinstance(option, ast.Name):
        message = f"choice `{choice}` has no option `{option.text}`"
        context.report(scope, "E107", message, option.span, did_you_mean(option.text, list(options)))
    else:
        message = f"choice `{choice}` is compared with one of its options"
        context.report(scope, "E213", message, option.span, f"its options are {', '.join(options)}")
    return False


def check_cases(
    context: Context, scope: Scope, subject: str, known: tuple[str, ...], expr: ast.Match | ast.MatchStmt
) -> bool:
    """Whether every option or member has exactly one case; reported if not. `subject`: "choice `cow`"."""
    seen: set[str] = set()
    right = True
    for name in (option for case in expr.cases for option in case.options):
        if name.text not in known:
            message = f"{subject} has no `{name.text}`"
            context.report(scope, "E107", message, name.span, did_you_mean(name.text, list(known)))
            right = False
        elif name.text in seen:
            context.report(scope, "E215", f"`{name.text}` has a case already", name.span)
            right = False
        seen.add(name.text)
    missing = [name for name in known if name not in seen]
    if missing:
        message = f"no case for {', '.join(f'`{name}`' for name in missing)}"
        hint = "a match has a case for everything; join cases with commas: `a, b => ...`"
        context.report(scope, "E215", message, expr.subject.span, hint)
    return right and not missing
