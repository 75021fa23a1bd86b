"""A bad cell becomes a sentence with the row, the field, the value and what is allowed."""

import numpy as np
import polars as pl
import pytest

from skywright.errors import EphemerisRangeError, InputError, OrbitError
from skywright.neo import albedo, pha_network
from skywright.neo.objects import Orbits

# Apophis, JPL solution 220 rounded; only its shape matters here.
GOOD = {
    "designation": "2004 MN4",
    "epoch_jd_tdb": 2459000.5,
    "a_au": 0.9227,
    "e": 0.1914,
    "i_deg": 3.33,
    "node_deg": 204.45,
    "peri_deg": 126.4,
    "mean_anomaly_deg": 142.0,
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"e": -0.1}, r"row 1 \(2004 MN4\) has e = -0\.1; it must be an eccentricity >= 0"),
        ({"a_au": -1.0}, r"a_au = -1; it must be a_au > 0 where e < 1"),
        ({"e": 1.5}, r"a_au = 0\.9227; it must be a_au < 0 where e > 1"),
        ({"i_deg": 181.0}, r"i_deg = 181; it must be an inclination in \[0, 180\]"),
        ({"node_deg": float("nan")}, r"node_deg = nan; it must be a finite angle in degrees"),
        ({"e": None}, r"e = nan; it must be a finite number >= 0"),
        ({"mean_anomaly_deg": None}, r"neither a finite tp_jd_tdb nor a mean_anomaly_deg"),
    ],
)
def test_bad_value_is_refused(change, sentence):
    with pytest.raises(InputError, match=sentence):
        Orbits.from_table(pl.DataFrame([GOOD | change]))


@pytest.mark.parametrize("features", [albedo.features, pha_network.features])
def test_a_semi_major_axis_serves_where_the_perihelion_distance_is_null(features):
    mixed = pl.DataFrame(
        [GOOD | {"q_au": None, "h_mag": 19.1}, GOOD | {"q_au": 0.7, "h_mag": 19.1}]
    )
    from_a, from_q = features(mixed)
    assert np.isfinite(from_a).all()
    assert from_a[0] == pytest.approx(np.log10(0.9227 * (1 - 0.1914)))
    assert from_q[0] == pytest.approx(np.log10(0.7))


def test_text_in_a_number_column_is_refused():
    with pytest.raises(InputError, match="Column e must hold numbers, but has 'abc'"):
        Orbits.from_table(pl.DataFrame([GOOD | {"e": "abc"}]))


def test_missing_columns_are_listed():
    table = pl.DataFrame([GOOD]).drop("e", "mean_anomaly_deg")
    with pytest.raises(InputError, match=r"missing: e, tp_jd_tdb \(or mean_anomaly_deg\)"):
        Orbits.from_table(table, command="neo propagate")


def test_epoch_outside_the_ephemeris_is_refused():
    with pytest.raises(EphemerisRangeError, match="DE440 covers"):
        Orbits.from_table(pl.DataFrame([GOOD | {"epoch_jd_tdb": 3e6}]))


def test_modified_julian_date_is_recognised():
    with pytest.raises(EphemerisRangeError, match=r"add 2400000\.5"):
        Orbits.from_table(pl.DataFrame([GOOD | {"epoch_jd_tdb": 59000.0}]))


def test_angles_in_radians_are_recognised_in_a_longer_table():
    rng = np.random.default_rng(5)
    rows = [
        GOOD | dict(zip(("i_deg", "node_deg", "peri_deg"), rng.uniform(0, 3.1, 3), strict=True))
        for _ in range(12)
    ]
    with pytest.raises(InputError, match="look like radians"):
        Orbits.from_table(pl.DataFrame(rows))


def test_covariance_of_the_wrong_length_is_refused():
    with pytest.raises(InputError, match="covariance of 21 numbers; 36 are needed"):
        Orbits.from_table(pl.DataFrame([GOOD | {"covariance": [1.0] * 21}]))


def test_state_at_the_sun_is_refused():
    names = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")
    row = {"epoch_jd_tdb": 2459000.5} | dict.fromkeys(names, 0.0)
    with pytest.raises(OrbitError, match="away from the Sun's centre"):
        Orbits.from_table(pl.DataFrame([row]))
