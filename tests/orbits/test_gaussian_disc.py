"""A plane Gaussian over a disc: closed forms, quadrature, limits, laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.stats import ncx2, norm

from skywright.orbits.gaussian_disc import disc_probability

sigma = st.floats(1e-3, 1e3)
offset = st.floats(-5, 5)


# Rayleigh: P(r < R) = 1 - exp(-R^2 / 2 s^2).
@pytest.mark.parametrize("s", [0.1, 0.5, 2.0, 40.0])
def test_centred_circle_is_rayleigh(s):
    expected = -np.expm1(-1 / (2 * s**2))
    assert disc_probability([0, 0], np.eye(2) * s**2, 1.0) == pytest.approx(expected, abs=1e-12)


# Off-centre circle: (r/s)^2 is non-central chi-square with two degrees of freedom.
@pytest.mark.parametrize(("miss", "s"), [(0.5, 0.3), (3.0, 1.0), (10.0, 4.0)])
def test_offset_circle_is_rice(miss, s):
    expected = ncx2.cdf(1 / s**2, 2, (miss / s) ** 2)
    assert disc_probability([miss, 0], np.eye(2) * s**2, 1.0) == pytest.approx(expected, abs=1e-11)


def test_ellipse_agrees_with_quadrature():
    cov, mean = np.array([[2.0, 0.9], [0.9, 1.0]]), np.array([0.7, -0.4])
    inverse, scale = np.linalg.inv(cov), 1 / (2 * np.pi * np.sqrt(np.linalg.det(cov)))

    def density(y, x):
        d = np.array([x, y]) - mean
        return scale * np.exp(-0.5 * d @ inverse @ d)

    expected = dblquad(density, -1, 1, lambda x: -np.sqrt(1 - x * x), lambda x: np.sqrt(1 - x * x))
    assert disc_probability(mean, cov, 1.0) == pytest.approx(expected[0], abs=1e-8)


# 2024 YR4 on the target plane: 0.8 km by 24,681 km. A line across the disc at half its radius.
def test_one_dimensional_cloud_is_a_chord():
    half = np.sqrt(1 - 0.25)
    expected = norm.cdf(half / 10) - norm.cdf(-half / 10)
    cov = np.diag([1e-16, 100.0])
    assert disc_probability([0.5, 0.0], cov, 1.0) == pytest.approx(expected, abs=1e-10)


@given(x=offset, y=offset, a=sigma, b=sigma, radius=st.floats(0.01, 10), grow=st.floats(1, 3))
def test_probability_lies_in_its_range_and_grows_with_the_radius(x, y, a, b, radius, grow):
    cov = np.diag([a**2, b**2])
    small, large = (disc_probability([x, y], cov, r) for r in (radius, radius * grow))
    assert 0 <= small <= large + 1e-12
    assert large <= 1 + 1e-12


@given(x=offset, y=offset, a=sigma, b=sigma, turn=st.floats(0, 6.3))
def test_turning_the_plane_changes_nothing(x, y, a, b, turn):
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, -sin], [sin, cos]])
    cov = np.diag([a**2, b**2])
    turned = disc_probability(rotation @ [x, y], rotation @ cov @ rotation.T, 1.0)
    assert turned == pytest.approx(disc_probability([x, y], cov, 1.0), abs=1e-8)
