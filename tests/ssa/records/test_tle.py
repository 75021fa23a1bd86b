"""Two-line sets: the published verification sets, alpha-5, and every way of being damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sgp4.api import Satrec

from skywright.errors import InputError
from skywright.ssa.records.tle import HIGHEST_ID, alpha5, checksum, number_of, read_tles, write_tle

# Cases of the SGP4 verification set (Vallado et al. 2006, AIAA 2006-6753).
SETS = """\
1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753
2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
1 06251U 62025E   06176.82412014  .00008885  00000-0  12808-3 0  3985
2 06251  58.0579  54.0425 0030035 139.1568 221.1854 15.56387291  6774
1 28057U 03049A   06177.78615833  .00000060  00000-0  35940-4 0  1836
2 28057  98.4283 247.6961 0000884  88.1964 271.9322 14.35478080140550
"""
ISS = ("ISS (ZARYA)", *SETS.splitlines()[:2])


def test_published_sets_are_read_as_sgp4_reads_them():
    lines = SETS.splitlines()
    for row, one, two in zip(read_tles(SETS), lines[::2], lines[1::2], strict=True):
        told = Satrec.twoline2rv(one, two)
        assert row["norad_id"] == told.satnum
        assert row["bstar"] == pytest.approx(told.bstar, rel=1e-12)
        assert row["eccentricity"] == told.ecco
        assert row["epoch_utc"].timetuple().tm_yday == int(told.epochdays)
        assert row["mean_motion_rev_day"] == float(two[52:63])


def test_names_are_read_with_and_without_their_zero():
    for name in ("ISS (ZARYA)", "0 ISS (ZARYA)"):
        (row,) = read_tles("\n".join((name, *ISS[1:])))
        assert row["object_name"] == "ISS (ZARYA)"


# Space-Track, "Alpha-5": A0000 is 100000, E8493 148493, J2931 182931, P4018 234018, Z9999 339999.
@pytest.mark.parametrize(
    ("text", "number"),
    [("A0000", 100000), ("E8493", 148493), ("J2931", 182931), ("P4018", 234018), ("Z9999", 339999)],
)
def test_alpha5_is_that_of_space_track(text, number):
    assert number_of(text) == number
    assert alpha5(number) == text


@given(st.integers(0, HIGHEST_ID))
def test_numbers_come_back(number):
    assert number_of(alpha5(number)) == number


@pytest.mark.parametrize("text", ["I0000", "O1234", "a0000", "1A000", "", "²²²²²"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InputError, match="neither five digits nor alpha-5"):
        number_of(text)


def test_a_number_too_large_for_lines_is_told():
    with pytest.raises(InputError, match="0 to 339999 in a two-line set, got 340000"):
        alpha5(340_000)


@given(
    e=st.integers(0, 9_999_999),
    angle=st.integers(0, 3_599_999),
    motion=st.integers(100_000_000, 1_700_000_000),
    bstar=st.floats(-0.9, 0.9).filter(lambda b: b == 0 or abs(b) > 1e-9),
)
def test_what_is_written_reads_back(e, angle, motion, bstar):
    (row,) = read_tles("\n".join(SETS.splitlines()[:2]))
    given_ = row | {
        "eccentricity": e / 1e7, "raan_deg": angle / 1e4, "argp_deg": angle / 1e4,
        "mean_motion_rev_day": motion / 1e8, "bstar": bstar,
    }  # fmt: skip
    (back,) = read_tles("\n".join(write_tle(given_)))
    for name in ("eccentricity", "raan_deg", "argp_deg", "mean_motion_rev_day"):
        assert back[name] == pytest.approx(given_[name], abs=1e-9)
    assert back["bstar"] == pytest.approx(bstar, rel=1e-4)
    assert abs(back["epoch_utc"] - row["epoch_utc"]).total_seconds() < 1e-3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a, b: (a[:-1] + "9", b), "Line 1 .* ends in checksum '9', .* add up to 3"),
        (lambda a, b: (a[:-3], b), "Line 1 .* has 66 characters instead of 69"),
        (lambda a, b: (b, a), "Line 1 .* line 2 without a line 1"),
        (lambda a, b: (a, ""), "Line 1 .* has no line 2 after it"),
        (lambda a, b: (a, a), "Line 1 .* has no line 2 after it"),
    ],
)
def test_damage_is_told_by_its_line(change, said):
    one, two = SETS.splitlines()[:2]
    with pytest.raises(InputError, match=said):
        read_tles("\n".join(change(one, two)))


def test_lines_of_two_objects_are_refused():
    lines = SETS.splitlines()
    with pytest.raises(InputError, match="is of object 5, line 2 of object 6251"):
        read_tles("\n".join((lines[0], lines[3])))


def test_a_number_that_is_none_is_named():
    two = "2 00005  3x.2682" + SETS.splitlines()[1][16:68]
    with pytest.raises(InputError, match=r"Line 2 .* inclination '3x.2682', which is no number"):
        read_tles(f"{SETS.splitlines()[0]}\n{two}{checksum(two)}")
