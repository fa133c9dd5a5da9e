"""Which of the proofs that a lock keeps are hints for a new one: all of them, what fits best first."""

from collections.abc import Mapping, Sequence

from cowspec.engines.known import Certificate, Question
from cowspec.evidence.lock import StoredProof
from cowspec.system.ir import Setting

MAX_COMPARED = 1_000_000
"""Settings times groups of options: a lock with more was not written by us."""


def hints_for(proofs: Sequence[StoredProof], settings: Sequence[Setting]) -> Certificate:
    """What the obligations of a proof under these settings may need. Each name is taken as one stored proof has it: the
    strongest that has all these settings, or else the strongest."""
    conjuncts: dict[str, None] = {}
    cores: dict[Question, frozenset[str]] = {}
    told: set[str] = set()
    for proof in sorted(proofs, key=lambda each: not _has_all(each, settings)):
        own = {*proof.conjuncts, *proof.cores} - told
        conjuncts.update(dict.fromkeys(name for name in proof.conjuncts if name in own))
        for name in own:
            cores.update(((step, name), frozenset(core)) for step, core in proof.cores.get(name, {}).items())
        told |= own
    return Certificate(tuple(conjuncts), cores)


def _has_all(proof: StoredProof, settings: Sequence[Setting]) -> bool:
    """The proof is for all these settings, and perhaps for others."""
    if len(proof.when) * len(settings) > MAX_COMPARED:
        return False
    wanted = [_options(options) for options in proof.when]
    return all(any(map(frozenset(setting).issuperset, wanted)) for setting in settings)


def _options(options: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(options.items())
