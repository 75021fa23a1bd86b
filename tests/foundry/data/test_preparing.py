"""From rows as they came to a split, in one call, with all that was done told."""

import json

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.data.preparing import folds_for, prepare, split_for, text_columns

SENTENCE = "the wheel of unit {} runs hot whenever the sun is low and the load is high"


@pytest.fixture
def texts():
    rng = np.random.default_rng(1)
    words = [f"w{k}" for k in range(500)]
    rows = [" ".join(rng.choice(words, 20)) for _ in range(100)]
    return pl.DataFrame({"note": rows, "y": [0, 1] * 50})


def test_a_split_is_made_and_told_as_json(recipe, table):
    split, told = split_for(recipe(), table(100), 1)
    assert (split.train.height, split.test.columns) == (70, ["id", "x", "y"])
    assert json.loads(json.dumps(told))["rows"] == {"train": 70, "valid": 15, "test": 15}


def test_recipes_with_other_features_are_judged_on_the_same_rows(recipe, table):
    data = table(200)
    one, _ = split_for(recipe(), data, 1)
    other, _ = split_for(recipe(drop=["x"], prepare={"types": {"id": "number"}}), data, 1)
    assert one.test["id"].to_list() == other.test["id"].to_list()


def test_kept_copies_that_differ_only_in_a_dropped_column_stay_together(recipe, table):
    data = pl.concat([table(40).with_columns(n=pl.lit(k)) for k in range(3)])
    chosen = recipe(drop=["n"], prepare={"duplicates": "keep"})
    split, told = split_for(chosen, data, 1)
    assert split.train.height + split.valid.height + split.test.height == 120
    assert told["leakage"]["test_rows_seen_in_training"] == 0


def test_test_rows_that_training_has_seen_are_counted(recipe):
    data = pl.DataFrame({"x": [1, 2] * 50, "n": range(100), "y": np.arange(100) % 5})
    _, told = split_for(recipe(features=["x"]), data, 1)
    assert told["leakage"]["test_rows_seen_in_training"] == 15


def test_folds_come_by_the_same_call(recipe, table):
    found, told = prepare(recipe("kfold:5"), table(100), 1)
    assert len(found) == 5
    assert told["cleaning"]["rows_after"] == 100
    assert prepare(recipe(), table(100), 1)[0].test.height == 15
    assert len(folds_for(recipe("kfold:5x2"), table(100), 1)[0]) == 10


def test_a_feature_that_is_the_target_is_refused(recipe):
    data = pl.DataFrame({"copy": np.arange(20) % 2 * 1.0, "y": np.arange(20) % 2})
    with pytest.raises(InputError, match="'copy' repeats the target 'y'.*List it in drop"):
        split_for(recipe(), data.with_row_index("n"), 1)


def test_features_that_give_the_target_away_are_told(recipe):
    y = np.random.default_rng(1).normal(size=60)
    data = pl.DataFrame({"n": range(60), "km": y * 149597870.7 + 3, "noise": y[::-1], "y": y})
    told = split_for(recipe(), data, 1)[1]["leakage"]["suspects"]
    assert told == {"km": "is the target in other units"}
    classes = pl.col("n") % 2
    data = data.with_columns(y=classes, code=classes.replace_strict({0: "a", 1: "b"}))
    assert [*split_for(recipe(), data, 1)[1]["leakage"]["suspects"]] == ["code"]


def test_personal_data_are_refused_by_default_wherever_they_stand(recipe, texts):
    data = texts.with_columns(who=pl.lit("write to jane.doe@esa.int please"))
    with pytest.raises(InputError, match=r"personal data or secrets \(who: 100 email\)"):
        split_for(recipe(features=["note"]), data, 1)


def test_personal_data_are_redacted_if_the_recipe_says_so(recipe, texts):
    data = texts.with_columns(note=pl.col("note") + " jane@esa.int")
    split, told = split_for(recipe(prepare={"pii": "redact"}), data, 1)
    assert split.train["note"].str.ends_with(" [email]").all()
    assert told["pii"]["found"] == {"note": {"email": 100}}


def test_near_duplicates_are_dropped_only_when_asked_for(recipe, texts):
    data = pl.concat([texts, texts.with_columns(note=pl.col("note") + " again")])
    assert sum(split_for(recipe(), data, 1)[1]["rows"].values()) == 200
    told = split_for(recipe(prepare={"near_duplicates": 0.8}), data, 1)[1]
    assert sum(told["rows"].values()) == told["near_duplicates"]["dropped"] == 100


def test_test_texts_nearly_seen_in_training_are_counted(recipe, texts):
    data = pl.concat([texts, texts.with_columns(note=pl.col("note") + " again")])
    told = split_for(recipe(), data, 1)[1]["leakage"]
    assert told["test_rows_seen_in_training"] == 0
    assert told["test_texts_nearly_seen_in_training"] > 10


def test_names_and_categories_are_no_texts(recipe):
    data = pl.DataFrame(
        {
            "s": [SENTENCE.format(k) for k in range(9)],
            "name": ["a b"] * 9,
            "said": ["yes"] * 9,
            "chat": [[{"role": "user", "content": "hello"}]] * 9,
            "y": [1] * 9,
        }
    )
    chosen = recipe(prepare={"types": {"said": "text"}})
    assert text_columns(data, chosen) == ["s", "said", "chat"]


def test_rows_of_lists_are_split_whole(recipe):
    data = pl.DataFrame({"series": [[float(k), 1.0] for k in range(40)], "y": [0, 1] * 20})
    split, _ = split_for(recipe(), data, 1)
    assert split.train.schema["series"] == pl.List(pl.Float64)
