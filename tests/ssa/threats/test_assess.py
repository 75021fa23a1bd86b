"""Assessments: what an object does, from what was known; declared pairs are quiet."""

import json
from datetime import timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.settings import get_settings
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.assess import Tracked, assess
from skywright.ssa.threats.seeing import prepared
from skywright.store.analyses import list_analyses
from skywright.store.database import Database
from tests.ssa.detection.test_residuals import EPOCH, satellite

AT = EPOCH + timedelta(days=40, hours=3)


@pytest.fixture(scope="module")
def asset():
    return Tracked("asset", satellite(days=40, noise_m=0.3))


@pytest.fixture(scope="module")
def other():
    table = satellite(((25, 20.0),), days=40, norad_id=90002, noise_m=0.3)
    return Tracked("other", table.with_columns(mean_anomaly_deg=pl.col("mean_anomaly_deg") + 3.0))


def test_an_answer_holds_what_is_promised(asset, other):
    told = assess(asset, [other], AT, explain=True)
    (row,) = told["objects"]
    assert row["behaviour"] in {one.name.lower() for one in Behaviour}
    assert sum(row["probabilities"].values()) == pytest.approx(1.0)
    assert row["possible"]
    assert 0 <= row["level"] <= 4
    assert row["data_age_d"] == pytest.approx(1.125, abs=1e-6)
    assert [one["name"] for one in told["models"]] == ["ssa-threats", "ssa-manoeuvres"]
    assert len(told["data"]["sha256"]) == 64
    assert row["explanation"]["slots"]


def test_evidence_names_the_burn(asset, other):
    (row,) = assess(asset, [other], AT)["objects"]
    (burn,) = row["evidence"]["manoeuvres"]
    assert burn["time_utc"].startswith("2024-03-25")
    assert burn["direction"] == "in-track forward"


def test_a_declared_companion_never_alarms(asset, other):
    declared = Tracked(other.name, other.history, cooperative=True)
    (row,) = assess(asset, [declared], AT)["objects"]
    assert (row["level"], row["level_name"]) == (0, "none")


def test_the_future_is_not_looked_at(asset, other):
    before = EPOCH + timedelta(days=20)
    known = Tracked(
        "other", other.history.filter(pl.col("epoch_utc") <= before.replace(tzinfo=None))
    )
    one, two = (assess(asset, [some], before)["objects"][0] for some in (known, other))
    assert one == two


def test_several_objects_keep_their_order(asset, other):
    second = Tracked("second", other.history.with_columns(raan_deg=pl.col("raan_deg") + 5.0))
    told = assess(asset, [other, second, other], AT)["objects"]
    assert [row["object"] for row in told] == ["other", "second", "other"]
    assert told[0] == told[2]


def test_nothing_to_assess_is_a_sentence(asset):
    with pytest.raises(InputError, match="There are no objects to assess"):
        assess(asset, [], AT)


def test_the_command_tells_one_object(asset, other, tmp_path):
    asset.history.write_parquet(tmp_path / "asset.parquet")
    other.history.write_parquet(tmp_path / "others.parquet")
    result = CliRunner().invoke(
        app,
        [
            "ssa", "threats", "--asset", str(tmp_path / "asset.parquet"), "--objects",
            str(tmp_path / "others.parquet"), "--at", AT.isoformat(), "--cooperative", "90002",
            "--json",
        ],
    )  # fmt: skip
    told = json.loads(result.stdout)
    assert [row["level"] for row in told["objects"]] == [0]
    database = Database.of(get_settings())
    (row,) = list_analyses(database)
    database.close()
    assert (row["id"], row["caller"]) == (told["analysis_id"], "command line")
    assert row["decision"] == {"90002": 0}


# Documented: the collision of Iridium 33 and Cosmos 2251 on 2009-02-10, 16:56 UTC.
def test_the_collision_of_2009_is_a_passing_seen_before(ssa_data):
    from datetime import datetime

    from skywright.ssa.records.reading import read_history

    table = read_history(ssa_data / "cases/gp_history_cases.parquet")
    iridium, cosmos = (
        Tracked(str(number), table.filter(pl.col("norad_id") == number))
        for number in (24946, 22675)
    )
    at = datetime(2009, 2, 10)  # noqa: DTZ001 - UTC
    (row,) = assess(iridium, [cosmos], at)["objects"]
    assert row["nearest"]["range_km"] < 2.0
    assert row["nearest"]["in_d"] == pytest.approx(16.93 / 24, abs=0.01)
    assert row["level"] >= 1


def test_an_asset_is_prepared_once_for_all_objects_beside_it(asset, other):
    one = prepared(asset, AT.replace(tzinfo=None))
    assess(asset, [other], AT)
    kept = len(one.states)
    assert kept == 2  # the days before and the days ahead
    assess(asset, [Tracked("later", other.history.head(35))], AT)
    assert prepared(asset, AT.replace(tzinfo=None)) is one
    assert len(one.states) == kept
