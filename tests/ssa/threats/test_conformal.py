"""Conformal sets: the promised coverage, class by class, and sets that are never empty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.threats.conformal import abstains, coverage, sets_of, thresholds


def noisy(n, seed, classes=3):
    """Rows of a poor model: probabilities that lean to the truth, rare classes among them."""
    random = np.random.default_rng(seed)
    y = random.choice(classes, n, p=[0.7, 0.2, 0.1])
    score = random.normal(size=(n, classes))
    score[np.arange(n), y] += 1.5
    p = np.exp(score)
    return p / p.sum(axis=1, keepdims=True), y


# Vovk et al. (2005): coverage of each class at least 1 - alpha, here within sampling noise.
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_each_class_is_covered_as_promised(alpha):
    least = thresholds(*noisy(6000, 1), alpha)
    p, y = noisy(20_000, 2)
    covered = coverage(sets_of(p, least), y, range(3))
    for k, share in covered.items():
        assert share == pytest.approx(1 - alpha, abs=4.5 * np.sqrt(alpha / (6000 * 0.1))), k


@given(seed=st.integers(0, 2**32 - 1), alpha=st.floats(0.01, 0.9))
def test_no_set_is_empty(seed, alpha):
    p, y = noisy(60, seed)
    held = sets_of(p, thresholds(p, y, alpha))
    assert held.any(axis=1).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_a_smaller_alpha_gives_larger_sets(seed):
    p, y = noisy(200, seed)
    small, large = (sets_of(p, thresholds(p, y, alpha)) for alpha in (0.02, 0.4))
    assert small.sum() >= large.sum()
    assert abstains(small).sum() >= abstains(large).sum()


def test_a_class_that_was_not_seen_joins_every_set():
    p = np.array([[0.6, 0.4, 0.0], [0.2, 0.8, 0.0]] * 40)
    least = thresholds(p, np.array([0, 1] * 40), 0.1)
    assert sets_of(p, least)[:, 2].all()


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_an_impossible_alpha_is_refused(alpha):
    with pytest.raises(InputError, match="alpha must be between 0 and 1"):
        thresholds(np.ones((2, 2)) / 2, [0, 1], alpha)
