"""Frames: published rotations and the axes of an orbit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import OrbitError
from skywright.orbits.frames import (
    ecliptic_from_equatorial,
    equatorial_from_ecliptic,
    inertial_from_rtn,
    rtn_basis,
)

numbers = st.floats(-10, 10)


def direction(longitude_deg, latitude_deg):
    longitude, latitude = math.radians(longitude_deg), math.radians(latitude_deg)
    return [
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    ]


def test_pollux_is_where_meeus_puts_it():
    # Meeus (1998), example 13.a: Pollux, J2000: alpha 116.328942, delta +28.026183 deg gives
    # longitude 113.215630, latitude +6.684170 deg.
    found = ecliptic_from_equatorial(direction(116.328942, 28.026183))
    assert_allclose(found, direction(113.215630, 6.684170), rtol=0, atol=math.radians(1e-6))


@given(st.lists(numbers, min_size=6, max_size=6))
def test_turning_there_and_back_changes_nothing(values):
    there = equatorial_from_ecliptic(values)
    assert_allclose(ecliptic_from_equatorial(there), values, rtol=0, atol=1e-13)


def test_positions_and_velocities_turn_alike():
    found = equatorial_from_ecliptic(np.array([[0, 1.0, 0, 0, 1.0, 0]]))
    assert found.shape == (1, 6)
    assert_allclose(found[0, :3], found[0, 3:], rtol=0, atol=0)


def test_axes_of_a_circle_are_radius_velocity_and_pole():
    basis = rtn_basis([[2.0, 0, 0, 0, 0.01, 0]])[0]
    assert_allclose(basis, np.eye(3), rtol=0, atol=0)


@given(st.lists(st.floats(0.1, 1), min_size=6, max_size=6))
def test_axes_are_right_handed_and_of_unit_length(values):
    state = np.array(values) * [1, -1, 1, 1, 1, -1]
    basis = rtn_basis(state)[0]
    assert_allclose(basis @ basis.T, np.eye(3), rtol=0, atol=1e-12)
    assert_allclose(np.linalg.det(basis), 1.0, rtol=0, atol=1e-12)


def test_push_along_track_points_with_the_velocity():
    state = [[0.0, 1.0, 0.0, -0.017, 0.0, 0.0]]
    found = inertial_from_rtn(state, [[0.0, 1e-6, 0.0]])
    assert_allclose(found, [[-1e-6, 0, 0]], rtol=0, atol=1e-20)


def test_fall_along_the_radius_has_no_axes():
    with pytest.raises(OrbitError, match="angular momentum 0"):
        rtn_basis([[1.0, 0, 0, 0.01, 0, 0]])
