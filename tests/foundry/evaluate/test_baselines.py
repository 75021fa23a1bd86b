"""Trivial baselines say what can be said of a row without looking at it."""

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.evaluate.baselines import baseline, is_trivial, trivial_names, usual_baseline

CLASSES = {"task": "multiclass", "classes": ["a", "b", "c"]}
NUMBER = {"task": "regression"}
SEEN = pl.Series(["b", "b", "a", "b", None])
ROWS = [{"x": 1}] * 400


def test_prior_answers_the_frequencies_of_the_classes():
    answer = baseline("prior", CLASSES, SEEN)(ROWS)[0]
    assert answer == {"label": "b", "probabilities": {"a": 0.25, "b": 0.75, "c": 0.0}}


def test_majority_is_certain_of_the_most_frequent_class():
    answer = baseline("majority", CLASSES, SEEN)(ROWS)[7]
    assert answer == {"label": "b", "probabilities": {"a": 0.0, "b": 1.0, "c": 0.0}}


def test_stratified_draws_classes_as_often_as_they_occurred():
    labels = [one["label"] for one in baseline("stratified", CLASSES, SEEN, seed=3)(ROWS)]
    assert 0.68 < labels.count("b") / len(labels) < 0.82
    assert "c" not in labels


@pytest.mark.parametrize(("name", "value"), [("mean", 4.0), ("median", 2.0), ("last_value", 9.0)])
def test_number_is_the_one_named(name, value):
    seen = pl.Series([1.0, 2.0, 9.0, None])
    assert baseline(name, NUMBER, seen)(ROWS[:2]) == [{"value": value}] * 2


def test_text_is_the_most_frequent_one():
    answer = baseline("majority", {"task": "text"}, pl.Series(["go", "stop", "go"]))(ROWS[:1])
    assert answer == [{"text": "go"}]


def test_classes_that_are_numbers_are_counted():
    signature = {"task": "binary", "classes": ["0", "1"]}
    answer = baseline("prior", signature, pl.Series([0.0, 1.0, 1.0, 1.0]))(ROWS[:1])[0]
    assert answer["probabilities"] == {"0": 0.25, "1": 0.75}


def test_unknown_baseline_lists_those_of_the_task():
    with pytest.raises(
        InputError, match="no baseline 'mean' for multiclass; there are prior, majority"
    ):
        baseline("mean", CLASSES, SEEN)


def test_no_training_row_is_refused():
    with pytest.raises(InputError, match="needs training rows with a target"):
        baseline("mean", NUMBER, pl.Series([None, None], dtype=pl.Float64))


@pytest.mark.parametrize(
    ("task", "metric", "name"),
    [
        ("binary", "auc", "prior"),
        ("regression", "rmse", "mean"),
        ("regression", "mae", "median"),
        ("text", "token_f1", "majority"),
    ],
)
def test_usual_baseline_is_the_hardest_trivial_one(task, metric, name):
    assert usual_baseline(task, metric) == name
    assert name in trivial_names(task)


def test_names_of_models_are_not_trivial():
    assert is_trivial("majority")
    assert not is_trivial("old@champion")
