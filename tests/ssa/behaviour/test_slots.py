"""Slots: 128 of them, blind to names and order, causal, and moved by what they describe."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.ssa.behaviour.slots import SLOTS, behaviour_vector, table_markdown
from skywright.ssa.conjunction.growth import position_sigmas_km
from tests.ssa.detection.test_residuals import EPOCH, satellite

AT = EPOCH + timedelta(days=40, hours=3)
NAMES = [slot.name for slot in SLOTS]


def slot(vector, name):
    return vector[NAMES.index(name)]


@pytest.fixture(scope="module")
def quiet():
    return satellite(days=40, noise_m=0.3)


@pytest.fixture(scope="module")
def burnt():
    return satellite(((30, 20.0),), days=40, noise_m=0.3)


def test_there_are_128_in_their_groups():
    groups = {name: sum(s.group == name for s in SLOTS) for name in {s.group for s in SLOTS}}
    assert len(set(NAMES)) == 128
    assert groups == {
        "regime": 10, "cadence": 6, "residuals": 36, "changes": 30, "trends": 12, "burns": 16,
        "relation": 18,
    }  # fmt: skip
    assert all(s.description for s in SLOTS)
    assert table_markdown().count("\n") == 129


def test_the_orbit_is_told(quiet):
    vector = behaviour_vector(quiet, AT)
    assert slot(vector, "inclination_deg") == pytest.approx(66.04)
    assert slot(vector, "perigee_km") == pytest.approx(1331, abs=10)
    assert np.isnan(slot(vector, "longitude_sin"))
    assert np.isnan(slot(vector, "range_km"))


def test_a_burn_shows(quiet, burnt):
    one, two = (behaviour_vector(table, AT) for table in (quiet, burnt))
    assert slot(two, "burns") == 1.0
    assert slot(one, "burns") == 0.0
    # dv = v da / (2 a): 20 m at 7,715 km and 7,188 m/s.
    assert slot(two, "burn_last_m_s") == pytest.approx(9.3e-3, rel=0.2)
    assert slot(two, "burn_since_d") == pytest.approx(10.6, abs=0.6)
    assert slot(two, "axis_most") > 3 * slot(one, "axis_most")


def test_names_and_order_of_rows_do_not_matter(burnt):
    other = burnt.with_columns(norad_id=burnt["norad_id"] + 7).sample(fraction=1.0, shuffle=True)
    assert behaviour_vector(other, AT) == pytest.approx(behaviour_vector(burnt, AT), nan_ok=True)


def test_rows_that_repeat_do_not_matter(quiet):
    doubled = pl.concat([quiet, quiet.tail(5)])
    assert behaviour_vector(doubled, AT) == pytest.approx(behaviour_vector(quiet, AT), nan_ok=True)


def test_what_was_not_received_does_not_count(quiet, burnt):
    before = EPOCH + timedelta(days=29, hours=3)
    one, two = (behaviour_vector(table, before) for table in (quiet.head(30), burnt))
    assert two == pytest.approx(one, nan_ok=True)


def test_the_relation_is_known_with_an_asset(quiet):
    asset = quiet.with_columns(mean_anomaly_deg=pl.col("mean_anomaly_deg") + 0.5)
    vector = behaviour_vector(quiet, AT, asset=asset)
    apart = 2 * np.radians(0.5) / 2 * slot(vector, "axis_km")
    assert slot(vector, "relative_longitude_km") == pytest.approx(-apart, rel=0.01)
    assert slot(vector, "range_km") == pytest.approx(apart, rel=0.05)
    assert slot(vector, "coplanar_days") == 30.0


def test_one_set_is_not_much(quiet):
    vector = behaviour_vector(quiet.head(1), AT)
    assert np.isfinite(vector[:6]).all()
    assert np.isnan(slot(vector, "axis_most"))


def test_nothing_received_is_a_sentence(quiet):
    with pytest.raises(InputError, match="No element set of the object had been received"):
        behaviour_vector(quiet, EPOCH - timedelta(days=1))


# Growth of public sets of three Sentinels: 0.3-0.7 km at a day, 2-7 at seven, 18-24 at fourteen.
@pytest.mark.parametrize(("age", "low", "high"), [(1, 0.3, 0.9), (7, 2.0, 7.5), (14, 16.0, 24.0)])
def test_errors_grow_as_published(age, low, high):
    assert low <= position_sigmas_km(age)[1] <= high
