"""``skywright sources`` and ``skywright collect NAME`` against a loopback server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import NotFoundError, SourceError
from skywright.foundry.data.datasets import Datasets
from skywright.settings import get_settings
from skywright.sources.collecting import GROUP

LAUNCHES = [
    {"id": f"l{k}", "name": f"Test {k}", "date_utc": f"202{k}-01-01T00:00:00.000Z"}
    for k in range(3)
]


class _Provider(BaseHTTPRequestHandler):
    def do_GET(self):
        route = urlsplit(self.path).path.removeprefix("/")
        if route in self.server.broken:
            self.send_error(403)
            return
        body = json.dumps(LAUNCHES if route == "launches" else []).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def spacex(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    server.daemon_threads = True
    server.broken = set()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("SKYWRIGHT_SPACEX_URL", url)
    get_settings.cache_clear()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_sources_are_listed_with_state_limits_and_token():
    result = _run("sources", "--json")
    assert result.exit_code == 0, result.output
    told = {one["name"]: one for one in json.loads(result.stdout)["sources"]}
    assert told["spacex"]["state"] == "frozen since 2022-12-05, replaced by launch-library"
    assert told["sbdb"]["status"] == "live"
    assert told["github"]["token_variable"] == "SKYWRIGHT_GITHUB_TOKEN"
    assert all(one["rate_limit"] and one["licence"] and one["url"] for one in told.values())


def test_the_list_for_reading_never_shows_a_token(monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_GITHUB_TOKEN", "very-secret")
    get_settings.cache_clear()
    result = _run("sources")
    assert "better with one: SKYWRIGHT_GITHUB_TOKEN, set" in result.output
    assert "very-secret" not in result.output + _run("sources", "--json").output


def test_collecting_by_name_gives_datasets_with_provenance(spacex):
    result = _run("collect", "spacex", "--since", "2021-01-01", "--json")
    assert result.exit_code == 0, result.output
    told = {one["part"]: one for one in json.loads(result.stdout)["datasets"]}
    assert (told["launches"]["rows"], told["crew"]["rows"]) == (2, 0)
    assert told["crew"]["dataset"] is None
    record = Datasets.of().find(told["launches"]["dataset"])
    assert (record.name, record.source, record.licence) == (
        "spacex-launches",
        "spacex",
        "Apache-2.0",
    )
    facts = record.manifest["facts"]
    assert facts["state"].startswith("frozen since 2022-12-05")
    assert facts["provenance"][0]["url"].endswith("/launches")


def test_the_same_answer_is_the_same_version(spacex):
    first, second = (_run("collect", "source", "spacex", "--limit", "1", "--json") for _ in "ab")
    assert json.loads(first.stdout)["datasets"][0] == json.loads(second.stdout)["datasets"][0]
    assert json.loads(first.stdout)["datasets"][0]["rows"] == 1


def test_a_part_that_fails_does_not_cost_the_others(spacex):
    spacex.broken.add("starlink")
    result = _run("collect", "spacex")
    assert result.exit_code == 3
    assert "without starlink" in result.stderr
    assert "spacex-launches@1" in result.stderr


def test_a_source_that_refuses_everything_is_one_error(spacex):
    spacex.broken |= {"launches", "rockets", "capsules", "crew", "payloads", "starlink", "company"}
    result = _run("collect", "spacex")
    assert isinstance(result.exception, SourceError)
    assert Datasets.of().list() == []


def test_an_unknown_name_lists_the_sources():
    result = _run("collect", "nasa")
    assert isinstance(result.exception, NotFoundError)
    assert "spacex" in str(result.exception)


def test_near_earth_objects_keep_their_command():
    assert "--with-covariance" in _run("collect", "neo", "--help").output


@pytest.mark.parametrize("name", ["mars-photos", "earth-imagery"])
def test_a_retired_source_ends_with_a_sentence_and_exit_code_3(name):
    result = _run("collect", name)
    assert isinstance(result.exception, SourceError)
    assert result.exception.exit_code == 3
    assert "In its place:" in str(result.exception)


def test_every_source_that_is_not_retired_can_be_collected_or_belongs_to_another_command():
    told = json.loads(_run("sources", "--json").stdout)["sources"]
    elsewhere = {"cad", "github", "huggingface", "mpc", "neocc", "sbdb", "sbdb-object", "sentry"}
    collected = {entry.name for entry in entry_points(group=GROUP)}
    ours = {one["name"] for one in told if one["status"] != "retired"} - elsewhere
    assert ours >= {"spacex", "launch-library", "gcat", "exoplanets", "apod", "neows", "celestrak"}
    assert ours <= collected


def _details(monkeypatch, words):
    monkeypatch.setitem(LAUNCHES[2], "details", words)


def test_what_rows_say_in_words_can_be_searched_at_once(spacex, monkeypatch):
    _details(monkeypatch, "The booster landed on a drone ship.")
    told = json.loads(_run("collect", "spacex", "--json").stdout)["datasets"]
    counts = next(one["texts"] for one in told if one["part"] == "launches")
    assert counts == {"documents": 1, "chunks": 1, "replaced": 0, "known_before": 0}
    hits = json.loads(_run("knowledge", "search", "drone ship", "--json").stdout)["hits"]
    assert hits[0]["source"].endswith("/launches/l2")
    assert "booster landed" in hits[0]["text"]


def test_a_text_that_the_service_changed_replaces_the_one_before(spacex, monkeypatch):
    _details(monkeypatch, "The booster landed.")
    _run("collect", "spacex")
    monkeypatch.setattr("skywright.sources.http._age_s", lambda _: 1e9)
    _details(monkeypatch, "The booster was lost.")
    assert "in the knowledge base 1 new, 1 replaced" in _run("collect", "spacex").stderr
    assert "in the knowledge base 1 there before" in _run("collect", "spacex").stderr
    listed = json.loads(_run("knowledge", "stats", "--documents", "--json").stdout)["listed"]
    assert len(listed) == 1


def test_texts_are_left_out_on_request(spacex, monkeypatch):
    _details(monkeypatch, "The booster landed on a drone ship.")
    result = _run("collect", "spacex", "--no-text", "--json")
    assert all("texts" not in one for one in json.loads(result.stdout)["datasets"])
    assert json.loads(_run("knowledge", "stats", "--json").stdout)["documents"] == 0
