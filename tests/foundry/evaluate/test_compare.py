"""Tests between models, against published figures and slow independent sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, stats

from skywright.errors import InputError
from skywright.foundry.evaluate.compare import (
    corrected_t_test,
    five_by_two_f_test,
    five_by_two_t_test,
    mcnemar,
    paired_bootstrap,
)

FOLDS = np.random.default_rng(7).normal(0.02, 0.03, 10)
PAIRS = np.random.default_rng(8).normal(0.02, 0.03, (5, 2))


@pytest.mark.slow
def test_figures_of_the_scikit_learn_example_are_reproduced():
    # scikit-learn, "Statistical comparison of models using grid search": rbf against linear kernel
    # gives t = 0.750, one-sided p = 0.227, P(rbf better) = 0.773, P(equivalent, 0.01) = 0.432.
    from sklearn.datasets import make_moons
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
    from sklearn.svm import SVC

    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    scores = [
        cross_val_score(SVC(kernel=kernel, random_state=0), X, y, scoring="roc_auc", cv=folds)
        for kernel in ("rbf", "linear")
    ]
    found = corrected_t_test(scores[0] - scores[1], 0.1)
    assert found.p / 2 == pytest.approx(0.227, abs=5e-4)
    assert found.rope.equivalent == pytest.approx(0.432, abs=5e-4)
    assert corrected_t_test(scores[0] - scores[1], 0.1, rope=0).rope.better == pytest.approx(
        0.773, abs=5e-4
    )


def test_corrected_test_is_the_formula_of_nadeau_and_bengio():
    found = corrected_t_test(FOLDS, 0.1)
    t = FOLDS.mean() / np.sqrt((1 / 10 + 0.1 / 0.9) * FOLDS.var(ddof=1))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert found.low < found.difference < found.high


def test_correction_is_less_confident_than_the_paired_t_test():
    assert corrected_t_test(FOLDS, 0.1).p > stats.ttest_1samp(FOLDS, 0).pvalue


def test_correction_errs_at_its_rate_on_correlated_folds():
    # Folds whose errors correlate by the test share: the naive test cries wolf, this one does not.
    random = np.random.default_rng(1)
    shared = random.normal(size=(1500, 1)) * np.sqrt(0.1)
    folds = shared + random.normal(size=(1500, 10)) * np.sqrt(0.9)
    rate = np.mean([corrected_t_test(one, 0.1).p < 0.05 for one in folds])
    naive = np.mean(stats.ttest_1samp(folds, 0, axis=1).pvalue < 0.05)
    assert 0.03 < rate < 0.07
    assert naive > 0.12


def test_rope_equals_the_integral_over_mean_and_variance():
    # The posterior of Benavoli et al. (2017), eq. 7: Gaussian likelihood with correlation rho and
    # matching prior, integrated here over the precision by brute force.
    rho, n, rope = 0.1, len(FOLDS), 0.01
    mean, squares = FOLDS.mean(), np.sum((FOLDS - FOLDS.mean()) ** 2)
    precision = stats.gamma((n - 1) / 2, scale=2 / squares)

    def above(tau):
        spread = np.sqrt((1 / n + rho / (1 - rho)) / tau)
        return stats.norm.sf((rope - mean) / spread) * precision.pdf(tau)

    expected, _ = integrate.quad(above, 0, precision.ppf(1 - 1e-12), limit=200)
    assert corrected_t_test(FOLDS, rho, rope).rope.better == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=12), st.floats(0.001, 0.05))
def test_three_probabilities_add_up_and_change_sides_with_the_sign(values, rope):
    found = corrected_t_test(values, 0.2, rope).rope
    turned = corrected_t_test(-np.array(values), 0.2, rope).rope
    assert_allclose(found.worse + found.equivalent + found.better, 1.0, atol=1e-9)
    assert_allclose([found.better, found.worse], [turned.worse, turned.better], atol=1e-9)


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.10, 0.11, 0.09, 0.10, 0.12], "better"),
        ([-0.10, -0.11, -0.09, -0.10, -0.12], "worse"),
        ([0.0001, -0.0001, 0.0, 0.0002, -0.0002], "equivalent"),
        ([0.05, -0.04, 0.02, -0.01, 0.03], "undecided"),
        ([0.0, 0.0, 0.0], "equivalent"),
    ],
)
def test_verdict_follows_the_probabilities(differences, verdict):
    assert corrected_t_test(differences, 0.2, rope=0.01).rope.verdict == verdict


def test_equal_folds_without_a_difference_have_p_one():
    assert corrected_t_test(np.zeros(5), 0.2).p == 1.0


def test_dietterich_divides_the_first_difference_by_the_spread_of_pairs():
    spreads = [((a - (a + b) / 2) ** 2 + (b - (a + b) / 2) ** 2) for a, b in PAIRS]
    t = PAIRS[0, 0] / np.sqrt(sum(spreads) / 5)
    assert five_by_two_t_test(PAIRS).p == pytest.approx(2 * stats.t.sf(abs(t), 5))


def test_alpaydin_uses_all_ten_differences():
    spreads = sum((a - b) ** 2 / 2 for a, b in PAIRS)
    expected = float(np.sum(PAIRS**2)) / (2 * spreads)
    ratio, p = five_by_two_f_test(PAIRS)
    assert ratio == pytest.approx(expected)
    assert p == pytest.approx(stats.f.sf(expected, 10, 5))


def test_alpaydin_of_no_difference_is_sure_of_nothing():
    assert five_by_two_f_test(np.zeros((5, 2))) == (0.0, 1.0)
    assert five_by_two_f_test(np.ones((5, 2)))[1] == 0.0


def test_five_by_two_needs_five_pairs():
    with pytest.raises(InputError, match=r"not the shape \(10,\)"):
        five_by_two_t_test(FOLDS)


@pytest.mark.parametrize("differences", [[0.1], [0.1, np.nan]])
def test_too_few_or_broken_folds_are_refused(differences):
    with pytest.raises(InputError, match="at least two finite differences"):
        corrected_t_test(differences, 0.1)


def test_share_outside_zero_and_one_is_refused():
    with pytest.raises(InputError, match="not 1.5"):
        corrected_t_test(FOLDS, 1.5)


def test_mcnemar_matches_the_published_example():
    # Table of the statsmodels documentation: 121 and 59 discordant pairs, exact p = 4.434e-06.
    first = np.r_[np.ones(121, bool), np.zeros(59, bool), np.ones(101, bool)]
    second = np.r_[np.zeros(121, bool), np.ones(59, bool), np.ones(101, bool)]
    assert mcnemar(first, second) == pytest.approx(4.4344e-06, rel=2e-5)


def test_mcnemar_of_models_that_err_on_the_same_rows_is_one():
    assert mcnemar([True, False], [True, False]) == 1.0


def test_mcnemar_needs_the_same_rows():
    with pytest.raises(InputError, match="not 2 and 1"):
        mcnemar([True, False], [True])


def test_bootstrap_of_a_clear_difference_leaves_out_zero():
    drawn = np.random.default_rng(1).normal(0.1, 0.02, 999)
    found = paired_bootstrap(0.1, drawn)
    assert found.low > 0
    assert found.p == pytest.approx(2 / 1000)
    assert found.rope.verdict == "better"


def test_bootstrap_of_equal_models_has_p_one():
    assert paired_bootstrap(0.0, np.zeros(100)).p == 1.0
