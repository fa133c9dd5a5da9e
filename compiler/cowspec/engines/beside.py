"""Work whose result is needed later: somebody may do it meanwhile, in another process.

The engines only say what is wanted; who does it is passed in (`Beside`). What comes of it does not depend on that: work
is a function of what it was given when it began, and it is done here, when its result is asked for, if nobody else did.
"""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")


class Elsewhere(Protocol):
    """Work begun in another process."""

    def fetch(self) -> tuple[Any] | None:
        """The result, waited for; None if there is none: the process died."""

    def stop(self) -> None:
        """Nobody wants the result any more."""


class Later(Generic[T]):
    """A result that is there when it is asked for. `elsewhere`: where it is made, if anywhere."""

    def __init__(self, work: Callable[[], T], elsewhere: Elsewhere | None = None) -> None:
        self._work, self._elsewhere = work, elsewhere
        self._found: tuple[T] | None = None

    def get(self) -> T:
        """The result; what the work raises, if it has to be done here."""
        if self._found is None:
            came = self._elsewhere.fetch() if self._elsewhere is not None else None
            self._elsewhere = None
            self._found = (self._work(),) if came is None else came
        return self._found[0]

    def drop(self) -> None:
        """It will not be asked for."""
        if self._elsewhere is not None:
            self._elsewhere.stop()
            self._elsewhere = None


class Beside(Protocol):
    """Begins work, or leaves it to be done when its result is asked for. The work must not change anything, and its
    result must be a value that can be pickled."""

    def __call__(self, label: str, work: Callable[[], T], /) -> Later[T]: ...


def when_asked(label: str, work: Callable[[], T], /) -> Later[T]:
    """Nobody does it before."""
    del label
    return Later(work)
