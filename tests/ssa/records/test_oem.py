"""Ephemerides: the standard's example, both notations the same, every damage by its key."""

from datetime import datetime, timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.records.oem import (
    Oem,
    OemCovariance,
    OemSegment,
    parse_oem,
    read_oem,
    write_oem,
)
from skywright.ssa.records.oem_records import records_of_oem, tnw_basis
from skywright.ssa.records.record_reading import read_records
from skywright.ssa.records.time_systems import SYSTEMS

START = datetime(2024, 7, 6)  # noqa: DTZ001 - UTC

# In the manner of CCSDS 502.0-B-3, figure 5-3 (there about Mars): two segments, one covariance.
TEXT = """\
CCSDS_OEM_VERS = 2.0
COMMENT made for a test
CREATION_DATE = 2024-07-05T17:22:31
ORIGINATOR = TEST
META_START
OBJECT_NAME = A SATELLITE
OBJECT_ID = 1998-067A
CENTER_NAME = EARTH
REF_FRAME = EME2000
TIME_SYSTEM = UTC
START_TIME = 2024-07-06T00:00:00.331
USEABLE_START_TIME = 2024-07-06T00:00:30
USEABLE_STOP_TIME = 2024-07-06T00:01:00
STOP_TIME = 2024-07-06T00:02:00.331
INTERPOLATION = HERMITE
INTERPOLATION_DEGREE = 7
META_STOP
COMMENT orbit determination of July
2024-07-06T00:00:00.331 7078.0 0.0 0.0 0.0 5.3 5.3
2024-188T00:01:00.331 7070.0 318.0 318.0 -0.47 5.28 5.28
2024-07-06T00:02:00.331Z 7050.0 634.0 634.0 -0.94 5.26 5.26

COVARIANCE_START
EPOCH = 2024-07-06T00:00:00.331
COV_REF_FRAME = RTN
3.3e-04
4.6e-04 6.7e-04
-3.0e-04 -4.2e-04 3.2e-04
-3.3e-07 -4.6e-07 2.4e-07 4.2e-09
-2.2e-07 -2.8e-07 1.7e-07 2.6e-09 1.7e-09
-3.0e-07 -4.9e-07 3.5e-07 1.8e-09 8.8e-10 6.2e-09
COVARIANCE_STOP

META_START
OBJECT_NAME = A SATELLITE
OBJECT_ID = 1998-067A
CENTER_NAME = EARTH
REF_FRAME = ITRF2000
TIME_SYSTEM = GPS
START_TIME = 2024-07-06T01:00:18
STOP_TIME = 2024-07-06T01:00:18
META_STOP
2024-07-06T01:00:18 7078.0 0.0 0.0 0.0 4.8 5.3 -0.008 0.0 0.0
"""


def same(one, two):
    assert (one.created_utc, one.originator, one.version) == (
        two.created_utc, two.originator, two.version,
    )  # fmt: skip
    assert (one.comments, one.fields) == (two.comments, two.fields)
    for a, b in zip(one.segments, two.segments, strict=True):
        for name in OemSegment.__slots__:
            if name not in ("states", "accelerations", "covariances"):
                assert getattr(a, name) == getattr(b, name), name
        assert np.array_equal(a.states, b.states)
        assert (a.accelerations is None) == (b.accelerations is None)
        if a.accelerations is not None:
            assert np.array_equal(a.accelerations, b.accelerations)
        for c, d in zip(a.covariances, b.covariances, strict=True):
            assert (c.epoch_utc, c.frame) == (d.epoch_utc, d.frame)
            assert np.array_equal(c.matrix, d.matrix)


def test_a_message_is_read_whole():
    told = parse_oem(TEXT)
    one, two = told.segments
    assert one.epochs_utc[1] == START + timedelta(seconds=60.331)
    assert one.states[1].tolist() == [7070.0, 318.0, 318.0, -0.47, 5.28, 5.28]
    assert (one.interpolation, one.interpolation_degree) == ("HERMITE", 7)
    assert one.useable_start_utc == START + timedelta(seconds=30)
    assert one.covariances[0].matrix[3, 2] == one.covariances[0].matrix[2, 3] == 2.4e-07
    assert two.epochs_utc == (START + timedelta(hours=1),)  # GPS is 18 s ahead of UTC since 2017
    assert two.accelerations.tolist() == [[-0.008, 0.0, 0.0]]
    assert (told.comments, one.comments) == (
        ("made for a test",), ("orbit determination of July",),
    )  # fmt: skip


@pytest.mark.parametrize("form", ["kvn", "xml"])
def test_what_is_written_reads_back(form):
    told = parse_oem(TEXT)
    same(parse_oem(write_oem(told, form=form)), told)


number = st.floats(-1.0, 1.0)
moments = st.datetimes(datetime(1975, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - UTC


@st.composite
def segments(draw):
    count = draw(st.integers(1, 4))
    gaps = draw(st.lists(st.integers(1, 10**10), min_size=count, max_size=count))
    epochs = [draw(moments)]
    epochs += [epochs[0] + timedelta(microseconds=sum(gaps[: k + 1])) for k in range(count - 1)]
    noise = draw(st.lists(st.tuples(*[number] * 9), min_size=count, max_size=count))
    rows = np.array(noise)
    states = np.array([7000.0, 0.0, 0.0, 0.0, 7.5, 0.0]) + rows[:, :6]
    root = np.diag([0.1, 1.0, 0.1, 1e-3, 1e-4, 1e-4]) + 1e-5 * np.tril(
        np.outer(rows[0, :6], np.ones(6))
    )
    frames = st.none() | st.sampled_from(("RTN", "TNW", "EME2000"))
    covariance = OemCovariance(epochs[-1], root @ root.T, draw(frames))
    method = draw(st.none() | st.sampled_from(("LAGRANGE", "HERMITE")))
    return OemSegment(
        draw(st.sampled_from(("A", "SAT & <CO>"))),
        "2024-001A",
        draw(st.sampled_from(("EME2000", "GCRF", "ITRF2000", "TEME", "ICRF"))),
        draw(st.sampled_from(SYSTEMS)),
        tuple(epochs),
        states,
        epochs[0],
        epochs[-1],
        useable_start_utc=draw(st.none() | st.just(epochs[0])),
        interpolation=method,
        interpolation_degree=None if method is None else draw(st.integers(1, 20)),
        accelerations=draw(st.none() | st.just(rows[:, 6:] * 0.01)),
        covariances=draw(st.sampled_from(((), (covariance,)))),
        fields=draw(st.sampled_from(({}, {"REF_FRAME_EPOCH": "2024-01-01T00:00:00"}))),
    )


@settings(max_examples=30)
@given(st.lists(segments(), min_size=1, max_size=2), moments, st.sampled_from(("kvn", "xml")))
def test_any_message_reads_back_to_the_last_digit(some, created, form):
    told = Oem(created, "A & B", tuple(some), comments=("a", "b"), fields={"MESSAGE_ID": "1"})
    same(parse_oem(write_oem(told, form=form)), told)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CCSDS_OEM_VERS = 2.0\n", "", "is no orbit ephemeris message"),
        ("ORIGINATOR = TEST\n", "", "ORIGINATOR is missing"),
        (
            "CENTER_NAME = EARTH",
            "CENTER_NAME = MARS",
            "segment 1: CENTER_NAME must be one of EARTH",
        ),
        ("= EME2000", "= J2000", "segment 1: REF_FRAME must be one of EME2000, .* got 'J2000'"),
        ("= UTC", "= TDB", "TIME_SYSTEM must be one of UTC, TAI, TT, GPS, got 'TDB'"),
        ("= HERMITE", "= SPLINE", "INTERPOLATION must be one of HERMITE, LAGRANGE, LINEAR"),
        ("DEGREE = 7", "DEGREE = 7.5", "INTERPOLATION_DEGREE must be a whole number"),
        ("INTERPOLATION_DEGREE = 7\n", "", "so INTERPOLATION_DEGREE must be given"),
        ("STOP_TIME = 2024-07-06T00:02:00.331\n", "", "segment 1: STOP_TIME is missing"),
        ("2024-188T", "2024-187T", "epochs must rise"),
        ("2024-188T", "soon", "epoch must be a date and time such as"),
        ("00:02:00.331Z", "00:02:60.331Z", "leap second"),
        ("00:02:00.331Z", "00:03:00.331Z", "lies outside START_TIME"),
        ("7070.0 318", "7070000.0 318", "00:01:00.331: X, Y, Z has a length of .* be m: divide"),
        ("-0.47 5.28 5.28", "-470 5280 5280", "X_DOT, Y_DOT, Z_DOT has .* seem to be m/s: divide"),
        ("7070.0 318", "nan 318", "'nan' is no finite number"),
        ("-0.47 5.28 5.28", "-0.47 5.28", r"must hold 6 numbers .* got \[5, 6\]"),
        ("-0.94 5.26 5.26", "-0.94 5.26 5.26 0 0 1.0", r"got \[6, 9\]"),
        ("4.6e-04 6.7e-04", "4.6e-04 -6.7e-04", r"covariance\[1\]\[1\] is a variance"),
        ("4.6e-04 6.7e-04", "4.6e-04", "it must hold 21 numbers, got 20"),
        ("= RTN", "= LVLH", "COV_REF_FRAME must be one of"),
        ("COV_REF_FRAME = RTN", "SIZE = 1", "gives SIZE; a covariance has EPOCH"),
        ("EPOCH = 2024-07-06T00:00:00.331\nCOV_REF_FRAME = RTN\n", "", "before its EPOCH"),
        ("COVARIANCE_START\n", "", "cannot stand in the data part|epoch must be|numbers"),
        ("META_STOP\nCOMMENT", "COMMENT", "is no 'KEY = value'"),
        ("OBJECT_ID =", "OBJECT_NAME =", "gives OBJECT_NAME a second time"),
    ],
)
def test_damage_is_told_by_its_key(old, new, said):
    assert old in TEXT
    with pytest.raises(InputError, match=said):
        parse_oem(TEXT.replace(old, new, 1))


def test_a_block_must_end():
    with pytest.raises(InputError, match="ends within COVARIANCE_START"):
        parse_oem(TEXT[: TEXT.index("COVARIANCE_STOP")])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('units="km">7078.0', 'units="m">7078.0', "X has the unit 'm'; the standard's is 'km'"),
        ("<X>", "<XX>", "is not valid XML"),
        ("<oem", "<!DOCTYPE oem><oem", "declares a document type"),
        ("<Y units", "<YY units", "is not valid XML"),
    ],
)
def test_damaged_xml_is_told(old, new, said):
    text = write_oem(parse_oem(TEXT), form="xml")
    assert old in text or old == "<X>"
    text = text.replace(old, new, 1) if old in text else text.replace("</X>", new, 1)
    with pytest.raises(InputError, match=said):
        parse_oem(text)


def test_a_component_that_lacks_is_told():
    text = write_oem(parse_oem(TEXT), form="xml")
    with pytest.raises(InputError, match="00:00:00.331000: Y is missing"):
        parse_oem(text.replace('<Y units="km">0.0</Y>', "", 1))


def test_several_messages_or_none_are_told():
    text = write_oem(parse_oem(TEXT), form="xml").partition("?>\n")[2]
    with pytest.raises(InputError, match="holds 2 messages"):
        parse_oem(f"<ndm>{text}{text}</ndm>")
    with pytest.raises(InputError, match="holds no OEM: its root is <opm>"):
        parse_oem("<opm/>")


def test_messages_of_another_kind_are_not_left_out_unseen():
    text = write_oem(parse_oem(TEXT), form="xml").partition("?>\n")[2]
    with pytest.raises(InputError, match="holds OMM beside OEM"):
        parse_oem(f"<ndm>{text}<omm/></ndm>")


def test_an_unknown_form_is_told():
    with pytest.raises(InputError, match="form must be one of kvn, xml, got 'json'"):
        write_oem(parse_oem(TEXT), form="json")


@pytest.mark.parametrize("form", ["kvn", "xml"])
def test_states_are_records(tmp_path, form):
    path = tmp_path / "unnamed"
    path.write_text(write_oem(parse_oem(TEXT), form=form))
    told = read_records(path)
    assert [one.frame for one in told] == ["EME2000"] * 3 + ["ITRF"]
    assert told[0].part.covariance_frame == "RTN"
    assert told[1].part.covariance is None
    assert {one.object_id for one in told} == {"1998-067A"}
    assert told[0].received_at == read_oem(path).created_utc


def test_a_covariance_in_tnw_is_turned():
    told = parse_oem(TEXT.replace("COV_REF_FRAME = RTN", "COV_REF_FRAME = TNW"))
    state, before = told.segments[0].states[0], told.segments[0].covariances[0].matrix
    part = records_of_oem(told, "a test")[0].part
    after = np.array(part.covariance)
    axes = tnw_basis(state)
    assert np.allclose(axes @ axes.T, np.eye(3))
    assert part.covariance_frame is None
    for (i, a), (j, b) in product(enumerate(axes), repeat=2):
        assert a @ after[:3, :3] @ b == pytest.approx(before[i, j], rel=1e-9)
        assert a @ after[:3, 3:] @ b == pytest.approx(before[i, j + 3], rel=1e-6)
