"""What reads hostile input, and what it may do with it: succeed, or refuse with the exception that says so.

A further reader is one more `Target`: its name, a corpus of good inputs, a function from bytes that calls it, and what
it may raise.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from signal import ITIMER_PROF, SIGPROF, setitimer, signal
from types import FrameType

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.errors import BadInput
from cowspec.cli.files import decoded, loader
from cowspec.cli.load import diagnosed
from cowspec.diagnostics import CompileError, render
from cowspec.encode.relational.translate import CountTooLarge, translate
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import ReplayError, replay
from cowspec.evaluate.walk import random_walk
from cowspec.evidence import traces
from cowspec.report.listing import model as listed
from cowspec.report.text import Style, trace_text
from cowspec.source import Source
from cowspec.syntax.format import format_source
from cowspec.system.build import build
from cowspec.system.ir import System
from cowspec.system.show import show
from cowspec.system.switches import all_settings
from mutator import json_mutant, mutant

ROOT = Path(__file__).parents[2]
LIMIT = 10.0
"""Seconds of processor time that no input of ordinary size may take."""


class Hangs(BaseException):
    """An input took longer than its limit. No `except Exception` swallows it."""


@dataclass(frozen=True, slots=True)
class Target:
    """`refusals`: what `read` may raise. `mutant`: how inputs are made of the corpus."""

    name: str
    corpus: Callable[[], tuple[bytes, ...]]
    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    mutant: Callable[[Sequence[bytes], Random], bytes] = mutant


def input_of(target: Target, number: int) -> bytes:
    """The same bytes for the same number."""
    return target.mutant(target.corpus(), Random(f"{target.name} {number}"))


def outcome(target: Target, data: bytes, seconds: float = LIMIT) -> BaseException | None:
    """What is wrong with how the target treats this input; None if it succeeds, or refuses it properly."""
    try:
        with limited(seconds):
            target.read(data)
    except target.refusals as refusal:
        return None if str(refusal).strip() else AssertionError("refused without a word")
    except (Exception, Hangs) as error:
        return error
    return None


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises `Hangs` after so many seconds of processor time."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hangs(f"no end within {seconds:.0f} s")

    before = signal(SIGPROF, late)
    setitimer(ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        setitimer(ITIMER_PROF, 0)
        signal(SIGPROF, before)


# ---- models --------------------------------------------------------------------------------------------------------


def read_model(data: bytes) -> System:
    """As the commands read a model: the text, what it uses, names and types, the transition system, its encoding and
    its listing."""
    program = load("model.cow", decoded("model.cow", data), loader(ROOT / "spec"))
    try:
        model = check(program)
        system = build(model, costs=True)
    except CompileError as error:
        assert all(diagnostic.message for diagnostic in error.diagnostics)
        raise BadInput(diagnosed(error, program)) from None
    show(system)
    listed(system, 80)
    try:
        translate(build(model))
    except CountTooLarge as error:
        raise BadInput(str(error)) from None
    return system


def read_layout(data: bytes) -> str:
    """As `fmt` reads a model: twice makes no difference."""
    source = Source("model.cow", decoded("model.cow", data))
    try:
        text = format_source(source)
    except CompileError as error:
        raise BadInput(render(error.diagnostics, {"model.cow": source})) from None
    assert format_source(Source("model.cow", text)) == text
    return text


@cache
def models() -> tuple[bytes, ...]:
    """Small models of every construct; the real ones last."""
    folders = (
        "tests/cases/check",
        "tests/cases/check/lib",
        "tests/differential/found",
        "tests/unit/syntax_samples",
        "models",
    )
    return tuple(path.read_bytes() for folder in folders for path in sorted((ROOT / folder).glob("*.cow")))


def small_models() -> tuple[bytes, ...]:
    return tuple(data for data in models() if len(data) < 2000 and b"use machine" not in data)


# ---- traces --------------------------------------------------------------------------------------------------------

TRACED = """
module traced
sort Cpu, Mm, Page
enum Want { look, take }
struct Pte { page: Page, write: bool }
choice policy { mean "takes" kind "gives" }
fix locked "holds the lock"
var pte[Mm]: ref Pte? = any
var want[Cpu]: Want
var busy: bool
rwlock lock[Mm]
action fill(c: Cpu, m: Mm) { require pte[m] != none  want[c] := take }
proc drop(m: Mm) {
  var old: ref Pte?
  step look "drop()" { if locked { acquire lock[m] for write } old := pte[m]  note "[ seen ]" }
  step clear each p: Page where pte[m].page == p { pte[m] := none }
  step give { let q = choose q: Page where policy == kind  pte[m] := { page: q, write: busy }  return "[ given ]" }
}
invariant quiet "nothing is written": forall m: Mm: not pte[m].write
"""


@cache
def traced() -> System:
    return build(check(load("traced.cow", TRACED, lambda name, user: None)))


@cache
def saved_traces() -> tuple[bytes, ...]:
    """Runs of up to eight steps."""
    system = traced()
    found = []
    for seed in range(8):
        machine = Machine(system, default_scope(system, {"Cpu": 2}), all_settings(system)[seed % 4])
        trace = random_walk(machine, seed, 2 + seed)
        if trace is not None:
            found.append(traces.write(system, replace(trace, model=system.path)).encode())
    return tuple(found)


def read_trace(data: bytes) -> str:
    """As `cowspec trace` reads a trace of a model that it has."""
    system, text = traced(), decoded("trace.json", data)
    traces.subject(text)
    trace = replay(system, traces.read(system, text))
    return traces.write(system, trace) + trace_text(system, trace, (), Style(80, True))


READERS = (
    Target("model", small_models, read_model, (BadInput,)),
    Target("library", models, read_model, (BadInput,)),
    Target("layout", models, read_layout, (BadInput,)),
    Target("trace", saved_traces, read_trace, (BadInput, traces.TraceError, ReplayError), json_mutant),
)
