"""Any-size proofs: what is proved, what is dropped and why, on small systems and their wrong twins."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from cowspec.engines.induction import prove as induction
from cowspec.engines.induction.houdini import START, Failure, houdini
from cowspec.engines.induction.obligations import NO_FAULT, Obligations
from cowspec.engines.induction.prove import InductionResult, prove
from cowspec.engines.induction.refuting import refuter
from cowspec.engines.induction.solver import Answer, Fails, Holds, Open
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.verdict import Induction, Limits, Proved, Unknown
from relational_examples import (
    NOWHERE,
    action,
    assign,
    count,
    eq,
    exists,
    get,
    prop,
    protect,
    system,
    table,
    true,
    without,
)
from relational_examples import forall as for_all

LIMITS = Limits(timeout=5.0)
FIXED = ir.SwitchIs("fix", "on")


def proved(result: InductionResult) -> set[str]:
    return {name for name, verdict in result.verdicts if isinstance(verdict, Proved)}


def reason(result: InductionResult, name: str) -> str:
    verdict = dict(result.verdicts)[name]
    assert isinstance(verdict, Unknown)
    return verdict.reason


def evidence(result: InductionResult, name: str) -> Induction:
    verdict = dict(result.verdicts)[name]
    assert isinstance(verdict, Proved) and isinstance(verdict.evidence, Induction) and verdict.scope is None
    return verdict.evidence


def run(example: ir.System, *goals: str, when: ir.Formula = ir.TRUE) -> InductionResult:
    return prove(example, goals, when, LIMITS)


# ---- what is proved ------------------------------------------------------------------------------------------------


def test_invariants_are_proved_together_with_the_facts_behind_them() -> None:
    result = run(protect(), "visible", "few", NO_FAULT)
    assert proved(result) == {"visible", "few", NO_FAULT}
    found = evidence(result, "visible")
    assert {"content: at most one value", "visible"} <= set(found.conjuncts) and "flushed" not in found.conjuncts
    assert len(evidence(run(protect(), "same_page"), "same_page").conjuncts) > 1
    assert found.checked_by == ("z3",)
    assert found.obligations > len(found.conjuncts)
    assert evidence(result, "few").conjuncts == ("few",)
    assert evidence(result, NO_FAULT).conjuncts == ("tlb.write: absent with tlb",)
    assert result.dropped_facts == () and set(found.conjuncts) <= set(result.inductive)


def test_a_false_invariant_is_not_proved() -> None:
    result = run(protect(), "no_stale_write", "flushed")
    assert proved(result) == {"flushed"}
    assert reason(result, "no_stale_write") == "not preserved by clear"
    (failure,) = result.failures
    assert (failure.conjunct, failure.step, failure.reason, failure.lost) == ("no_stale_write", "clear", "", ())
    assert "same_page" in failure.assumed and "no_stale_write" in failure.assumed


def test_switches_are_symbolic_under_a_condition() -> None:
    assert proved(run(protect(), "no_stale_write", when=FIXED)) == {"no_stale_write"}
    assert proved(run(protect(), "no_stale_write", when=ir.SwitchIs("fix", "off"))) == set()


def test_what_is_known_under_more_settings_is_not_asked_again() -> None:
    wide = run(protect(), "visible", "few")
    assert {"visible", "few"} <= set(wide.known.inductive) and wide.known.confirmed
    narrow = prove(protect(), ("visible", "no_stale_write"), FIXED, LIMITS, wide.known)
    assert proved(narrow) == {"visible", "no_stale_write"}
    assert not {name for _, name in narrow.known.cores} - set(narrow.known.inductive)
    assert narrow.queries < run(protect(), "visible", "no_stale_write", when=FIXED).queries
    assert evidence(narrow, "visible") == evidence(wide, "visible")  # all of its obligations, whoever asked them


def test_what_is_known_makes_nothing_else_true() -> None:
    known = run(protect(), "visible", "few").known
    result = prove(protect(), ("no_stale_write",), ir.SwitchIs("fix", "off"), LIMITS, known)
    assert proved(result) == set()


def test_choices_have_exactly_one_option() -> None:
    options = ir.Switch("cow", False, (("a", ""), ("b", ""), ("c", "")))
    branch = ir.If(ir.SwitchIs("cow", "a"), (assign(true("p"), ir.TRUE),), ())
    twice = ir.If(ir.And((ir.SwitchIs("cow", "a"), ir.SwitchIs("cow", "b"))), (assign(true("q"), ir.TRUE),), ())
    neither = ir.And(tuple(ir.Not(ir.SwitchIs("cow", option)) for option in "abc"))
    example = system(
        "A", (table("p", ()), table("q", ()), table("r", ())),
        (action("s", "", branch, twice, ir.If(neither, (assign(true("r"), ir.TRUE),), ())),),
        (prop("never_p", ir.Not(true("p"))), prop("never_qr", ir.Not(ir.Or((true("q"), true("r")))))),
        switches=(options,),
    )  # fmt: skip
    assert proved(run(example, "never_p", "never_qr")) == {"never_qr"}
    either = ir.Or((ir.SwitchIs("cow", "b"), ir.SwitchIs("cow", "c")))
    assert proved(run(example, "never_p", "never_qr", when=either)) == {"never_p", "never_qr"}


def test_covers_are_shown_unreachable() -> None:
    assert proved(run(protect(), "stray")) == {"stray"}
    reached = prop("dirty", exists("a:Va", true("owed", "a")), PropertyKind.COVER)
    example = replace(protect(), properties=(*protect().properties, reached))
    assert reason(run(example, "dirty"), "dirty") == "not preserved by clear"


def test_transition_properties() -> None:
    result = run(protect(), "mapped_stays", "write_stays")
    assert proved(result) == {"mapped_stays"}
    assert reason(result, "write_stays") == "not preserved by clear"


def test_a_transition_property_is_asked_of_steps_that_change_nothing_it_reads() -> None:
    moves = prop("moves", ir.Iff(ir.Old(true("p")), ir.Not(true("p"))), PropertyKind.TRANSITION)
    flip, other = (
        action("flip", "", assign(true("p"), ir.Not(true("p")))),
        action("other", "", assign(true("q"), ir.TRUE)),
    )
    variables = (table("p", ()), table("q", ()))
    assert proved(run(system("A", variables, (flip,), (moves,)), "moves")) == {"moves"}
    assert reason(run(system("A", variables, (flip, other), (moves,)), "moves"), "moves") == "not preserved by other"


# ---- wrong twins ---------------------------------------------------------------------------------------------------


def with_step(source: ir.System, name: str, body: Sequence[ir.Stmt]) -> ir.System:
    steps = tuple(replace(step, body=tuple(body)) if step.name == name else step for step in source.steps)
    return replace(source, steps=steps)


def body_of(source: ir.System, name: str) -> tuple[ir.Stmt, ...]:
    return next(step.body for step in source.steps if step.name == name)


def test_without_its_flush_the_map_shows_stale_pages() -> None:
    """`map` may take a page that a TLB still caches."""
    require, choose, *rest = body_of(protect(), "map")
    assert isinstance(choose, ir.Choose) and isinstance(choose.where, ir.And)
    twin = with_step(protect(), "map", (require, replace(choose, where=choose.where.parts[0]), *rest))
    assert "visible" in proved(run(protect(), "visible"))
    assert "visible" in proved(run(twin, "visible"))  # the lemma `same_page` makes up for it ...
    assert reason(run(without(twin, "same_page", "stray"), "visible"), "visible") == "not preserved by map"


def test_a_flush_that_forgets_is_noticed() -> None:
    _, bulk, _ = body_of(protect(), "flush")
    twin = with_step(protect(), "flush", (ir.Require(true("owed", "a")), assign(true("owed", "a"), ir.FALSE)))
    assert isinstance(bulk, ir.Bulk)
    assert reason(run(without(twin, "no_stale_write"), "flushed"), "flushed") == "not preserved by flush"


def test_a_lost_lemma_is_named() -> None:
    """`visible` needs `same_page`, which `unmap` breaks."""
    unmap = action("unmap", "a:Va", assign(get("pte.page", "a"), ir.Absent()), assign(true("pte", "a"), ir.FALSE),
                   assign(true("pte.write", "a"), ir.FALSE))  # fmt: skip
    twin = replace(protect(), steps=(*protect().steps, unmap))
    result = run(twin, "visible")
    assert reason(result, "visible").startswith("not preserved by ")
    assert "without same_page (lost at unmap)" in reason(result, "visible")
    assert [each.conjunct for each in result.failures][-1] == "visible"


def test_a_start_state_without_the_property() -> None:
    variables = tuple(replace(v, start=ir.AnyValue()) if v.name == "owed" else v for v in protect().vars)
    owed = prop("not_owed", for_all("a:Va", ir.Not(true("owed", "a"))))
    result = run(replace(protect(), vars=variables, properties=(owed,)), "not_owed")
    assert reason(result, "not_owed") == "does not hold in every start state"
    assert result.failures[0].step == START


# ---- faults --------------------------------------------------------------------------------------------------------


def faulting(*guard: ir.Stmt) -> ir.System:
    """Copies an optional value to where a value is needed, then uses it."""
    step = action(
        "copy", "x:A", *guard,
        ir.Check(ir.Present(get("o", "x")), "absent value", NOWHERE),
        assign(get("t"), get("o", "x")),
        ir.Let("u", get("t")),
        assign(true("p", "u"), ir.TRUE),
    )  # fmt: skip
    variables = (table("o", ("A",), "A", optional=True), table("t", (), "A"), table("p", ("A",)))
    fill = action("fill", "x:A y:A", assign(get("o", "x"), ir.Param("y")))
    return system("A", variables, (fill, step), (prop("always", ir.Or((ir.TRUE, true("p", get("t")))) ),))  # fmt: skip


def test_a_fault_is_not_assumed_away() -> None:
    result = run(faulting(), NO_FAULT)
    assert reason(result, NO_FAULT) == "a fault of copy is not excluded"
    assert proved(run(faulting(ir.Require(ir.Present(get("o", "x")))), NO_FAULT)) == {NO_FAULT}


def test_facts_survive_steps_that_may_fault() -> None:
    """A step that faults has no next state, so nothing is claimed of what it would write."""
    write = action("write", "x:A", ir.Check(true("b", "x"), "absent", NOWHERE), assign(true("b.w", "x"), ir.TRUE))
    variables = (table("b", ("A",)), table("b.w", ("A",), owner="b"))
    owned = prop("owned", for_all("x:A", ir.Implies(true("b.w", "x"), true("b", "x"))))
    result = run(system("A", variables, (write,), (owned,)), "owned", NO_FAULT)
    assert proved(result) == {"owned"} and result.dropped_facts == ()


def test_false_facts_that_are_needed_are_dropped_and_told() -> None:
    false = ir.Fact("nothing is owed", for_all("a:Va", ir.Not(true("owed", "a"))))
    insists = action("insist", "a:Va", ir.Check(ir.Not(true("owed", "a")), "owed", NOWHERE))
    result = run(replace(protect(), facts=(false,), steps=(*protect().steps, insists)), "visible", NO_FAULT)
    assert result.dropped_facts == ("nothing is owed",)
    assert proved(result) == {"visible"}


def test_a_fact_that_needs_a_lemma_is_proved_late() -> None:
    """The lemma `marked` disables the step that breaks the fact."""
    fact = ir.Fact("stray entries", for_all("c:Cpu a:Va", ir.Implies(true("tlb", "c", "a"), true("pte", "a"))))
    gone = (assign(true("pte", "a"), ir.FALSE), assign(get("pte.page", "a"), ir.Absent()),
            assign(true("pte.write", "a"), ir.FALSE))  # fmt: skip
    breaking = action("unmap", "a:Va", ir.Require(ir.Not(true("marker"))), *gone)
    marked = prop("marked", true("marker"), PropertyKind.LEMMA)
    relies = action(
        "rely", "c:Cpu a:Va", ir.Require(true("tlb", "c", "a")), ir.Check(true("pte", "a"), "none", NOWHERE)
    )
    example = replace(
        protect(), vars=(*protect().vars, table("marker", (), start=True)), steps=(*protect().steps, breaking, relies),
        facts=(fact,), properties=(*protect().properties, marked),
    )  # fmt: skip
    result = run(example, NO_FAULT)
    assert result.dropped_facts == () and "stray entries" in result.inductive and proved(result) == {NO_FAULT}


# ---- counts, unknown names -----------------------------------------------------------------------------------------


def test_counts_above_two_are_unknown_with_that_reason() -> None:
    three = prop("three", for_all("p:Page", ir.Tally((count("a:Va", eq(get("pte.page", "a"), "p")),), "<=", 3)))
    example = replace(protect(), properties=(*protect().properties, three))
    result = run(example, "three", "few")
    assert "`three` compares a count with 3" in reason(result, "three")
    assert proved(result) == {"few"}
    guard = ir.Require(three.formula)
    everywhere = with_step(protect(), "map", (guard, *body_of(protect(), "map")))
    assert "`map` compares a count with 3" in reason(run(everywhere, "few"), "few")


def test_names_that_are_no_properties() -> None:
    assert reason(run(protect(), "nonsense"), "nonsense") == "not a property of the model"


# ---- the engine ----------------------------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_answer() -> None:
    assert run(protect(), "visible", NO_FAULT) == run(protect(), "visible", NO_FAULT)


def test_a_proof_that_is_not_confirmed_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful(asked: Obligations, step: str, cores: dict[str, frozenset[str]]) -> list[str]:
        return ["same_page"] if step == "fill" and "same_page" in cores else []

    monkeypatch.setattr(induction, "unconfirmed", doubtful)
    result = run(protect(), "visible", "flushed")
    assert reason(result, "visible") == "a fresh solver did not confirm the proof"
    assert proved(result) == {"flushed"}


@pytest.mark.parametrize("limit", [1e-6])
def test_without_resources_nothing_is_claimed(limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FEW_SECONDS", "QUICK_SECONDS", "ALONE_SECONDS"):
        monkeypatch.setattr(f"cowspec.engines.induction.obligations.{name}", limit)
    result = prove(protect(), ("visible",), ir.TRUE, Limits(timeout=limit))
    assert proved(result) == set()
    assert any(failure.reason for failure in result.failures)


def test_what_z3_leaves_open_may_have_a_small_counterexample(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ask", "ask_alone"):
        monkeypatch.setattr(f"cowspec.engines.induction.obligations.{name}", lambda *args: Open("tired"))
    asked = refuter(protect(), ir.TRUE, LIMITS)
    assert asked("clear", "no_stale_write", ("same_page", "stray"))
    assert not asked("clear", "flushed", ("flushed",))
    assert not refuter(protect(), FIXED, LIMITS)("clear", "no_stale_write", ("no_stale_write",))
    faults = refuter(faulting(), ir.TRUE, LIMITS)
    assert faults("copy", NO_FAULT, ()) and not faults("fill", NO_FAULT, ())
    example = replace(protect(), init=(), properties=protect().properties[2:3], vars=protect().vars)
    assert reason(run(example, "no_stale_write"), "no_stale_write") == "the solver gave up at start: tired"


def test_houdini_asks_only_what_is_wanted() -> None:
    """a is wanted and needs b, which needs c, which fails; then a holds from d. e is needed by nothing."""
    asked: list[str] = []

    def ask(step: str, name: str, assumed: Sequence[str]) -> Answer:
        asked.append(name)
        needs = {"a": "b" if "b" in assumed else "d", "b": "c", "d": ""}
        return Fails() if name == "c" or needs[name] not in ("", *assumed) else Holds(frozenset(needs[name]))

    found = houdini(tuple("abcde"), (), [("s", name) for name in "abcde"], [ask], wanted=("a",))
    assert found.survivors == ("a", "d")
    assert found.cores == {("s", "a"): frozenset("d"), ("s", "d"): frozenset()}
    assert [(each.conjunct, each.lost) for each in found.failures] == [("c", ()), ("b", ("c",))]
    assert "".join(asked) == "abcbad"


def test_houdini_asks_what_is_hard_when_nothing_easy_is_left() -> None:
    """a is open at first, b is not; c, which b needs, comes before a. d, open at first, fails and takes e with it."""
    asked: list[str] = []

    def quickly(step: str, name: str, assumed: Sequence[str]) -> Answer:
        asked.append(name)
        needs = {"b": "c", "c": "", "e": "d"}
        holds = name in needs and set(needs[name]) <= set(assumed)
        return Holds(frozenset(needs[name])) if holds else Open("not yet")

    def patiently(step: str, name: str, assumed: Sequence[str]) -> Answer:
        asked.append(name.upper())
        return Holds(frozenset()) if name == "a" else Open("tired")

    found = houdini(tuple("abcde"), (), [("s", name) for name in "abcde"], [quickly, patiently], wanted=tuple("abe"))
    assert "".join(asked) == "abecd" + "AD" + "e" + "E"
    assert found.survivors == ("a", "b", "c") and found.queries == 9
    assert [(each.conjunct, each.reason, each.lost) for each in found.failures] == [
        ("d", "tired", ()),
        ("e", "tired", ("d",)),
    ]


def test_houdini_asks_what_was_known_once_it_has_lost_something() -> None:
    """Known of step s: a needs b, c nothing. At step t b fails; then a holds at s from c."""
    asked: list[tuple[str, str]] = []

    def ask(step: str, name: str, assumed: Sequence[str]) -> Answer:
        asked.append((step, name))
        return Fails() if name == "b" else Holds(frozenset("c"))

    held = {("s", "a"): frozenset("b"), ("s", "c"): frozenset[str]()}
    questions = [("t", name) for name in "abc"]
    found = houdini(tuple("abc"), (), questions, [ask], held=held)
    assert found.survivors == ("a", "c")
    assert asked == [("t", "a"), ("t", "b"), ("t", "c"), ("s", "a")]
    assert found.cores == {each: frozenset("c") for each in (("s", "a"), ("t", "a"), ("t", "c"))} | {
        ("s", "c"): frozenset[str]()
    }
    asked.clear()
    assert "b" not in houdini(tuple("abc"), (), questions, [ask], held=held, goals=("b",)).survivors
    assert asked == [("t", "a"), ("t", "b")]  # nothing is asked after a goal has failed


def test_houdini_finds_the_largest_inductive_subset() -> None:
    """At step s: a holds from b, b from c, c never; d from itself; at step t everything holds."""
    cores = {"a": {"b"}, "b": {"c"}, "d": {"d"}, "e": {"a", "d"}}
    asked: list[tuple[str, str, tuple[str, ...]]] = []

    def ask(step: str, name: str, assumed: Sequence[str]) -> Answer:
        asked.append((step, name, tuple(assumed)))
        if step in (START, "t"):
            return Holds(frozenset())
        if name == "c":
            return Fails()
        return Holds(frozenset(cores[name])) if cores[name] <= set(assumed) else Open("no idea")

    questions = [(step, name) for step in (START, "s", "t") for name in "abcde"]
    found = houdini(tuple("abcde"), ("base",), questions, [ask])
    assert found.survivors == ("d",)
    assert found.cores == {(START, "d"): frozenset(), ("s", "d"): frozenset("d"), ("t", "d"): frozenset()}
    assert [each.conjunct for each in found.failures] == ["c", "b", "a", "e"]
    assert found.failures[0] == Failure("c", "s", "", ("base", *"abcde"), ())
    assert found.failures[3] == Failure("e", "s", "no idea", ("base", "d", "e"), ("a",))
    assert found.queries == len(asked) == 17
    assert all(assumed == () for step, _, assumed in asked if step == START)
