"""Calibration: bins, slope, and the parts of the Brier score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit, logit

from skywright.errors import InputError
from skywright.foundry.evaluate.calibration import (
    bins_of,
    brier_parts,
    calibration_of,
    expected_error,
    slope_and_intercept,
)


def drawn(slope=1.0, intercept=0.0, rows=20_000, seed=1):
    random = np.random.default_rng(seed)
    chances = random.beta(2, 3, rows)
    return chances, random.random(rows) < expit(slope * logit(chances) + intercept)


def test_honest_probabilities_have_slope_one_and_little_error():
    chances, came_true = drawn()
    slope, intercept = slope_and_intercept(chances, came_true)
    assert_allclose([slope, intercept], [1.0, 0.0], atol=0.05)
    assert expected_error(chances, came_true) < 0.02


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, 0.3), (2.0, -0.5)])
def test_slope_and_intercept_are_recovered(slope, intercept):
    found = slope_and_intercept(*drawn(slope, intercept))
    assert_allclose(found, [slope, intercept], atol=0.06)


def test_slope_agrees_with_logistic_regression_without_penalty():
    from sklearn.linear_model import LogisticRegression

    chances, came_true = drawn(0.7, rows=500)
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(chances)[:, None], came_true)
    expected = [model.coef_[0, 0], model.intercept_[0]]
    assert_allclose(slope_and_intercept(chances, came_true), expected, atol=1e-5)


def test_expected_error_of_a_worked_example():
    chances = np.array([0.15, 0.15, 0.85, 0.85])
    came_true = np.array([False, True, True, True])
    # Two bins of half the rows each: |0.15 - 0.5| and |0.85 - 1|.
    assert expected_error(chances, came_true) == pytest.approx(0.5 * 0.35 + 0.5 * 0.15)


def test_bins_hold_every_row_once_even_at_the_ends():
    chances = np.array([0.0, 0.1, 0.5, 1.0])
    assert sum(one["rows"] for one in bins_of(chances, np.array([False, True, True, True]))) == 4


@given(
    st.lists(st.sampled_from([0.05, 0.25, 0.65, 0.95]), min_size=4, max_size=40), st.integers(0, 99)
)
def test_parts_of_brier_add_up_exactly_where_bins_hold_one_probability(chances, seed):
    promised = np.array(chances)
    came_true = np.random.default_rng(seed).random(len(promised)) < promised
    parts = brier_parts(promised, came_true)
    assert_allclose(parts["within_bins"], 0.0, atol=1e-12)
    whole = parts["reliability"] - parts["resolution"] + parts["uncertainty"]
    assert_allclose(whole, parts["brier"], atol=1e-12)


@pytest.mark.parametrize(
    ("chances", "came_true", "told"),
    [
        (np.full(20, 0.3), np.arange(20) < 6, "all equal"),
        (np.linspace(0.1, 0.9, 20), np.arange(20) >= 10, "without overlap"),
        (np.linspace(0.1, 0.9, 20), np.zeros(20, bool), "both classes"),
    ],
)
def test_slope_that_does_not_exist_is_told(chances, came_true, told):
    with pytest.raises(InputError, match=told):
        slope_and_intercept(chances, came_true)


def test_calibration_without_a_slope_keeps_the_reason():
    told = calibration_of(np.full(20, 0.3), np.arange(20) < 6)
    assert told["slope"] is None
    assert "all equal" in told["note"]
    assert told["ece"] == pytest.approx(0.0, abs=1e-12)
