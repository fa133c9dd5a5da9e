"""Work beside a search: what is found does not depend on who does it, nor on a worker that dies."""

import os
import signal
from functools import partial

import pytest
from cowspec.cli.load import load_systems
from cowspec.cli.meanwhile import meanwhile
from cowspec.engines.beside import when_asked
from cowspec.engines.inference.claims import Claim
from cowspec.engines.inference.infer import Inferred, infer_all
from cowspec.system import ir
from cowspec.system.lemmas import Written
from cowspec.verdict import Limits

PROTOCOLS = "tests/bench/protocols"
PARENT = os.getpid()


def _killed_there() -> str:
    """Dies where it is not the process of the test."""
    if os.getpid() != PARENT:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done here"


def _failing() -> str:
    raise KeyError("nothing")


def test_work_is_done_in_another_process() -> None:
    with meanwhile(2) as beside:
        assert beside("own number", os.getpid).get() != PARENT


def test_with_one_process_it_is_done_here_when_asked() -> None:
    with meanwhile(1) as beside:
        assert beside is when_asked
        assert beside("own number", os.getpid).get() == PARENT


def test_work_of_a_worker_that_dies_is_done_here() -> None:
    with meanwhile(2) as beside:
        later = beside("killed", _killed_there)
        assert later.get() == "done here"
        assert later.get() == "done here"


def test_what_work_raises_is_raised_here() -> None:
    with meanwhile(2) as beside:
        later = beside("failing", _failing)
        with pytest.raises(KeyError, match="nothing"):
            later.get()


def test_more_work_than_workers_is_all_done() -> None:
    with meanwhile(2) as beside:
        begun = [beside("a sum", partial(sum, range(number))) for number in range(6)]
        begun[3].drop()
        assert [each.get() for number, each in enumerate(begun) if number != 3] == [0, 0, 1, 6, 10]


@pytest.mark.parametrize("model", ["lock_server", "quorum_consensus", "two_phase_commit"])
def test_what_is_found_does_not_depend_on_the_workers(model: str) -> None:
    alone = _found(model, 1)
    assert all(each.is_proved for each in alone)
    beside = _found(model, 2)
    assert [each.lemmas for each in beside] == [each.lemmas for each in alone]
    assert [each.verdicts for each in beside] == [each.verdicts for each in alone]
    assert [each.effort.samples for each in beside] == [each.effort.samples for each in alone]


def _found(model: str, jobs: int) -> tuple[Inferred, ...]:
    (system,) = load_systems([f"{PROTOCOLS}/{model}.cow"])
    claims = [Claim(prop.name, ir.TRUE) for prop in system.properties if prop.kind.value == "invariant"]
    with meanwhile(jobs) as beside:
        return infer_all(system, claims, Limits(), seconds=60.0, written=Written.NONE, beside=beside)
