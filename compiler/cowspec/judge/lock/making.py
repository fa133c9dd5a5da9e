"""A finished check as a lock: its results with what shows them.

In: reports in which all is as declared. Out: a `LockedModel` for each. Proofs are stored in order of strength; what an
earlier one shows under all settings of a later one is not stored again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cowspec.engines.known import Certificate, Known, certificate
from cowspec.evidence.fingerprint import fingerprint, substance
from cowspec.evidence.lock import Entry, LockedModel, Options, StoredProof
from cowspec.evidence.runs import run_record
from cowspec.judge.cubes import cubes
from cowspec.judge.results import Claim, ModelReport, Result
from cowspec.system.ir import Scenario, Setting, System
from cowspec.verdict import Limits


def locked_model(report: ModelReport, limits: Limits, tools: Mapping[str, str]) -> LockedModel:
    """What the lock says of the model."""
    groups = _groups(report.results)
    fingerprints = Fingerprints(report.system)
    return LockedModel(
        dict(tools),
        limits,
        tuple(_entry(report.system, result, groups, fingerprints) for result in report.results),
        _proofs(report.system, groups),
    )


class Fingerprints:
    """Of the obligations of a model: what the steps do, and one property or scenario. Lemmas and facts are no part of
    what is claimed, only of how it is shown."""

    def __init__(self, system: System) -> None:
        bare = substance(system)
        self._steps = fingerprint(replace(bare, properties=(), facts=()))
        self._properties = {each.name: replace(each, premises=(), checked=True) for each in bare.properties}
        self._scenarios = {each.name: replace(each, text=None, expects=()) for each in system.scenarios}

    def of(self, name: str, scenario: str | None, settings: Iterable[Setting]) -> str:
        script: Scenario | None = None if scenario is None else self._scenarios.get(scenario)
        return fingerprint(self._steps, name, self._properties.get(name), script, frozenset(settings))


def options_of(system: System, settings: Iterable[Setting]) -> tuple[Options, ...]:
    """The settings as the lock says them."""
    return tuple(dict(cube) for cube in cubes(system.switches, tuple(settings)))


def under(settings: Iterable[Setting], when: Sequence[Options]) -> tuple[Setting, ...]:
    """Those of the settings that a lock means; options that the model has not mean none."""
    among = tuple(settings)
    if len(when) > len(among):  # no two of them overlap
        return ()
    wanted = [frozenset(options.items()) for options in when]
    return tuple(setting for setting in among if any(map(frozenset(setting).issuperset, wanted)))


def _entry(system: System, result: Result, groups: Sequence["Group"], fingerprints: Fingerprints) -> Entry:
    asked = set(result.settings)
    proofs = tuple(
        number
        for number, (goals, settings, _) in enumerate(groups)
        if result.claim == Claim.ANY_SIZE and result.property in goals and not asked.isdisjoint(settings)
    )
    return Entry(
        result.property,
        result.scenario,
        result.expected or "",
        options_of(system, result.settings),
        fingerprints.of(result.property, result.scenario or result.by, result.settings),
        result.verdict,
        result.claim,
        result.engine,
        dict(result.evidence),
        dict(result.scope) if result.scope is not None else None,
        result.steps,
        run_record(system, result.trace) if result.trace is not None else None,
        proofs,
        result.by,
    )


Group = tuple[tuple[str, ...], tuple[Setting, ...], Known]
"""Goals proved together, their settings, and what was known at the end."""


def _groups(results: Iterable[Result]) -> list[Group]:
    """From the most settings to the fewest, in an order that does not depend on which proof ended first."""
    found: dict[tuple[Setting, ...], tuple[dict[str, None], Known]] = {}
    proved = [result for result in results if result.claim == Claim.ANY_SIZE]
    for result in sorted(proved, key=lambda one: one.property):
        for proof in result.proofs:
            goals, known = found.setdefault(proof.settings, ({}, Known()))
            goals[result.property] = None
            found[proof.settings] = (goals, known | proof.known)
    ordered = sorted(found.items(), key=lambda item: (-len(item[0]), item[0], sorted(item[1][0])))
    return [(tuple(sorted(goals)), settings, known) for settings, (goals, known) in ordered]


def _proofs(system: System, groups: Sequence[Group]) -> tuple[StoredProof, ...]:
    done: list[frozenset[str]] = []
    stored = []
    for number, (goals, settings, known) in enumerate(groups):
        proof = certificate(known, goals)
        wanted = set(proof.conjuncts)
        builds_on = []
        for earlier in range(number):
            helps = done[earlier] & wanted
            if helps and set(groups[earlier][1]) >= set(settings):
                builds_on.append(earlier)
                wanted -= helps
        stored.append(_stored(system, goals, settings, builds_on, proof, wanted))
        done.append(frozenset(proof.conjuncts))
    return tuple(stored)


def _stored(
    system: System,
    goals: tuple[str, ...],
    settings: tuple[Setting, ...],
    builds_on: Sequence[int],
    proof: Certificate,
    own: set[str],
) -> StoredProof:
    cores: dict[str, dict[str, tuple[str, ...]]] = {}
    inherited = set(proof.conjuncts) - own
    for (step, name), core in proof.cores.items():
        if name not in inherited:
            cores.setdefault(name, {})[step] = tuple(sorted(core))
    conjuncts = tuple(name for name in proof.conjuncts if name in own)
    return StoredProof(options_of(system, settings), goals, tuple(builds_on), conjuncts, cores)
