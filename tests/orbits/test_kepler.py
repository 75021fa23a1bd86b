"""Kepler's equation and two-body motion: published examples and conserved quantities."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import OrbitError
from skywright.orbits.constants import AU_KM, DAY_S, GM_SUN
from skywright.orbits.elements import Elements, state_from_elements
from skywright.orbits.kepler import eccentric_anomaly, propagate_two_body, stumpff

ARCSEC = math.radians(1 / 3600)
EPOCH = 2459000.5


# Vallado (2013), example 2-1: M = 235.4 deg, e = 0.4 gives E = 220.512074767522 deg.
# Meeus (1998), example 30.a: M = 5 deg, e = 0.1 gives E = 5.554589 deg.
# Meeus (1998), table in chapter 30: M = 0.2 rad, e = 0.99 gives E = 1.066997365282 rad.
@pytest.mark.parametrize(
    ("mean_rad", "e", "expected_rad", "tol"),
    [
        pytest.param(math.radians(235.4), 0.4, math.radians(220.512074767522), 1e-13, id="vallado"),
        pytest.param(math.radians(5), 0.1, math.radians(5.554589), 0.002 * ARCSEC, id="meeus-30a"),
        pytest.param(0.2, 0.99, 1.066997365282, 1e-12, id="meeus-steep"),
    ],
)
def test_eccentric_anomaly_is_the_published_one(mean_rad, e, expected_rad, tol):
    found = eccentric_anomaly(e, mean_rad) % math.tau
    assert_allclose(found, expected_rad, rtol=0, atol=tol)


def test_hyperbolic_anomaly_is_the_published_one():
    # Vallado (2013), example 2-2: M = 235.4 deg, e = 2.4 gives H = 1.6013761449 rad.
    found = eccentric_anomaly(2.4, math.radians(235.4))
    assert_allclose(found, 1.601376144, rtol=0, atol=1e-9)


def test_parabola_is_the_published_one():
    # Vallado (2013), example 2-3: p = 25,512 km, 53.7874 min after perigee, nu = 81.65155... deg
    # from tan(nu/2) = 0.817751; GM 398600.4418 km^3/s^2.
    gm = 398_600.4418 * DAY_S**2 / AU_KM**3
    q = 0.5 * 25_512.0 / AU_KM
    orbit = Elements(*(np.array([v]) for v in (q, 1.0, 0.0, 0.0, 0.0, EPOCH)))
    x, y = state_from_elements(orbit, EPOCH + 53.7874 / 1440, gm)[0, :2]
    assert_allclose(math.tan(math.atan2(y, x) / 2), 0.817751, rtol=0, atol=2e-6)


@given(st.floats(0, 0.999), st.floats(-math.pi, math.pi))
def test_eccentric_anomaly_satisfies_the_equation(e, mean):
    E = float(eccentric_anomaly(e, mean))
    assert_allclose(E - e * math.sin(E), mean, rtol=0, atol=2e-15 * math.pi)


@given(st.floats(1.0001, 20), st.floats(-1000, 1000))
def test_hyperbolic_anomaly_satisfies_the_equation(e, mean):
    H = float(eccentric_anomaly(e, mean))
    assert_allclose(e * math.sinh(H) - H, mean, rtol=1e-13, atol=1e-15)


def test_nothing_is_lost_near_the_parabola():
    # The orbit changes smoothly with e: the middle of e = 1 -/+ d is e = 1 up to order d^2.
    def place(e):
        orbit = Elements(*(np.array([v]) for v in (0.3, e, 0.5, 1.0, 2.0, EPOCH)))
        return state_from_elements(orbit, EPOCH + 400.0)[0]

    for gap in (1e-13, 1e-10, 1e-7):
        middle = 0.5 * (place(1 - gap) + place(1 + gap))
        assert_allclose(middle, place(1.0), rtol=0, atol=1e-14 + 100 * gap**2)


@pytest.mark.parametrize("psi", [9.9, 1.0, 1e-9, 0.0, -1e-9, -9.9, -10.1, -400.0])
def test_stumpff_functions_satisfy_their_recurrence(psi):
    c = stumpff(psi)
    for n, factorial in enumerate([1, 1, 2, 6]):
        assert_allclose(c[n], 1 / factorial - psi * c[n + 2], rtol=1e-13, atol=3e-16)


def test_stumpff_functions_are_cosine_and_sine():
    c = stumpff(4.0)
    assert_allclose(c[:2], [math.cos(2), math.sin(2) / 2], rtol=0, atol=1e-15)


orbits = st.tuples(
    st.floats(0.05, 10),
    st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 3)),
    st.floats(0, math.pi),
    st.floats(0, math.tau),
    st.floats(0, math.tau),
    st.floats(EPOCH - 500, EPOCH + 500),
)


@settings(max_examples=200, deadline=None)
@given(orbits, st.floats(-3000, 3000))
def test_energy_and_angular_momentum_stay_on_a_kepler_arc(orbit, dt_d):
    start = state_from_elements(Elements(*(np.array([v]) for v in orbit)), EPOCH)
    end = propagate_two_body(start, dt_d)

    def laws(state):
        r, v = state[0, :3], state[0, 3:]
        kinetic, potential = 0.5 * v @ v, GM_SUN / np.linalg.norm(r)
        return kinetic - potential, np.cross(r, v), kinetic + potential

    (energy, h, size), (energy_after, h_after, size_after) = laws(start), laws(end)
    assert abs(energy_after - energy) <= 1e-12 * max(size, size_after)
    scale = np.linalg.norm(h)
    reach = max(np.linalg.norm(s[0, :3]) * np.linalg.norm(s[0, 3:]) for s in (start, end))
    assert np.linalg.norm(h_after - h) <= 1e-13 * scale + 1e-15 * reach


def test_one_revolution_leads_back():
    state = np.array([[1.0, 0.1, 0.2, 0.001, 0.015, 0.002]])
    r, v2 = np.linalg.norm(state[0, :3]), state[0, 3:] @ state[0, 3:]
    a = 1 / (2 / r - v2 / GM_SUN)
    period_d = math.tau * math.sqrt(a**3 / GM_SUN)
    assert_allclose(propagate_two_body(state, period_d), state, rtol=0, atol=1e-13)


def test_motion_is_the_same_backwards():
    state = np.array([[0.3, -1.0, 0.2, 0.02, 0.011, -0.003]])
    there = propagate_two_body(state, 700.0)
    assert_allclose(propagate_two_body(there, -700.0), state, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ([1.0, 0, 0, 0.01, 0, 0], r"row 0 moves along its own radius"),
        ([math.nan, 0, 0, 0, 0.01, 0], r"row 0 has a NaN"),
        ([1.0, 0, 0], r"six columns"),
    ],
)
def test_state_without_an_orbit_is_refused(state, words):
    with pytest.raises(OrbitError, match=words):
        propagate_two_body(state, 1.0)


@pytest.mark.parametrize("e", [-0.1, 1.0, math.nan])
def test_keplers_equation_refuses_what_it_cannot_solve(e):
    with pytest.raises(OrbitError, match=rf"got e={e:.6g}"):
        eccentric_anomaly([0.1, e], 0.0)
