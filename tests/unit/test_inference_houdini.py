"""Inference: candidates against samples, and their largest inductive part, each compared with trying everything."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

from cowspec.encode.relational.translate import translate
from cowspec.engines.inference.anchors import anchors
from cowspec.engines.inference.atoms import Atom, atoms
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.claims import Claim, regions
from cowspec.engines.inference.clauses import Clause, clause, fresh_names
from cowspec.engines.inference.houdini import Pool, representatives
from cowspec.engines.inference.owing import obligations
from cowspec.engines.inference.possible import Samples
from cowspec.engines.inference.sampling import sample
from cowspec.engines.inference.stepping import Steps
from cowspec.engines.inference.templates import Regions, Template
from cowspec.evaluate.machine import Machine
from cowspec.report.formulas import expression
from cowspec.system import ir
from cowspec.system.switches import all_settings
from inference_models import COMPARED, HELD, OWED_IF, TOKEN, TOLD, system_of

SYSTEM = system_of(TOKEN)
SCOPE = (("Node", 2),)
FOREVER = float("inf")


def clauses_of(system: ir.System, sorts: Sequence[str], size: int) -> list[Clause]:
    """All clauses of at most so many literals."""
    names = fresh_names(sorts)
    literals = [(atom, truth) for atom in atoms(system, names) for truth in (True, False)]
    found = {}
    for number in range(1, size + 1):
        for cube in combinations(literals, number):
            each = clause(names, cube)
            found[each.formula] = each
    return list(found.values())


def pool_of(clauses: Sequence[Clause]) -> Pool:
    rel = translate(replace(SYSTEM, properties=()))
    states = Steps(SYSTEM, rel, SCOPE, ir.TRUE, depth=0)
    pool = Pool(Steps(SYSTEM, rel, SCOPE, ir.TRUE), states, Steps(SYSTEM, rel, SCOPE, ir.TRUE, start=True, depth=0))
    for number, each in enumerate(clauses):
        pool.add(number, each)
    return pool


def all_states() -> list[ir.State]:
    rows = list(product((False, True), repeat=2))
    return [(sent, here, home) for sent in rows for here in rows for home in ((False,), (True,))]


def test_the_largest_inductive_part() -> None:
    clauses = clauses_of(SYSTEM, ["Node", "Node"], 3)
    machine = Machine(SYSTEM, SCOPE, ())
    states = all_states()
    truth = [[machine.holds(each.formula, state) for state in states] for each in clauses]
    number = {state: k for k, state in enumerate(states)}
    steps = [
        (number[state], number[after]) for state in states for *_, after, _ in machine.moves(state) if after is not None
    ]
    starts = [number[state] for state in machine.starts()]
    alive = {c for c in range(len(clauses)) if all(truth[c][k] for k in starts)}
    while True:
        kept = {k for k in range(len(states)) if all(truth[c][k] for c in alive)}
        lost = {c for c in alive for before, after in steps if before in kept and not truth[c][after]}
        if not lost:
            break
        alive -= lost
    assert len(clauses) > 300 and 0 < len(alive) < len(clauses)
    assert set(pool_of(clauses).inductive(range(len(clauses)), [], FOREVER)) == alive


def test_what_is_settled_implies_the_rest() -> None:
    clauses = clauses_of(SYSTEM, ["Node", "Node"], 3)
    pool = pool_of(clauses)
    alive = pool.inductive(range(len(clauses)), [], FOREVER)
    fresh = pool.settle(alive)
    assert 0 < len(fresh) < len(alive) and all(pool.follows(clauses[k]) for k in alive)
    batch = Batch(SYSTEM, SCOPE, [(state, ()) for state in all_states()])
    together = batch.every
    for k in fresh:
        together &= batch.holds(clauses[k].formula, {})
    for k in range(len(clauses)):
        assert pool.follows(clauses[k]) == (not together & ~batch.holds(clauses[k].formula, {})), clauses[k].formula


def test_what_says_something_new_at_a_larger_scope_is_kept() -> None:
    rel = translate(replace(SYSTEM, properties=()))
    one, two = (("Node", 1),), SCOPE
    at, here, starts = (Steps(SYSTEM, rel, one, ir.TRUE, **more) for more in ({}, {"depth": 0}, {"start": True}))
    (alone,) = (
        each
        for each in clauses_of(SYSTEM, ["Node", "Node"], 3)
        if expression(SYSTEM, each.formula) == "forall n, n2: Node: here[n] and here[n2] -> n == n2"
    )
    for larger, kept in ((None, []), (Steps(SYSTEM, rel, two, ir.TRUE, depth=0), [0])):
        pool = Pool(at, here, starts, larger)
        pool.add(0, alone)
        assert pool.settle([0]) == kept


def test_representatives_stand_for_all_elements() -> None:
    names = fresh_names(["Node", "Node", "Node", "Va", "Va"])
    sizes = {"Node": 3, "Va": 2}
    found = list(representatives(names, sizes.__getitem__))
    assert found[0] == (0, 0, 0, 0, 0) and len(found) == len(set(found)) == 5 * 2
    pattern = [tuple(e.index(x) for x in e) for e in ([*each[:3]] for each in found)]
    assert set(pattern) == {(0, 0, 0), (0, 0, 2), (0, 1, 0), (0, 1, 1), (0, 1, 2)}


def test_possible_cubes() -> None:
    names = fresh_names(["Node", "Node"])
    batch = Batch(SYSTEM, SCOPE, sample(SYSTEM, SCOPE, [()], 1, visits=100, kept=50))
    table: list[tuple[Atom, bool]] = [(a, t) for a in atoms(SYSTEM, names) for t in (True, False)]
    samples = Samples(names, table, [batch])
    answers = set()
    for cube in product(range(len(table)), repeat=2):
        here = 0
        for elements in product(range(2), repeat=2):
            where = dict(zip((name.name for name in names), elements, strict=True))
            bits = batch.every
            for k in cube:
                holds = batch.holds(table[k][0].formula, where)
                bits &= holds if table[k][1] else ~holds
            here |= bits
        answers.add(here != 0)
        assert samples.possible(cube) == (here != 0)
    assert answers == {False, True}


def test_no_sample_contradicts_a_candidate() -> None:
    system = system_of(TOLD)
    scope = (("Cpu", 2), ("Va", 2))
    batch = Batch(system, scope, sample(system, scope, [()], 1, visits=400, kept=400))
    found: list[Clause] = []
    for anchor in anchors(system):
        template = Template(system, anchor, [batch.thinned(20)], [batch])
        found += [*template.singles(), *template.pairs(), *template.links()]
        if anchor.call is None:
            found += obligations(system, anchor, [batch.thinned(20)], [batch])
    assert len(found) > 20
    for each in found:
        assert batch.holds(each.formula, {}) == batch.every, expression(system, each.formula)


def test_who_owes() -> None:
    system = system_of(TOLD)
    scope = (("Cpu", 2), ("Va", 2))
    batch = Batch(system, scope, sample(system, scope, [()], 1, visits=400, kept=400))
    anchor = next(each for each in anchors(system) if each.call is None)
    texts = {expression(system, each.formula) for each in obligations(system, anchor, [batch], [batch])}
    assert "forall t: Cpu, a: Va: stale[t, a] -> (exists t_: Cpu: not told[t_, t, a] and zap[t_].a == a)" in texts


def test_what_else_holds_the_same() -> None:
    system = system_of(HELD)
    scope = (("Cpu", 2), ("Item", 2), ("Ref", 2))
    batch = Batch(system, scope, sample(system, scope, [()], 1, visits=600, kept=600))
    texts: set[str] = set()
    for anchor in anchors(system):
        template = Template(system, anchor, [batch.thinned(50)], [batch])
        assert list(template.singles()) is not None
        texts |= {expression(system, each.formula) for each in template.links()}
    said = "cell[t].write and grab[r].item == i and cell[t].item == i -> grab[r].owner == t"
    assert any(sorted(said.split()) == sorted(text.partition(": ")[2].rpartition(": ")[2].split()) for text in texts), (
        texts
    )


def test_steps_are_as_the_prover_takes_them() -> None:
    system = system_of(COMPARED)
    at = Steps(system, translate(system), (("Node", 1), ("Item", 1)), ir.TRUE)
    n, p = ir.Binder("n", "Node"), ir.Binder("p", "Item")
    node, where = (ir.Param("n"),), {"n": 0, "p": 0}

    def says(formula: ir.Formula, frame: int) -> int:
        return at.atom(formula, (n, p), where, frame, asserted=True)

    sides = [ir.Get(name, node) for name in ("left", "right")]
    there = [says(ir.Present(side), 0) for side in sides]
    named = [says(ir.Equal(side, ir.Param("p")), 0) for side in sides]
    equal = says(ir.Test("equal", node), 1)
    assert at.satisfiable([*there, *named, equal]) and not at.satisfiable([*there, *named, -equal])
    nowhere = [*there, *(-each for each in named)]
    assert at.satisfiable([*nowhere, equal]) and at.satisfiable([*nowhere, -equal])


def test_who_owes_under_some_settings() -> None:
    system = system_of(OWED_IF)
    scope = (("Cpu", 2), ("Va", 2))
    batch = Batch(system, scope, sample(system, scope, all_settings(system), 1, visits=400, kept=400))
    claims = [Claim("quiet", ir.SwitchIs("flushes", "on")), Claim("sane", ir.TRUE)]
    limits = Regions(regions(system, claims), [batch], [batch])
    anchor = next(each for each in anchors(system) if each.call is None)
    texts = {expression(system, e.formula) for e in obligations(system, anchor, [batch], [batch], limits.within())}
    assert (
        "forall t: Cpu, a: Va: flushes and stale[t, a] -> (exists t_: Cpu: t_ at zap.flush and zap[t_].a == a)" in texts
    ), texts
    assert all("flushes and" in text for text in texts)
