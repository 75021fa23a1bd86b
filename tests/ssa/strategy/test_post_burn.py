"""The orbit after a burn: mean elements that give its state, and what comes near it."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.element_sets import moment_jd, satrecs
from skywright.ssa.strategy.post_burn import (
    OWN,
    CatalogueScreening,
    Screened,
    elements_of_state,
    in_teme,
)

AT = datetime(2024, 7, 6, 3, 0)  # noqa: DTZ001 - UTC


def state_of(row, at=AT):
    (one,) = satrecs(row)
    error, r, v = one.sgp4(*moment_jd(at))
    assert error == 0
    return np.array([*r, *v])


def orbit(i_deg=53.0, e=0.001, motion=15.05, **more):
    told = {
        "norad_id": 7, "epoch_utc": AT, "mean_motion_rev_day": motion, "eccentricity": e,
        "inclination_deg": i_deg, "raan_deg": 40.0, "argp_deg": 80.0, "mean_anomaly_deg": 10.0,
        "bstar": 1e-4,
    }  # fmt: skip
    return pl.DataFrame([told | more])


@given(st.floats(0.01, 140.0), st.floats(1e-5, 0.3), st.floats(0.9, 15.3), st.floats(0.0, 359.0))
def test_the_elements_of_a_state_give_the_state(i_deg, e, motion, anomaly):
    low = 6378.0 + 250.0
    if (398600.8 / (motion * 2 * np.pi / 86400) ** 2) ** (1 / 3) * (1 - e) < low:
        e = 1e-4
    state = state_of(orbit(i_deg, e, motion, mean_anomaly_deg=anomaly))
    again = state_of(elements_of_state(state, AT, 1e-4))
    np.testing.assert_allclose(again[:3], state[:3], atol=2e-6)
    np.testing.assert_allclose(again[3:], state[3:], atol=2e-9)


# Vallado et al. 2006, AIAA 2006-6753, appendix C: TEME and J2000 of 2004-04-06 07:51:28.386 UTC.
def test_frames_agree_with_the_published_example():
    at = datetime(2004, 4, 6, 7, 51, 28, 386009)  # noqa: DTZ001 - UTC
    j2000 = [5102.50960, 6123.01152, 6378.13630, -4.7432196, 0.7905366, 5.5337561]
    teme = [5094.18016, 6127.64465, 6380.34453, -4.7461314, 0.7858180, 5.5319312]
    told = in_teme(np.array(j2000), "EME2000", at)
    np.testing.assert_allclose(told[:3], teme[:3], atol=2e-3)
    np.testing.assert_allclose(told[3:], teme[3:], atol=2e-6)
    np.testing.assert_array_equal(in_teme(np.array(teme), "TEME", at), teme)


def test_another_frame_is_refused():
    with pytest.raises(InputError, match=r"The frame must be TEME, .* got 'MOD'"):
        in_teme(np.zeros(6), "MOD", AT)


@pytest.fixture(scope="module")
def burnt():
    return state_of(orbit())


def crossing(burnt, after_s, offset_km, number=50):
    """An object that passes the burnt orbit at a distance, some time later, across its plane."""
    own = elements_of_state(burnt, AT)
    when = AT + timedelta(seconds=after_s)
    here = state_of(own, when)
    up = here[:3] / np.linalg.norm(here[:3])
    across = np.cross(here[:3], here[3:])
    across *= np.linalg.norm(here[3:]) / np.linalg.norm(across)
    other = np.concatenate([here[:3] + offset_km * up, across])
    return elements_of_state(other, when).with_columns(norad_id=pl.lit(number, pl.Int64))


def test_what_comes_near_within_the_span_is_found(burnt):
    catalogue = pl.concat([crossing(burnt, 7200.0, 0.4), crossing(burnt, 9000.0, 3.0, 51)])
    found = CatalogueScreening(catalogue, km=1.0)(burnt, AT, 4 * 3600.0)
    assert found.norad_id == 50
    assert found.nearest_km == pytest.approx(0.4, abs=0.02)
    assert abs((found.tca_utc - AT).total_seconds() - 7200.0) < 2.0


def test_what_is_spared_far_or_later_does_not_count(burnt):
    near = crossing(burnt, 7200.0, 0.4)
    assert CatalogueScreening(near, 1.0, (50,))(burnt, AT, 14400.0) == Screened(np.inf)
    assert CatalogueScreening(near, 0.3)(burnt, AT, 14400.0) == Screened(np.inf)
    assert CatalogueScreening(near, 1.0)(burnt, AT, 1800.0) == Screened(np.inf)


def test_objects_of_other_heights_are_left_out(burnt):
    higher = orbit(motion=12.0, norad_id=60)
    assert CatalogueScreening(higher, 1.0)._within_reach(burnt).is_empty()
    assert OWN not in higher["norad_id"]


@pytest.mark.parametrize("km", [0.0, -1.0, 51.0, float("nan")])
def test_a_distance_out_of_range_is_refused(km):
    with pytest.raises(InputError, match="post_burn_km must be more than 0"):
        CatalogueScreening(orbit(), km)


def test_an_orbit_into_the_ground_is_told(burnt):
    slow = burnt * np.array([1, 1, 1, 0.9, 0.9, 0.9])
    with pytest.raises(InputError, match="has its perigee at"):
        elements_of_state(slow, AT)
