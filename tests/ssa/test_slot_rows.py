"""Rows by name become an array; what is no number is named."""

import numpy as np
import pytest

from skywright.errors import InputError
from skywright.ssa.slot_rows import matrix_of


def test_what_is_null_or_absent_is_nan():
    found = matrix_of([{"a": 1, "b": 2.5}, {"b": None}], ["a", "b"])
    np.testing.assert_array_equal(found, [[1.0, 2.5], [np.nan, np.nan]])


def test_no_rows_have_a_shape():
    assert matrix_of([], ["a", "b"]).shape == (0, 2)


@pytest.mark.parametrize("value", [True, "1", [1.0]])
def test_what_is_no_number_is_named(value):
    with pytest.raises(InputError, match=r"b in row 2 must be a number or null, got"):
        matrix_of([{"a": 1, "b": 1}, {"a": 1, "b": value}], ["a", "b"])
