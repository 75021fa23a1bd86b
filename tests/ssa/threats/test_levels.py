"""Levels: from a public table, monotone, and silent about declared pairs."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.levels import (
    ALARM,
    TABLE,
    Level,
    Notice,
    Risk,
    level_of,
    notice_of,
    table_markdown,
)

ANY = st.sets(st.sampled_from(Behaviour), min_size=1)


@given(st.sampled_from(Behaviour), st.sampled_from(Notice))
def test_more_risk_is_never_a_lower_level(behaviour, warning):
    levels = [level_of([behaviour], risk, warning) for risk in Risk]
    assert levels == sorted(levels)


@given(st.sampled_from(Behaviour), st.sampled_from(Risk))
def test_less_time_is_never_a_lower_level(behaviour, risk):
    levels = [level_of([behaviour], risk, warning) for warning in Notice]
    assert levels == sorted(levels)


@given(ANY, st.sampled_from(Risk), st.sampled_from(Notice))
def test_doubt_raises_nothing(behaviours, risk, warning):
    least = min(level_of([one], risk, warning) for one in behaviours)
    assert level_of(behaviours, risk, warning) == least


@given(ANY, st.sampled_from(Risk), st.sampled_from(Notice))
def test_a_declared_pair_is_never_an_alarm(behaviours, risk, warning):
    assert level_of(behaviours, risk, warning, cooperative=True) == Level.NONE


def test_a_passive_object_alarms_by_its_risk_only():
    passive = Behaviour.PASSIVE_OR_STATION_KEEPING
    for risk, warning in itertools.product((Risk.LOW, Risk.ATTEND), Notice):
        assert level_of([passive], risk, warning) < ALARM


@pytest.mark.parametrize(
    ("days", "tier"),
    [(None, Notice.LONG), (3.1, Notice.LONG), (2.0, Notice.SHORT), (0.2, Notice.NOW)],
)
def test_warning_is_told_by_days(days, tier):
    assert notice_of(days) is tier


def test_every_behaviour_has_its_row():
    assert set(TABLE) == set(Behaviour)
    assert len(table_markdown().splitlines()) == len(Behaviour) + 2
