"""A random run of a model at a scope, under the first of the selected settings."""

from dataclasses import replace

from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.walk import random_walk
from cowspec.judge.selection import Selection, SelectionError, sizes_of, within
from cowspec.system.ir import System
from cowspec.system.switches import all_settings
from cowspec.verdict import Trace


def walk(system: System, selection: Selection, seed: int, steps: int) -> Trace:
    """The same run for the same seed. Raises `SelectionError` if there is no start state."""
    setting = within(all_settings(system), selection)[0]
    machine = Machine(system, default_scope(system, sizes_of(system, selection)), setting)
    trace = random_walk(machine, seed, steps)
    if trace is None:
        raise SelectionError("the model has no start state at this scope")
    return replace(trace, model=system.path)
