"""How near two paths come, wherever along their orbits the two are."""

import numpy as np
import pytest

from skywright.ssa.element_sets import GM_EARTH_KM3_S2
from skywright.ssa.threats.coasting import least_apart_km

A_KM = 7000.0


def circle(phase_rad, a_km=A_KM, tilt_rad=0.0, drift=0.0, count=40):
    """States on a circular orbit, one a minute; ``drift`` is a rate beyond Kepler's [rad/min]."""
    speed = np.sqrt(GM_EARTH_KM3_S2 / a_km)
    angle = phase_rad + np.arange(count) * (60.0 * speed / a_km + drift)
    c, s, zero = np.cos(angle), np.sin(angle), np.zeros(count)
    r, v = np.stack([c, s, zero], axis=1) * a_km, np.stack([-s, c, zero], axis=1) * speed
    ct, st = np.cos(tilt_rad), np.sin(tilt_rad)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, ct, -st], [0.0, st, ct]])
    return np.ascontiguousarray(np.hstack([r @ turn.T, v @ turn.T]))


def test_neighbours_in_one_orbit_are_as_far_as_the_arc_between_them():
    assert least_apart_km(circle(0.0), circle(0.1)) == pytest.approx(0.1 * A_KM)


def test_a_tilt_changes_nothing_where_planes_meet():
    tilted = least_apart_km(circle(0.0), circle(0.1, tilt_rad=0.3))
    assert tilted == pytest.approx(0.1 * A_KM)


def test_one_that_overtakes_is_as_far_as_the_orbits_are_in_radius():
    passing = circle(0.02, a_km=A_KM + 15.0, drift=-1.5e-3)
    assert least_apart_km(circle(0.0), passing) == pytest.approx(15.0, abs=1e-6)


def test_nothing_is_overtaken_on_the_far_side_of_the_orbit():
    opposite = circle(np.pi - 0.02, drift=1.5e-3)
    assert least_apart_km(circle(0.0), opposite) > 0.9 * np.pi * A_KM
