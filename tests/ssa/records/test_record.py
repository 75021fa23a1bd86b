"""The record: checked when it is made, the same after JSON, and odd ones told by a sentence."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from skywright.errors import InputError
from skywright.ssa.records.record import (
    Kind,
    MeanElements,
    PlannedBurn,
    Record,
    Role,
    State,
    refuse_odd,
)

EPOCH = datetime(2024, 7, 5, 12)  # noqa: DTZ001 - UTC
ELEMENTS = MeanElements(14.34, 0.001, 98.5, 40.2, 90.0, 10.0, 1e-5)
SIGMAS = (0.1, 1.0, 0.1, 1e-3, 1e-4, 1e-4)
COVARIANCE = tuple(
    tuple(s * t if i == j else 0.1 * s * t for j, t in enumerate(SIGMAS))
    for i, s in enumerate(SIGMAS)
)
STATE = State((7078.0, 0.0, 0.0), (0.0, 5.3, 5.3), COVARIANCE, "RTN", 0.01)


def made(part=ELEMENTS, frame="TEME", **changes):
    return replace(
        Record("44628", "a file", EPOCH + timedelta(hours=5), EPOCH, frame, part), **changes
    )


def covariance(**changes):
    rows = [list(row) for row in COVARIANCE]
    for place, value in changes.items():
        rows[int(place[1])][int(place[2])] = value
    return tuple(map(tuple, rows))


def test_what_it_tells_follows_from_its_part():
    assert made().kind is Kind.MEAN_ELEMENTS
    assert made(STATE, "GCRF").kind is Kind.STATE


def test_moments_with_a_zone_become_utc():
    zone = timezone(timedelta(hours=2))
    assert made(epoch=datetime(2024, 7, 5, 14, tzinfo=zone)).epoch == EPOCH
    assert made(received_at=datetime(2024, 7, 5, 14, tzinfo=UTC)).received_at.tzinfo is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"object_id": " "}, "object_id must have 1 to 60 characters"),
        ({"object_id": "x" * 61}, "object_id must have 1 to 60 characters"),
        ({"frame": "J2000"}, "44628: frame must be one of TEME, GCRF, EME2000, ITRF, got 'J2000'"),
        ({"frame": "GCRF"}, "frame must be TEME for elements of SGP4, got 'GCRF'"),
        ({"epoch": "2024-07-05"}, "epoch must be a date and time in UTC, got '2024-07-05'"),
        ({"epoch": datetime(1024, 7, 5, tzinfo=UTC)}, "epoch must lie in 1957 to 2199"),
        ({"asset_role": "target"}, "asset_role must be one of protected, cooperative, other"),
    ],
)
def test_a_wrong_frame_moment_or_role_is_told(changes, said):
    with pytest.raises(InputError, match=said):
        made(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"eccentricity": math.nan}, "eccentricity must be 0 to 0.999999, got nan"),
        ({"mean_motion_rev_day": 14340.0}, "mean_motion_rev_day must be 0.01 to 20, got 14340"),
        ({"inclination_deg": None}, "inclination_deg must be 0 to 180, got None"),
        ({"bstar": math.inf}, "bstar must be -10 to 10, got inf"),
        ({"rms_km": -0.1}, "rms_km must not be negative"),
        ({"ndot_rev_day2": math.nan}, "ndot_rev_day2 must be a finite number, got nan"),
    ],
)
def test_elements_out_of_range_are_told(changes, said):
    with pytest.raises(InputError, match=said):
        replace(ELEMENTS, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"r_km": (7078000.0, 0.0, 0.0)}, "length of 7.078e.06 km.*seem to be m: divide"),
        ({"v_km_s": (0.0, 5300.0, 5300.0)}, "length of 7495.3. km/s.*seem to be m/s: divide"),
        ({"r_km": (7.078, 0.0, 0.0)}, "length of 7.078 km. Allowed are 6000 to 1e.06 km"),
        ({"r_km": (math.nan, 0.0, 0.0)}, "r_km must be three finite numbers"),
        ({"v_km_s": (7.5, 0.0)}, "v_km_s must be three finite numbers"),
        ({"covariance": covariance(c22=-1e-6)}, r"covariance\[2\]\[2\] .* must not be negative"),
        ({"covariance": covariance(c10=math.nan)}, r"covariance\[1\]\[0\] must be a finite"),
        ({"covariance": covariance(c10=0.5)}, "A covariance is symmetric"),
        ({"covariance": COVARIANCE[:3]}, "covariance must be 6 x 6"),
        ({"covariance": covariance(c11=1e10)}, "sigmas of 100000 km .* divide m2 by 1,000,000"),
        ({"covariance_frame": "LVLH"}, "covariance_frame must be one of"),
        ({"cd_area_over_mass_m2_kg": -1.0}, "cd_area_over_mass_m2_kg must be 0 to 1000"),
    ],
)
def test_states_that_no_satellite_has_are_told(changes, said):
    with pytest.raises(InputError, match=said):
        replace(STATE, **changes)


@pytest.mark.parametrize(
    ("burn", "said"),
    [
        ({"start_utc": "soon"}, "start_utc must be a date and time"),
        ({"start_utc": EPOCH, "duration_s": -1.0}, "duration_s must not be negative"),
        ({"start_utc": EPOCH, "dv_rtn_m_s": (0.0, 9e3, 0.0)}, "dv_rtn_m_s has a length of 9000"),
    ],
)
def test_a_burn_that_cannot_be_planned_is_told(burn, said):
    with pytest.raises(InputError, match=said):
        PlannedBurn(**burn)


def test_elements_of_the_future_are_refused_where_they_are_not_wanted():
    early = made(epoch=EPOCH + timedelta(days=365))
    with pytest.raises(InputError, match="Record 1 of object 44628 .* lies after 2024-07-06"):
        refuse_odd([made(), early], EPOCH + timedelta(days=1))


def test_predicted_states_may_lie_ahead():
    refuse_odd([made(STATE, "GCRF", epoch=EPOCH + timedelta(days=3))], EPOCH)


def test_the_same_record_from_two_sources_is_a_duplicate():
    twin = made(source="another file", received_at=EPOCH + timedelta(days=2))
    with pytest.raises(InputError, match="Record 2 .* says the same as record 0"):
        refuse_odd([made(), made(asset_role=Role.PROTECTED), twin], EPOCH + timedelta(days=3))
