"""Claims under several settings at once, and lemmas that say under which they hold."""

from cowspec.engines.inference.claims import Claim, guarded, pieces, regions, representative_settings, union, whole
from cowspec.engines.inference.infer import infer_all
from cowspec.report.formulas import expression
from cowspec.system import ir
from cowspec.system.lemmas import Written
from cowspec.system.switches import all_settings, holds, settings_of
from cowspec.verdict import Limits
from inference_models import REASONS, system_of

SYSTEM = system_of(REASONS)
LINES = [line for line in SYSTEM.expectations if not line.scope]
CLAIMS = [Claim(name, line.when) for line in LINES for name in line.properties]


def test_a_formula_guarded_holds_where_it_did_and_elsewhere() -> None:
    claim = CLAIMS[0]
    formula = next(prop.formula for prop in SYSTEM.properties if prop.name == claim.name)
    assert expression(SYSTEM, guarded(formula, claim.when)) == (
        "forall n, k: Node: (one_asks or one_counts) and inside[n] and inside[k] -> n == k"
    )
    assert guarded(formula, ir.TRUE) == formula
    assert whole(SYSTEM, formula).formula == formula


def test_pieces_are_the_reasons() -> None:
    one, two, closed = (ir.SwitchIs(name, "on") for name in ("one_asks", "one_counts", "closed"))
    assert pieces(CLAIMS[0].when) == (one, two)
    assert set(pieces(ir.And((closed, ir.Or((one, two)))))) == {ir.And((closed, one)), ir.And((closed, two))}
    assert pieces(closed) == (closed,)


def test_regions_differ_and_are_parts_of_the_claims() -> None:
    every = settings_of(SYSTEM, union(CLAIMS))
    inside = [
        frozenset(setting for setting in every if holds(atom.formula, setting)) for atom in regions(SYSTEM, CLAIMS)
    ]
    assert len(set(inside)) == len(inside) and all(0 < len(each) < len(every) for each in inside)
    assert [len(each) for each in inside] == sorted(map(len, inside), reverse=True)


def test_representative_settings_have_every_option() -> None:
    every = settings_of(SYSTEM, union(CLAIMS))
    assert len(every) == len(all_settings(SYSTEM)) - 1
    chosen = representative_settings(SYSTEM, CLAIMS, 4)
    assert len(chosen) == 4 and set(chosen) <= set(every)
    assert {pair for setting in chosen for pair in setting} == {pair for setting in every for pair in setting}
    assert representative_settings(SYSTEM, CLAIMS, 100) == every


def test_lemmas_for_a_whole_model() -> None:
    found = infer_all(SYSTEM, CLAIMS, Limits(seed=3), seconds=60, written=Written.NONE)
    assert [each.is_proved for each in found] == [True, True, True]
    texts = [expression(SYSTEM, lemma.prop.formula) for lemma in found[0].lemmas]
    guards = [text for text in texts if "one_asks" in text or "one_counts" in text]
    assert guards and len(guards) < len(texts), texts
    names = [lemma.prop.name for each in found for lemma in each.lemmas]
    formulas = {lemma.prop.name: lemma.prop.formula for each in found for lemma in each.lemmas}
    assert len(set(formulas.values())) == len(set(names))


def test_a_false_claim_does_not_spoil_the_others() -> None:
    claims = [Claim("none_inside", ir.Not(ir.SwitchIs("closed", "on"))), *CLAIMS]
    found = infer_all(SYSTEM, claims, Limits(seed=3), seconds=60, written=Written.NONE)
    assert [each.is_proved for each in found] == [False, True, True, True]
    assert found[0].stuck is not None
