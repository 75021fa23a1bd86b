"""Time scales and dates: published offsets, calendar examples, sentences for bad dates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.orbits.timescales import (
    calendar_from_jd,
    jd_tdb_from_text,
    tdb_from_tt,
    tdb_from_utc,
    tt_from_tdb,
    utc_from_tdb,
)

SECOND = 1 / 86_400
HALF_DIGIT = 3e-10  # of a Julian date in one double [d]


def test_utc_is_behind_by_leap_seconds_and_32_184_s():
    # IERS Bulletin C: TAI - UTC = 37 s since 2017, 10 s in the first half of 1972.
    jd = np.array([2459000.5, 2441400.5])
    assert_allclose(
        tdb_from_utc(jd) - jd, np.array([69.184, 42.184]) * SECOND, atol=2.1e-3 * SECOND
    )


def test_tdb_and_tt_differ_by_less_than_two_milliseconds():
    jd = np.linspace(2450000.5, 2460000.5, 500)
    gap_s = (tdb_from_tt(jd) - jd) / SECOND
    assert np.abs(gap_s).max() < 2e-3
    # The main term is 1.657 ms sin g (Explanatory Supplement, 2.222); g = 90 deg in early April.
    april = jd_tdb_from_text("2020-04-04")
    assert_allclose((tdb_from_tt(april) - april) / SECOND, 1.657e-3, rtol=0, atol=6e-5)


@given(st.floats(2441318, 2465000))
def test_scales_there_and_back_give_the_same_date(jd):
    assert_allclose(utc_from_tdb(tdb_from_utc(jd)), jd, rtol=0, atol=2 * HALF_DIGIT)
    assert_allclose(tt_from_tdb(tdb_from_tt(jd)), jd, rtol=0, atol=2 * HALF_DIGIT)


# Meeus (1998), chapter 7: 1957 October 4.81, 2000 January 1.5, 1600 December 31.0.
@pytest.mark.parametrize(
    ("text", "jd"),
    [
        ("1957-10-04.81", 2436116.31),
        ("2000-01-01T12:00", 2451545.0),
        ("1600-12-31", 2305812.5),
        ("2029-04-13 21:46:00", 2462240.5 - 0.5 + (21 - 12 + 46 / 60) / 24),
        ("2000-02-29", 2451603.5),
        ("2029-12-31.5", 2462502.0),
        ("2462240.4", 2462240.4),
        ("JD 2462240.4", 2462240.4),
        ("MJD 61000", 2461000.5),
        ("  2025-11-21 TDB ", 2461000.5),
    ],
)
def test_date_is_read(text, jd):
    assert_allclose(jd_tdb_from_text(text), jd, rtol=0, atol=2 * HALF_DIGIT)


@pytest.mark.parametrize(("ending", "late_s"), [("Z", 69.184), (" UTC", 69.184), (" TT", 0.0)])
def test_scale_behind_the_date_is_obeyed(ending, late_s):
    late = jd_tdb_from_text("2029-04-13T21:46" + ending) - jd_tdb_from_text("2029-04-13T21:46")
    assert_allclose(late, late_s * SECOND, rtol=0, atol=2.1e-3 * SECOND)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tomorrow", "'tomorrow' is not understood; write it like 2029-04-13"),
        ("2029-02-30", "not in the calendar"),
        ("2029-13-01", "not in the calendar"),
        ("1900-02-29", "not in the calendar"),
        ("2029-06-31", "not in the calendar"),
        ("2029-00-01", "not in the calendar"),
        ("2029-01-00", "not in the calendar"),
        ("2029-01-01T25:00", "not on the clock"),
        ("20290413", "outside the years -3000 to 3000"),
        ("61000.5", "outside the years -3000 to 3000"),
        ("", "is not understood"),
    ],
)
def test_bad_date_is_refused_with_a_sentence(text, words):
    with pytest.raises(InputError, match=words):
        jd_tdb_from_text(text)


def test_date_is_written():
    assert calendar_from_jd(2451545.0) == "2000-01-01T12:00:00"
    assert calendar_from_jd(2462240.40694444, decimals=2) == "2029-04-13T21:46:00.00"


@given(st.floats(2287184.5, 2688976.5))
def test_written_date_is_read_back(jd):
    text = calendar_from_jd(jd, decimals=4)
    assert_allclose(jd_tdb_from_text(text), jd, rtol=0, atol=2e-9)


def test_date_that_cannot_be_written_is_refused():
    with pytest.raises(InputError, match="JD nan cannot be written"):
        calendar_from_jd(float("nan"))
