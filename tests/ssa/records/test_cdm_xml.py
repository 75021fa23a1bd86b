"""Conjunction messages in XML: the same message as in lines, and as safe."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.ssa.records.cdm import UNITS, Cdm, CdmObject, parse_cdm, read_cdm, write_cdm
from skywright.ssa.records.cdm_xml import cdm_of, parse_cdm_xml, write_cdm_xml
from tests.ssa.records.test_cdm import cdm, text  # noqa: F401 - fixtures
from tests.ssa.records.test_oem import moments

FIELDS = {"OBJECT_TYPE": "PAYLOAD", "MANEUVERABLE": "YES", "MASS": "1200.5", "OBS_USED": "106"}


def same(one, two):
    for name in ("message_id", "created_utc", "tca_utc", "hbr_m", "fields"):
        assert getattr(one, name) == getattr(two, name), name
    for a, b in zip(one.objects, two.objects, strict=True):
        assert (a.designator, a.name, a.frame, a.fields) == (
            b.designator, b.name, b.frame, b.fields,
        )  # fmt: skip
        assert np.array_equal(a.state, b.state)
        assert np.array_equal(a.covariance, b.covariance, equal_nan=True)


def test_what_is_written_reads_back(cdm):  # noqa: F811
    full = replace(cdm, objects=tuple(replace(one, fields=FIELDS) for one in cdm.objects))
    same(parse_cdm_xml(write_cdm_xml(full)), full)


def test_units_stand_with_their_values(cdm):  # noqa: F811
    told = write_cdm_xml(replace(cdm, fields=cdm.fields | {"MISS_DISTANCE": "12.5"}))
    assert '<MISS_DISTANCE units="m">12.5</MISS_DISTANCE>' in told
    assert '<X units="km">7078.1</X>' in told
    assert '<CTDOT_T units="m**2/s">' in told
    assert UNITS["SEDR"] == "W/kg"


def test_another_unit_than_the_standards_is_kept_with_its_value(text):  # noqa: F811
    given_ = parse_cdm(
        text.replace("OBJECT = OBJECT1", "MISS_DISTANCE = 0.2 [km]\nOBJECT = OBJECT1")
    )
    assert given_.number("MISS_DISTANCE") is None
    same(parse_cdm_xml(write_cdm_xml(given_)), given_)
    same(parse_cdm(write_cdm(given_)), given_)


def test_what_the_standard_does_not_know_becomes_a_comment(cdm):  # noqa: F811
    told = write_cdm_xml(replace(cdm, fields=cdm.fields | {"MY_OWN": "3"}))
    assert "<COMMENT>MY_OWN = 3</COMMENT>" in told
    assert "MY_OWN" not in parse_cdm_xml(told).fields


sigmas = st.tuples(*[st.floats(0.1, 1e4)] * 6)
names = st.text("ABC &<>'\"-", max_size=12).map(lambda t: " ".join(t.split()))


@st.composite
def objects(draw):
    state = np.array([7078.0, 0.0, 0.0, 0.0, 5.3, 5.3]) + np.array(
        draw(st.tuples(*[st.floats(-0.1, 0.1)] * 6))
    )
    covariance = np.diag(np.array(draw(sigmas)) ** 2)
    if draw(st.booleans()):
        covariance[3:] = covariance[:, 3:] = np.nan
    frame = draw(st.sampled_from(("EME2000", "GCRF", "ITRF", "TEME")))
    return CdmObject(
        draw(names), draw(names), frame, state, covariance, draw(st.sampled_from(({}, FIELDS)))
    )


@settings(max_examples=30)
@given(objects(), objects(), moments, moments, st.none() | st.floats(0.1, 99.0))
def test_any_message_reads_back_to_the_last_digit(one, two, created, tca, hbr):
    told = Cdm("M-1", created, tca, (one, two), hbr, {"ORIGINATOR": "A & B"})
    same(parse_cdm_xml(write_cdm_xml(told)), told)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<cdm", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><cdm", "a document type"),
        ("</cdm>", "", "is not valid XML"),
        ("EME2000", "MARS", "REF_FRAME must be one of"),
        ('units="km">7078.1', 'units="km">7078100.0', "they must be km"),
        ('<CR_R units="m**2">400.0', '<CR_R units="m**2">-400.0', "CR_R must not be negative"),
        ("OBJECT1", "OBJECT1</OBJECT><OBJECT>OBJECT3", "gives OBJECT_DESIGNATOR|describes 3"),
    ],
)
def test_damage_is_told(cdm, old, new, said):  # noqa: F811
    told = write_cdm_xml(cdm)
    assert old in told
    with pytest.raises(InputError, match=said):
        parse_cdm_xml(told.replace(old, new, 1))


def test_one_message_a_file(cdm):  # noqa: F811
    told = write_cdm_xml(cdm).partition("?>\n")[2]
    assert parse_cdm_xml(f"<ndm>{told}</ndm>").message_id == "M1"
    with pytest.raises(InputError, match="holds 2 messages; give one a file"):
        parse_cdm_xml(f"<ndm>{told}{told}</ndm>")


def test_a_notation_is_told_by_its_content(cdm, text, tmp_path):  # noqa: F811
    (tmp_path / "message").write_text(write_cdm_xml(cdm))
    same(read_cdm(tmp_path / "message"), cdm_of(text))


def test_real_messages_are_the_same_in_both_notations(ssa_data):
    for path in sorted((ssa_data / "conjunctions/cara_cdm").glob("*.cdm")):
        given_ = parse_cdm(path.read_text())
        same(parse_cdm_xml(write_cdm_xml(given_)), given_)


def test_the_command_takes_both_notations_for_the_same(cdm, text, tmp_path):  # noqa: F811
    (tmp_path / "one").write_text(text)
    (tmp_path / "two").write_text(write_cdm_xml(cdm))
    args = ["ssa", "pc", str(tmp_path / "one"), str(tmp_path / "two"), "--json"]
    one, two = json.loads(CliRunner().invoke(app, args).stdout)["conjunctions"]
    assert one | {"file": ""} == two | {"file": ""}
