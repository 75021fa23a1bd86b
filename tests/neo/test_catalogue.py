"""The catalogue in use: collected data where there are some, else what is built in."""

import os

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.neo.catalogue import catalogue_path, load_catalogue
from skywright.settings import get_settings


def test_without_data_notable_and_invented_objects_answer_and_say_so():
    table = load_catalogue()
    assert set(table["label"]) == {"hand-compiled", "synthetic"}
    assert table["provenance"].null_count() == 0
    real = table.filter(~table["synthetic"])
    assert real["provenance"].str.starts_with("hand-compiled from JPL").all()
    needed = {"orbit_class", "is_pha", "moid_au", "size_class", "split", "temporal_split"}
    assert needed <= set(table.columns)
    assert load_catalogue() is table


def test_collected_data_are_used_and_a_change_is_seen():
    path = catalogue_path(get_settings())
    path.parent.mkdir(parents=True)
    pl.DataFrame({"designation": ["a"]}).write_parquet(path)
    assert load_catalogue()["designation"].to_list() == ["a"]
    pl.DataFrame({"designation": ["b"]}).write_parquet(path)
    os.utime(path, ns=(1, 1))
    assert load_catalogue()["designation"].to_list() == ["b"]


def test_a_damaged_file_is_said_with_what_to_do():
    path = catalogue_path(get_settings())
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(InputError, match="Collect it again"):
        load_catalogue()
