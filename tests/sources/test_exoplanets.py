"""The NASA Exoplanet Archive, spoken by a server on the loopback device."""

import datetime as dt
import gzip
import json

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.exoplanets import COLLECTOR, STATE

PLANET = {"pl_name": "Invented b", "disc_year": 2024, "disc_pubdate": "2024-05", "pl_rade": 1.6}
REFUSED = (
    '<?xml version="1.0"?><VOTABLE><RESOURCE type="results">'
    '<INFO name="QUERY_STATUS" value="ERROR">ORA-00904: "PL_NAM":\n invalid</INFO>'
    "</RESOURCE></VOTABLE>"
)


@pytest.fixture
def look(provider, fetcher):
    def at(**wish):
        settings = Settings(exoplanets_url=f"{provider.url}/TAP")
        return visit(COLLECTOR, "planets", Visit(STATE, fetcher, settings, Wish(**wish)))

    return at


def test_a_query_of_tap_gives_rows_with_units(provider, look):
    provider.say(json.dumps([PLANET]))
    row = look().row(0, named=True)
    assert (row["name"], row["radius_re"], row["mass_me"]) == ("Invented b", 1.6, None)
    path, query, _ = provider.asked[0]
    assert (path, query["format"]) == ("/TAP/sync", "json")
    assert query["query"].startswith("select pl_name, hostname")


def test_a_wish_goes_into_the_query_and_a_month_is_no_loss(provider, look):
    provider.say(json.dumps([PLANET]))
    assert look(since=dt.date(2024, 5, 17), limit=7).height == 1
    query = provider.asked[0][1]["query"]
    assert query.startswith("select top 7 ")
    assert "where disc_pubdate >= '2024-05'" in query


def test_the_words_of_a_refused_query_are_passed_on(provider, look):
    provider.say(provider.reply(REFUSED, headers={"Content-Type": "text/xml"}))
    with pytest.raises(SourceError, match='said: ORA-00904: "PL_NAM": invalid'):
        look()


@pytest.mark.parametrize(
    ("body", "said"),
    [("[{", "damaged"), ("<html></html>", "web page"), ('[{"pl_rade": 1}]', "no pl_name")],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        look()


def test_no_planets_are_an_empty_table(provider, look):
    provider.say("[]")
    assert look().height == 0


def test_the_recorded_table_is_read_whole(provider, look, space_industry_data):
    path = space_industry_data / "exoplanets" / "exoplanets_2026-08-07.json.gz"
    provider.say(gzip.decompress(path.read_bytes()))
    table = look()
    assert table.height == 6_336
    assert table["name"].n_unique() == 6_336
    assert table["discovery_year"].drop_nulls().is_between(1989, 2026).all()
