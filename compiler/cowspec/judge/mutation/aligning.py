"""A model and a mutant of it with the same states, so that what is known of the one can be asked of the other.

A lock that nobody takes any more, or takes in another mode, is a variable that only one of them has; it is false there.
"""

from dataclasses import replace

from cowspec.system.ir import StateVar, System


def is_alike(old: System, new: System) -> bool:
    """They have the same states and starts."""
    return (old.vars, old.enums, old.switches, old.init) == (new.vars, new.enums, new.switches, new.init)


def aligned(old: System, new: System) -> tuple[System, System] | None:
    """Both with the variables of either and the enums of the old one; None if they differ in more than booleans that
    start as false, belong to nobody and stand in one of them only, and in the order of a proc's steps."""
    if is_alike(old, new):
        return old, new
    ours, theirs = ({var.name: var for var in system.vars} for system in (old, new))
    every = {**ours, **theirs}
    alone = [var for name, var in every.items() if (name in ours) != (name in theirs)]
    fits = (
        (old.switches, old.init, _members(old)) == (new.switches, new.init, _members(new))
        and all(ours[name] == theirs[name] for name in ours if name in theirs)
        and all(_is_lock(var) for var in alone)
    )
    if not fits:
        return None
    return replace(old, vars=tuple(every.values())), replace(new, vars=tuple(every.values()), enums=old.enums)


def _is_lock(var: StateVar) -> bool:
    return var.domain is None and var.start is False and var.owner is None


def _members(system: System) -> dict[str, frozenset[str]]:
    return {name: frozenset(members) for name, members in system.enums}
