"""The hand-compiled table, and finding an object by any of its names."""

import numpy as np
import pytest

from skywright.errors import NotFoundError
from skywright.neo.features import add_features
from skywright.neo.notable import lookup, notable_objects
from skywright.neo.objects import Orbits


def test_every_row_says_what_it_is_and_where_it_is_from():
    table = notable_objects()
    assert table.height >= 40
    assert table["source"].str.contains("JPL").all()
    assert table["why"].str.len_chars().min() > 5
    assert table["label"].unique().to_list() == ["hand-compiled"]
    assert not table["synthetic"].any()
    assert table["designation"].is_unique().all()


def test_every_row_is_an_orbit_that_the_commands_take():
    table = notable_objects()
    orbits = Orbits.from_table(table)
    assert np.isfinite(orbits.states).all()
    assert sum(c is not None for c in orbits.covariance) == 9


def test_every_covariance_is_one():
    for row in notable_objects().drop_nulls("covariance").iter_rows(named=True):
        C = np.reshape(row["covariance"], (6, 6))
        sigma = np.sqrt(np.diag(C))
        np.testing.assert_allclose(C, C.T, rtol=1e-12, atol=0)
        assert np.linalg.eigvalsh(C / np.outer(sigma, sigma)).min() > -1e-6, row["designation"]


def test_classes_and_moids_are_those_the_source_gives():
    table = add_features(notable_objects())
    told = table.filter(table["class_jpl"].is_not_null())
    assert (told["class_jpl"] == told["orbit_class"]).all()
    # JPL's MOID is at its standard epoch; rows with a covariance are at an epoch of their own
    same_epoch = told.filter(told["covariance"].is_null() & told["moid_jpl_au"].is_not_null())
    assert same_epoch.height > 30
    assert (same_epoch["moid_jpl_au"] - same_epoch["moid_au"]).abs().max() < 6e-7


def test_apophis_has_what_its_passage_of_2029_needs():
    row = lookup("Apophis", notable_objects()).row(0, named=True)
    assert row["a2_au_d2"] == -2.901766637153165e-14
    assert row["epoch_jd_tdb"] == 2459215.5
    assert row["covariance"][0] == 2.466289995831874e-18


@pytest.mark.parametrize(
    ("name", "designation"),
    [
        ("Apophis", "2004 MN4"),
        ("apophis", "2004 MN4"),
        ("99942", "2004 MN4"),
        ("2004 MN4", "2004 MN4"),
        ("2004mn4", "2004 MN4"),
        ("(99942) Apophis", "2004 MN4"),
        ("99942 Apophis (2004 MN4)", "2004 MN4"),
        ("Kamo`oalewa", "2016 HO3"),
        ("1P", "1P/Halley"),
        ("Halley", "1P/Halley"),
        ("Oumuamua", "1I/'Oumuamua"),
    ],
)
def test_an_object_is_found_by_any_of_its_names(name, designation):
    found = lookup(name, notable_objects())
    assert found["designation"].to_list() == [designation]


@pytest.mark.parametrize(
    ("name", "near"),
    [("Apofis", "Apophis (2004 MN4)"), ("2024 YR5", "2024 YR4"), ("Bena", "Bennu")],
)
def test_a_misspelt_name_is_told_the_nearest(name, near):
    with pytest.raises(NotFoundError) as caught:
        lookup(name, notable_objects())
    assert near in caught.value.hint
    assert caught.value.http_status == 404


@pytest.mark.parametrize("name", ["", "   ", "()", "x" * 10_000, "☄", "'; DROP TABLE"])
def test_nonsense_is_not_found_quickly(name):
    with pytest.raises(NotFoundError, match="no object"):
        lookup(name, notable_objects())


def test_two_tables_are_not_confused():
    table = notable_objects()
    assert lookup("Eros", table).height == 1
    with pytest.raises(NotFoundError):
        lookup("Eros", table.filter(table["designation"] == "2004 MN4"))
    assert lookup("Eros", table).height == 1
