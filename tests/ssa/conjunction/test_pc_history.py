"""Histories of probabilities: any table that says what it must, and sentences for the rest."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.ssa.conjunction.pc_history import FLOOR, events_of, leads, read_pc_history

TCA = datetime(2024, 7, 10)  # noqa: DTZ001 - UTC


def history(days=(5.0, 3.0, 1.0), pc=(1e-6, 2e-5, 0.0), name="A"):
    return pl.DataFrame(
        {
            "event_id": [name] * len(days),
            "created_utc": [TCA - timedelta(days=d) for d in days],
            "tca_utc": [TCA] * len(days),
            "pc": list(pc),
        }
    )


def test_messages_are_ordered_and_small_probabilities_are_nothing():
    (one,) = events_of(history((1.0, 5.0, 3.0), (1e-200, 1e-6, 2e-5)))
    assert one.days.tolist() == [5.0, 3.0, 1.0]
    assert one.log_pc == pytest.approx([-6.0, np.log10(2e-5), FLOOR])


def test_messages_after_the_approach_are_left_out():
    table = pl.concat(
        [history(), history((2.0, -0.1), (1e-5, 1.0), "B"), history((-1.0,), (0.5,), "C")]
    )
    one, two = events_of(table)
    assert (one.name, two.name) == ("A", "B")
    assert two.days.tolist() == [2.0]


def test_the_later_row_of_a_moment_counts():
    (one,) = events_of(pl.concat([history(), history((1.0,), (1e-3,))]))
    assert one.log_pc[-1] == pytest.approx(-3.0)
    assert len(one.days) == 3


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_files_of_every_form_are_the_same(tmp_path, form):
    path = tmp_path / "unnamed"
    table = history().with_columns(
        pl.col("created_utc", "tca_utc").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    getattr(history() if form == "parquet" else table, f"write_{form}")(path)
    (one,) = read_pc_history(path)
    assert one.log_pc.tolist() == events_of(history())[0].log_pc.tolist()
    assert one.days.tolist() == [5.0, 3.0, 1.0]


def test_zones_are_turned_to_utc():
    zone = pl.col("created_utc", "tca_utc").dt.replace_time_zone("UTC")
    moved = history().with_columns(zone.dt.convert_time_zone("Asia/Tokyo"))
    assert events_of(moved)[0].days.tolist() == [5.0, 3.0, 1.0]


def test_what_was_known_some_days_ahead():
    (one,) = leads(events_of(pl.concat([history(), history((1.0,), (0.5,), "B")])), 2.0)
    assert (one.name, one.days.tolist()) == ("A", [5.0, 3.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pc": None}, "no column pc. Say which column holds the probability: pc_hbr_10m"),
        ({"pc": [0.1, 1.5, 0.1]}, "pc must be 0 to 1, got 1.5 in row 1"),
        ({"pc": [0.1, float("nan"), 0.1]}, "pc must be 0 to 1, got nan in row 1"),
        ({"pc": [-5.0, -6.0, -7.0]}, "not its logarithm"),
        ({"pc": ["a", "b", "c"]}, "pc must be numbers"),
        ({"created_utc": ["x", "y", "z"]}, "created_utc = 'x' in row 0 is no ISO 8601"),
        ({"tca_utc": [1, 2, 3]}, "tca_utc must be datetimes or ISO 8601 texts"),
        ({"event_id": ["A", None, "A"]}, "event_id is empty in row 1"),
    ],
)
def test_damage_is_told_by_column_and_row(change, said):
    ((name, values),) = change.items()
    table = history()
    table = (
        table.rename({name: "pc_hbr_10m"})
        if values is None
        else table.with_columns(pl.Series(name, values))
    )
    with pytest.raises(InputError, match=said):
        events_of(table)


def test_an_empty_or_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="The history is empty"):
        events_of(history().head(0))
    with pytest.raises(NotFoundError, match="does not exist"):
        read_pc_history(tmp_path / "nothing")
    (tmp_path / "bytes").write_bytes(b"PAR1 but not really")
    with pytest.raises(InputError, match="neither Parquet, CSV nor a JSON list"):
        read_pc_history(tmp_path / "bytes")
