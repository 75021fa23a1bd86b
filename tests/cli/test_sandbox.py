"""``skywright sandbox`` on a real socket: what it prints, and how it ends."""

import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
import typer
from typer.testing import CliRunner

from skywright.cli import sandbox
from skywright.errors import InputError

_COMMAND = (
    "import typer; from skywright.cli import sandbox; a = typer.Typer(); sandbox.register(a); a()"
)


@contextmanager
def _running(*options, before="", end=signal.SIGINT):
    command = [sys.executable, "-c", before + _COMMAND, "--port", "0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield server
    finally:
        server.send_signal(end)
        try:
            server.said = server.communicate(timeout=30)[1]
        finally:
            server.kill()
    assert server.returncode == 0


@pytest.mark.service
def test_it_prints_the_variables_and_answers():
    with _running() as server:
        line = server.stdout.readline()
        url = re.fullmatch(r"export SKYWRIGHT_GAIA_URL=(\S+)\n", line)[1]
        assert httpx.get(f"{url}/availability").status_code == 200


@pytest.mark.service
def test_json_tells_services_and_faults():
    with _running("--json", "--fault", "spacex:503") as server:
        told = json.loads(server.stdout.readline())
        assert told["faults"] == {"spacex": "503"}
        assert {"gaia", "ads", "spacex"} <= set(told["services"])
        assert (
            httpx.get(told["environment"]["SKYWRIGHT_SPACEX_URL"] + "/rockets").status_code == 503
        )


@pytest.mark.service
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_it_ends_by_a_signal_that_the_shell_had_it_ignore(end):
    ignored = "import signal as s; [s.signal(k, s.SIG_IGN) for k in (s.SIGINT, s.SIGTERM)]; "
    with _running(before=ignored, end=end) as server:
        server.stdout.readline()
    assert "Traceback" not in server.said


@pytest.mark.service
def test_a_connection_cut_on_demand_is_no_error_of_the_server():
    with _running("--json", "--fault", "spacex:cut") as server:
        url = json.loads(server.stdout.readline())["environment"]["SKYWRIGHT_SPACEX_URL"]
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/rockets")
    assert "Traceback" not in server.said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fault", "gaia"], "no colon"),
        (["--fault", "gaia:rain"], "There is no fault 'rain'"),
        (["--catalogues", "/nowhere/at/all"], "does not exist"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    app = typer.Typer()
    sandbox.register(app)
    result = CliRunner().invoke(app, options)
    assert isinstance(result.exception, InputError)
    assert words in str(result.exception)
