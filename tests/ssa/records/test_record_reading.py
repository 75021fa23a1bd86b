"""Records from files of every form, and what is made of them."""

import json
from datetime import datetime, timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError, NotFoundError
from skywright.ssa.element_sets import COLUMNS
from skywright.ssa.records.ingest import ingest, stored_history, stored_plan
from skywright.ssa.records.quality import Mark
from skywright.ssa.records.reading import read_history
from skywright.ssa.records.record import Kind, PlannedBurn, Role
from skywright.ssa.records.record_json import records_to_json
from skywright.ssa.records.record_reading import (
    history_of_records,
    plan_of,
    plan_of_records,
    read_records,
)
from tests.ssa.records.test_cdm import cdm, text  # noqa: F401 - fixtures
from tests.ssa.records.test_omm import EXAMPLE, as_xml
from tests.ssa.records.test_reading import OMM
from tests.ssa.records.test_record import EPOCH, STATE, made
from tests.ssa.records.test_tle import SETS

BURN = PlannedBurn(EPOCH + timedelta(days=2), 30.0, (0.0, 0.1, 0.0))
NOW = EPOCH + timedelta(days=1)


@pytest.fixture
def own(tmp_path):
    told = [
        made(asset_role=Role.PROTECTED, manoeuvrable=True, planned_burns=(BURN,)),
        made(STATE, "GCRF", epoch=EPOCH + timedelta(days=3)),
        made(epoch=EPOCH + timedelta(hours=6), received_at=NOW, planned_burns=(BURN,)),
    ]
    path = tmp_path / "own.json"
    path.write_text(records_to_json(told))
    return path


@pytest.mark.parametrize("form", ["tle", "omm", "xml", "json", "csv", "parquet"])
def test_element_sets_of_every_form_are_records(tmp_path, form):
    path = tmp_path / "unnamed"
    forms = {"tle": SETS, "omm": EXAMPLE, "xml": as_xml(EXAMPLE), "json": json.dumps([OMM])}
    if form in forms:
        path.write_text(forms[form])
    else:
        getattr(pl.DataFrame([OMM]), f"write_{form}")(path)
    told = read_records(path, received_at=NOW)
    history = read_history(path)
    assert [one.kind for one in told] == [Kind.MEAN_ELEMENTS] * history.height
    assert history_of_records(told).select(COLUMNS).equals(history.select(COLUMNS))
    came = datetime(2020, 3, 5, 16) if form in ("omm", "xml") else NOW  # noqa: DTZ001 - UTC
    assert {one.received_at for one in told} == {came}


def test_a_message_is_one_record_of_its_first_object(tmp_path, text):  # noqa: F811
    path = tmp_path / "message"
    path.write_text(text.replace("OBJECT_NAME = OBJECT 1", "OBJECT_NAME = A\nMANEUVERABLE = NO"))
    (one,) = read_records(path)
    assert (one.kind, one.object_id, one.name) == (Kind.CONJUNCTION, "1", "A")
    assert one.manoeuvrable is False
    assert one.part.hbr_source == "the message"


def test_records_are_read_as_a_history_with_their_roles(own):
    table = read_history(own)
    assert table["asset_role"].to_list() == ["protected", "other"]
    assert table["received_utc"].to_list() == [EPOCH + timedelta(hours=5), NOW]


def test_a_plan_tells_each_burn_once_as_first_known(own):
    (row,) = plan_of(own).to_dicts()
    assert (row["object_id"], row["start_utc"]) == ("44628", BURN.start_utc)
    assert (row["dv_intrack_m_s"], row["received_utc"]) == (0.1, EPOCH + timedelta(hours=5))


def test_other_files_tell_no_plan(tmp_path):
    (tmp_path / "sets.txt").write_text(SETS)
    assert plan_of(tmp_path / "sets.txt").is_empty()
    assert plan_of_records([]).is_empty()


def test_a_plan_is_on_file_apart_and_only_from_when_it_was_told(own, any_database):
    told = ingest([own], any_database, NOW)
    assert told.kinds == {"mean_elements": 2, "state": 1, "planned_burn": 1}
    assert told.marks == {Mark.EARLY: 1, Mark.FUTURE: 1}
    assert (
        stored_plan(any_database, "44628")
        .drop("received_utc")
        .equals(plan_of(own).drop("received_utc"))
    )
    assert stored_plan(any_database, "44628", until=EPOCH).is_empty()
    assert stored_history(any_database, [44628])["asset_role"].to_list() == ["protected", "other"]
    assert ingest([own], any_database, NOW + timedelta(days=1)).new == 0


def test_a_history_needs_catalogue_numbers_and_elements():
    with pytest.raises(InputError, match="object_id must be a catalogue number"):
        history_of_records([made(object_id="2024-001A")])
    with pytest.raises(InputError, match="hold no mean elements"):
        history_of_records([made(STATE, "GCRF")])


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="does not exist"):
        read_records(tmp_path / "nothing")


def test_all_real_messages_are_records(ssa_data):
    for path in sorted((ssa_data / "conjunctions/cara_cdm").glob("*.cdm")):
        (one,) = read_records(path)
        assert one.kind is Kind.CONJUNCTION
        assert one.received_at < one.epoch


def test_an_assessment_knows_the_burns_that_were_planned_by_then(own, tmp_path, monkeypatch):
    seen = []

    def remember(asset, objects, at, **how):
        seen.append(asset.planned_burns)
        return {"objects": [], "models": []}

    monkeypatch.setattr("skywright.ssa.threats.arms.assess", remember)
    (tmp_path / "others.txt").write_text(SETS)
    args = [
        "ssa",
        "threats",
        "--asset",
        str(own),
        "--objects",
        str(tmp_path / "others.txt"),
        "--at",
    ]
    for at in ("2024-07-05T16:00", "2024-07-05T18:00"):
        CliRunner().invoke(app, [*args, at, "--json"], catch_exceptions=False)
    before, after = seen
    assert before.is_empty(), "the plan came at 17:00"
    assert after["start_utc"].to_list() == [BURN.start_utc]
