"""Residuals: nothing for sets that agree, and the shift that a burn makes."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.ssa.detection.residuals import residuals
from skywright.ssa.element_sets import checked_history, satrecs, states_at
from skywright.ssa.relative_elements import carried, mean_elements

EPOCH = datetime(2024, 3, 1, tzinfo=UTC)


def satellite(steps_m=(), days=30, norad_id=90001, noise_m=0.0, seed=1):
    """Daily sets of a satellite at 1,336 km whose axis steps at (day, metres)."""
    random = np.random.default_rng(seed)
    start = {
        "norad_id": norad_id,
        "epoch_utc": EPOCH,
        "mean_motion_rev_day": 12.8093,
        "eccentricity": 0.0008,
        "inclination_deg": 66.04,
        "raan_deg": 50.0,
        "argp_deg": 270.0,
        "mean_anomaly_deg": 90.0,
        "bstar": 0.0,
    }
    rows, now = [start], mean_elements(checked_history(pl.DataFrame([start])))
    motion = start["mean_motion_rev_day"]
    for day in range(1, days):
        now = carried(now, 1.0)
        for at, step in steps_m:
            if at == day:
                ratio = 1.0 + step * 1e-3 / now[0, 0]
                motion *= ratio**-1.5
                now[0, 0] *= ratio
        _, _, _, node, argp, anomaly = np.degrees(now[0])
        told = motion * (1.0 - 1.5 * random.normal(0.0, noise_m) * 1e-3 / now[0, 0])
        moved = {"raan_deg": node % 360, "argp_deg": argp % 360, "mean_anomaly_deg": anomaly % 360}
        rows.append(start | moved | {
            "epoch_utc": EPOCH + timedelta(days=day), "mean_motion_rev_day": told,
        })  # fmt: skip
    return checked_history(pl.DataFrame(rows))


def test_sets_that_agree_miss_little():
    told = residuals(satellite())
    assert told.columns[:4] == ["norad_id", "epoch_utc", "interval_d", "axis_change_km"]
    assert told["radial_1_km"].abs().max() < 0.05
    assert told["intrack_1_km"].abs().max() < 0.5


# da = 0.1 km moves the longitude by 3 pi da a revolution (Vallado 2013, section 6.8).
def test_a_step_of_the_axis_shows_in_track_a_day_later():
    quiet, burnt = (residuals(satellite(steps)) for steps in ((), ((15, 100.0),)))
    missed = (burnt["intrack_1_km"] - quiet["intrack_1_km"]).to_numpy()
    assert missed[16] == pytest.approx(0.0, abs=0.05)
    four = (burnt["intrack_4_km"] - quiet["intrack_4_km"]).to_numpy()
    assert abs(four[18]) == pytest.approx(3 * np.pi * 0.1 * 12.8093 * 3, rel=0.01)


def test_what_has_no_set_before_is_null():
    told = residuals(satellite(days=5))
    assert told["intrack_4_km"].is_null().to_list() == [True] * 4 + [False]
    assert told["interval_d"].to_list()[0] is None


def test_objects_are_not_mixed():
    both = pl.concat([satellite(days=5), satellite(days=5, norad_id=90002)])
    told = residuals(both)
    assert told["radial_1_km"].is_null().to_list() == [True, *[False] * 4] * 2


def test_the_axes_are_those_of_the_set_itself():
    table = satellite(days=3)
    told = residuals(table, ahead=(1,))
    jd = 2460370.5 + 1.0
    own = states_at(satrecs(table[1:2]), np.array([jd]), np.array([0.0]))[0]
    before = states_at(satrecs(table[0:1]), np.array([jd]), np.array([0.0]))[0]
    radial = (before[:3] - own[:3]) @ own[:3] / np.linalg.norm(own[:3])
    assert told["radial_1_km"][1] == pytest.approx(radial, abs=1e-6)


def test_a_place_must_lie_before():
    with pytest.raises(InputError, match="ahead must be positive whole numbers"):
        residuals(satellite(days=3), ahead=(0,))
