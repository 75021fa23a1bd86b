"""NeoWs and the services of api.nasa.gov that are gone."""

import datetime as dt
import json

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import neows
from skywright.sources.collecting import Visit, Wish, collector_named, visit
from skywright.sources.http import Fetcher
from skywright.store.blobs import BlobStore


def _feed(*days):
    """Invented objects, one a day."""
    passing = {"miss_distance": {"astronomical": "0.1"}, "orbiting_body": "Earth"}
    return json.dumps(
        {
            "near_earth_objects": {
                day: [{"id": "1", "name": "(2099 ZZ)", "is_sentry_object": False,
                       "close_approach_data": [passing | {"close_approach_date": day}]}]
                for day in days
            }
        }
    )  # fmt: skip


@pytest.fixture
def look(provider, tmp_path):
    def at(**wish):
        settings = Settings(neows_url=f"{provider.url}/feed", nasa_api_key="secret-key")
        headers = neows.COLLECTOR.headers(settings)
        with Fetcher(tmp_path / "raw", BlobStore(tmp_path / "b"), headers=headers) as fetcher:
            one = Visit(neows.STATE, fetcher, settings, Wish(**wish))
            return visit(neows.COLLECTOR, "approaches", one)

    return at


def test_the_last_week_is_asked_and_the_key_is_in_no_address(provider, look, tmp_path):
    provider.say(_feed("2026-11-20", "2026-11-19"))
    table = look()
    assert table["date"].to_list() == ["2026-11-19", "2026-11-20"]
    assert table["miss_au"].to_list() == [0.1, 0.1]
    _, query, headers = provider.asked[0]
    days = [dt.date.fromisoformat(query[name]) for name in ("start_date", "end_date")]
    assert days[1] - days[0] == dt.timedelta(days=6)
    assert {name.lower(): value for name, value in headers.items()}["x-api-key"] == "secret-key"
    assert "secret" not in (tmp_path / "raw" / "provenance.jsonl").read_text()


def test_without_a_key_the_one_for_everybody_is_sent():
    assert neows.COLLECTOR.headers(Settings()) == {"X-Api-Key": "DEMO_KEY"}


def test_a_longer_time_is_asked_week_by_week_up_to_today(provider, look):
    provider.say(_feed())
    today = dt.datetime.now(dt.UTC).date()
    assert look(since=today - dt.timedelta(days=20)).height == 0
    asked = [(query["start_date"], query["end_date"]) for _, query, _ in provider.asked]
    assert len(asked) == 3
    assert asked[-1][1] == today.isoformat()
    assert dt.date.fromisoformat(asked[1][0]) - dt.date.fromisoformat(asked[0][1]) == dt.timedelta(
        1
    )


def test_after_the_limit_of_an_hour_it_goes_on_at_the_week_it_missed(provider, look):
    busy = provider.reply('{"error": {"code": "OVER_RATE_LIMIT"}}', 429, {"Retry-After": "3600"})
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=10)
    provider.say(_feed("2026-11-12"), busy)
    with pytest.raises(SourceError, match="left alone for 60 minutes"):
        look(since=since)
    provider.say(_feed("2026-11-20"))
    look(since=since)
    first, *rest = [query["start_date"] for _, query, _ in provider.asked]
    assert first == since.isoformat()
    assert rest == [(since + dt.timedelta(days=7)).isoformat()] * 2


def test_enough_is_enough(provider, look):
    provider.say(_feed("2026-11-01", "2026-11-02"))
    assert look(since=dt.date(2026, 11, 1), limit=1).height == 1
    assert len(provider.asked) == 1


def test_a_key_that_is_refused_names_the_variable(provider, look, space_industry_data):
    body = (space_industry_data / "nasa_api" / "apod" / "403-api-key-invalid.json").read_bytes()
    provider.say(provider.reply(body, 403))
    with pytest.raises(SourceError, match="An invalid api_key.*SKYWRIGHT_NASA_API_KEY"):
        look()


def test_a_limit_without_a_key_of_ones_own_names_the_variable(provider, look):
    provider.say(
        provider.reply('{"error": {"code": "OVER_RATE_LIMIT"}}', 429, {"Retry-After": "3600"})
    )
    with pytest.raises(SourceError, match="alone for 60 minutes .*SKYWRIGHT_NASA_API_KEY"):
        look()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", "no days under 'near_earth_objects'"),
        ('{"near_earth_objects": {"2026-11-20": [{"id": "1"}]}}', "without close_approach_data"),
        (_feed("2026-11-20").replace('"0.1"', '"near"'), "astronomical = 'near'"),
        (_feed("2026-11-20")[:-3], "damaged"),
        ("<html></html>", "web page"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        look()


def test_the_recorded_feed_is_read(provider, look, space_industry_data):
    provider.say((space_industry_data / "nasa_api" / "neows_feed_2023-08-21.json").read_bytes())
    table = look(since=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=3))
    assert table.height == 0  # all of 2023: the service gave other days than were asked for
    table = neows.read_feed(
        (space_industry_data / "nasa_api" / "neows_feed_2023-08-21.json").read_bytes()
    )
    assert table.height == 7
    assert table["miss_au"][0] == 0.3963319307
    assert (table["diameter_min_m"] < table["diameter_max_m"]).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mars-photos", "retired since 2026-03-26 .*In its place: the raw images of each rover"),
        ("earth-imagery", "retired since 2025-07-07 .*In its place: Earthdata GIBS"),
    ],
)
def test_a_service_that_is_gone_says_what_stands_in_its_place(name, said):
    with pytest.raises(SourceError, match=said) as caught:
        collector_named(name, Settings())
    assert caught.value.exit_code == 3
