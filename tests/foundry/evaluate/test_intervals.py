"""Intervals against published examples and slow direct formulas."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skywright.errors import InputError
from skywright.foundry.evaluate.intervals import (
    Resampling,
    bca_interval,
    delong,
    percentile_interval,
    wilson_interval,
)


# Newcombe (1998), Statistics in Medicine 17, 857, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "rows", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_the_published_table(hits, rows, low, high):
    assert_allclose(wilson_interval(hits, rows), [low, high], rtol=0, atol=5e-5)


@pytest.mark.parametrize(("hits", "rows"), [(1, 0), (3, 2), (-1, 2)])
def test_impossible_share_is_refused(hits, rows):
    with pytest.raises(InputError, match=f"not {hits} of {rows}"):
        wilson_interval(hits, rows)


def pair_of_scores(rows=80, seed=1):
    random = np.random.default_rng(seed)
    truth = np.arange(rows) % 3 == 0
    first = np.round(random.normal(truth * 1.2, 1.0), 1)
    return truth, np.array([first, np.round(0.5 * first + random.normal(0, 1, rows), 1)])


def direct(truth, scores):
    """Return areas and covariance by comparing every pair, as DeLong et al. write it."""
    yes, no = scores[:, truth], scores[:, ~truth]
    wins = (yes[:, :, None] > no[:, None, :]) + 0.5 * (yes[:, :, None] == no[:, None, :])
    covariance = np.cov(wins.mean(axis=2)) / yes.shape[1] + np.cov(wins.mean(axis=1)) / no.shape[1]
    return wins.mean(axis=(1, 2)), covariance


def test_fast_delong_equals_the_comparison_of_every_pair():
    truth, scores = pair_of_scores()
    area = delong(truth, scores)
    auc, covariance = direct(truth, scores)
    assert_allclose(area.auc, auc, rtol=0, atol=1e-12)
    assert_allclose(area.covariance, covariance, rtol=0, atol=1e-14)


def test_delong_interval_is_near_the_bootstrap():
    truth, scores = pair_of_scores(rows=300)
    index = Resampling(300, strata=truth, count=1000)
    drawn = np.array([direct(truth[one], scores[:1, one])[0][0] for one in index])
    assert_allclose(delong(truth, scores[:1]).interval(), percentile_interval(drawn), atol=0.015)


def test_delong_difference_of_a_model_and_itself_is_nothing():
    truth, scores = pair_of_scores()
    assert delong(truth, scores[[0, 0]]).difference() == (0.0, 0.0, 0.0, 1.0)


def test_delong_p_is_that_of_the_normal_test():
    truth, scores = pair_of_scores()
    auc, covariance = direct(truth, scores)
    z = (auc[0] - auc[1]) / np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert delong(truth, scores).difference()[3] == pytest.approx(2 * stats.norm.sf(abs(z)))


def test_perfect_area_has_an_interval_of_no_width():
    truth = np.arange(10) < 5
    assert delong(truth, np.array([truth.astype(float)])).interval() == (1.0, 1.0)


def test_delong_needs_two_rows_of_each_class():
    with pytest.raises(InputError, match="not 1 and 3"):
        delong(np.array([True, False, False, False]), np.zeros((1, 4)))


def test_bca_agrees_with_scipy():
    values = np.random.default_rng(3).exponential(size=40)
    ours = bca_interval(lambda index: float(values[index].mean()), Resampling(40, count=4000))
    scipy = stats.bootstrap((values,), np.mean, n_resamples=4000, method="BCa", rng=4)
    assert_allclose(ours, list(scipy.confidence_interval), atol=0.03)


def test_bca_of_a_constant_is_the_constant():
    assert bca_interval(lambda index: 2.0, Resampling(10, count=50)) == (2.0, 2.0)


def test_strata_keep_their_numbers():
    strata = np.array(["a"] * 3 + ["b"] * 7)
    for index in Resampling(10, strata=strata, count=20):
        assert (strata[index] == "a").sum() == 3


def test_clusters_are_drawn_whole():
    clusters = np.repeat(np.arange(5), 4)
    for index in Resampling(20, clusters=clusters, count=20):
        _, counts = np.unique(clusters[index], return_counts=True)
        assert np.all(counts % 4 == 0)


def test_clusters_widen_the_interval_of_rows_that_repeat_each_other():
    values = np.repeat(np.random.default_rng(1).normal(size=20), 10)
    clusters = np.repeat(np.arange(20), 10)

    def width(resampling):
        low, high = percentile_interval(np.array([values[one].mean() for one in resampling]))
        return high - low

    alone, together = Resampling(200, count=400), Resampling(200, clusters=clusters, count=400)
    assert width(together) > 2 * width(alone)


def test_same_seed_draws_the_same_rows():
    first, second = (list(Resampling(30, seed=5, count=3)) for _ in range(2))
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_many_rows_are_drawn_less_often():
    assert Resampling(1000).draws == 1000
    assert Resampling(10_000_000).draws == 200


def test_interval_of_what_is_mostly_undefined_is_refused():
    with pytest.raises(InputError, match="not defined on most resamples"):
        percentile_interval(np.array([np.nan, np.nan, np.nan, 1.0]))
