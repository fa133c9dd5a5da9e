"""Scenarios and expectations of the model file."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product

from cowspec.check import typed
from cowspec.check.context import Context, Scope, What, bind_all
from cowspec.check.expressions import condition
from cowspec.check.lookup import check_step, report_unknown, wrong_kind
from cowspec.check.names import did_you_mean, kind_of
from cowspec.check.tables import CPU
from cowspec.check.walk import walk
from cowspec.syntax import ast
from cowspec.syntax.ast import ExpectedKind, PropertyKind

MAX_SETTINGS = 4096
MAX_ELEMENTS = 1000

POSITIVE = (ExpectedKind.PROVED, ExpectedKind.NO_VIOLATION, ExpectedKind.UNREACHABLE)
OF_COVERS = (ExpectedKind.REACHED, ExpectedKind.UNREACHABLE)


# ---- parts of both -------------------------------------------------------------------------------------------------


def find_property(context: Context, scope: Scope, name: ast.Name) -> ast.PropertyDecl | None:
    symbol = context.visible(scope).get(name.text)
    if symbol is None:
        report_unknown(context, scope, name, "property")
        return None
    if not isinstance(symbol.decl, ast.PropertyDecl):
        wrong_kind(context, scope, name, symbol.decl, "a property")
        return None
    return symbol.decl


def sizes(context: Context, scope: Scope, written: ast.Scope | None) -> tuple[tuple[str, int], ...]:
    """`Cpu=2, Page=3` with every mistake reported."""
    found: dict[str, int] = {}
    for name, size in written.sizes if written else ():
        symbol = context.visible(scope).get(name.text)
        if symbol is None or not isinstance(symbol.decl, ast.SortDecl):
            hint = did_you_mean(name.text, context.tables.sorts)
            context.report(scope, "E408", f"`{name.text}` is no sort, and has no size", name.span, hint)
        elif name.text in found:
            context.report(scope, "E408", f"the size of `{name.text}` is given twice", name.span)
        elif not 1 <= size <= MAX_ELEMENTS:
            message = f"a sort has 1 to {MAX_ELEMENTS} elements at a scope"
            context.report(scope, "E408", message, name.span)
        found.setdefault(name.text, size)
    return tuple(found.items())


def when(context: Context, scope: Scope, written: ast.Expr | None) -> typed.Expr | None:
    """A condition on switches and nothing else."""
    if written is None:
        return None
    before = len(context.tables.diagnostics)
    found = condition(context, scope, written)
    if len(context.tables.diagnostics) > before:
        return found
    allowed = (
        typed.SwitchIs | typed.BoolLit | typed.And | typed.Or | typed.Not | typed.Implies | typed.Equal | typed.Cond
    )
    other = next((part for part in walk(found) if not isinstance(part, allowed)), None)
    if other is not None:
        message = "`when` asks about switches only"
        context.report(scope, "E407", message, other.span, "what holds in a state is said by the property")
    return found


# ---- scenarios -----------------------------------------------------------------------------------------------------


def scenario(context: Context, module: int, decl: ast.ScenarioDecl) -> typed.Scenario:
    outer = Scope(module, {})
    names, _ = bind_all(context, outer, decl.names, What.BINDER)
    for binder in names:
        if binder.sort in context.tables.enums:
            message = f"`{binder.name}` ranges over the enum `{binder.sort}`"
            context.report(outer, "E402", message, binder.span, "write the member itself as an argument")
    kinds = {binder.name: binder.sort for binder in names}
    allowed = tuple(name.text for name in decl.allowed if _allowed(context, outer, name))
    lines: list[typed.ScriptLine | typed.ScriptFinish] = []
    unfinished: set[str] = set()
    for line in decl.lines:
        _check_cpu(context, outer, kinds, line.cpu)
        if isinstance(line, ast.ScriptLine):
            found = _line(context, outer, kinds, line)
            lines += [found] if found else []
            if line.until is not None:
                unfinished.add(line.cpu.text)
        else:
            if line.cpu.text not in unfinished and line.cpu.text in kinds:
                message = f"`{line.cpu.text}` has no call to finish"
                context.report(outer, "E405", message, line.span, "`until` leaves a call unfinished")
            unfinished.discard(line.cpu.text)
            lines.append(typed.ScriptFinish(line.cpu.text, span=line.span))
    expects = tuple(_script_expect(context, outer, expect) for expect in decl.expects)
    return typed.Scenario(decl.name.text, decl.text, names, allowed, tuple(lines), expects, span=decl.span)


def _starts(context: Context, scope: Scope, name: ast.Name) -> bool:
    """Whether the model may start an action or proc by itself; reported if not."""
    if name.text in context.tables.names.startable:
        return True
    message = f"`{name.text}` does not start in this model"
    hint = "only what the model file and the modules on its own `use` lines define may start"
    context.report(scope, "E404", message, name.span, hint)
    return False


def _allowed(context: Context, scope: Scope, name: ast.Name) -> bool:
    symbol = context.visible(scope).get(name.text)
    if symbol is None:
        report_unknown(context, scope, name, "action")
        return False
    if not isinstance(symbol.decl, ast.ActionDecl):
        message = f"`{name.text}` is a {kind_of(symbol.decl)}; `allow` lists actions"
        context.report(scope, "E403", message, name.span, "run a proc in a line of its own: `c0: p(...)`")
        return False
    return _starts(context, scope, name)


def _check_cpu(context: Context, scope: Scope, kinds: Mapping[str, str], cpu: ast.Name) -> None:
    if kinds.get(cpu.text) != CPU:
        message = f"`{cpu.text}` is no CPU of this scenario"
        hint = did_you_mean(cpu.text, [name for name, sort in kinds.items() if sort == CPU])
        context.report(scope, "E402", message, cpu.span, hint or f"declare it: `let {cpu.text}: Cpu`")


def _line(context: Context, scope: Scope, kinds: Mapping[str, str], line: ast.ScriptLine) -> typed.ScriptLine | None:
    """NOTE(script): an argument for a parameter of an enum is the name of a member."""
    name = line.operation
    symbol = context.visible(scope).get(name.text)
    match symbol.decl if symbol else None:
        case None:
            report_unknown(context, scope, name, "operation")
            return None
        case ast.ActionDecl(params=params):
            wanted = [param.type.text for param in params]
            if CPU not in wanted:
                message = f"action `{name.text}` has no parameter of sort `Cpu`"
                context.report(scope, "E402", message, name.span, "an action without a CPU happens where it is allowed")
                return None
            wanted.remove(CPU)
            if line.until is not None:
                message = f"`{name.text}` is an action, one step without stops"
                context.report(scope, "E405", message, line.until.span, "leave out `until`")
        case ast.ProcDecl(params=params):
            wanted = [param.type.text for param in params]
            if line.until is not None:
                check_step(context, scope, name.text, line.until)
        case decl:
            wrong_kind(context, scope, name, decl, "an action or a proc")
            return None
    if not _starts(context, scope, name):
        return None
    if len(wanted) != len(line.args):
        message = f"`{name.text}` takes {len(wanted)} arguments after the CPU, found {len(line.args)}"
        hint = f"its parameters are {', '.join(wanted)}; `_` stands for any value" if wanted else None
        context.report(scope, "E402", message, name.span, hint)
        return None
    args = [_arg(context, scope, kinds, arg, sort) for arg, sort in zip(line.args, wanted, strict=True)]
    until = line.until.text if line.until else None
    return typed.ScriptLine(line.cpu.text, name.text, tuple(args), until, span=line.span)


def _arg(context: Context, scope: Scope, kinds: Mapping[str, str], arg: ast.Expr, sort: str) -> str | None:
    enums = context.tables.enums
    match arg:
        case ast.Anything():
            return None
        case ast.Name(text=text) if kinds.get(text) == sort:
            return text
        case ast.Name(text=text) if sort in enums and text in enums[sort].members:
            return text
        case ast.Name(text=text) if text in kinds:
            message = f"expected a `{sort}`, found `{text}` of `{kinds[text]}`"
            context.report(scope, "E402", message, arg.span)
        case _:
            known = [name for name, of in kinds.items() if of == sort]
            known += enums[sort].members if sort in enums else ()
            message = f"an argument in a scenario is a name of its `let` lines, or `_`; expected a `{sort}`"
            hint = f"known here: {', '.join(known)}" if known else f"declare one: `let x: {sort}`"
            context.report(scope, "E402", message, arg.span, hint)
    return None


def _script_expect(context: Context, scope: Scope, expect: ast.ScriptExpect) -> typed.ScriptExpect:
    name = None
    if expect.property is not None:
        name = expect.property.text
        found = find_property(context, scope, expect.property)
        if found is not None and found.kind is PropertyKind.COVER:
            message = f"`{name}` is a cover: no run violates it"
            context.report(scope, "E406", message, expect.property.span, "expect an invariant, a lemma or a transition")
    scope_sizes = sizes(context, scope, expect.scope)
    condition_ = when(context, scope, expect.when)
    return typed.ScriptExpect(name, expect.outcome, scope_sizes, condition_, span=expect.span)


# ---- expectations --------------------------------------------------------------------------------------------------


def expectations(context: Context, module: int, decl: ast.ExpectDecl) -> list[typed.Expectation]:
    scope = Scope(module, {})
    found = []
    for line in decl.lines:
        for name in line.properties:
            _check_expected(context, scope, name, line.verdict)
        names = tuple(name.text for name in line.properties)
        scope_sizes = sizes(context, scope, line.scope)
        condition_ = when(context, scope, line.when)
        by = line.by.text if line.by is not None and _is_scenario(context, scope, line.by) else None
        found.append(typed.Expectation(names, line.verdict, line.within, by, scope_sizes, condition_, span=line.span))
    return found


def _is_scenario(context: Context, scope: Scope, name: ast.Name) -> bool:
    """Of the model file: those of used modules do not count."""
    symbol = context.tables.names.own[scope.module].get(name.text)
    if symbol is None:
        report_unknown(context, scope, name, "scenario")
        return False
    if not isinstance(symbol.decl, ast.ScenarioDecl):
        wrong_kind(context, scope, name, symbol.decl, "a scenario")
        return False
    return True


def _check_expected(context: Context, scope: Scope, name: ast.Name, verdict: ExpectedKind) -> None:
    found = find_property(context, scope, name)
    if found is None:
        return
    is_cover = found.kind is PropertyKind.COVER
    if is_cover != (verdict in OF_COVERS):
        message = f"`{name.text}` is {'a cover' if is_cover else 'no cover'}, and cannot be `{verdict.value}`"
        hint = "a cover is `reached` or `unreachable`" if is_cover else "expect `proved`, `refuted` or `no_violation`"
        context.report(scope, "E406", message, name.span, hint)
    elif name.text not in context.tables.names.startable:
        message = f"`{name.text}` is not checked in this model"
        hint = "what is checked stands in the model file or in a module on its own `use` lines"
        context.report(scope, "E410", message, name.span, hint)


def check_contradictions(context: Context, module: int, lines: list[typed.Expectation]) -> None:
    """Reports two lines that say different things of one property under one setting."""
    scope = Scope(module, {})
    for first, second in combinations(lines, 2):
        shared = [name for name in first.properties if name in second.properties]
        if not shared or not _differ(first, second):
            continue
        setting = _common_setting(context, first.when, second.when)
        if setting is None:
            continue
        where = ", ".join(f"{switch} = {option}" for switch, option in setting) or "every setting"
        message = f"`{shared[0]}` is expected to be both {_say(first)} and {_say(second)}, with {where}"
        more = ((first.span, "the other line"),)
        hint = "narrow the `when` of one of them"
        context.report(scope, "E409", message, second.span, hint, more)


def _say(line: typed.Expectation) -> str:
    at = " at " + ", ".join(f"{sort}={size}" for sort, size in line.scope) if line.scope else ""
    return f"`{line.verdict.value}{at}`"


def _differ(first: typed.Expectation, second: typed.Expectation) -> bool:
    """Whether two lines cannot both be meant. At different scopes different things may be true, except that what is
    proved at any size holds at each."""
    if first.verdict is second.verdict:
        return False
    if sorted(first.scope) == sorted(second.scope):
        return True
    at_any_size = (ExpectedKind.PROVED, ExpectedKind.UNREACHABLE)
    anywhere = any(not line.scope and line.verdict in at_any_size for line in (first, second))
    return anywhere and (first.verdict in POSITIVE) != (second.verdict in POSITIVE)


def _common_setting(
    context: Context, first: typed.Expr | None, second: typed.Expr | None
) -> tuple[tuple[str, str], ...] | None:
    """A setting of the switches that both conditions name under which both hold; None if there is none, or if there are
    more settings than anyone would look through."""
    conditions = [condition_ for condition_ in (first, second) if condition_ is not None]
    mentioned = {part.switch for part in walk(*conditions) if isinstance(part, typed.SwitchIs)}
    switches = [switch for name, switch in context.tables.switches.items() if name in mentioned]
    count = 1
    for switch in switches:
        count *= len(switch.options)
    if count > MAX_SETTINGS:
        return None
    for setting in _settings(switches):
        if all(holds(condition_, dict(setting)) for condition_ in conditions):
            return setting
    return None


def _settings(switches: list[typed.Switch]) -> Iterator[tuple[tuple[str, str], ...]]:
    names = [switch.name for switch in switches]
    for options in product(*([option for option, _ in switch.options] for switch in switches)):
        yield tuple(zip(names, options, strict=True))


def holds(condition_: typed.Expr, setting: Mapping[str, str]) -> bool:
    """The value of a condition that `when` has let pass."""
    match condition_:
        case typed.BoolLit(value=value):
            return value
        case typed.SwitchIs(switch=switch, option=option):
            return setting[switch] == option
        case typed.Not(body=body):
            return not holds(body, setting)
        case typed.And(parts=inner):
            return all(holds(part, setting) for part in inner)
        case typed.Or(parts=inner):
            return any(holds(part, setting) for part in inner)
        case typed.Implies(left=left, right=right):
            return not holds(left, setting) or holds(right, setting)
        case typed.Equal(left=left, right=right):
            return holds(left, setting) == holds(right, setting)
        case typed.Cond(condition=test, then=then, otherwise=otherwise):
            return holds(then if holds(test, setting) else otherwise, setting)
        case _:
            raise ValueError("not a condition on switches")
