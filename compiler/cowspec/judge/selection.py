"""What the command line selects of a model: switch settings, properties, a scope. Unknown names get a suggestion."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from cowspec.system.ir import Setting, System

MAX_SIZE = 64


class SelectionError(Exception):
    """A name that no model has, or a value that does not fit; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Selection:
    """`options`: (switch, option) pairs, of a fix "on" or "off". `names`: properties and scenarios, empty for all.
    `sizes`: of the sorts of a scope."""

    options: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()


def validate(systems: Sequence[System], selection: Selection) -> Selection:
    """The selection with `no-fix` spelled out: every fix not named otherwise is off. Raises `SelectionError` for a name
    that none of the models knows, or an option that a switch has not."""
    if NO_FIX in selection.options:
        named = tuple(pair for pair in selection.options if pair != NO_FIX)
        fixes = dict.fromkeys(switch.name for system in systems for switch in system.switches if switch.is_fix)
        rest = tuple((name, "off") for name in fixes if name not in dict(named))
        selection = replace(selection, options=(*named, *rest))
    switches = {switch.name: switch for system in systems for switch in system.switches}
    for name, option in selection.options:
        if name not in switches:
            raise SelectionError(f"there is no switch `{name}`{suggestion(name, switches) or LISTED}")
        known = [o for system in systems for s in system.switches if s.name == name for o, _ in s.options]
        if option not in known:
            raise SelectionError(_misfit(name, option, tuple(dict.fromkeys(known)), is_fix=switches[name].is_fix))
    names = {prop.name for system in systems for prop in system.properties}
    names |= {scenario.name for system in systems for scenario in system.scenarios} | {NO_FAULT}
    for name in selection.names:
        if name not in names:
            raise SelectionError(f"there is no property or scenario `{name}`{suggestion(name, names) or LISTED}")
    sorts = {sort for system in systems for sort in system.sorts}
    for sort, size in selection.sizes:
        if sort not in sorts:
            raise SelectionError(f"there is no sort `{sort}`{suggestion(sort, sorts) or LISTED}")
        if not 1 <= size <= MAX_SIZE:
            raise SelectionError(f"a scope has from 1 to {MAX_SIZE} elements of a sort, not {size}")
    return selection


def _misfit(name: str, option: str, known: Sequence[str], *, is_fix: bool) -> str:
    """Who writes `name` or `no-name` of a choice has not written `on` or `off`."""
    if is_fix:
        return f"switch `{name}` has no option `{option}`: it is a fix, set on or off"
    if option in ("on", "off"):
        return f"switch `{name}` is no fix but a choice of {', '.join(known)}: write {name}={known[0]}"
    return f"switch `{name}` has no option `{option}`: it is a choice of {', '.join(known)}"


LISTED = ": `cowspec list FILE` names those of a model"
NO_FAULT = "no_fault"
NO_FIX = ("fix", "off")
"""What `--set no-fix` says; `fix` is a word of the grammar, so no switch has that name."""


def within(settings: Iterable[Setting], selection: Selection) -> tuple[Setting, ...]:
    """Those of the settings that have the selected options; a switch that the model lacks selects nothing."""
    chosen = dict(selection.options)
    return tuple(s for s in settings if all(chosen.get(name, option) == option for name, option in s))


def selected(name: str, selection: Selection) -> bool:
    return not selection.names or name in selection.names


def sizes_of(system: System, selection: Selection) -> dict[str, int]:
    """The selected sizes of the sorts that the model has."""
    return {sort: size for sort, size in selection.sizes if sort in system.sorts}


def suggestion(name: str, known: Iterable[str]) -> str:
    """`: did you mean ...?`, or nothing if no known name is close."""
    close = get_close_matches(name, list(known), n=1)
    return f": did you mean `{close[0]}`?" if close else ""
