"""Files are what their bytes say, and may not be called anything else."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError, SkywrightError
from skywright.foundry.collect import media as known
from skywright.foundry.collect.decoding import decode
from skywright.foundry.collect.sniff import clean_name, sniff

_TYPES = {
    "a.csv": known.CSV, "a.tsv": known.TSV, "a.json": known.JSON, "a.jsonl": known.JSON_LINES,
    "a.txt": known.TEXT, "a.sql": known.SQL, "a.parquet": known.PARQUET, "a.db": known.SQLITE,
    "a.pdf": known.PDF, "a.docx": known.DOCX, "a.png": known.PNG, "a.jpg": known.JPEG,
    "a.gif": known.GIF, "a.webp": known.WEBP, "a.tiff": known.TIFF, "a.bmp": known.BMP,
    "a.wav": known.WAV, "a.mp4": known.MP4,
}  # fmt: skip


@pytest.mark.parametrize("name", _TYPES)
def test_a_file_is_known_by_its_content_with_and_without_a_name(samples, name):
    assert sniff(io.BytesIO(samples[name]), name) is _TYPES[name]
    assert sniff(io.BytesIO(samples[name])) is _TYPES[name]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("report.pdf", b"\x89PNG\r\n\x1a\n....", "named as a PDF document, but .* a PNG image"),
        ("photo.jpg", b"plain words", "named as a JPEG image, but its content is plain text"),
        ("table.csv", b"%PDF-1.7 ...", "named as a CSV table, but its content is a PDF"),
        ("run.exe", b"MZ" + bytes(200), "of a type that is not taken"),
        ("a.txt", b"\x7fELF" + bytes(60), "not taken; it looks like ELF"),
        ("a.zip", b"\0\1\2\3", "of a type that is not taken"),
        ("empty.csv", b"", "empty.csv is empty"),
    ],
)
def test_a_wrong_name_is_told(name, content, said):
    with pytest.raises(InputError, match=said):
        sniff(io.BytesIO(content), name)


def test_a_wrong_declared_type_is_told(samples):
    with pytest.raises(InputError, match="declared as a PDF document, but its content is a PNG"):
        sniff(io.BytesIO(samples["a.png"]), "", "application/pdf; charset=binary")


def test_a_type_that_nobody_knows_is_no_claim(samples):
    assert sniff(io.BytesIO(samples["a.csv"]), "a.csv", "application/vnd.ms-excel") is known.CSV


def test_a_table_declared_as_text_is_still_a_table(samples):
    assert sniff(io.BytesIO(samples["a.csv"]), "a.csv", "text/plain") is known.CSV


def test_a_spreadsheet_is_not_taken_for_a_document(make_zip):
    content = make_zip({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>"})
    with pytest.raises(InputError, match="not taken"):
        sniff(io.BytesIO(content), "a.docx")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\data.csv", "data.csv"),
        ("a'; DROP TABLE user_inputs; --.csv", "a_ DROP TABLE user_inputs_ --.csv"),
        ("line\nbreak\0.csv", "line_break_.csv"),
        ("...", ""),
        ("Übergabe 7 (neu).csv", "Übergabe 7 (neu).csv"),
    ],
)
def test_names_are_kept_harmless(given, kept):
    assert clean_name(given) == kept


@given(st.text(max_size=300))
def test_no_name_leads_anywhere(name):
    kept = clean_name(name)
    assert len(kept) <= 100
    assert not set(kept) & set("/\\\0\n\r'\";<>")
    assert kept not in {".", ".."}


@given(st.binary(max_size=300), st.sampled_from(["", "a.csv", "a.docx", "a.bin"]))
def test_any_bytes_are_told_or_refused_in_a_sentence(content, name):
    try:
        told = sniff(io.BytesIO(content), name)
    except SkywrightError:
        return
    assert told in known.ALL


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_text_is_read_in_the_encoding_that_its_mark_names(encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text, _ = decode((mark + "Ångström").encode(encoding))
    assert text == "Ångström"


def test_what_is_no_utf8_is_latin_1():
    assert decode("Ångström".encode("latin-1")) == ("Ångström", "latin-1")


def test_a_mark_that_lies_is_told():
    with pytest.raises(InputError, match="says that it is utf-16"):
        decode(b"\xff\xfe\x00\xd8")
