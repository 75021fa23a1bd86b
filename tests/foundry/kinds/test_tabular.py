"""Which column is what, and which task a target sets."""

from datetime import datetime

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.kinds.tabular import (
    class_names,
    coded_target,
    feature_names,
    feature_types,
    target_known,
    target_of,
)
from skywright.foundry.recipe import recipe_of
from skywright.foundry.signature import Signature

FRAME = pl.DataFrame({"speed": [1.0], "body": ["panel"], "group": [3], "fault": [True]})


def recipe(**keys):
    return recipe_of(
        {"name": "wheel-fault", "kind": "sklearn", "target": "fault", **keys}, "a test"
    )


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["b", "a", "b"], "binary", ("a", "b")),
        ([True, False], "binary", ("False", "True")),
        ([0, 1, 1], "binary", ("0", "1")),
        ([1.0, 0.0], "binary", ("0", "1")),
        ([2, 10, 3], "multiclass", ("2", "3", "10")),
        (["x", None, "y", "z"], "multiclass", ("x", "y", "z")),
        ([1.0, 2.0, 3.0], "regression", ()),
        ([0.5, 1.5], "regression", ()),
        (list(range(21)), "regression", ()),
    ],
)
def test_the_task_is_read_off_the_target(values, task, classes):
    assert target_of(recipe(), pl.Series("fault", values)) == (task, classes)


def test_a_recipe_may_say_what_the_target_is():
    target = pl.Series("fault", [1, 2, 3])
    assert target_of(recipe(params={"task": "regression"}), target)[0] == "regression"
    many = pl.Series("fault", list(range(50)))
    assert len(target_of(recipe(params={"task": "classification"}), many)[1]) == 50


@pytest.mark.parametrize(
    ("values", "params", "sentence"),
    [
        (["a", "a"], {}, "always a"),
        ([None, None], {}, "always missing"),
        (["a", "b"], {"task": "regression"}, "which is no number"),
        ([1, 2], {"task": "ranking"}, "classification or regression, not 'ranking'"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(values, params, sentence):
    with pytest.raises(InputError, match=sentence):
        target_of(recipe(params=params), pl.Series("fault", values))


def test_classes_that_are_numbers_stand_in_their_order():
    assert class_names([10, None, 9, 1]) == ("1", "9", "10")
    assert class_names([10, "a"]) == ("10", "a")


def test_features_are_what_is_neither_target_nor_dropped_nor_split_by():
    told = feature_names(recipe(drop=["speed"], evaluate={"split": "group:group"}), FRAME)
    assert told == ["body"]
    assert feature_names(recipe(features=["speed"]), FRAME) == ["speed"]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"features": ["sped"]}, "Did you mean speed"),
        ({"features": ["fault"]}, "must not see it"),
        ({"drop": ["speed", "body", "group"]}, "No column is left"),
    ],
)
def test_features_that_make_no_sense_are_refused(keys, sentence):
    with pytest.raises(InputError, match=sentence):
        feature_names(recipe(**keys), FRAME)


def test_a_target_that_is_no_column_is_refused():
    with pytest.raises(InputError, match="'faults', which is no column.*Did you mean fault"):
        target_known(recipe(target="faults"), FRAME)
    with pytest.raises(InputError, match="names no target"):
        target_known(recipe(target=""), FRAME)


def test_the_type_of_a_column_is_that_of_its_values_or_of_the_recipe():
    given = recipe(prepare={"types": {"group": "category"}})
    wanted = {"speed": "number", "body": "category", "group": "category"}
    assert feature_types(given, FRAME) == wanted


def test_a_column_of_times_is_refused():
    frame = FRAME.with_columns(seen=pl.lit(datetime(2026, 1, 1)))  # noqa: DTZ001
    with pytest.raises(InputError, match=r"seen holds Datetime.*drop = \['seen'\]"):
        feature_types(recipe(), frame)


def test_rows_without_a_known_target_teach_nothing():
    frame = pl.DataFrame({"fault": ["yes", None, "maybe", "no"]})
    kept, y = coded_target(frame, Signature("binary", "fault", (), ("no", "yes")))
    assert kept["fault"].to_list() == ["yes", "no"]
    assert y.tolist() == [1, 0]
