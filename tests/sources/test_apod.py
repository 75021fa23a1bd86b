"""Astronomy Picture of the Day, by both services, spoken by a server on the loopback device."""

import datetime as dt
import json

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import apod
from skywright.sources.collecting import Visit, Wish, texts_of, visit

OLD = {
    "date": "2026-11-20", "title": "Invented", "explanation": "Words & more.", "url": "https://u",
    "media_type": "image", "hdurl": "https://h", "copyright": "\nSomebody\n",
}  # fmt: skip


def _new(day, **more):
    """A record of the WordPress service, invented."""
    return {
        "date": day, "title": "Invented &amp; new", "media_type": "image", "hdurl": "https://h",
        "explanation": "<p><b> Explanation: </b>Words &amp; <a href='x'>more</a>.</p>",
        "credits": "<a href='y'>Somebody</a>", "permalink": "https://science.nasa.gov/p",
    } | more  # fmt: skip


@pytest.fixture
def look(provider, fetcher, monkeypatch):
    def at(today="2026-11-21", **wish):
        monkeypatch.setattr(apod, "_today", lambda: dt.date.fromisoformat(today))
        settings = Settings(
            apod_url=f"{provider.url}/old", apod_wordpress_url=f"{provider.url}/new"
        )
        return visit(apod.COLLECTOR, "pictures", Visit(apod.STATE, fetcher, settings, Wish(**wish)))

    return at


def test_both_services_give_one_kind_of_record(provider, look):
    provider.say(json.dumps([OLD]))
    old = look()
    provider.say(json.dumps([_new("2026-12-01")]))
    new = look(today="2026-12-01")
    assert old.schema == new.schema
    assert old["explanation"].to_list() == ["Words & more."]
    assert new["explanation"].to_list() == ["Words & more."]
    assert old["copyright"].to_list() == new["copyright"].to_list() == ["Somebody"]
    assert new["title"].to_list() == ["Invented & new"]
    assert [path for path, *_ in provider.asked] == ["/old", "/new"]


def test_the_last_25_are_asked_for_unless_told_otherwise(provider, look):
    provider.say("[]")
    look()
    look(limit=3)
    look(since=dt.date(2026, 11, 1))
    assert [query for _, query, _ in provider.asked] == [
        {"start_date": day} for day in ("2026-10-28", "2026-11-19", "2026-11-01")
    ]


def test_a_long_time_is_asked_in_spans_of_100_days(provider, look):
    provider.say("[]")
    look(since=dt.date(2026, 7, 1))
    assert [query for _, query, _ in provider.asked] == [
        {"start_date": "2026-07-01", "end_date": "2026-10-08"}, {"start_date": "2026-10-09"},
    ]  # fmt: skip


def test_a_placeholder_of_the_old_service_sends_us_to_the_new(provider, look):
    provider.say(json.dumps(OLD | {"title": "NASA Science"}), json.dumps([_new("2026-11-20")]))
    table = look()
    assert table["title"].to_list() == ["Invented & new"]
    assert table["source_url"][0].startswith(f"{provider.url}/new?")


def test_the_new_service_is_read_back_to_the_first_day_wanted(provider, look):
    day = dt.date(2026, 12, 31)
    days = [(day - dt.timedelta(days=k)).isoformat() for k in range(200)]
    provider.say(*(json.dumps([_new(d) for d in days[k : k + 100]]) for k in (0, 100)))
    table = look(today="2026-12-31", since=dt.date(2026, 9, 1))
    assert (table["date"].min(), table["date"].max()) == ("2026-09-01", "2026-12-31")
    assert [query["page"] for _, query, _ in provider.asked] == ["1", "2"]


@pytest.mark.parametrize("form", ["2026-12-01", "2026-12-01T05:00:00", "December 1, 2026"])
def test_the_day_is_iso_whatever_the_service_writes(form):
    assert apod.read_pictures(json.dumps([_new(form)]).encode())["date"][0] == "2026-12-01"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[{", "damaged"),
        ("<html></html>", "web page"),
        ('"words"', "no list of pictures"),
        (json.dumps([_new("yesterday")]), "date = 'yesterday'"),
        (json.dumps([_new("2026-12-01", title=None)]), "record 1 has no title"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        look(today="2026-12-02")


def test_the_recorded_answers_are_read_or_told(provider, look, space_industry_data):
    for path in sorted((space_industry_data / "nasa_api" / "apod").glob("*.json")):
        code = path.name[:3]
        if code.isdigit() and code != "200":
            continue
        table = apod.read_pictures(path.read_bytes())
        assert table.height >= 1, path.name
        assert table["date"].str.to_date().is_not_null().all(), path.name
    refusal = (space_industry_data / "nasa_api" / "apod" / "404-no-data.json").read_bytes()
    provider.say(provider.reply(refusal, 404), provider.reply(b'{"message": "no route"}', 404))
    with pytest.raises(SourceError, match="HTTP 404 and said: no route"):
        look()


def test_a_picture_is_a_text_under_the_page_of_its_day(provider, look):
    provider.say(json.dumps([OLD, OLD | {"date": "2026-11-19", "explanation": ""}]))
    (text,) = texts_of(apod.COLLECTOR.parts["pictures"], look())
    assert (text.title, text.dated) == ("Invented", "2026-11-20")
    assert text.text == "Words & more.\n\nPicture: Somebody"
    assert text.url == "https://apod.nasa.gov/apod/ap261120.html"
