"""NASA ADS, spoken by a server on the loopback device; papers are invented or recorded."""

import datetime as dt
import json

import pytest

from skywright.errors import InputError, SourceError
from skywright.settings import Settings
from skywright.sources import ads
from skywright.sources.collecting import Visit, Wish, texts_of, visit
from skywright.sources.http import Fetcher
from skywright.sources.papers import PaperQuery
from skywright.store.blobs import BlobStore


def _page(first, rows, total):
    docs = [
        {
            "bibcode": f"2024ApJ...{k:03d}....1A", "title": [f"Paper {k}"], "year": "2024",
            "author": ["Payne, Cecelia", "Leavitt, H."], "pubdate": "2024-05-00", "pub": "ApJ",
            "doi": ["10.1/x"], "citation_count": k, "abstract": "Stars are made of hydrogen.",
        }
        for k in range(first, first + rows)
    ]  # fmt: skip
    return json.dumps({"response": {"numFound": total, "start": first, "docs": docs}})


@pytest.fixture
def settings(provider):
    return Settings(ads_url=f"{provider.url}/v1", ads_token="  secret-token ")


@pytest.fixture
def client(tmp_path, settings, waits):
    with Fetcher(
        tmp_path / "raw", BlobStore(tmp_path / "blobs"), timeout_s=5.0, wait=waits.append,
        headers=ads.COLLECTOR.headers(settings), patience=ads.COLLECTOR.patience,
    ) as fetcher:  # fmt: skip
        yield fetcher


def test_a_paper_is_a_row_with_its_abstract_and_address(provider, settings, client):
    provider.say(_page(0, 1, 1))
    row = ads.search(PaperQuery("hydrogen"), settings, client).table.row(0, named=True)
    assert row["bibcode"] == "2024ApJ...000....1A"
    assert (row["title"], row["authors"]) == ("Paper 0", ["Payne, Cecelia", "Leavitt, H."])
    assert (row["year"], row["published"], row["doi"]) == (2024, "2024-05", "10.1/x")
    assert row["abstract"] == "Stars are made of hydrogen."
    assert row["url"] == "https://ui.adsabs.harvard.edu/abs/2024ApJ...000....1A"


def test_the_token_travels_in_a_header_only(provider, settings, client):
    provider.say(_page(0, 1, 1))
    found = ads.search(PaperQuery("hydrogen"), settings, client)
    path, query, headers = provider.asked[0]
    assert headers["Authorization"] == "Bearer secret-token"
    assert "secret" not in path + str(query) + str(found.provenance)


def test_pages_are_fetched_until_enough_papers_are_there(provider, settings, client):
    provider.say(_page(0, 200, 972), _page(200, 50, 972))
    found = ads.search(PaperQuery("x", most=250), settings, client)
    assert (found.table.height, found.total, found.is_cut) == (250, 972, True)
    sent = [(query["start"], query["rows"]) for _, query, _ in provider.asked]
    assert sent == [("0", "200"), ("200", "50")]


def test_words_author_and_years_become_a_query_and_its_filter(provider, settings, client):
    provider.say(_page(0, 1, 1))
    asked = PaperQuery("neutron star", 'Payne, "C"', 1920, 1979, "cited")
    found = ads.search(asked, settings, client)
    query = provider.asked[0][1]
    assert (query["q"], query["sort"]) == ("neutron star", "citation_count desc")
    assert query["fq"] == 'author:"Payne, C" AND year:[1920 TO 1979]'
    assert found.query == f"neutron star AND {query['fq']}"


def test_an_author_alone_is_a_query(provider, settings, client):
    provider.say(_page(0, 1, 1))
    ads.search(PaperQuery(author="Payne, C", since_year=1920), settings, client)
    query = provider.asked[0][1]
    assert (query["q"], query["fq"]) == ('author:"Payne, C"', "year:[1920 TO *]")


def test_the_recorded_searches_are_read(assistant_data):
    path = assistant_data / "recorded_payloads" / "ads_recorded.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    searches = [row for row in rows if row["endpoint"] == "/v1/search/query"]
    assert len(searches) >= 19
    for row in searches:
        table = ads.read_papers(json.dumps(row["response"]).encode())
        assert table.height == len(row["response"]["response"]["docs"]) > 0


def test_the_recorded_search_for_webb_counts_972_papers(provider, settings, client, assistant_data):
    path = assistant_data / "recorded_payloads" / "ads_recorded.jsonl"
    words = "'transiting exoplanets' +JWST"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    row = next(row for row in rows if (row["params"] or {}).get("q") == words)
    provider.say(json.dumps(row["response"]))
    found = ads.search(PaperQuery(words, most=5), settings, client)
    assert (found.total, found.table.height, found.is_cut) == (972, 5, True)
    assert provider.asked[0][1]["q"] == words


def test_bibtex_comes_in_the_order_asked_for_and_each_once(provider, settings, client):
    entries = ["@ARTICLE{1998ApJ...494L.181M, }\n\n", "@ARTICLE{2000A&AS..143...85A, }\n"]
    provider.say(*(json.dumps({"msg": "Retrieved 1", "export": one}) for one in entries))
    codes = ["1998ApJ...494L.181M", "2000A&AS..143...85A", "1998ApJ...494L.181M"]
    told = ads.export_bibtex(codes, settings, client)
    assert told == "@ARTICLE{1998ApJ...494L.181M, }\n\n@ARTICLE{2000A&AS..143...85A, }"
    assert provider.asked[1][0] == "/v1/export/bibtex/2000A%26AS..143...85A"


@pytest.mark.parametrize("codes", [[], ["M31"], ["../../search/query?q="], ["x" * 19] * 2])
def test_what_is_no_bibcode_is_not_sent(provider, settings, client, codes):
    with pytest.raises(InputError, match="bibcode"):
        ads.export_bibtex(codes, settings, client)
    assert provider.asked == []


def test_without_a_token_the_user_is_told_where_to_get_one(provider):
    settings = Settings(ads_url=provider.url)
    with pytest.raises(InputError, match="SKYWRIGHT_ADS_TOKEN is not set.*ui.adsabs.harvard.edu"):
        ads.search(PaperQuery("x"), settings)
    assert provider.asked == []


def test_a_wrong_token_is_a_sentence(provider, settings, client):
    provider.say(provider.reply('{"error": "Unauthorized"}', 401))
    with pytest.raises(SourceError, match="HTTP 401 and said: Unauthorized.*SKYWRIGHT_ADS_TOKEN"):
        ads.search(PaperQuery("x"), settings, client)


def test_a_used_up_quota_says_when_it_begins_anew(provider, settings, client, waits):
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0",
               "X-RateLimit-Reset": "1795305600"}  # fmt: skip
    provider.say(provider.reply('{"error": "Too many requests"}', 429, headers))
    with pytest.raises(SourceError, match="5000 requests, the quota until 2026-11-22 00:00 UTC"):
        ads.search(PaperQuery("x"), settings, client)
    assert waits == []


def test_a_busy_service_is_waited_for(provider, settings, client, waits):
    provider.say(provider.reply("", 429, {"Retry-After": "7"}), _page(0, 1, 1))
    assert ads.search(PaperQuery("x"), settings, client).table.height == 1
    assert waits == [7.0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"response": {"numFound": 1, "docs": [', "damaged or cut short"),
        ('{"response": {"docs": []}}', "no 'response' with 'numFound'"),
        ('{"response": {"numFound": 1}}', "no list of papers"),
        ('{"response": {"numFound": 1, "docs": [{"nom": "x"}]}}', "paper 1 is"),
        ('{"response": {"numFound": 1, "docs": [{"bibcode": "b", "year": "soon"}]}}', "year"),
        ("[]", "no 'response'"),
        ("<html>busy</html>", "web page"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, settings, client, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        ads.search(PaperQuery("x"), settings, client)


def test_nothing_found_is_an_empty_table(provider, settings, client):
    provider.say('{"response": {"numFound": 0, "start": 0, "docs": []}}')
    found = ads.search(PaperQuery("x"), settings, client)
    assert (found.table.height, found.total, found.is_cut) == (0, 0, False)


def test_the_newest_papers_of_astronomy_are_collected(provider, settings, client):
    provider.say(_page(0, 3, 3))
    wish = Wish(dt.date(2024, 5, 20), 2)
    table = visit(ads.COLLECTOR, "papers", Visit(ads.STATE, client, settings, wish))
    assert table.height == 2
    assert provider.asked[0][1]["q"] == "collection:astronomy pubdate:[2024-05 TO *]"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"words": " "}, "both empty"),
        ({"words": "x" * 1_001}, "words has 1001 characters"),
        ({"most": 0}, "most = 0"),
        ({"since_year": 99}, "since_year = 99"),
        ({"since_year": 2020, "until_year": 2010}, "after until_year"),
        ({"order": "best"}, "order = 'best'"),
    ],
)
def test_a_query_that_cannot_be_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        PaperQuery(**{"words": "x", **changes})


def test_a_paper_with_an_abstract_is_a_text(provider, settings, client):
    page = json.loads(_page(0, 2, 2))
    page["response"]["docs"][0]["author"] = [f"Author {k}" for k in range(9)]
    del page["response"]["docs"][1]["abstract"]
    provider.say(json.dumps(page))
    table = visit(ads.COLLECTOR, "papers", Visit(ads.STATE, client, settings))
    (text,) = texts_of(ads.COLLECTOR.parts["papers"], table)
    assert (text.title, text.dated) == ("Paper 0", "2024-05")
    assert text.text == (
        "Author 0, Author 1, Author 2, Author 3, Author 4 and others. 2024. ApJ.\n\n"
        "Stars are made of hydrogen."
    )


def test_a_collection_that_would_be_cut_is_refused_at_its_first_page(provider, settings, client):
    provider.say(_page(0, 200, 20_001))
    one = Visit(ads.STATE, client, settings, Wish(dt.date(2024, 1, 1)))
    with pytest.raises(SourceError, match="20001 papers of that time; 20000 are fetched at most"):
        visit(ads.COLLECTOR, "papers", one)
    assert len(provider.asked) == 1
