"""Settings of the switches, and formulas over switches only."""

from itertools import product
from typing import assert_never

from cowspec.system import ir
from cowspec.system.ir import Formula, Setting, System


def all_settings(system: System) -> tuple[Setting, ...]:
    """Every combination of options, in the order of declaration, the last switch running fastest; of a fix "off" comes
    first. Without switches there is one empty setting."""
    options = ([(switch.name, option) for option, _ in switch.options] for switch in system.switches)
    return tuple(product(*options))


def settings_of(system: System, when: Formula) -> tuple[Setting, ...]:
    """The settings for which `when` holds."""
    return tuple(setting for setting in all_settings(system) if holds(when, setting))


def holds(formula: Formula, setting: Setting) -> bool:
    """The truth of a formula over switches only. Raises `ValueError` if it reads anything else."""
    match formula:
        case ir.SwitchIs(switch, option):
            return (switch, option) in setting
        case ir.Const(value):
            return value
        case ir.Not(body):
            return not holds(body, setting)
        case ir.And(parts):
            return all(holds(part, setting) for part in parts)
        case ir.Or(parts):
            return any(holds(part, setting) for part in parts)
        case ir.Implies(left, right):
            return not holds(left, setting) or holds(right, setting)
        case ir.Iff(left, right):
            return holds(left, setting) == holds(right, setting)
        case ir.Test() | ir.Present() | ir.Equal() | ir.Quant() | ir.Tally() | ir.Flag() | ir.Old():
            raise ValueError(f"not a formula over switches: {formula}")
        case _:
            assert_never(formula)
