"""Whatever a reader is given, it succeeds or says what is wrong: no traceback, no hang, no end of memory.

The ordinary run takes some hundred inputs with fixed seeds. COWSPEC_NIGHTLY=1 takes many more, new ones each day. An
input that fails is shrunk and saved; with its number it can be had again (`targets.input_of`).
"""

import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutator import WORDS, json_mutant, mutant
from seeds import NIGHTLY
from shrinking import saved, small_bytes
from stored import STORED_TARGETS
from targets import READERS, Hangs, Target, input_of, limited, outcome, saved_traces

TARGETS = (*READERS, *STORED_TARGETS)
INPUTS = {"model": 160, "library": 12, "layout": 60, "trace": 900}
"""In the ordinary run; others 100."""
SECONDS = 600.0 if NIGHTLY else 0.0
"""Of processor time for each target, once its inputs are tried."""
MEMORY = 2 << 30
"""More address space than this process has no input may take."""


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_corpus_is_read(target: Target) -> None:
    corpus = target.corpus()
    assert len(corpus) > 5
    for data in corpus if NIGHTLY else corpus[::9]:
        assert outcome(target, data) is None


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_any_input_is_read_or_refused(target: Target) -> None:
    for number in range(INPUTS.get(target.name, 100)):
        tried(target, number)
    number, until = int(os.environ.get("COWSPEC_FIRST", time.time())) * 1000, time.process_time() + SECONDS
    while time.process_time() < until:
        tried(target, number)
        number += 1


def tried(target: Target, number: int) -> None:
    """Fails with the smallest input that is treated as badly."""
    data = input_of(target, number)
    error = outcome(target, data)
    if error is not None:
        small = small_bytes(data, lambda each: type(outcome(target, each, 2.0)) is type(error))
        path = saved(f"{target.name}-{number}", small, ".bin")
        raise AssertionError(f"{target.name}, input {number}, {path}: {small[:500]!r}") from error


# ---- by hypothesis -------------------------------------------------------------------------------------------------

EXAMPLES = settings(
    max_examples=5000 if NIGHTLY else 60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
SOUP = st.lists(st.sampled_from([*WORDS, *(sign.encode() for sign in "(){}[]:;,.=?<>+-x1\n")])).map(b" ".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@EXAMPLES
@given(st.sampled_from(TARGETS), st.binary() | st.text().map(str.encode) | SOUP)
def test_any_bytes(target: Target, data: bytes) -> None:
    assert outcome(target, data) is None


@EXAMPLES
@given(st.integers(0, 7), st.sampled_from(["model", "switches", "scope", "start", "steps", "fault", "kind"]), JSON)
def test_any_part_of_a_trace(number: int, key: str, value: object) -> None:
    """A run with one part replaced by any data."""
    (target,) = (each for each in TARGETS if each.name == "trace")
    record = json.loads(saved_traces()[number])
    assert outcome(target, json.dumps({**record, key: value}).encode()) is None


# ---- the tests are worth something ---------------------------------------------------------------------------------


def broken(data: bytes) -> None:
    if data.count(b"{") > 40:
        while True:
            pass
    json.loads(data)["steps"][0]["args"]["x"]


def test_a_bad_reader_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COWSPEC_FOUND", str(tmp_path))
    target = Target("bad", saved_traces, broken, (json.JSONDecodeError,), json_mutant)
    with pytest.raises(AssertionError, match=r"bad, input \d+, .*bad-\d+-\w+\.bin: b'") as error:
        for number in range(50):
            tried(target, number)
    assert isinstance(error.value.__cause__, KeyError | TypeError | IndexError)
    hanging = outcome(target, b"{" * 41, 0.2)
    assert isinstance(hanging, Hangs)
    assert isinstance(outcome(target, b"\xff" * 3), UnicodeDecodeError)


def test_a_swallowed_hang_is_a_hang() -> None:
    with pytest.raises(Hangs), limited(0.1):
        while True:
            try:
                while True:
                    pass
            except Exception:
                continue


def test_inputs_are_as_different_as_they_should_be() -> None:
    corpus = saved_traces()
    assert mutant(corpus, Random(5)) == mutant(corpus, Random(5))
    inputs = {input_of(target, number) for target in TARGETS for number in range(60)}
    assert len(inputs) > 200
    read = 0
    (target,) = (each for each in TARGETS if each.name == "trace")
    for number in range(400):
        try:
            target.read(input_of(target, number))
            read += 1
        except (*target.refusals, ValueError):
            continue
    assert read > 1, "nearly all traces are refused at once"
