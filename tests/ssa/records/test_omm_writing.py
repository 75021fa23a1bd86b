"""Catalogues as OMM: every notation reads back to the same digits."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.element_sets import COLUMNS
from skywright.ssa.records.omm_writing import write_omms
from skywright.ssa.records.reading import history_of
from tests.ssa.detection.test_residuals import satellite

CREATED = datetime(2024, 3, 2, 4, tzinfo=UTC)
ALSO = ["ndot_rev_day2", "object_name", "cospar_id"]


@pytest.mark.parametrize("form", ["xml", "json", "csv"])
def test_a_catalogue_reads_back_to_the_last_digit(form):
    table = satellite(days=5).with_columns(
        norad_id=pl.int_range(799_500_123, 799_500_128),
        object_name=pl.lit("A, B & <C>"),
        cospar_id=pl.lit("2024-001A"),
        ndot_rev_day2=pl.lit(1.7e-7),
    )
    back = history_of(write_omms(table.to_dicts(), created_utc=CREATED, form=form).encode())
    assert back.select(*COLUMNS, *ALSO).equals(table.select(*COLUMNS, *ALSO))
    assert back["received_utc"].to_list() == [CREATED.replace(tzinfo=None)] * 5


angles = st.floats(0.0, 359.9)


@given(
    st.sampled_from(("xml", "json", "csv")),
    st.floats(0.1, 17.0), st.floats(0.0, 0.9), st.floats(0.0, 180.0), angles, angles, angles,
    st.floats(-1.0, 1.0), st.integers(1, 10**9),
    st.floats(-0.1, 0.1).filter(lambda x: x == 0.0 or abs(x) > 1e-300),
)  # fmt: skip
def test_any_set_reads_back(form, n, e, i, raan, argp, mean, bstar, number, ndot):
    epoch = datetime(2024, 7, 5, 1, 2, 3, 4)  # noqa: DTZ001 - UTC
    values = (number, epoch, n, e, i, raan, argp, mean, bstar)
    row = dict(zip(COLUMNS, values, strict=True)) | {"ndot_rev_day2": ndot}
    (back,) = history_of(write_omms([row], created_utc=CREATED, form=form).encode()).to_dicts()
    assert {name: back[name] for name in row} == row


def test_no_sets_or_another_form_are_told():
    with pytest.raises(InputError, match="form must be one of xml, json, csv, got 'yaml'"):
        write_omms([], created_utc=CREATED, form="yaml")
    with pytest.raises(InputError, match="no element sets to write"):
        write_omms([], created_utc=CREATED, form="csv")
