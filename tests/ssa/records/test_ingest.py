"""Ingesting: marked, causal, once, and all or none."""

import json
from datetime import timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError, NotFoundError
from skywright.ssa.records.cdm import parse_cdm, write_cdm
from skywright.ssa.records.cdm_xml import write_cdm_xml
from skywright.ssa.records.ingest import ingest, stored_history
from skywright.ssa.records.quality import Mark
from skywright.ssa.records.reading import read_history
from skywright.store.audit import read_audit
from tests.ssa.detection.test_residuals import EPOCH, satellite
from tests.ssa.records.test_cdm import TEXT as CDM
from tests.ssa.records.test_oem import TEXT as OEM
from tests.ssa.records.test_tle import SETS

NOW = EPOCH + timedelta(days=20)


@pytest.fixture
def sets(tmp_path):
    table = satellite(days=20).with_columns(received_utc=pl.col("epoch_utc") + timedelta(hours=6))
    table.write_parquet(tmp_path / "sets.parquet")
    return tmp_path / "sets.parquet"


def test_records_come_back_as_a_history(any_database, sets):
    told = ingest([sets], any_database, NOW)
    assert (told.records, told.new, told.kinds) == (20, 20, {"mean_elements": 20})
    back = stored_history(any_database, [90001])
    given = pl.read_parquet(sets)
    assert back["mean_anomaly_deg"].to_list() == given["mean_anomaly_deg"].to_list()
    assert back["received_utc"].to_list() == given["received_utc"].to_list()


def test_the_same_file_twice_is_the_same_records(any_database, sets):
    ingest([sets], any_database, NOW)
    assert ingest([sets], any_database, NOW + timedelta(days=1)).new == 0
    assert len(read_audit(any_database, before=None, limit=10)) == 1


def test_what_came_later_was_not_known(any_database, sets):
    ingest([sets], any_database, NOW)
    known = stored_history(any_database, [90001], until=EPOCH + timedelta(days=3, hours=1))
    assert known.height == 3


def test_a_correction_is_another_record(any_database, sets, tmp_path):
    ingest([sets], any_database, NOW)
    changed = pl.read_parquet(sets).tail(1).with_columns(bstar=pl.lit(2e-5))
    changed.write_parquet(tmp_path / "corrected.parquet")
    assert ingest([tmp_path / "corrected.parquet"], any_database, NOW).new == 1
    assert stored_history(any_database, [90001]).height == 21


def test_marks_are_kept(any_database, sets):
    told = ingest([sets], any_database, EPOCH + timedelta(days=10, hours=1))
    assert told.marks == {Mark.FUTURE: 9}
    assert stored_history(any_database, [90001])["marks"].to_list()[-1] == [Mark.FUTURE]


def test_a_bad_file_stores_nothing_of_any(any_database, sets, tmp_path):
    (tmp_path / "bad.txt").write_text(SETS.replace("413667", "413668"))
    with pytest.raises(InputError, match="ends in checksum"):
        ingest([sets, tmp_path / "bad.txt"], any_database, NOW)
    with pytest.raises(NotFoundError, match="No element set of 90001 is on file"):
        stored_history(any_database, [90001])


def test_ten_thousand_records_are_one_batch(any_database, tmp_path):
    many = pl.concat(
        [satellite(days=20).with_columns(norad_id=pl.lit(k, pl.Int64)) for k in range(1, 501)]
    )
    many.write_parquet(tmp_path / "many.parquet")
    assert ingest([tmp_path / "many.parquet"], any_database, NOW).new == 10_000


def test_the_command_tells_one_object(tmp_path):
    (tmp_path / "sets.txt").write_text(SETS)
    args = ["ssa", "ingest", str(tmp_path / "sets.txt"), "--now", "2006-07-01", "--json"]
    told = json.loads(CliRunner().invoke(app, args).stdout)
    assert (told["records"], told["new"]) == (3, 3)
    assert told["marks"] == {"stale": 1}


def test_ephemerides_and_messages_in_xml_are_records_on_file(any_database, tmp_path):
    (tmp_path / "ephemeris").write_text(OEM)
    (tmp_path / "message.xml").write_text(write_cdm_xml(parse_cdm(CDM)))
    (tmp_path / "message.txt").write_text(write_cdm(parse_cdm(CDM)))
    files = [tmp_path / name for name in ("ephemeris", "message.xml", "message.txt")]
    told = ingest(files, any_database, NOW)
    assert told.kinds == {"state": 4, "conjunction": 2}
    assert told.new == 5, "the message is the same one in both notations"
    assert told.marks == {Mark.FUTURE: 4}


def test_an_ephemeris_is_no_history(tmp_path):
    (tmp_path / "ephemeris").write_text(OEM)
    with pytest.raises(InputError, match="ephemeris holds no element sets: it is one of OEM"):
        read_history(tmp_path / "ephemeris")
