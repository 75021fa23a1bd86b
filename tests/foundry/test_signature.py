"""Signatures: written and read again, rows to arrays, arrays to answers."""

import json
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.kind import SIGNATURE
from skywright.foundry.signature import Input, Signature

INPUTS = (Input("speed", "number"), Input("body", "category"), Input("wave", "sequence", (4, 2)))


@pytest.mark.parametrize("classes", [(), ("no", "yes"), ("a", "b", "c")])
def test_a_signature_is_read_as_it_was_written(tmp_path, classes):
    signature = Signature("multiclass", "fault", INPUTS, classes)
    signature.write(tmp_path)
    assert Signature.of(tmp_path) == signature


def test_the_positive_class_is_the_last_of_two(tmp_path):
    Signature("binary", "fault", INPUTS[:2], ("no", "yes")).write(tmp_path)
    told = json.loads((tmp_path / SIGNATURE).read_text())
    assert told["positive"] == "yes"
    assert told["inputs"][0] == {"name": "speed", "type": "number"}


def test_a_folder_without_a_signature_is_no_model_of_rows(tmp_path):
    with pytest.raises(InputError, match=r"holds no signature\.json"):
        Signature.of(tmp_path)


@given(st.lists(st.one_of(st.none(), st.floats(width=32, allow_infinity=False)), min_size=1))
def test_numbers_arrive_as_they_are_and_none_as_nan(values):
    signature = Signature("regression", "y", INPUTS[:1])
    told = signature.feeds([{"speed": value} for value in values])["speed"]
    assert told.shape == (len(values), 1)
    wanted = np.array([np.nan if value is None else value for value in values], np.float32)
    np.testing.assert_array_equal(told[:, 0], wanted)


@pytest.mark.parametrize("value", [1e300, -1e39, float("inf"), 10**300, Decimal("1e50")])
def test_a_number_beyond_float32_is_missing(value):
    signature = Signature("regression", "y", INPUTS[:1])
    assert np.isnan(signature.feeds([{"speed": value}])["speed"][0, 0])


def test_a_number_beyond_all_floats_is_refused():
    with pytest.raises(InputError, match="more than 308 digits"):
        Signature("regression", "y", INPUTS[:1]).feeds([{"speed": 10**400}])


@pytest.mark.parametrize("value", [Decimal("2.5"), np.float32(2.5), np.float16(2.5)])
def test_rarer_types_of_numbers_are_numbers(value):
    signature = Signature("regression", "y", INPUTS[:1])
    assert signature.feeds([{"speed": value}])["speed"][0, 0] == 2.5


@pytest.mark.parametrize("name", ["value", "features", "prepare_raw", "net_0", "", "column_value"])
def test_a_column_never_has_a_name_that_the_graph_uses_for_itself(name):
    assert Input(name, "number").graph_name == f"column_{name}"
    assert Input("speed", "number").graph_name == "speed"


def test_texts_may_be_whole_numbers_and_missing():
    signature = Signature("regression", "y", INPUTS[1:2])
    told = signature.feeds([{"body": "panel"}, {"body": 7}, {"body": None}])["body"]
    assert told[:, 0].tolist() == ["panel", "7", ""]


def test_half_a_character_is_refused():
    with pytest.raises(InputError, match="broken Unicode"):
        Signature("regression", "y", INPUTS[1:2]).feeds([{"body": "\ud800"}])


def test_a_row_that_is_no_mapping_of_columns_is_refused():
    with pytest.raises(InputError, match="Row 0 lacks speed"):
        Signature("regression", "y", INPUTS[:1]).feeds([{}])


def test_no_rows_make_no_arrays():
    with pytest.raises(InputError, match="no rows"):
        Signature("regression", "y", INPUTS[:1]).feeds([])


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c")])
def test_answers_name_the_likeliest_class(classes):
    chances = np.eye(len(classes)) * 0.8 + 0.1
    told = Signature("multiclass", "y", INPUTS, classes).answers(chances)
    assert [answer["label"] for answer in told] == list(classes)
    assert told[0]["probabilities"][classes[0]] == pytest.approx(0.9)
    assert list(told[0]["probabilities"]) == list(classes)


def test_answers_of_a_regression_are_plain_numbers():
    told = Signature("regression", "y", INPUTS).answers(np.array([[1.5], [2.0]], np.float32))
    assert told == [{"value": 1.5}, {"value": 2.0}]
    assert type(told[0]["value"]) is float
