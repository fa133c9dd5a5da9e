"""The tree of one `.cow` file as written: names unresolved, macros and defs unexpanded.

Every node has a `span` that takes no part in equality, so `parse(print(tree)) == tree` can be tested.
"""

from dataclasses import dataclass, field
from enum import Enum

from cowspec.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


# ---- expressions ---------------------------------------------------------------------------------------------------


class BinaryOp(Enum):
    AND = "and"
    OR = "or"
    IMPLIES = "->"
    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    ADD = "+"


class QuantKind(Enum):
    FORALL = "forall"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Name(Node):
    """`p`: a bound name, a parameter, a variable without index, an enum member, a switch, or an option."""

    text: str


@dataclass(frozen=True, slots=True)
class Int(Node):
    """`2`, only compared with counts."""

    value: int


@dataclass(frozen=True, slots=True)
class Bool(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class NoneValue(Node):
    """`none`"""


@dataclass(frozen=True, slots=True)
class Self(Node):
    """`self`: the CPU that runs the call."""


@dataclass(frozen=True, slots=True)
class NoFix(Node):
    """`no fix`: every fix is off."""


@dataclass(frozen=True, slots=True)
class Anything(Node):
    """`_`, only as an argument in a scenario line."""


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`pte[m, a]`, also the frame of a call, `do_wp_page[t]`."""

    base: "Expr"
    args: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class FieldOf(Node):
    """`pte[m, a].page`"""

    base: "Expr"
    field: Name


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """`mapcount(p)`: a def, or a built-in (`refs`, `idle`, `held`, `write_held`, `changed`, `old`, `next`)."""

    function: Name
    args: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Binary(Node):
    op: BinaryOp
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Not(Node):
    body: "Expr"


@dataclass(frozen=True, slots=True)
class At(Node):
    """`t at do_wp_page.install`: the next step of that call on CPU t is `install`."""

    cpu: "Expr"
    proc: Name
    step: Name


@dataclass(frozen=True, slots=True)
class IfElse(Node):
    """`if a then b else c`"""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"


@dataclass(frozen=True, slots=True)
class MatchCase(Node):
    """`mapcount, page_count => body`; `body` is an expression or a block, as in the match around it."""

    options: tuple[Name, ...]
    body: "Expr | tuple[Stmt, ...]"


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`match cow { mapcount => a  page_count => b }`, an expression."""

    subject: "Expr"
    cases: tuple[MatchCase, ...]


@dataclass(frozen=True, slots=True)
class Record(Node):
    """`{ page: p, write: true }`"""

    fields: tuple[tuple[Name, "Expr"], ...]


@dataclass(frozen=True, slots=True)
class Binder(Node):
    """One name with its sort; `m, n: Mm` is two binders, the first with `grouped` true (printing restores it)."""

    name: Name
    type: Name
    grouped: bool = False  # true if the next binder shares the written sort


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`forall m: Mm where c: body`"""

    kind: QuantKind
    binders: tuple[Binder, ...]
    where: "Expr | None"
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Count(Node):
    """`count(m: Mm, a: Va where c)`"""

    binders: tuple[Binder, ...]
    where: "Expr"


@dataclass(frozen=True, slots=True)
class Choose(Node):
    """`choose q: Page where free(q)`, the right side of an assignment or a `let`."""

    name: Name
    type: Name
    where: "Expr | None"


Expr = (
    Name | Int | Bool | NoneValue | Self | NoFix | Anything | Index | FieldOf | Apply | Binary | Not | At | IfElse
    | Match | Record | Quantified | Count
)  # fmt: skip
Rhs = Expr | Choose


# ---- statements ----------------------------------------------------------------------------------------------------


class LockMode(Enum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Require(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if c { ... } else { ... }`; `else if` is an `If` alone in `otherwise`."""

    condition: Expr
    then: tuple["Stmt", ...]
    otherwise: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class MatchStmt(Node):
    """`match cow { a => { ... } }`; each case's body is a tuple of statements."""

    subject: Expr
    cases: tuple[MatchCase, ...]


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: Name
    value: Rhs


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`target := value`; the target is a `Name`, an `Index`, or a `FieldOf` those."""

    target: Expr
    value: Rhs


@dataclass(frozen=True, slots=True)
class Bulk(Node):
    """`forall c: Cpu where g { ... }`"""

    binders: tuple[Binder, ...]
    where: Expr | None
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Acquire(Node):
    """`acquire mmap_lock[m] for write`; no mode for a mutex or a seqcount."""

    lock: Expr
    mode: LockMode | None


@dataclass(frozen=True, slots=True)
class Release(Node):
    lock: Expr


@dataclass(frozen=True, slots=True)
class Downgrade(Node):
    lock: Expr


@dataclass(frozen=True, slots=True)
class Begin(Node):
    """`begin s`: a reader of the seqcount starts."""

    lock: Expr


@dataclass(frozen=True, slots=True)
class Goto(Node):
    step: Name


@dataclass(frozen=True, slots=True)
class Return(Node):
    text: str | None


@dataclass(frozen=True, slots=True)
class Note(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Spend(Node):
    """`spend copy`, or `spend interrupt for c: Cpu where e`; `binders` is empty without `for`."""

    cost: Name
    binders: tuple[Binder, ...]
    where: Expr | None


@dataclass(frozen=True, slots=True)
class Call(Node):
    proc: Name
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class UseMacro(Node):
    """`flush(m, a)` as a statement."""

    macro: Name
    args: tuple[Expr, ...]


Stmt = (
    Require | If | MatchStmt | Let | Assign | Bulk | Acquire | Release | Downgrade | Begin | Goto | Return | Note
    | Spend | Call | UseMacro
)  # fmt: skip


# ---- declarations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use machine` or `use invariants { cow_invisible }`; `names` is None without braces. `grouped`: the next `Use`
    stands on the same `use` line."""

    module: str  # dotted
    names: tuple[Name, ...] | None
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class SortDecl(Node):
    names: tuple[Name, ...]
    ordered: bool


@dataclass(frozen=True, slots=True)
class TypeRef(Node):
    """`ref Pte?`"""

    name: Name
    optional: bool
    is_ref: bool


@dataclass(frozen=True, slots=True)
class FieldDecl(Node):
    name: Name
    type: TypeRef


@dataclass(frozen=True, slots=True)
class StructDecl(Node):
    name: Name
    fields: tuple[FieldDecl, ...]


@dataclass(frozen=True, slots=True)
class EnumDecl(Node):
    name: Name
    members: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class AnyStart(Node):
    """`= any`"""


@dataclass(frozen=True, slots=True)
class VarDecl(Node):
    """`ghost var memory[Mm, Va]: Value? = any`; also a local of a proc (`index` empty)."""

    name: Name
    index: tuple[Name, ...]
    type: TypeRef
    start: Expr | AnyStart | None
    ghost: bool


class LockKind(Enum):
    MUTEX = "mutex"
    RWLOCK = "rwlock"
    SEQCOUNT = "seqcount"


@dataclass(frozen=True, slots=True)
class LockDecl(Node):
    kind: LockKind
    name: Name
    index: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class CostDecl(Node):
    """`cost copy "pages copied"`"""

    name: Name
    text: str


@dataclass(frozen=True, slots=True)
class DefDecl(Node):
    name: Name
    params: tuple[Binder, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class MacroDecl(Node):
    name: Name
    params: tuple[Binder, ...]
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class InitDecl(Node):
    body: Expr


@dataclass(frozen=True, slots=True)
class OptionDecl(Node):
    name: Name
    text: str | None


@dataclass(frozen=True, slots=True)
class ChoiceDecl(Node):
    name: Name
    options: tuple[OptionDecl, ...]


@dataclass(frozen=True, slots=True)
class FixDecl(Node):
    name: Name
    text: str


@dataclass(frozen=True, slots=True)
class ActionDecl(Node):
    name: Name
    params: tuple[Binder, ...]
    text: str | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Each(Node):
    """`each a: Va where c`"""

    binders: tuple[Binder, ...]
    where: Expr | None


@dataclass(frozen=True, slots=True)
class StepDecl(Node):
    name: Name
    text: str | None
    each: Each | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class ProcDecl(Node):
    name: Name
    params: tuple[Binder, ...]
    locals: tuple[VarDecl, ...]
    steps: tuple[StepDecl, ...]


class PropertyKind(Enum):
    INVARIANT = "invariant"
    LEMMA = "lemma"
    COVER = "cover"
    TRANSITION = "transition"


@dataclass(frozen=True, slots=True)
class PropertyDecl(Node):
    kind: PropertyKind
    name: Name
    text: str | None
    body: Expr


@dataclass(frozen=True, slots=True)
class ScriptLine(Node):
    """`c0: uffd_protect(m, a) until flush`"""

    cpu: Name
    operation: Name
    args: tuple[Expr, ...]
    until: Name | None


@dataclass(frozen=True, slots=True)
class ScriptFinish(Node):
    """`c2: finish`"""

    cpu: Name


class Outcome(Enum):
    VIOLATED = "violated"
    HOLDS = "holds"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Scope(Node):
    """`Cpu=2, Page=3`"""

    sizes: tuple[tuple[Name, int], ...]


@dataclass(frozen=True, slots=True)
class ScriptExpect(Node):
    """`expect cow_invisible violated at Page=2 when c` or `expect blocked when c` (`property` None)."""

    property: Name | None
    outcome: Outcome
    scope: Scope | None
    when: Expr | None


@dataclass(frozen=True, slots=True)
class ScenarioDecl(Node):
    """`let` lines, then `allow` lines, then the script, then what is expected of it."""

    name: Name
    text: str | None
    names: tuple[Binder, ...]
    allowed: tuple[Name, ...]
    lines: tuple[ScriptLine | ScriptFinish, ...]
    expects: tuple[ScriptExpect, ...]


class ExpectedKind(Enum):
    PROVED = "proved"
    REFUTED = "refuted"
    NO_VIOLATION = "no_violation"
    REACHED = "reached"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class ExpectLine(Node):
    """`cow_invisible: proved at Page=3 when cow == page_count`; `within` only with `no_violation`, `by` (the name of a
    scenario) only with `refuted`."""

    properties: tuple[Name, ...]
    verdict: ExpectedKind
    within: int | None
    by: Name | None
    scope: Scope | None
    when: Expr | None


@dataclass(frozen=True, slots=True)
class ExpectDecl(Node):
    lines: tuple[ExpectLine, ...]


class Mutation(Enum):
    """The kinds of small wrong changes that `cowspec mutate` makes."""

    DROP_GUARD = "drop_guard"
    SKIP = "skip"
    UNLOCK = "unlock"
    SWAP = "swap"
    NEGATE = "negate"


@dataclass(frozen=True, slots=True)
class MutantName(Node):
    """`skip do_wp_page.put 1`: the first mutant of that kind in that step; `step` is None for an action or a macro."""

    mutation: Name
    operation: Name
    step: Name | None
    number: int


@dataclass(frozen=True, slots=True)
class SurvivorLine(Node):
    """`skip do_wp_page.put 1, swap munmap.flush 1: "why no property is violated"`"""

    mutants: tuple[MutantName, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SurvivorsDecl(Node):
    lines: tuple[SurvivorLine, ...]


Decl = (
    Use | SortDecl | StructDecl | EnumDecl | VarDecl | LockDecl | CostDecl | DefDecl | MacroDecl | InitDecl | ChoiceDecl
    | FixDecl | ActionDecl | ProcDecl | PropertyDecl | ScenarioDecl | ExpectDecl
    | SurvivorsDecl
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Module(Node):
    """One file. `name` is None where the file has no `module` line."""

    name: str | None
    items: tuple[Decl, ...]
