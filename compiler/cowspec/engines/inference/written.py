"""Lemmas that somebody wrote: which of them a search may start from.

In: a system. Out: the same without some of its lemmas. Those of the library belong to the operations that the author of
a model picks; those in the model's own file are what the author should not have to know.
"""

from dataclasses import replace
from enum import Enum

from cowspec.syntax.ast import PropertyKind
from cowspec.system import ir
from cowspec.system.ir import System


class Written(Enum):
    """The lemmas that may be used."""

    ALL = "all"
    LIBRARY = "those of other files than the model's own"
    NONE = "none"


def with_lemmas(system: System, written: Written) -> System:
    """The system with these of its lemmas alone."""

    def is_kept(prop: ir.Property) -> bool:
        if prop.kind is not PropertyKind.LEMMA or written is Written.ALL:
            return True
        return written is Written.LIBRARY and prop.span.path != system.path

    return replace(system, properties=tuple(filter(is_kept, system.properties)))
