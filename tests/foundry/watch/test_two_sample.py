"""The classifier two-sample test: right level, power where single columns show nothing."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skywright.errors import InputError
from skywright.foundry.watch.drift import drift_report
from skywright.foundry.watch.two_sample import (
    TwoSampleOptions,
    features,
    logistic,
    two_sample_test,
)


def correlated(rng, rows, r):
    values = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], rows)
    return pl.DataFrame(values, schema=["a", "b"])


def test_equal_tables_give_p_values_that_are_uniform_enough():
    rng = np.random.default_rng(1)
    p = [
        two_sample_test(correlated(rng, 200, 0.3), correlated(rng, 200, 0.3)).p for _ in range(150)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.1
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_columns_that_no_longer_go_together_are_found_though_no_single_one_drifts():
    rng = np.random.default_rng(2)
    old, new = correlated(rng, 1500, 0.8), correlated(rng, 1500, 0.0)
    assert drift_report(old, new)["drifted"] == []
    found = two_sample_test(old, new)
    assert found.p < 1e-6
    assert found.accuracy > 0.6


def test_the_binomial_p_is_that_of_its_definition():
    rng = np.random.default_rng(3)
    found = two_sample_test(correlated(rng, 300, 0.5), correlated(rng, 300, 0.2))
    right = round(found.accuracy * found.rows)
    assert found.rows == 300
    assert_allclose(found.p, stats.binomtest(right, 300, alternative="greater").pvalue, rtol=1e-12)


def test_permutation_agrees_with_the_binomial_on_a_clear_case_and_on_none():
    rng = np.random.default_rng(4)
    old = correlated(rng, 150, 0.0)
    options = TwoSampleOptions(permutations=99, folds=3)
    moved = two_sample_test(old, old.select(pl.all() + 1.0), options)
    same = two_sample_test(old, correlated(rng, 150, 0.0), options)
    assert (moved.how, moved.p) == ("permutation", 0.01)
    assert same.p > 0.05


@pytest.mark.parametrize("learner", ["logistic", "lightgbm"])
def test_another_shape_of_the_same_mean_and_variance_is_found(learner):
    if learner == "lightgbm":
        pytest.importorskip("lightgbm")
    rng = np.random.default_rng(5)
    old = pl.DataFrame({"x": rng.normal(size=1000)})
    new = pl.DataFrame({"x": rng.choice([-1, 1], 1000) + rng.normal(0, 0.01, 1000)})
    found = two_sample_test(old, new, TwoSampleOptions(learner=learner))
    assert found.accuracy > 0.7


def test_trees_find_what_products_of_two_columns_cannot_say():
    pytest.importorskip("lightgbm")
    rng = np.random.default_rng(5)
    old, other = (
        pl.DataFrame(rng.choice([-1.0, 1.0], (2000, 3)), schema=["a", "b", "c"]) for _ in range(2)
    )
    new = other.with_columns(c=pl.col("a") * pl.col("b"))  # every pair still is independent
    assert two_sample_test(old, new, TwoSampleOptions(learner="lightgbm")).accuracy > 0.7


def test_logistic_regression_is_at_the_minimum_of_its_loss():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(300, 4))
    labels = rng.uniform(size=300) < 1 / (1 + np.exp(-x @ [1.0, -2.0, 0.0, 0.5]))
    sklearn = pytest.importorskip("sklearn.linear_model")
    expected = sklearn.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(x, labels)
    assert_allclose(logistic(x, labels, x), expected.predict_proba(x)[:, 1], rtol=0, atol=1e-5)


def test_categories_and_missing_values_are_features():
    old = pl.DataFrame({"mode": ["a", "b"] * 20, "x": [1.0, None] * 20})
    new = pl.DataFrame({"mode": ["a", "c"] * 20, "x": [1.0, 2.0] * 20})
    assert features(old, new).shape[0] == 80
    assert two_sample_test(old, new).p < 0.05


def test_too_few_rows_are_refused():
    with pytest.raises(InputError, match="20 rows of each table, not 3"):
        two_sample_test(pl.DataFrame({"x": [1, 2, 3]}), pl.DataFrame({"x": [1, 2, 3]}))
