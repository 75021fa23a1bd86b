"""Answers in VOTable, from recorded ones and from small ones with one fault each."""

import base64
import struct

import pytest

from skywright.errors import SourceError
from skywright.sources.gcat import STATE
from skywright.sources.votable import read_votable, refusal_in
from tests.sources.recorded import reply

PYVO = "pyvo_recorded.tar.gz"


def document(fields, rows, status="OK", words="", after=""):
    cells = "".join(f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in row)}</TR>" for row in rows)
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
        f'<RESOURCE type="results"><INFO name="QUERY_STATUS" value="{status}">{words}</INFO>'
        f"<TABLE>{fields}<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE>{after}"
        "</RESOURCE></VOTABLE>"
    ).encode()


TWO = '<FIELD name="source_id" datatype="long"/><FIELD name="g" datatype="float" unit="mag"/>'


def test_a_recorded_answer_keeps_long_numbers_and_texts(assistant_data):
    table = read_votable(reply(assistant_data, "dal/query/basic.xml", PYVO), STATE).table
    assert table["1"].to_list() == [23, 42, 1337]
    assert table["2"][0] == "Illuminatus"


def test_units_are_those_of_the_provider(assistant_data):
    read = read_votable(reply(assistant_data, "gaia/1710099405832VAL-result.vot"), STATE)
    assert read.table.height == 2
    assert read.units["ra"] == "deg"
    assert read.table["solution_id"].dtype.is_integer()


def test_the_overflow_flag_says_that_rows_were_left_out(assistant_data):
    assert read_votable(reply(assistant_data, "dal/query/overflowstatus.xml", PYVO), STATE).is_cut
    assert not read_votable(reply(assistant_data, "dal/query/basic.xml", PYVO), STATE).is_cut


def test_a_refusal_passes_on_the_words_of_the_provider():
    content = document(TWO, [], "ERROR", "Column  'decl' not found.\n")
    with pytest.raises(SourceError, match=r"refused the query and said: Column 'decl' not found\."):
        read_votable(content, STATE)


def test_an_error_of_a_cone_search_is_a_refusal(assistant_data):
    content = reply(assistant_data, "vo_conesearch/conesearch_error2.xml")
    with pytest.raises(SourceError, match="Error in input RA value: as3f"):
        read_votable(content, STATE)


def test_masked_values_nan_and_empty_texts_are_null():
    fields = TWO + '<FIELD name="name" datatype="char" arraysize="*"/>'
    fields = fields.replace('datatype="long"/>', 'datatype="long"><VALUES null="-1"/></FIELD>')
    content = document(fields, [("5853498713190525696", "11.25", "a"), ("-1", "NaN", "")])
    table = read_votable(content, STATE).table
    assert table.row(0) == (5853498713190525696, 11.25, "a")
    assert table.row(1) == (None, None, None)


def test_binary_and_tabledata_say_the_same():
    stream = base64.b64encode(struct.pack(">Bqf", 0, 5853498713190525696, 11.25)).decode()
    plain = document(TWO, [("5853498713190525696", "11.25")])
    start, stop = plain.index(b"<TABLEDATA>"), plain.index(b"</DATA>")
    data = f'<BINARY2><STREAM encoding="base64">{stream}</STREAM></BINARY2>'.encode()
    binary = plain[:start] + data + plain[stop:]
    assert read_votable(binary, STATE).table.equals(read_votable(plain, STATE).table)


def test_an_answer_with_no_rows_keeps_its_columns():
    table = read_votable(document(TWO, []), STATE).table
    assert table.height == 0
    assert table.columns == ["source_id", "g"]


def test_a_name_that_stands_twice_gets_a_number():
    twice = '<FIELD name="ra" datatype="double"/><FIELD name="ra" datatype="double"/>'
    assert read_votable(document(twice, [("1", "2")]), STATE).table.columns == ["ra", "ra_2"]


def test_an_array_in_a_cell_is_a_list():
    fields = '<FIELD name="box" datatype="double" arraysize="*"/>'
    assert read_votable(document(fields, [("1 2 3",)]), STATE).table["box"].to_list() == [[1, 2, 3]]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_cut_document_is_an_error_in_words(assistant_data, share):
    content = reply(assistant_data, "gaia/1710099405832VAL-result.vot")
    with pytest.raises(SourceError, match="damaged or cut short"):
        read_votable(content[: int(share * len(content))], STATE)


def test_a_web_page_is_an_error_in_words():
    with pytest.raises(SourceError, match="web page instead of a VOTable"):
        read_votable(b"<!DOCTYPE html><html><body>Maintenance</body></html>", STATE)


def test_an_answer_of_another_kind_is_shown():
    with pytest.raises(SourceError, match=r"no VOTable: '\{\"rows\": \[\]\}'"):
        read_votable(b'{"rows": []}', STATE)


def test_a_document_without_a_table_is_an_error(assistant_data):
    content = reply(assistant_data, "dal/query/missingtable.xml", PYVO)
    with pytest.raises(SourceError, match="holds no table"):
        read_votable(content, STATE)


def test_only_an_error_document_is_a_refusal():
    assert refusal_in(document(TWO, [], "ERROR", "no"), STATE) == "no"
    assert refusal_in(document(TWO, []), STATE) is None
    assert refusal_in(b"<html></html>", STATE) is None
