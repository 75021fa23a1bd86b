"""Statistics of real sets: scatter is measured as it is, and sets near burns do not count."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from skywright.ssa.element_sets import epochs_jd
from skywright.ssa.relative_elements import carried, mean_elements
from skywright.ssa.simulation.observation_training import deviations, statistics_of

START = datetime(2021, 6, 1)  # noqa: DTZ001 - tables hold UTC without a zone
NO_BURNS = pl.Series([], dtype=pl.Datetime("us"))


def history(n=120, scatter_km=0.0, seed=1):
    """Sets of one orbit carried by J2, each off along the track by a scatter."""
    random = np.random.default_rng(seed)
    days = np.sort(random.uniform(0.0, 1.0, n)) * 0.2 + np.arange(n)
    first = pl.DataFrame(
        {
            "norad_id": [1],
            "epoch_utc": [START],
            "mean_motion_rev_day": [14.2],
            "eccentricity": [0.001],
            "inclination_deg": [98.0],
            "raan_deg": [10.0],
            "argp_deg": [40.0],
            "mean_anomaly_deg": [20.0],
            "bstar": [1e-4],
        }
    )
    moved = carried(np.repeat(mean_elements(first), n, axis=0), days)
    off = random.normal(0.0, scatter_km, n) / moved[0, 0]
    table = pl.concat([first] * n)
    return table.with_columns(
        epoch_utc=pl.Series([START + timedelta(days=float(d)) for d in days]),
        raan_deg=pl.Series(np.degrees(moved[:, 3]) % 360.0),
        argp_deg=pl.Series(np.degrees(moved[:, 4]) % 360.0),
        mean_anomaly_deg=pl.Series(np.degrees(moved[:, 5] + off) % 360.0),
    )


@pytest.mark.parametrize("scatter_km", [0.1, 2.0])
def test_the_scatter_of_sets_is_measured(scatter_km):
    found = deviations(history(300, scatter_km), NO_BURNS, 14.0)["deviation_km"][:, 1]
    assert np.nanstd(found) == pytest.approx(scatter_km, rel=0.15)


def test_a_smooth_orbit_has_no_deviations():
    found = deviations(history(), NO_BURNS, 14.0)["deviation_km"]
    assert np.nanmax(np.abs(found)) < 1e-3


def test_sets_whose_neighbours_hold_a_burn_do_not_count():
    table = history()
    burn = table["epoch_utc"][60]
    found = deviations(table, pl.Series([burn]), 14.0)["deviation_km"]
    assert np.isnan(found[58:66]).all()
    assert np.isfinite(found[30:50]).all()


def test_sets_far_from_their_neighbours_do_not_count():
    found = deviations(history(), NO_BURNS, 4.0)["deviation_km"]
    assert np.isnan(found).all()


def test_intervals_are_those_of_the_epochs():
    table = history()
    days = np.add(*epochs_jd(table))
    found = deviations(table, NO_BURNS, 14.0)["interval_h"]
    assert found[1:] == pytest.approx(np.diff(days) * 24.0, abs=1e-3)


@pytest.mark.slow
def test_the_shipped_statistics_are_those_of_the_data(ssa_data):
    from skywright.ssa.simulation.observation import statistics

    made, held = statistics_of(ssa_data, 700), statistics()
    assert made["leo_interval_h"] == pytest.approx(held.interval_h["leo"])
    assert np.allclose(made["geo_deviation_km"], held.deviation_km["geo"], equal_nan=True)
