"""Epochs in time systems: published offsets, and back to the microsecond."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.records.time_systems import SYSTEMS, epoch_text, epoch_utc


# IERS Bulletin C 52: UTC - TAI = -37 s from 2017-01-01; before that, from 2015-07-01, -36 s.
# GPS = TAI - 19 s (IS-GPS-200), TT = TAI + 32.184 s (IAU 1991, recommendation IV).
@pytest.mark.parametrize(
    ("text", "system", "utc"),
    [
        ("2024-07-06T00:00:37", "TAI", "2024-07-06T00:00:00"),
        ("2024-07-06T00:01:09.184", "TT", "2024-07-06T00:00:00"),
        ("2024-07-06T00:00:18", "GPS", "2024-07-06T00:00:00"),
        ("2017-01-01T00:00:37", "TAI", "2017-01-01T00:00:00"),
        ("2017-01-01T00:00:35.5", "TAI", "2016-12-31T23:59:59.500000"),
        ("2024-188T12:00:00.25Z", "UTC", "2024-07-06T12:00:00.250000"),
    ],
)
def test_offsets_are_those_published(text, system, utc):
    assert epoch_utc(text, system, "EPOCH").isoformat() == utc


@given(
    st.datetimes(datetime(1973, 1, 1), datetime(2050, 1, 1)),  # noqa: DTZ001 - UTC
    st.sampled_from(SYSTEMS),
)
def test_moments_come_back(moment, system):
    assert epoch_utc(epoch_text(moment, system), system, "EPOCH") == moment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tomorrow", "EPOCH must be a date and time such as"),
        ("2024-13-01T00:00:00", "EPOCH must be a date and time such as"),
        ("2024-366T00:00:00x", "EPOCH must be a date and time such as"),
        ("2016-12-31T23:59:60", "holds a leap second"),
    ],
)
def test_what_is_no_epoch_is_told(text, said):
    with pytest.raises(InputError, match=said):
        epoch_utc(text, "UTC", "EPOCH")


def test_an_unknown_system_is_told():
    with pytest.raises(InputError, match="must be one of UTC, TAI, TT, GPS, got 'MJD'"):
        epoch_text(datetime(2024, 1, 1), "MJD")  # noqa: DTZ001 - UTC
