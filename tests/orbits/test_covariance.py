"""Covariances: checked, turned into clones that have them, refused when they are none."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import OrbitError
from skywright.orbits.covariance import cloud_from_elements, cloud_from_state, validated_covariance
from skywright.orbits.elements import Elements, elements_from_state, state_from_elements

EPOCH = 2461000.5
ORBIT = Elements(*(np.array([x]) for x in (0.75, 0.19, 0.058, 3.56, 2.21, EPOCH - 114.0)))
SIGMA = np.array([1e-7, 2e-7, 1e-4, 3e-5, 4e-5, 1e-5])  # e, q, tp, node, peri, i


def covariance(rho=0.6):
    """Neighbouring entries correlated by ``rho``."""
    distance = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    return rho**distance * np.outer(SIGMA, SIGMA)


def test_clones_over_the_elements_have_the_covariance_they_were_drawn_from():
    cloud = cloud_from_elements(ORBIT, EPOCH, covariance())
    z = np.random.default_rng(1).standard_normal((40_000, 6))
    el = elements_from_state(cloud.states(z), EPOCH)
    degrees = [np.degrees(part) for part in (el.node, el.peri, el.i)]
    drawn = np.column_stack([el.e, el.q_au, el.tp_jd_tdb - EPOCH, *degrees])
    sampled = np.cov(drawn.T) / np.outer(SIGMA, SIGMA)
    # A sampled correlation of 40,000 errs by 0.005; node and peri wrap nowhere near here.
    assert_allclose(sampled, covariance() / np.outer(SIGMA, SIGMA), rtol=0, atol=0.03)


def test_zero_is_the_nominal_orbit():
    state = state_from_elements(ORBIT, EPOCH)[0]
    matrix = np.diag([1e-16] * 3 + [1e-20] * 3)
    for cloud in (cloud_from_elements(ORBIT, EPOCH, covariance()),
                  cloud_from_state(state, EPOCH, matrix)):  # fmt: skip
        assert_allclose(cloud.states(np.zeros((1, 6)))[0], state, rtol=0, atol=1e-14)


def test_cartesian_sigma_moves_a_state_by_one_sigma():
    state = state_from_elements(ORBIT, EPOCH)[0]
    sigma = np.array([1e-8, 2e-8, 3e-8, 1e-10, 2e-10, 3e-10])
    cloud = cloud_from_state(state, EPOCH, np.diag(sigma**2))
    moved = cloud.states(np.eye(6)) - state
    assert_allclose(np.sum(moved**2, axis=0), sigma**2, rtol=1e-6)


def test_nearly_singular_matrix_with_rounding_is_taken():
    line = np.outer(SIGMA, SIGMA) * (1 + 1e-12 * np.eye(6))
    rounded = np.array([[float(f"{x:.10e}") for x in row] for row in line])
    assert np.linalg.eigvalsh(validated_covariance(rounded) / np.outer(SIGMA, SIGMA)).min() > -1e-9


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda m: m * -1, "negative variance"),
        (lambda m: m + np.triu(m, 1), "symmetric"),
        (lambda m: np.where(np.eye(6) > 0, m, 5 * m), "covariance"),
        (lambda m: np.where(m == m.max(), np.nan, m), "finite"),
    ],
)
def test_what_is_no_covariance_is_refused(spoil, sentence):
    with pytest.raises(OrbitError, match=sentence):
        validated_covariance(spoil(covariance(0.9)))
