"""Records as JSON: nothing is lost, and every damage is told by its place."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.records.record import MeanElements, PlannedBurn, Record, Role, State
from skywright.ssa.records.record_json import (
    digest_of,
    record_from_dict,
    record_to_dict,
    records_from_json,
    records_to_json,
)
from skywright.ssa.records.record_reading import record_of_cdm
from tests.ssa.records.test_cdm import cdm, text  # noqa: F401 - fixtures
from tests.ssa.records.test_record import COVARIANCE, EPOCH, made

angles = st.floats(0.0, 359.999)
moments = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - UTC
elements = st.builds(
    MeanElements,
    st.floats(0.1, 17.0), st.floats(0.0, 0.9), st.floats(0.0, 180.0), angles, angles, angles,
    st.floats(-1.0, 1.0), st.none() | st.floats(-1.0, 1.0), st.none() | st.floats(0.0, 10.0),
)  # fmt: skip
states = st.builds(
    State,
    st.tuples(st.floats(6500.0, 40000.0), st.floats(-100.0, 100.0), st.floats(-100.0, 100.0)),
    st.tuples(st.floats(-1.0, 1.0), st.floats(3.0, 8.0), st.floats(-1.0, 1.0)),
    st.none() | st.just(COVARIANCE),
    st.none() | st.sampled_from(("RTN", "TEME")),
    st.none() | st.floats(0.0, 1.0),
)
burns = st.builds(
    PlannedBurn,
    moments,
    st.none() | st.floats(0.0, 1e5),
    st.none() | st.tuples(*[st.floats(-9.0, 9.0)] * 3),
)
records = st.builds(
    Record,
    object_id=st.text("0123456789ABC-", min_size=1, max_size=60),
    source=st.text(max_size=20),
    received_at=moments,
    epoch=moments,
    frame=st.just("TEME"),
    part=elements | states,
    name=st.none() | st.text(max_size=20),
    asset_role=st.sampled_from(Role),
    manoeuvrable=st.none() | st.booleans(),
    planned_burns=st.lists(burns, max_size=3).map(tuple),
)


@given(st.lists(records, max_size=3))
def test_what_is_written_reads_back_to_the_last_digit(some):
    back = records_from_json(records_to_json(some))
    assert [record_to_dict(one) for one in back] == [record_to_dict(one) for one in some]
    assert [one.part for one in back] == [one.part for one in some]
    assert [one.planned_burns for one in back] == [one.planned_burns for one in some]


def test_a_conjunction_reads_back_with_its_gaps(cdm):  # noqa: F811
    cdm.objects[1].covariance[3:] = cdm.objects[1].covariance[:, 3:] = float("nan")
    record = record_of_cdm(cdm, "a file")
    (back,) = records_from_json(records_to_json([record]))
    assert record_to_dict(back) == record_to_dict(record)
    assert back.part.cdm.objects[0].state.tolist() == cdm.objects[0].state.tolist()
    assert back.part.hbr_m == 12.5


def test_a_digest_is_of_what_is_said_not_of_who_said_it():
    assert digest_of(made()) == digest_of(made(source="b", received_at=EPOCH))
    assert digest_of(made()) != digest_of(made(name="B"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.pop("epoch"), "record 0: epoch is missing"),
        (lambda r: r.update(kind="radar"), "record 0: kind must be one of mean_elements"),
        (lambda r: r.update(speed=3), "record 0: speed is no field of a record"),
        (lambda r: r.update(epoch="soon"), "record 0: epoch must be a date and time"),
        (lambda r: r["mean_elements"].pop("bstar"), "record 0: mean_elements needs bstar"),
        (lambda r: r["mean_elements"].update(drag=1), "mean_elements.drag is no field"),
        (lambda r: r["mean_elements"].update(bstar="x"), "bstar must be -10 to 10, got 'x'"),
        (lambda r: r.update(mean_elements=3), "mean_elements must be an object"),
        (lambda r: r.update(planned_burns=3), "planned_burns must be a list, got 3"),
        (lambda r: r.update(planned_burns=[3]), "planned_burns must be objects with start_utc"),
        (lambda r: r.update(planned_burns=[{"start_utc": "2024-01-01", "to": 1}]), "burns.to is"),
    ],
)
def test_damage_is_told_by_its_place(change, said):
    told = json.loads(records_to_json([made()]))
    change(told["records"][0])
    with pytest.raises(InputError, match=said):
        records_from_json(json.dumps(told))


@pytest.mark.parametrize(
    ("text_", "said"),
    [
        ("{", "is not valid JSON"),
        ('{"record_schema_version": 2}', "record_schema_version must be 1, got 2"),
        ('{"record_schema_version": 1}', "records must be a list"),
        ('{"record_schema_version": 1, "records": [1]}', "record 0 must be an object, got int"),
    ],
)
def test_another_file_or_version_is_told(text_, said):
    with pytest.raises(InputError, match=said):
        records_from_json(text_)


def test_half_a_conjunction_is_told(cdm):  # noqa: F811
    told = record_to_dict(record_of_cdm(cdm, "a file"))
    told["conjunction"]["objects"][0]["state_km_km_s"].pop()
    with pytest.raises(InputError, match="conjunction is not complete"):
        record_from_dict(told)
    del told["conjunction"]["objects"][1]
    with pytest.raises(InputError, match="conjunction is not complete"):
        record_from_dict(told)
