"""Planned burns among those seen: the operator's own are known."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.ssa.records.plans import with_planned
from skywright.ssa.records.record import PlannedBurn
from skywright.ssa.records.record_json import records_to_json
from skywright.ssa.records.record_reading import PLAN_SCHEMA, record_of_row
from tests.ssa.detection.test_residuals import EPOCH as ZONED
from tests.ssa.detection.test_residuals import satellite

EPOCH = ZONED.replace(tzinfo=None)


def seen(number, day):
    start = EPOCH + timedelta(days=day)
    return {"norad_id": number, "start_utc": start, "end_utc": start + timedelta(hours=12)}


def plan(*rows):
    made = [{"object_id": name, "start_utc": EPOCH + timedelta(days=day)} for name, day in rows]
    return pl.DataFrame(
        made, schema={name: PLAN_SCHEMA[name] for name in ("object_id", "start_utc")}
    )


def test_a_burn_is_planned_where_its_operator_told_of_one():
    table = pl.DataFrame([seen(5, 10), seen(5, 20), seen(6, 10)])
    told = with_planned(table, plan(("5", 10.2), ("5", 15.0), ("7", 10.0)))
    assert told["planned"].to_list() == [True, False, False]


def test_without_a_plan_nothing_is_planned():
    told = with_planned(pl.DataFrame([seen(5, 10)]), plan())
    assert told["planned"].to_list() == [False]
    assert with_planned(pl.DataFrame([seen(5, 10)]).head(0), plan())["planned"].to_list() == []


def test_the_command_tells_which_burns_were_planned(tmp_path):
    rows = satellite(((30, 2000.0), (60, 2000.0)), days=90, noise_m=0.3).to_dicts()
    records = [record_of_row(row, "a file", row["epoch_utc"]) for row in rows]
    burn = PlannedBurn(EPOCH + timedelta(days=30))
    told = [*records[:-1], _with(records[-1], burn)]
    (tmp_path / "own.json").write_text(records_to_json(told))
    args = ["ssa", "detect", "--history", str(tmp_path / "own.json"), "--json"]
    found = json.loads(CliRunner().invoke(app, args).stdout)["manoeuvres"]
    by_day = {}
    for one in found:
        since = datetime.fromisoformat(one["time_utc"]).replace(tzinfo=None) - EPOCH
        by_day[round(since / timedelta(days=1))] = one["planned"]
    assert by_day == {30: True, 60: False}


def _with(record, burn):
    return replace(record, planned_burns=(burn,))
