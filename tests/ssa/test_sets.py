"""Sets of one object as arrays: the same states and elements as by table."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from skywright.ssa.element_sets import epochs_jd, satrecs, states_at
from skywright.ssa.relative_elements import mean_elements
from skywright.ssa.sets import Sets

EPOCH = datetime(2024, 3, 1, 7, 13, 21, 123456)  # noqa: DTZ001 - UTC


@pytest.fixture
def history():
    motions = [14.34, 14.35, 2.005, 1.0027, 15.9]
    n = len(motions)
    return pl.DataFrame(
        {
            "norad_id": [1] * n,
            "epoch_utc": [EPOCH + timedelta(days=1.1 * k) for k in range(n)],
            "mean_motion_rev_day": motions,
            "eccentricity": [0.001, 0.02, 0.7, 0.0003, 0.0005],
            "inclination_deg": [98.5, 51.6, 63.4, 0.1, 97.0],
            "raan_deg": np.linspace(0.0, 300.0, n),
            "argp_deg": np.linspace(10.0, 350.0, n),
            "mean_anomaly_deg": np.linspace(5.0, 340.0, n),
            "bstar": [1e-4, -1e-5, 0.0, 0.0, 3e-3],
        }
    )


def test_states_near_and_far_are_the_librarys(history):
    jd, fraction = epochs_jd(history)
    found = Sets.of(history).states(np.arange(5), jd, fraction + 1.3)
    expected = states_at(satrecs(history), jd, fraction + 1.3)
    assert np.isfinite(expected).all()
    assert found == pytest.approx(expected, rel=0, abs=1e-6)


def test_elements_are_those_of_the_table(history):
    assert Sets.of(history).elements == pytest.approx(mean_elements(history), abs=1e-12)


def test_rows_are_a_smaller_history(history):
    one, two = Sets.of(history).rows(slice(-2, None)), Sets.of(history.tail(2))
    assert len(one) == 2
    assert np.array_equal(one.given, two.given)
    assert np.array_equal(one.days, two.days)


def test_the_latest_set_is_asked_and_the_first_before_it(history):
    sets = Sets.of(history)
    asked = np.array([-1.0, 0.0, 1.05, 1.1, 99.0])
    rows = sets.latest(np.full(5, sets.jd[0]), sets.fraction[0] + asked + 1e-9)
    assert rows.tolist() == [0, 0, 0, 1, 4]


def test_a_rate_that_is_not_told_is_zero(history):
    told = history.with_columns(pl.Series("ndot_rev_day2", [1e-5, None, None, None, None]))
    assert Sets.of(history).ndot_rev_day2 is None
    assert Sets.of(told).ndot_rev_day2.tolist() == [1e-5, 0.0, 0.0, 0.0, 0.0]
