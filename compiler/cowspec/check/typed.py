"""The checked model: every name resolved, every expression typed, defs and macros expanded, `match` turned into `if`.

Bound names are unique within one declaration (expansion renames), so substitution never captures.
Nodes carry the span of the text they stand for, without taking part in equality.
"""

from dataclasses import dataclass, field

from cowspec.source import Source, Span
from cowspec.syntax.ast import ExpectedKind, LockKind, LockMode, Outcome, PropertyKind, QuantKind

# ---- types ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoolType:
    """`bool`; never optional (an absent bool is false)."""


@dataclass(frozen=True, slots=True)
class SortType:
    name: str


@dataclass(frozen=True, slots=True)
class EnumType:
    name: str


@dataclass(frozen=True, slots=True)
class StructType:
    name: str


BaseType = BoolType | SortType | EnumType | StructType


@dataclass(frozen=True, slots=True)
class Type:
    """`base` or `base?`."""

    base: BaseType
    optional: bool = False


# ---- expressions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoolLit(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class EnumLit(Node):
    enum: str
    member: str


@dataclass(frozen=True, slots=True)
class NoneLit(Node):
    """`none`, of the type the context asks for."""

    type: Type


@dataclass(frozen=True, slots=True)
class Var(Node):
    """A bound name: quantifier, parameter of an action or proc, `let`, `choose`, a name of a scenario.

    The CPU that runs a call is the `Var` named `self`.
    """

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Binder(Node):
    name: str
    sort: str


@dataclass(frozen=True, slots=True)
class Read(Node):
    """A state variable at an index; inside a proc also its own locals (`FrameRead` with `cpu` = self is the same)."""

    var: str
    index: tuple["Expr", ...]
    type: Type


@dataclass(frozen=True, slots=True)
class FrameRead(Node):
    """`do_wp_page[t].orig`: a parameter or local of the call of `proc` on `cpu`; absent while the call is idle.

    A local read inside its own proc is this node with `cpu` the `Var` self.
    """

    proc: str
    name: str
    cpu: "Expr"
    type: Type


@dataclass(frozen=True, slots=True)
class FieldOf(Node):
    base: "Expr"
    field: str
    type: Type


@dataclass(frozen=True, slots=True)
class Record(Node):
    """All fields of the struct, in its order."""

    struct: str
    fields: tuple[tuple[str, "Expr"], ...]


@dataclass(frozen=True, slots=True)
class Cond(Node):
    """`if c then a else b` of any type."""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"
    type: Type


@dataclass(frozen=True, slots=True)
class Equal(Node):
    """Both sides of the same base type, either may be optional."""

    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Not(Node):
    body: "Expr"


@dataclass(frozen=True, slots=True)
class And(Node):
    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Implies(Node):
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Quant(Node):
    """`kind binders where: body`; `where` is kept apart for the vacuity check."""

    kind: QuantKind
    binders: tuple[Binder, ...]
    where: "Expr | None"
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Count(Node):
    """`count(binders where condition)`"""

    binders: tuple[Binder, ...]
    where: "Expr"


@dataclass(frozen=True, slots=True)
class Refs(Node):
    """`refs(p)`: the places that hold p in all `ref` variables and locals."""

    value: "Expr"


@dataclass(frozen=True, slots=True)
class Tally(Node):
    """A sum of counts against a constant: `count(...) + refs(p) <= 1`. `op` is one of == != < <= > >=."""

    terms: tuple[Count | Refs, ...]
    op: str
    bound: int


@dataclass(frozen=True, slots=True)
class At(Node):
    """`cpu at proc.step`"""

    cpu: "Expr"
    proc: str
    step: str


@dataclass(frozen=True, slots=True)
class Active(Node):
    """`p[t] != none`: a call of `proc` is under way on that CPU."""

    proc: str
    cpu: "Expr"


@dataclass(frozen=True, slots=True)
class Idle(Node):
    """`idle(c)`: no call at all on that CPU."""

    cpu: "Expr"


@dataclass(frozen=True, slots=True)
class Held(Node):
    """`held(l[i])` (`write` False: any mode) or `write_held(l[i])`, by anyone."""

    lock: str
    index: tuple["Expr", ...]
    write: bool


@dataclass(frozen=True, slots=True)
class Changed(Node):
    """`changed(s[i])` inside a proc: a writer was inside at, or came since, the `begin` of this call. With `cpu`,
    `changed(s[i], t)`, of any call on that CPU."""

    lock: str
    index: tuple["Expr", ...]
    cpu: "Expr | None" = None


@dataclass(frozen=True, slots=True)
class SwitchIs(Node):
    """`cow == page_count`; of a fix, `option` is "on"."""

    switch: str
    option: str


@dataclass(frozen=True, slots=True)
class Old(Node):
    """`old(e)` in a transition property."""

    body: "Expr"
    type: Type


Expr = (
    BoolLit | EnumLit | NoneLit | Var | Read | FrameRead | FieldOf | Record | Cond | Equal | Not | And | Or | Implies
    | Quant | Tally | At | Active | Idle | Held | Changed | SwitchIs | Old
)  # fmt: skip


# ---- statements ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place(Node):
    """What an assignment writes: `var[index].path`, or with `proc` set the local `var` of that proc on self."""

    var: str
    proc: str | None
    index: tuple[Expr, ...]
    path: tuple[str, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Require(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Expr
    then: tuple["Stmt", ...]
    otherwise: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Let(Node):
    """Binds `name` to the value of an expression now (later assignments do not change it)."""

    name: str
    value: Expr
    type: Type


@dataclass(frozen=True, slots=True)
class Choose(Node):
    """Binds `name` to any element with `where`; without one the step is disabled."""

    name: str
    sort: str
    where: Expr


@dataclass(frozen=True, slots=True)
class Assign(Node):
    place: Place
    value: Expr


@dataclass(frozen=True, slots=True)
class Bulk(Node):
    """Every instance reads the state before the bulk; each place carries every bound variable in its index."""

    binders: tuple[Binder, ...]
    where: Expr | None
    body: tuple[Assign, ...]


@dataclass(frozen=True, slots=True)
class Acquire(Node):
    lock: str
    index: tuple[Expr, ...]
    mode: LockMode  # WRITE for mutex and seqcount


@dataclass(frozen=True, slots=True)
class Release(Node):
    lock: str
    index: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Downgrade(Node):
    lock: str
    index: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Begin(Node):
    lock: str
    index: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Goto(Node):
    step: str


@dataclass(frozen=True, slots=True)
class Return(Node):
    text: str | None


@dataclass(frozen=True, slots=True)
class Note(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Spend(Node):
    """Counts one (no binders), or each tuple of elements with `where` once in a call."""

    cost: str
    binders: tuple[Binder, ...]
    where: Expr | None


@dataclass(frozen=True, slots=True)
class Call(Node):
    """Always the last statement on its path."""

    proc: str
    args: tuple[Expr, ...]


Stmt = (
    Require | If | Let | Choose | Assign | Bulk | Acquire | Release | Downgrade | Begin | Goto | Return | Note | Spend
    | Call
)  # fmt: skip


# ---- declarations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StructDecl(Node):
    name: str
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class EnumDecl(Node):
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StartAny:
    """`= any`"""


Start = StartAny | BoolLit | EnumLit | NoneLit


@dataclass(frozen=True, slots=True)
class VarDecl(Node):
    name: str
    index: tuple[str, ...]  # sort names
    type: Type
    is_ref: bool
    ghost: bool
    start: Start | Record  # filled in: false, none, the first member


@dataclass(frozen=True, slots=True)
class LockDecl(Node):
    kind: LockKind
    name: str
    index: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CostDecl(Node):
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Switch(Node):
    """A `choice` (options in order, each with its sentence) or a `fix` (options "off" and "on")."""

    name: str
    is_fix: bool
    options: tuple[tuple[str, str], ...]  # (option, sentence)


@dataclass(frozen=True, slots=True)
class Action(Node):
    name: str
    params: tuple[Binder, ...]
    text: str | None
    body: tuple[Stmt, ...]
    ghost_only: bool = False


@dataclass(frozen=True, slots=True)
class Step(Node):
    name: str
    text: str | None
    each: tuple[Binder, ...]  # empty without `each`
    where: Expr | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Proc(Node):
    name: str
    params: tuple[Binder, ...]
    locals: tuple[VarDecl, ...]
    steps: tuple[Step, ...]
    startable: bool  # R10: defined by the model file or a module on its own `use` lines


@dataclass(frozen=True, slots=True)
class Property(Node):
    kind: PropertyKind
    name: str
    text: str | None
    body: Expr
    module: str
    checked: bool  # R10; a lemma is checked whenever it is visible


@dataclass(frozen=True, slots=True)
class ScriptLine(Node):
    """Runs `operation` (an action: fires once; a proc: from its start, to its end or until `until` is next)."""

    cpu: str  # a name of the scenario
    operation: str
    args: tuple[str | None, ...]  # names of the scenario; None is `_`. Without an action's first Cpu parameter
    until: str | None


@dataclass(frozen=True, slots=True)
class ScriptFinish(Node):
    """Runs the call on that CPU to its end."""

    cpu: str


@dataclass(frozen=True, slots=True)
class ScriptExpect(Node):
    property: str | None
    outcome: Outcome
    scope: tuple[tuple[str, int], ...]
    when: Expr | None


@dataclass(frozen=True, slots=True)
class Scenario(Node):
    name: str
    text: str | None
    names: tuple[Binder, ...]  # different elements
    allowed: tuple[str, ...]  # actions, any number of times before each line
    lines: tuple[ScriptLine | ScriptFinish, ...]
    expects: tuple[ScriptExpect, ...]


@dataclass(frozen=True, slots=True)
class Expectation(Node):
    properties: tuple[str, ...]
    verdict: ExpectedKind
    within: int | None
    by: str | None  # a scenario
    scope: tuple[tuple[str, int], ...]  # empty: any size
    when: Expr | None  # over switches only


@dataclass(frozen=True, slots=True)
class Survivor(Node):
    """Why no run shows that a mutant is wrong. `mutant`: `skip do_wp_page.put 1`."""

    mutant: str
    why: str


@dataclass(frozen=True, slots=True)
class Model:
    """Everything visible to the model file, in order of declaration (a used module before its user)."""

    name: str
    path: str
    sorts: tuple[str, ...]
    structs: tuple[StructDecl, ...]
    enums: tuple[EnumDecl, ...]
    vars: tuple[VarDecl, ...]
    locks: tuple[LockDecl, ...]
    switches: tuple[Switch, ...]
    inits: tuple[Expr, ...]
    actions: tuple[Action, ...]  # only those that may start (R10)
    procs: tuple[Proc, ...]  # startable ones and those they call
    properties: tuple[Property, ...]
    scenarios: tuple[Scenario, ...]
    expectations: tuple[Expectation, ...]
    warnings: tuple[str, ...] = ()
    costs: tuple[CostDecl, ...] = ()
    sources: tuple[Source, ...] = field(default=(), compare=False, repr=False)  # what it was read from
    survivors: tuple[Survivor, ...] = ()
