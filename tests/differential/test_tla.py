"""TLA+: every emitted module parses, and TLC counts the states that the evaluator counts, with the same verdicts.

Each run of TLC starts a JVM, so the ordinary run takes few models; COWSPEC_NIGHTLY=1 takes many, and larger scopes.
"""

import re
from pathlib import Path
from random import Random

import pytest
from broken_tla import BROKEN, MODEL, BrokenTla
from cases import Disagreement
from cowspec.check import typed
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.diagnostics import CompileError
from cowspec.encode.tla.module import Module
from cowspec.system import ir
from cowspec.system.switches import all_settings
from random_models import model_of
from real_models import MODELS, ROOT, find_module
from seeds import NIGHTLY
from shrinking import same_failure, saved, small_model
from tla_runs import agree, compiled, counted_by_tlc, explored, jar, model_of_text, parse_all

RANDOM = range(2000) if NIGHTLY else range(4)
PARSED = range(1000, 1200 if NIGHTLY else 1020)
FOUND = sorted((Path(__file__).parent / "found").glob("*.cow"))
CASES = ROOT / "tests" / "cases" / "check"
SMALL = {"Page": 2}
SCOPES: tuple[dict[str, int], ...] = ({"Page": 1}, SMALL, {"Cpu": 2}, {"Cpu": 2, "Page": 2}, {"Mm": 2}, {"Va": 2})
MOST_STATES = 400_000 if NIGHTLY else 4_000

pytestmark = pytest.mark.skipif(jar() is None, reason="needs Java and tla2tools.jar (the extra `tla`, or TLA2TOOLS)")


def of_file(path: Path) -> typed.Model:
    return check(load(str(path), path.read_text(), find_module))


def emitted(model: typed.Model) -> Module:
    return compiled(model)[1]


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
        except (CompileError, OSError):
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
    texts = {name: emitted(model).text for name, model in examples().items()}
    assert len(texts) > 30
    assert parse_all(texts, tmp_path) == {}


def test_a_module_that_does_not_parse_is_noticed(tmp_path: Path) -> None:
    good = emitted(model_of_text(model_of(1))).text
    found = parse_all({"good": good, "bad": good.replace("Next ==", "Next =="[:4], 1)}, tmp_path)
    assert list(found) == ["bad"]


# ---- TLC and the evaluator agree -----------------------------------------------------------------------------------


def at(system: ir.System, sizes: dict[str, int]) -> ir.Scope:
    return tuple((sort, sizes.get(sort, 1)) for sort in system.sorts)


def compare(model: typed.Model, random: Random, folder: Path) -> int:
    """Agreement at a random setting, and a random scope, or one element of each sort if that has too many states."""
    system, module = compiled(model)
    setting = random.choice(all_settings(system))
    for scope in (tuple((sort, random.choice((1, 2, 2))) for sort in system.sorts), at(system, {})):
        found = explored(system, scope, setting, MOST_STATES)
        if found is not None:
            return agree(module, found, scope, setting, folder).states
    return 0


@pytest.mark.parametrize("seed", RANDOM)
def test_random_models_agree(seed: int, tmp_path: Path) -> None:
    text = model_of(seed)
    try:
        compare(model_of_text(text), Random(seed), tmp_path)
    except AssertionError as error:
        again = same_failure(lambda each: compare(model_of_text(each), Random(seed), tmp_path), error)
        small = small_model(text, again, tries=40)
        path = saved(f"tlc-{seed}", small.encode(), ".cow")
        pytest.fail(f"seed {seed}: {error}\n\n{path}:\n{small}")


@pytest.mark.parametrize("path", FOUND if NIGHTLY else FOUND[:2], ids=lambda path: path.stem)
def test_found_models_agree(path: Path, tmp_path: Path) -> None:
    compare(of_file(path), Random(0), tmp_path)


@pytest.mark.parametrize("sizes", SCOPES if NIGHTLY else (SMALL,), ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_models_agree(name: str, sizes: dict[str, int], tmp_path: Path) -> None:
    """Every setting in the nightly run, one that copies in the ordinary one."""
    system, module = compiled(of_file(ROOT / "models" / f"{name}.cow"))
    settings = [setting for setting in all_settings(system) if NIGHTLY or ("cow", "page_count") in setting]
    for number, setting in enumerate(settings if NIGHTLY else settings[:1]):
        found = explored(system, at(system, sizes), setting, MOST_STATES)
        if found is not None:
            counted = agree(module, found, at(system, sizes), setting, tmp_path / str(number))
            assert counted.states > 30


# ---- the tests are worth something ---------------------------------------------------------------------------------


def breakable(folder: Path) -> None:
    system, module = compiled(model_of_text(MODEL))
    scope, setting = at(system, {"Cpu": 2, "Page": 2}), all_settings(system)[0]
    found = explored(system, scope, setting, 50_000)
    assert found is not None and found.states > 300
    agree(module, found, scope, setting, folder)


def test_the_breakable_model_agrees(tmp_path: Path) -> None:
    breakable(tmp_path)


@pytest.mark.parametrize("broken", BROKEN if NIGHTLY else BROKEN[:3], ids=lambda broken: broken.name)
def test_mistake_is_noticed(broken: BrokenTla, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken.patch(monkeypatch)
    with pytest.raises(Disagreement):
        breakable(tmp_path)


def test_symmetry_finds_no_more(tmp_path: Path) -> None:
    """Of interchangeable states TLC keeps one: fewer states, the same verdicts."""
    system, module = compiled(of_file(ROOT / "models" / "uffd_wp.cow"))
    setting, scope = all_settings(system)[0], at(system, {"Cpu": 2})
    found = explored(system, scope, setting, 50_000)
    assert found is not None
    few = counted_by_tlc(module, scope, setting, tmp_path, symmetry=True)
    assert few.states < found.states and few.bad == {*found.violations, *found.reached}
