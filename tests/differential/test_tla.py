"""TLA+: every emitted module parses, and TLC counts the states that the evaluator counts, with the same verdicts.

Ordinarily 200 random models, and the models of the project at two scopes; with COWSPEC_NIGHTLY=1, 2,000, and more
scopes and settings.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from random import Random

import pytest
from broken_tla import BROKEN, MODEL, BrokenTla
from cases import Disagreement
from cowspec.check import typed
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.cli.tlc_process import tlc
from cowspec.diagnostics import CompileError
from cowspec.encode.tla.module import Module, TlaError
from cowspec.encode.tla.names import identifier
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.search import explore
from cowspec.judge.confirming.tlc import Asked as JudgeAsked
from cowspec.judge.confirming.tlc import judge_by_tlc
from cowspec.judge.selection import Selection
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits
from random_models import model_of
from real_models import MODELS, ROOT, find_module, system_of
from seeds import NIGHTLY, chunk_name, chunks
from shrinking import same_failure, saved, small_model
from tla_batch import Counted
from tla_runs import Asked, agree, asked, compiled, jar, model_of_text, parse_all

RANDOM = chunks(20)
MOST_RANDOM = 3000 if NIGHTLY else 300
PARSED = range(1000, 1200 if NIGHTLY else 1020)
FOUND = sorted((Path(__file__).parent / "found").glob("*.cow"))
CASES = ROOT / "tests" / "cases" / "check"
SCOPES: tuple[tuple[Mapping[str, int], int], ...] = (({}, 3500), ({"Page": 2}, 7200))
"""With how many states all are compared."""
PARTLY = 1500
"""How many are, where there are more: those within a number of steps."""
TOO_MANY = {0: {"december_2020"}, 1: {"december_2020", "gup_fast_fork"}}
"""Of which models there are, at the first scopes."""
if NIGHTLY:
    more = ({}, {"Page": 2}, {"Cpu": 2}, {"Mm": 2}, {"Va": 2}, {"Cpu": 2, "Page": 2}, {"Mm": 2, "Page": 2})
    SCOPES, PARTLY = tuple((sizes, 50_000) for sizes in more), 20_000
GROUPS = [(name,) for name in MODELS] if NIGHTLY else [MODELS]
"""Models that TLC gets together: starting it takes longer than counting a few states."""

pytestmark = pytest.mark.skipif(jar() is None, reason="needs Java and tla2tools.jar (the extra `tla`, or TLA2TOOLS)")


def of_file(path: Path) -> typed.Model:
    return check(load(str(path), path.read_text(), find_module))


def emitted(model: typed.Model, name: str | None = None) -> Module:
    return compiled(model, name)[1]


# ---- every module parses -------------------------------------------------------------------------------------------


def examples() -> dict[str, typed.Model]:
    """The examples of the reference, the models, what the checker accepts of its own cases, random models."""
    found: dict[str, typed.Model] = {}
    reference = (ROOT / "spec" / "LANGUAGE.md").read_text()
    for text in re.findall(r"^```cow\n(.*?)^```$", reference, re.MULTILINE | re.DOTALL):
        found[f"example {text.split()[1]}"] = check(load("example.cow", text, loader(ROOT / "spec")))
    for name in MODELS:
        found[name] = of_file(ROOT / "models" / f"{name}.cow")
    for path in sorted(CASES.glob("*.cow")):
        try:
            found[path.name] = check(load(str(path), path.read_text(), find_module))
            compiled(found[path.name])
        except (CompileError, OSError, TlaError):  # the last: a case without a state
            found.pop(path.name, None)
    for path in FOUND:
        found[path.name] = of_file(path)
    found["awkward names"] = model_of_text(AWKWARD)
    for seed in PARSED:
        found[f"seed {seed}"] = model_of_text(model_of(seed))
    return found


AWKWARD = """
module vars
sort Nat, Value
enum IF { LET, idle_x }
struct text { IN: Nat?, page: IF? }
var f[Nat]: text? = any
var c: bool
var none_[Value]: IF
ghost var Init: text = any
mutex lock
action Idle(x: Nat, f_2: Value) "[ \\ ] é" {
  let pc = f[x].IN
  if c { f[x] := { IN: pc, page: none } } else { c := f[pc].IN == pc }
}
invariant Next "": forall i: Nat: f[i].IN != none -> f[f[i].IN] != none
transition fault "": old(c) -> c
cover holder "": exists c_2: Nat: f[c_2] == { IN: c_2, page: LET }
"""


def test_every_module_parses(tmp_path: Path) -> None:
    modules = {name: emitted(model, f"m{n}_{identifier(name)}") for n, (name, model) in enumerate(examples().items())}
    assert len(modules) > 30
    assert parse_all(modules, tmp_path) == {}


def test_a_module_that_does_not_parse_is_noticed(tmp_path: Path) -> None:
    good = emitted(model_of_text(model_of(1)), "good")
    bad = emitted(model_of_text(model_of(1)), "bad")
    worse = emitted(model_of_text(model_of(1)), "worse")
    modules = {
        "bad": replace(bad, text=bad.text.replace("Next ==", "Next =", 1)),
        "good": good,
        "worse": replace(worse, checking=worse.checking.replace("Symmetry ==", "Symmetry")),
    }
    assert list(parse_all(modules, tmp_path)) == ["bad", "worse"]


# ---- TLC and the evaluator agree -----------------------------------------------------------------------------------


def at(system: ir.System, sizes: Mapping[str, int]) -> ir.Scope:
    return tuple((sort, sizes.get(sort, 1)) for sort in system.sorts)


def of_random(seed: int, text: str = "") -> Asked | None:
    """A random model at a random setting, and a random scope; one element of each sort if that has too many states.
    `text`: what is left of the model."""
    system, module = compiled(model_of_text(text or model_of(seed)), f"random_{seed}")
    random = Random(seed)
    setting = random.choice(all_settings(system))
    wide: ir.Scope = tuple((sort, random.choice((1, 2, 2))) for sort in system.sorts)
    found = asked(system, module, wide, setting, MOST_RANDOM, MOST_RANDOM)
    if found is None or found.question.depth is not None:
        found = asked(system, module, at(system, {}), setting, MOST_RANDOM, MOST_RANDOM)
    return found


def agree_on_random(seed: int, folder: Path, text: str) -> None:
    case = of_random(seed, text)
    assert case is not None
    agree((case,), folder / "small")


@pytest.mark.parametrize("chunk", RANDOM, ids=chunk_name)
def test_random_models_agree(chunk: range, tmp_path: Path) -> None:
    """Fails with the first model that TLC and the evaluator disagree on."""
    cases = {seed: case for seed in chunk if (case := of_random(seed)) is not None}
    assert len(cases) > len(chunk) // 2
    try:
        agree(tuple(cases.values()), tmp_path)
    except AssertionError:
        for seed, case in cases.items():
            try:
                agree((case,), tmp_path / str(seed))
            except AssertionError as error:
                again = same_failure(partial(agree_on_random, seed, tmp_path), error)
                small = small_model(model_of(seed), again, tries=40)
                path = saved(f"tlc-{seed}", small.encode(), ".cow")
                pytest.fail(f"seed {seed}: {error}\n\n{path}:\n{small}")
        raise


def test_found_models_agree(tmp_path: Path) -> None:
    cases = []
    for path in FOUND:
        system, module = compiled(of_file(path), f"found_{path.stem}")
        for setting in all_settings(system):
            case = asked(system, module, at(system, {"Page": 2}), setting, 4000, 4000)
            cases += [] if case is None else [case]
    assert len(cases) >= len(FOUND)
    agree(cases, tmp_path)


def settings_of(system: ir.System, number: int) -> Sequence[ir.Setting]:
    """In the nightly run all at the smallest scope, two at the others; else one: all fixes at the first, page_count
    without any at the second."""
    every, random = all_settings(system), Random(number)
    if NIGHTLY:
        return every if number == 0 and len(every) <= 100 else random.sample(every, 2)
    plain = next((setting for setting in every if ("cow", "page_count") in setting), every[0])
    return [(every[-1], plain)[number]]


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0] if len(names) == 1 else "all")
@pytest.mark.parametrize("number", range(len(SCOPES)), ids=lambda number: scope_name(SCOPES[number][0]))
def test_models_agree(number: int, names: Sequence[str], tmp_path: Path) -> None:
    """Every model; where it has too many states, those within a number of steps."""
    cases = {
        name: [
            case
            for setting in settings_of(system_of(name), number)
            if (case := of_model(name, number, setting)) is not None
        ]
        for name in names
    }
    assert all(cases.values()) or number > 1  # at large scopes even the start states may be too many
    bounded = {name for name, some in cases.items() if any(case.question.depth is not None for case in some)}
    assert bounded <= TOO_MANY.get(number, set(MODELS)) or NIGHTLY
    together = [case for some in cases.values() for case in some]
    if together:
        agree(together, tmp_path)


def scope_name(sizes: Mapping[str, int]) -> str:
    return ",".join(f"{sort}={size}" for sort, size in sizes.items()) or "one"


@cache
def module_of(name: str) -> Module:
    return emitted(of_file(ROOT / "models" / f"{name}.cow"))


def of_model(name: str, number: int, setting: ir.Setting) -> Asked | None:
    """None, too, if the model has no such sort: then this is the first scope."""
    (sizes, most), system = SCOPES[number], system_of(name)
    if not sizes.keys() <= set(system.sorts):
        return None
    return asked(system, module_of(name), at(system, sizes), setting, most, PARTLY)


# ---- the tests are worth something ---------------------------------------------------------------------------------


def test_the_command_agrees(tmp_path: Path) -> None:
    """`cowspec tlc` itself, up to symmetry: the evaluator's verdicts, with runs as short as its own, replayed."""
    model = model_of_text(MODEL)
    system, scope = build(model), (("Cpu", 2), ("Page", 2))
    ours = explore(Machine(system, scope, ()), system.properties, Limits(max_steps=1000))
    report = judge_by_tlc(model, system, JudgeAsked(Selection(sizes=scope), Limits()), tlc(str(tmp_path), 1, 3600.0))
    assert report.disagreements == ()
    runs = {each.property: each.steps for each in report.results if each.trace is not None}
    assert runs == {name: len(trace.steps) for name, trace in {**ours.violations, **ours.reached}.items()}
    assert {"stays", "two"} <= set(runs)
    (note,) = report.notes
    assert int(note.split()[1]) < ours.states and note.endswith(f"depth {ours.depth}")


def breakable(folder: Path) -> None:
    system, module = compiled(model_of_text(MODEL))
    found = asked(system, module, at(system, {"Cpu": 2, "Page": 2}), all_settings(system)[0], 50_000, 0)
    assert found is not None and found.ours.states > 300
    agree((found,), folder)


def test_the_breakable_model_agrees(tmp_path: Path) -> None:
    breakable(tmp_path)


@pytest.mark.parametrize("broken", BROKEN if NIGHTLY else BROKEN[:3], ids=lambda broken: broken.name)
def test_mistake_is_noticed(broken: BrokenTla, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken.patch(monkeypatch)
    with pytest.raises(Disagreement):
        breakable(tmp_path)


def test_no_step_beyond_the_last_depth_is_asked(tmp_path: Path) -> None:
    """Nor one that changes nothing, which TLC sees in the state that it starts from."""
    system, module = compiled(model_of_text(IDLE))
    found = asked(system, module, at(system, {"Cpu": 2}), (), 1, 4)
    assert found is not None and found.question.depth == 0 and found.ours == Counted(4, 0, frozenset())
    agree((found,), tmp_path)


IDLE = """
module idle
sort Cpu
var up[Cpu]: bool = any
action nothing(c: Cpu) { up[c] := up[c] }
transition rises "": exists c: Cpu: up[c] and not old(up[c])
"""


def test_a_different_count_is_noticed(tmp_path: Path) -> None:
    system, module = compiled(model_of_text(MODEL))
    found = asked(system, module, at(system, {"Cpu": 2}), all_settings(system)[0], 50_000, 0)
    assert found is not None
    for wrong in (
        replace(found.ours, states=found.ours.states + 1),
        replace(found.ours, depth=found.ours.depth + 1),
        replace(found.ours, bad=found.ours.bad ^ {"few"}),
    ):
        with pytest.raises(Disagreement):
            agree((found, replace(found, ours=wrong)), tmp_path)
