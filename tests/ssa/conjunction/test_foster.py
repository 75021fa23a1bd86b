"""The two-dimensional probability: equal to brute force, down to the smallest numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.stats import ncx2

from skywright.ssa.conjunction.foster import encounter_plane, pc_2d, plane_axes

SIGMA = st.floats(0.01, 2.0)


def brute(miss, covariance, radius):
    inverse = np.linalg.inv(covariance)
    scale = 1.0 / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))

    def density(y, x):
        d = np.array([x, y]) - miss
        return scale * np.exp(-0.5 * d @ inverse @ d)

    edge = lambda x: np.sqrt(max(radius**2 - x**2, 0.0))  # noqa: E731
    return dblquad(density, -radius, radius, lambda x: -edge(x), edge, epsabs=0, epsrel=1e-9)[0]


@pytest.mark.parametrize(
    ("miss", "sigmas", "correlation", "radius"),
    [
        ((0.5, 0.1), (0.2, 0.15), 0.3, 0.015),
        ((0.0, 0.0), (0.02, 0.5), -0.8, 0.02),
        ((1.5, 0.0), (0.2, 0.1), 0.0, 0.02),
        ((0.01, 0.02), (0.01, 0.01), 0.5, 0.05),
    ],
)
def test_it_equals_brute_force(miss, sigmas, correlation, radius):
    a, b = sigmas
    covariance = np.array([[a * a, correlation * a * b], [correlation * a * b, b * b]])
    expected = brute(np.array(miss), covariance, radius)
    assert pc_2d([miss], [covariance], [radius])[0] == pytest.approx(expected, rel=1e-7)


# A circular Gaussian over a disc is a non-central chi-square with two degrees of freedom.
@given(sigma=SIGMA, ratio=st.floats(0.0, 20.0), radius=st.floats(0.001, 0.1))
def test_circular_uncertainty_is_a_chi_square(sigma, ratio, radius):
    miss = ratio * sigma
    expected = ncx2.cdf((radius / sigma) ** 2, 2, ratio**2)
    found = pc_2d([[miss, 0.0]], [np.eye(2) * sigma**2], [radius])[0]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(a=SIGMA, b=SIGMA, angle=st.floats(0, 3.1), x=st.floats(-3, 3), y=st.floats(-3, 3))
def test_turning_everything_changes_nothing(a, b, angle, x, y):
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s], [s, c]])
    covariance = np.diag([a * a, b * b])
    one = pc_2d([[x, y]], [covariance], [0.02])[0]
    two = pc_2d([turn @ [x, y]], [turn @ covariance @ turn.T], [0.02])[0]
    assert two == pytest.approx(one, rel=1e-4, abs=1e-200)


@given(st.floats(0.001, 0.05), st.floats(1.01, 3.0))
def test_a_larger_radius_is_never_less_probable(radius, more):
    covariance = np.array([[0.04, 0.01], [0.01, 0.02]])
    small, large = pc_2d([[0.3, 0.1]] * 2, [covariance] * 2, [radius, radius * more])
    assert small < large <= 1.0


def test_far_tails_keep_their_digits():
    found = pc_2d([[0.0, 3.0]], [np.eye(2) * 0.01], [0.0001])[0]
    # Density at the centre times the area, and the first term of its growth over the disc.
    assert found == pytest.approx(0.5e-6 * np.exp(-450.0) * (1 + 0.03**2 / 8), rel=1e-3)


def test_what_is_not_positive_definite_is_not_a_number():
    assert np.isnan(pc_2d([[1.0, 0.0]], [np.diag([1.0, -1.0])], [0.01])[0])


def test_the_plane_lies_across_the_velocity(make_conjunction):
    one = make_conjunction()
    axes = plane_axes(one.relative)
    assert axes @ one.relative[3:] == pytest.approx(np.zeros(2), abs=1e-12)
    assert axes @ axes.T == pytest.approx(np.eye(2), abs=1e-12)
    miss, covariance = encounter_plane(one)
    assert miss[1] == pytest.approx(0.0, abs=1e-12)
    assert np.linalg.eigvalsh(covariance).min() > 0
