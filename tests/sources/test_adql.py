"""ADQL is read before it is sent: grammar, names, rows."""

import json

import pytest

from skywright.errors import InputError
from skywright.sources.adql import LONGEST, check
from skywright.sources.gcat import STATE
from skywright.sources.tap import read_tables
from tests.sources.recorded import reply

KNOWN = {
    "gaiadr3.gaia_source": ["source_id", "ra", "dec", "phot_g_mean_mag", "bp_rp"],
    "public.basic": ["oid", "ra", "dec", "main_id", "otype"],
    "ident": ["oidref", "id"],
}
CONE = (
    "SELECT TOP 2000 source_id, ra, dec FROM gaiadr3.gaia_source "
    "WHERE 1=CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 250.4235, 36.4613, 0.083333))"
)


def test_statements_of_the_documentation_are_read(assistant_data):
    lines = (assistant_data / "adql" / "adql_examples.jsonl").read_text().splitlines()
    for line in lines:
        example = json.loads(line)
        if example["parses"] or "1E9" in example["adql"]:
            assert check(example["adql"]).tables


def test_tables_and_columns_are_told_by_their_full_names():
    parsed = check(CONE, KNOWN)
    assert parsed.tables == ("gaiadr3.gaia_source",)
    assert set(parsed.columns) == {f"gaiadr3.gaia_source.{c}" for c in ("source_id", "ra", "dec")}
    assert parsed.top == 2000


def test_columns_of_the_recorded_table_list_are_known(assistant_data):
    known = read_tables(reply(assistant_data, "xmlparser/test_tables_gaia.xml"), STATE)
    assert check("SELECT vmag FROM external.apassdr9", known).columns == ("external.apassdr9.vmag",)
    with pytest.raises(InputError, match=r"no column 'v_mag'.*Near it are .*vmag"):
        check("SELECT v_mag FROM external.apassdr9", known)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT ra, FROM b", "line 1, column 12, near 'FROM'"),
        ("SELECT ra\nFRM b WHERE x", "line 2, column 5, near 'b'"),
        ("SELECT ra FROM b WHERE a = 'x", "a quote within a text"),
        ("SELECT * FROM b LIMIT 10", "write SELECT TOP 10"),
        ("SELECT ra§ FROM b", "near '§'"),
        ("DELETE FROM b", "Only SELECT is allowed; the query begins with 'DELETE'"),
        ("INSERT INTO b VALUES (1)", "Only SELECT"),
        ("SELECT a FROM b; DROP TABLE b", "One query at a time"),
        ("SELECT a INTO c FROM b", "near 'INTO'"),
        (" ; ", "empty"),
        ("SELECT " + "a" * LONGEST, "characters"),
        ("SELECT " + "(" * 3000 + "a" + ")" * 3000 + " FROM b", "brackets"),
    ],
)
def test_what_is_no_single_select_is_refused_with_its_place(query, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        check(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT decl FROM gaia_source", "no column 'decl'.*column 8.*Near it are dec"),
        ("SELECT ra FROM gaiadr2.gaia_source", "no table.*Near it are gaiadr3.gaia_source"),
        ("SELECT x.ra FROM basic AS b", "'x'.*is no table of FROM"),
        ("SELECT ra FROM basic JOIN ident USING (oidrf)", "no column 'oidrf'"),
        ("SELECT z FROM (SELECT ra AS a FROM basic) AS t", "no column 'z'"),
        ("SELECT ra FROM (SELECT ra AS a FROM basic) AS t", "no column 'ra'"),
        ("SELECT ra FROM basic WHERE oid IN (SELECT oidref FROM idents)", "no table 'idents'"),
        ("WITH q AS (SELECT ra r FROM basic) SELECT z FROM q", "no column 'z'"),
        ("SELECT ra FROM tap_upload.mine", "no table 'tap_upload.mine'"),
    ],
)
def test_names_that_are_not_there_are_refused_with_near_ones(query, words):
    with pytest.raises(InputError, match=words):
        check(query, KNOWN)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT b.ra, i.id FROM basic AS b JOIN ident i ON b.oid = i.oidref WHERE i.id = 'M 31'",
        'SELECT "ra" FROM "public"."basic"',
        "select RA from GAIADR3.GAIA_SOURCE order by Dec",
        "SELECT COUNT(*) AS n, otype FROM basic GROUP BY otype HAVING COUNT(*) > 3 ORDER BY n DESC",
        "SELECT a FROM (SELECT ra AS a FROM basic) AS t WHERE t.a > 1e-3",
        "WITH q AS (SELECT ra r FROM basic) SELECT r FROM q",
        "SELECT ra FROM basic WHERE EXISTS (SELECT id FROM ident WHERE oidref = basic.oid)",
        "SELECT basic.ra FROM basic UNION SELECT oidref FROM ident",
        "SELECT ra FROM basic WHERE LOWER(main_id) LIKE '%lower(m)%' OR UPPER ( otype ) = 'G'",
        "SELECT COALESCE(ra, 0) FROM basic -- a remark; with 'signs\n/* and\nanother */",
        "SELECT column_name FROM TAP_SCHEMA.columns",
        "SELECT e.ra FROM basic AS e JOIN ident AS i ON e.oid = i.oidref WHERE e.ra < 1.5e-3",
        f"SELECT ra FROM basic WHERE oid IN ({', '.join(map(str, range(2_000)))})",
        "SELECT g.* FROM gaiadr3.gaia_source AS g;",
    ],
)
def test_what_exists_passes(query):
    assert check(query, KNOWN).tables


def test_without_a_list_of_names_only_the_grammar_counts():
    assert check("SELECT anything FROM anywhere").tables == ("anywhere",)


@pytest.mark.parametrize(
    ("query", "limited"),
    [
        ("select ra from basic", "select TOP 50 ra from basic"),
        ("SELECT DISTINCT ra FROM basic", "SELECT DISTINCT TOP 50 ra FROM basic"),
        ("SELECT TOP 900 ra FROM basic", "SELECT TOP 50 ra FROM basic"),
        ("SELECT TOP 5 ra FROM basic", "SELECT TOP 5 ra FROM basic"),
        (
            "WITH q AS (SELECT TOP 9 ra FROM basic) SELECT ra FROM q",
            "WITH q AS (SELECT TOP 9 ra FROM basic) SELECT TOP 50 ra FROM q",
        ),
        (
            "SELECT ra FROM basic UNION SELECT oidref FROM ident",
            "SELECT ra FROM basic UNION SELECT oidref FROM ident",
        ),
    ],
)
def test_top_is_set_or_lowered(query, limited):
    assert check(query, KNOWN).limited(50) == limited
