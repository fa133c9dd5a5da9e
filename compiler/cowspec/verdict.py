"""What engines return and evidence checks: traces, verdicts, limits."""

from dataclasses import dataclass

from cowspec.system.ir import Scope, Setting, State


@dataclass(frozen=True, slots=True)
class Firing:
    """One step taken: which, with which elements for its params (in order), and for each `choose` met (in order of
    execution). Elements and enum members are numbers from 0."""

    step: str
    args: tuple[int, ...]
    choices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A firing, what it noted (`note`, and the text of `return`), and the state after it (None after a fault)."""

    firing: Firing
    notes: tuple[str, ...]
    state: State | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A run that ends in a violation of `property`, or (a cover) in a state that has it.

    `fault`: the message of the fault in the last step, if that is the violation.
    """

    model: str
    property: str
    setting: Setting
    scope: Scope
    start: State
    steps: tuple[TraceStep, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run of an engine; passed, never stored."""

    max_steps: int = 30
    timeout: float = 60.0  # seconds of processor time for one obligation, or one group of scopes: what is found does
    # not depend on what else the machine does
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Induction:
    """The evidence of an any-size proof: names of the conjuncts that are inductive together."""

    conjuncts: tuple[str, ...]
    obligations: int
    checked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explored:
    """The evidence of a proof at a scope by explicit search."""

    states: int
    depth: int


@dataclass(frozen=True, slots=True)
class Invariant:
    """The evidence of a proof at a scope by induction there: names of facts, lemmas and invariants, and clauses.

    A clause is written down as what it excludes: predicates of the finite encoding at some elements, and whether they
    are true. One stands for all that renaming elements makes of it; `size` counts those, too. `frames`: how many it
    took to find it.
    """

    conjuncts: tuple[str, ...]
    clauses: tuple[tuple[tuple[str, tuple[int, ...], bool], ...], ...]
    size: int
    frames: int


@dataclass(frozen=True, slots=True)
class Proved:
    """`scope` None: every size of every sort."""

    scope: Scope | None
    evidence: Induction | Explored


@dataclass(frozen=True, slots=True)
class Refuted:
    trace: Trace
    smaller: str = ""  # what was searched without a violation: "no run within 12 steps at the 4 smaller scopes"


@dataclass(frozen=True, slots=True)
class NoViolation:
    scope: Scope
    steps: int
    never_fired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cti:
    """A counterexample to induction: a state with every conjunct, a step, and a state without `conjunct`."""

    conjunct: str
    scope: Scope
    before: State
    step: TraceStep
    setting: Setting


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str
    cti: Cti | None = None


Verdict = Proved | Refuted | NoViolation | Unknown
