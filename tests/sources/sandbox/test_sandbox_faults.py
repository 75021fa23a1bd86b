"""Faults on demand: each kind, switched while it runs, and what our own client makes of them."""

import datetime as dt
from email.utils import parsedate_to_datetime

import httpx
import pytest

from skywright.errors import InputError, SourceError
from skywright.sources.collecting import Visit, Wish, visit, visiting
from skywright.sources.exoplanets import COLLECTOR
from skywright.sources.sandbox import faults
from skywright.sources.sandbox.running import Options, running_sandbox

QUERY = {"QUERY": "SELECT TOP 3 pl_name FROM pscomppars", "FORMAT": "votable"}


@pytest.fixture
def faulty(sandbox):
    """Ask the Exoplanet Archive with a fault."""

    def ask(kind, timeout=30.0):
        sandbox.faults.set("exoplanets", kind)
        return httpx.get(f"{sandbox.url}/exoplanets/tap/sync", params=QUERY, timeout=timeout)

    yield ask
    sandbox.faults.clear()


@pytest.mark.parametrize("kind", ["429", "500", "502", "503"])
def test_a_status_is_answered(faulty, kind):
    answer = faulty(kind)
    assert answer.status_code == int(kind)
    assert ("retry-after" in answer.headers) == (kind in {"429", "503"})


def test_a_page_comes_instead_of_a_table(faulty):
    answer = faulty("html")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")


def test_nothing_comes(faulty):
    assert faulty("empty").content == b""


def test_a_table_without_rows_comes(faulty):
    body = faulty("empty-table").text
    assert "<TABLEDATA></TABLEDATA>" in body
    assert '<FIELD name="pl_name"' in body


@pytest.mark.parametrize(
    ("service", "path", "asked", "stays", "goes"),
    [
        ("arxiv", "/arxiv/api/query", {"search_query": "all:gaia"}, "<feed", "<entry>"),
        (
            "ads",
            "/ads/v1/search/query",
            {"q": "gaia", "fl": "title"},
            '"numFound": 0',
            '"title": [',
        ),
        ("gcat", "/gcat/tsv/tables/sites.tsv", {}, "#Site", "Canaveral"),
    ],
    ids=["feed", "json", "text"],
)
def test_an_answer_of_any_form_comes_without_its_rows(
    sandbox, faulty, service, path, asked, stays, goes
):
    sandbox.faults.set(service, "empty-table")
    token = {"Authorization": "Bearer x"}
    body = httpx.get(f"{sandbox.url}{path}", params=asked, headers=token, timeout=30).text
    assert stays in body
    assert goes not in body


def test_a_table_says_it_was_cut(faulty):
    assert 'value="OVERFLOW"' in faulty("overflow").text


def test_the_type_is_another(faulty):
    answer = faulty("wrong-type")
    assert answer.headers["content-type"] == "image/png"
    assert "<VOTABLE" in answer.text


def test_the_clock_is_two_days_off(faulty):
    answer = faulty("clock-skew")
    now = dt.datetime.now(dt.UTC)
    assert now - parsedate_to_datetime(answer.headers["date"]) > dt.timedelta(days=1)
    assert answer.headers["retry-after"] == answer.headers["date"]


def test_the_token_has_expired(faulty):
    assert faulty("expired-token").status_code == 401


def test_the_answer_is_cut(faulty):
    with pytest.raises(httpx.RemoteProtocolError):
        faulty("cut")


def test_a_slow_answer_is_late(faulty, monkeypatch):
    monkeypatch.setattr(faults, "SLOW_S", 0.5)
    with pytest.raises(httpx.ReadTimeout):
        faulty("slow", timeout=0.2)


def test_a_quota_ends(faulty):
    statuses = [faulty("quota").status_code]
    url = str(faulty("quota").url)
    statuses += [httpx.get(url).status_code for _ in range(faults.QUOTA)]
    assert statuses == [200] * faults.QUOTA + [429]


def test_other_services_stay_well(sandbox, faulty):
    faulty("500")
    assert httpx.get(f"{sandbox.url}/spacex/v4/rockets").status_code == 200


def test_faults_are_switched_over_http(sandbox):
    page = f"{sandbox.url}/_faults"
    assert httpx.put(page, json={"ads": "429"}).json()["faults"] == {"ads": "429"}
    assert httpx.get(f"{sandbox.url}/ads/v1/search/query").status_code == 429
    assert httpx.put(page, json={"ads": None}).json()["faults"] == {}
    assert httpx.put(page, json={"ads": "rain"}).status_code == 422
    assert httpx.delete(page).json()["faults"] == {}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("html", "web page"),
        ("empty", "JSON"),
        ("cut", "attempts"),
        ("500", "attempts"),
        ("expired-token", "401"),
    ],
)
def test_our_client_says_what_was_wrong(sandbox, fetcher, kind, words):
    sandbox.faults.set("exoplanets", kind)
    one = Visit(COLLECTOR.state, fetcher, sandbox.settings(), Wish(limit=2))
    try:
        with pytest.raises(SourceError, match=words):
            visit(COLLECTOR, "planets", one)
    finally:
        sandbox.faults.clear()


@pytest.mark.parametrize("kind", ["500", "cut"])
def test_a_tool_s_visit_gives_up_after_three_attempts(sandbox, kind):
    sandbox.faults.set("exoplanets", kind)
    try:
        with (
            visiting(COLLECTOR, sandbox.settings()) as one,
            pytest.raises(SourceError, match="did not answer after 3 attempts"),
        ):
            visit(COLLECTOR, "planets", one)
    finally:
        sandbox.faults.clear()


def test_our_client_waits_as_long_as_it_is_told(sandbox, fetcher, waits):
    sandbox.faults.set("exoplanets", "429")
    one = Visit(COLLECTOR.state, fetcher, sandbox.settings(), Wish(limit=2))
    fetcher._wait = lambda seconds: (waits.append(seconds), sandbox.faults.clear())
    assert visit(COLLECTOR, "planets", one).height == 2
    assert waits == [1.0]


@pytest.mark.parametrize("text", ["gaia", "gaia:rain", "mars:429"])
def test_a_fault_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(InputError):  # noqa: PT012 - either step may refuse
        service, kind = faults.parse_fault(text)
        with running_sandbox(options=Options(cache=tmp_path, faults={service: kind})):
            pass


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"), running_sandbox(tmp_path / "none"):
        pass


def test_a_port_that_is_taken_is_refused(sandbox):
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(InputError, match=f"Port {port}"), running_sandbox(options=Options(port)):
        pass
