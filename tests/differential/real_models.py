"""The models of the project, read from its files, and states of them to try."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.encode.relational.formula import RelSystem
from cowspec.encode.relational.translate import translate
from cowspec.evaluate.machine import Machine
from cowspec.source import Source
from cowspec.system import ir
from cowspec.system.build import build

ROOT = Path(__file__).parents[2]
MODELS = tuple(sorted(path.stem for path in (ROOT / "models").glob("*.cow")))


def find_module(name: str, user: str) -> Source | None:
    """Beside the models, then in the library."""
    for folder in ("models", "spec"):
        path = ROOT / folder / f"{name.replace('.', '/')}.cow"
        if path.exists():
            return Source(str(path), path.read_text())
    return None


@cache
def system_of(model: str) -> ir.System:
    path = ROOT / "models" / f"{model}.cow"
    return build(check(load(str(path), path.read_text(), find_module)))


@cache
def rel_of(model: str) -> RelSystem:
    return translate(system_of(model))


def walk(machine: Machine, random: Random, steps: int) -> Iterator[ir.State]:
    """States along a random run: first which step, then how, so that steps with many parameters are not preferred."""
    state = next(machine.starts(shuffle=random))
    yield state
    for _ in range(steps):
        by_step: dict[int, list[ir.State]] = {}
        for number, _, _, after, _ in machine.moves(state):
            if after is not None:
                by_step.setdefault(number, []).append(after)
        if not by_step:
            return
        state = random.choice(by_step[random.choice(sorted(by_step))])
        yield state
