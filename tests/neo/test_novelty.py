"""Laws of the mixture density: marginals, conditionals, tails, storage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from skywright.neo.novelty import Mixture, NoveltyModel, Tail, combined, load_model

ANY_POINT = st.lists(st.floats(-3, 3), min_size=3, max_size=3)


@pytest.fixture(scope="module")
def mixture():
    rng = np.random.default_rng(20260101)
    roots = rng.normal(size=(4, 3, 3))
    covariances = roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(3)
    return Mixture(np.array([0.1, 0.2, 0.3, 0.4]), rng.normal(size=(4, 3)), covariances)


def _samples(mixture, n):
    rng = np.random.default_rng(7)
    which = rng.choice(len(mixture.weights), size=n, p=mixture.weights)
    roots = np.linalg.cholesky(mixture.covariances)
    return mixture.means[which] + np.einsum("nij,nj->ni", roots[which], rng.normal(size=(n, 3)))


def test_density_is_the_weighted_sum_of_gaussians(mixture):
    x = _samples(mixture, 20)
    parts = zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    expected = sum(w * multivariate_normal(m, c).pdf(x) for w, m, c in parts)
    assert_allclose(np.exp(mixture.log_density(x)), expected, rtol=1e-10)


def test_leaving_a_feature_out_integrates_over_it(mixture):
    grid = np.linspace(-25, 25, 4001)
    x = np.column_stack([np.full(grid.size, 0.3), grid, np.full(grid.size, -0.7)])
    integral = np.trapezoid(np.exp(mixture.log_density(x)), grid)
    marginal = np.exp(mixture.log_density(np.array([[0.3, np.nan, -0.7]])))
    assert_allclose(marginal, integral, rtol=1e-8)


def test_rows_with_different_gaps_do_not_mix(mixture):
    x = _samples(mixture, 6)
    x[0, 1], x[3, 2] = np.nan, np.nan
    together = mixture.log_density(x)
    assert_allclose(together, [mixture.log_density(row[None])[0] for row in x], rtol=1e-13)


def test_a_row_with_nothing_known_has_density_one(mixture):
    assert mixture.log_density(np.full((1, 3), np.nan))[0] == 0.0


def test_conditional_percentile_agrees_with_a_monte_carlo_count(mixture):
    sample = _samples(mixture, 400_000)
    near = sample[np.abs(sample[:, 0]) + np.abs(sample[:, 2]) < 0.1]
    percentile = mixture.conditional_percentile(np.array([[0.0, 0.8, 0.0]]), 1)[0]
    share = 100 * np.mean(near[:, 1] < 0.8)
    assert percentile == pytest.approx(share, abs=4 * 50 / np.sqrt(len(near)))


@settings(max_examples=30, deadline=None)
@given(point=ANY_POINT, j=st.integers(0, 2))
def test_conditional_median_is_the_fiftieth_percentile(mixture, point, j):
    x = np.array([point])
    x[0, j] = mixture.conditional_median(x, j)[0]
    assert mixture.conditional_percentile(x, j)[0] == pytest.approx(50.0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(point=ANY_POINT, step=st.floats(0.01, 5))
def test_conditional_percentile_grows_with_the_feature(mixture, point, step):
    lower = np.array([point])
    upper = lower + np.array([0.0, step, 0.0])
    low, high = (mixture.conditional_percentile(x, 1)[0] for x in (lower, upper))
    assert 0 <= low <= high <= 100


def test_surprise_counts_the_share_beyond():
    tail = Tail.of(np.arange(1000.0))
    # 100 of 1,000 values are 900 or more, 10 are 990 or more.
    assert_allclose(tail.surprise(np.array([900.0, 990.0])), [1.0, 2.0], atol=0.02)


def test_surprise_goes_on_growing_beyond_the_sample():
    tail = Tail.of(np.random.default_rng(1).exponential(size=1000))
    top = tail.values[-1]
    surprises = tail.surprise(np.array([top, top + 1, top + 2]))
    assert surprises[0] == pytest.approx(3.0)
    assert np.all(np.diff(surprises) > 0)


def test_either_layer_alone_is_enough():
    assert_allclose(combined(np.array([2.0, 0.0]), np.array([0.0, 2.0])), [2.0, 2.0])


def test_a_saved_model_scores_the_same(tmp_path):
    model = load_model()
    model.save(tmp_path / "copy.npz")
    copy = NoveltyModel.load(tmp_path / "copy.npz")
    x = np.random.default_rng(3).normal(size=(5, 14))
    assert_allclose(copy.density_surprise(x), model.density_surprise(x), rtol=1e-14)
    assert (tmp_path / "copy.npz").stat().st_size < 1_000_000
