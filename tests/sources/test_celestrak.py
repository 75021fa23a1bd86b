"""CelesTrak GP, spoken by a server on the loopback device; the element sets are invented."""

import json

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.celestrak import COLLECTOR, STATE
from skywright.sources.collecting import Visit, visit

SET = {
    "OBJECT_NAME": "INVENTED", "OBJECT_ID": "2026-001A", "EPOCH": "2026-11-20T12:00:00.000000",
    "MEAN_MOTION": 15.5, "ECCENTRICITY": 0.0005, "INCLINATION": 51.6, "RA_OF_ASC_NODE": 10,
    "ARG_OF_PERICENTER": 20, "MEAN_ANOMALY": 30, "EPHEMERIS_TYPE": 0, "NORAD_CAT_ID": 100123,
    "ELEMENT_SET_NO": 999, "REV_AT_EPOCH": 1, "BSTAR": 1e-4, "MEAN_MOTION_DOT": 0,
    "MEAN_MOTION_DDOT": 0,
}  # fmt: skip


@pytest.fixture
def look(provider, fetcher):
    def at(part="active"):
        one = Visit(STATE, fetcher, Settings(celestrak_url=provider.url))
        return visit(COLLECTOR, part, one)

    return at


def test_element_sets_are_read_with_catalogue_numbers_of_six_digits(provider, look):
    provider.say(json.dumps([SET]))
    row = look().row(0, named=True)
    assert (row["norad_id"], row["raan_deg"]) == (100123, 10.0)
    path, query, _ = provider.asked[0]
    assert (path, query) == ("/NORAD/elements/gp.php", {"GROUP": "active", "FORMAT": "json"})


def test_a_second_look_within_two_hours_asks_nobody(provider, look):
    provider.say(json.dumps([SET]))
    assert look().equals(look())
    assert len(provider.asked) == 1


def test_a_refusal_passes_the_words_on_and_is_not_asked_again(provider, look, waits):
    words = "GP data has not updated since your last successful\ndownload of GROUP=active."
    provider.say(provider.reply(words, 403, {"Content-Type": "text/plain"}))
    with pytest.raises(SourceError, match="not updated since your last successful download"):
        look()
    assert (len(provider.asked), waits) == (1, [])


@pytest.mark.parametrize("status", [200, 404])
def test_no_data_is_an_empty_table(provider, look, status):
    headers = {"Content-Type": "text/plain"}
    provider.say(provider.reply("No GP data found\n", status, headers))
    assert look("stations").height == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps([SET])[:-9], "damaged or cut short"),
        ("Invalid query: GROUP=activ", "refused the query and said: Invalid query: GROUP=activ"),
        (json.dumps([SET | {"INCLINATION": None}]), "record 1 has no INCLINATION"),
        (json.dumps([SET | {"MEAN_MOTION": "fast"}]), "MEAN_MOTION = 'fast'"),
        ("<html></html>", "web page"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        look()
