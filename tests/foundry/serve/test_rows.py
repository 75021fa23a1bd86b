"""Rows against a signature: what fits goes on, the rest is told why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.serve.rows import (
    TooManyRowsError,
    checked_row,
    refuse_too_many,
    sorted_rows,
)
from skywright.foundry.signature import Input, Signature

SIGNATURE = Signature(
    "binary",
    "fault",
    (Input("speed_rpm", "number"), Input("mode", "category"), Input("on", "boolean")),
    ("false", "true"),
)
GOOD = {"speed_rpm": 1500, "mode": "nominal", "on": True}


def test_a_row_that_fits_comes_in_the_order_of_the_signature():
    row = checked_row(SIGNATURE, dict(reversed(GOOD.items())))
    assert list(row.items()) == [("speed_rpm", 1500.0), ("mode", "nominal"), ("on", True)]


def test_null_is_a_value_that_is_not_known():
    row = checked_row(SIGNATURE, {"speed_rpm": None, "mode": None, "on": None})
    assert set(row.values()) == {None}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"speed_rpm": "fast"}, r"inputs\.speed_rpm = 'fast' is not allowed: .* a finite number"),
        ({"speed_rpm": True}, r"inputs\.speed_rpm = True"),
        ({"speed_rpm": float("nan")}, r"inputs\.speed_rpm = nan"),
        ({"speed_rpm": float("inf")}, r"inputs\.speed_rpm = inf"),
        ({"speed_rpm": 10**400}, r"inputs\.speed_rpm = 1000"),
        ({"speed_rpm": [1]}, r"inputs\.speed_rpm = \[1\]"),
        ({"mode": 1.5}, r"inputs\.mode = 1\.5 is not allowed: it must be a text"),
        ({"on": 1}, r"inputs\.on = 1 is not allowed: it must be true or false"),
        ({"speed": 3}, r"speed of inputs is not an input of this model\. Did you mean speed_rpm\?"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(change, told):
    with pytest.raises(InputError, match=told):
        checked_row(SIGNATURE, GOOD | change)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="inputs lacks mode, on. Send null"):
        checked_row(SIGNATURE, {"speed_rpm": 1})


def test_an_optional_column_may_be_left_out():
    signature = Signature("text", "y", (Input("prompt", "text"), Input("seed", "number", (), True)))
    assert checked_row(signature, {"prompt": "Hello"}) == {"prompt": "Hello"}
    assert checked_row(signature, {"prompt": "Hello", "seed": 3})["seed"] == 3


@pytest.mark.parametrize("row", [None, [1, 2], "speed", 3])
def test_what_is_no_object_is_refused(row):
    with pytest.raises(InputError, match="must be an object of columns"):
        checked_row(SIGNATURE, row)


def test_a_batch_is_parted_by_place():
    found = sorted_rows(SIGNATURE, [GOOD, {"speed_rpm": 1}, GOOD, 7])
    assert found.places == [0, 2]
    assert [error["row"] for error in found.errors] == [1, 3]
    assert found.errors[0]["message"].startswith("rows[1] lacks mode, on.")


def test_none_and_too_many_are_refused():
    with pytest.raises(InputError, match="rows is empty"):
        refuse_too_many(0, 10)
    with pytest.raises(TooManyRowsError, match="rows holds 11 rows; it must hold at most 10"):
        refuse_too_many(11, 10)


_SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
_ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(_ANYTHING)
def test_anything_is_either_refused_in_a_sentence_or_fit_for_the_model(value):
    try:
        row = checked_row(SIGNATURE, GOOD | {"speed_rpm": value, "mode": value})
    except InputError:
        return
    SIGNATURE.feeds([row])
