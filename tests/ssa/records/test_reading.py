"""Reading: by content, in the columns of many makers, all of it or a sentence."""

import json

import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.ssa.element_sets import COLUMNS
from skywright.ssa.records.reading import read_history
from tests.ssa.records.test_tle import SETS

OMM = {
    "OBJECT_NAME": "VANGUARD 1", "OBJECT_ID": "1958-002B", "EPOCH": "2000-06-27T18:50:19.733568",
    "MEAN_MOTION": 10.82419157, "ECCENTRICITY": 0.1859667, "INCLINATION": 34.2682,
    "RA_OF_ASC_NODE": 348.7242, "ARG_OF_PERICENTER": 331.7664, "MEAN_ANOMALY": 19.3264,
    "NORAD_CAT_ID": 5, "BSTAR": 0.28098e-4, "MEAN_MOTION_DOT": 2.3e-7,
}  # fmt: skip


@pytest.fixture
def by_lines(tmp_path):
    path = tmp_path / "sets.txt"
    path.write_text(SETS)
    return read_history(path)


def test_lines_are_a_history(by_lines):
    assert by_lines["norad_id"].to_list() == [5, 6251, 28057]
    assert set(COLUMNS) <= set(by_lines.columns)


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_omm_and_lines_are_the_same_set(tmp_path, by_lines, form):
    path = tmp_path / "unnamed"
    if form == "json":
        path.write_text(json.dumps([OMM]))
    elif form == "csv":
        pl.DataFrame([OMM]).write_csv(path)
    else:
        pl.DataFrame([OMM]).write_parquet(path)
    row, line = read_history(path).row(0, named=True), by_lines.row(0, named=True)
    for name in COLUMNS:
        assert row[name] == line[name] or row[name] == pytest.approx(line[name], rel=1e-12), name
    assert row["ndot_rev_day2"] == pytest.approx(line["ndot_rev_day2"])


def test_rows_with_lines_only_take_their_elements(tmp_path, by_lines):
    path = tmp_path / "catalogue.parquet"
    by_lines.select("norad_id", "epoch_utc", "line1", "line2").write_parquet(path)
    assert read_history(path).select(COLUMNS).equals(by_lines.select(COLUMNS))


def test_rows_without_lines_keep_their_elements(tmp_path, by_lines):
    mixed = by_lines.with_columns(
        line1=pl.when(pl.col("norad_id") == 5).then(None).otherwise("line1"),
        bstar=pl.when(pl.col("norad_id") == 5).then("bstar"),
    )
    mixed.write_parquet(tmp_path / "mixed.parquet")
    assert read_history(tmp_path / "mixed.parquet")["bstar"].equals(by_lines["bstar"])


def test_a_time_of_receipt_is_kept(tmp_path):
    path = tmp_path / "gp.json"
    path.write_text(json.dumps([OMM | {"CREATION_DATE": "2000-06-28T01:00:00"}]))
    assert str(read_history(path)["received_utc"][0]) == "2000-06-28 01:00:00"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no element sets"),
        ("[1, 2]", "must be a list of element sets"),
        ("[{", "is not valid JSON"),
        ("a,norad_id\n1,5\n", "no column epoch_utc"),
        (json.dumps([OMM | {"EPOCH": "yesterday"}]), "epoch_utc = 'yesterday' in row 0"),
        (json.dumps([OMM | {"NORAD_CAT_ID": 10**30}]), "cannot be read as a table"),
        (json.dumps([OMM | {"EPOCH": "0000-06-27T18:50:19"}]), "in row 0 must be of 1957 to 2199"),
        (json.dumps([OMM | {"ECCENTRICITY": 1.5}]), "eccentricity must be"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path, content, said):
    path = tmp_path / "sets"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        read_history(path)


def test_bytes_of_something_else_are_refused(tmp_path):
    path = tmp_path / "sets"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match="neither Parquet nor text"):
        read_history(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="does not exist"):
        read_history(tmp_path / "nothing")


@pytest.mark.slow
def test_whole_catalogues_are_read(ssa_data):
    for name, rows in (("20240705", 26389), ("omm_20241101", 26834), ("20250112", 27260)):
        assert read_history(ssa_data / f"catalogue/catalogue_{name}.parquet").height == rows
