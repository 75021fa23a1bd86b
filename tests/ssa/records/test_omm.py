"""OMM: the example of the standard in both notations, any number, and sentences for the rest."""

from datetime import UTC, datetime

import pytest

from skywright.errors import InputError
from skywright.ssa.element_sets import COLUMNS
from skywright.ssa.records.omm import read_omm, write_omm
from skywright.ssa.records.reading import history_of
from tests.ssa.detection.test_residuals import satellite

# CCSDS 502.0-B-3, figure 4-1: GOES 9.
EXAMPLE = """\
CCSDS_OMM_VERS = 3.0
CREATION_DATE = 2020-065T16:00:00
ORIGINATOR = NOAA
OBJECT_NAME = GOES 9
OBJECT_ID = 1995-025A
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP/SGP4
EPOCH = 2020-03-05T10:34:41.4264
MEAN_MOTION = 1.00273272
ECCENTRICITY = 0.0005013
INCLINATION = 3.0539 [deg]
RA_OF_ASC_NODE = 81.7939
ARG_OF_PERICENTER = 249.2363
MEAN_ANOMALY = 150.1602
EPHEMERIS_TYPE = 0
NORAD_CAT_ID = 23581
BSTAR = 0.0001
MEAN_MOTION_DOT = -0.00000113
"""


def as_xml(text):
    lines = (line.split(" = ") for line in text.splitlines()[1:])
    fields = "".join(f"<{key}>{value.split(' [')[0]}</{key}>" for key, value in lines)
    return f"<?xml version='1.0'?><ndm><omm id='CCSDS_OMM_VERS'><body>{fields}</body></omm></ndm>"


@pytest.mark.parametrize("form", [str, as_xml])
def test_the_example_of_the_standard_is_read(form):
    (row,) = history_of(form(EXAMPLE).encode()).to_dicts()
    assert row["received_utc"] == datetime(2020, 3, 5, 16)  # noqa: DTZ001 - UTC
    assert row["norad_id"] == 23581
    assert row["epoch_utc"] == datetime(2020, 3, 5, 10, 34, 41, 426400)  # noqa: DTZ001 - UTC
    assert row["mean_motion_rev_day"] == 1.00273272
    assert row["ndot_rev_day2"] == pytest.approx(-2.26e-6)


def test_what_is_written_reads_back_whatever_the_number():
    row = satellite(days=1).to_dicts()[0] | {"norad_id": 799_500_123}
    text = write_omm(row, created_utc=datetime(2024, 3, 2, tzinfo=UTC))
    back = history_of(text.encode()).to_dicts()[0]
    assert {name: back[name] for name in COLUMNS} == {name: row[name] for name in COLUMNS}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("BSTAR = 0.0001\n", "", "lacks BSTAR"),
        ("= SGP/SGP4", "= DSST", "MEAN_ELEMENT_THEORY must be SGP4, got 'DSST'"),
        ("= TEME", "= GCRF", "REF_FRAME must be TEME"),
        ("= 0.0005013", "= much", "ECCENTRICITY must be a number, got 'much'"),
        ("CENTER_NAME = EARTH", "CENTER_NAME", "Line 6 of .* is no 'KEY = value'"),
        ("CENTER_NAME = EARTH", "EPOCH = 2020-03-05", "gives EPOCH a second time"),
    ],
)
def test_damage_is_told_by_its_key(old, new, said):
    assert old in EXAMPLE
    with pytest.raises(InputError, match=said):
        read_omm(EXAMPLE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<omm><EPOCH>", "is not valid XML"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><omm/>", "declares a document type"),
        ("<ndm></ndm>", "holds no OMM"),
    ],
)
def test_xml_that_is_none_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        read_omm(text)
