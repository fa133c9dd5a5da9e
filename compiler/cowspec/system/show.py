"""The transition system as readable text: for `list -v`, for debugging, and for golden tests.

The text is not `.cow`: it shows scalar variables, tables of locks, and steps with everything the compiler added.
"""

from collections.abc import Iterator
from typing import assert_never

from cowspec.system import ir
from cowspec.system.ir import Formula, Stmt, System, Term

INDENT = "  "


def show(system: System) -> str:
    """Variables, init formulas, steps, properties and facts; ends with a line end."""
    lines: list[str] = [f"system {system.name}", ""]
    lines += [f"enum {name} {{ {', '.join(members)} }}" for name, members in system.enums]
    lines += [_variable(var) for var in system.vars]
    lines += [f"init {show_formula(init)}" for init in system.init]
    for step in system.steps:
        lines += ["", *_step(step)]
    lines += [""] if system.properties else []
    for prop in system.properties:
        lines.append(f"{prop.kind.value} {prop.name}: {show_formula(prop.formula)}")
        lines += [f"{INDENT}premise {show_formula(premise)}" for premise in prop.premises]
    lines += [""] if system.facts else []
    lines += [f"fact {fact.name}\n{INDENT}{show_formula(fact.formula)}" for fact in system.facts]
    return "\n".join(lines) + "\n"


def _variable(var: ir.StateVar) -> str:
    index = f"[{', '.join(var.index)}]" if var.index else ""
    domain = "bool" if var.domain is None else var.domain
    optional = "?" if var.presence == ir.Presence.OWN else ""
    marks = [word for word, on in (("ghost", var.ghost), ("ref", var.is_ref)) if on]
    owner = f" owned by {var.owner}" if var.owner is not None else ""
    return " ".join((*marks, f"var {var.name}{index}: {domain}{optional}{owner} = {_start(var.start)}"))


def _start(start: ir.StartValue) -> str:
    match start:
        case bool():
            return "true" if start else "false"
        case ir.Member() | ir.Absent():
            return show_term(start)
        case ir.AnyValue():
            return "any"
        case _:
            assert_never(start)


def _step(step: ir.Step) -> Iterator[str]:
    text = f' "{step.text}"' if step.text is not None else ""
    yield f"{step.kind} {step.name}({_binders(step.params)}){text}"
    for name, get in step.frame:
        yield f"{INDENT}frame {name} = {show_term(get)}"
    yield from show_body(step.body)


def show_body(body: tuple[Stmt, ...], indent: str = INDENT) -> Iterator[str]:
    """One line or more for each statement."""
    for stmt in body:
        match stmt:
            case ir.If(condition, then, otherwise):
                yield f"{indent}if {show_formula(condition)}"
                yield from show_body(then, indent + INDENT)
                if otherwise:
                    yield f"{indent}else"
                    yield from show_body(otherwise, indent + INDENT)
            case ir.Bulk(binders, where, inner):
                guard = "" if where == ir.TRUE else f" where {show_formula(where)}"
                yield f"{indent}forall {_binders(binders)}{guard}"
                yield from show_body(inner, indent + INDENT)
            case _:
                yield indent + _statement(stmt)


def _statement(
    stmt: ir.Require | ir.Check | ir.Assign | ir.Let | ir.LetBool | ir.Choose | ir.Note | ir.Spend,
) -> str:
    match stmt:
        case ir.Require(condition):
            return f"require {show_formula(condition)}"
        case ir.Check(condition, message):
            return f'check {show_formula(condition)} else "{message}"'
        case ir.Assign(var, args, value):
            return f"{_indexed(var, args)} := {show_value(value)}"
        case ir.Let(name, value):
            return f"let {name} = {show_term(value)}"
        case ir.LetBool(name, value):
            return f"let {name} = {show_formula(value)}"
        case ir.Choose(name, domain, where):
            return f"choose {name}: {domain}" + ("" if where == ir.TRUE else f" where {show_formula(where)}")
        case ir.Note(text):
            return f'note "{text}"'
        case ir.Spend(cost, binders, where):
            counted = f" for {_binders(binders)}" if binders else ""
            return f"spend {cost}{counted}" + ("" if where == ir.TRUE else f" where {show_formula(where)}")
        case _:
            assert_never(stmt)


def show_value(value: Term | Formula) -> str:
    if isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return show_term(value)
    return show_formula(value)


def show_term(term: Term) -> str:
    match term:
        case ir.Param(name):
            return name
        case ir.Member(_, name):
            return name
        case ir.Absent():
            return "none"
        case ir.Get(var, args):
            return _indexed(var, args)
        case ir.Pick(condition, then, otherwise):
            return f"(if {show_formula(condition)} then {show_term(then)} else {show_term(otherwise)})"
        case ir.OldTerm(body):
            return f"old({show_term(body)})"
        case _:
            assert_never(term)


def show_formula(formula: Formula) -> str:
    match formula:
        case ir.Const(value):
            return "true" if value else "false"
        case ir.Test(var, args):
            return _indexed(var, args)
        case ir.Present(term):
            return f"{show_term(term)} != none"
        case ir.Equal(left, right):
            return f"{show_term(left)} == {show_term(right)}"
        case ir.Not(ir.Present(term)):
            return f"{show_term(term)} == none"
        case ir.Not(ir.Equal(left, right)):
            return f"{show_term(left)} != {show_term(right)}"
        case ir.Not(body):
            return f"not {_inner(body)}"
        case ir.And(parts):
            return " and ".join(_inner(part) for part in parts) or "true"
        case ir.Or(parts):
            return " or ".join(_inner(part) for part in parts) or "false"
        case ir.Implies(left, right):
            return f"{_inner(left)} -> {_inner(right)}"
        case ir.Iff(left, right):
            return f"{_inner(left)} <-> {_inner(right)}"
        case ir.Quant(kind, binders, body):
            return f"{kind.value} {_binders(binders)}: {show_formula(body)}"
        case ir.Tally(counts, op, bound):
            return f"{' + '.join(_count(count) for count in counts)} {op} {bound}"
        case ir.Flag(name):
            return name
        case ir.SwitchIs(switch, option):
            return switch if option == "on" else f"{switch} == {option}"
        case ir.Old(body):
            return f"old({show_formula(body)})"
        case _:
            assert_never(formula)


def _inner(formula: Formula) -> str:
    """In parentheses where it is not one word or a comparison."""
    compound = isinstance(formula, ir.And | ir.Or | ir.Implies | ir.Iff | ir.Quant | ir.Tally)
    return f"({show_formula(formula)})" if compound else show_formula(formula)


def _count(count: ir.Count) -> str:
    return f"count({_binders(count.binders)} where {show_formula(count.body)})"


def _indexed(var: str, args: tuple[Term, ...]) -> str:
    return f"{var}[{', '.join(show_term(arg) for arg in args)}]" if args else var


def _binders(binders: tuple[ir.Binder, ...]) -> str:
    return ", ".join(f"{binder.name}: {binder.domain}" for binder in binders)
