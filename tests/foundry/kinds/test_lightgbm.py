"""Boosted trees: stopping, exact export, calibration, and what is refused."""

import builtins
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.kinds import lightgbm
from skywright.foundry.kinds.preparation import Preparation, feeds_of
from skywright.foundry.kinds.tree_graph import floor32
from skywright.foundry.onnx_model import agreement

QUICK = {"rounds": 40, "num_leaves": 7}


@pytest.mark.parametrize("target", ["fault", "grade", "score"])
@pytest.mark.parametrize("prepare", [{}, {"missing": "keep", "encode": "ordinal"}])
def test_the_export_answers_as_the_booster(run_of, target, prepare):
    run = run_of("lightgbm", target, params=QUICK, prepare=prepare)
    lightgbm.fit(run)
    rows = run.split.test.to_dicts()
    rows += [row | {"noise": None, "speed": None, "body": "unheard of"} for row in rows]
    found = agreement(run.out, lightgbm.load(run.out), rows)
    assert found["labels_equal"] == 1.0
    assert found["max_abs_error"] < 2e-6


def test_values_that_hardly_differ_take_the_same_branches_in_the_export(run_of, fine):
    # Thresholds rounded to the nearest float32 put 80 % of such rows wrong, by up to 0.5.
    run = run_of("lightgbm", frame=fine, params=QUICK)
    lightgbm.fit(run)
    assert agreement(run.out, lightgbm.load(run.out), fine.to_dicts())["max_abs_error"] < 1e-6


def test_boosted_trees_beat_the_commonest_class(run_of, accuracy):
    run = run_of("lightgbm", params=QUICK)
    lightgbm.fit(run)
    assert accuracy(lightgbm.load(run.out), run) > 0.8


def test_boosting_stops_when_the_rows_that_choose_gain_no_more(run_of):
    run = run_of("lightgbm", params={"rounds": 400, "early_stopping": 5, "learning_rate": 0.3})
    lightgbm.fit(run)
    steps = [json.loads(line).get("step", 0) for line in run.log_path.read_text().splitlines()]
    assert 5 < max(steps) < 200


def test_the_learning_curve_tells_both_losses(run_of):
    run = run_of("lightgbm", params=QUICK)
    lightgbm.fit(run)
    lines = [json.loads(line) for line in run.log_path.read_text().splitlines()]
    curve = [line for line in lines if "loss" in line]
    assert curve[0]["step"] == 1
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert curve[-1]["train_loss"] < curve[0]["train_loss"]


def test_rounding_thresholds_moves_no_row(run_of):
    import lightgbm as library

    run = run_of("lightgbm", params=QUICK)
    lightgbm.fit(run)
    text = (run.out / lightgbm.ORIGINAL).read_text()
    assert lightgbm.exactly_float32(text) == text
    preparation = Preparation.of(run.out)
    x = preparation.matrix(feeds_of(run.split.train, preparation.inputs))
    booster = library.train(
        {"objective": "binary", "verbosity": -1}, library.Dataset(x, x[:, 0] > 5000.0), 5
    )
    rounded = library.Booster(model_str=lightgbm.exactly_float32(booster.model_to_string()))
    np.testing.assert_array_equal(
        booster.predict(x, pred_leaf=True), rounded.predict(x, pred_leaf=True)
    )


@given(st.floats(-1e30, 1e30), st.floats(-(2.0**99), 2.0**99, width=32))
def test_a_float32_passes_a_threshold_exactly_if_it_passes_the_rounded_one(threshold, value):
    rounded = floor32(np.array([threshold]))[0]
    assert (np.float32(value) <= rounded) == (value <= threshold)


def test_rescaling_makes_a_line_of_the_sum_of_all_trees(run_of):
    import lightgbm as library

    run = run_of("lightgbm", params=QUICK)
    lightgbm.fit(run)
    text = (run.out / lightgbm.ORIGINAL).read_text()
    x = np.random.default_rng(0).normal(size=(50, Preparation.of(run.out).width)) * 100 + 5000
    margins = [
        library.Booster(model_str=one).predict(x, raw_score=True)
        for one in (text, lightgbm.rescaled(text, 0.5, 2.0))
    ]
    np.testing.assert_allclose(margins[1], 0.5 * margins[0] + 2.0, rtol=0, atol=1e-12)


def test_calibration_repairs_probabilities_that_are_too_sure(run_of):
    sure = {"rounds": 300, "early_stopping": 0, "num_leaves": 31, "min_child_samples": 2}
    losses = []
    for name, calibrate in (("raw", False), ("calibrated", True)):
        run = run_of("lightgbm", name=name, params=sure | {"calibrate": calibrate})
        lightgbm.fit(run)
        rows = run.split.test.to_dicts()
        chances = [answer["probabilities"] for answer in lightgbm.load(run.out)(rows)]
        told = [chance[row["fault"]] for chance, row in zip(chances, rows, strict=True)]
        losses.append(-np.mean(np.log(np.clip(told, 1e-9, 1))))
    assert losses[1] < losses[0]


def test_calibration_is_refused_where_there_is_nothing_to_calibrate(run_of):
    with pytest.raises(InputError, match="needs two classes"):
        lightgbm.fit(run_of("lightgbm", "score", params=QUICK | {"calibrate": True}))


def test_class_weights_find_more_of_a_rare_class(run_of, table):
    rare = pl.concat([table.filter(fault="no"), table.filter(fault="yes").head(25)])
    rare, found = rare.sample(fraction=1.0, shuffle=True, seed=1), []
    for name, weigh in (("plain", False), ("weighed", True)):
        given = QUICK | {"class_weights": weigh, "early_stopping": 0}
        run = run_of("lightgbm", name=name, frame=rare, params=given)
        lightgbm.fit(run)
        answers = lightgbm.load(run.out)(run.split.test.filter(fault="yes").to_dicts())
        found.append(sum(answer["probabilities"]["yes"] for answer in answers))
    assert found[1] > found[0]


def test_an_unknown_parameter_of_lightgbm_is_refused(run_of):
    with pytest.raises(InputError, match=r"no parameter leaves.*num_leaves"):
        lightgbm.fit(run_of("lightgbm", params={"leaves": 5}))


def test_an_unknown_objective_is_refused(run_of):
    with pytest.raises(InputError, match="'poisson'"):
        lightgbm.fit(run_of("lightgbm", "score", params={"objective": "poisson"}))


def test_the_same_seed_gives_the_same_booster(run_of):
    given = QUICK | {"colsample_bytree": 0.7, "subsample": 0.7, "subsample_freq": 1}
    runs = [run_of("lightgbm", name=name, params=given) for name in ("one", "two")]
    for run in runs:
        lightgbm.fit(run)
    for file in ("model.txt", "model.onnx", "preparation.json", "signature.json"):
        assert (runs[0].out / file).read_bytes() == (runs[1].out / file).read_bytes()


def test_without_lightgbm_the_export_answers(run_of, monkeypatch):
    run = run_of("lightgbm", params=QUICK)
    lightgbm.fit(run)
    rows = run.split.test.to_dicts()
    before = lightgbm.load(run.out)(rows)
    real = builtins.__import__

    def importing(name, *rest, **more):
        if name == "lightgbm":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    after = lightgbm.load(run.out)(rows)
    assert [one["label"] for one in after] == [one["label"] for one in before]


@pytest.mark.parametrize("name", ["rounds", "n_estimators", "num_iterations", "num_boost_round"])
def test_the_number_of_trees_goes_by_any_of_its_names(run_of, name):
    run = run_of("lightgbm", params={name: 7, "early_stopping": 0})
    lightgbm.fit(run)
    text = (run.out / "model.txt").read_text(encoding="utf-8")
    assert text.count("\nTree=") == 7
