"""One clean row per object, whatever the providers call it."""

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.neo.cleaning import clean, with_names

ORBIT = {
    "epoch_jd_tdb": 2461000.5, "e": 0.2, "q_au": 0.8, "i_deg": 3.0, "node_deg": 10.0,
    "peri_deg": 20.0, "mean_anomaly_deg": 30.0,
}  # fmt: skip


def _table(*rows):
    return pl.DataFrame([ORBIT | row for row in rows], infer_schema_length=None)


@pytest.mark.parametrize(
    ("designation", "full_name", "expected"),
    [
        ("99942", "99942 Apophis (2004 MN4)", ("2004 MN4", 99942, "Apophis")),
        ("433", "   433 Eros (A898 PA)", ("A898 PA", 433, "Eros")),
        ("433", "(433) Eros", ("433", 433, "Eros")),
        ("468468", "468468 (2004 KH17)", ("2004 KH17", 468468, None)),
        ("468468", "(468468) 2004 KH17", ("2004 KH17", 468468, None)),
        ("2024 YR4", "(2024 YR4)", ("2024 YR4", None, None)),
        ("1P", "1P/Halley", ("1P/Halley", None, None)),
        ("2014 UN271", "C/2014 UN271 (Bernardinelli-Bernstein)", ("C/2014 UN271", None, None)),
        ("6344", "6344 (6344 P-L)", ("6344 P-L", 6344, None)),
        ("2024 YR4", "2024 YR4", ("2024 YR4", None, None)),
        ("2004 MN4", None, ("2004 MN4", None, None)),
    ],
)
def test_names_of_all_providers_become_one(designation, full_name, expected):
    table = pl.DataFrame(
        {"designation": [designation], "full_name": [full_name]},
        schema_overrides={"full_name": pl.String},
    )
    row = with_names(table).row(0, named=True)
    assert (row["designation"], row["number"], row["name"]) == expected


def test_a_bare_number_takes_the_designation_that_another_row_gives():
    table = _table(
        {"designation": "433", "full_name": "(433) Eros"},
        {"designation": "433", "full_name": "433 Eros (A898 PA)"},
    )
    cleaned, report = clean(table)
    assert cleaned["designation"].to_list() == ["A898 PA"]
    assert report.dropped == {"older orbit of the same object": 1}


def test_of_several_orbits_the_newest_solution_stays():
    table = _table(
        {"designation": "2004 MN4", "soln_date": "2024-06-25", "e": 0.19},
        {
            "designation": "2004 MN4",
            "soln_date": "2021-03-01",
            "e": 0.18,
            "epoch_jd_tdb": 2461200.5,
        },
        {"designation": "2004 MN4", "soln_date": None, "e": 0.17},
    )
    cleaned, _ = clean(table)
    assert cleaned["e"].to_list() == [0.19]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"designation": None}, "no designation"),
        ({"epoch_jd_tdb": None}, "no epoch"),
        ({"epoch_jd_tdb": 61000.0}, "epoch outside the ephemeris"),
        ({"e": -0.1}, "e missing or below 0"),
        ({"e": float("nan")}, "e missing or below 0"),
        ({"q_au": 0.0}, "q missing or not above 0"),
        ({"node_deg": None}, "an angle is missing"),
        ({"i_deg": 181.0}, "inclination outside 0 to 180"),
        ({"mean_anomaly_deg": None}, "no place on the orbit"),
    ],
)
def test_a_row_without_an_orbit_is_dropped_and_counted(change, reason):
    table = _table({"designation": "good"}, {"designation": "bad"} | change)
    cleaned, report = clean(table)
    assert cleaned["designation"].to_list() == ["good"]
    assert report.dropped == {reason: 1}
    assert (report.rows_in, report.rows_out) == (2, 1)


def test_impossible_values_are_blanked_and_counted():
    table = _table(
        {"designation": "a", "albedo": 1.5, "diameter_km": 0.0}, {"designation": "b", "albedo": 0.1}
    )
    cleaned, report = clean(table)
    assert cleaned["albedo"].to_list() == [None, 0.1]
    assert report.blanked == {"albedo": 1, "diameter_km": 1}


def test_semi_major_axis_and_perihelion_fill_one_another():
    table = _table({"designation": "a"}).drop("q_au").with_columns(a_au=pl.lit(2.0))
    assert clean(table)[0]["q_au"].to_list() == pytest.approx([1.6])
    assert clean(_table({"designation": "a"}))[0]["a_au"].to_list() == pytest.approx([1.0])


def test_nothing_left_is_an_error_that_says_why():
    with pytest.raises(InputError, match="None of the 1 rows"):
        clean(_table({"designation": "a", "e": -1.0}))
