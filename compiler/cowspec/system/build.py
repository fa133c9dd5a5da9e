"""The entry point of this stage: the checked model as a transition system with its structural facts."""

from dataclasses import replace

from cowspec.check import typed
from cowspec.system.facts import facts
from cowspec.system.ir import System
from cowspec.system.lower import lower
from cowspec.system.lowering.spends import with_lock_spends, without_spends


def build(model: typed.Model, *, costs: bool = False) -> System:
    """Raises `CompileError` (E5xx) for what has no transition system. It has costs, and its steps say what they spend,
    only if that is to be counted (`costs.py`)."""
    system = lower(with_lock_spends(model) if costs else without_spends(model))
    return replace(system, facts=facts(system))
