"""Near-Earth objects as tools: found by name, told in sentences, offline with what ships."""

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.neo.tool_texts import assessed_text
from skywright.settings import get_settings


@pytest.fixture
def asked(tmp_path):
    desk = Desk(folder=tmp_path, settings=get_settings())
    return lambda tool, **given: run(ToolCall(id="1", tool=tool, arguments=given), desk)


def _are_sentences(text):
    return all(re.search(r"[.]$", line) for line in text.splitlines())


def test_an_asteroid_is_found_by_any_of_its_names_and_told_in_sentences(asked):
    told = asked("neo-assess", name="99942").result
    assert told.text.startswith("Apophis (2004 MN4) counts as potentially hazardous")
    assert "0.000382 au (57,177 km)" in told.text
    assert "H = 19.09 mag" in told.text
    assert "class ATE (Aten" in told.text
    assert "hand-compiled from JPL SBDB solution 220" in told.text
    assert _are_sentences(told.text)
    assert told.data["is_pha"]
    assert told.data["diameter_km_p50"] == pytest.approx(0.34)


def test_what_was_assessed_or_changed_is_what_is_spoken_of(tmp_path):
    desk = Desk(folder=tmp_path, settings=get_settings(), target="NGC 6397")
    run(ToolCall(id="1", tool="neo-assess", arguments={"name": "Apophis"}), desk)
    assert desk.target == "Apophis"


def test_what_is_not_hazardous_is_told_so(asked):
    told = asked("neo-assess", name="Eros").result
    assert "Eros (A898 PA) does not count as potentially hazardous" in told.text


def test_a_name_or_orbits_but_not_both(asked):
    assert "either name or objects" in asked("neo-assess").error


class _NobodyKnows(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b'{"message": "specified object was not found"}')

    def log_message(self, *_):
        pass


@pytest.fixture
def jpl(monkeypatch):
    """JPL's service for one object, which knows none."""
    server = HTTPServer(("127.0.0.1", 0), _NobodyKnows)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("SKYWRIGHT_SBDB_OBJECT_URL", f"http://127.0.0.1:{server.server_port}/sbdb")
    get_settings.cache_clear()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_the_catalogue_has_not_is_asked_of_jpl(jpl, asked):
    told = asked("neo-assess", name="Apofis").error
    assert "no object 'Apofis' among" in told
    assert "JPL Small-Body Database (one object) has nothing for 'Apofis'" in told
    assert "Nearest names: Apophis (2004 MN4)" in told


def test_what_jpl_knows_not_differs_from_jpl_that_cannot_be_asked(jpl, asked, monkeypatch):
    assert asked("neo-assess", name="Apofis").error_code == "not_found"
    monkeypatch.setenv("SKYWRIGHT_SBDB_OBJECT_URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    assert asked("neo-assess", name="Apofis").error_code == "source"


def test_a_change_is_told_beside_what_would_be_without_it(asked):
    request = {"object": "2024 YR4", "delta_v": [0.0, 0.01, 0.0], "at": "2028-01-01", "years": 5}
    told = asked("neo-simulate", request=request).result
    assert "As it is, 2024 YR4 has an orbit" in told.text
    assert "After the change, 2024 YR4 has an orbit" in told.text
    assert "The change moves the MOID by -3.6" in told.text
    assert _are_sentences(told.text)
    assert told.data["changed"]["moid_au"] < told.data["baseline"]["moid_au"]


def test_the_push_that_would_avoid_a_hit_is_a_sentence(asked):
    request = {"object": "Apophis", "deflection": True, "years": 5, "start": "2027-01-01"}
    told = asked("neo-simulate", request=request).result
    assert "No change of velocity is needed to miss" in told.text


def test_the_most_unusual_come_first_with_reasons_and_none_is_invented(asked):
    told = asked("neo-anomalies", limit=3).result
    first = told.data["objects"][0]
    assert first["designation"] == "1I/'Oumuamua"
    assert "the orbit is open" in told.text
    assert len(told.data["objects"]) == 3
    percentiles = [one["novelty_percentile"] for one in told.data["objects"]]
    assert percentiles == sorted(percentiles, reverse=True)
    assert {one["label"] for one in told.data["objects"]} == {"hand-compiled"}
    assert told.data["searched"] < 100


def test_without_h_nothing_is_said_of_hazard():
    text = assessed_text({"designation": "X", "moid_au": 0.01, "h_mag": None, "is_pha": None})
    assert "without H it cannot be told" in text
