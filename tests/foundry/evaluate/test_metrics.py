"""Every metric agrees with scikit-learn, and says so where it is not defined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.metrics import (
    measure,
    metric_named,
    metric_names,
    prefers_more,
    usual_metrics,
)


def binary(seed=1, rows=200, ties=20):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, rows)
    truth[:2] = [0, 1]
    chance = np.round(np.clip(random.beta(2, 2, rows) + 0.2 * truth, 0.01, 0.99) * ties) / ties
    chance = np.clip(chance, 0.02, 0.98)
    return Answers(
        "binary",
        truth,
        ("no", "yes"),
        np.column_stack([1 - chance, chance]),
        (chance > 0.5).astype(np.int64),
    )


def multiclass(seed=1, rows=300, classes=5):
    random = np.random.default_rng(seed)
    truth = np.r_[np.arange(classes), random.integers(0, classes, rows - classes)]
    chances = random.dirichlet(np.ones(classes), rows)
    chances[np.arange(rows), truth] += 0.2
    chances /= chances.sum(axis=1, keepdims=True)
    names = tuple("abcde"[:classes])
    return Answers("multiclass", truth, names, chances, chances.argmax(axis=1))


def regression(seed=1, rows=100):
    random = np.random.default_rng(seed)
    truth = random.normal(3, 1, rows)
    said = truth + random.normal(0, 0.4, rows)
    return Answers(
        "regression", truth, values=said, columns={"low": said - 0.5, "high": said + 0.5}
    )


def of_scikit_learn(name, answers):
    from sklearn import metrics as sk

    truth, said = answers.truth, answers.labels
    chance = None if answers.probabilities is None else answers.probabilities[:, -1]
    ways = {
        "auc": lambda: sk.roc_auc_score(truth, chance),
        "average_precision": lambda: sk.average_precision_score(truth, chance),
        "f1": lambda: sk.f1_score(truth, said),
        "precision": lambda: sk.precision_score(truth, said),
        "recall": lambda: sk.recall_score(truth, said),
        "accuracy": lambda: sk.accuracy_score(truth, said),
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(truth, said),
        "brier": lambda: sk.brier_score_loss(truth, chance),
        "log_loss": lambda: sk.log_loss(truth, answers.probabilities),
        "mcc": lambda: sk.matthews_corrcoef(truth, said),
        "macro_f1": lambda: sk.f1_score(truth, said, average="macro"),
        "top3": lambda: sk.top_k_accuracy_score(truth, answers.probabilities, k=3),
        "rmse": lambda: sk.root_mean_squared_error(truth, answers.values),
        "r2": lambda: sk.r2_score(truth, answers.values),
        "mae": lambda: sk.mean_absolute_error(truth, answers.values),
        "medae": lambda: sk.median_absolute_error(truth, answers.values),
        "mape": lambda: sk.mean_absolute_percentage_error(truth, answers.values),
    }
    return ways[name]()


KNOWN_ELSEWHERE = [
    *((binary, name) for name in metric_names("binary") if name != "ece"),
    *((multiclass, name) for name in metric_names("multiclass")),
    *((regression, name) for name in metric_names("regression") if name != "coverage"),
]


@pytest.mark.parametrize(("make", "name"), KNOWN_ELSEWHERE)
@pytest.mark.parametrize("seed", [1, 2])
def test_metric_agrees_with_scikit_learn(make, name, seed):
    answers = make(seed)
    assert_allclose(measure(name, answers), of_scikit_learn(name, answers), rtol=0, atol=1e-12)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_metrics_stay_within_their_range_and_the_usual_ones_exist(task):
    answers = {"binary": binary, "multiclass": multiclass, "regression": regression}[task]()
    for name in metric_names(task):
        metric = metric_named(name, task)
        assert metric.low <= measure(name, answers) <= metric.high
    assert set(usual_metrics(task)) <= set(metric_names(task))


def test_auc_is_the_share_of_pairs_put_in_order():
    answers = binary(rows=60, ties=8)
    yes, no = answers.positive[answers.truth == 1], answers.positive[answers.truth == 0]
    pairs = (yes[:, None] > no) + 0.5 * (yes[:, None] == no)
    assert_allclose(measure("auc", answers), pairs.mean(), rtol=0, atol=1e-12)


@given(st.integers(0, 10_000))
def test_auc_does_not_change_with_a_growing_function_of_the_score(seed):
    answers = binary(seed, rows=50)
    bent = np.column_stack([1 - answers.positive**3, answers.positive**3])
    curved = Answers("binary", answers.truth, answers.classes, bent, answers.labels)
    assert_allclose(measure("auc", curved), measure("auc", answers), rtol=0, atol=1e-12)


def test_coverage_counts_targets_within_the_intervals():
    answers = regression()
    inside = np.abs(answers.truth - answers.values) <= 0.5
    assert measure("coverage", answers) == pytest.approx(inside.mean())


def test_perplexity_is_the_exponent_of_the_mean_surprise_of_a_token():
    columns = {"log_probability": np.array([-2.0, -4.0]), "tokens": np.array([1.0, 2.0])}
    answers = Answers("text", np.array(["a", "b"], object), columns=columns)
    assert measure("perplexity", answers) == pytest.approx(np.exp(2.0))


def test_certain_error_has_a_large_but_finite_log_loss():
    chances = np.array([[1.0, 0.0]])
    answers = Answers("binary", np.array([1]), ("a", "b"), chances, np.array([0]))
    assert 30 < measure("log_loss", answers) < 40


def test_unknown_metric_lists_those_of_the_task():
    with pytest.raises(InputError, match=r"no metric 'auc' for regression; there are rmse, r2"):
        metric_named("auc", "regression")


def test_unknown_task_lists_the_tasks():
    with pytest.raises(InputError, match="tasks are binary, multiclass"):
        metric_names("sorting")


def test_auc_of_one_class_is_refused_with_the_class():
    answers = binary().take(binary().truth == 1)
    with pytest.raises(InputError, match="auc needs rows of both classes; all .* are 'yes'"):
        measure("auc", answers)


@pytest.mark.parametrize(
    ("name", "answers", "told"),
    [
        ("accuracy", binary().take(np.zeros(0, int)), "at least one row"),
        (
            "auc",
            Answers("binary", np.array([0, 1]), ("a", "b"), labels=np.array([0, 1])),
            "labels only",
        ),
        ("r2", Answers("regression", np.ones(3), values=np.arange(3.0)), "target that varies"),
        ("mape", Answers("regression", np.zeros(3), values=np.ones(3)), "target is 0"),
        (
            "coverage",
            Answers("regression", np.ones(3), values=np.ones(3)),
            "needs answers with 'low'",
        ),
        ("mean_return", Answers("policy", np.ones(3)), "needs answers with 'return'"),
        ("rmse", Answers("regression", np.ones(3)), "needs numbers"),
        ("f1", Answers("binary", np.array([0, 1]), ("a", "b")), "needs labels"),
    ],
)
def test_what_cannot_be_measured_is_told(name, answers, told):
    with pytest.raises(InputError, match=told):
        measure(name, answers)


def test_no_positive_answer_gives_zero_rather_than_a_failure():
    answers = Answers("binary", np.array([1, 1, 0]), ("a", "b"), labels=np.zeros(3, np.int64))
    assert [measure(name, answers) for name in ("precision", "recall", "f1", "mcc")] == [0, 0, 0, 0]


def test_direction_of_a_metric_is_known_by_its_name():
    assert prefers_more("auc") is True
    assert prefers_more("brier") is False
    assert prefers_more("skill_of_my_own") is None
