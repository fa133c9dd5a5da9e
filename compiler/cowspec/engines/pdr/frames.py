"""Frames of PDR: for each k, cubes that no run of at most k steps enters, with their whole orbits.

Each cube stands in the last frame at which it is known to be blocked, so frame k excludes what stands in it and in all
later ones. In the solver a clause carries the literal of its frame; to ask of frame k is to assume the literals from k
on. Frame 0 are the start states.
"""

from collections.abc import Iterator, Sequence

from cowspec.encode.finite.circuit import Literal
from cowspec.engines.pdr.cells import Cells, Cube
from cowspec.engines.pdr.relation import START, Relation


class Frames:
    def __init__(self, relation: Relation, starts: Relation, cells: Cells) -> None:
        """`starts`: a solver of its own for questions about start states."""
        self.relation, self._starts, self._cells = relation, starts, cells
        self._start = relation.asked(START)
        self._at_start = [starts.asked(START), starts.idle]
        self._literals: list[int] = [self._start]
        self.blocked: list[dict[Cube, tuple[Cube, ...]]] = [{}]
        self._used: dict[tuple[str, bool], int] = {}
        self.extend()

    @property
    def last(self) -> int:
        return len(self.blocked) - 1

    def extend(self) -> None:
        """One more frame, which allows everything."""
        self.blocked.append({})
        self._literals.append(self.relation.fresh())

    def given(self, frame: int) -> list[int]:
        """Assumptions: the state before the step is in the frame."""
        return [self._start] if frame == 0 else self._literals[frame:]

    # ---- questions ---------------------------------------------------------------------------------------------------

    def meets_start(self, cube: Sequence[Literal]) -> bool:
        return self._starts.solve([*self._at_start, *self._starts.now(cube)])

    def start_of(self, cube: Sequence[Literal]) -> set[Literal] | None:
        """The true cells of a start state in the cube; None if there is none."""
        return self._starts.true_before() if self.meets_start(cube) else None

    def apart_from_start(self, cube: Cube) -> list[Literal]:
        """Literals of the cube that no start state has all of; the cube meets none."""
        literals = self._starts.now(cube)
        self._starts.solve([*self._at_start, *literals])
        return self._starts.needed(cube, literals)

    def needed(self, frame: int, cube: Cube) -> list[Literal] | None:
        """Literals of the cube such that no step leads into all of them from a state of the frame outside the cube;
        None if one leads into the cube."""
        relation = self.relation
        outside = relation.fresh()
        relation.add([-outside, *[-literal for literal in relation.now(cube)]])
        after = relation.after(cube)
        answer = relation.solve([outside, *relation.stepping, *self.given(frame), *after])
        found = None if answer else relation.needed(cube, after)
        relation.add([-outside])
        return found

    # ---- what is learned ---------------------------------------------------------------------------------------------

    def block(self, cube: Cube, frame: int) -> None:
        """The cube and its orbit stand in the frame from now on; what it makes superfluous goes."""
        orbit = self._cells.orbit(cube)
        for cubes in self.blocked[1 : frame + 1]:
            for weaker in [each for each in cubes if _covers(orbit, each)]:
                del cubes[weaker]
        self.blocked[frame][orbit[0]] = orbit
        for literal in orbit[0]:
            key = self._cells.names[abs(literal)][0], literal > 0
            self._used[key] = self._used.get(key, 0) + 1
        activation = self._literals[frame]
        for each in orbit:
            self.relation.add([-activation, *[-literal for literal in self.relation.now(each)]])

    def order(self, literal: Literal) -> tuple[int, int]:
        """Of literals to be left out, those of a kind that many clauses have come first."""
        key = self._cells.names[abs(literal)][0], literal > 0
        return -self._used.get(key, 0), literal

    def push(self) -> int | None:
        """Moves each cube to the next frame if it is blocked there. The first frame from which none had to stay: what
        is blocked after it is inductive. None if there is no such frame."""
        for frame in range(1, self.last):
            for cube, orbit in list(self.blocked[frame].items()):
                if cube in self.blocked[frame] and not self._enters(frame, cube):
                    del self.blocked[frame][cube]
                    self.block(orbit[0], frame + 1)
            if not self.blocked[frame]:
                return frame
        return None

    def _enters(self, frame: int, cube: Cube) -> bool:
        relation = self.relation
        return relation.solve([*relation.stepping, *self.given(frame), *relation.after(cube)])

    def after(self, frame: int) -> Iterator[Cube]:
        """What stands in later frames, one of each orbit."""
        for cubes in self.blocked[frame + 1 :]:
            yield from cubes


def _covers(orbit: Sequence[Cube], cube: Cube) -> bool:
    """One of the orbit is part of the cube."""
    if len(orbit[0]) > len(cube):
        return False
    literals = set(cube)
    return any(literals.issuperset(each) for each in orbit)
