"""Property directed reachability at one scope (Een, Mishchenko, Brayton, "Efficient implementation of property directed
reachability", FMCAD 2011), with clauses learned up to symmetry.

In: a system, a property, the settings in question (as a switch formula; they stay symbolic, and constant). Out: an
invariant that is inductive at the scope and excludes a violation, or a run to one, or neither in time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from cowspec.encode.finite.circuit import Literal
from cowspec.engines.pdr.bad import Bad
from cowspec.engines.pdr.cells import Cube, cube_of
from cowspec.engines.pdr.frames import Frames
from cowspec.engines.pdr.lifting import Choice, Lifting


@dataclass(frozen=True, slots=True)
class Path:
    """From a start state, given by its true cells, the steps to a violation."""

    start: Collection[Literal]
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """One cube of each orbit: none of them is reachable, and together that shows itself. `frames`: how many it took."""

    cubes: tuple[Cube, ...]
    frames: int


@dataclass(frozen=True, slots=True, order=True)
class _Obligation:
    """Every state of the cube leads to a violation: `choice` to the cube of `then`, or if that is None to the end."""

    frame: int
    number: int
    cube: Cube = field(compare=False)
    choice: Choice | None = field(compare=False)
    then: "_Obligation | None" = field(compare=False)

    def choices(self) -> tuple[Choice, ...]:
        found = []
        each: _Obligation | None = self
        while each is not None:
            if each.choice is not None:
                found.append(each.choice)
            each = each.then
        return tuple(found)


class Search:
    """One search. `run` may be called again after a `Path`, when the settings that it shows were excluded."""

    def __init__(self, frames: Frames, lifting: Lifting, bad: Bad) -> None:
        self.frames, self._lifting, self._bad = frames, lifting, bad
        self._given_bad = bad.given(frames.relation)
        self._count = 0

    def run(self) -> Path | Blocked:
        """Raises `OutOfTime`."""
        frames = self.frames
        while True:
            while frames.relation.solve([*frames.given(frames.last), *self._given_bad]):
                cube, choice = self._bad.reason(frames.relation, self._lifting)
                path = self._exclude(self._obligation(frames.last, cube, choice, None))
                if path is not None:
                    return path
            frames.extend()
            fixed = frames.push()
            if fixed is not None:
                return Blocked(tuple(frames.after(fixed)), frames.last)

    def _obligation(self, frame: int, cube: Cube, choice: Choice | None, then: _Obligation | None) -> _Obligation:
        self._count += 1
        return _Obligation(frame, self._count, cube, choice, then)

    def _exclude(self, first: _Obligation) -> Path | None:
        """Blocks the cube in its frame, and before what leads to it; a run if that cannot be."""
        frames = self.frames
        waiting = [first]
        while waiting:
            obligation = heappop(waiting)
            frame, cube = obligation.frame, obligation.cube
            start = frames.start_of(cube)
            if start is not None:
                return Path(start, obligation.choices())
            needed = frames.needed(frame - 1, cube)
            if needed is None:
                heappush(waiting, self._before(obligation))
                heappush(waiting, obligation)
                continue
            blocked, at = self._generalised(self._apart(needed, cube), frame)
            frames.block(blocked, at)
            if at < frames.last:
                heappush(waiting, self._obligation(at + 1, cube, obligation.choice, obligation.then))
        return None

    def _before(self, obligation: _Obligation) -> _Obligation:
        """The state that the last question found, and all that take the same step into the cube."""
        relation = self.frames.relation
        choice = self._lifting.choice(*relation.taken())
        cube = self._lifting.leading(choice, relation.true_before(), obligation.cube)
        return self._obligation(obligation.frame - 1, cube, choice, obligation)

    # ---- generalisation ----------------------------------------------------------------------------------------------

    def _apart(self, needed: Collection[Literal], cube: Cube) -> Cube:
        """The literals that are needed, and what keeps them apart from the start states."""
        found = cube_of(needed)
        if self.frames.meets_start(found):
            found = cube_of({*needed, *self.frames.apart_from_start(cube)})
        return found

    def _generalised(self, cube: Cube, frame: int) -> tuple[Cube, int]:
        """As few literals as leaving them out in order can get, and the last frame at which they are blocked."""
        frames = self.frames
        tried: list[Literal] = sorted(cube, key=frames.order)
        for literal in tried:
            if literal not in cube or len(cube) == 1:
                continue
            fewer = tuple(each for each in cube if each != literal)
            if frames.meets_start(fewer):
                continue
            needed = frames.needed(frame - 1, fewer)
            if needed is not None:
                cube = self._apart(needed, fewer)
        while frame < frames.last:
            if frames.needed(frame, cube) is None:
                break
            frame += 1
        return cube, frame


def shortest_first(cubes: Sequence[Cube]) -> tuple[Cube, ...]:
    return tuple(sorted(cubes, key=lambda cube: (len(cube), cube)))
