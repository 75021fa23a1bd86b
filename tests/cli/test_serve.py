"""``skywright serve`` on a real socket: what it says, what it refuses, and how it ends."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
import typer
from typer.testing import CliRunner

from skywright.cli import keys, serve
from skywright.errors import InputError, SkywrightError
from skywright.store.database import HEAD

_COMMAND = (
    "import typer; from skywright.cli import serve; a = typer.Typer(); serve.register(a); a()"
)


def _app():
    app = typer.Typer()
    serve.register(app)
    app.add_typer(keys.app, name="keys")
    return app


@contextmanager
def _running(*options):
    command = [sys.executable, "-c", _COMMAND, "serve", "--port", "0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield server, _greeting(server)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def _greeting(server):
    lines = []
    while len(lines) < 7:
        line = server.stdout.readline()
        if not line:
            break
        lines.append(line.rstrip())
    return lines


def _url(lines):
    return re.search(r"http://\S+", lines[0]).group()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def greeting(folder):
    """What a server says that nobody changes or stops while these tests run."""
    with _running("--data-dir", str(folder)) as (_, lines):
        yield lines


def test_it_says_where_it_listens_what_it_holds_and_what_to_try(greeting):
    assert re.fullmatch(r"skywright listens on http://127\.0\.0\.1:\d+", greeting[0])
    assert greeting[1].startswith("Models: ")
    assert greeting[2].startswith("There is no API key on record: only requests from this")
    assert [line.split()[0] for line in greeting[4:7]] == ["curl"] * 3


def test_it_answers_refuses_and_keeps_what_it_was_told(greeting, folder):
    with httpx.Client(base_url=_url(greeting), timeout=30) as client:
        assert client.get("/health").json()["status"] == "ok"
        assert client.get("/health", headers={"host": "evil.example"}).status_code == 403
        body = {"e": -1, "epoch_jd_tdb": 2461000.5}
        assert client.post("/api/predict", json=body).status_code == 422
        raw = b"x" * (17 * 2**20)
        assert _status_of_a_large_body(client, raw) in {413, None}
    assert (folder / "skywright.db").is_file()


def _status_of_a_large_body(client, raw):
    """The server may close the connection before all is sent; that is a refusal as well."""
    try:
        return client.post("/api/predict", content=raw).status_code
    except httpx.TransportError:
        return None


def test_a_raw_socket_with_nonsense_does_not_stop_it(greeting):
    url = _url(greeting)
    host, port = url.removeprefix("http://").split(":")
    for junk in (b"\0\0\0", b"GET / HTTP/9\r\n\r\n", b"POST /api/predict HTTP/1.1\r\nContent-"):
        with socket.create_connection((host, int(port))) as link:
            link.sendall(junk)
    assert httpx.get(url + "/health").status_code == 200


def test_listening_to_the_world_without_a_key_is_refused():
    result = CliRunner().invoke(_app(), ["serve", "--host", "0.0.0.0"])
    assert isinstance(result.exception, InputError)
    assert "Listening on 0.0.0.0 would let everyone in" in str(result.exception)


def test_a_taken_port_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_LOG_LEVEL", "error")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-c", _COMMAND, "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"could not listen on 127.0.0.1:{port}" in done.stderr


def test_it_stops_when_asked_and_within_seconds():
    with _running() as (server, _):
        server.send_signal(signal.SIGTERM)
        started = time.monotonic()
        server.wait(timeout=30)
    assert time.monotonic() - started < 15


def test_the_database_is_brought_up_to_date_by_hand_too(tmp_path):
    result = CliRunner().invoke(_app(), ["db", "upgrade"])
    assert result.exit_code == 0
    assert (tmp_path / "skywright" / "skywright.db").is_file()
    assert f"revision {HEAD}" in result.stderr


def test_a_key_made_while_it_runs_shuts_the_door_to_strangers():
    with _running() as (_, lines), httpx.Client(base_url=_url(lines), timeout=30) as client:
        assert client.get("/metrics").status_code == 200
        made = CliRunner().invoke(_app(), ["keys", "create", "page", "--json"])
        secret = json.loads(made.stdout)["key"]
        deadline = time.monotonic() + 20
        while client.get("/metrics").status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        headers = {"authorization": f"Bearer {secret}"}
        assert client.get("/metrics", headers=headers).status_code == 200


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(_app(), ["serve", "--data-dir", str(tmp_path / "file" / "x")])
    assert isinstance(result.exception, SkywrightError)
    assert "cannot be opened" in str(result.exception)
