"""Answers of any kind become arrays; what does not fit is refused with a sentence."""

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import answers_of, ask, task_of
from skywright.foundry.evaluate.metrics import measure
from skywright.foundry.evaluate.opponents import answers_to
from skywright.foundry.evaluate.texts import same_text, token_overlap

TWO = {"task": "binary", "classes": ["no", "yes"]}
THREE = {"task": "multiclass", "classes": ["a", "b", "c"]}


def said(label, **chances):
    return {"label": label, "probabilities": chances}


def test_labels_and_probabilities_follow_the_order_of_the_classes():
    answers = answers_of(
        TWO, ["yes", "no"], [said("yes", yes=0.8, no=0.2), said("no", no=0.9, yes=0.1)]
    )
    assert answers.truth.tolist() == [1, 0]
    assert answers.positive.tolist() == [0.8, 0.1]


@pytest.mark.parametrize("truth", [[0, 1], [0.0, 1.0], ["0", "1"]])
def test_classes_agree_whether_they_are_numbers_or_texts(truth):
    signature = {"task": "binary", "classes": [0, 1]}
    answers = answers_of(signature, truth, [{"label": "0"}, {"label": 1}])
    assert measure("accuracy", answers) == 1.0


def test_class_that_no_row_taught_counts_against_the_model():
    answers = answers_of(THREE, ["a", "new"], [said("a", a=1.0), said("b", b=1.0)])
    assert answers.classes == ("a", "b", "c", "new")
    assert measure("accuracy", answers) == 0.5
    assert measure("log_loss", answers) > 10


def test_third_class_of_a_model_of_two_is_refused():
    with pytest.raises(InputError, match="hold the class 'maybe'; the model knows no and yes"):
        answers_of(TWO, ["maybe"], [said("no", no=1.0)])


def test_label_that_is_no_class_is_an_error_of_the_model():
    answers = answers_of(TWO, ["yes"], [{"label": "green"}])
    assert answers.labels.tolist() == [-1]
    assert measure("accuracy", answers) == 0.0


def test_number_of_answers_must_be_that_of_the_rows():
    with pytest.raises(InputError, match="gave 1 answers to 2 rows"):
        ask(lambda rows: [{"value": 1.0}], [{"x": 1}, {"x": 2}])


def test_many_rows_are_asked_in_batches_and_keep_their_order():
    sizes = []

    def predict(rows):
        sizes.append(len(rows))
        return [{"value": row["x"]} for row in rows]

    rows = pl.DataFrame({"x": range(10_000), "y": range(10_000)})
    answers = answers_to(rows, "y", {"task": "regression"}, predict)
    assert measure("rmse", answers) == 0.0
    assert max(sizes) < 5000


def test_regression_without_a_value_is_refused():
    with pytest.raises(InputError, match=r"answers \{'value': number\}, not \['label'\]"):
        answers_of({"task": "regression"}, [1.0], [{"label": "a"}])


def test_no_rows_are_refused():
    with pytest.raises(InputError, match="at least one row"):
        answers_of(TWO, [], [])


@pytest.mark.parametrize(
    ("signature", "task"),
    [
        ({"task": "regression"}, "regression"),
        ({"task": "image_classification", "classes": ["a", "b", "c"]}, "multiclass"),
        ({"task": "sequence", "classes": [0, 1]}, "binary"),
        ({"task": "sequence_regression"}, "regression"),
    ],
)
def test_task_is_read_from_the_signature(signature, task):
    assert task_of(signature) == task


def test_task_that_nothing_judges_is_refused():
    with pytest.raises(InputError, match="task 'juggling'"):
        task_of({"task": "juggling"})


def test_rows_are_taken_together():
    answers = answers_of(
        {"task": "regression"}, [1, 2, 3], [{"value": v, "low": v, "high": v} for v in (1, 2, 3)]
    )
    part = answers.take(np.array([2, 0]))
    assert part.truth.tolist() == part.values.tolist() == part.columns["low"].tolist() == [3, 1]


def test_texts_agree_but_for_case_and_blanks():
    assert same_text("Safe  Mode", "safe mode\n")
    assert not same_text("safe mode", "safe mode.")


def test_shared_words_are_counted_as_often_as_they_occur():
    assert token_overlap("a b b c", "b b d") == pytest.approx(2 * 2 / 7)
    assert token_overlap("", "") == 1.0
    assert token_overlap("a", "") == 0.0


def test_text_answers_are_scored_row_by_row():
    answers = answers_of({"task": "text"}, ["go", "stop"], [{"text": "Go"}, {"text": "go"}])
    assert measure("exact_match", answers) == 0.5
