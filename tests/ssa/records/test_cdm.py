"""Conjunction messages: read as written, and every damage told by its key."""

from datetime import datetime

import numpy as np
import pytest

from skywright.errors import InputError
from skywright.ssa.conjunction.conjunction import conjunction_of
from skywright.ssa.records.cdm import Cdm, CdmObject, parse_cdm, write_cdm


def made():
    state = np.array([7078.0, 0.0, 0.0, 0.0, 5.3, 5.3])
    sigma = np.array([20.0, 300.0, 15.0, 0.3, 0.02, 0.01])
    objects = tuple(
        CdmObject(f"{k}", f"OBJECT {k}", "EME2000", state + k * 0.1, np.diag(sigma**2))
        for k in (1, 2)
    )
    when = datetime(2024, 1, 1, 12, 30, 15, 250000)  # noqa: DTZ001 - UTC
    return Cdm("M1", when, when, objects, 12.5, {"ORIGINATOR": "TEST"})


TEXT = write_cdm(made())


@pytest.fixture
def cdm():
    return made()


@pytest.fixture
def text():
    return TEXT


def test_what_is_written_reads_back(cdm, text):
    back = parse_cdm(text)
    assert (back.message_id, back.tca_utc, back.hbr_m) == ("M1", cdm.tca_utc, 12.5)
    for one, two in zip(back.objects, cdm.objects, strict=True):
        assert np.array_equal(one.state, two.state)
        assert np.array_equal(one.covariance, two.covariance)


def test_a_position_covariance_is_enough(text):
    short = "\n".join(line for line in text.splitlines() if "DOT_" not in line)
    back = parse_cdm(short)
    assert np.isnan(back.objects[0].covariance[3:]).all()
    assert not conjunction_of(back).velocity_known


def test_the_axes_of_a_covariance_are_each_objects_own(cdm):
    made = conjunction_of(cdm)
    along = made.states[0, 3:] / np.linalg.norm(made.states[0, 3:])
    assert along @ made.covariances[0, :3, :3] @ along == pytest.approx(0.3**2, rel=1e-3)


def test_a_day_of_the_year_is_a_date(text):
    moved = text.replace("TCA = 2024-01-01T12:30:15.250000", "TCA = 2024-001T12:30:15.25")
    assert parse_cdm(moved).tca_utc == datetime(2024, 1, 1, 12, 30, 15, 250000)  # noqa: DTZ001 - UTC


def test_metres_are_converted_by_their_unit(text):
    metres = text.replace("X = 7078.1 [km]", "X = 7078100.0 [m]")
    assert parse_cdm(metres).objects[0].state[0] == pytest.approx(7078.1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("EME2000", "MARS", "REF_FRAME must be one of EME2000, GCRF, ITRF, TEME, got 'MARS'"),
        ("X = 7078.1 [km]", "X = nan [km]", "object 1: X must be a finite number, got 'nan'"),
        ("X = 7078.1 [km]", "X = 7078100.0 [km]", "they must be km"),
        ("X = 7078.1 [km]", "X = 7078.1 [furlong]", r"X has the unit \[furlong\]"),
        ("CR_R = 400.0", "CR_R = -400.0", "variance CR_R must not be negative, got -400"),
        ("CT_R = 0.0", "CT_R = none", "CT_R must be a finite number, got 'none'"),
        ("Y = 0.1 [km]\n", "", "Y is missing"),
        ("TCA = 2024-01-01", "TCA = soon", "TCA must be a date and time"),
        ("HBR = 12.5", "HBR = -3", "HBR must be 0 to 1000 m, got '-3'"),
        ("OBJECT = OBJECT2", "COMMENT", "gives OBJECT_DESIGNATOR a second time"),
        ("CCSDS_CDM_VERS = 1.0", "", "is no conjunction data message"),
        ("ORIGINATOR = TEST", "what is this", "Line 3 of .* is no 'KEY = value'"),
    ],
)
def test_damage_is_told_by_its_key(text, old, new, said):
    assert old in text
    with pytest.raises(InputError, match=said):
        parse_cdm(text.replace(old, new, 1))


def test_speeds_in_metres_a_second_are_noticed(text):
    fast = text.replace("Y_DOT = 5.3", "Y_DOT = 5300.0", 1).replace("5.3", "5300.0")
    with pytest.raises(InputError, match="must be km/s"):
        parse_cdm(fast.replace("Y_DOT = 5.4", "Y_DOT = 5400.0", 1))


def test_frames_must_agree(text):
    mixed = parse_cdm(text.replace("REF_FRAME = EME2000", "REF_FRAME = ITRF", 1))
    with pytest.raises(InputError, match="REF_FRAME is ITRF and EME2000; both must agree"):
        conjunction_of(mixed)


def test_a_radius_comes_from_the_caller_the_message_or_the_default(cdm, text):
    assert conjunction_of(cdm, 3.0).hbr_source == "given by the caller"
    assert conjunction_of(cdm).hbr_m == 12.5
    bare = parse_cdm("\n".join(line for line in text.splitlines() if "HBR" not in line))
    assert "by default" in conjunction_of(bare).hbr_source
    with pytest.raises(InputError, match="hbr_m must be more than 0"):
        conjunction_of(cdm, 0.0)
