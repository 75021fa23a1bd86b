"""Splits that do not move."""

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.neo.splits import add_splits, discovery_year, split_of
from skywright.neo.synthetic import synthetic_population

FROZEN = {
    "2004 MN4": "train",
    "1999 RQ36": "validation",
    "A898 PA": "test",
    "2024 YR4": "train",
    "1998 SF36": "test",
}


def test_an_object_stays_where_it_is_for_ever():
    # frozen when the split was made; a change would leak test objects into training
    assert {name: split_of(name) for name in FROZEN} == FROZEN


def test_shares_are_seventy_fifteen_fifteen():
    table = add_splits(synthetic_population(20_000, seed=3))
    shares = dict(table["split"].value_counts().iter_rows())
    assert shares["train"] / 20_000 == pytest.approx(0.70, abs=0.012)
    assert shares["validation"] / 20_000 == pytest.approx(0.15, abs=0.01)
    assert shares["test"] / 20_000 == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize(
    ("designation", "year"),
    [
        ("2004 MN4", 2004 + 11 / 24),
        ("A898 PA", 1898 + 14 / 24),
        ("C/2014 UN271", 2014 + 19 / 24),
        ("1999 AN10", 1999.0),
        ("1P/Halley", None),
        ("99942", None),
        ("SYN-1-000001", None),
    ],
)
def test_a_designation_tells_its_half_month(designation, year):
    assert discovery_year(designation) == (None if year is None else pytest.approx(year))


def test_the_temporal_split_learns_from_what_was_found_before():
    names = [f"{year} AB" for year in range(1990, 2010)]
    table = add_splits(pl.DataFrame({"designation": [*names, "unknown"]}))
    by_split = table.drop_nulls("temporal_split").group_by("temporal_split").agg(
        pl.col("discovery_year").min().alias("first"), pl.col("discovery_year").max().alias("last")
    )  # fmt: skip
    spans = {name: (first, last) for name, first, last in by_split.iter_rows()}
    assert spans["train"][1] < spans["validation"][0] <= spans["validation"][1] < spans["test"][0]
    assert table["temporal_split"][-1] is None


def test_bounds_can_be_given_and_first_observations_help():
    table = pl.DataFrame({"designation": ["433", "2004 MN4"], "first_obs": ["1893-10-29", None]})
    found = add_splits(table, bounds=(2000.0, 2010.0))
    assert found["temporal_split"].to_list() == ["train", "validation"]
    with pytest.raises(InputError, match="must rise"):
        add_splits(table, bounds=(2010.0, 2000.0))
