"""Histories of element sets: checked at the edge, propagated as the published SGP4 does."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from sgp4.api import Satrec

from skywright.errors import InputError
from skywright.ssa.element_sets import (
    checked_history,
    epochs_jd,
    satrecs,
    semi_major_axis_km,
    states_at,
)

# Satellite 00005, the first case of the SGP4 verification set (Vallado et al. 2006).
LINE1 = "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753"
LINE2 = "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667"


@pytest.fixture
def vanguard():
    return pl.DataFrame(
        {
            "norad_id": [5],
            "epoch_utc": [datetime(2000, 6, 27, 18, 50, 19, 733568, tzinfo=UTC)],
            "mean_motion_rev_day": [10.82419157],
            "eccentricity": [0.1859667],
            "inclination_deg": [34.2682],
            "raan_deg": [348.7242],
            "argp_deg": [331.7664],
            "mean_anomaly_deg": [19.3264],
            "bstar": [0.28098e-4],
        }
    )


# Vallado et al. (2006), AIAA 2006-6753, tcppver.out: 00005 at 0 and 360 minutes. The epoch
# of a table is rounded to a microsecond: 7 mm along the orbit.
@pytest.mark.parametrize(
    ("minutes", "r"),
    [
        (0.0, (7022.46529266, -1400.08296755, 0.03995155)),
        (360.0, (-7154.03120202, -3783.17682504, -3536.19412294)),
    ],
)
def test_states_are_those_of_the_verification_set(vanguard, minutes, r):
    jd, fraction = epochs_jd(vanguard)
    found = states_at(satrecs(vanguard), jd, fraction + minutes / 1440)
    assert found[0, :3] == pytest.approx(r, abs=1e-4)


def test_elements_and_lines_give_the_same_orbit(vanguard):
    jd, fraction = epochs_jd(vanguard)
    _, r, _ = Satrec.twoline2rv(LINE1, LINE2).sgp4(jd[0], fraction[0] + 1.0)
    found = states_at(satrecs(vanguard), jd, fraction + 1.0)
    assert found[0, :3] == pytest.approx(r, abs=1e-3)


def test_a_decayed_orbit_gives_no_state(vanguard):
    low = vanguard.with_columns(mean_motion_rev_day=pl.lit(17.5), eccentricity=pl.lit(0.2))
    assert np.isnan(states_at(satrecs(low), *epochs_jd(low))).all()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("eccentricity", 1.2, "eccentricity must be 0 to 0.999999, got 1.2 in row 0"),
        ("mean_motion_rev_day", float("nan"), "mean_motion_rev_day must be .* got nan in row 0"),
        ("inclination_deg", None, "inclination_deg must be"),
    ],
)
def test_bad_elements_are_named(vanguard, column, value, said):
    with pytest.raises(InputError, match=said):
        checked_history(vanguard.with_columns(pl.lit(value).cast(pl.Float64).alias(column)))


def test_a_missing_column_is_named(vanguard):
    with pytest.raises(InputError, match="no column bstar"):
        checked_history(vanguard.drop("bstar"))


def test_an_empty_history_is_refused(vanguard):
    with pytest.raises(InputError, match="empty"):
        checked_history(vanguard.head(0))


def test_one_revolution_a_day_is_a_geosynchronous_orbit():
    assert semi_major_axis_km(1.00273791) == pytest.approx(42164, abs=5)
