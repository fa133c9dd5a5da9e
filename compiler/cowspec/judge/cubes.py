"""Sets of switch settings, written shortly: as disjoint partial settings, and as words about the fixes."""

from collections.abc import Collection, Iterator
from functools import cache

from cowspec.system.ir import Setting, Switch

Cube = tuple[tuple[str, str], ...]
"""Options for some of the switches; a switch left out may have any."""


def cubes(switches: tuple[Switch, ...], settings: Collection[Setting]) -> tuple[Cube, ...]:
    """Disjoint cubes that together are exactly `settings` (each of which names every switch, in order): few, though not
    always the fewest. The cube without switches stands for all settings."""

    @cache
    def cover(numbers: tuple[int, ...], rest: frozenset[tuple[str, ...]]) -> tuple[Cube, ...]:
        if not rest:
            return ()
        whole = 1
        for number in numbers:
            whole *= len(switches[number].options)
        if len(rest) == whole:
            return ((),)
        best: tuple[Cube, ...] | None = None
        for at, number in enumerate(numbers):
            others = numbers[:at] + numbers[at + 1 :]
            parts = [
                (option, frozenset(row[:at] + row[at + 1 :] for row in rest if row[at] == option))
                for option, _ in switches[number].options
            ]
            if all(part == parts[0][1] for _, part in parts):
                return cover(others, parts[0][1])
            if best is not None and len(best) <= sum(1 for _, part in parts if part):
                continue
            found = tuple(
                ((switches[number].name, option), *cube) for option, part in parts for cube in cover(others, part)
            )
            if best is None or len(found) < len(best):
                best = found
        return best or ()

    rows = frozenset(tuple(option for _, option in setting) for setting in settings)
    order = {switch.name: number for number, switch in enumerate(switches)}
    found = cover(tuple(range(len(switches))), rows)
    return tuple(tuple(sorted(cube, key=lambda literal: order[literal[0]])) for cube in found)


def prime_cubes(switches: tuple[Switch, ...], settings: Collection[Setting]) -> tuple[Cube, ...]:
    """A short cover of `settings` by cubes that may overlap, each as large as possible (Quine's prime implicants, then
    greedily those that cover most). Meant for a handful of switches; beyond 729 cubes the disjoint cover is given."""
    wanted = set(settings)
    total = 1
    for switch in switches:
        total *= len(switch.options) + 1
    if total > 3**6:
        return cubes(switches, settings)
    inside = {cube: members for cube in _all_cubes(switches) if (members := set(_expand(switches, cube))) <= wanted}
    primes = [cube for cube, members in inside.items() if not any(members < others for others in inside.values())]
    chosen: list[Cube] = []
    left = set(wanted)
    while left:
        best = max(primes, key=lambda cube: (len(inside[cube] & left), -len(cube)))
        chosen.append(best)
        left -= inside[best]
    return tuple(cube for cube in primes if cube in chosen)


def _all_cubes(switches: tuple[Switch, ...]) -> Iterator[Cube]:
    if not switches:
        yield ()
        return
    for rest in _all_cubes(switches[1:]):
        yield rest
        for option, _ in switches[0].options:
            yield ((switches[0].name, option), *rest)


def _expand(switches: tuple[Switch, ...], cube: Cube) -> Iterator[Setting]:
    fixed = dict(cube)
    rows: list[Setting] = [()]
    for switch in switches:
        names = [fixed[switch.name]] if switch.name in fixed else [option for option, _ in switch.options]
        rows = [(*row, (switch.name, option)) for row in rows for option in names]
    yield from rows
