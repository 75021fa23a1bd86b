"""Training the forecast: apart by object, persistence beside it, and what it learned is used."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.ssa.conjunction import final_pc_training as training
from skywright.ssa.conjunction.final_pc import LEVELS, final_pc_in_use
from skywright.ssa.conjunction.final_pc_judging import (
    Judged,
    average_precision,
    by_primary,
    cross_ranked,
    foretold,
)
from skywright.ssa.conjunction.final_pc_lessons import (
    ALSO,
    COLUMN,
    examples,
    fitted,
    lessons_of,
)
from skywright.ssa.conjunction.final_pc_scoring import (
    calibration,
    coverage,
    esa_told,
    f2,
    flags_told,
    redrawn,
)
from tests.ssa.conjunction.test_pc_history import TCA


@pytest.fixture(scope="module")
def table():
    """Encounters whose probability wanders or collapses, of two satellites."""
    random = np.random.default_rng(5)
    parts = []
    for k in range(60):
        days = np.arange(6.0, 0.2, -0.8)
        log_pc = random.uniform(-7.0, -3.5) + random.normal(0.0, 0.3, len(days)).cumsum()
        if random.uniform() < 0.6:
            log_pc -= np.maximum(random.uniform(1.0, 5.0) - days, 0.0) * 3.0
        pc = 10.0 ** np.minimum(log_pc, -1.0)
        parts.append(
            pl.DataFrame(
                {
                    "event_id": f"E{k}",
                    "primary": f"P{k % 2}",
                    "secondary_id": k // 2,
                    "created_utc": [TCA - timedelta(days=float(d)) for d in days],
                    "tca_utc": [TCA] * len(days),
                    **{
                        name: pc * share
                        for name, share in zip(
                            (*ALSO, COLUMN), (0.06, 0.25, 0.6, 1.0, 1.0), strict=True
                        )
                    },
                }
            )
        )
    return pl.concat(parts)


@pytest.fixture(scope="module")
def lessons(table):
    return lessons_of(table)


def test_only_events_followed_to_the_end_teach(table):
    cut = table.filter(
        (pl.col("event_id") != "E0") | (pl.col("created_utc") < TCA - timedelta(days=2))
    )
    names = {one.event.name for one in lessons_of(cut)}
    assert names == {f"E{k}" for k in range(1, 60)}
    with pytest.raises(InputError, match="No event of the history was followed"):
        lessons_of(table.filter(pl.col("created_utc") < TCA - timedelta(days=2)))


def test_no_last_message_is_an_example(lessons):
    known, final, weight = examples(lessons[:3])
    counts = [int((one.event.days >= 0.5).sum()) for one in lessons[:3]]
    assert len(known) == len(final) == sum(min(c, 7) for c in counts)
    assert weight.sum() == pytest.approx(3.0)


def test_each_event_is_judged_once_and_apart_from_its_object(lessons):
    seen = []

    def remember(rest):
        seen.append({one.group for one in rest})
        return fitted(rest)

    from skywright.ssa.conjunction.final_pc_judging import _apart, _folds

    told = _apart(lessons, _folds(lessons, "outer"), remember)
    names = [(one.event.name, one.column) for one in told.lessons]
    assert len(names) == len(set(names))
    groups = {one.group for one in lessons}
    assert all(rest < groups for rest in seen)
    assert set.intersection(*seen) == set()


def test_what_wanders_is_ranked_better_than_chance(lessons):
    told = cross_ranked(lessons).rows(COLUMN)
    high = told.final >= -5.0
    assert average_precision(told.flag_chance, high) > 2.0 * high.mean()


def test_a_satellite_is_judged_by_the_other(lessons):
    told = by_primary(lessons)
    assert {one.primary for one in told["P0"].lessons} == {"P0"}
    assert by_primary([one for one in lessons if one.primary == "P0"]) == {}


def test_the_kind_writes_a_model_that_is_served(table, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "boosted_figures", lambda lessons: {})
    (tmp_path / "conjunctions").mkdir()
    (tmp_path / "out").mkdir()
    table.write_parquet(tmp_path / training.HISTORY)
    run = Run(load_recipe("ssa-final-pc"), tmp_path, tmp_path / "out", 1, tmp_path / "log.jsonl")
    metrics = training.fit(run)
    assert metrics["baseline"]["f2"] == metrics["persistence"]["f2"]
    assert json.loads((tmp_path / "out/card.json").read_text())["events"] == 60
    rows = [
        {
            "event_id": "X",
            "created_utc": f"2024-07-0{day}T00:00:00",
            "tca_utc": "2024-07-09T00:00:00",
            "pc": pc,
        }
        for day, pc in ((3, 1e-6), (5, 1e-4))
    ]
    first, second = training.load(tmp_path / "out")(rows)
    assert 0.0 < first["value"] < second["value"] < 1.0
    assert training.load(tmp_path / "out")(rows[:1]) == [first]


def test_flags_are_counted_with_intervals():
    flagged = np.array([True, True, False, False])
    high = np.array([True, False, True, False])
    told = flags_told(flagged, high)
    assert (told["hits"], told["false"], told["missed"], told["quiet"]) == (1, 1, 1, 1)
    assert told["recall_low"] < told["recall"] == 0.5 < told["recall_high"]
    assert told["f2"] == f2(flagged, high) == 0.5
    assert flags_told(~high & ~high, high & False)["recall"] is None


def test_the_score_of_the_challenge_is_error_over_f2():
    told = esa_told(np.array([-5.0, -4.0, -8.0]), np.array([-4.0, -7.0, -9.0]))
    assert told == {"high_events": 1, "mse_high": 1.0, "f2": 5.0 / 6.0, "score": 1.2}


def test_an_event_taken_for_low_is_foretold_just_below():
    chance = np.where(LEVELS <= -4.0, 0.5, 0.0)[None, :]
    low, high = foretold(chance, 0.6), foretold(chance, 0.4)
    assert low[0] == pytest.approx(-6.001)
    assert high[0] == pytest.approx(-4.0, abs=0.2)


def test_expected_and_observed_are_counted_at_whole_levels():
    chance = np.full((4, len(LEVELS)), 0.25)
    told = calibration(chance, LEVELS, np.array([-3.0, -9.0, -9.0, -9.0]))
    assert told["1e-5"] == {"expected": 1.0, "expected_sigma": 0.75**0.5, "observed": 1}
    told = coverage(np.array([[-6.0], [-6.0]]), [0.5], np.array([-7.0, -5.0]))
    assert told["0.5"]["observed"] == 0.5


def test_whole_groups_are_redrawn():
    groups = ["a"] * 50 + ["b"] * 50
    low, high = redrawn(groups, lambda rows: float((rows < 50).mean()))
    assert (low, high) == (0.0, 1.0)


@pytest.mark.slow
def test_the_model_in_use_was_trained_on_the_real_series(ssa_data):
    told = fitted(lessons_of(pl.read_parquet(ssa_data / "conjunctions/cara_pc_history.parquet")))
    assert told.weights == pytest.approx(final_pc_in_use().weights, rel=1e-3, abs=1e-3)


def test_no_part_of_a_judgement_is_lost(lessons):
    told = cross_ranked(lessons)
    assert isinstance(told, Judged)
    assert len(told.rows(COLUMN).lessons) == 60
    assert Path(training.HISTORY).suffix == ".parquet"
