"""Pictures: those that the data allow, small, and drawn from what was measured."""

import numpy as np
import pytest
from PIL import Image

from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.evaluation import evaluate
from skywright.foundry.evaluate.holdout import confusion_of
from skywright.foundry.evaluate.plots import write_plots
from skywright.foundry.evaluate.report import Arrays


@pytest.fixture
def judged(toy, run_of):
    run = run_of(toy.recipe({"slices": ["craft"]}))
    kind = toy.Line()
    kind.fit(run)
    return evaluate(kind, run)


def test_two_classes_have_every_picture_of_theirs_and_all_are_small(judged, tmp_path):
    names = write_plots(*judged, tmp_path)
    wanted = "confusion roc precision_recall reliability curves slices"
    assert names == [f"{name}.png" for name in wanted.split()]
    for name in names:
        assert 2000 < (tmp_path / name).stat().st_size < 60_000
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (660, 506)


def test_numbers_have_residuals(tmp_path):
    random = np.random.default_rng(1)
    answers = Answers("regression", random.normal(size=50), values=random.normal(size=50))
    assert write_plots({"metric": "rmse"}, Arrays(answers, {}, {}), tmp_path) == ["residuals.png"]


def test_better_model_draws_another_roc_curve(judged, tmp_path):
    report, arrays = judged
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    write_plots(report, arrays, first)
    perfect = np.eye(2)[arrays.candidate.truth]
    better = Answers("binary", arrays.candidate.truth, arrays.candidate.classes, perfect)
    write_plots(report, Arrays(better, {}, {}), second)
    assert (first / "roc.png").read_bytes() != (second / "roc.png").read_bytes()


def test_rows_of_one_class_have_no_roc(tmp_path):
    chances = np.column_stack([np.full(20, 0.4), np.full(20, 0.6)])
    answers = Answers("binary", np.ones(20, np.int64), ("a", "b"), chances)
    names = write_plots({"metric": "auc"}, Arrays(answers, {}, {}), tmp_path)
    assert names == ["reliability.png"]


def test_many_classes_and_an_unknown_answer_fit_a_confusion_matrix(tmp_path):
    random = np.random.default_rng(1)
    truth, said = random.integers(0, 15, 300), random.integers(-1, 15, 300)
    names = tuple(f"a long name {k}" for k in range(15))
    answers = Answers("multiclass", truth, names, labels=said)
    told = confusion_of(answers)
    assert np.sum(told["counts"]) == 300
    assert len(told["counts"][0]) == 16
    written = write_plots(
        {"metric": "accuracy", "confusion": told}, Arrays(answers, {}, {}), tmp_path
    )
    assert written == ["confusion.png"]
