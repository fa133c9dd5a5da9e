"""A system with fewer lemmas than somebody wrote, or with further ones. What a lemma says changes nothing else.

Lemmas of the library belong to the operations that the author of a model picks; those in the model's own file are what
the author should not have to know.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Property, System


class Written(Enum):
    """The lemmas that may be used."""

    ALL = "all"
    LIBRARY = "those of other files than the model's own"
    NONE = "none"


def with_lemmas(system: System, lemmas: Sequence[Property]) -> System:
    """The system as if these stood in the model."""
    return replace(system, properties=(*system.properties, *lemmas)) if lemmas else system


def with_written(system: System, written: Written) -> System:
    """The system with these alone of the lemmas that were written."""

    def is_kept(prop: Property) -> bool:
        if prop.kind is not PropertyKind.LEMMA or written is Written.ALL:
            return True
        return written is Written.LIBRARY and prop.span.path != system.path

    return replace(system, properties=tuple(filter(is_kept, system.properties)))
