"""Each parser reads its type, and tells in a sentence what is wrong with a file."""

import io

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.collect import media as known
from skywright.foundry.collect.parsed import Limits, plain
from skywright.foundry.collect.parsers import parse
from skywright.foundry.collect.sniff import sniff

_LIMITS = Limits(rows=100, seconds=2, pixels=1_000_000)


def _rows(content, name, limits=_LIMITS):
    parsed = parse(sniff(io.BytesIO(content), name), content, limits)
    return list(parsed.rows), parsed.facts


_EXPECTED = {
    "a.csv": ("rows", {"wheel": "RW1", "rpm": 3000.5}, 2),
    "a.tsv": ("rows", {"wheel": "RW1", "rpm": 3000.5}, 1),
    "a.json": ("rows", {"wheel": "RW1", "rpm": 3000.5}, 1),
    "a.jsonl": ("rows", {"wheel": "RW1"}, 2),
    "a.txt": ("lines", {"text": "one line"}, 2),
    "a.parquet": ("rows", {"wheel": "RW1", "rpm": 3000.5}, 2),
    "a.sql": ("w", {"n": "RW1", "r": 3.5}, 1),
    "a.db": ("wheels", {"name": "RW1", "rpm": 3000.5}, 3),
    "a.pdf": ("pages", {"page": 1, "text": "Kepler was here"}, 1),
    "a.docx": ("paragraphs", {"style": "Normal", "text": "The wheel turned."}, 2),
}


@pytest.mark.parametrize("name", _EXPECTED)
def test_a_good_file_gives_its_rows(samples, name):
    part, first, count = _EXPECTED[name]
    rows, _ = _rows(samples[name], name)
    assert rows[0] == (part, first)
    assert len(rows) == count


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.tiff", "a.bmp"])
def test_an_image_gives_its_size(samples, name):
    [(part, row)], _ = _rows(samples[name], name)
    assert (part, row["width"], row["height"]) == ("image", 256, 256)


def test_a_recording_gives_its_length(samples):
    pytest.importorskip("soundfile")
    [(_, row)], _ = _rows(samples["a.wav"], "a.wav")
    assert (row["duration_s"], row["sample_rate_hz"], row["channels"]) == (0.5, 8000, 1)


def test_a_video_gives_its_size(samples):
    pytest.importorskip("av")
    [(_, row)], _ = _rows(samples["a.mp4"], "a.mp4")
    assert (row["width"], row["height"], row["codec"]) == (64, 64, "mpeg4")


@pytest.mark.parametrize(
    ("name", "cut", "said"),
    [
        ("a.parquet", -3, "cut short: it does not end with PAR1"),
        ("a.pdf", -20, "cut short: its end mark is missing"),
        ("a.png", -30, "image cannot be read"),
        ("a.jpg", 400, "image cannot be read"),
        ("a.json", -3, "not valid JSON"),
        ("a.jsonl", -3, "Line 3 is not valid JSON"),
        ("a.db", 5000, "cannot be read"),
        ("a.wav", 20, "recording cannot be read"),
        ("a.mp4", 300, "video cannot be read"),
        ("a.sql", -5, "Line 2 of the dump is not taken|does not end"),
    ],
)
def test_a_file_cut_short_is_told(samples, name, cut, said):
    content = samples[name]
    media = sniff(io.BytesIO(content), name)
    with pytest.raises(InputError, match=said):
        list(parse(media, content[:cut], _LIMITS).rows)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"a,b\n1,2,3,4\n", "no readable CSV table"),
        ("a.csv", b"a,b\n", "no rows"),
        ("a.json", b"[]", "holds no rows"),
        ("a.json", b'{"a": NaN}', "NaN is not JSON"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.txt", b" \n\t\n", "blank"),
        ("a.csv", b"a\n" + b"1\n" * 101, "more than the 100 rows"),
        ("a.jsonl", b"1\n" * 101, "more than the 100 rows"),
        ("a.txt", b"x\n" * 101, "more than the 100 rows"),
    ],
)
def test_a_bad_table_is_told(name, content, said):
    with pytest.raises(InputError, match=said):
        list(parse(known.BY_ENDING["." + name[2:]], content, _LIMITS).rows)


def test_a_parquet_table_that_unpacks_to_too_many_rows_is_not_read():
    out = io.BytesIO()
    pl.DataFrame({"x": pl.repeat(1, 2_000_000, eager=True)}).write_parquet(out)
    assert len(out.getvalue()) < 100_000
    with pytest.raises(InputError, match="more than the 100 rows"):
        parse(known.PARQUET, out.getvalue(), _LIMITS)


def test_an_image_too_large_to_decode_is_not_decoded():
    from PIL import Image

    out = io.BytesIO()
    Image.new("1", (2000, 2000)).save(out, "PNG")
    with pytest.raises(InputError, match="too large to be decoded"):
        parse(known.PNG, out.getvalue(), _LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_table_is_read_in_its_encoding(encoding):
    content = "site,dish_m\nJodrell Bänk,76\n".encode(encoding)
    rows, facts = _rows(content, "a.csv")
    assert rows == [("rows", {"site": "Jodrell Bänk", "dish_m": 76})]
    assert facts["encoding"] == encoding


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_other_separators_are_found(mark):
    rows, _ = _rows(f"a{mark}b\n1{mark}2\n".encode(), "a.csv")
    assert rows == [("rows", {"a": 1, "b": 2})]


def test_a_column_that_turns_to_text_far_down_is_text():
    content = b"a\n" + b"1\n" * 12_000 + b"x\n"
    parsed = parse(known.CSV, content, Limits(rows=20_000))
    assert parsed.facts["columns"] == {"a": "String"}


def test_the_lists_of_an_object_are_its_parts():
    rows, _ = _rows(b'{"wheels": [{"n": 1}], "sites": [{"s": "x"}, {"s": "y"}]}', "a.json")
    assert [part for part, _ in rows] == ["wheels", "sites", "sites"]


def test_a_table_in_a_document_is_a_part_with_its_header(samples):
    rows, _ = _rows(samples["a.docx"], "a.docx")
    assert rows[1] == ("table 1", {"wheel": "RW1", "rpm": "3000"})


def test_a_document_of_nested_entities_is_not_expanded(make_zip, samples):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(samples["a.docx"])) as whole:
        entries = {name: whole.read(name) for name in whole.namelist()}
    nested = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{nested}]>'.encode()
    body = entries["word/document.xml"].partition(b"?>")[2]
    entries["word/document.xml"] = head + body.replace(b"The wheel", b"&e9;")
    content = make_zip(entries)
    with pytest.raises(InputError, match="cannot be read: .*amplification|holds no text"):
        list(parse(known.DOCX, content, _LIMITS).rows)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(float("nan"), None), (b"\x01", "01"), ((1, float("inf")), [1, None]), ({1: 2}, {"1": 2})],
)
def test_values_become_what_json_has(value, expected):
    assert plain(value) == expected
