"""Fetching over a real connection, with every fault a provider has shown."""

import hashlib
import json
import socket
from dataclasses import replace

import pytest

from skywright.errors import SourceError
from skywright.sources.budgets import VISITING, in_words
from skywright.sources.cad import STATE
from skywright.sources.http import Fetcher
from skywright.store.blobs import BlobStore

BODY = json.dumps({"numbers": list(range(50_000))}).encode()


def test_an_answer_is_kept_with_its_provenance(provider, fetcher, tmp_path):
    provider.say(provider.reply(BODY, headers={"ETag": '"v1"'}))
    row = fetcher.get(STATE, provider.url, {"des": "2004 MN4"}).provenance
    assert row.sha256 == hashlib.sha256(BODY).hexdigest()
    assert BlobStore(tmp_path / "blobs").read(row.sha256) == BODY
    kept = json.loads((tmp_path / "raw" / "provenance.jsonl").read_text())
    assert (kept["provider"], kept["bytes"], kept["etag"]) == ("cad", len(BODY), '"v1"')
    assert kept["licence"] == STATE.licence
    assert kept["url"].endswith("?des=2004%20MN4") or kept["url"].endswith("?des=2004+MN4")


def test_only_the_version_is_told_about_the_user(provider, fetcher):
    provider.say(BODY)
    fetcher.get(STATE, provider.url)
    headers = provider.asked[0][2]
    assert headers["User-Agent"].startswith("skywright/")
    assert "Cookie" not in headers


def test_what_is_known_is_confirmed_instead_of_fetched_again(provider, fetcher, tmp_path):
    provider.say(
        provider.reply(
            BODY, headers={"ETag": '"v1"', "Last-Modified": "Fri, 01 Nov 2026 00:00:00 GMT"}
        )
    )
    first = fetcher.get(STATE, provider.url)
    with Fetcher(tmp_path / "raw", BlobStore(tmp_path / "blobs")) as later:
        second = later.get(STATE, provider.url)
    assert provider.asked[1][2]["If-None-Match"] == '"v1"'
    assert provider.asked[1][2]["If-Modified-Since"].startswith("Fri, 01 Nov")
    assert second.content == first.content
    assert second.provenance == first.provenance


def test_a_busy_provider_is_given_the_time_it_asks_for(provider, fetcher, waits):
    provider.say(provider.reply(b"", 429, {"Retry-After": "7"}), provider.reply(b"", 503), BODY)
    assert fetcher.get(STATE, provider.url).content == BODY
    assert waits == [7.0, 2.0]


def test_a_retry_date_in_the_past_waits_no_longer_than_the_back_off(provider, fetcher, waits):
    provider.say(provider.reply(b"", 429, {"Retry-After": "Fri, 01 Nov 2019 00:00:00 GMT"}), BODY)
    fetcher.get(STATE, provider.url)
    assert waits == [1.0]


def test_a_provider_that_stays_busy_is_given_up_with_a_sentence(provider, fetcher, waits):
    provider.say(provider.reply(b"", 503))
    with pytest.raises(SourceError, match=r"5 attempts .*\(HTTP 503\).*SKYWRIGHT_CAD_URL"):
        fetcher.get(STATE, provider.url)
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_no_network_is_said_soon_and_is_exit_code_3(fetcher, waits):
    with pytest.raises(SourceError, match="Check the network") as caught:
        fetcher.get(STATE, "http://127.0.0.1:9")
    assert caught.value.exit_code == 3
    assert waits == [1.0, 2.0]


@pytest.fixture
def short(tmp_path, waits):
    """A fetcher for somebody who waits."""
    with Fetcher(
        tmp_path / "raw", BlobStore(tmp_path / "blobs"), wait=waits.append, budget=VISITING
    ) as fetcher:
        yield fetcher


@pytest.mark.parametrize("reply", [{"status": 500}, {"cut": 1000}], ids=["500", "cut"])
def test_a_visit_gives_up_soon(provider, short, waits, reply):
    provider.say(provider.reply(BODY, **reply))
    with pytest.raises(SourceError, match="did not answer after 3 attempts"):
        short.get(STATE, provider.url)
    assert waits == [0.5, 1.0]


def test_a_visit_honours_a_wait_that_fits(provider, short, waits):
    provider.say(provider.reply(b"", 429, {"Retry-After": "2"}), BODY)
    assert short.get(STATE, provider.url).content == BODY
    assert waits == [2.0]


def test_a_visit_says_when_to_come_back_where_the_wait_does_not_fit(provider, short, waits):
    provider.say(provider.reply(b"", 429, {"Retry-After": "60"}))
    with pytest.raises(SourceError, match="wants to be left alone for 60 seconds"):
        short.get(STATE, provider.url)
    assert (len(provider.asked), waits) == (1, [])


def test_a_visit_that_was_asked_to_wait_each_time_says_for_how_long(provider, short):
    provider.say(provider.reply(b"", 503, {"Retry-After": "1"}))
    with pytest.raises(SourceError, match=r"\(HTTP 503\).*come back in 1 second\."):
        short.get(STATE, provider.url)


def test_the_requests_of_a_visit_share_one_budget(provider, short, waits):
    provider.say(provider.reply(b"", 429, {"Retry-After": "3"}), BODY)
    short.get(STATE, f"{provider.url}/one")
    provider.say(provider.reply(b"", 429, {"Retry-After": "3"}))
    with pytest.raises(SourceError, match="left alone for 3 seconds"):
        short.get(STATE, f"{provider.url}/two")
    assert waits == [3.0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (119, "119 seconds"), (1801, "31 minutes"), (7200, "2 hours")],
)
def test_a_time_to_wait_is_said_in_its_unit(seconds, words):
    assert in_words(seconds) == words


def test_a_broken_connection_goes_on_where_it_stopped(provider, fetcher):
    headers = {"ETag": '"v1"', "Accept-Ranges": "bytes"}
    provider.say(
        provider.reply(BODY, headers=headers, cut=100_000), provider.reply(BODY, headers=headers)
    )
    assert fetcher.get(STATE, provider.url).content == BODY
    asked = provider.asked[1][2]
    assert asked["If-Range"] == '"v1"'
    assert 0 < int(asked["Range"].removeprefix("bytes=").rstrip("-")) <= 100_000


def test_a_later_run_goes_on_where_an_interrupted_one_stopped(provider, tmp_path):
    headers = {"ETag": '"v1"', "Accept-Ranges": "bytes"}
    blobs = BlobStore(tmp_path / "blobs")
    provider.say(provider.reply(BODY, headers=headers, cut=70_000))

    def stop(_):
        raise KeyboardInterrupt

    with Fetcher(tmp_path / "raw", blobs, wait=stop) as first, pytest.raises(KeyboardInterrupt):
        first.get(STATE, provider.url)
    provider.say(provider.reply(BODY, headers=headers))
    with Fetcher(tmp_path / "raw", blobs) as second:
        assert second.get(STATE, provider.url).content == BODY
    assert "Range" in provider.asked[-1][2]
    assert list((tmp_path / "raw" / "partial").iterdir()) == []


def test_without_ranges_a_broken_connection_starts_again(provider, fetcher):
    provider.say(provider.reply(BODY, cut=100_000), BODY)
    assert fetcher.get(STATE, provider.url).content == BODY
    assert "Range" not in provider.asked[1][2]


def test_a_web_page_is_no_data(provider, fetcher, tmp_path):
    provider.say(provider.reply("<html>maintenance</html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(SourceError, match="web page instead of data"):
        fetcher.get(STATE, provider.url)
    assert not (tmp_path / "blobs").exists()


def test_a_refusal_carries_the_words_of_the_provider(provider, fetcher, waits):
    provider.say(provider.reply('{"code": "400", "message": "invalid date"}', 400))
    with pytest.raises(SourceError, match="HTTP 400 and said: invalid date"):
        fetcher.get(STATE, provider.url)
    assert waits == []


def test_a_damaged_answer_is_never_confirmed_later(provider, fetcher):
    def refuse(body):
        json.loads(body)

    provider.say(provider.reply(BODY[:-5], headers={"ETag": '"v1"'}))
    with pytest.raises(json.JSONDecodeError):
        fetcher.get(STATE, provider.url, check=refuse)
    provider.say(provider.reply(BODY, headers={"ETag": '"v1"'}))
    assert fetcher.get(STATE, provider.url, check=refuse).content == BODY
    assert "If-None-Match" not in provider.asked[1][2]


def test_a_half_written_provenance_row_does_no_harm(provider, fetcher, tmp_path):
    provider.say(BODY)
    fetcher.get(STATE, provider.url)
    with (tmp_path / "raw" / "provenance.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"provider": "ca')
    with Fetcher(tmp_path / "raw", BlobStore(tmp_path / "blobs")) as later:
        assert later.get(STATE, provider.url).content == BODY


def test_a_provider_that_asks_for_long_is_left_alone(provider, fetcher, waits):
    provider.say(provider.reply(b'{"detail": "throttled"}', 429, {"Retry-After": "1801"}))
    with pytest.raises(SourceError, match="left alone for 31 minutes .one request at a time"):
        fetcher.get(STATE, provider.url)
    assert waits == []


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"code": "API_KEY_INVALID", "message": "An invalid key."}}',
        '{"code": 400, "msg": "An invalid key."}',
        '{"detail": "An invalid key."}',
        "An invalid\r\nkey.",
    ],
)
def test_what_a_provider_says_about_an_error_is_passed_on(provider, fetcher, body):
    provider.say(provider.reply(body, 403))
    with pytest.raises(SourceError, match=r"HTTP 403 and said: An invalid key\. Its"):
        fetcher.get(STATE, provider.url)


def test_a_refusal_names_the_variable_of_the_token(provider, fetcher):
    provider.say(provider.reply(b"", 401))
    state = replace(STATE, access_setting="github_token", access_from="https://github.com")
    with pytest.raises(SourceError, match="SKYWRIGHT_GITHUB_TOKEN: https://github.com"):
        fetcher.get(state, provider.url)


def test_a_feed_is_no_web_page_but_a_page_in_xml_is(provider, fetcher):
    provider.say('<?xml version="1.0"?><rss></rss>')
    assert fetcher.get(STATE, provider.url).status == 200
    provider.say('<?xml version="1.0"?><!DOCTYPE html><html></html>')
    with pytest.raises(SourceError, match="web page"):
        fetcher.get(STATE, f"{provider.url}/page")


def test_a_token_does_not_follow_a_redirect_to_another_host(provider, tmp_path):
    away = provider.url.replace("127.0.0.1", "localhost") + "/away"
    provider.say(provider.reply(b"", 301, {"Location": away}), BODY)
    headers = {"X-Api-Key": "secret"}
    with Fetcher(tmp_path / "raw", BlobStore(tmp_path / "b"), headers=headers) as fetcher:
        assert fetcher.get(STATE, provider.url).content == BODY
    (_, _, first), (_, _, second) = provider.asked
    assert "secret" in first.values()
    assert "secret" not in second.values()


def test_a_host_without_an_address_is_asked_once(fetcher, waits, monkeypatch):
    def none(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    with pytest.raises(SourceError, match="no address was found for archive.invalid") as caught:
        fetcher.get(STATE, "http://archive.invalid/tap?query=secret")
    assert "secret" not in caught.value.message
    assert waits == []
