"""Relative elements: zero for oneself, and the relative motion they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sgp4.api import WGS72, Satrec

from skywright.orbits.frames import rtn_basis
from skywright.ssa.element_sets import EARTH_RADIUS_KM, GM_EARTH_KM3_S2
from skywright.ssa.relative_elements import brouwer_axis_km, carried, relative_elements

ANGLE = st.floats(0.0, 6.28)


def position(elements):
    """Two-body position of a nearly circular orbit [km]."""
    a, e, i, node, argp, anomaly = elements
    E = anomaly
    for _ in range(50):
        E = anomaly + e * np.sin(E)
    x, y = a * (np.cos(E) - e), a * np.sqrt(1 - e**2) * np.sin(E)
    n = np.sqrt(GM_EARTH_KM3_S2 / a**3)
    rate = n / (1 - e * np.cos(E))
    vx, vy = -a * np.sin(E) * rate, a * np.sqrt(1 - e**2) * np.cos(E) * rate
    c, s = np.cos, np.sin
    P = np.array(
        [
            [c(node) * c(argp) - s(node) * s(argp) * c(i)],
            [s(node) * c(argp) + c(node) * s(argp) * c(i)],
            [s(argp) * s(i)],
        ]
    )
    Q = np.array(
        [
            [-c(node) * s(argp) - s(node) * c(argp) * c(i)],
            [-s(node) * s(argp) + c(node) * c(argp) * c(i)],
            [c(argp) * s(i)],
        ]
    )
    return np.concatenate([(P * x + Q * y)[:, 0], (P * vx + Q * vy)[:, 0]])


@given(e=st.floats(0, 0.7), i=st.floats(0, 3.1), node=ANGLE, argp=ANGLE, anomaly=ANGLE)
def test_nothing_is_relative_to_itself(e, i, node, argp, anomaly):
    one = np.array([7000.0, e, i, node, argp, anomaly])
    assert relative_elements(one, one) == pytest.approx(np.zeros(6), abs=1e-9)


# D'Amico and Montenbruck (2006), eq. 2: radial and cross-track offsets of a near-circular orbit.
@given(u=ANGLE, shift=st.lists(st.floats(-1e-4, 1e-4), min_size=6, max_size=6))
def test_they_stand_for_the_relative_motion(u, shift):
    asset = np.array([7000.0, 1e-6, 1.2, 0.4, 0.0, u])
    other = asset + np.array([7000 * shift[0], abs(shift[1]), *shift[2:]])
    da, _, dex, dey, dix, diy = relative_elements(asset, other)
    state = position(asset)
    rtn = rtn_basis(state).reshape(3, 3) @ (position(other)[:3] - state[:3])
    assert rtn[0] == pytest.approx(da - dex * np.cos(u) - dey * np.sin(u), abs=0.02)
    assert rtn[2] == pytest.approx(dix * np.sin(u) - diy * np.cos(u), abs=0.02)


def test_equatorial_planes_differ_by_the_angle_between_them():
    asset = np.array([42164.0, 0.0, 0.0, 0.3, 0.0, 0.0])
    other = np.array([42164.0, 0.0, 0.01, 1.0, 0.0, 0.0])
    found = relative_elements(asset, other)
    assert np.hypot(found[4], found[5]) == pytest.approx(42164.0 * 0.01, rel=1e-3)


# A sun-synchronous node moves by 360 degrees in a year of 365.2422 days (Vallado 2013, 11.4.1).
def test_a_sun_synchronous_node_follows_the_sun():
    orbit = np.array([7178.1, 0.0, np.radians(98.6), 0.0, 0.0, 0.0])
    node = carried(orbit, 1.0)[3]
    assert np.degrees(node) == pytest.approx(360 / 365.2422, rel=0.01)


def test_the_axis_is_that_of_sgp4():
    one = Satrec()
    n = 14.2 * 2 * np.pi / 1440
    one.sgp4init(WGS72, "i", 5, 20000.0, 0.0, 0.0, 0.0, 0.01, 0.1, 1.1, 0.3, n, 0.4)
    expected = one.a * EARTH_RADIUS_KM
    found = brouwer_axis_km(np.array(14.2), np.array(0.01), np.array(1.1))
    assert float(found) == pytest.approx(expected, abs=1e-6)
