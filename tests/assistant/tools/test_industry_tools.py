"""Launches, planets, satellites, pictures and sources: told exactly, with what they rest on."""

import datetime as dt

import polars as pl
import pytest

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.launch_tables import providers_meant, rockets_meant, unified
from skywright.assistant.tools.running import run
from skywright.errors import InputError
from skywright.foundry.data.datasets import Datasets
from skywright.settings import get_settings

LAUNCHES = pl.DataFrame(
    {
        "launch_tag": ["2020-001", "2020-001", "2020-F01", "2021-002", "2021-003"],
        "launch_date_utc": ["2020-01-07T02:19", "2020-01-07T02:19", "2020-03", "2021-05-01", None],
        "name": ["A1", "A2", "B", "C", "D"],
        "payload_name": ["Alpha 1", "Alpha 2", None, "Gamma", "Delta"],
        "agency_code": ["SPX", "SPX", "SPX?", "CALT", "ULAL"],
        "vehicle": ["Falcon 9", "Falcon 9", "Falcon 9", "Chang Zheng 5B", "Delta 4H"],
        "launch_code": ["OS", "OS", "OF40", "OS", "OS"],
        "site_code": ["CC", "CC", "VSFBS", "WEN", "CC"],
        "source_url": ["https://example.org/launchlog.tsv"] * 5,
    }
)
PLANETS = pl.DataFrame(
    {
        "name": ["Far-1 b", "Far-1 c", "Near d"],
        "host": ["Far-1", "Far-1", "Near"],
        "discovery_method": ["Transit", "Transit", "Radial Velocity"],
        "discovery_year": [2019, 2021, 2021],
        "discovery_facility": ["Transiting Exoplanet Survey Satellite (TESS)", "Kepler", None],
        "period_d": [3.25, None, 400.0],
        "radius_re": [1.5, 2.0, None],
        "mass_me": [None, None, 900.5],
        "semi_major_axis_au": [0.05, None, None],
        "equilibrium_k": [None, None, None],
        "distance_pc": [12.5, 12.5, None],
    }
)


@pytest.fixture
def desk(tmp_path):
    return Desk(folder=tmp_path / "files", settings=get_settings())


def collected(desk, name, table, **facts):
    source = name.split("-", maxsplit=1)[0]
    Datasets.of(desk.settings).register_table(name, table, source=source, facts=facts)


def out_of_reach(desk, *names):
    desk.settings = desk.settings.model_copy(update=dict.fromkeys(names, "http://127.0.0.1:9"))


def asked(desk, tool, **arguments):
    return run(ToolCall(id="1", tool=tool, arguments=arguments), desk)


def test_launches_are_counted_by_launch_not_by_payload(desk):
    collected(desk, "gcat-launches", LAUNCHES)
    found = asked(desk, "find-launches", provider="Space X").result
    assert found.data["count"] == 2
    assert found.data["by_outcome"] == {"success": 1, "failure": 1}
    assert "lists 2 launches by SpaceX (1 " in found.text
    assert "Alpha 1 and 1 more on Falcon 9 from CC (success)" in found.text
    assert found.origins[0].service == "gcat"
    assert desk.tables[found.table].columns == [
        "name", "date_utc", "provider", "rocket", "outcome", "site",
    ]  # fmt: skip


def test_days_bound_launches_and_a_month_counts_if_it_begins_in_time(desk):
    collected(desk, "gcat-launches", LAUNCHES)
    found = asked(desk, "find-launches", since="2020-02-01", until="2020-12-31").result
    assert [row["name"] for row in found.data["launches"]] == ["B"]


def test_rockets_and_providers_are_known_by_their_other_names(desk):
    collected(desk, "gcat-launches", LAUNCHES)
    assert asked(desk, "find-launches", rocket="Long March 5").result.data["count"] == 1
    assert asked(desk, "find-launches", provider="ULA").result.data["count"] == 1
    assert rockets_meant("Delta IV Heavy") == ("delta iv heavy", "delta 4 heavy")
    assert providers_meant("Somebody") == ("Somebody",)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"provider": "Nobody"}, "no launches with provider = 'Nobody'. Frequent there: SpaceX"),
        ({"since": "May"}, "since = 'May' is no day"),
        ({"since": "2021-01-01", "until": "2020-01-01"}, "lies after until"),
        ({"outcome": "maybe"}, "outcome"),
    ],
)
def test_a_launch_question_that_cannot_be_meant_is_a_sentence(desk, arguments, sentence):
    collected(desk, "gcat-launches", LAUNCHES)
    assert sentence in asked(desk, "find-launches", **arguments).error


def test_a_frozen_source_says_that_later_launches_are_missing(desk):
    rows = pl.DataFrame(
        {
            "name": ["One", "Two"],
            "date_utc": ["2020-01-01T00:00:00.000Z", "2022-12-01T00:00:00.000Z"],
            "rocket_id": ["5e9d0d95eda69973a809d1ec"] * 2,
            "success": [True, None],
            "upcoming": [False, True],
        }
    )
    collected(desk, "spacex-launches", rows)
    found = asked(desk, "find-launches", provider="SpaceX").result
    assert found.data["by_outcome"] == {"success": 1, "never brought up to date": 1}
    assert "frozen since 2022-12-05" in found.warnings[0]


def test_a_part_of_a_table_does_not_stand_for_the_whole(desk):
    collected(desk, "exoplanets-planets", PLANETS, limit=3)
    out_of_reach(desk, "exoplanets_url")
    assert "skywright collect exoplanets" in asked(desk, "find-exoplanets", host="Far-1").error


def test_launches_to_come_are_asked_of_launch_library(desk, sandbox):
    desk.settings = sandbox.settings()
    found = asked(desk, "find-launches", upcoming=True).result
    assert found.origins[0].service == "launch-library"
    assert all(row["outcome"] == "to come" for row in found.data["launches"])


def test_an_unknown_service_has_no_launches():
    with pytest.raises(InputError, match="choose gcat"):
        unified(LAUNCHES, "sputnik")


def test_a_planet_is_told_with_its_units(desk):
    collected(desk, "exoplanets-planets", PLANETS)
    found = asked(desk, "find-exoplanets", name="far1 B").result
    assert "Far-1 b orbits Far-1, discovered in 2019 by Transit" in found.text
    assert "orbital period 3.25 days, radius 1.5 Earth radii" in found.text
    assert desk.target == "Far-1 b"


@pytest.mark.parametrize("host", ["Proxima Centauri", "proxima cen"])
def test_a_star_is_found_by_its_constellation_in_full_and_is_spoken_of_then(desk, host):
    named = PLANETS.with_columns(host=pl.Series(["Proxima Cen", "Proxima Cen", "Near"]))
    collected(desk, "exoplanets-planets", named)
    assert asked(desk, "find-exoplanets", host=host).result.data["count"] == 2
    assert desk.target == "Proxima Cen"


def test_planets_are_counted_by_method_year_and_the_initials_of_a_facility(desk):
    collected(desk, "exoplanets-planets", PLANETS)
    assert asked(desk, "find-exoplanets", method="transiting").result.data["count"] == 2
    assert asked(desk, "find-exoplanets", method="RV", year=2021).result.data["count"] == 1
    assert asked(desk, "find-exoplanets", facility="tess").result.data["count"] == 1
    assert (
        "Choose from Radial Velocity, Transit"
        in asked(desk, "find-exoplanets", method="magic").error
    )


def test_no_planet_is_an_answer(desk):
    collected(desk, "exoplanets-planets", PLANETS)
    found = asked(desk, "find-exoplanets", name="Nowhere b").result
    assert (found.data["count"], found.table) == (0, "")
    assert "lists no planet Nowhere b" in found.text


def elements(epoch):
    return pl.DataFrame(
        {
            "norad_id": [25544, 44713],
            "name": ["ISS (ZARYA)", "STARLINK-1007"],
            "epoch_utc": [epoch, epoch],
            "mean_motion_rev_d": [15.5, 15.06],
            "inclination_deg": [51.64, 53.05],
            "eccentricity": [0.0005, 0.0001],
        }
    )


def test_a_satellite_is_told_with_the_age_of_its_elements(desk):
    out_of_reach(desk, "gcat_url")
    collected(desk, "celestrak-active", elements("2020-01-01T00:00:00"))
    found = asked(desk, "find-satellites", name="International Space Station").result
    assert "NORAD 25544, inclination 51.64 deg, period 92.90 min" in found.text
    assert "too old to place a satellite" in found.warnings[0]
    assert any("GCAT" in warning for warning in found.warnings)


def test_new_elements_carry_no_warning_of_age(desk):
    out_of_reach(desk, "gcat_url")
    today = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    collected(desk, "celestrak-active", elements(today))
    found = asked(desk, "find-satellites", name="starlink").result
    assert found.data["count"] == 1
    assert not any("too old" in warning for warning in found.warnings)


def test_a_satellite_without_a_name_is_refused(desk):
    assert "one of them is needed" in asked(desk, "find-satellites").error


@pytest.mark.slow  # three attempts at each of two services
def test_the_picture_of_a_day_that_was_collected_is_told(desk):
    out_of_reach(desk, "apod_url", "apod_wordpress_url")
    row = {
        "date": "2020-02-03", "title": "A Nebula", "explanation": "It glows.",
        "media_type": "image", "url": "https://example.org/a.jpg", "hdurl": None,
        "thumbnail_url": None, "copyright": "A. Stronomer", "page": None,
    }  # fmt: skip
    collected(desk, "apod-pictures", pl.DataFrame([row]))
    found = asked(desk, "picture-of-the-day", date="2020-02-03").result
    assert "of 2020-02-03 is 'A Nebula'. It glows." in found.text
    assert found.warnings == ("The picture belongs to A. Stronomer.",)
    assert (
        "has no picture of 2020-02-04" in asked(desk, "picture-of-the-day", date="2020-02-04").error
    )


@pytest.mark.parametrize("day", ["1995-06-15", "2999-01-01", "soon"])
def test_a_day_without_a_picture_is_refused(desk, day):
    assert f"{day}" in asked(desk, "picture-of-the-day", date=day).error


def test_sources_are_listed_with_their_states_and_no_token(desk, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_ADS_TOKEN", "a-secret")
    get_settings.cache_clear()
    desk.settings = get_settings()
    found = asked(desk, "list-sources").result
    ads = next(row for row in found.data["sources"] if row["name"] == "ads")
    assert (ads["token"], ads["token_is_set"]) == ("SKYWRIGHT_ADS_TOKEN", True)
    assert "SpaceX API v4 is frozen since 2022-12-05" in found.text
    assert "a-secret" not in found.model_dump_json()
