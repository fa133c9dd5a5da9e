"""What one statement does to the knowledge of `flow.py`: the transfer functions of the analysis.

NOTE(checks): nothing is concluded from a `Check`. That it never fails is proved with the help of the facts that come
out of this analysis, so they may not rest on it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Stmt, Term
from cowspec.system.simplify import Known, conj, neg, present
from cowspec.system.structure.rigid import Settings
from cowspec.system.structure.standing import SELF, Index, Proc, Standing, join, restrict
from cowspec.system.traverse import is_formula, reads


def run(body: Iterable[Stmt], states: list[Standing], proc: Proc) -> list[Standing]:
    """The states after the body, one for each label that the program counter may point to then."""
    for stmt in body:
        after: dict[str | None, Standing] = {}
        for state in states:
            for new in _one(stmt, state, proc):
                if new.reach:
                    there = after.get(new.label)
                    after[new.label] = new if there is None else join(there, new)
        states = list(after.values())
    return states


def _one(stmt: Stmt, state: Standing, proc: Proc) -> list[Standing]:
    match stmt:
        case ir.Require(condition):
            return [assume(condition, True, state, proc)]
        case ir.If(condition, then, otherwise):
            return [
                *run(then, [assume(condition, True, state, proc)], proc),
                *run(otherwise, [assume(condition, False, state, proc)], proc),
            ]
        case ir.Assign(var, args, value):
            return [_assign(var, args, value, state, proc)]
        case ir.Bulk():
            return [_bulk(stmt, state, proc)]
        case ir.Let(name, value):
            return [_learn_let(ir.Present(ir.Param(name)), _present(value, proc), state, proc)]
        case ir.LetBool(name, value):
            return [_learn_let(ir.Flag(name), value, state, proc)]
        case ir.Choose(_, _, where):
            return [assume(where, True, state, proc)]
        case ir.Check() | ir.Note() | ir.Spend():
            return [state]
        case _:
            assert_never(stmt)


def _learn_let(literal: Formula, meaning: Formula, state: Standing, proc: Proc) -> Standing:
    """A name bound by `let` never changes, so what is sure about its value now stays so."""
    may, must = evaluate(meaning, state, proc)
    if must == state.reach:
        return replace(state, known=state.known | {literal})
    return replace(state, known=state.known | {neg(literal)}) if not may else state


# ---- truth ---------------------------------------------------------------------------------------------------------


def _present(term: Term, proc: Proc) -> Formula:
    running = ir.Present(ir.Get(proc.pc, (SELF,)))
    return present(term, Known(proc.table, proc.maybe, running))


def _of_frame(literal: Formula, proc: Proc) -> str | None:
    """The frame variable whose truth or presence a literal is."""
    match literal:
        case ir.Test(var, (arg,)) | ir.Present(ir.Get(var, (arg,))) if arg == SELF and var in proc.frame:
            return var
        case _:
            return None


def evaluate(formula: Formula, state: Standing, proc: Proc) -> tuple[Settings, Settings]:
    """The settings where the formula may be true, and those where it surely is."""
    reach = state.reach
    match formula:
        case ir.Const(value):
            return (reach, reach) if value else (0, 0)
        case ir.SwitchIs(switch, option):
            where = proc.cases.where(switch, option)
            return (reach, 0) if where is None else (where & reach, where & reach)
        case ir.Not(body):
            may, must = evaluate(body, state, proc)
            return reach & ~must, reach & ~may
        case ir.And(parts):
            pairs = [evaluate(part, state, proc) for part in parts]
            return _all((may for may, _ in pairs), reach), _all((must for _, must in pairs), reach)
        case ir.Or(parts):
            pairs = [evaluate(part, state, proc) for part in parts]
            return _any(may for may, _ in pairs), _any(must for _, must in pairs)
        case ir.Implies(left, right):
            return evaluate(ir.Or((ir.Not(left), right)), state, proc)
        case ir.Iff(left, right):
            return _iff(evaluate(left, state, proc), evaluate(right, state, proc), reach)
        case ir.Test() | ir.Present() | ir.Equal() | ir.Quant() | ir.Tally() | ir.Flag() | ir.Old():
            return _literal(formula, state, proc)
        case _:
            assert_never(formula)


def _literal(formula: Formula, state: Standing, proc: Proc) -> tuple[Settings, Settings]:
    var = _of_frame(formula, proc)
    if var is not None:
        return state.true.get(var, 0), state.reach & ~state.false.get(var, 0)
    if formula in state.known:
        return state.reach, state.reach
    return (0, 0) if ir.Not(formula) in state.known else (state.reach, 0)


def _iff(left: tuple[Settings, Settings], right: tuple[Settings, Settings], reach: Settings) -> tuple[int, int]:
    both = left[1] & right[1] | reach & ~left[0] & ~right[0]
    differ = left[1] & ~right[0] | right[1] & ~left[0]
    return reach & ~differ, both


def _all(of: Iterable[Settings], reach: Settings) -> Settings:
    for settings in of:
        reach &= settings
    return reach


def _any(of: Iterable[Settings]) -> Settings:
    found = 0
    for settings in of:
        found |= settings
    return found


def assume(formula: Formula, truth: bool, state: Standing, proc: Proc) -> Standing:
    """What is known when the formula has turned out true, or false."""
    match formula:
        case ir.Not(body):
            return assume(body, not truth, state, proc)
        case ir.And(parts) if truth:
            return _assume_each(parts, truth, state, proc)
        case ir.Or(parts) if not truth:
            return _assume_each(parts, truth, state, proc)
        case ir.Implies(left, right) if not truth:
            return assume(right, False, assume(left, True, state, proc), proc)
        case _:
            may, must = evaluate(formula, state, proc)
            state = restrict(state, may if truth else state.reach & ~must)
            return _learn(formula, truth, state, proc)


def _assume_each(parts: tuple[Formula, ...], truth: bool, state: Standing, proc: Proc) -> Standing:
    for part in parts:
        state = assume(part, truth, state, proc)
    return state


def _learn(formula: Formula, truth: bool, state: Standing, proc: Proc) -> Standing:
    """Keeps a literal, and that what it reads is there: `pte[m, a].write` is false of an absent PTE (M5)."""
    var = _of_frame(formula, proc)
    if var is not None:
        true, false = dict(state.true), dict(state.false)
        (false if truth else true)[var] = 0
        state = replace(state, true=true, false=false)
    elif isinstance(formula, ir.Test | ir.Present | ir.Flag | ir.Equal):
        state = replace(state, known=state.known | {formula if truth else ir.Not(formula)})
    if truth:
        for there in _implied(formula, state, proc):
            if evaluate(there, state, proc)[1] != state.reach:
                state = assume(there, True, state, proc)
    return state


def _implied(formula: Formula, state: Standing, proc: Proc) -> Iterable[Formula]:
    match formula:
        case ir.Test(var, args) | ir.Present(ir.Get(var, args)):
            owner = proc.table[var].owner
            if owner is not None and owner != proc.pc:
                bool_owner = proc.table[owner].domain is None
                yield ir.Test(owner, args) if bool_owner else ir.Present(ir.Get(owner, args))
        case ir.Equal(left, right):
            for one, other in ((left, right), (right, left)):
                if evaluate(_present(one, proc), state, proc)[1] == state.reach:
                    yield _present(other, proc)
        case _:
            pass


# ---- assignments ---------------------------------------------------------------------------------------------------


def _assign(var: str, args: Index, value: Term | Formula, state: Standing, proc: Proc) -> Standing:
    if var == proc.pc:
        return _forget(var, replace(state, label=value.name if isinstance(value, ir.Member) else None))
    if var in proc.locks:
        return _lock(var, index_of(args[:-1], proc), value, state, proc)
    there = value if is_formula(value) else _present(value, proc)  # type: ignore[arg-type]
    may, must = evaluate(there, state, proc)  # type: ignore[arg-type]
    if var in proc.frame:
        true = {**state.true, var: may}
        false = {**state.false, var: state.reach & ~must}
        return _forget(var, replace(state, true=true, false=false))
    state = _forget(var, state)
    holds: Formula = ir.Test(var, args) if proc.table[var].domain is None else ir.Present(ir.Get(var, args))
    if var in reads(args) or evaluate(conj(_present(arg, proc) for arg in args), state, proc)[1] != state.reach:
        return state  # at an absent index nothing is written
    if must == state.reach:
        return replace(state, known=state.known | {holds})
    return replace(state, known=state.known | {neg(holds)}) if not may else state


def _forget(var: str, state: Standing) -> Standing:
    """The variable changes: literals that read it are unknown, and an index made of it names another lock."""
    known = frozenset(literal for literal in state.known if var not in reads((literal,)))
    held = {key: where for key, where in state.held.items() if var not in reads(key[1])}
    may, lost = dict(state.may), dict(state.lost)
    for key in state.may:
        if var in reads(key[1]):
            lost[key[0]] = lost.get(key[0], 0) | may.pop(key)
    return replace(state, known=known, held=held, may=may, lost=lost)


def _bulk(bulk: ir.Bulk, state: Standing, proc: Proc) -> Standing:
    binders = tuple(ir.Param(binder.name) for binder in bulk.binders)
    for stmt in bulk.body:
        if isinstance(stmt, ir.Check):
            continue
        if stmt.var in proc.locks:
            whole = bulk.where == TRUE and stmt.args == (*binders, SELF) and stmt.value == FALSE
            state = _released(stmt.var, state) if whole else _lock(stmt.var, None, stmt.value, state, proc)
        else:
            state = _forget(stmt.var, state)
            if stmt.var in proc.frame:
                true = {**state.true, stmt.var: state.reach}
                state = replace(state, true=true, false={**state.false, stmt.var: state.reach})
    return state


# ---- locks ---------------------------------------------------------------------------------------------------------


def index_of(args: Index, proc: Proc) -> Index | None:
    """The index over the frame, if the frame has it."""
    params = {param.name for param in proc.info.params}
    index: list[Term] = []
    for arg in args:
        match arg:
            case ir.Param(name) if name in params:
                index.append(ir.Get(f"{proc.info.name}@{name}", (SELF,)))
            case ir.Get(var, (cpu,)) if cpu == SELF and var.startswith(f"{proc.info.name}@"):
                index.append(arg)
            case ir.Member():
                index.append(arg)
            case _:
                return None
    return tuple(index)


def _released(table: str, state: Standing) -> Standing:
    return replace(
        state,
        held={key: where for key, where in state.held.items() if key[0] != table},
        may={key: where for key, where in state.may.items() if key[0] != table},
        lost={key: where for key, where in state.lost.items() if key != table},
    )


def _lock(table: str, index: Index | None, value: Term | Formula, state: Standing, proc: Proc) -> Standing:
    """`held` of a `seen` table means: this call has begun a section there (then a writer sets it, nobody clears it)."""
    mode = table.split("@")[1]
    if mode == "seen":
        begun = {**state.held, (table, index): state.reach} if index is not None else dict(state.held)
        return replace(state, held=begun, lost={**state.lost, table: state.reach})
    if value == TRUE:
        if index is None:
            return replace(state, lost={**state.lost, table: state.reach})
        key = (table, index)
        return replace(state, held={**state.held, key: state.reach}, may={**state.may, key: state.reach})
    if value == FALSE and index is not None:
        return _release(table, index, mode, state)
    if value == FALSE:
        return replace(state, held={key: where for key, where in state.held.items() if key[0] != table})
    unknown = replace(state, held={key: where for key, where in state.held.items() if key[0] != table})
    return replace(unknown, lost={**state.lost, table: state.reach})


def _release(table: str, index: Index, mode: str, state: Standing) -> Standing:
    """Another index may be the same lock under another name; but two locks held for writing are two different ones."""
    key = (table, index)
    other = state.held.get(key, 0) if mode == "write" else 0
    held = {k: where & other if k[0] == table else where for k, where in state.held.items() if k != key}
    may = {k: where for k, where in state.may.items() if k != key}
    return replace(state, held=held, may=may)
