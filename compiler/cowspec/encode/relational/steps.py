"""Steps as one guarded simultaneous update, by symbolic execution.

In: a system's step. Out: `RelStep`s, one for each combination of members for the step's enum parameters and choices.

The statements run in order on a symbolic state, which says of each predicate what it has become as a formula over the
state before the step. A branch runs both sides and merges what they changed; `require`, `check` and the `where` of a
`choose` are guarded by the path that leads to them. What is collected at the end speaks of the state before only.

Numbering: in `RelStep.enum_args` the parameters of the step come first, then its `choose` statements in the order of
the text. `choices` has the `choose` statements over sorts only, in that order.

NOTE(named-values): a constant that names the value of a variable before the step is sound because every real state has
such a value. It is never introduced for a variable that the step has assigned: a `check` may have failed before, and
then nothing must be assumed about what the state has become, or the fault would be assumed away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import assert_never

from cowspec.encode.relational.assignments import assigned
from cowspec.encode.relational.connectives import (
    Simplified,
    conj,
    disj,
    exists,
    free_names,
    implies,
    ite,
    neg,
    simplify,
)
from cowspec.encode.relational.formula import (
    FALSE,
    TRUE,
    Atom,
    FaultCase,
    Formula,
    Not,
    RelStep,
    Same,
    Sym,
    Truth,
    Update,
)
from cowspec.encode.relational.terms import formula, instances, value_of
from cowspec.encode.relational.values import (
    Closure,
    Env,
    Fresh,
    Graph,
    Item,
    Known,
    Tables,
    Value,
    at,
    bind,
    is_present,
    read,
    var_present,
)
from cowspec.system import ir


@dataclass(slots=True)
class _Collected:
    """What the statements met so far contribute; local to one run."""

    guard: list[Formula] = field(default_factory=list)
    faults: list[tuple[Formula, str]] = field(default_factory=list)
    choices: list[tuple[int, Sym, Formula]] = field(default_factory=list)  # its number, what is chosen, when it is met
    chooses: int = 0  # those over sorts so far, with those of branches that are never taken
    constants: set[Sym] = field(default_factory=set)
    named: dict[tuple[str, tuple[Sym, ...]], Sym] = field(default_factory=dict)
    chosen_members: dict[int, int] = field(default_factory=dict)  # by id of the `choose` statement
    member_choices: list[tuple[int, int, Formula]] = field(default_factory=list)
    definitions: list[tuple[str, Formula]] = field(default_factory=list)
    abbreviated: dict[int, tuple[Formula, Formula]] = field(default_factory=dict)  # by id of the condition


@dataclass(frozen=True, slots=True)
class Naming:
    """What gets a name in a step: the values that it reads before it updates them (as constants), the conditions that
    it branches on (as predicates without arguments)."""

    values: bool = True
    conditions: bool = False


NAMED_VALUES = Naming()
NAMED = Naming(values=True, conditions=True)


def rel_steps(tables: Tables, fresh: Fresh, step: ir.Step, naming: Naming) -> tuple[RelStep, ...]:
    """The relational steps."""
    choose = list(_chooses(step.body))
    domains = [param.domain for param in step.params] + [each.domain for each in choose]
    enumerated = [position for position, domain in enumerate(domains) if domain in tables.enums]
    found = []
    for members in product(*(range(len(tables.enums[domains[position]])) for position in enumerated)):
        fixed = tuple(zip(enumerated, members, strict=True))
        found.append(_rel_step(tables, fresh, step, choose, fixed, naming))
    return tuple(found)


def in_words(system: ir.System, name: str) -> str:
    """A name of an obligation as readers want it: the numbers of `steps_by_name` are members of enums.

    `do_wp_page.fault #0` -> `do_wp_page.fault (why = write_fault)`
    """
    label, numbered, rest = name.partition(" #")
    step = next((step for step in system.steps if step.name == label), None)
    if not numbered or step is None:
        return name
    numbers, colon, tail = rest.partition(":")
    members = dict(system.enums)
    bound = [(each.name, each.domain) for each in step.params]
    bound += [(each.name, each.domain) for each in _chooses(step.body)]
    fixed = zip([each for each in bound if each[1] in members], numbers.split(), strict=True)
    said = (f"{own} = {members[enum][int(number)]}" for (own, enum), number in fixed)
    return f"{label} ({', '.join(said)}){colon}{tail}"


def _chooses(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Choose]:
    for stmt in body:
        if isinstance(stmt, ir.Choose):
            yield stmt
        elif isinstance(stmt, ir.If):
            yield from _chooses(stmt.then)
            yield from _chooses(stmt.otherwise)


def _rel_step(
    tables: Tables,
    fresh: Fresh,
    step: ir.Step,
    choose: list[ir.Choose],
    fixed: tuple[tuple[int, int], ...],
    naming: Naming,
) -> RelStep:
    out = _Collected()
    member_at = dict(fixed)
    values: dict[str, Value] = {}
    params: list[Sym] = []
    for position, param in enumerate(step.params):
        if position in member_at:
            values[param.name] = Known(tables.enums[param.domain][member_at[position]])
        else:
            params.append(fresh(param.name, param.domain))
            values[param.name] = Known(params[-1])
    arity = len(params)
    for position, each in enumerate(choose, start=len(step.params)):
        if position in member_at:
            out.chosen_members[id(each)] = member_at[position]
    out.constants.update(params)
    env = Env(tables, fresh, {}, {}, values, {})
    if naming.values:
        env = replace(env, name_for=_namer(tables, fresh, out))
    if naming.conditions:
        env = replace(env, abbreviate=_abbreviator(step.name, fresh, out))
    for name, get in step.frame:
        env = _bind_frame(env, name, get, out, params)
    frame = len(out.guard)
    after = _run(step.body, env, (), out)
    done: Simplified = {}
    updates = tuple(_updates(tables, fresh, after, done))
    guard = conj((*out.guard[:frame], *_names_guard(env, out), *out.guard[frame:]))
    faults = (FaultCase(simplify(condition, done), message) for condition, message in out.faults)
    return RelStep(
        name=step.name,
        enum_args=fixed,
        params=(*params, *out.named.values()),
        arity=arity,
        choices=tuple(sym for _, sym, _ in out.choices),
        choice_numbers=tuple(number for number, _, _ in out.choices),
        choice_paths=tuple(simplify(path, done) for _, _, path in out.choices),
        guard=simplify(guard, done),
        faults=tuple(case for case in faults if case.condition != FALSE),
        updates=updates,
        definitions=tuple((name, simplify(condition, done)) for name, condition in out.definitions),
        member_choices=tuple((nth, member, simplify(path, done)) for nth, member, path in out.member_choices),
    )


def _bind_frame(env: Env, name: str, get: ir.Get, out: _Collected, params: list[Sym]) -> Env:
    """The frame's value as a constant of the step (of an enum: as its graph). Where it is absent, no step."""
    value = value_of(replace(env, name_for=lambda var, args: None), get)
    out.guard.append(is_present(value))
    if isinstance(value, Graph) and value.domain not in env.tables.enums:
        constant = env.fresh(name, value.domain)
        out.guard.append(at(value, constant))
        out.constants.add(constant)
        params.append(constant)
        value = Known(constant)
    return bind(env, name, value)


def _namer(tables: Tables, fresh: Fresh, out: _Collected) -> Callable[[ir.StateVar, tuple[Sym, ...]], Sym | None]:
    def name_for(var: ir.StateVar, args: tuple[Sym, ...]) -> Sym | None:
        if var.domain is None or var.domain in tables.enums or not out.constants.issuperset(args):
            return None
        key = (var.name, args)
        if key not in out.named:
            out.named[key] = fresh(var.name, var.domain)
            out.constants.add(out.named[key])
        return out.named[key]

    return name_for


def _abbreviator(step: str, fresh: Fresh, out: _Collected) -> Callable[[Formula], Formula]:
    def abbreviate(condition: Formula) -> Formula:
        literal = condition.body if isinstance(condition, Not) else condition
        if isinstance(literal, Truth | Atom | Same) or not out.constants.issuperset(free_names(condition, bound=False)):
            return condition
        if id(condition) not in out.abbreviated:
            atom = Atom(fresh(f"{step} if", "").name, ())
            out.definitions.append((atom.pred, condition))
            out.abbreviated[id(condition)] = (condition, atom)
        return out.abbreviated[id(condition)][1]

    return abbreviate


def _names_guard(env: Env, out: _Collected) -> list[Formula]:
    """Each named value is the variable's value, where there is one."""
    return [
        implies(var_present(env, env.tables.vars[var], args), Atom(var, (*args, constant)))
        for (var, args), constant in out.named.items()
    ]


# ---- statements ----------------------------------------------------------------------------------------------------


def _run(body: tuple[ir.Stmt, ...], env: Env, path: tuple[Formula, ...], out: _Collected) -> Env:
    """The state and the bindings after the statements."""
    for stmt in body:
        env = _execute(stmt, env, path, out)
    return env


def _execute(stmt: ir.Stmt, env: Env, path: tuple[Formula, ...], out: _Collected) -> Env:
    match stmt:
        case ir.Require(condition):
            out.guard.append(implies(conj(path), formula(env, condition)))
            return env
        case ir.Check(condition, message):
            out.faults.append((conj((*path, neg(formula(env, condition)))), message))
            return env
        case ir.Assign():
            return replace(env, state={**env.state, **assigned(env, env, (), ir.TRUE, stmt)})
        case ir.If(condition, then, otherwise):
            return _branch(env.abbreviate(formula(env, condition)), then, otherwise, env, path, out)
        case ir.Bulk():
            return _bulk(stmt, env, path, out)
        case ir.Let(name, value):
            return bind(env, name, value_of(env, value))
        case ir.LetBool(name, value):
            return replace(env, flags={**env.flags, name: env.abbreviate(formula(env, value))})
        case ir.Choose(name, domain, where):
            if id(stmt) in out.chosen_members:
                member = out.chosen_members[id(stmt)]
                chosen: Item = env.tables.enums[domain][member]
                out.member_choices.append((len(out.choices), member, conj(path)))
            else:
                chosen = env.fresh(name, domain)
                out.choices.append((out.chooses, chosen, conj(path)))
                out.chooses += 1
                out.constants.add(chosen)
            env = bind(env, name, Known(chosen))
            out.guard.append(implies(conj(path), formula(env, where)))
            return env
        case ir.Note() | ir.Spend():
            return env
        case _:
            assert_never(stmt)


def _branch(
    condition: Formula,
    then: tuple[ir.Stmt, ...],
    otherwise: tuple[ir.Stmt, ...],
    env: Env,
    path: tuple[Formula, ...],
    out: _Collected,
) -> Env:
    if condition == TRUE:
        after = _run(then, env, path, out)
        _pass_over(otherwise, out)
        return after
    if condition == FALSE:
        _pass_over(then, out)
        return _run(otherwise, env, path, out)
    one = _run(then, env, (*path, condition), out)
    two = _run(otherwise, env, (*path, neg(condition)), out)
    state = dict(env.state)
    for pred in (*one.state, *(pred for pred in two.state if pred not in one.state)):
        if one.state.get(pred) is not two.state.get(pred):
            state[pred] = _merged(pred, condition, one, two)
    return replace(one, state=state, values={**one.values, **two.values}, flags={**one.flags, **two.flags})


def _pass_over(body: tuple[ir.Stmt, ...], out: _Collected) -> None:
    out.chooses += sum(id(each) not in out.chosen_members for each in _chooses(body))


def _merged(pred: str, condition: Formula, one: Env, two: Env) -> Closure:
    def now(env: Env, args: tuple[Sym, ...]) -> Formula:
        if pred.endswith("?"):
            return var_present(env, env.tables.vars[pred.removesuffix("?")], args)
        return read(env, pred, args)

    return lambda args: ite(condition, now(one, args), now(two, args))


def _bulk(bulk: ir.Bulk, env: Env, path: tuple[Formula, ...], out: _Collected) -> Env:
    state = dict(env.state)
    for stmt in bulk.body:
        match stmt:
            case ir.Check(condition, message):
                names, envs = instances(env, bulk.binders)
                cases = (conj((formula(each, bulk.where), neg(formula(each, condition)))) for each in envs)
                out.faults.append((conj((*path, exists(names, disj(cases)))), message))
            case ir.Assign():
                # Reads go to the state before the bulk; only what is kept where nothing is written follows the last
                # write.
                state.update(assigned(env, replace(env, state=dict(state)), bulk.binders, bulk.where, stmt))
            case _:
                assert_never(stmt)
    return replace(env, state=state)


# ---- the update ----------------------------------------------------------------------------------------------------


def _updates(tables: Tables, fresh: Fresh, after: Env, done: Simplified) -> Iterator[Update]:
    for pred, closure in after.state.items():
        if pred.endswith("?") and tables.vars[pred.removesuffix("?")].presence != ir.Presence.OWN:
            continue  # NOTE(assigned-presence): no predicate
        formals = tuple(fresh("y", sort) for sort in _sorts(tables, pred))
        body = simplify(closure(formals), done)
        if body != Atom(pred, formals):
            yield Update(pred, formals, body)


def _sorts(tables: Tables, pred: str) -> tuple[str, ...]:
    """The sorts of a predicate of a variable."""
    if pred in tables.vars:
        var = tables.vars[pred]
        return var.index if var.domain is None else (*var.index, var.domain)
    return tables.vars[pred.removesuffix("?").partition("=")[0]].index
