"""A system with further lemmas, or without those that somebody wrote. What a lemma says changes nothing else."""

from collections.abc import Sequence
from dataclasses import replace

from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Property, System


def with_lemmas(system: System, lemmas: Sequence[Property]) -> System:
    """The system as if these stood in the model."""
    return replace(system, properties=(*system.properties, *lemmas)) if lemmas else system


def without_lemmas(system: System) -> System:
    """The system as if nobody had written a lemma."""
    return replace(system, properties=tuple(p for p in system.properties if p.kind is not PropertyKind.LEMMA))
