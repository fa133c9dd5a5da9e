"""The same declarations under other names, in another order.

What is proved does not depend on how predicates are called or which was declared first; how fast a solver finds the
proof may. Asking in several such languages measures that (`engines/induction/stability.py`).
"""

from collections.abc import Iterable
from hashlib import sha256
from random import Random

import z3
from cowspec.encode.fol.terms import Language, declaration


def renamed(language: Language, random: Random) -> Language:
    """A language in a context of its own, without terms. The names are drawn, too."""
    salt = f"{random.getrandbits(64):x}"

    def spelling(name: str) -> str:
        return f"x{sha256(f'{salt} {name}'.encode()).hexdigest()[:16]}"

    context = z3.Context()
    sorts = _shuffled(language.sorts, random)
    found = Language(
        context=context,
        sorts={sort: z3.DeclareSort(spelling(f"sort {sort}"), context) for sort in sorts},
        predicates=language.predicates,
        spelling=spelling,
    )
    for name in _shuffled(language.predicates, random):
        declaration(found, name)
    return found


def _shuffled(names: Iterable[str], random: Random) -> list[str]:
    found = sorted(names)
    random.shuffle(found)
    return found
