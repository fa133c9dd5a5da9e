"""Elaborating statements: macros expanded, `match` turned into `if`, `choose` given a name, places resolved.

A macro is expanded where it is used. What its arguments read is read there and then (a `let` keeps the value), so an
assignment in the macro does not change what an argument means.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from cowspec.check import typed
from cowspec.check.coercion import coerce, expr_of, settle
from cowspec.check.context import Bound, Context, Scope, Thunk, What, Where, check_free, variable
from cowspec.check.expressions import bind_where, case_tests, condition, infer, value
from cowspec.check.lookup import check_step, find_proc, report_unknown, wrong_kind
from cowspec.check.names import Symbol, a, did_you_mean, kind_of
from cowspec.check.references import bind_arguments, elements, lock_place
from cowspec.check.spends import spend
from cowspec.check.tables import binder_domain, domain_type
from cowspec.check.typed import StructType, Type
from cowspec.check.values import Value
from cowspec.check.walk import walk
from cowspec.source import Span
from cowspec.syntax import ast

Stmts = tuple[typed.Stmt, ...]

PROC_ONLY = (ast.Acquire, ast.Release, ast.Downgrade, ast.Begin, ast.Goto, ast.Return, ast.Call)
ASSIGNS = (ast.Assign, ast.UseMacro)


def block(context: Context, scope: Scope, stmts: Sequence[ast.Stmt]) -> Stmts:
    """The statements of a block in order; one that can never be reached is reported."""
    done: list[typed.Stmt] = []
    over = False
    for stmt in stmts:
        if over:
            message = "this is never reached: the step has ended"
            context.report(scope, "E301", message, stmt.span, "`goto`, `return` and `call` are the last of their block")
            break
        context.enter(scope, stmt.span)
        if _allowed(context, scope, stmt):
            new, scope = _statement(context, scope, stmt)
            done += new
            over = ends(new)
        context.leave()
    return tuple(done)


def ends(stmts: Sequence[typed.Stmt]) -> bool:
    """Whether every way through the statements leaves the step."""
    match stmts[-1] if stmts else None:
        case typed.Goto() | typed.Return() | typed.Call():
            return True
        case typed.If(then=then, otherwise=otherwise):
            return ends(then) and ends(otherwise)
        case _:
            return False


def _allowed(context: Context, scope: Scope, stmt: ast.Stmt) -> bool:
    """Whether a statement may stand here; reported if not."""
    if context.in_bulk and not isinstance(stmt, ASSIGNS):
        message = f"{_word(stmt)} in a bulk update, which only assigns"
        hint = "put the condition into its `where`"
        if isinstance(stmt, ast.Spend):
            hint = "beside it: `spend ... for c: Cpu where ...`"
        if isinstance(stmt, ast.Bulk):
            hint = "bind both names at once: `forall a: A, b: B where ... { ... }`"
        context.report(scope, "E303", message, stmt.span, hint)
        return False
    if context.where is Where.ACTION and isinstance(stmt, PROC_ONLY):
        message = f"{_word(stmt)} in an action: only a step of a proc can do that"
        hint = "an action is one atomic step; ask for a lock with `require not held(...)`"
        context.report(scope, "E302", message, stmt.span, hint)
        return False
    if context.where is Where.MACRO and isinstance(stmt, ast.Goto):
        message = "`goto` in a macro, which knows no steps"
        context.report(scope, "E312", message, stmt.span, "let the step that uses the macro decide where to go")
        return False
    return True


def _word(stmt: ast.Stmt) -> str:
    match stmt:
        case ast.MatchStmt():
            return "`match`"
        case ast.Bulk():
            return "a bulk update"
        case ast.Assign():
            return "an assignment"
        case ast.UseMacro():
            return "a macro"
        case _:
            return f"`{type(stmt).__name__.lower()}`"


def _statement(context: Context, scope: Scope, stmt: ast.Stmt) -> tuple[Stmts, Scope]:
    """What one statement becomes, and the scope after it."""
    span = stmt.span
    match stmt:
        case ast.Require(condition=test):
            return (typed.Require(condition(context, scope, test), span=span),), scope
        case ast.If(condition=test, then=then, otherwise=otherwise):
            tested = condition(context, scope, test)
            branches = block(context, scope, then), block(context, scope, otherwise)
            return (typed.If(tested, *branches, span=span),), scope
        case ast.MatchStmt():
            return _match(context, scope, stmt), scope
        case ast.Let():
            return _let(context, scope, stmt)
        case ast.Assign():
            return _assign(context, scope, stmt), scope
        case ast.Bulk():
            return _bulk(context, scope, stmt), scope
        case ast.Acquire() | ast.Release() | ast.Downgrade() | ast.Begin():
            return _lock(context, scope, stmt), scope
        case ast.Goto(step=step):
            if context.proc is not None:
                check_step(context, scope, context.proc, step)
            return (typed.Goto(step.text, span=span),), scope
        case ast.Return(text=text):
            return (typed.Return(text, span=span),), scope
        case ast.Note(text=text):
            return (typed.Note(text, span=span),), scope
        case ast.Spend():
            return spend(context, scope, stmt), scope
        case ast.Call():
            return _call(context, scope, stmt), scope
        case ast.UseMacro():
            return _macro(context, scope, stmt), scope
        case _:
            assert_never(stmt)


def _match(context: Context, scope: Scope, stmt: ast.MatchStmt) -> Stmts:
    tests = case_tests(context, scope, stmt)
    blocks = [block(context, scope, case.body) for case in stmt.cases if isinstance(case.body, tuple)]
    if tests is None:
        return ()
    found = blocks[-1]
    for test, body in zip(reversed(tests[:-1]), reversed(blocks[:-1]), strict=True):
        found = (typed.If(test, body, found, span=stmt.span),)
    return found


# ---- values --------------------------------------------------------------------------------------------------------


def _choose(context: Context, scope: Scope, choose: ast.Choose) -> tuple[typed.Choose, Value] | None:
    """`choose q: Page where ...`, and the name it binds."""
    domain = binder_domain(context.tables, choose.type, scope.module)
    check_free(context, scope, choose.name)
    if domain is None:
        return None
    name = context.fresh(choose.name.text)
    chosen = variable(name, Type(domain_type(context.tables, domain)), choose.span)
    inner = scope.bind(choose.name.text, Bound(chosen, What.BINDER, choose.name.span))
    where: typed.Expr = typed.BoolLit(True, span=choose.span)
    if choose.where is not None:
        where = condition(context, inner, choose.where)
    return typed.Choose(name, domain, where, span=choose.span), chosen


def _let(context: Context, scope: Scope, stmt: ast.Let) -> tuple[Stmts, Scope]:
    check_free(context, scope, stmt.name)
    before: Stmts = ()
    found: Value | None = None
    if isinstance(stmt.value, ast.Choose):
        chosen = _choose(context, scope, stmt.value)
        if chosen is not None:
            before, found = (chosen[0],), chosen[1]
    else:
        settled = settle(context, scope, infer(context, scope, stmt.value))
        found = settled if isinstance(settled, Value) else None
    if found is None:
        return (), scope.bind(stmt.name.text, Bound(None, What.LET, stmt.name.span))
    name = context.fresh(stmt.name.text)
    bound = Bound(variable(name, found.type, stmt.name.span), What.LET, stmt.name.span)
    return (*before, typed.Let(name, found.expr, found.type, span=stmt.span)), scope.bind(stmt.name.text, bound)


def _assign(context: Context, scope: Scope, stmt: ast.Assign) -> Stmts:
    place = _place(context, scope, stmt.target)
    if not isinstance(stmt.value, ast.Choose):
        if place is None:
            infer(context, scope, stmt.value)
            return ()
        return (typed.Assign(place, value(context, scope, stmt.value, place.type), span=stmt.span),)
    if context.in_bulk:
        message = "`choose` in a bulk update, which only assigns"
        context.report(scope, "E303", message, stmt.value.span, "choose before the `forall`")
        return ()
    chosen = _choose(context, scope, stmt.value)
    if place is None or chosen is None:
        return ()
    found = coerce(context, scope, chosen[1], place.type.base)
    return chosen[0], typed.Assign(place, expr_of(found, stmt.span), span=stmt.span)


# ---- places --------------------------------------------------------------------------------------------------------


def _place(context: Context, scope: Scope, target: ast.Expr) -> typed.Place | None:
    """What an assignment writes; None, reported, if it cannot be written."""
    match target:
        case ast.Name():
            return _named_place(context, scope, target, (), target.span)
        case ast.Index(base=ast.Name() as name, args=args):
            return _named_place(context, scope, name, args, target.span)
        case ast.FieldOf(base=base, field=field):
            outer = _place(context, scope, base)
            return None if outer is None else _field_place(context, scope, outer, field, target.span)
        case _:
            context.report(scope, "E305", "this cannot be assigned to", target.span, "assign to a variable or a local")
            return None


def _field_place(context: Context, scope: Scope, outer: typed.Place, field: ast.Name, span: Span) -> typed.Place | None:
    if not isinstance(outer.type.base, StructType):
        context.report(scope, "E220", "only a struct has fields", span)
        return None
    fields = context.tables.fields(outer.type.base.name)
    if field.text not in fields:
        message = f"`{outer.type.base.name}` has no field `{field.text}`"
        context.report(scope, "E111", message, field.span, did_you_mean(field.text, list(fields)))
        return None
    return replace(outer, path=(*outer.path, field.text), type=fields[field.text], span=span)


def _named_place(
    context: Context, scope: Scope, name: ast.Name, args: tuple[ast.Expr, ...], span: Span
) -> typed.Place | None:
    tables = context.tables
    bound = scope.names.get(name.text)
    if bound is not None:
        return _local_place(context, scope, name, bound, args, span)
    symbol = context.visible(scope).get(name.text)
    if symbol is None:
        report_unknown(context, scope, name, "variable")
        return None
    if not isinstance(symbol.decl, ast.VarDecl):
        if isinstance(symbol.decl, ast.ChoiceDecl | ast.FixDecl):
            message = f"`{name.text}` is {a(kind_of(symbol.decl))}, the same for the whole run"
            context.report(scope, "E305", message, span, "only variables and locals can be assigned to")
        else:
            wrong_kind(context, scope, name, symbol.decl, "a variable")
        return None
    if name.text in tables.broken or name.text not in tables.vars:
        return None
    var = tables.vars[name.text]
    index = elements(context, scope, name.text, span, args, var.index)
    return None if index is None else typed.Place(name.text, None, index[0], (), var.type, span=span)


def _local_place(
    context: Context, scope: Scope, name: ast.Name, bound: Bound, args: tuple[ast.Expr, ...], span: Span
) -> typed.Place | None:
    if bound.what is not What.LOCAL:
        message = f"`{name.text}` is {bound.what.value} and keeps its value"
        hint = "declare a local: `var ...` in the proc, or assign to a variable"
        context.report(scope, "E305", message, name.span, hint, ((bound.span, "bound here"),))
        return None
    if context.proc is None or bound.meaning is None:
        return None
    if args:
        context.report(scope, "E208", f"local `{name.text}` has no index", span)
        return None
    local = context.tables.frames[context.proc].locals[name.text]
    return typed.Place(name.text, context.proc, (), (), local.type, span=span)


# ---- bulk updates --------------------------------------------------------------------------------------------------


def _bulk(context: Context, scope: Scope, stmt: ast.Bulk) -> Stmts:
    before = len(context.tables.diagnostics)
    binders, where, inner = bind_where(context, scope, stmt.binders, stmt.where)
    context.in_bulk = True
    body = block(context, inner, stmt.body)
    context.in_bulk = False
    assigns = tuple(part for part in body if isinstance(part, typed.Assign))
    if len(context.tables.diagnostics) == before:
        for assign in assigns:
            _check_bulk_place(context, scope, binders, assign)
        _check_bulk_records(context, scope, assigns)
    return (typed.Bulk(binders, where, assigns, span=stmt.span),)


def _check_bulk_place(context: Context, scope: Scope, binders: tuple[typed.Binder, ...], assign: typed.Assign) -> None:
    """Two instances of a bulk update may not write one place: the index contains every bound name itself (M1)."""
    index = {part.name for part in assign.place.index if isinstance(part, typed.Var)}
    missing = [binder.name.partition("#")[0] for binder in binders if binder.name not in index]
    if missing:
        message = f"the index of `{assign.place.var}` does not contain {', '.join(f'`{name}`' for name in missing)}"
        hint = "two instances of the bulk update could write the same place: index it by every bound name itself"
        context.report(scope, "E304", message, assign.place.span, hint)


def _check_bulk_records(context: Context, scope: Scope, assigns: tuple[typed.Assign, ...]) -> None:
    """All right sides and checks read the state before the bulk, so one that writes both a record and a field of it
    could write the field of a record that it has just taken away."""
    whole = {assign.place.var: assign for assign in assigns if not assign.place.path}
    for assign in assigns:
        if assign.place.path and assign.place.var in whole:
            message = f"`{assign.place.var}` is written both as a whole and by field in one bulk update"
            more = ((whole[assign.place.var].place.span, "written as a whole here"),)
            context.report(scope, "E304", message, assign.place.span, "write the record with all its fields", more)


# ---- locks and calls -----------------------------------------------------------------------------------------------


def _lock(context: Context, scope: Scope, stmt: ast.Acquire | ast.Release | ast.Downgrade | ast.Begin) -> Stmts:
    kinds = tuple(ast.LockKind)
    if isinstance(stmt, ast.Downgrade):
        kinds = (ast.LockKind.RWLOCK,)
    if isinstance(stmt, ast.Begin):
        kinds = (ast.LockKind.SEQCOUNT,)
    lock = lock_place(context, scope, stmt.lock, kinds, type(stmt).__name__.lower())
    if lock is None:
        return ()
    match stmt:
        case ast.Acquire(mode=mode):
            has_modes = context.tables.locks[lock[0]].kind is ast.LockKind.RWLOCK
            if has_modes and mode is None:
                message = f"`{lock[0]}` is an rwlock: for `read` or for `write`?"
                context.report(scope, "E306", message, stmt.span, f"write `acquire {lock[0]}... for read`")
            if not has_modes and mode is not None:
                kind = context.tables.locks[lock[0]].kind.value
                message = f"`{lock[0]}` is a {kind}, which has no modes"
                context.report(scope, "E306", message, stmt.span, "leave out `for ...`")
            return (typed.Acquire(*lock, mode or ast.LockMode.WRITE, span=stmt.span),)
        case ast.Release():
            return (typed.Release(*lock, span=stmt.span),)
        case ast.Downgrade():
            return (typed.Downgrade(*lock, span=stmt.span),)
        case ast.Begin():
            return (typed.Begin(*lock, span=stmt.span),)
        case _:
            assert_never(stmt)


def _call(context: Context, scope: Scope, stmt: ast.Call) -> Stmts:
    proc = find_proc(context, scope, stmt.proc)
    if proc is None:
        return ()
    params = list(context.tables.frames[proc].params.values())
    if len(params) != len(stmt.args):
        if proc not in context.tables.broken:
            message = f"`{proc}` takes {len(params)} arguments, found {len(stmt.args)}"
            context.report(scope, "E208", message, stmt.proc.span)
        return (typed.Call(proc, (), span=stmt.span),)
    args = tuple(value(context, scope, arg, of) for arg, of in zip(stmt.args, params, strict=True))
    return (typed.Call(proc, args, span=stmt.span),)


def _macro(context: Context, scope: Scope, stmt: ast.UseMacro) -> Stmts:
    symbol = context.visible(scope).get(stmt.macro.text)
    if symbol is None:
        report_unknown(context, scope, stmt.macro, "macro")
        return ()
    if not isinstance(symbol.decl, ast.MacroDecl):
        wrong_kind(context, scope, stmt.macro, symbol.decl, "a macro")
        return ()
    if symbol.key in context.totals.broken:
        return ()
    bound = bind_arguments(context, scope, stmt.macro, symbol, stmt.args)
    if bound is None:
        return ()
    lets = () if context.in_bulk else _keep_arguments(context, scope, symbol, bound, stmt)
    inner = Scope(symbol.module, bound, (*scope.uses, stmt.span))
    return (*lets, *block(context, inner, symbol.decl.body))


def _keep_arguments(
    context: Context, scope: Scope, symbol: Symbol, bound: dict[str, Bound], stmt: ast.UseMacro
) -> Stmts:
    """A `let` for each argument that the macro could change by what it assigns; `bound` is changed to match."""
    assert isinstance(symbol.decl, ast.MacroDecl)
    lets: list[typed.Stmt] = []
    for param, arg in zip(symbol.decl.params, stmt.args, strict=True):
        parameter = bound[param.name.text]
        found = parameter.meaning
        if isinstance(found, Thunk):
            again = coerce(context, scope, infer(context, scope, arg), found.base)
            found = again if isinstance(again, Value) else None
        if found is not None and any(reads_state(part) for part in walk(found.expr)):
            name = context.fresh(param.name.text)
            lets.append(typed.Let(name, found.expr, found.type, span=arg.span))
            bound[param.name.text] = Bound(variable(name, found.type, arg.span), parameter.what, parameter.span)
    return tuple(lets)


def reads_state(expr: typed.Expr) -> bool:
    """Whether the node itself, not its parts, reads something that a step can change."""
    reads = typed.Read | typed.FrameRead | typed.At | typed.Active | typed.Idle | typed.Held | typed.Changed
    return isinstance(expr, reads) or (
        isinstance(expr, typed.Tally) and any(isinstance(term, typed.Refs) for term in expr.terms)
    )
