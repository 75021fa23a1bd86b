"""Cleaning counts what it changes, and touches no value that fits."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.data.cleaning import clean


def typed(recipe, values, kind, dtype=None):
    """Return one column after cleaning, and how many values did not fit."""
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype), "k": range(len(values))})
    chosen = recipe(target="k", prepare={"types": {"c": kind}})
    cleaned, report = clean(frame, chosen)
    return cleaned["c"].to_list(), report.misfits.get("c", 0)


@pytest.mark.parametrize(
    ("kind", "given", "wanted", "lost"),
    [
        ("number", ["1.5", " 2 ", "x", None], [1.5, 2.0, None, None], 1),
        ("integer", ["1", "2.0", "2.5"], [1, 2, None], 1),
        ("integer", [1.0, 2.5, None], [1, None, None], 1),
        ("boolean", ["Yes", "no", "maybe"], [True, False, None], 1),
        ("boolean", [0, 1, 2], [False, True, None], 1),
        ("category", [1, 2, None], ["1", "2", None], 0),
        ("text", [True, False], ["true", "false"], 0),
        ("time", [60000.5, 60001.25], [60000.5, 60001.25], 0),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_missing_and_counted(
    recipe, kind, given, wanted, lost
):
    assert typed(recipe, given, kind) == (wanted, lost)


def test_texts_become_times(recipe):
    told, lost = typed(recipe, ["2026-01-02T03:04:05Z", "2026-002", "soon"], "time")
    assert [str(value) for value in told] == ["2026-01-02 03:04:05", "2026-01-02 00:00:00", "None"]
    assert lost == 1


def test_a_list_is_no_number(recipe):
    with pytest.raises(InputError, match=r"'c' holds List\(Int64\), which is no number"):
        typed(recipe, [[1], [2]], "number")


def test_infinities_are_missing_even_without_a_declared_type(recipe):
    frame = pl.DataFrame({"x": [1.0, float("inf"), float("nan")], "y": [1, 2, 3]})
    cleaned, report = clean(frame, recipe())
    assert cleaned["x"][1] is None
    assert report.misfits == {"x": 1}


def test_equal_rows_are_dropped_but_for_the_first_or_kept(recipe):
    frame = pl.DataFrame({"x": [1, 1, 2], "l": [[1.0], [1.0], [1.0]], "y": [0, 0, 0]})
    assert clean(frame, recipe())[1].duplicates == 1
    assert clean(frame, recipe(prepare={"duplicates": "keep"}))[0].height == 3


def test_rows_without_an_answer_are_dropped(recipe):
    frame = pl.DataFrame({"x": [1, 2, 3], "y": [0.5, None, float("nan")]})
    cleaned, report = clean(frame, recipe())
    assert (cleaned.height, report.without_target) == (1, 2)


def test_incomplete_rows_go_where_the_recipe_says_so(recipe):
    frame = pl.DataFrame({"a": [1.0, None, 3], "b": [None, 2.0, float("nan")], "y": [1, 2, 3]})
    chosen = recipe(prepare={"columns": {"a": "drop"}})
    cleaned, report = clean(frame, chosen)
    assert (cleaned["y"].to_list(), report.incomplete) == ([1, 3], 1)


def test_missing_numbers_are_left_to_the_model(recipe):
    frame = pl.DataFrame({"x": [1.0, None], "y": [1, 2]})
    assert clean(frame, recipe())[0]["x"].null_count() == 1


def test_dropped_columns_go_unless_the_split_needs_them(recipe):
    frame = pl.DataFrame({"a": [1, 2], "g": ["u", "v"], "y": [1, 2]})
    assert clean(frame, recipe("group:g", drop=["a", "g"]))[0].columns == ["g", "y"]


@pytest.mark.parametrize(
    "given",
    [
        {"target": "nope"},
        {"features": ["nope"]},
        {"drop": ["nope"]},
        {"split": "time:nope"},
        {"prepare": {"types": {"nope": "number"}}},
    ],
)
def test_a_missing_column_is_named_with_those_there_are(recipe, given):
    with pytest.raises(InputError, match="toy have no column 'nope'. Their columns are x, y"):
        clean(pl.DataFrame({"x": [1], "y": [2]}), recipe(**given))


def test_no_row_left_is_told_with_the_reason(recipe):
    frame = pl.DataFrame({"x": [1], "y": pl.Series([None], dtype=pl.Int64)})
    with pytest.raises(InputError, match="No row .* is left.*'without_target': 1"):
        clean(frame, recipe())


def test_lists_arrays_bytes_and_structures_pass_untouched(recipe):
    frame = pl.DataFrame(
        {"l": [[1.0], [2.0]], "b": [b"1", b"2"], "s": [{"k": 1}, {"k": 2}], "y": [0, 1]}
    ).with_columns(a=pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2)))
    assert clean(frame, recipe())[0].equals(frame)


@given(rows=st.lists(st.tuples(st.none() | st.floats(), st.none() | st.integers(0, 3))))
def test_the_report_accounts_for_every_row(recipe, rows):
    rows = [*rows, (0.0, 0)]
    frame = pl.DataFrame(rows, schema={"x": pl.Float64, "y": pl.Int64}, orient="row")
    cleaned, report = clean(frame, recipe(prepare={"missing": "drop"}))
    gone = report.duplicates + report.without_target + report.incomplete
    assert report.rows_before == len(rows) == cleaned.height + gone
