"""A random run of a system, the same for the same seed."""

from itertools import islice
from random import Random

from cowspec.evaluate.machine import Machine
from cowspec.evaluate.search import firing_of, run_from
from cowspec.verdict import Firing, Trace


def random_walk(machine: Machine, seed: int, steps: int) -> Trace | None:
    """A run of at most `steps` firings from a random start state; it ends early where nothing is enabled or in a fault.

    A step is chosen first and one of its firings second, so that steps with many parameters do not crowd out the
    others. The property of the trace is "": it claims nothing. None if there is no start state.
    """
    random = Random(seed)
    start = next(islice(machine.starts(shuffle=random), 1), None)
    if start is None:
        return None
    state = start
    firings: list[Firing] = []
    fault: str | None = None
    while len(firings) < steps and fault is None:
        moves = machine.moves(state)
        if not moves:
            break
        chosen = random.choice(sorted({number for number, *_ in moves}))
        number, args, choices, after, fault = random.choice([move for move in moves if move[0] == chosen])
        firings.append(firing_of(machine, number, args, choices))
        state = state if after is None else after
    return run_from(machine, "", start, tuple(firings), fault)
