"""Files of one's own: formats by content, and a sentence for each fault."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.sources.files import read_objects

ROW = "2004 MN4,2461000.5,0.746,0.191,3.34,203.9,126.7,2461042.9"
HEAD = "designation,epoch_jd_tdb,q_au,e,i_deg,node_deg,peri_deg,tp_jd_tdb"


def _write(folder, text, name="objects.txt"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_known_by_its_heading_whatever_separates_the_cells(tmp_path, separator):
    text = f"{HEAD}\n{ROW}\n".replace(",", separator)
    table = read_objects(_write(tmp_path, "\ufeff" + text, "noextension"))
    assert table["q_au"][0] == 0.746
    assert table["designation"][0] == "2004 MN4"


def test_numbers_as_designations_stay_text(tmp_path):
    table = read_objects(_write(tmp_path, f"{HEAD}\n{ROW.replace('2004 MN4', '99942')}\n"))
    assert table["designation"].to_list() == ["99942"]


def test_gzip_and_parquet_are_known_by_content(tmp_path):
    csv = _write(tmp_path, gzip.compress(f"{HEAD}\n{ROW}\n".encode()), "a.csv")
    table = read_objects(csv)
    table.write_parquet(tmp_path / "b.csv")
    assert read_objects(tmp_path / "b.csv").equals(table)


def test_names_of_the_small_body_database_get_ours_beside_them(tmp_path):
    head = "pdes,epoch,a,e,i,om,w,ma,H,n_obs_used,note"
    text = f"{head}\n433,2461000.5,1.458,.2228,10.8,304,178,310,10.4,9,x\n"
    table = read_objects(_write(tmp_path, text))
    assert table["a"].to_list() == table["a_au"].to_list() == [1.458]
    assert table["designation"][0] == "433"
    assert table["epoch_jd_tdb"][0] == 2461000.5
    assert table["note"][0] == "x"


def test_terrestrial_time_and_modified_dates_become_tdb(tmp_path):
    text = "designation,epoch_mjd,time_scale\na,59000.0,tdb\nb,59000.0,tt\nc,59000.0,utc\n"
    epoch = read_objects(_write(tmp_path, text))["epoch_jd_tdb"].to_numpy()
    assert epoch[0] == 2459000.5
    assert epoch[1] == pytest.approx(epoch[0], abs=2.1e-3 / 86400)  # TDB - TT is below 2 ms
    assert (epoch[2] - epoch[0]) * 86400 == pytest.approx(69.184, abs=3e-3)  # 37 + 32.184 s


@pytest.mark.parametrize("form", ["json", "blanks", "semicolons"])
def test_a_covariance_in_a_cell_is_read(tmp_path, form):
    values = (np.arange(36) * 1e-12).tolist()
    cell = {
        "json": f'"{json.dumps(values)}"',
        "blanks": " ".join(map(str, values)),
        "semicolons": ";".join(map(str, values)),
    }[form]
    table = read_objects(_write(tmp_path, f"{HEAD},covariance\n{ROW},{cell}\n{ROW},\n"))
    assert table["covariance"].to_list() == [values, None]


def test_equatorial_states_are_turned_to_the_ecliptic(tmp_path):
    head = "frame,x_au,y_au,z_au,vx_au_d,vy_au_d,vz_au_d"
    text = f"{head}\nequatorial,1,0,0,0,0.01,0\necliptic,1,0,0,0,0.01,0\n"
    table = read_objects(_write(tmp_path, text))
    # obliquity 84381.448": cos = 0.917482062, sin = 0.397777156 (Standish, explanatory supplement)
    assert table["vy_au_d"].to_list() == pytest.approx([0.00917482062, 0.01], abs=1e-11)
    assert table["vz_au_d"].to_list() == pytest.approx([-0.00397777156, 0.0], abs=1e-11)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("just some words\n", "of no known format"),
        ("<!DOCTYPE html><html>", "web page"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (f"{HEAD}\n", "no rows"),
        (f"{HEAD}\n{ROW}\n{ROW},1\n", "Line 3 of .* has 9 cells, but the heading has 8"),
        (f"{HEAD}\n{ROW.replace('0.191', 'abc')}\n", "Row 2 has e = 'abc', which is not a number"),
        (f"{HEAD},e\n{ROW},1\n", "'e' twice"),
        (f"{HEAD},covariance\n{ROW},1 2 3\n", "covariance of 3 numbers"),
        (f'{HEAD},covariance\n{ROW},"[1, x]"\n', "covariance that cannot be read"),
        ("epoch_mjd,time_scale\n59000,gps\n", "time_scale = 'gps'; known are tdb"),
        ("origin,x_au,y_au,z_au,vx_au_d,vy_au_d,vz_au_d\nSSB,1,0,0,0,0,0\n", "origin = 'SSB'"),
        ('{"orbit": {"epoch": "24', "malformed at line 1"),
        ('{"orbit": {"epoch": "2461000.5"}, "object": {"des": "1"}}', "KeyError at 'elements'"),
        ('{"weather": "fine"}', "none of the known JSON shapes"),
        ('{"fields": ["e", "a"], "data": [["0.1"]]}', "Row 1 .* 1 cells for 2 fields"),
        ('{"fields": ["e"], "data": [["zero"]]}', "e = 'zero', which is no number"),
        ("format = 'OEF1.1'\nrefsys = ECLM J2000\nEND_OF_HEADER\n", "Only OEF2.0"),
        ("format = 'OEF2.0'\nrefsys = ECLM J2000\n", "no line END_OF_HEADER"),
        ("format = 'OEF2.0'\nrefsys = EQUM J2000\nEND_OF_HEADER\n", "ECLM J2000"),
        ("format = 'OEF2.0'\nrefsys = ECLM J2000\nEND_OF_HEADER\n433\n", "has no line 'KEP'"),
        (b"PAR1broken", "damaged"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "gzip but damaged"),
    ],
)
def test_each_fault_has_its_sentence(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        read_objects(_write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv does not exist"):
        read_objects(tmp_path / "nothing.csv")


def test_rows_as_json_are_read(tmp_path):
    rows = [{"designation": "a", "e": 0.1, "covariance": None}, {"designation": "b", "e": 0.2}]
    table = read_objects(_write(tmp_path, json.dumps({"rows": rows})))
    assert table["e"].to_list() == [0.1, 0.2]
    assert isinstance(table, pl.DataFrame)
