"""Clopper-Pearson intervals against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from skywright.orbits.intervals import clopper_pearson


# Rule: no hit in n trials leaves 1 - 0.025^(1/n) (Clopper & Pearson 1934); 0.0362 for n = 100.
def test_no_hits_is_an_upper_bound():
    low, high = clopper_pearson(0, 100)
    assert low == 0
    assert high == pytest.approx(0.036217, abs=1e-6)


def test_all_hits_mirror_no_hits():
    assert clopper_pearson(100, 100) == pytest.approx((1 - 0.036217, 1.0), abs=1e-6)


@given(n=st.integers(1, 5000), share=st.floats(0, 1))
def test_interval_is_the_exact_one_and_holds_the_estimate(n, share):
    hits = round(n * share)
    exact = binomtest(hits, n).proportion_ci(0.95, method="exact")
    found = clopper_pearson(hits, n)
    assert found == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert found.low <= hits / n <= found.high
