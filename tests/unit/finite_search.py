"""What the reference semantics says, by plain breadth-first search: the yardstick for bounded model checking."""

from cowspec.evaluate.machine import Disabled, Faulted, Machine, Moved
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Scope, Setting, State, System


def shortest(system: System, scope: Scope, setting: Setting, depth: int) -> dict[str, int]:
    """For each property, `no_fault` and each step the length of the shortest run that meets it (as in `bmc/goals`)."""
    machine = Machine(system, scope, setting)
    found: dict[str, int] = {}
    states = set(machine.starts())
    layer = list(states)
    for steps in range(depth + 1):
        following: list[State] = []
        for state in layer:
            for each in system.properties:
                if each.kind is PropertyKind.TRANSITION:
                    continue
                if machine.holds(each.formula, state) == (each.kind is PropertyKind.COVER):
                    found.setdefault(each.name, steps)
            if steps == depth:
                continue
            for firing, outcome in machine.successors(state):
                match outcome:
                    case Faulted():
                        found.setdefault("no_fault", steps + 1)
                    case Moved(after):
                        found.setdefault(firing.step, steps + 1)
                        for each in system.properties:
                            if each.kind is PropertyKind.TRANSITION and not machine.holds(each.formula, after, state):
                                found.setdefault(each.name, steps + 1)
                        if after not in states:
                            states.add(after)
                            following.append(after)
                    case Disabled(reason):
                        raise AssertionError(reason)
        layer = following
    return found
