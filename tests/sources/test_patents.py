"""NASA's patents, spoken by a server on the loopback device; the patents are invented."""

import json

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import patents
from skywright.sources.collecting import Visit, texts_of, visit


def _patent(id_, **changes):
    values = {
        0: id_, 1: f"LEW-TOPS-{id_}", 2: "Ion <span class='highlight'>engine</span>",
        3: "An <span>engine</span> of ions.", 4: "LEW-1", 5: "propulsion", 9: "GRC",
        10: "https://x.y/i.jpg", 12: 3.5,
    } | changes  # fmt: skip
    return [values.get(k, "") for k in range(13)]


@pytest.fixture
def look(provider, fetcher):
    def at():
        one = Visit(patents.STATE, fetcher, Settings(patents_url=provider.url))
        return visit(patents.COLLECTOR, "patents", one)

    return at


def test_patents_of_all_searches_are_put_together(provider, look):
    provider.say(json.dumps({"results": [_patent("2"), _patent("1")], "total": 2}))
    table = look()
    assert table["reference"].to_list() == ["LEW-TOPS-1", "LEW-TOPS-2"]
    row = table.row(0, named=True)
    assert (row["title"], row["abstract"]) == ("Ion engine", "An engine of ions.")
    assert (row["center"], row["case_number"]) == ("GRC", "LEW-1")
    assert len(provider.asked) == len(patents.TERMS)
    assert provider.asked[0][0] == "/patent/"
    assert list(provider.asked[0][1]) in ([], ["propulsion"])  # a word without a value


def test_a_patent_is_a_text(provider, look):
    provider.say(json.dumps({"results": [_patent("1")]}))
    (text,) = texts_of(patents.COLLECTOR.parts["patents"], look())
    assert text.text == "An engine of ions.\n\nNASA GRC, patent LEW-1."
    assert text.url == "https://technology.nasa.gov/patent/LEW-TOPS-1"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"results": {}}', "no list of 'results'"),
        ('{"results": [["1", "2"]]}', "patent 1 is"),
        ('{"results": [{"id": 1}]}', "patent 1 is"),
        (json.dumps({"results": [_patent("")]}), "record 1 has no id"),
        ('{"error": {"code": "OVER_RATE_LIMIT"', "damaged"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        look()


def test_the_key_of_nasa_is_a_header(provider):
    settings = Settings(nasa_api_key="mine")
    assert patents.COLLECTOR.headers(settings) == {"X-Api-Key": "mine"}


def test_a_key_that_is_used_up_says_where_to_get_one(provider, look):
    refusal = (
        '{"error": {"code": "OVER_RATE_LIMIT", "message": "You have exceeded your rate limit."}}'
    )
    provider.say(provider.reply(refusal, 429, {"Retry-After": "3000"}))
    with pytest.raises(SourceError, match="alone for 50 minutes.*SKYWRIGHT_NASA_API_KEY"):
        look()
