"""Geometry on the sphere and its dialect: against astropy, and at the places where signs change."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.sources.sandbox.adql import RefusedQueryError, translate
from skywright.sources.sandbox.identifiers import same_name
from skywright.sources.sandbox.openngc import simbad_name
from skywright.sources.sandbox.sphere import add_functions, distance_deg

LON, LAT = st.floats(0, 360), st.floats(-90, 90)


@pytest.fixture(scope="module")
def value():
    """Run one expression of ADQL without a table."""
    connection = sqlite3.connect(":memory:")
    add_functions(connection)
    connection.execute("CREATE TABLE one (x REAL)")
    connection.execute("INSERT INTO one VALUES (1)")
    yield lambda text: connection.execute(translate(f"SELECT {text} FROM one").sql).fetchone()[0]
    connection.close()


@given(LON, LAT, LON, LAT)
def test_distances_are_those_of_astropy(lon, lat, lon2, lat2):
    from astropy.coordinates import angular_separation

    radians = [x * 3.141592653589793 / 180 for x in (lon, lat, lon2, lat2)]
    theirs = float(angular_separation(*radians)) * 180 / 3.141592653589793
    assert distance_deg(lon, lat, lon2, lat2) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CONTAINS(POINT(359.99, 0), CIRCLE(0.01, 0, 0.05))", 1),
        ("CONTAINS(POINT(180, 89.9), CIRCLE(0, 89.9, 0.3))", 1),
        ("CONTAINS(POINT(10, 10), CIRCLE(10, 11, 0.5))", 0),
        ("CONTAINS(POINT(359.5, 0), BOX(0, 0, 2, 2))", 1),
        ("CONTAINS(POINT(1.5, 0), BOX(0, 0, 2, 2))", 0),
        ("CONTAINS(POINT(1, 1), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("CONTAINS(POINT(3, 1), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 0),
        ("CONTAINS(POINT(0.5, 0), POLYGON(359, -1, 1, -1, 1, 1, 359, 1))", 1),
        ("CONTAINS(CIRCLE(0, 0, 1), CIRCLE(0, 0, 2))", 1),
        ("INTERSECTS(CIRCLE(0, 0, 1), CIRCLE(1.5, 0, 1))", 1),
        ("INTERSECTS(CIRCLE(0, 0, 1), CIRCLE(3, 0, 1))", 0),
        ("DISTANCE(POINT(0, 0), POINT(0, 90))", 90.0),
        ("LOG(EXP(2.0))", 2.0),
        ("SQRT(0 - x)", None),
        ("COORD2(POINT(1, 2))", 2.0),
        ("MOD(7, 4)", 3.0),
        ("COALESCE(SQRT(0 - x), 5)", 5.0),
    ],
)
def test_functions_of_adql(value, text, expected):
    assert value(text) == (expected if expected is None else pytest.approx(expected, abs=1e-12))


def test_area_of_a_small_circle(value):
    assert value("AREA(CIRCLE(10, 20, 1))") == pytest.approx(3.1415, abs=1e-3)


def test_top_of_each_side_of_a_union_stays_with_it():
    sql = translate("SELECT TOP 1 a FROM t UNION SELECT TOP 2 b FROM u").sql
    assert sql.count("LIMIT") == 2
    assert sql.index("LIMIT 1") < sql.index("union" if "union" in sql else "UNION")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT ra,\n FROM t", "line 2, column 2"),
        ("SELECT ra FROM", "at the end of the query"),
        ("DELETE FROM t", "near 'DELETE' .line 1, column 1"),
        ("", "QUERY is missing"),
        ("SELECT " + 41 * "(" + "a" + 41 * ")" + " FROM t", "deeper than 40 brackets"),
    ],
)
def test_a_refusal_names_the_place(query, words):
    with pytest.raises(RefusedQueryError, match=words):
        translate(query)


@pytest.mark.parametrize("name", ["NGC0224", "ngc 224", "NGC   224"])
def test_names_of_one_object_are_the_same(name):
    assert same_name(name, simbad_name("NGC0224")) == 0
    assert same_name(name, "NGC 2240") != 0


def test_functions_that_the_grammar_lacks_keep_the_places_of_errors():
    told = translate("SELECT LOWER(a), 'lower(b)' AS b FROM t WHERE UPPER(a) = 'X'").sql
    assert "lower (" in told
    assert "upper (" in told
    assert "'lower(b)'" in told
    with pytest.raises(RefusedQueryError, match="line 1, column 22"):
        translate("SELECT LOWER(a) FROM WHERE")
