"""The transition system: the one thing that the evaluator, every encoder and every engine reads.

Structs and optional values are flattened into *scalar* variables: a boolean, or a value of a sort or an enum that may
be absent. Calls, locks and program counters are ordinary variables. A step is a short program of core statements, run
in order in one atomic step; `require` anywhere disables the whole step.

Conventions
- `pte[Mm, Va]: Pte?` becomes the boolean `pte` (is it present?) and `pte.page`, `pte.write`, ... owned by it.
- `memory[Mm, Va]: Value?` becomes `memory`, optional by itself.
- The call of proc p on a CPU: `p@pc[Cpu]` (an optional value of the enum `p@step`; absent: idle), and `p@x[Cpu]` for
  each parameter and local x (fields: `p@x.page`), all owned by `p@pc`.
- A lock l and a proc p that takes it: booleans `l@write@p[index..., Cpu]` and (rwlock) `l@read@p[index..., Cpu]`;
  a reader p of a seqcount: `l@seen@p[index..., Cpu]`.
- An owned variable is absent (a boolean: false) wherever its owner is absent (false): every reachable state is so.
"""

from dataclasses import dataclass, field

from cowspec.source import Source, Span
from cowspec.syntax.ast import ExpectedKind, Outcome, PropertyKind, QuantKind

# ---- terms: an element of a sort, a member of an enum, or absent ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Param:
    """A bound name: of a quantifier, a step, a `let` or a `choose`. Only a `let` can bind an absent value."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enum."""

    enum: str
    name: str


@dataclass(frozen=True, slots=True)
class Absent:
    """`none`"""


@dataclass(frozen=True, slots=True)
class Get:
    """The value of a sort- or enum-valued variable; absent if an argument is."""

    var: str
    args: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """`if condition then a else b`"""

    condition: "Formula"
    then: "Term"
    otherwise: "Term"


@dataclass(frozen=True, slots=True)
class OldTerm:
    """The value before the step; only in a transition property."""

    body: "Term"


Term = Param | Member | Absent | Get | Pick | OldTerm

# ---- formulas ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    value: bool


@dataclass(frozen=True, slots=True)
class Test:
    """A boolean variable; false if an argument is absent."""

    var: str
    args: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """The term is not absent."""

    term: Term


@dataclass(frozen=True, slots=True)
class Equal:
    """Two absent terms are equal, an absent and a present one differ."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Not:
    body: "Formula"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Implies:
    left: "Formula"
    right: "Formula"


@dataclass(frozen=True, slots=True)
class Iff:
    left: "Formula"
    right: "Formula"


@dataclass(frozen=True, slots=True)
class Binder:
    """A name and what it ranges over: a sort, or an enum (then its values are the enum's members)."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Quant:
    kind: QuantKind
    binders: tuple[Binder, ...]
    body: "Formula"


@dataclass(frozen=True, slots=True)
class Count:
    """How many tuples of elements make `body` true."""

    binders: tuple[Binder, ...]  # may be empty: 0 or 1
    body: "Formula"


@dataclass(frozen=True, slots=True)
class Tally:
    """The sum of `counts` compared with `bound`; `op` is one of == != < <= > >=."""

    counts: tuple[Count, ...]
    op: str
    bound: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A truth value bound by `LetBool`."""

    name: str


@dataclass(frozen=True, slots=True)
class SwitchIs:
    """A switch has this option; of a fix the options are "off" and "on"."""

    switch: str
    option: str


@dataclass(frozen=True, slots=True)
class Old:
    """The formula before the step; only in a transition property."""

    body: "Formula"


Formula = Const | Test | Present | Equal | Not | And | Or | Implies | Iff | Quant | Tally | Flag | SwitchIs | Old

TRUE = Const(True)
FALSE = Const(False)

# ---- statements of a step, run in order ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Require:
    condition: Formula


@dataclass(frozen=True, slots=True)
class Check:
    """A fault if false: the implied invariant of M5. `message` says what went wrong, in the words of the model."""

    condition: Formula
    message: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Assign:
    """`var[args] := value`: a `Formula` for a boolean variable, else a `Term`. With an absent argument nothing is
    written (a `Check` before it has made that a fault)."""

    var: str
    args: tuple[Term, ...]
    value: "Term | Formula"


@dataclass(frozen=True, slots=True)
class If:
    condition: Formula
    then: tuple["Stmt", ...]
    otherwise: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """All instances of the body at once, every right side, index and `where` read before the bulk begins. `body` holds
    only `Assign` and `Check`, and the arguments of each `Assign` contain every binder."""

    binders: tuple[Binder, ...]
    where: Formula
    body: tuple["Assign | Check", ...]


@dataclass(frozen=True, slots=True)
class Let:
    """Binds a name to the value that the term (or formula, for a boolean) has now."""

    name: str
    value: Term


@dataclass(frozen=True, slots=True)
class LetBool:
    """Binds a name to the truth value that the formula has now; read by `Flag`."""

    name: str
    value: Formula


@dataclass(frozen=True, slots=True)
class Choose:
    """Binds a name to any element with `where`, which may name it; without one the step is disabled."""

    name: str
    domain: str
    where: Formula


@dataclass(frozen=True, slots=True)
class Note:
    """Text for the trace."""

    text: str


@dataclass(frozen=True, slots=True)
class Spend:
    """Changes no state: counts one of `cost` (no binders), or each tuple of elements with `where` once in a call.

    Only in a system built with its costs (`build.py`): whoever does not count works on one without.
    """

    cost: str
    binders: tuple[Binder, ...]
    where: Formula


Stmt = Require | Check | Assign | If | Bulk | Let | LetBool | Choose | Note | Spend

# ---- variables, steps, properties ----------------------------------------------------------------------------------


class Presence:
    """How a sort- or enum-valued variable may be absent: see `StateVar.presence`."""

    TOTAL = "total"  # always has a value
    OWN = "own"  # optional by itself (and absent wherever its owner is)
    OWNER = "owner"  # has a value exactly where its owner is present


@dataclass(frozen=True, slots=True)
class StateVar:
    """A table from tuples of elements of `index` to booleans (`domain` None) or to values of a sort or enum.

    `owner`: a boolean variable or an `OWN` variable with the same index; where it is false or absent, this one is false
    or absent. `source`: name and field path as the user wrote them, for printing: `("pte", "page")`.
    """

    name: str
    index: tuple[str, ...]
    domain: str | None
    presence: str  # one of Presence; TOTAL for booleans
    owner: str | None
    start: "StartValue"
    ghost: bool
    is_ref: bool
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Every value the type allows (as far as the `init` formulas and the owner do)."""


StartValue = bool | Member | Absent | AnyValue


class StepKind:
    ACTION = "action"  # an action
    START = "start"  # a call starts and fires its first step
    NEXT = "next"  # a call under way fires its next step
    LEAVE = "leave"  # a `step ... each` is left as nothing matches any more; silent


@dataclass(frozen=True, slots=True)
class Step:
    """One atomic step: bind `params` to any elements, `frame` to what the call's frame holds, then run `body`.

    In the kinds START, NEXT and LEAVE the first of `params` is the CPU, named "self". A step with an absent `frame`
    value is disabled (it never is in a reachable state). `body` contains everything: the test and the update of the
    program counter, the binding of the frame, the locks.
    """

    name: str  # unique: "store", "do_wp_page.copy", "fork.share:leave", "q.first:start" if q.first is also resumed
    kind: str  # one of StepKind
    operation: str  # the action or the proc
    label: str  # the step's name in its proc; of an action its own name
    params: tuple[Binder, ...]
    frame: tuple[tuple[str, Get], ...]
    body: tuple[Stmt, ...]
    text: str | None
    cpu: str | None  # the param that names the column of the trace; None: column `env`
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Property:
    """`formula` must hold in every reachable state (invariant, lemma), in some (cover), or across every step
    (transition). `checked`: the user asks for it (R10). `premises`: for each `forall ... where/-> ...` at the top of
    the formula, an existential formula that says that its premise is met (for the vacuity check); `premise_spans`:
    where each of them stands."""

    kind: PropertyKind
    name: str
    text: str | None
    formula: Formula
    checked: bool
    premises: tuple[Formula, ...]
    span: Span = field(compare=False, repr=False)
    premise_spans: tuple[Span, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fact:
    """A structural invariant derived by the compiler; checked like any lemma."""

    name: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class Switch:
    name: str
    is_fix: bool
    options: tuple[tuple[str, str], ...]  # (option, sentence); of a fix "off", "on"
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """What operations spend. `binders` of its `Spend`s range over `counted`; empty: each of them counts one."""

    name: str
    text: str
    counted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcInfo:
    name: str
    params: tuple[Binder, ...]
    labels: tuple[str, ...]  # its steps in order
    calls: tuple[str, ...]
    startable: bool


@dataclass(frozen=True, slots=True)
class ScriptLine:
    cpu: str
    operation: str
    args: tuple[str | None, ...]  # one for each param of the operation but the CPU; None is `_`
    until: str | None


@dataclass(frozen=True, slots=True)
class ScriptFinish:
    cpu: str


@dataclass(frozen=True, slots=True)
class ScriptExpect:
    property: str | None
    outcome: Outcome
    scope: tuple[tuple[str, int], ...]
    when: Formula
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    text: str | None
    names: tuple[Binder, ...]
    allowed: tuple[str, ...]
    lines: tuple[ScriptLine | ScriptFinish, ...]
    expects: tuple[ScriptExpect, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Expectation:
    """`when` is over switches only (TRUE without `when`); an empty `scope` means any size. `by`: the scenario of which
    some run violates the properties."""

    properties: tuple[str, ...]
    verdict: ExpectedKind
    within: int | None
    by: str | None
    scope: tuple[tuple[str, int], ...]
    when: Formula
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class System:
    """A model as a transition system; everything in order of declaration. `sources`: the texts that it was made of, in
    which reports look up the lines of places."""

    name: str
    path: str
    sorts: tuple[str, ...]
    enums: tuple[tuple[str, tuple[str, ...]], ...]  # (name, members), the `p@step` enums among them
    switches: tuple[Switch, ...]
    vars: tuple[StateVar, ...]
    init: tuple[Formula, ...]
    steps: tuple[Step, ...]
    procs: tuple[ProcInfo, ...]
    properties: tuple[Property, ...]  # invariants, lemmas, covers, transitions
    facts: tuple[Fact, ...]
    scenarios: tuple[Scenario, ...]
    expectations: tuple[Expectation, ...]
    warnings: tuple[str, ...] = ()
    costs: tuple[Cost, ...] = ()  # if they are to be counted: the declared ones, then one for each lock
    sources: tuple[Source, ...] = field(default=(), compare=False, repr=False)


Setting = tuple[tuple[str, str], ...]
"""One option for each switch, in the order of declaration: `(("cow", "page_count"), ("keep_write", "off"))`."""

Scope = tuple[tuple[str, int], ...]
"""The size of each sort, in the order of declaration."""

Value = bool | int | None
"""What a table holds: a boolean; the number of an element or of an enum's member, from 0; None for absent."""

State = tuple[tuple[Value, ...], ...]
"""One table for each of `System.vars`, flat, the last index running fastest."""
