"""The last probability, foretold: a distribution that holds together, from messages so far only."""

import json
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.ssa.conjunction.final_pc import (
    FEATURES,
    LEVELS,
    QUANTILES,
    FinalPcModel,
    at_levels,
    final_pc_in_use,
    forecast,
    known_of,
    quantiles_of,
)
from skywright.ssa.conjunction.pc_history import FLOOR, Event
from tests.ssa.conjunction.test_pc_history import TCA, history


def event(log_pc, days=None, name="A"):
    told = np.array(log_pc, dtype=np.float64)
    return Event(name, np.arange(len(told), 0.0, -1.0) if days is None else np.array(days), told)


def test_what_is_known_is_of_the_last_message():
    (row,) = known_of([event([-6.0, -5.0, -7.0], [4.0, 2.5, 2.0])])
    assert row.tolist() == [-7.0, -5.0, -6.0, 2.0, -2.0, -1.0, 3.0]


def test_features_count_from_the_level():
    table = at_levels(known_of([event([-6.0])]), np.array([-7.0, -5.0]))
    assert table.shape == (1, 2, len(FEATURES))
    assert table[0, :, FEATURES.index("now")].tolist() == [1.0, -1.0]
    assert table[0, :, FEATURES.index("now_above")].tolist() == [1.0, 0.0]


events = st.lists(st.floats(FLOOR, 0.0), min_size=1, max_size=20).map(event)


@given(events, st.lists(st.floats(-5.0, 5.0), min_size=10, max_size=10), st.floats(-3.0, 3.0))
def test_quantiles_never_cross_whatever_the_weights(one, weights, intercept):
    model = FinalPcModel(np.zeros(10), np.ones(10), np.array(weights), intercept, 0.1)
    chance = model.exceedance(known_of([one]), LEVELS)
    assert (np.diff(chance, axis=1) <= 0.0).all()
    quantiles = quantiles_of(chance, LEVELS, QUANTILES)
    assert (np.diff(quantiles, axis=1) >= 0.0).all()
    assert ((quantiles >= FLOOR) & (quantiles <= LEVELS[-1])).all()


def test_quantiles_are_those_of_a_known_distribution():
    levels = np.linspace(-9.0, -2.0, 701)
    uniform = np.clip((-3.0 - levels) / 5.0, 0.0, 1.0)[None, :]  # between 1e-8 and 1e-3
    assert quantiles_of(uniform, levels, [0.1, 0.5, 0.9]) == pytest.approx(
        np.array([[-7.5, -5.5, -3.5]]), abs=0.02
    )


def test_a_mass_at_nothing_is_told_as_nothing():
    chance = np.array([[0.3, 0.2, 0.1]])
    levels = np.array([-9.0, -6.0, -3.0])
    assert quantiles_of(chance, levels, [0.5, 0.75]).tolist() == [[FLOOR, -7.5]]


def test_a_higher_probability_now_is_a_higher_chance():
    told = forecast([event([x]) for x in (-9.0, -7.0, -5.0, -4.0)])["events"]
    chances = [one["chance_at_least_flag"] for one in told]
    assert chances == sorted(chances)
    assert chances[0] < 0.01 < 0.1 < chances[-1]


def test_the_same_probability_weighs_more_with_less_time_left():
    early, late = (event([-4.5], [days]) for days in (6.0, 1.0))
    told = forecast([early, late])["events"]
    assert told[1]["chance_at_least_flag"] > told[0]["chance_at_least_flag"]


def test_an_answer_tells_model_quantiles_and_persistence():
    told = forecast([event([-6.0, -4.0])], flag_pc=1e-6)
    (one,) = told["events"]
    assert told["model"]["name"] == "ssa-final-pc"
    assert one["flagged_by_persistence"]
    assert one["flagged"] == (one["chance_at_least_flag"] >= final_pc_in_use().least_chance)
    assert list(one["quantiles"]) == ["0.05", "0.25", "0.5", "0.75", "0.9", "0.95", "0.975"]


def test_what_cannot_be_foretold_is_told():
    with pytest.raises(InputError, match="no message made before its closest approach"):
        forecast([])
    with pytest.raises(InputError, match="flag_pc must be 3e-10 to 0.01, got 0.5"):
        forecast([event([-6.0])], flag_pc=0.5)


def test_the_command_tells_one_object(tmp_path):
    path = tmp_path / "history.csv"
    pl.concat([history(), history((6.0, 4.0), (1e-7, 3e-5), "B")]).write_csv(
        path, datetime_format="%Y-%m-%dT%H:%M:%S"
    )
    args = ["ssa", "forecast", "--history", str(path), "--lead", "2", "--json"]
    told = json.loads(CliRunner().invoke(app, args).stdout)
    assert [one["event_id"] for one in told["events"]] == ["A", "B"]
    assert [one["days_to_tca"] for one in told["events"]] == [3.0, 4.0]


def test_later_messages_change_nothing_about_the_past():
    whole = event([-6.0, -5.0, -4.0])
    cut = whole.until(2)
    assert known_of([cut]).tolist() == known_of([event([-6.0, -5.0], [3.0, 2.0])]).tolist()
    assert TCA - timedelta(days=2) < TCA
