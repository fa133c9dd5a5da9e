"""Inference: samples as bits, clauses as text, the cheapest cube, lemmas for small models, and honest failures."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import pytest
from cowspec.cli.main import run
from cowspec.engines.induction.prove import prove
from cowspec.engines.inference.atoms import Atom, atoms, cost
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.clauses import clause, fresh_names
from cowspec.engines.inference.cover import Cover, instances
from cowspec.engines.inference.harvest import harvest, rename
from cowspec.engines.inference.infer import Inferred, infer
from cowspec.engines.inference.sampling import sample
from cowspec.evaluate.machine import Machine
from cowspec.report.formulas import expression
from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.lemmas import Written
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, Proved
from inference_models import OWED, PAIRS, ROOT, TOKEN, TOLD, system_of

UFFD_WP = system_of((ROOT / "models" / "uffd_wp.cow").read_text(), str(ROOT / "models" / "uffd_wp.cow"))
CONTEXT = fresh_names(["Cpu", "Cpu", "Mm", "Mm", "Va", "Page", "Page", "Value", "Gup"])
SCOPE = tuple((sort, {"Gup": 1, "Page": 3}.get(sort, 2)) for sort in UFFD_WP.sorts)


def quantified(atom: Atom) -> ir.Formula:
    return clause(CONTEXT, [(atom, False)]).formula


def normal(formula: ir.Formula) -> ir.Formula:
    """Bound names numbered in the order in which they stand."""
    count = 0

    def visit(node: ir.Formula) -> ir.Formula:
        nonlocal count
        match node:
            case ir.Quant(kind, binders, body):
                names = {binder.name: f"#{(count := count + 1)}" for binder in binders}
                inner = visit(rename(body, names))
                return ir.Quant(kind, tuple(ir.Binder(names[b.name], b.domain) for b in binders), inner)
            case ir.Tally(counts, op, bound):
                fresh = []
                for each in counts:
                    names = {binder.name: f"#{(count := count + 1)}" for binder in each.binders}
                    renamed = tuple(ir.Binder(names[b.name], b.domain) for b in each.binders)
                    fresh.append(ir.Count(renamed, visit(rename(each.body, names))))
                return ir.Tally(tuple(fresh), op, bound)
            case ir.Not(body):
                return ir.Not(visit(body))
            case ir.And(parts):
                return ir.And(tuple(map(visit, parts)))
            case ir.Or(parts):
                return ir.Or(tuple(map(visit, parts)))
            case ir.Implies(left, right):
                return ir.Implies(visit(left), visit(right))
            case _:
                return node

    return visit(formula)


def test_bits_agree_with_the_evaluator() -> None:
    setting = all_settings(UFFD_WP)[0]
    states = sample(UFFD_WP, SCOPE, [setting], 3, visits=300, kept=200)
    batch = Batch(UFFD_WP, SCOPE, states)
    machine = Machine(UFFD_WP, SCOPE, setting)
    formulas = [prop.formula for prop in UFFD_WP.properties if prop.kind is not PropertyKind.TRANSITION]
    formulas += [quantified(atom) for atom in Random(1).sample(atoms(UFFD_WP, CONTEXT), 150)]
    truths = set()
    for formula in formulas:
        bits = batch.holds(formula, {})
        for number, (state, _) in enumerate(states):
            truth = machine.holds(formula, state)
            truths.add(truth)
            assert bool(bits >> number & 1) == truth, expression(UFFD_WP, formula)
    assert truths == {False, True} and len(states) > 100


def test_samples_are_reached_and_the_same_for_a_seed() -> None:
    system = system_of(TOKEN)
    scope = (("Node", 2),)
    samples = sample(system, scope, [()], 7, visits=200, kept=100)
    assert samples == sample(system, scope, [()], 7, visits=200, kept=100)
    machine = Machine(system, scope, ())
    found, frontier = set(machine.starts()), list(machine.starts())
    while frontier:
        frontier = [
            after for state in frontier for *_, after, _ in machine.moves(state) if after and after not in found
        ]
        found.update(frontier)
    assert {state for state, _ in samples} == found


def test_what_is_printed_means_the_same_again() -> None:
    """Every atom, alone and under an implication, is parsed back to the formula that it was printed from."""
    found = atoms(UFFD_WP, CONTEXT)
    first = found[0]
    cubes = [[(atom, False)] for atom in found] + [
        [(first, True), (atom, atom.only_positive is False and number % 2 == 0)]
        for number, atom in enumerate(found[1:])
    ]
    formulas = [clause(CONTEXT, cube).formula for cube in cubes]
    text = (ROOT / "models" / "uffd_wp.cow").read_text()
    for number, formula in enumerate(formulas):
        text += f'\nlemma printed_{number} "": {expression(UFFD_WP, formula)}'
    again = {p.name: p.formula for p in system_of(text, str(ROOT / "models" / "uffd_wp.cow")).properties}
    assert len(formulas) > 600
    for number, formula in enumerate(formulas):
        assert normal(again[f"printed_{number}"]) == normal(formula), expression(UFFD_WP, formula)


def test_atoms_say_what_lemmas_need() -> None:
    texts = {expression(UFFD_WP, atom.formula) for atom in atoms(UFFD_WP, CONTEXT)}
    assert {
        "t at do_wp_page.copy",
        "do_wp_page[t].orig.page == p",
        "pte[m, a] != none",
        "content[p] == memory[m, a]",
        "refs(p) <= 1",
        "refs(p) == 0",
        "idle(t)",
        "m == n",
        "exists t_: Cpu: t_ at munmap.flush and munmap[t_].m == m and munmap[t_].a == a",
    } <= texts
    assert not any("@" in text for text in texts)


def test_counts_of_the_model_become_patterns() -> None:
    texts = [expression(UFFD_WP, pattern.formula) for pattern in harvest(UFFD_WP)]
    assert "count(m: Mm, v: Va where pte[m, v].page == #0) == 1" in texts
    assert "exists c: Cpu: tlb_flush_pending[c, #0]" in texts


def test_names_of_different_sorts_differ() -> None:
    names = [name.name for name in fresh_names(["Client", "Cpu", "Cpu", "Client", "Node", "Network"])]
    assert len(set(names)) == 6 and names[1:3] == ["t", "c"]


def test_the_cheapest_impossible_cube() -> None:
    """By comparison with all cubes of the same literals."""
    system = system_of(TOKEN)
    scope = (("Node", 2),)
    samples = sample(system, scope, [()], 1, visits=200, kept=100)
    batch = instances(Batch(system, scope, samples))
    names = fresh_names(["Node", "Node"])
    here = atoms(system, names)
    literals = [(atom, truth) for atom in here for truth in (True, False)]

    def possible(cube: list[tuple[Atom, bool]]) -> bool:
        for elements in product(range(2), repeat=2):
            at = dict(zip((name.name for name in names), elements, strict=True))
            states = batch.batch.every
            for atom, truth in cube:
                bits = batch.batch.holds(atom.formula, at)
                states &= bits if truth else ~bits
            if states:
                return True
        return False

    def total(cube: list[tuple[Atom, bool]]) -> int:
        return sum((cost(*literal) + 5) // 10 for literal in cube)

    pairs = [[one, two] for k, one in enumerate(literals) for two in literals[k + 1 :]]
    cheapest = min(total(cube) for cube in [[one] for one in literals] + pairs if not possible(cube))
    cover = Cover(names, literals, [batch])
    cubes = []
    for _, cube in cover.cubes(lambda: len(cubes) >= 5):
        cubes.append([literals[k] for k in cube])
    cover.close()
    assert total(cubes[0]) == cheapest and not any(possible(cube) for cube in cubes)
    assert [total(cube) for cube in cubes] == sorted(total(cube) for cube in cubes)

    apart = [literals.index(literal) for literal in max(cubes, key=len)]
    assert len(apart) > 1
    limited = Cover(names, literals, [batch], apart)
    others = [cube for _, (_, cube) in zip(range(5), limited.cubes(lambda: False), strict=False)]
    limited.close()
    assert len(others) == 5 and all(len(set(cube) & set(apart)) < 2 for cube in others)


# ---- lemmas --------------------------------------------------------------------------------------------------------


def inferred(text: str, goal: str, seed: int = 0) -> tuple[ir.System, Inferred]:
    system = system_of(text)
    return system, infer(system, [goal], ir.TRUE, Limits(seed=seed), seconds=60, written=Written.NONE)


def test_a_lemma_about_some_call() -> None:
    system, found = inferred(OWED, "quiet")
    assert found.is_proved
    (lemma,) = found.lemmas
    assert expression(system, lemma.prop.formula) == (
        "forall a: Va: stale[a] -> (exists t_: Cpu: t_ at zap.flush and zap[t_].a == a)"
    )


def test_no_found_lemma_can_be_left_out() -> None:
    system, found = inferred(TOKEN, "one_holder")
    assert found.is_proved and len(found.lemmas) >= 2
    goal = tuple(p for p in system.properties if p.name == "one_holder")
    lemmas = tuple(lemma.prop for lemma in found.lemmas)

    def proved(chosen: tuple[ir.Property, ...]) -> bool:
        result = prove(replace(system, properties=(*chosen, *goal)), ["one_holder"], ir.TRUE, Limits(timeout=5))
        return isinstance(result.verdicts[0][1], Proved)

    assert proved(lemmas)
    assert not any(proved(tuple(each for each in lemmas if each is not left)) for left in lemmas)


def test_the_same_for_a_seed() -> None:
    _, one = inferred(TOKEN, "one_holder", seed=5)
    _, two = inferred(TOKEN, "one_holder", seed=5)
    assert [lemma.prop.formula for lemma in one.lemmas] == [lemma.prop.formula for lemma in two.lemmas]


def test_a_lemma_about_calls_that_have_not_been_told() -> None:
    system, found = inferred(TOLD, "quiet")
    assert found.is_proved
    texts = [expression(system, lemma.prop.formula) for lemma in found.lemmas]
    assert any("exists t_: Cpu: not told[t_, t, a] and" in text for text in texts), texts


@pytest.mark.parametrize("name", ["ticket", "simple_consensus", "german", "decentralized_lock", "firewall"])
def test_protocols(name: str) -> None:
    """An order, quorums, many literals, four elements of a sort, an `exists`."""
    text = (ROOT / "tests" / "bench" / "protocols" / f"{name}.cow").read_text()
    goal = next(p.name for p in system_of(text).properties if p.kind is PropertyKind.INVARIANT)
    system, found = inferred(text, goal)
    assert found.is_proved and found.stuck is None
    assert all(machine_accepts(system, lemma.prop.formula) for lemma in found.lemmas)


def machine_accepts(system: ir.System, formula: ir.Formula) -> bool:
    """The evaluator finds the formula true in reachable states of a scope that the search does not sample."""
    scope = tuple((sort, 2) for sort in system.sorts)
    machine = Machine(system, scope, ())
    return all(machine.holds(formula, state) for state, _ in sample(system, scope, [()], 99, visits=150, kept=150))


def test_what_has_no_invariant_of_the_shape() -> None:
    _, found = inferred(PAIRS, "never_one")
    assert not found.is_proved and found.stuck is not None and found.stuck.cti is not None
    assert found.stuck.cti.step.firing.step == "take" and "take breaks never_one" in found.stuck.reason


# ---- the command ---------------------------------------------------------------------------------------------------


def test_write_appends_and_check_is_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "token.cow"
    path.write_text(TOKEN)
    assert run(["infer", str(path), "-i", "one_holder", "--write"]) == 0
    assert "one_holder: proved, any size" in capsys.readouterr().out
    text = path.read_text()
    assert text.startswith(TOKEN) and "// found by `cowspec infer` for one_holder" in text
    lemmas = [p for p in system_of(text).properties if p.kind is PropertyKind.LEMMA]
    assert [lemma.name for lemma in lemmas] == [f"one_holder_{k + 1}" for k in range(len(lemmas))] and lemmas
    assert run(["check", str(path), "--out-dir", str(tmp_path)]) == 0
    capsys.readouterr()
    assert run(["infer", str(path), "-i", "one_holder", "--write"]) == 0
    assert "nothing had to be found" in capsys.readouterr().out and path.read_text() == text


def test_a_false_property_is_refuted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "token.cow"
    path.write_text(TOKEN)
    assert run(["infer", str(path), "-i", "never_sent", "--write"]) == 1
    out = capsys.readouterr().out
    assert "never_sent: refuted" in out and "violated: never_sent" in out and path.read_text() == TOKEN


def test_an_honest_failure_says_how_far_it_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.cow"
    path.write_text(PAIRS)
    assert run(["infer", str(path)]) == 4
    out = capsys.readouterr().out
    assert "never_one: unknown" in out and "not preserved: never_one" in out and "by: take" in out
    assert "no run of up to 8 steps reaches the state before" in out and "other alternations of quantifiers" in out
    assert run(["infer", str(path), "--json"]) == 4
    (record,) = json.loads(capsys.readouterr().out)["properties"]
    assert record["verdict"] == "unknown" and record["lemmas"] == []


def test_a_proof_that_fails_searches_lemmas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "token.cow"
    path.write_text(TOKEN)
    say = ["-i", "one_holder", "--out-dir", str(tmp_path)]
    assert run(["prove", str(path), *say]) == 0
    out = capsys.readouterr().out
    assert "one_holder: proved" in out and "had to be found" in out and 'lemma one_holder_1 "found"' in out
    assert run(["check", str(path), *say]) == 0
    assert "had to be found" in capsys.readouterr().out
    for verb in ("prove", "check"):
        assert run([verb, str(path), *say, "--no-infer"]) == 4
        assert "one_holder: unknown" in capsys.readouterr().out
    assert run(["prove", str(path), *say, "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["results"]
    assert record["verdict"] == "proved" and record["lemmas"]


def test_from_scratch_leaves_out_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "token.cow"
    path.write_text(TOKEN)
    assert run(["infer", str(path), "-i", "one_holder", "--write"]) == 0
    say = ["prove", str(path), "-i", "one_holder", "--no-infer", "--out-dir", str(tmp_path)]
    assert run(say) == 0
    assert run([*say, "--from-scratch"]) == 4
    capsys.readouterr()


def test_what_is_not_found_stays_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.cow"
    path.write_text(PAIRS)
    assert run(["prove", str(path), "-i", "never_one", "--out-dir", str(tmp_path)]) == 4
    out = capsys.readouterr().out
    assert "lemmas were searched: no clause excludes a state from which take breaks never_one" in " ".join(out.split())


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "token.cow"
    path.write_text(TOKEN)
    assert run(["infer", str(path), "-i", "one_holdr"]) == 2
    assert "did you mean `one_holder`?" in capsys.readouterr().err
    assert run(["infer", str(path), "--set", "cow=x"]) == 2
    assert run(["infer", str(tmp_path / "none.cow")]) == 2
