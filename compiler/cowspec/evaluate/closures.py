"""Terms and formulas as Python closures over the tables of a state.

A closure takes the tables and gives the value; bound names live in one list of cells shared by all closures of a
machine (`Context.cells`), so a closure costs one call and a few subscripts. Switches are read while compiling and
constants folded: a part that the setting makes irrelevant is never compiled, and its switches are never read.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import assert_never

from cowspec.evaluate.context import Code, Context, Names, Slot, Tables, TermCode
from cowspec.evaluate.loops import Bind, Test, nest, schedule, sequence
from cowspec.evaluate.names import conjuncts, free_names
from cowspec.syntax.ast import QuantKind
from cowspec.system import ir

NOTHING_GIVEN: Mapping[str, int] = MappingProxyType({})

# ---- terms ---------------------------------------------------------------------------------------------------------


def compile_term(c: Context, term: ir.Term, names: Names) -> TermCode:
    cells = c.cells
    match term:
        case ir.Param(name):
            cell, maybe = names[name]
            if maybe:
                return lambda S: None if cells[cell] < 0 else cells[cell]
            return lambda S: cells[cell]
        case ir.Member(enum, name):
            number = c.members[enum, name]
            return lambda S: number
        case ir.Absent():
            return lambda S: None
        case ir.Get(var, args):
            return _read(c, var, args, names)
        case ir.Pick(condition, then, otherwise):
            test = compile_formula(c, condition, names)
            if isinstance(test, bool):
                return compile_term(c, then if test else otherwise, names)
            yes, no = compile_term(c, then, names), compile_term(c, otherwise, names)
            return lambda S: yes(S) if test(S) else no(S)
        case ir.OldTerm(body):
            earlier, run = compile_term(c, body, names), c.run
            return lambda S: earlier(run.before)
        case _:
            assert_never(term)


def _read(c: Context, var: str, args: tuple[ir.Term, ...], names: Names) -> TermCode:
    """The cell of a table; None if an argument is absent (for a boolean that means false)."""
    cells, (v, sizes, _) = c.cells, c.shapes[var]
    match sure_cells(args, names):
        case ():
            return lambda S: S[v][0]
        case (a,):
            return lambda S: S[v][cells[a]]
        case (a, b):
            n = sizes[1]
            return lambda S: S[v][cells[a] * n + cells[b]]
        case (a, b, d):
            n, m = sizes[1] * sizes[2], sizes[2]
            return lambda S: S[v][cells[a] * n + cells[b] * m + cells[d]]
        case _:
            at = compile_address(c, var, args, names)

            def read(S: Tables) -> ir.Value:
                i = at(S)
                return None if i is None else S[v][i]

            return read


def sure_cells(args: tuple[ir.Term, ...], names: Names) -> tuple[int, ...] | None:
    """The cells of the arguments if all are bound names that cannot be absent."""
    slots = [names[arg.name] for arg in args if isinstance(arg, ir.Param)]
    if len(slots) < len(args) or any(slot.maybe for slot in slots):
        return None
    return tuple(slot.cell for slot in slots)


def compile_address(c: Context, var: str, args: tuple[ir.Term, ...], names: Names) -> TermCode:
    """The place in the flat table; None if an argument is absent."""
    cells, sizes = c.cells, c.shapes[var].sizes
    match sure_cells(args, names):
        case (a, b):
            n = sizes[1]
            return lambda S: cells[a] * n + cells[b]
        case (a, b, d):
            n, m = sizes[1] * sizes[2], sizes[2]
            return lambda S: cells[a] * n + cells[b] * m + cells[d]
        case _:
            pass
    codes = [compile_term(c, arg, names) for arg in args]
    if len(codes) == 1:
        return codes[0]
    pairs = tuple(zip(codes, sizes, strict=True))

    def address(S: Tables) -> int | None:
        at = 0
        for code, size in pairs:
            k = code(S)
            if k is None:
                return None
            at = at * size + k
        return at

    return address


# ---- formulas ------------------------------------------------------------------------------------------------------


def compile_condition(c: Context, formula: ir.Formula, names: Names) -> Code:
    """Like `compile_formula`, a closure even for a constant."""
    code = compile_formula(c, formula, names)
    return (lambda S: code) if isinstance(code, bool) else code


def compile_formula(c: Context, formula: ir.Formula, names: Names) -> Code | bool:
    """A closure, or the constant that the formula is under the setting."""
    cells = c.cells
    match formula:
        case ir.Const(value):
            return value
        case ir.SwitchIs(switch, option):
            if switch not in c.setting:
                raise ValueError(f"the setting does not give switch {switch}")
            c.switches_read.add(switch)
            return c.setting[switch] == option
        case ir.Flag(name):
            cell = names[name].cell
            return lambda S: cells[cell]
        case ir.Test(var, args):
            return _read(c, var, args, names)
        case ir.Present(term):
            present = compile_term(c, term, names)
            return lambda S: present(S) is not None
        case ir.Equal(left, right):
            return _equal(c, left, right, names)
        case ir.Not(body):
            return _negate(compile_formula(c, body, names))
        case ir.And(parts):
            return all_of(c, parts, names)
        case ir.Or(parts):
            return _any_of(c, parts, names)
        case ir.Implies(left, right):
            return _any_of(c, (ir.Not(left), right), names)
        case ir.Iff(left, right):
            return _iff(compile_formula(c, left, names), compile_formula(c, right, names))
        case ir.Quant(kind, binders, body):
            if kind is QuantKind.EXISTS:
                return _exists(c, binders, tuple(conjuncts(body)), names)
            return _negate(_exists(c, binders, tuple(conjuncts(body, False)), names))
        case ir.Tally():
            return _tally(c, formula, names)
        case ir.Old(body):
            code, run = compile_formula(c, body, names), c.run
            return code if isinstance(code, bool) else lambda S: code(run.before)
        case _:
            assert_never(formula)


def _negate(code: Code | bool) -> Code | bool:
    return (not code) if isinstance(code, bool) else lambda S: not code(S)


def _iff(left: Code | bool, right: Code | bool) -> Code | bool:
    if isinstance(left, bool):
        return right if left else _negate(right)
    if isinstance(right, bool):
        return left if right else _negate(left)
    return lambda S: bool(left(S)) == bool(right(S))


def _equal(c: Context, left: ir.Term, right: ir.Term, names: Names) -> Code | bool:
    match left:
        case ir.Member() | ir.Absent() | ir.Param() if not isinstance(right, ir.Member | ir.Absent):
            left, right = right, left
        case _:
            pass
    code, cells = compile_term(c, left, names), c.cells
    match right:
        case ir.Member(enum, name):
            number = c.members[enum, name]
            return lambda S: code(S) == number
        case ir.Absent():
            return lambda S: code(S) is None
        case ir.Param(name) if not names[name].maybe:
            cell = names[name].cell
            return lambda S: code(S) == cells[cell]
        case _:
            other = compile_term(c, right, names)
            return lambda S: code(S) == other(S)


def all_of(c: Context, parts: tuple[ir.Formula, ...], names: Names) -> Code | bool:
    codes: list[Code] = []
    for part in parts:
        code = compile_formula(c, part, names)
        if code is False:
            return False
        if code is not True:
            codes.append(code)
    return sequence(codes) or True


def _any_of(c: Context, parts: tuple[ir.Formula, ...], names: Names) -> Code | bool:
    codes: list[Code] = []
    for part in parts:
        code = compile_formula(c, part, names)
        if code is True:
            return True
        if code is not False:
            codes.append(code)
    match codes:
        case []:
            return False
        case [a]:
            return a
        case [a, b]:
            return lambda S: a(S) or b(S)
        case _:
            several = tuple(codes)

            def disjunction(S: Tables) -> bool:
                for code in several:
                    if code(S):
                        break
                else:
                    return False
                return True

            return disjunction


# ---- loops over elements -------------------------------------------------------------------------------------------


def bind(c: Context, binders: tuple[ir.Binder, ...], names: Names) -> dict[str, Slot]:
    """The names with new cells for the binders."""
    return {**names, **{binder.name: Slot(c.new_cell()) for binder in binders}}


def loops(
    c: Context,
    binders: tuple[ir.Binder, ...],
    items: tuple[Test | Bind, ...],
    names: Names,
    leaf: Code | None,
    only: Mapping[str, int] = NOTHING_GIVEN,
) -> Code | bool:
    """Runs `leaf` for every tuple of elements that passes the tests, until it gives true; says whether it did.

    Without a leaf: is there such a tuple? `names` has the binders already. `only`: what some binders must be. Tests run
    as soon as what they mention is bound; a binder that a test equates with a term takes that value instead of looping.
    """

    def code_of(item: Test | Bind) -> Code | bool:
        return item.code if isinstance(item, Bind) else compile_formula(c, item.formula, names)

    def value_of(term: ir.Term) -> TermCode:
        return compile_term(c, term, names)

    return nest(c, schedule(binders, items), names, code_of, value_of, leaf, only)


def _exists(c: Context, binders: tuple[ir.Binder, ...], parts: tuple[ir.Formula, ...], names: Names) -> Code | bool:
    tests = tuple(Test(part, free_names(part)) for part in parts)
    return loops(c, binders, tests, bind(c, binders, names), None)


def _tally(c: Context, tally: ir.Tally, names: Names) -> Code | bool:
    """Counts until the bound is passed: more than that makes no difference."""
    cells, total, bound = c.cells, c.new_cell(), tally.bound
    compare = _comparison(tally.op, bound)

    def found(S: Tables) -> bool:
        cells[total] += 1
        return cells[total] > bound

    counters: list[Code] = []
    for count in tally.counts:
        tests = tuple(Test(part, free_names(part)) for part in conjuncts(count.body))
        code = loops(c, count.binders, tests, bind(c, count.binders, names), found)
        if code is not False:
            counters.append(found if code is True else code)

    def tally_code(S: Tables) -> bool:
        cells[total] = 0
        for counter in counters:
            if counter(S):
                break
        return compare(cells[total])

    return tally_code


def _comparison(op: str, bound: int) -> Callable[[int], bool]:
    match op:
        case "==":
            return lambda n: n == bound
        case "!=":
            return lambda n: n != bound
        case "<":
            return lambda n: n < bound
        case "<=":
            return lambda n: n <= bound
        case ">":
            return lambda n: n > bound
        case ">=":
            return lambda n: n >= bound
        case _:
            raise ValueError(f"unknown comparison {op}")
