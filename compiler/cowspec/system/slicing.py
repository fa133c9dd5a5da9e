"""The system under one setting of its switches.

Every judge that counts states, and every encoder that wants no switches, reads this one slice (M3), so that they agree
on what a state is: all variables and enum members stay; a step that the setting never lets fire goes.
Parts that mention no switch are shared with the whole system, so slices for many settings are cheap in memory.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Setting, Stmt, System, Term
from cowspec.system.simplify import conj, disj, equal, iff, implies, neg, pick, quantify, tally

Options = Mapping[str, str]


def slice_system(system: System, setting: Setting) -> System:
    """`system` with every `SwitchIs` decided. The switches themselves and all expectations stay as they are."""
    if not setting:
        return system
    options = dict(setting)
    steps = (_step(step, options) for step in system.steps)
    facts = (_fact(fact, options) for fact in system.facts)
    return replace(
        system,
        init=tuple(slice_formula(init, options) for init in system.init),
        steps=tuple(step for step in steps if step is not None),
        properties=tuple(_property(prop, options) for prop in system.properties),
        facts=tuple(fact for fact in facts if fact.formula != TRUE),
    )


def _step(step: ir.Step, options: Options) -> ir.Step | None:
    """None if a `require` of the setting can never hold: it disables the step wherever it stands (M1)."""
    body = _body(step.body, options)
    if any(isinstance(stmt, ir.Require) and stmt.condition == FALSE for stmt in body):
        return None
    return step if body is step.body else replace(step, body=body)


def _fact(fact: ir.Fact, options: Options) -> ir.Fact:
    formula = slice_formula(fact.formula, options)
    return fact if formula is fact.formula else replace(fact, formula=formula)


def _property(prop: ir.Property, options: Options) -> ir.Property:
    formula = slice_formula(prop.formula, options)
    premises = tuple(slice_formula(premise, options) for premise in prop.premises)
    if formula is prop.formula and _same(premises, prop.premises):
        return prop
    return replace(prop, formula=formula, premises=premises)


def _same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))


# ---- statements ----------------------------------------------------------------------------------------------------


def _body(body: tuple[Stmt, ...], options: Options) -> tuple[Stmt, ...]:
    """The same object if no switch is mentioned; decided branches stand in the place of their `If`."""
    out: list[Stmt] = []
    changed = False
    for stmt in body:
        if isinstance(stmt, ir.If):
            condition = slice_formula(stmt.condition, options)
            if isinstance(condition, ir.Const):
                out += _body(stmt.then if condition.value else stmt.otherwise, options)
                changed = True
                continue
            then, otherwise = _body(stmt.then, options), _body(stmt.otherwise, options)
            kept = condition is stmt.condition and then is stmt.then and otherwise is stmt.otherwise
            new: Stmt | None = stmt if kept else ir.If(condition, then, otherwise)
        else:
            new = _statement(stmt, options)
        changed |= new is not stmt
        if new is not None:
            out.append(new)
    return tuple(out) if changed else body


def _statement(
    stmt: ir.Require | ir.Check | ir.Assign | ir.Bulk | ir.Let | ir.LetBool | ir.Choose | ir.Note | ir.Spend,
    options: Options,
) -> Stmt | None:
    """None for a test that always holds and for a bulk over nothing."""
    match stmt:
        case ir.Require(condition) | ir.Check(condition):
            new = slice_formula(condition, options)
            return None if new == TRUE else stmt if new is condition else replace(stmt, condition=new)
        case ir.Assign(var, args, value):
            new_args = tuple(slice_term(arg, options) for arg in args)
            new_value = slice_value(value, options)
            return stmt if _same(new_args, args) and new_value is value else ir.Assign(var, new_args, new_value)
        case ir.Bulk(binders, where, body):
            new_where = slice_formula(where, options)
            if new_where == FALSE:
                return None
            made = (_statement(inner, options) for inner in body)
            new_body = tuple(inner for inner in made if isinstance(inner, ir.Assign | ir.Check))
            return stmt if new_where is where and _same(new_body, body) else ir.Bulk(binders, new_where, new_body)
        case ir.Let(name, of):
            new_of = slice_term(of, options)
            return stmt if new_of is of else ir.Let(name, new_of)
        case ir.LetBool(name, truth):
            new = slice_formula(truth, options)
            return stmt if new is truth else ir.LetBool(name, new)
        case ir.Choose(name, domain, where):
            new = slice_formula(where, options)
            return stmt if new is where else ir.Choose(name, domain, new)
        case ir.Spend(cost, binders, where):
            new = slice_formula(where, options)
            return None if new == FALSE else stmt if new is where else ir.Spend(cost, binders, new)
        case ir.Note():
            return stmt
        case _:
            assert_never(stmt)


# ---- formulas and terms: the same object if nothing changes --------------------------------------------------------


def slice_value(value: Term | Formula, options: Options) -> Term | Formula:
    if isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return slice_term(value, options)
    return slice_formula(value, options)


def slice_term(term: Term, options: Options) -> Term:
    match term:
        case ir.Param() | ir.Member() | ir.Absent():
            return term
        case ir.Get(var, args):
            new_args = tuple(slice_term(arg, options) for arg in args)
            return term if _same(new_args, args) else ir.Get(var, new_args)
        case ir.Pick(condition, then, otherwise):
            test = slice_formula(condition, options)
            yes, no = slice_term(then, options), slice_term(otherwise, options)
            return term if _same((test, yes, no), (condition, then, otherwise)) else pick(test, yes, no)
        case ir.OldTerm(body):
            new = slice_term(body, options)
            return term if new is body else ir.OldTerm(new)
        case _:
            assert_never(term)


def slice_formula(formula: Formula, options: Options) -> Formula:
    """`formula` under the setting, simplified where something was decided."""
    match formula:
        case ir.SwitchIs(switch, option):
            return ir.Const(options[switch] == option) if switch in options else formula
        case ir.Const() | ir.Flag():
            return formula
        case ir.Test(var, args):
            new_args = tuple(slice_term(arg, options) for arg in args)
            return formula if _same(new_args, args) else ir.Test(var, new_args)
        case ir.And(parts) | ir.Or(parts):
            new_parts = tuple(slice_formula(part, options) for part in parts)
            if _same(new_parts, parts):
                return formula
            return conj(new_parts) if isinstance(formula, ir.And) else disj(new_parts)
        case ir.Not(body) | ir.Old(body):
            new = slice_formula(body, options)
            if new is body:
                return formula
            return neg(new) if isinstance(formula, ir.Not) else new if isinstance(new, ir.Const) else ir.Old(new)
        case ir.Implies(left, right) | ir.Iff(left, right):
            new_left, new_right = slice_formula(left, options), slice_formula(right, options)
            if new_left is left and new_right is right:
                return formula
            return (implies if isinstance(formula, ir.Implies) else iff)(new_left, new_right)
        case ir.Quant() | ir.Tally() | ir.Equal() | ir.Present():
            return _slice_inside(formula, options)
        case _:
            assert_never(formula)


def _slice_inside(formula: ir.Quant | ir.Tally | ir.Equal | ir.Present, options: Options) -> Formula:
    match formula:
        case ir.Quant(kind, binders, body):
            new = slice_formula(body, options)
            return formula if new is body else quantify(kind, binders, new)
        case ir.Tally(counts, op, bound):
            new_counts = tuple(_count(count, options) for count in counts)
            return formula if _same(new_counts, counts) else tally(new_counts, op, bound)
        case ir.Equal(left, right):
            new_left, new_right = slice_term(left, options), slice_term(right, options)
            return formula if new_left is left and new_right is right else equal(new_left, new_right)
        case ir.Present(term):
            new_term = slice_term(term, options)
            if isinstance(new_term, ir.Absent | ir.Member):
                return ir.Const(isinstance(new_term, ir.Member))
            return formula if new_term is term else ir.Present(new_term)
        case _:
            assert_never(formula)


def _count(count: ir.Count, options: Options) -> ir.Count:
    body = slice_formula(count.body, options)
    return count if body is count.body else ir.Count(count.binders, body)
