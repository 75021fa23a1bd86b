"""Databases of strangers give their tables and cannot do anything else."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.collect.parsed import Limits
from skywright.foundry.collect.parsers_sql import parse_sql, parse_sqlite
from skywright.foundry.collect.sql_statements import statements

_LIMITS = Limits(rows=100, seconds=1)
_TABLE = "CREATE TABLE t (a INT, b TEXT);\n"


def _read(text, limits=_LIMITS):
    parsed = parse_sql(text.encode(), limits)
    return list(parsed.rows), parsed.facts


@pytest.mark.parametrize(
    "attack",
    [
        "ATTACH DATABASE '{path}' AS x;",
        "INSERT INTO t SELECT 1, load_extension('x');",
        "INSERT INTO t VALUES (1, readfile('/etc/passwd'));",
        "INSERT INTO t VALUES (1, hex(randomblob(1000)));",
        "INSERT INTO t SELECT 1, sql FROM pragma_table_info('t');",
        "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION SELECT x FROM c) SELECT x, x FROM c;",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END;",
        "CREATE VIRTUAL TABLE v USING fts5(x);",
        "VACUUM INTO '{path}';",
        "COPY t FROM PROGRAM 'touch {path}';",
        "COPY t TO '{path}';",
        "CREATE FUNCTION f() RETURNS int AS $$ evil; $$ LANGUAGE plpythonu;",
    ],
)
def test_a_dump_can_do_nothing_but_fill_tables(attack, tmp_path):
    path = tmp_path / "made"
    with pytest.raises(InputError, match="asks for more than tables may|no such"):
        _read(_TABLE + "INSERT INTO t VALUES (1, 'x');\n" + attack.format(path=path))
    assert not path.exists()


def test_what_a_dump_sets_up_is_skipped_and_named():
    text = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + _TABLE
    text += "INSERT INTO t VALUES (1, 'x');\nCREATE INDEX i ON t (a);\nCOMMIT;\n"
    rows, facts = _read(text)
    assert rows == [("t", {"a": 1, "b": "x"})]
    assert facts["skipped"] == {"PRAGMA": 1, "BEGIN": 1, "CREATE": 1, "COMMIT": 1}


def test_work_without_end_is_stopped():
    many = ", ".join("(1)" for _ in range(60))
    text = f"CREATE TABLE t (a INT);\nINSERT INTO t VALUES {many};\n"
    text += "INSERT INTO t SELECT 1 FROM t a, t b, t c, t d, t e, t f WHERE a.a + f.a > 5;\n"
    with pytest.raises(InputError, match="it takes too long"):
        _read(text)


def test_more_rows_than_allowed_are_refused():
    with pytest.raises(InputError, match="more than the 100 rows"):
        _read("CREATE TABLE t (a INT);\n" + "INSERT INTO t VALUES (1);\n" * 101)


def test_a_dump_of_mysql_is_read():
    text = (
        "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nLOCK TABLES `w` WRITE;\n"
        "CREATE TABLE `w` (\n `id` int(11) NOT NULL AUTO_INCREMENT,\n"
        " `s` varchar(90) COLLATE utf8_bin DEFAULT 'a,b' COMMENT 'x',\n `r` decimal(9,2),\n"
        " PRIMARY KEY (`id`), KEY `k` (`s`(10))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8;\n"
        r"INSERT INTO `w` VALUES (1,'it\'s; \"so\"\n',2.50),(2,NULL,NULL);"
    )
    rows, _ = _read(text)
    assert rows[0] == ("w", {"id": 1, "s": 'it\'s; "so"\n', "r": 2.5})
    assert rows[1] == ("w", {"id": 2, "s": None, "r": None})


def test_a_dump_of_postgresql_is_read():
    text = (
        "SET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        "CREATE TABLE public.w (\n    id integer NOT NULL,\n    s character varying(90)\n);\n"
        "ALTER TABLE public.w OWNER TO me;\nCOPY public.w (id, s) FROM stdin;\n"
        "1\tone; 'two'\\tthree\n2\t\\N\n\\.\n\nSELECT 1;\n"
    )
    rows, _ = _read(text)
    assert rows == [("w", {"id": 1, "s": "one; 'two'\tthree"}), ("w", {"id": 2, "s": None})]


def test_defaults_and_checks_of_a_dump_never_come_to_life():
    text = "CREATE TABLE t (a INT CHECK (load_extension('x')), b TEXT DEFAULT (hex(1)));\n"
    rows, _ = _read(text + "INSERT INTO t (a) VALUES (1);\n")
    assert rows == [("t", {"a": 1, "b": None})]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("INSERT INTO t VALUES (1, 'x", "quoted text in line 2 of the dump does not end"),
        ("COPY t FROM stdin;\n1\tx\n", "COPY block of the dump does not end"),
        ("INSERT INTO other VALUES (1);", r"Line 2 of the dump is not taken.*no such table"),
        ("SELECT 1;", "no tables with rows"),
    ],
)
def test_a_damaged_dump_is_told(text, said):
    with pytest.raises(InputError, match=said):
        _read(_TABLE + text)


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=8))
def test_any_text_goes_through_a_dump_unchanged(texts):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (a INT, b TEXT)")
    database.executemany("INSERT INTO t VALUES (0, ?)", [(text,) for text in ["first", *texts]])
    dump = "\n".join(database.iterdump())
    database.close()
    rows, _ = _read(dump)
    assert [row["b"] for _, row in rows] == ["first", *texts]


def test_lines_are_counted_over_comments_and_quotes():
    text = "-- one\nSET a = 'x\ny';\n/* four\nfive */ SET b = 1;\nSET c = 2"
    assert [(s.text, s.line) for s in statements(text)] == [
        ("SET a = 'x\ny'", 2),
        ("SET b = 1", 5),
        ("SET c = 2", 6),
    ]


def test_only_plain_tables_of_a_file_are_read(samples):
    parsed = parse_sqlite(samples["a.db"], _LIMITS)
    assert {part for part, _ in parsed.rows} == {"wheels", "passes"}


def test_a_file_with_a_log_beside_it_is_read(samples):
    image = bytearray(samples["a.db"])
    image[18:20] = b"\x02\x02"
    assert list(parse_sqlite(bytes(image), _LIMITS).rows)


def test_a_column_that_makes_a_huge_value_is_refused():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (a INT, b TEXT AS (zeroblob(a)))")
    database.execute("INSERT INTO t (a) VALUES (900000000)")
    database.commit()
    image = database.serialize()
    database.close()
    with pytest.raises(InputError, match="too big"):
        list(parse_sqlite(image, _LIMITS).rows)
