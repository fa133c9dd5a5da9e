"""Properties with their premises, and what is carried over; single steps in the reference semantics."""

from cowspec.check import typed as t
from cowspec.evaluate.machine import Disabled, Faulted, Machine, Moved
from cowspec.syntax.ast import PropertyKind
from cowspec.system.build import build
from cowspec.system.lower import lower
from cowspec.system.show import show, show_formula
from cowspec.verdict import Firing
from typed_models import (
    AT,
    BOOL,
    FALSE,
    NONE_PTE,
    PTES,
    TRUE,
    A,
    M,
    both,
    dot,
    equal,
    exists,
    fault,
    forall,
    implies,
    invariant,
    model,
    no,
    proc,
    pte,
    read,
    release,
    sort,
    step,
    var,
    variable,
)

C = var("c", "Cpu")
PAGE = dot(pte(M, A), "page", sort("Page", True))
SLOT = variable("slot", "Cpu", sort("Page", True), is_ref=True)


# ---- properties ----------------------------------------------------------------------------------------------------


def premises_of(body: t.Expr, kind: PropertyKind = PropertyKind.INVARIANT) -> list[str]:
    (prop,) = lower(model(vars=(PTES, SLOT), properties=(invariant("inv", body, kind),))).properties
    return [show_formula(premise) for premise in prop.premises]


def test_each_conjunct_has_its_premise() -> None:
    held = both(
        implies(no(equal(pte(M, A), NONE_PTE)), TRUE),
        forall("c: Cpu", implies(equal(read("slot", (C,), sort("Page", True)), PAGE), FALSE)),
    )
    assert premises_of(forall("m: Mm, a: Va", held, where=dot(pte(M, A), "write", BOOL))) == [
        "exists m: Mm, a: Va: pte.write[m, a] and pte[m, a]",
        "exists m: Mm, a: Va: pte.write[m, a] and (exists c: Cpu: slot[c] == pte.page[m, a])",
    ]


def test_premises_of_other_shapes() -> None:
    write = dot(pte(M, A), "write", BOOL)
    assert premises_of(forall("m: Mm, a: Va", write)) == []
    assert premises_of(forall("m: Mm, a: Va", write, where=no(equal(pte(M, A), NONE_PTE)))) == [
        "exists m: Mm, a: Va: pte[m, a]"
    ]
    assert premises_of(exists("m: Mm, a: Va", write), PropertyKind.COVER) == []


# ---- the whole -----------------------------------------------------------------------------------------------------


def test_everything_is_carried_over() -> None:
    system = build(fault())
    assert system.warnings == ("a warning",)
    assert [s.name for s in system.switches] == ["exclusive_lock", "reuse"]
    assert "fact wp_fault.install: orig is present" in show(system)


def test_a_locked_step_in_the_reference_semantics() -> None:
    """The first step of a fault by the evaluator: it copies the PTE and waits, holding its locks."""
    system = build(fault())
    scope = (("Cpu", 1), ("Mm", 1), ("Va", 1), ("Page", 2))
    machine = Machine(system, scope, (("exclusive_lock", "on"), ("reuse", "off")))
    names = [v.name for v in system.vars]
    start = next(
        s for s in machine.starts() if s[names.index("pte")] == (True,) and s[names.index("pte.write")] == (False,)
    )
    outcome = machine.fire(start, Firing("wp_fault.fault", (0, 0, 0), (1 - (start[names.index("pte.page")][0] or 0),)))
    assert isinstance(outcome, Moved)
    after = dict(zip(names, outcome.state, strict=True))
    assert after["wp_fault@pc"] == (1,) and after["wp_fault@orig"] == (True,)
    assert after["wp_fault@orig.page"] == after["pte.page"] and after["mmap_lock@write@wp_fault"] == (True,)
    assert after["mmap_lock@read@wp_fault"] == (False,)
    assert isinstance(machine.fire(outcome.state, Firing("wp_fault.fault", (0, 0, 0), (0,))), Disabled)


def test_a_fault_in_the_reference_semantics() -> None:
    """Releasing what is not held."""
    made = model(vars=(PTES,), locks=fault().locks, procs=(
        proc("p", "m: Mm", (step("s", release("mmap_lock", M)),)),
        proc("q", "m: Mm", (step("s", t.Acquire("mmap_lock", (M,), t.LockMode.READ, span=AT)), step("t"))),
    ))  # fmt: skip
    machine = Machine(build(made), (("Cpu", 1), ("Mm", 1), ("Va", 1), ("Page", 1)), ())
    outcome = machine.fire(next(machine.starts()), Firing("p.s", (0, 0)))
    assert isinstance(outcome, Faulted)
    assert outcome.message == "`mmap_lock[m]` is released by a call that does not hold it"
