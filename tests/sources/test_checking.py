"""Sources are asked whether they answer: one small request each, on the loopback device."""

import dataclasses
import json

import httpx
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.settings import Settings, get_settings
from skywright.sources import checking
from skywright.sources.checking import Checked, check
from skywright.sources.registry import source_named, source_states

VOTABLE = b'<VOTABLE><RESOURCE type="results"><INFO name="QUERY_STATUS" value="%s"/></RESOURCE>'


@pytest.fixture
def asked(provider):
    """Check one source at the address of the test's server."""

    def asked(name, known=(), **settings):
        state = source_named(name)
        given = {state.url_setting: provider.url + "/base"} | settings
        return check([state], Settings(**given), known=known)[0]

    return asked


def reply(provider, body=b"[]", status=200, **headers):
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    provider.say(provider.reply(body, status, told))


def test_a_source_that_answers_is_reachable_with_the_time_it_took(asked, provider):
    reply(provider)
    found = asked("spacex")
    assert (found.outcome, found.status, found.remark) == ("reachable", 200, "")
    assert found.took_ms is not None
    assert found.checked_utc.endswith("Z")
    assert found.url == provider.url + "/base"
    path, _, headers = provider.asked[0]
    assert (len(provider.asked), path) == (1, "/base/company")
    assert headers["User-Agent"].startswith("skywright/")


@pytest.mark.parametrize(
    ("answer", "outcome", "remark"),
    [
        ({"status": 404}, "refused", "HTTP 404"),
        ({"status": 429, "Retry_After": "90"}, "refused", "HTTP 429, it asks to come back in 90 s"),
        ({"status": 503}, "refused", "HTTP 503"),
        ({"Content_Type": "text/html"}, "refused", "it answers with a web page instead of data"),
        ({"status": 302, "Location": "http://other.example/v5"}, "moved", "to http://other.example/v5"),
        ({"status": 301, "Location": "/base/company"}, "refused", "it sends from one address to"),
    ],
    ids=["missing", "busy", "down", "page", "another-host", "in-a-circle"],
)  # fmt: skip
def test_what_is_wrong_is_told(asked, provider, answer, outcome, remark):
    reply(provider, **answer)
    found = asked("spacex")
    assert found.outcome == outcome
    assert found.remark.startswith(remark)


def test_a_move_within_the_host_is_followed(asked, provider):
    moved = provider.reply("", 301, {"Location": "/new"})
    provider.say(moved, provider.reply("[]"))
    assert asked("spacex").outcome == "reachable"
    assert [path for path, _, _ in provider.asked] == ["/base/company", "/new"]


@pytest.mark.parametrize(("status", "outcome"), [(b"OK", "reachable"), (b"ERROR", "refused")])
def test_a_service_that_speaks_tap_is_asked_a_query(asked, provider, status, outcome):
    reply(provider, VOTABLE % status)
    assert asked("gaia").outcome == outcome
    path, query, _ = provider.asked[0]
    assert path == "/base/sync"
    assert query["QUERY"] == "SELECT TOP 1 schema_name FROM tap_schema.schemas"


def test_without_the_token_that_it_needs_a_source_is_not_asked(asked, provider):
    found = asked("ads")
    assert found.outcome == "needs a token"
    assert "SKYWRIGHT_ADS_TOKEN" in found.remark
    assert provider.asked == []


def test_a_refusal_for_want_of_a_token_names_it(asked, provider):
    reply(provider, status=403)
    assert asked("neows").remark.startswith("set SKYWRIGHT_NASA_API_KEY; get one at")
    assert asked("neows", nasa_api_key="mine").remark == "HTTP 403"
    assert [headers["X-Api-Key"] for _, _, headers in provider.asked] == ["DEMO_KEY", "mine"]


def test_a_retired_source_is_not_asked(asked, provider):
    found = asked("mars-photos")
    assert (found.outcome, found.took_ms) == ("retired", None)
    assert "in its place" in found.remark
    assert provider.asked == []


def test_a_source_that_takes_no_connection_is_unreachable(asked):
    found = asked("spacex", spacex_url="http://127.0.0.1:9/v4")
    assert (found.outcome, found.status) == ("unreachable", None)


def test_an_endless_answer_is_not_read_to_its_end(asked, provider, monkeypatch):
    read = []
    beginning = checking._beginning
    monkeypatch.setattr(checking, "_beginning", lambda *a: read.append(beginning(*a)) or read[-1])
    reply(provider, b"x" * 20_000_000)
    assert asked("mpc").outcome == "reachable"
    assert len(read[0]) < 1_000_000


@pytest.mark.parametrize(
    ("outcome", "age_s", "requests"),
    [("reachable", 3_000, 0), ("reachable", 8_000, 1), ("refused", 30, 0), ("refused", 90, 1),
     ("unreachable", 5, 1)],
    ids=["fresh", "old", "refused-now", "refused-before", "unreachable"],
)  # fmt: skip
def test_a_young_outcome_is_told_again_instead_of_asking(asked, provider, outcome, age_s, requests):
    import datetime as dt

    reply(provider)
    when = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_s)
    url = provider.url + "/base"
    last = Checked("celestrak", outcome, url, when.strftime("%Y-%m-%dT%H:%M:%SZ"), took_ms=7)
    found = asked("celestrak", known=[last])
    assert len(provider.asked) == requests
    assert (found == last) == (requests == 0)


def test_an_outcome_of_another_address_does_not_count(asked, provider):
    reply(provider)
    now = checking.dt.datetime.now(checking.dt.UTC).isoformat()
    last = Checked("spacex", "reachable", "https://elsewhere.example", now, took_ms=7)
    assert asked("spacex", known=[last]).url.startswith(provider.url)


def test_two_sources_at_one_address_are_asked_once(provider):
    reply(provider, VOTABLE % b"OK")
    states = [source_named("cadc"), source_named("neossat")]
    found = check(states, Settings(cadc_url=provider.url))
    assert [one.name for one in found] == ["cadc", "neossat"]
    assert {one.outcome for one in found} == {"reachable"}
    assert len(provider.asked) == 1


def test_each_source_that_answers_declares_its_smallest_request():
    bare = {"spacenews"}  # a feed, which is one small document
    states = source_states().values()
    missing = {one.name for one in states if one.status != "retired" and not one.smallest}
    assert missing == bare
    for state in states:
        address = checking._address(state, Settings())
        assert httpx.URL(address).host == httpx.URL(state.url(Settings())).host
        assert "{" not in address


def test_outcomes_are_remembered_beside_those_of_others(tmp_path):
    settings = Settings(data_dir=tmp_path / "new")
    assert checking.remembered(settings) == {}
    one = Checked("gaia", "reachable", "u", "2026-11-21T00:00:00Z", 5, 200)
    checking.remember([one], settings)
    other = dataclasses.replace(one, name="simbad")
    checking.remember([other], settings)
    assert checking.remembered(settings) == {"gaia": one, "simbad": other}
    (tmp_path / "new" / "sources-checked.json").write_text("[{")
    assert checking.remembered(settings) == {}


def run(*words):
    return CliRunner().invoke(app, ["sources", *words])


@pytest.fixture
def spacex(provider, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_SPACEX_URL", provider.url)
    get_settings.cache_clear()
    return provider


def test_the_command_tells_and_the_list_shows_the_last_check(spacex):
    reply(spacex)
    done = run("check", "spacex", "mars-photos")
    assert done.exit_code == 0, done.output
    assert "spacex             reachable" in done.stdout
    assert "mars-photos        retired" in done.stdout
    assert "2 of 2 sources are as they should be" in done.stderr
    assert "    last check  reachable, 20" in run().stdout
    told = {one["name"]: one for one in json.loads(run("--json").stdout)["sources"]}
    assert told["spacex"]["last_check"]["status"] == 200
    assert told["gaia"]["last_check"] is None


def test_one_that_refuses_ends_with_exit_code_3(spacex):
    reply(spacex, status=500)
    done = run("check", "spacex", "--json")
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert told["bad"] == ["spacex"]
    assert told["checked"][0]["outcome"] == "refused"


def test_an_unknown_name_is_refused_before_anything_is_asked(spacex):
    done = run("check", "spacex", "nasa")
    assert "There is no source 'nasa'" in str(done.exception)
    assert spacex.asked == []


@pytest.mark.slow
def test_all_stand_ins_of_the_sandbox_answer_and_nobody_else_is_asked():
    done = run("check", "--sandbox", "--json")
    assert done.exit_code == 0, done.output
    told = {one["name"]: one["outcome"] for one in json.loads(done.stdout)["checked"]}
    assert set(told.values()) == {"reachable"}
    assert {"gaia", "simbad", "vizier", "mast", "ads", "arxiv", "apod", "neows"} <= set(told)
    assert checking.remembered(get_settings()) == {}


def test_what_the_sandbox_has_no_stand_in_for_is_refused():
    assert "no stand-in for faa" in str(run("check", "faa", "gaia", "--sandbox").exception)
