import gzip
import json

import pytest

from skywright.assistant.knowledge.chunking import chunks_of
from skywright.assistant.knowledge.loading import load
from skywright.errors import InputError, NotFoundError


def _written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_markdown_is_titled_by_its_first_heading(tmp_path):
    document = load(_written(tmp_path, "a.md", "intro\n\n# Gaia archive\n\nWords."))[0]
    assert (document.title, document.form) == ("Gaia archive", "md")


def test_html_keeps_headings_tables_and_code_and_drops_scripts(tmp_path):
    page = (
        "<html><head><title>A page</title></head><body><script>var x;</script><nav>menu</nav>"
        "<h2>Cones</h2><p>At most <b>3</b> arcmin &amp; no more.</p><pre>a = 1\n  b</pre>"
        "<table><tr><th>name</th></tr><tr><td>M31</td></tr></table></body></html>"
    )
    document = load(_written(tmp_path, "a.html", page))[0]
    assert document.title == "A page"
    assert "## Cones" in document.text
    assert "At most 3 arcmin & no more." in document.text
    assert "```\na = 1\n  b\n```" in document.text
    assert "| M31" in document.text
    assert not {"var x", "menu"} & set(document.text.splitlines())


def test_rows_of_a_csv_tell_their_columns(tmp_path):
    document = load(_written(tmp_path, "a.csv", "name,ra\nM31,10.68\nM13,250.42\n"))[0]
    assert document.text == "name: M31\nra: 10.68\n\nname: M13\nra: 250.42"


def test_lines_of_json_with_a_text_are_a_document_each(tmp_path):
    lines = [
        {"id": f"p{k}", "text": f"Text {k}.", "license": "CC0", "title": "T"} for k in range(3)
    ]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    documents = load(path)
    assert [one.source for one in documents] == ["p0", "p1", "p2"]
    assert {(one.title, one.licence) for one in documents} == {("T", "CC0")}


def test_json_without_texts_is_one_document(tmp_path):
    rows = [{"rocket": "Falcon 9", "stages": 2, "engines": {"type": "merlin"}}]
    document = load(_written(tmp_path, "a.json", json.dumps(rows)))[0]
    assert document.text == 'rocket: Falcon 9\nstages: 2\nengines: {"type": "merlin"}'


def test_a_docx_keeps_its_headings(tmp_path):
    import docx

    made = docx.Document()
    made.add_heading("Sky", level=1)
    made.add_paragraph("Words of it.")
    made.save(str(tmp_path / "a.docx"))
    document = load(tmp_path / "a.docx")[0]
    assert chunks_of(document.text, document.form)[0].heading == "Sky"


def test_a_folder_gives_what_can_be_read_of_it(tmp_path):
    _written(tmp_path, "b.md", "# B\n\nwords")
    _written(tmp_path, "a.txt", "words")
    _written(tmp_path, "c.exe", "words")
    assert [one.title for one in load(tmp_path)] == ["a.txt", "B"]


def test_a_kind_that_is_not_known_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(InputError, match=r"\.exe.*\.docx"):
        load(_written(tmp_path, "a.exe", "x"))


def test_json_that_is_cut_short_names_its_line(tmp_path):
    with pytest.raises(InputError, match="Line 2 of a.jsonl is not JSON"):
        load(_written(tmp_path, "a.jsonl", '{"text": "a"}\n{"text": '))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="no file"):
        load(tmp_path / "none.md")


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    from skywright.settings import get_settings

    monkeypatch.setenv("SKYWRIGHT_MAX_UPLOAD_MB", "1")
    get_settings.cache_clear()
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"a" * (2 << 20)))
    with pytest.raises(InputError, match="more than the 1 MiB"):
        load(path)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", "Parallax".encode("utf-16-le")])
def test_bytes_that_are_no_text_are_refused_under_the_ending_of_a_text(tmp_path, content):
    path = tmp_path / "a.md"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.md holds bytes that are no text.*UTF-8"):
        load(path)


def test_an_archive_with_a_damaged_middle_is_refused(tmp_path):
    content = bytearray(gzip.compress(b"hello world comets " * 2000))
    content[20:30] = b"\xff" * 10
    path = tmp_path / "a.txt.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read: Error -3"):
        load(path)


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.csv", "a.json"])
def test_a_file_without_text_is_refused(tmp_path, name):
    content = {"a.html": "<html><body></body></html>", "a.csv": "a,b\n", "a.json": "[]"}
    with pytest.raises(InputError, match=f"{name} holds no text"):
        load(_written(tmp_path, name, content.get(name, " \n")))


def test_text_of_windows_keeps_its_quotation_marks(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("“Near” – 5 €".encode("cp1252"))
    assert load(path)[0].text == "“Near” – 5 €"


def test_a_page_is_read_in_the_encoding_that_it_names(tmp_path):
    path = tmp_path / "a.html"
    page = '<meta charset="windows-1251"><title>Луна</title><p>Луна и Земля.</p>'
    path.write_bytes(page.encode("cp1251"))
    assert (load(path)[0].title, load(path)[0].text) == ("Луна", "Луна и Земля.\n")


def test_a_page_whose_head_is_not_closed_keeps_its_words(tmp_path):
    page = "<html><head><title>A</title><body><p>Meteors.</p><svg><title>icon</title></svg>"
    document = load(_written(tmp_path, "a.html", page))[0]
    assert (document.title, document.text) == ("A", "Meteors.\n")


def test_semicolons_part_columns_where_the_comma_is_decimal(tmp_path):
    document = load(_written(tmp_path, "a.csv", "name;mag\nVega;0,03\n"))[0]
    assert document.text == "name: Vega\nmag: 0,03"


def test_a_cell_beyond_the_limit_of_a_csv_is_refused_by_its_line(tmp_path):
    with pytest.raises(InputError, match=r"Line \d of a\.csv cannot be read: field larger"):
        load(_written(tmp_path, "a.csv", f'name,text\nA,"{"y" * 200_000}"\n'))


def test_a_line_of_json_without_words_does_not_turn_the_others_into_rows(tmp_path):
    documents = load(_written(tmp_path, "a.jsonl", '{"text": "novae"}\n{"text": ""}\n'))
    assert [one.text for one in documents] == ["novae"]


def test_half_a_surrogate_pair_is_refused_before_it_is_stored(tmp_path):
    with pytest.raises(InputError, match="Line 1 of a.json is not JSON"):
        load(_written(tmp_path, "a.json", '{"text": "lone \\ud800 half"}'))


def test_a_docx_is_titled_by_its_title_whatever_styles_it_has(tmp_path):
    import docx

    made = docx.Document()
    made.add_heading("Comets", level=0)
    made.add_paragraph("Words.", style=made.styles.add_style("Heading10", 1))
    made.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx")[0].text == "# Comets\n\nWords."


def test_what_cannot_be_read_of_a_folder_is_told_and_left_out(tmp_path):
    _written(tmp_path, "a.md", "# A\n\nwords")
    _written(tmp_path, "empty.md", "")
    skipped = []
    assert [one.title for one in load(tmp_path, on_skipped=skipped.append)] == ["A"]
    assert skipped == [f"{tmp_path / 'empty.md'} was left out: empty.md holds no text."]


def test_a_folder_that_holds_nothing_to_read_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no file that can be read"):
        load(tmp_path)


def test_every_document_of_the_reference_corpus_is_cut_into_ranges_of_itself(assistant_data):
    documents = load(assistant_data / "docs" / "docs_corpus.dev.jsonl.gz")
    assert len(documents) == 507
    for document in documents:
        for chunk in chunks_of(document.text, document.form, title=document.title):
            assert document.text[chunk.start : chunk.stop] == chunk.text
