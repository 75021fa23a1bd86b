"""Launch Library 2, spoken by a server on the loopback device."""

import datetime as dt
import json

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.collecting import Visit, Wish, texts_of, visit
from skywright.sources.launch_library import COLLECTOR, STATE


def _page(first, rows, count):
    """A page in the shape of version 2.3.0; all launches are invented."""
    results = [
        {
            "id": f"id-{k}", "name": f"Rocket | Mission {k}", "status": {"name": "Go"},
            "net": f"2026-12-{k % 28 + 1:02d}T00:00:00Z",
            "launch_service_provider": {"name": "P", "type": {"id": 1, "name": "Commercial"}},
            "rocket": {"configuration": {"name": "R", "full_name": "R Block 5"}},
            "pad": {"name": "1", "latitude": 28.5, "longitude": -80.5, "location": {"name": "L"}},
        }
        for k in range(first, first + rows)
    ]  # fmt: skip
    return json.dumps({"count": count, "next": "https://elsewhere.invalid", "results": results})


@pytest.fixture
def look(provider, fetcher):
    def at(part="upcoming", **wish):
        settings = Settings(launch_library_url=f"{provider.url}/2.3.0")
        one = Visit(STATE, fetcher, settings, Wish(**wish))
        return visit(COLLECTOR, part, one), one

    return at


def test_pages_are_put_together_and_foreign_links_not_followed(provider, look):
    provider.say(_page(0, 100, 130), _page(100, 30, 130))
    table, one = look()
    assert table["id"].n_unique() == table.height == 130
    assert [query["offset"] for _, query, _ in provider.asked] == ["0", "100"]
    assert provider.asked[0][0] == "/2.3.0/launches/upcoming/"
    assert len(one.provenance) == 2
    assert table["provider_kind"][0] == "Commercial"


def test_a_wish_is_told_to_the_service_and_ends_the_paging(provider, look):
    provider.say(_page(0, 100, 7_000))
    table, _ = look("previous", since=dt.date(2026, 12, 1), limit=5)
    assert table.height == 5
    assert provider.asked[0][1]["net__gte"] == "2026-12-01T00:00:00Z"
    assert len(provider.asked) == 1


def test_without_a_wish_the_limit_of_an_hour_is_left_alone(provider, look):
    provider.say(*(_page(100 * k, 100, 7_000) for k in range(10)))
    assert look("previous")[0].height == 500
    assert len(provider.asked) == 5


def test_the_limit_of_an_hour_is_told_and_what_was_fetched_is_kept(provider, look):
    throttled = provider.reply('{"detail": "Request was throttled."}', 429, {"Retry-After": "2345"})
    provider.say(_page(0, 100, 130), throttled)
    with pytest.raises(SourceError, match="alone for 40 minutes .15 requests an hour"):
        look()
    provider.say(_page(100, 30, 130))
    assert look()[0].height == 130
    assert [query["offset"] for _, query, _ in provider.asked] == ["0", "100", "100"]


def test_nothing_to_come_is_an_empty_table(provider, look):
    provider.say('{"count": 0, "next": null, "results": []}')
    assert look()[0].height == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"count": 1, "results": [{"id": "a"', "damaged or cut short"),
        ('{"count": 1, "results": [{"id": "a"}]}', "record 1 has no name"),
        ('{"detail": "Not here."}', "no list of records under 'results'"),
        ("[]", "no list of records under 'results'"),
        ("<html>Cloudflare</html>", "web page"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        look()


def test_the_recorded_list_of_version_2_2_is_read_too(provider, look, space_industry_data):
    path = space_industry_data / "launch_library" / "launch_list_2.2.0.json"
    provider.say(path.read_bytes(), '{"count": 3, "results": []}')
    table, _ = look("previous")
    assert table["name"].to_list()[0] == "Atlas LV-3A | Samos 2"
    assert table["status"].to_list() == ["Success", "Failure", "Success"]
    assert table["provider_kind"].to_list() == ["Government", None, None]
    assert table["latitude_deg"][0] == 34.644


def test_a_mission_with_a_description_is_a_text_with_the_facts_of_its_launch(provider, look):
    page = json.loads(_page(0, 2, 2))
    page["results"][0]["mission"] = {"description": "It maps the Moon.", "orbit": {"name": "Lunar"}}
    provider.say(json.dumps(page))
    (text,) = texts_of(COLLECTOR.parts["upcoming"], look()[0])
    assert (text.title, text.url) == ("Rocket | Mission 0", "launch-library:id-0")
    assert text.text.startswith("It maps the Moon.\n\nLaunch provider: P\nRocket: R Block 5\n")
    assert "Orbit: Lunar" in text.text
