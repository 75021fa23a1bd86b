"""Quiet windows, folds of whole objects, yardsticks, and the model that ships."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.registry import packaged
from skywright.ssa.behaviour import training
from skywright.ssa.behaviour.encoder import CHOICES, MODEL, BehaviourEncoder
from skywright.ssa.behaviour.judging import folds_of, weights_of
from skywright.ssa.behaviour.quiet import (
    QUIET_POLICIES,
    passive_windows,
    satellite_windows,
    simulated_windows,
)
from skywright.ssa.behaviour.slots import SLOTS
from skywright.ssa.behaviour.windows import (
    PASSIVE,
    REGIMES,
    SIMULATED,
    Windows,
    read,
    save,
)
from skywright.ssa.behaviour.yardsticks import (
    auroc,
    average_precision,
    by_object,
    difference,
    summary,
)
from skywright.ssa.simulation.scenarios import policies_of
from tests.ssa.detection.test_residuals import EPOCH, satellite


def truth(*days):
    start = EPOCH.replace(tzinfo=None)
    times = [start + timedelta(days=day) for day in days]
    return pl.DataFrame({"start_utc": times, "norad_id": [90001] * len(times)})


def satellite_parts(step_d=5.0):
    table = satellite(((20, 80.0), (120, 80.0)), days=170, noise_m=0.5)
    return satellite_windows(table, truth(20, 120, 165), step_d=step_d, detectors={})


def days_since_start(some):
    return some.at_d - (2460370.5)  # 2024-03-01


def test_windows_with_a_manoeuvre_hold_one_that_had_time_to_show():
    some = satellite_parts()
    ends = days_since_start(some)[some.moved]
    assert len(ends)
    assert all(
        any(2.0 < end - burn < 28.0 for burn in (20.0, 120.0, 165.0)) for end in ends.tolist()
    )


def test_quiet_windows_hold_none_and_lie_between_reported_ones():
    some = satellite_parts()
    ends = days_since_start(some)[~some.moved]
    # A burn keeps windows from being quiet from two days before it to 33 after.
    assert len(ends)
    assert all(53.0 <= end <= 118.0 or 153.0 <= end <= 163.0 for end in ends.tolist())


def test_a_satellite_without_reports_gives_no_window():
    table = satellite(days=60)
    other = truth(20).with_columns(norad_id=pl.lit(1))
    with pytest.raises(InputError, match="operators reported"):
        satellite_windows(table, other, step_d=5.0, detectors={})


def test_the_given_detector_finds_the_burns():
    class Nothing:
        operating = training.detector_in_use().operating

        def scores(self, _regime, candidates):
            return np.zeros(len(candidates.at))

    table = satellite(((30, 200.0),), days=50)
    some = satellite_windows(table, truth(30), step_d=5.0, detectors={90001: Nothing()})
    burns = some.slots[:, [one.name for one in SLOTS].index("burns")]
    assert (burns == 0.0).all()


def test_a_passive_object_ends_where_it_is_no_longer_what_it_was():
    until = datetime(2024, 4, 10, tzinfo=UTC)
    some = passive_windows(satellite(days=80), [90001], step_d=1.0, until={90001: until})
    assert set(some.source.tolist()) == {PASSIVE}
    assert days_since_start(some).max() < 40.0


def test_an_object_that_is_not_there_gives_no_passive_window():
    with pytest.raises(InputError, match="no object 5"):
        passive_windows(satellite(days=40), [5], step_d=1.0, until={})


@pytest.mark.parametrize("regime", REGIMES)
def test_quiet_policies_exist(regime):
    assert set(QUIET_POLICIES[regime]) <= set(policies_of(regime))


@pytest.mark.slow
def test_simulated_windows_burn_nothing_and_know_an_asset():
    some = simulated_windows({"geo": 1}, seed=4)
    assert set(some.source.tolist()) == {SIMULATED}
    assert not some.moved.any()
    assert np.isfinite(some.slots[:, [s.name for s in SLOTS].index("range_km")]).all()


def test_windows_are_read_as_they_were_written(tmp_path):
    some = satellite_parts(20.0)
    save(tmp_path / "windows.npz", some)
    again = read(tmp_path / "windows.npz")
    np.testing.assert_array_equal(again.slots, some.slots)
    assert again.name.tolist() == some.name.tolist()


def plain(names, regimes, moved=None):
    count = len(names)
    flags = np.zeros(count, dtype=bool) if moved is None else np.asarray(moved)
    return Windows(
        np.zeros((count, 128)), np.asarray(regimes), np.asarray(names),
        np.full(count, "stretch"), flags, np.arange(count, dtype=float),
    )  # fmt: skip


def test_no_object_is_in_two_folds_and_every_fold_holds_some():
    names = [f"o{k % 12}" for k in range(200)]
    regimes = ["geo" if int(name[1:]) < 4 else "leo" for name in names]
    fold = folds_of(plain(names, regimes), 4, 1)
    for name in set(names):
        assert len(set(fold[np.array(names) == name].tolist())) == 1
    geo = {int(fold[names.index(f"o{k}")]) for k in range(4)}
    assert geo == {0, 1, 2, 3}


def test_a_hundred_windows_of_one_object_weigh_ten_times_one_of_another():
    weight = weights_of(np.array(["many"] * 100 + ["one"]))
    assert weight[:100].sum() == pytest.approx(10.0 * weight[100])


def test_area_and_precision_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(3)
    moved = random.random(300) < 0.3
    score = np.round(random.normal(size=300) + moved, 1)  # with ties
    assert auroc(score, moved) == pytest.approx(metrics.roc_auc_score(moved, score))
    expected = metrics.average_precision_score(moved, score)
    assert average_precision(score, moved) == pytest.approx(expected)


def test_figures_are_those_within_objects():
    # Between the objects the score is all wrong, within each it is all right.
    score = np.array([1.0, 2.0, 11.0, 12.0, 13.0])
    moved = np.array([False, True, False, False, True])
    told = by_object(score, moved, np.array(["a", "a", "b", "b", "b"]))
    assert told == {"a": (1.0, 1.0), "b": (1.0, 1.0)}
    assert summary(told)["auroc_interval"] == [1.0, 1.0]


def test_an_object_of_one_kind_has_no_figure():
    assert by_object(np.ones(3), np.ones(3, dtype=bool), np.array(["a"] * 3)) == {}


def test_a_difference_is_paired_by_object():
    one = {f"o{k}": (0.1 * k + 0.05, 0.0) for k in range(8)}
    other = {f"o{k}": (0.1 * k, 0.0) for k in range(8)}
    told = difference(one, other)
    assert told["auroc"] == pytest.approx(0.05)
    assert told["interval"] == pytest.approx([0.05, 0.05])


def test_the_model_that_ships_knows_every_regime_and_the_slots_of_the_program():
    folder = packaged(MODEL)
    encoder = BehaviourEncoder(folder)
    assert set(encoder.calibrations) == set(REGIMES)
    assert encoder.chosen in CHOICES
    told = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    assert told["slots"] == [one.name for one in SLOTS]


def test_the_score_that_ships_is_the_best_of_the_card():
    card = json.loads((packaged(MODEL) / "card.json").read_text(encoding="utf-8"))
    areas = {name: card["metrics"][f"{name}_auroc"] for name in CHOICES}
    assert card["metrics"]["chosen"] == max(areas, key=areas.get)
    # A cadence-only score must be far behind, or the windows leak (orbit-audit T18).
    assert card["scores"]["cadence"]["auroc"] < 0.75 * max(areas.values())


def test_the_model_that_ships_answers_rows_of_slots():
    predict = training.load(packaged(MODEL))
    row = {"axis_km": 7000.0, "period_min": 97.0, "eccentricity": 0.001, "axis_most": 3.0}
    told = predict([row])[0]
    assert 0.0 < told["value"] <= 1.0
    assert len(told["code"]) == 64
    with pytest.raises(InputError, match="number or null"):
        predict([{"axis_km": "far"}])


def test_predicting_nothing_gives_nothing():
    assert training.load(packaged(MODEL))([]) == []


@pytest.mark.slow
def test_real_windows_with_a_manoeuvre_are_less_likely_than_quiet_ones(ssa_data):
    # The detector and encoder that ship have seen this satellite: a check of the served path,
    # not a figure.
    history = pl.read_parquet(ssa_data / training.HISTORY).filter(pl.col("norad_id") == 41335)
    table = pl.read_parquet(ssa_data / training.TRUTH)
    some = satellite_windows(history, table, step_d=40.0, detectors={})
    p = BehaviourEncoder(packaged(MODEL)).score(some.slots)
    assert auroc(-p, some.moved) > 0.9
