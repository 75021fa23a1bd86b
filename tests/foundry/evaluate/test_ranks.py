"""Ranks as SciPy gives them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from skywright.foundry.evaluate.ranks import average_ranks


@given(st.lists(st.floats(-3, 3).map(lambda value: round(value, 1)), min_size=1, max_size=40))
def test_equal_values_share_the_mean_of_their_ranks(values):
    np.testing.assert_array_equal(average_ranks(np.array(values)), rankdata(values))
