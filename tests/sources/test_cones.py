"""Circles on the sky."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.sources.adql import check
from skywright.sources.cones import Cone, plain, within
from skywright.sources.gcat import STATE


@pytest.mark.parametrize(
    "values",
    [(-1, 0, 1), (361, 0, 1), (0, 91, 1), (0, 0, 0), (0, 0, 181), (math.nan, 0, 1), (0, 0, -1)],
)
def test_what_is_no_circle_on_the_sky_is_refused(values):
    with pytest.raises(InputError, match="_deg = "):
        Cone(*values)


def test_a_radius_above_the_limit_names_both():
    with pytest.raises(InputError, match=r"0\.1 is above.*0\.05 degrees \(3 arcminutes\)"):
        Cone(1, 1, 0.1).check_radius(0.05, STATE)


def test_the_condition_is_plain_adql():
    condition = Cone(250.4235, 36.4613, 5 / 60).adql()
    assert condition == (
        "1=CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 250.4235, 36.4613, 0.083333))"
    )


@given(st.floats(0, 360), st.floats(-90, 90), st.floats(1e-9, 180))
def test_every_circle_is_written_so_that_it_is_read(ra_deg, dec_deg, radius_deg):
    condition = Cone(ra_deg, dec_deg, radius_deg).adql()
    assert check(f"SELECT ra FROM t WHERE {condition}").columns == ("t.ra", "t.dec")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (10.0, "10"), (1e-9, "0.000000001000"), (-3.5, "-3.5")],
)
def test_numbers_have_no_exponent(value, text):
    assert plain(value) == text


def test_a_cone_over_the_origin_of_right_ascension_finds_both_sides():
    table = pl.DataFrame({"ra_deg": [359.9, 0.05, 5.0], "dec_deg": [0.0, 0.0, 0.0]})
    found = within(table, Cone(0.0, 0.0, 0.2))
    assert found["ra_deg"].to_list() == [0.05, 359.9]
    assert found["distance_deg"].to_list() == pytest.approx([0.05, 0.1])


def test_a_cone_at_the_pole_counts_angles_not_differences():
    table = pl.DataFrame({"ra_deg": [0.0, 180.0], "dec_deg": [89.9, 89.9]})
    assert within(table, Cone(90.0, 90.0, 0.11)).height == 2
