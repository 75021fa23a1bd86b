"""Profiles say how a column is distributed, as JSON and without personal data."""

import json
import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.foundry.data.profile import profile_of


def column(values, dtype=None):
    return profile_of(pl.DataFrame({"c": pl.Series(values, dtype=dtype)}))["columns"]["c"]


def test_numbers_have_moments_quantiles_and_a_histogram():
    told = column(list(range(101)))
    assert (told["min"], told["max"], told["mean"], told["distinct"]) == (0, 100, 50, 101)
    assert told["scatter"] == pytest.approx(math.sqrt((101**2 - 1) / 12))
    assert told["quantiles"]["0.25"] == 25
    assert sum(told["histogram"]["counts"]) == 101


def test_nan_and_null_are_missing_and_infinity_is_no_value():
    told = column([1.0, None, float("nan"), float("inf")])
    assert told["missing"] == 0.5
    assert told["max"] == 1.0


def test_categories_are_counted_the_most_frequent_first():
    assert column(["a", "b", "b"])["top"] == {"b": 2, "a": 1}
    assert column([True, None, False])["top"] == {"true": 1, "false": 1}


def test_free_texts_are_told_by_their_lengths_not_their_words():
    told = column([f"a sentence of its own, number {k}" for k in range(200)])
    assert "top" not in told
    assert told["length"]["min"] == len("a sentence of its own, number 0")


def test_personal_data_are_not_in_a_profile():
    assert "jane" not in json.dumps(column(["jane@esa.int", "jane@esa.int"]))


def test_lists_are_told_by_their_lengths_and_times_by_their_range():
    assert column([[1.0], [1.0, 2.0]])["length"]["max"] == 2
    assert column([date(2026, 1, 2), date(2026, 3, 1)])["max"] == "2026-03-01"


def test_columns_without_values_have_a_profile():
    assert column([None, None], pl.Float64)["missing"] == 1.0
    assert column([None, None], pl.Date)["max"] is None
    assert column([None, None], pl.String)["distinct"] == 0
    assert column([b"\x00", None])["missing"] == 0.5


@given(st.lists(st.floats() | st.none(), max_size=30))
def test_any_floats_give_a_profile_that_is_strict_json(values):
    json.dumps(column(values, pl.Float64), allow_nan=False)
