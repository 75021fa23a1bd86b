"""Observations of MAST, the CADC and NEOSSat, from servers that speak TAP."""

import datetime as dt

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.settings import Settings
from skywright.sources import cadc, mast, neossat, obscore
from skywright.sources.adql import check
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.cones import Cone


@pytest.fixture
def at(sandbox, fetcher):
    sandbox.faults.clear()
    settings = sandbox.settings(Settings())
    return lambda module, **wish: Visit(module.STATE, fetcher, settings, Wish(**wish))


def test_observations_around_a_position_are_found(at):
    answer = mast.cone(at(mast), Cone(159.2, -58.62, 0.1), 50)
    assert "NGC 3324" in answer.table["target_name"].to_list()


def test_a_mission_is_a_condition_and_no_other_word():
    adql = mast.cone_adql(Cone(1.0, 1.0, 0.1), 5, "JWST")
    assert adql.endswith("AND obs_collection = 'JWST'")
    with pytest.raises(InputError, match="no name of a mission"):
        mast.cone_adql(Cone(1.0, 1.0, 0.1), 5, "x' OR 1=1")


def test_a_cone_of_observations_has_its_limit():
    with pytest.raises(InputError, match="is above what MAST"):
        mast.cone_adql(Cone(1.0, 1.0, 3.0), 5)


def test_since_is_a_modified_julian_date():
    adql = obscore.adql(5, collection="HST", since=dt.date(2022, 7, 1))
    assert "t_min >= 59761" in adql
    assert adql.endswith("ORDER BY t_min DESC")


def test_a_modified_julian_date_becomes_a_date():
    table = obscore.dated(pl.DataFrame({"t_min": [59761.5, None]}))
    assert table["begin_utc"].to_list() == ["2022-07-01T12:00:00Z", None]


def test_observations_of_a_target_are_found_whatever_its_case(at):
    answer = cadc.observations(at(cadc), "APOPHIS", 10)
    assert answer.table["target_name"].to_list() == ["99942 Apophis"]


def test_a_target_is_data():
    adql = cadc.target_adql("o'clock 100%_", 5)
    assert "LIKE '%o''clock 100%'" in adql
    assert check(adql, cadc.KNOWN).tables == ("caom2.Observation",)


@pytest.mark.parametrize("target", ["", "  ", "x" * 61])
def test_an_empty_or_endless_target_is_refused(target):
    with pytest.raises(InputError, match="empty or too long"):
        cadc.target_adql(target, 5)


def test_neossat_is_a_collection_of_the_cadc(at):
    answer = neossat.observations(at(neossat), "bennu", 10)
    assert answer.table["collection"].to_list() == ["NEOSSAT"]


def test_an_observation_of_neossat_is_dated_by_its_name():
    table = neossat.dated(pl.DataFrame({"observationID": ["2019213215700", "other"]}))
    assert table["begin_utc"].to_list() == ["2019-08-01T21:57:00Z", None]


@pytest.mark.parametrize(
    ("module", "part"),
    [(mast, "jwst-observations"), (mast, "hst-observations"), (cadc, "cfht"),
     (cadc, "gemini"), (cadc, "dao"), (neossat, "observations")],
)  # fmt: skip
def test_every_part_can_be_collected(at, module, part):
    table = visit(module.COLLECTOR, part, at(module, limit=2))
    assert table.height <= 2
    assert "source_url" in table.columns
