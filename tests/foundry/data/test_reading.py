"""Files become tables, or a sentence."""

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.data.reading import read_table


@pytest.fixture
def written(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "n,s\n1,x\n2,y\n"),
        ("bom.csv", b"\xef\xbb\xbfn,s\n1,x\n2,y\n"),
        ("a.tsv", "n\ts\n1\tx\n2\ty\n"),
        ("a.json", '[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]'),
        ("a.jsonl", '{"n": 1, "s": "x"}\n{"n": 2, "s": "y"}\n'),
        ("A.NDJSON", '{"n": 1, "s": "x"}\n{"n": 2, "s": "y"}\n'),
    ],
)
def test_the_same_rows_come_out_of_every_type(written, name, content):
    assert read_table(written(name, content)).rows() == [(1, "x"), (2, "y")]


def test_parquet_comes_back_as_it_was(tmp_path):
    frame = pl.DataFrame({"l": [[1.0, 2.0], [3.0]], "b": [b"a", b"b"]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").equals(frame)


def test_a_text_file_is_a_row_a_line(written):
    assert read_table(written("a.txt", "one\n\n  \ntwo\n")).rows() == [("one",), ("two",)]


def test_a_word_for_missing_does_not_turn_numbers_into_texts(written):
    frame = read_table(written("a.csv", "n,s\n1.5,NA\nNA,DE\n--,FR\n"))
    assert frame["n"].to_list() == [1.5, None, None]
    assert frame["s"].to_list() == ["NA", "DE", "FR"]  # Namibia is no gap


def test_a_late_value_decides_the_type_of_a_column(written):
    rows = "\n".join(["1"] * 20_000)
    assert read_table(written("a.csv", f"n\n{rows}\nx\n"))["n"].dtype == pl.String


def test_iso_dates_become_dates(written):
    assert read_table(written("a.csv", "t\n2026-01-02\n"))["t"].dtype == pl.Date


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "n,s\n", "has columns but no rows"),
        ("a.csv", "a,b\n1,2,3\n", "a.csv is not a readable csv table: found more fields"),
        ("a.csv", "ü\n1\n".encode("latin-1"), "a.csv is not UTF-8 text. Save it"),
        ("a.json", "{bad", "a.json is not a readable json table"),
        ("a.json", "[]", "no rows"),
        ("a.jsonl", '{"a": 1}\nxx\n', "a.jsonl is not a readable jsonl table"),
        ("a.parquet", b"no parquet", "it does not begin with PAR1"),
        ("a.parquet", b"PAR1 and then nothing PAR1", "a.parquet is not a readable parquet table"),
        ("a.txt", b"\xff\xfe\xff", "a.txt is not UTF-8 text"),
        ("a.xlsx", b"PK", r"unknown type; .csv, .json, .jsonl"),
    ],
)
def test_a_faulty_file_is_told_in_a_sentence(written, name, content, told):
    with pytest.raises(InputError, match=told):
        read_table(written(name, content))


def test_a_folder_or_nothing_is_no_file(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        read_table(tmp_path)
