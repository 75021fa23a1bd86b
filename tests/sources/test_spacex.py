"""SpaceX API v4, spoken by a server on the loopback device."""

import gzip
import json

import polars as pl
import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.collecting import Visit, texts_of, visit
from skywright.sources.spacex import COLLECTOR, STATE

# Invented, in the shape of the service.
LAUNCH = {
    "id": "l1", "name": "Test One", "date_utc": "2022-12-05T00:00:00.000Z", "flight_number": 7,
    "upcoming": True, "success": None, "payloads": ["p1", "p2"], "rocket": "r1",
    "failures": [{"time": 33, "reason": "invented"}], "links": {"wikipedia": None},
}  # fmt: skip


@pytest.fixture
def one(provider, fetcher):
    return Visit(STATE, fetcher, Settings(spacex_url=f"{provider.url}/v4"))


def test_a_launch_becomes_a_row_with_its_source(provider, one):
    provider.say(json.dumps([LAUNCH]))
    row = visit(COLLECTOR, "launches", one).row(0, named=True)
    assert (row["name"], row["success"], row["upcoming"]) == ("Test One", None, True)
    assert row["payload_ids"] == ["p1", "p2"]
    assert json.loads(row["failures"][0])["time"] == 33
    assert row["source_url"] == f"{provider.url}/v4/launches"
    assert one.provenance[0].licence.startswith("Apache")


def test_numbers_in_text_and_nested_fields_are_read(provider, one):
    record = {"id": "s1", "spaceTrack": {"NORAD_CAT_ID": "44238", "OBJECT_NAME": "S"}}
    provider.say(json.dumps([record]))
    row = visit(COLLECTOR, "starlink", one).row(0, named=True)
    assert (row["norad_id"], row["height_km"]) == (44238, None)


def test_one_record_alone_is_a_table_of_one_row(provider, one):
    provider.say(json.dumps({"id": "c", "name": "Company", "founded": 2002}))
    assert visit(COLLECTOR, "company", one)["founded"].to_list() == [2002]


def test_an_empty_answer_has_columns_and_no_rows(provider, one):
    provider.say("[]")
    table = visit(COLLECTOR, "payloads", one)
    assert table.height == 0
    assert table.schema["mass_kg"] == pl.Float64


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps([LAUNCH])[:-20], "damaged or cut short"),
        ("<html><body>Heroku</body></html>", "web page instead of data"),
        (json.dumps([{**LAUNCH, "id": None}]), "record 1 has no id"),
        (json.dumps([{**LAUNCH, "upcoming": "no"}]), "record 1 has upcoming = 'no'"),
        (json.dumps([{**LAUNCH, "flight_number": 1.5}]), "flight_number = '1.5'"),
        (json.dumps([{**LAUNCH, "payloads": "p1"}]), "payloads = 'p1'"),
        ('["a", "b"]', "record 1 is 'a'"),
        ('"words"', "no list of records"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence_and_is_not_kept(provider, one, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        visit(COLLECTOR, "launches", one)
    assert one.provenance == []


def test_the_recorded_dump_is_read_whole(provider, one, space_industry_data):
    folder = space_industry_data / "spacex_v4"
    provider.say(gzip.decompress((folder / "launches.json.gz").read_bytes()))
    launches = visit(COLLECTOR, "launches", one)
    assert launches.height == 205
    assert launches["success"].sum() == 181
    assert launches["upcoming"].sum() == 18
    assert launches["date_utc"].max()[:10] == STATE.since
    provider.say(gzip.decompress((folder / "payloads.json.gz").read_bytes()))
    payloads = visit(COLLECTOR, "payloads", one)
    assert payloads.height == 225
    # Three payloads name launches that the frozen service no longer lists.
    assert len(set(payloads["launch_id"].drop_nulls()) - set(launches["id"])) == 3


@pytest.mark.parametrize(
    ("part", "sample"),
    [("rockets", "rockets/v4/one"), ("capsules", "capsules/v4/one"), ("crew", "crew/v4/one"),
     ("company", "company/v4/all"), ("starlink", "starlink/v4/all")],
)  # fmt: skip
def test_the_samples_of_the_documentation_are_read(
    provider, one, space_industry_data, part, sample
):
    path = space_industry_data / "spacex_v4" / "doc_samples.json.gz"
    provider.say(json.dumps(json.loads(gzip.decompress(path.read_bytes()))[sample][0]))
    assert visit(COLLECTOR, part, one).height >= 1


def test_launches_rockets_and_the_company_say_something_in_words(provider, one):
    launch = LAUNCH | {"details": "It carries mail.", "success": False}
    provider.say(json.dumps([launch, LAUNCH | {"id": "l2"}]))
    (text,) = texts_of(COLLECTOR.parts["launches"], visit(COLLECTOR, "launches", one))
    assert text.text == "It carries mail.\n\nLaunch of 2022-12-05, which failed."
    assert text.url == f"{provider.url}/v4/launches/l1"
    provider.say('[{"id": "r1", "name": "R", "description": "It flies."}]')
    (text,) = texts_of(COLLECTOR.parts["rockets"], visit(COLLECTOR, "rockets", one))
    assert (text.title, text.text) == ("R", "It flies.")
    provider.say('{"id": "c", "name": "Company", "summary": "It builds."}')
    (text,) = texts_of(COLLECTOR.parts["company"], visit(COLLECTOR, "company", one))
    assert text.url == f"{provider.url}/v4/company"


def test_the_recorded_launches_have_texts_of_addresses_of_their_own(
    provider, one, space_industry_data
):
    packed = space_industry_data / "spacex_v4" / "launches.json.gz"
    provider.say(gzip.decompress(packed.read_bytes()))
    table = visit(COLLECTOR, "launches", one)
    texts = texts_of(COLLECTOR.parts["launches"], table)
    assert len(texts) == table["details"].is_not_null().sum() > 100
    assert len({text.url for text in texts}) == len(texts)
