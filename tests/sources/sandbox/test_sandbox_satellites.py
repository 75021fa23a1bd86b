"""CelesTrak's stand-in: its queries, its formats, its refusals, and the files of a user."""

import datetime as dt
import json

import httpx
import pytest
from sgp4.api import Satrec
from sgp4.io import verify_checksum

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.errors import SourceError
from skywright.sources.celestrak import COLLECTOR, STATE, element_sets
from skywright.sources.collecting import Visit, visit
from skywright.sources.sandbox.running import Options, running_sandbox

PATH = "/celestrak/NORAD/elements/gp.php"
OMM = {
    "OBJECT_NAME": "MY CUBE", "OBJECT_ID": "2025-001C", "EPOCH": "2025-03-04T05:06:07.000000",
    "MEAN_MOTION": 15.1, "ECCENTRICITY": 0.001, "INCLINATION": 97.5, "RA_OF_ASC_NODE": 10,
    "ARG_OF_PERICENTER": 20, "MEAN_ANOMALY": 30, "NORAD_CAT_ID": 61000,
}  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A sandbox without files: its own made-up rows."""
    with running_sandbox(options=Options(cache=tmp_path_factory.mktemp("cache"))) as running:
        yield running


@pytest.fixture
def ask(own):
    return lambda **asked: httpx.get(own.url + PATH, params=asked, timeout=30)


@pytest.fixture
def opened(own, fetcher):
    return Visit(STATE, fetcher, own.settings())


@pytest.fixture
def given(tmp_path):
    """Start a sandbox over files of a user."""

    def at(**files):
        folder = tmp_path / "catalogues"
        folder.mkdir()
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
        return running_sandbox(folder, options=Options(cache=tmp_path / "cache"))

    return at


def test_a_number_names_one_satellite_in_json_that_says_it_is_made_up(ask):
    (one,) = ask(CATNR="25544", FORMAT="json").json()
    assert (one["OBJECT_NAME"], one["NORAD_CAT_ID"]) == ("ISS (ZARYA)", 25544)
    assert one["COMMENT"].startswith("Made up")
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(one["EPOCH"]).replace(tzinfo=dt.UTC)
    assert age < dt.timedelta(days=1, minutes=1)


def test_lines_are_the_form_where_none_is_asked_for_and_sgp4_reads_them(ask):
    title, first, second = ask(CATNR="25544").text.splitlines()
    assert title == f"{'ISS (ZARYA)':<24}"
    assert [len(line) for line in (first, second)] == [69, 69]
    verify_checksum(first, second)
    assert Satrec.twoline2rv(first, second).satnum == 25544


def test_lines_leave_out_numbers_of_six_digits(ask):
    assert ask(CATNR="100001", FORMAT="json").json()[0]["OBJECT_NAME"] == "SANDBOX-1"
    assert "SANDBOX-1" not in ask(GROUP="active", FORMAT="3le").text


def test_csv_has_the_keywords_as_heading(ask):
    heading, *rows = ask(NAME="starlink", FORMAT="csv").text.splitlines()
    assert heading.startswith("OBJECT_NAME,OBJECT_ID,EPOCH,MEAN_MOTION")
    assert len(rows) == 2


def test_a_launch_and_a_group_name_several(ask):
    by_launch = ask(INTDES="2019-074", FORMAT="json").json()
    assert {one["OBJECT_ID"] for one in by_launch} == {"2019-074B", "2019-074D"}
    stations = ask(GROUP="Stations", FORMAT="json").json()
    assert {one["NORAD_CAT_ID"] for one in stations} == {25544, 48274}


def test_what_nobody_knows_is_told_in_celestraks_words(ask):
    answer = ask(CATNR="7", FORMAT="json")
    assert (answer.status_code, answer.text) == (404, "No GP data found")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"GROUP": "moons"}, "GROUP=moons not found"),
        ({"CATNR": "abc"}, "CATNR=abc is no number"),
        ({"INTDES": "98067A"}, "is not like 1998-067"),
        ({"CATNR": "25544", "FORMAT": "xls"}, "FORMAT=XLS is none of"),
        ({"FORMAT": "json"}, "one of CATNR, INTDES, GROUP, NAME is needed"),
    ],
)
def test_a_query_that_is_none_is_refused(ask, asked, reason):
    answer = ask(**asked)
    assert answer.text.startswith('Invalid query: "')
    assert reason in answer.text


def test_our_client_collects_groups_and_asks_for_single_ones(opened):
    assert visit(COLLECTOR, "active", opened).height == 12
    assert element_sets(opened, name="tianhe")["norad_id"].to_list() == [48274]
    assert element_sets(opened, norad_id=7).height == 0


def test_our_client_passes_a_refusal_on(opened):
    with pytest.raises(SourceError, match="one of CATNR, INTDES, GROUP, NAME is needed"):
        element_sets(opened, name="")


def test_a_user_s_element_sets_stand_instead_of_ours(given):
    lines = (
        "0 MY BOX\n"
        "1 25544U 98067A   26325.00000000  .00000000  00000-0  10000-3 0  9992\n"
        "2 25544  51.6400 100.0000 0005000  90.0000 270.0000 15.50000000    03\n"
    )
    head = ",".join(OMM)
    with given(mine__tle=lines, gp_cubes__json=json.dumps([OMM, {"NORAD_CAT_ID": "x"}, 5]),
               sets__csv=f"{head}\n{','.join(map(str, {**OMM, 'NORAD_CAT_ID': 61001}.values()))}\n",
               ) as running:  # fmt: skip
        found = httpx.get(running.url + PATH, params={"GROUP": "active", "FORMAT": "json"}).json()
        group = httpx.get(running.url + PATH, params={"GROUP": "mine", "FORMAT": "json"}).json()
    assert sorted(one["NORAD_CAT_ID"] for one in found) == [25544, 61000, 61001]
    assert [one["OBJECT_NAME"] for one in group] == ["MY BOX"]
    assert all("COMMENT" not in one for one in found)


@pytest.fixture
def desk(own, tmp_path):
    return Desk(folder=tmp_path / "files", settings=own.settings())


def asked(desk, **arguments):
    return run(ToolCall(id="1", tool="find-satellites", arguments=arguments), desk).result


def test_a_satellite_that_was_not_collected_is_asked_for_alone(desk):
    found = asked(desk, name="ISS")
    assert "ISS (ZARYA): NORAD 25544, inclination 51.64 deg" in found.text
    assert "stand-in on this machine" in found.text
    assert "CATNR=25544" in found.origins[0].url
    assert any("was asked for these alone" in one for one in found.warnings)


def test_a_name_written_with_a_blank_finds_that_with_a_hyphen(desk):
    assert asked(desk, name="Starlink 1008").data["satellites"][0]["norad_id"] == 44714


def test_what_is_in_orbit_no_more_is_looked_for_in_gcat(desk):
    assert "launched 1957-10-04, phase ended 1958-01-04" in asked(desk, name="PS-1").text


def test_a_satellite_that_nobody_knows_is_not_found(desk):
    found = asked(desk, name="Nothing at all")
    assert found.text.startswith("No satellite Nothing at all is known to CelesTrak GP")
    assert found.data["count"] == 0
