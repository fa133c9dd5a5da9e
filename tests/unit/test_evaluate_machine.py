"""The evaluator on cases worked out by hand: steps, faults, choices, absent values, start states, switches."""

from itertools import permutations, product

import pytest
from cowspec.evaluate.machine import Disabled, Faulted, Machine, Moved
from cowspec.evaluate.symmetry import representative
from cowspec.system import ir
from cowspec.verdict import Firing
from evaluate_examples import (
    NOWHERE,
    action,
    assign,
    binders,
    both,
    exists,
    flag,
    forall,
    get,
    is_set,
    paging,
    ring,
    same,
    system,
    table,
    term,
)
from evaluate_naive import Naive

OFF = (("early", "off"), ("lazy", "off"))


def one_step(*body: ir.Stmt, params: str = "", variables: tuple[ir.StateVar, ...] = ()) -> Machine:
    """A machine with two elements of A and one action."""
    model = system(sorts=("A",), vars=variables, steps=(action("s", params, *body),))
    return Machine(model, (("A", 2),), ())


def only_start(machine: Machine) -> ir.State:
    (start,) = machine.starts()
    return start


def test_a_later_require_sees_the_assignment_above_it() -> None:
    x = flag("x")
    sees = one_step(assign("x", (), ir.TRUE), ir.Require(is_set("x")), variables=(x,))
    assert sees.fire(only_start(sees), Firing("s", ())) == Moved(((True,),), ())
    assert [after for *_, after, _ in sees.moves(only_start(sees))] == [((True,),)]
    before = one_step(ir.Require(is_set("x")), assign("x", (), ir.TRUE), variables=(x,))
    assert isinstance(before.fire(only_start(before), Firing("s", ())), Disabled)
    assert before.moves(only_start(before)) == []


def test_a_require_in_a_branch_counts_only_when_taken() -> None:
    branch = ir.If(is_set("x"), (ir.Require(ir.FALSE),), (ir.Note("else"),))
    machine = one_step(branch, variables=(flag("x", start=ir.AnyValue()),))
    outcomes = {start: list(machine.successors(start)) for start in machine.starts()}
    assert outcomes == {((False,),): [(Firing("s", ()), Moved(((False,),), ("else",)))], ((True,),): []}


def test_a_fault_counts_only_if_the_step_is_enabled() -> None:
    check = ir.Check(is_set("x"), "x is false", NOWHERE)
    faulting = one_step(check, ir.Note("after"), variables=(flag("x"),))
    assert faulting.fire(only_start(faulting), Firing("s", ())) == Faulted("x is false", ("after",))
    assert faulting.moves(only_start(faulting)) == [(0, (), (), None, "x is false")]
    disabled = one_step(check, assign("x", (), ir.FALSE), ir.Require(is_set("x")), variables=(flag("x"),))
    outcome = disabled.fire(only_start(disabled), Firing("s", ()))
    assert isinstance(outcome, Disabled) and outcome.statement == ir.Require(is_set("x"))
    assert disabled.moves(only_start(disabled)) == []


def test_the_first_fault_is_reported() -> None:
    faults = [ir.Check(ir.FALSE, message, NOWHERE) for message in ("first", "second")]
    machine = one_step(*faults)
    assert machine.fire((), Firing("s", ())) == Faulted("first", ())


def test_bulk_reads_before_it_writes() -> None:
    swap = ir.Bulk(binders("a:A"), ir.TRUE, (assign("v", ("a",), is_set("v", get("other", "a"))),))
    other = table("other", "A", "A", ir.Presence.TOTAL, ir.AnyValue())
    machine = one_step(swap, variables=(other, flag("v", "A", ir.AnyValue())))
    assert machine.fire(((1, 0), (True, False)), Firing("s", ())) == Moved(((1, 0), (False, True)), ())


def test_bulk_writes_only_where_its_condition_holds() -> None:
    bulk = ir.Bulk(binders("a:A b:A"), both(same("a", "b"), is_set("v", "a")), (assign("w", ("a", "b"), ir.TRUE),))
    machine = one_step(bulk, variables=(flag("v", "A", ir.AnyValue()), flag("w", "A A")))
    after = machine.fire(((False, True), (False,) * 4), Firing("s", ()))
    assert after == Moved(((False, True), (False, False, False, True)), ())


def test_choose_tries_every_candidate_and_none_disables() -> None:
    chooses = (ir.Choose("q", "A", is_set("v", "q")), ir.Choose("r", "A", ir.Not(same("q", "r"))))
    machine = one_step(*chooses, assign("t", (), term("r")), variables=(flag("v", "A"), table("t", "", "A")))
    none, both_free = ((False, False), (None,)), ((True, True), (None,))
    assert machine.moves(none) == []
    outcome = machine.fire(none, Firing("s", (), (0,)))
    assert isinstance(outcome, Disabled) and isinstance(outcome.statement, ir.Choose)
    assert [(choices, after[1]) for *_, choices, after, _ in machine.moves(both_free) if after] == [
        ((0, 1), (1,)),
        ((1, 0), (0,)),
    ]
    assert isinstance(machine.fire(both_free, Firing("s", (), (0, 0))), Disabled)
    assert isinstance(machine.fire(both_free, Firing("s", (), (7, 0))), Disabled)
    assert isinstance(machine.fire(both_free, Firing("s", (), (0, 1, 1))), Disabled)
    assert isinstance(machine.fire(both_free, Firing("s", (), (0, 1))), Moved)


def test_firings_that_do_not_fit_are_refused() -> None:
    machine = one_step(params="a:A")
    with pytest.raises(KeyError):
        machine.fire((), Firing("other", (0,)))
    for args in ((), (2,), (-1,), (0, 0)):
        with pytest.raises(ValueError, match="parameters"):
            machine.fire((), Firing("s", args))


def test_absent_values_propagate() -> None:
    variables = (
        table("o", "A", "A", ir.Presence.OWN, ir.AnyValue()),
        flag("v", "A", ir.AnyValue()),
    )
    machine = one_step(variables=variables)
    state: ir.State = ((None, 0), (True, True))
    zero = exists("z:A", both(same("z", get("o", get("o", "z"))), is_set("v", "z")))
    assert not machine.holds(zero, state)
    absent = forall("a:A", ir.Implies(ir.Not(ir.Present(get("o", "a"))), ir.Not(is_set("v", get("o", "a")))))
    assert machine.holds(absent, state)
    assert machine.holds(exists("a:A", same(get("o", "a"), get("o", get("o", "a")))), state)  # both absent
    assert machine.holds(exists("a:A", same(get("o", "a"), ir.Absent())), state)
    one = ir.Tally((ir.Count(binders("a:A"), ir.Present(get("o", "a"))),), "==", 1)
    assert machine.holds(one, state) and not machine.holds(one, ((0, 0), (True, True)))


def test_an_absent_frame_value_disables() -> None:
    step = ir.Step(
        "p.s",
        ir.StepKind.NEXT,
        "p",
        "s",
        binders("self:A"),
        (("x", get("o", "self")),),
        (assign("o", ("x",), term("self")),),
        None,
        "self",
        NOWHERE,
    )
    machine = Machine(system(sorts=("A",), vars=(table("o", "A", "A"),), steps=(step,)), (("A", 2),), ())
    assert isinstance(machine.fire(((None, 0),), Firing("p.s", (0,))), Disabled)
    assert machine.fire(((None, 0),), Firing("p.s", (1,))) == Moved(((1, 0),), ())
    assert [args for _, args, *_ in machine.moves(((None, 0),))] == [(1,)]


def test_old_speaks_of_the_state_before() -> None:
    machine = one_step(variables=(flag("v", "A", ir.AnyValue()),))
    grows = forall("a:A", ir.Implies(ir.Old(is_set("v", "a")), is_set("v", "a")))
    assert machine.holds(grows, ((True, True),), ((True, False),))
    assert not machine.holds(grows, ((True, False),), ((True, True),))


def test_witness_names_the_elements_that_fail() -> None:
    machine = one_step(variables=(flag("v", "A A", ir.AnyValue()),))
    formula = forall(
        "a:A", both(is_set("v", "a", "a"), forall("b:A", ir.Implies(is_set("v", "a", "b"), same("a", "b"))))
    )
    assert machine.witness(formula, ((True, False, True, True),)) == (("a", "A", 1), ("b", "A", 0))
    assert machine.witness(formula, ((True, False, False, False),)) == (("a", "A", 1),)
    assert machine.witness(formula, ((True, False, False, True),)) == ()


def test_scopes_must_be_complete() -> None:
    for scope in ((), (("Thread", 0),)):
        with pytest.raises(ValueError, match="Thread"):
            Machine(ring(), scope, ())


# ---- start states --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 2, 2), (2, 2, 1), (1, 2, 3)])
def test_start_states_of_paging(sizes: tuple[int, int, int]) -> None:
    model = paging()
    scope = tuple(zip(model.sorts, sizes, strict=True))
    starts = list(Machine(model, scope, OFF).starts())
    _, vas, pages = sizes
    # Each subset of addresses mapped to different pages, each writable or not; not the empty one.
    expected = sum(
        2 ** len(mapped) * len(list(permutations(range(pages), len(mapped))))
        for bits in product((False, True), repeat=vas)
        if (mapped := [a for a in range(vas) if bits[a]])
    )
    assert len(starts) == len(set(starts)) == expected
    assert starts == list(Machine(model, scope, OFF).starts())


def test_start_states_up_to_symmetry_reach_every_class() -> None:
    model = paging()
    scope = (("Cpu", 2), ("Va", 2), ("Page", 2))
    machine = Machine(model, scope, OFF)
    some = set(machine.starts(up_to_symmetry=True))
    everything = set(machine.starts())
    assert some < everything
    assert {_least(model, dict(scope), state) for state in some} == {
        _least(model, dict(scope), state) for state in everything
    }
    named = set(machine.starts(named={"Va": 2, "Page": 2}, up_to_symmetry=True))
    assert named == everything


def test_representatives_are_of_the_same_class() -> None:
    model = paging()
    scope = (("Cpu", 2), ("Va", 2), ("Page", 2))
    machine = Machine(model, scope, OFF)
    state_of = representative(model, scope, {})
    layer = set(machine.starts())
    for _ in range(2):
        layer = {after for state in layer for *_, after, _ in machine.moves(state) if after}
    classes = {_least(model, dict(scope), state) for state in layer}
    found = {state_of(state) for state in layer}
    assert {_least(model, dict(scope), state) for state in found} == classes
    assert all(_least(model, dict(scope), state_of(s)) == _least(model, dict(scope), s) for s in layer)
    assert len(found) < len(layer) / 2
    keep = representative(model, scope, {"Cpu": 2, "Va": 2, "Page": 2})
    assert all(keep(state) == state for state in layer)


def _least(model: ir.System, sizes: dict[str, int], state: ir.State) -> tuple[tuple[int, ...], ...]:
    """The least of all permutations of a state, by trying all."""
    naive = Naive(model, sizes | {name: len(members) for name, members in model.enums}, {})
    tables = naive.open(state)
    images = []
    for chosen in product(*(permutations(range(sizes[sort])) for sort in model.sorts)):
        renaming = dict(zip(model.sorts, chosen, strict=True))
        image = []
        for var in model.vars:
            moved = {}
            for place, value in tables[var.name].items():
                to = tuple(
                    renaming[sort][e] if sort in renaming else e for sort, e in zip(var.index, place, strict=True)
                )
                renamed = renaming[var.domain][value] if var.domain in renaming and value is not None else value
                moved[to] = -1 if renamed is None else int(renamed)
            image.append(tuple(moved[place] for place in sorted(moved)))
        images.append(tuple(image))
    return min(images)


def test_is_start_looks_at_every_cell() -> None:
    machine = Machine(paging(), (("Cpu", 1), ("Va", 1), ("Page", 1)), OFF)
    start = next(iter(machine.starts()))
    assert machine.is_start(start)
    for number, cells in enumerate(start):
        for place in range(len(cells)):
            for value in {None, False, True, 5} - {cells[place]}:
                changed = (*start[:number], (*cells[:place], value, *cells[place + 1 :]), *start[number + 1 :])
                may_be_any = machine.system.vars[number].name == "pte.write" and type(value) is bool
                if not may_be_any:
                    assert not machine.is_start(changed), (machine.system.vars[number].name, value)
    assert not machine.is_start(start[1:])
    assert not machine.is_start(((True, True), *start[1:]))


# ---- switches ------------------------------------------------------------------------------------------------------


def test_only_switches_that_matter_are_read() -> None:
    machine = Machine(paging(), (("Cpu", 1), ("Va", 1), ("Page", 1)), OFF)
    for start in machine.starts():
        machine.moves(start)
    assert machine.switches_read == {"early"}  # `lazy` is read by a step whose program counter nobody has reached
    short = Machine(paging(), (("Cpu", 1), ("Va", 1), ("Page", 1)), (("early", "on"), ("lazy", "on")))
    either = ir.Or((ir.SwitchIs("early", "on"), ir.SwitchIs("lazy", "on")))
    assert short.holds(either, next(iter(short.starts())))
    assert short.switches_read == {"early"}


def test_unknown_options_and_missing_switches_are_refused() -> None:
    scope = (("Cpu", 1), ("Va", 1), ("Page", 1))
    with pytest.raises(ValueError, match="no option maybe"):
        Machine(paging(), scope, (("early", "maybe"),))
    machine = Machine(paging(), scope, (("lazy", "on"),))
    with pytest.raises(ValueError, match="early"):
        machine.holds(ir.SwitchIs("early", "on"), next(iter(machine.starts())))
