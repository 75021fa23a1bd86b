"""The quality gate: oddities are marked, nothing is lost, and good sets stay unmarked."""

from datetime import timedelta

import polars as pl
import pytest

from skywright.ssa.records.quality import Mark, mark, usable
from skywright.ssa.records.reading import read_history
from tests.ssa.detection.test_residuals import EPOCH, satellite

NOW = EPOCH + timedelta(days=31)


@pytest.fixture
def sets():
    return satellite(((12, 40.0),), days=30, noise_m=0.3).with_columns(
        received_utc=pl.col("epoch_utc") + timedelta(hours=5)
    )


def marks(table, row):
    return set(mark(table, NOW)["marks"][row])


def test_good_sets_have_no_mark_though_the_object_burnt(sets):
    told = mark(sets, NOW)
    assert told.height == sets.height
    assert told["marks"].list.len().sum() == 0


def test_an_old_last_set_is_stale(sets):
    assert set(mark(sets, NOW + timedelta(days=20))["marks"][-1]) == {Mark.STALE}


def test_a_set_of_another_object_is_cross_tagged(sets):
    row = pl.int_range(pl.len()) == 15
    wrong = sets.with_columns(
        raan_deg=pl.when(row).then(pl.col("raan_deg") + 9.0).otherwise("raan_deg")
    )
    assert marks(wrong, 15) == {Mark.CROSS_TAGGED}
    assert mark(wrong, NOW)["marks"].list.len().sum() == 1
    assert usable(mark(wrong, NOW)).height == 29


def test_a_jump_that_nothing_confirms_yet_is_told(sets):
    last = pl.int_range(pl.len()) == 29
    wrong = sets.with_columns(
        mean_motion_rev_day=pl.when(last).then(13.5).otherwise("mean_motion_rev_day")
    )
    assert marks(wrong, 29) == {Mark.UNCONFIRMED}


def test_repetitions_are_told_apart(sets):
    same = pl.concat([sets, sets[10:11]])
    other = pl.concat(
        [sets, sets[10:11].with_columns(bstar=pl.lit(1.0), mean_anomaly_deg=pl.lit(1.0))]
    )
    assert sum(Mark.DUPLICATE in row for row in mark(same, NOW)["marks"].to_list()) == 1
    assert sum(Mark.SAME_EPOCH in row for row in mark(other, NOW)["marks"].to_list()) == 1


def test_epochs_to_come_and_orders_of_receipt_are_told(sets):
    assert Mark.FUTURE in mark(sets, EPOCH + timedelta(days=5))["marks"][-1]
    early = sets.with_columns(received_utc=pl.col("epoch_utc") - timedelta(days=3))
    assert marks(early, 4) == {Mark.EARLY}
    row = pl.int_range(pl.len()) == 8
    late = sets.with_columns(
        received_utc=pl.when(row)
        .then(pl.col("received_utc") + timedelta(days=6))
        .otherwise("received_utc")
    )
    assert marks(late, 8) == {Mark.LATE}


def test_real_satellites_are_mostly_good(ssa_data):
    history = read_history(ssa_data / "manoeuvres/tle_history.parquet")
    told = mark(history, history["epoch_utc"].max())
    shares = told.explode("marks").drop_nulls("marks")["marks"].value_counts()
    wrong = shares.filter(pl.col("marks") == Mark.CROSS_TAGGED)["count"].sum()
    assert wrong < 0.002 * history.height


def test_the_first_set_after_the_collision_is_not_taken_for_the_satellite(ssa_data):
    table = read_history(ssa_data / "cases/gp_history_cases.parquet")
    iridium = table.filter(pl.col("norad_id") == 24946).sort("epoch_utc")
    first = iridium.filter(pl.col("epoch_utc") > pl.datetime(2009, 2, 11)).head(1)
    known = pl.concat([iridium.filter(pl.col("epoch_utc") < pl.datetime(2009, 2, 11)), first])
    told = mark(known, first["epoch_utc"][0])
    assert Mark.UNCONFIRMED in told["marks"][-1]
