"""Real debris beside the satellites that it met: no behaviour is told of it."""

import pytest

from skywright.ssa.threats import passive


def test_objects_without_propulsion_raise_no_alarm_of_behaviour(ssa_data):
    told = passive.passive_alarms(ssa_data / passive.CASES, step_d=12)
    assert told["object_years"] > 2.5
    assert told["object_years"] == pytest.approx(told["pair_years"])
    assert told["behaviour_alarms"] == 0
    assert told["behaviour_interval"][0] == 0.0
    assert {one["object"] for one in told["pairs"]} == set(passive.PASSIVE)


def test_a_run_of_days_counts_once_and_kinds_apart():
    counted = passive._counted(["", "collision", "collision", "", "behaviour", "collision"], 2)
    assert counted == {"behaviour_alarms": 1, "collision_alerts": 2, "days": 12}
