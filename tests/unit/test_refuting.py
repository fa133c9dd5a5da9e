"""Runs under one setting, searched in the slice: as short as those of the whole system, and runs of that."""

from dataclasses import replace

import pytest
from cowspec.engines.bmc.goals import Target, Violates, at_setting
from cowspec.engines.bmc.search import search
from cowspec.evaluate.replay import replay
from cowspec.judge.refuting import refute
from cowspec.judge.results import Disagreement
from cowspec.system import ir
from cowspec.system.slicing import slice_system
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits, NoViolation, Refuted
from finite_search import shortest
from finite_systems import SLOTS

SCOPE = (("Owner", 2), ("Slot", 2))
DEPTH = 5


@pytest.mark.parametrize("setting", all_settings(SLOTS))
def test_a_run_under_one_setting_is_a_shortest_run_of_the_whole_system(setting: ir.Setting) -> None:
    expected = shortest(SLOTS, SCOPE, setting, DEPTH)
    for prop in SLOTS.properties:
        found = refute(SLOTS, prop.name, (setting,), (SCOPE,), Limits(DEPTH))
        assert not isinstance(found, Disagreement)
        ((settings, verdict),) = [(each.settings, each.verdict) for each in found]
        assert settings == (setting,)
        if prop.name not in expected:
            assert isinstance(verdict, NoViolation)
            continue
        assert isinstance(verdict, Refuted)
        assert len(verdict.trace.steps) == expected[prop.name]
        assert verdict.trace.setting == setting
        assert replay(SLOTS, verdict.trace).steps == verdict.trace.steps


def test_what_never_fires_is_what_the_whole_system_says() -> None:
    """Also a step that the setting never lets fire, and that the slice does not have."""
    careful = ir.Require(ir.SwitchIs("careful", "on"))
    steps = tuple(replace(step, body=(careful, *step.body)) if step.name == "drop" else step for step in SLOTS.steps)
    system = replace(SLOTS, steps=steps)
    listed: dict[bool, set[bool]] = {True: set(), False: set()}
    for setting in all_settings(system):
        for prop in system.properties:
            target = Target(Violates(prop.name), at_setting(setting))
            whole = search(system, [target], (SCOPE,), Limits(DEPTH), replay=replay)[target]
            found = refute(system, prop.name, (setting,), (SCOPE,), Limits(DEPTH))
            assert not isinstance(found, Disagreement)
            if isinstance(whole, NoViolation):
                assert [each.verdict for each in found] == [whole]
                listed[dict(setting)["careful"] == "on"].add("drop" in whole.never_fired)
    assert listed == {True: {False}, False: {True}}


def test_a_run_of_a_wrong_slice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that forgets what the setting says: the run that it has is none of the system."""
    setting = next(each for each in all_settings(SLOTS) if dict(each)["careful"] == "on")
    other = next(each for each in all_settings(SLOTS) if dict(each)["careful"] == "off")
    monkeypatch.setattr("cowspec.judge.refuting.slice_system", lambda system, _: slice_system(system, other))
    found = refute(SLOTS, "exclusive", (setting,), (SCOPE,), Limits(2))
    assert isinstance(found, Disagreement)
    assert found.trace is not None and found.trace.setting == setting
