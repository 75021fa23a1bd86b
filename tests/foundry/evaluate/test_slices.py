"""Slices: every row in one of each column, and the worst one found."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.holdout import Yardstick
from skywright.foundry.evaluate.slices import slices_of, worst_of

RULE = Yardstick(("accuracy",), "accuracy", 0.01)


def answers(right):
    right = np.asarray(right, bool)
    truth = np.zeros(len(right), np.int64)
    return Answers("binary", truth, ("a", "b"), labels=np.where(right, 0, 1))


def test_each_value_of_a_text_is_a_slice():
    rows = pl.DataFrame({"craft": ["x", "y", "x", None]})
    found = slices_of(answers([1, 0, 1, 0]), rows, ["craft"], RULE)
    told = {one["value"]: (one["rows"], one["metrics"]["accuracy"]) for one in found}
    assert told == {"x": (2, 1.0), "y": (1, 0.0), "missing": (1, 0.0)}


def test_number_of_many_values_is_cut_into_quarters():
    rows = pl.DataFrame({"heat": np.arange(100.0)})
    found = slices_of(answers(np.arange(100) < 50), rows, ["heat"], RULE)
    assert [one["rows"] for one in found] == [25, 25, 25, 25]
    assert [one["metrics"]["accuracy"] for one in found] == [1, 1, 0, 0]


def test_text_of_very_many_values_keeps_the_frequent_ones_and_the_rest():
    names = ["big"] * 50 + [f"one{k}" for k in range(60)]
    found = slices_of(answers(np.ones(110)), pl.DataFrame({"who": names}), ["who"], RULE)
    assert len(found) == 21
    assert sum(one["rows"] for one in found) == 110
    assert found[-1]["value"] == "other"


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3), st.integers(0, 3).map(float)), min_size=1)
)
def test_every_row_is_in_just_one_slice_of_a_column(values):
    rows = pl.DataFrame({"v": pl.Series(values, dtype=pl.Float64)})
    found = slices_of(answers(np.ones(len(values))), rows, ["v"], RULE)
    assert sum(one["rows"] for one in found) == len(values)


def test_worst_slice_is_found_with_an_interval_and_small_ones_are_not_it():
    craft = ["good"] * 40 + ["bad"] * 40 + ["tiny"] * 5
    right = np.r_[np.ones(38), np.zeros(2), np.ones(20), np.zeros(20), np.zeros(5)]
    rows = pl.DataFrame({"craft": craft})
    found = slices_of(answers(right), rows, ["craft"], RULE)
    worst = worst_of(found, answers(right), rows, RULE)
    assert (worst["value"], worst["rows"]) == ("bad", 40)
    low, high = worst["interval"]
    assert low < 0.5 < high


def test_worst_of_an_error_is_the_largest():
    said = np.r_[np.zeros(40), np.full(40, 2.0)]
    numbers = Answers("regression", np.zeros(80), values=said)
    rows = pl.DataFrame({"craft": ["x"] * 40 + ["y"] * 40})
    rule = Yardstick(("rmse",), "rmse", 0.01)
    assert worst_of(slices_of(numbers, rows, ["craft"], rule), numbers, rows, rule)["value"] == "y"


def test_no_slice_of_enough_rows_has_no_worst():
    rows = pl.DataFrame({"craft": ["x", "y"]})
    found = slices_of(answers([1, 0]), rows, ["craft"], RULE)
    assert worst_of(found, answers([1, 0]), rows, RULE) is None


@pytest.mark.parametrize("values", [[True, False, True], [1, 2, 1]])
def test_few_values_of_any_type_are_slices_of_their_own(values):
    found = slices_of(answers([1, 1, 1]), pl.DataFrame({"v": values}), ["v"], RULE)
    assert [one["rows"] for one in found] == [1, 2] or [one["rows"] for one in found] == [2, 1]
