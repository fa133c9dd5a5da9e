"""The entry point of this stage: the checked model as a transition system with its structural facts."""

from dataclasses import replace

from cowspec.check import typed
from cowspec.system.facts import facts
from cowspec.system.ir import System
from cowspec.system.lower import lower


def build(model: typed.Model) -> System:
    """Raises `CompileError` (E5xx) for what has no transition system."""
    system = lower(model)
    return replace(system, facts=facts(system))
