"""Preparation: what it learns, and that numpy and ONNX prepare to the same last bit."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.kinds.preparation import MOST_CATEGORIES, Preparation, feeds_of, learn
from skywright.foundry.kinds.preparation_channels import Channels
from skywright.foundry.kinds.preparation_graph import channel_graph, graph
from skywright.foundry.recipe_sections import Prepare
from skywright.foundry.signature import Signature

TYPES = {"speed": "number", "sunlit": "boolean", "body": "category", "kind": "category"}
FRAME = pl.DataFrame(
    {
        "speed": [1.0, None, 3.0, 8.0, 3.0],
        "sunlit": [True, False, None, True, True],
        "body": ["panel", "wheel", None, "panel", ""],
        "kind": ["x", "y", "x", "x", "z"],
    }
)


def prepared(frame, types=TYPES, **wishes):
    preparation = learn(frame, types, Prepare(**wishes))
    return preparation, preparation.matrix(feeds_of(frame, preparation.inputs))


def by_onnx(model, feeds):
    import onnxruntime

    model.ir_version = 9
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]


@pytest.mark.parametrize("scale", ["standard", "minmax", "robust", "none"])
@pytest.mark.parametrize("encode", ["one_hot", "ordinal"])
@pytest.mark.parametrize("missing", ["median", "mean", "most_frequent", "keep", "drop"])
def test_numpy_and_onnx_prepare_to_the_last_bit(scale, encode, missing):
    preparation, told = prepared(FRAME, scale=scale, encode=encode, missing=missing)
    feeds = feeds_of(FRAME, preparation.inputs)
    np.testing.assert_array_equal(by_onnx(graph(preparation), feeds), told)
    assert told.shape == (5, preparation.width)


@settings(max_examples=30)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e30, 1e30)), min_size=3, max_size=20),
    st.sampled_from(["standard", "minmax", "robust"]),
)
def test_any_numbers_are_prepared_to_the_same_bits(values, scale):
    if all(value is None for value in values):
        values = [*values, 1.0]
    frame = pl.DataFrame({"speed": values}, schema={"speed": pl.Float64})
    preparation, told = prepared(frame, {"speed": "number"}, scale=scale)
    feeds = feeds_of(frame, preparation.inputs)
    np.testing.assert_array_equal(by_onnx(graph(preparation), feeds), told)
    assert np.isfinite(told).all()


@given(st.text(max_size=8))
def test_any_text_is_coded_alike(text):
    preparation = learn(FRAME, TYPES, Prepare())
    row = {"speed": 1.0, "sunlit": None, "body": text, "kind": text}
    feeds = Signature("regression", "y", preparation.inputs).feeds([row])
    told = preparation.matrix(feeds)
    known = (text in {"", "panel", "wheel"}) + (text in {"x", "y", "z"})
    assert told[0, 2:].sum() == known
    if "\0" not in text:  # ONNX ends a text there
        np.testing.assert_array_equal(by_onnx(graph(preparation), feeds), told)


@pytest.mark.parametrize(
    ("wishes", "fill"),
    [
        ({"missing": "median"}, 3.0),
        ({"missing": "mean"}, 3.75),
        ({"missing": "most_frequent"}, 3.0),
        ({"missing": "constant", "fill": -1}, -1.0),
        ({"missing": "mean", "columns": {"speed": "median"}}, 3.0),
        ({"missing": "keep"}, math.nan),
    ],
)
def test_missing_numbers_are_filled_as_the_recipe_wishes(wishes, fill):
    preparation, told = prepared(FRAME, {"speed": "number"}, scale="none", **wishes)
    assert preparation.numbers[0].fill == pytest.approx(fill, nan_ok=True)
    assert told[1, 0] == pytest.approx(fill, nan_ok=True)


def test_a_column_that_was_never_missing_is_filled_though_gaps_are_kept():
    whole = FRAME.drop_nulls("speed")
    assert prepared(whole, {"speed": "number"}, missing="keep")[0].numbers[0].fill == 3.0


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [("standard", (0.0, 1.0, None)), ("minmax", (None, None, (0.0, 1.0)))],
)
def test_scaled_numbers_have_the_spread_they_should(scale, wanted):
    frame = pl.DataFrame({"speed": np.random.default_rng(1).gamma(2.0, 500.0, 400)})
    _, told = prepared(frame, {"speed": "number"}, scale=scale)
    mean, spread, bounds = wanted
    if bounds:
        assert (told.min(), told.max()) == pytest.approx(bounds, abs=1e-6)
    else:
        assert (told.mean(), told.std()) == pytest.approx((mean, spread), abs=1e-5)


def test_scaling_agrees_with_scikit_learn():
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    frame = pl.DataFrame({"speed": np.random.default_rng(1).normal(7000.0, 3.0, 200)})
    column = frame.to_numpy()
    for name, scaler in (
        ("standard", StandardScaler()),
        ("minmax", MinMaxScaler()),
        ("robust", RobustScaler()),
    ):
        _, told = prepared(frame, {"speed": "number"}, scale=name)
        # The inputs are float32, which is 0.0005 of a spread of 3 here.
        np.testing.assert_allclose(told, scaler.fit_transform(column), rtol=0, atol=5e-4)


def test_a_constant_column_becomes_zero_not_infinite():
    frame = pl.DataFrame({"speed": [2460000.5] * 4})
    assert np.all(prepared(frame, {"speed": "number"})[1] == 0.0)


def test_truth_values_are_not_scaled():
    _, told = prepared(FRAME, {"sunlit": "boolean"})
    assert told[:, 0].tolist() == [1.0, 0.0, 1.0, 1.0, 1.0]


def test_a_missing_category_is_one_of_its_own_or_the_commonest():
    own, _ = prepared(FRAME, {"body": "category"})
    assert own.categories[0].values == ("", "panel", "wheel")
    filled, told = prepared(FRAME, {"body": "category"}, columns={"body": "most_frequent"})
    assert filled.categories[0].values == ("panel", "wheel")
    assert told[2].tolist() == [1.0, 0.0]


def test_only_the_commonest_categories_have_codes():
    names = [f"c{number:03d}" for number in range(MOST_CATEGORIES + 50)]
    frame = pl.DataFrame({"body": [*names, *(names[60:] * 2), *(["c305"] * 400)]})
    preparation, _ = prepared(frame, {"body": "category"})
    kept = preparation.categories[0].values
    assert len(kept) == MOST_CATEGORIES
    assert "c305" in kept
    assert "c059" not in kept


def test_a_column_of_names_is_refused():
    frame = pl.DataFrame({"name": [f"object {number}" for number in range(600)]})
    with pytest.raises(InputError, match="600 different texts in 600 rows.*drop = "):
        learn(frame, {"name": "category"}, Prepare())


def test_a_column_without_values_is_refused():
    frame = pl.DataFrame({"speed": [None, None]}, schema={"speed": pl.Float64})
    with pytest.raises(InputError, match="speed has no value at all"):
        learn(frame, {"speed": "number"}, Prepare())
    with pytest.raises(InputError, match="speed has no value at all"):
        learn(frame, {"speed": "category"}, Prepare(columns={"speed": "most_frequent"}))


def test_a_constant_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="fill is 'none'"):
        learn(FRAME, {"speed": "number"}, Prepare(missing="constant", fill="none"))


def test_texts_without_a_code_are_refused():
    with pytest.raises(InputError, match="body, kind hold texts"):
        learn(FRAME, TYPES, Prepare(encode="none"))


def test_a_preparation_is_read_as_it_was_written(tmp_path):
    preparation = learn(FRAME, TYPES, Prepare())
    preparation.write(tmp_path)
    assert Preparation.of(tmp_path) == preparation


@pytest.mark.parametrize(("kind", "shape"), [("sequence", (5, 3)), ("image", (3, 4, 4))])
def test_channels_are_prepared_to_the_same_bits_by_numpy_and_onnx(tmp_path, kind, shape):
    channels = Channels("c", kind, shape, (1.0, 20.0, -3.0), (0.1, 2.0, 1.0))
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(7, *shape)).astype(np.float32)
    if kind == "sequence":
        raw[0, 3:], raw[1, 2, 1] = np.nan, np.nan
    told = channels.matrix({"c": raw})
    np.testing.assert_array_equal(by_onnx(channel_graph(channels), {"c": raw}), told)
    assert not np.isnan(told).any()
    channels.write(tmp_path)
    assert Channels.of(tmp_path) == channels


def test_the_last_channel_of_a_sequence_tells_which_steps_there_are():
    channels = Channels("c", "sequence", (3, 2), (0.0, 0.0), (1.0, 1.0))
    raw = np.array([[[1, np.nan], [np.nan, np.nan], [np.nan, 2]]], np.float32)
    assert channels.matrix({"c": raw})[0, -1].tolist() == [1.0, 0.0, 1.0]
