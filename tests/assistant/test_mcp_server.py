"""The tools through the Model Context Protocol, asked by the client of its own package."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import types
from contextlib import asynccontextmanager, contextmanager

import anyio
import httpx
import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.assistant.mcp_server import make_server
from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.cli.main import app
from skywright.errors import InputError, MissingExtraError
from skywright.foundry.tool import tool_names
from skywright.settings import get_settings
from skywright.sources.sandbox.running import Options, running_sandbox

mcp = pytest.importorskip("mcp")
_START = "import sys; from skywright.cli.main import main; sys.argv[0] = 'skywright'; main()"
CONE = {"ra_deg": 150.0, "dec_deg": -20.0}


WAITING_TOOLS = """
from pathlib import Path
from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk

def count_steps(desk: Desk, steps: int = 3) -> ToolResult:
    "Count steps."
    for k in range(steps):
        desk.progress(f"step {k + 1} of {steps}")
        desk.stop.wait(0.2)
    return ToolResult(text="Counted.")

def wait_for_stop(desk: Desk, mark: str) -> ToolResult:
    "Wait until one is told to stop."
    desk.progress("waiting")
    if desk.stop.wait(60):
        Path(mark).write_text("stopped")
    desk.check_stop()
    return ToolResult(text="Waited.")
"""


def with_waiting_tools(site):
    """Install a package with tools that take their time into a folder."""
    meta = site / "waiting-1.0.dist-info"
    meta.mkdir(parents=True)
    (site / "waiting_tools.py").write_text(WAITING_TOOLS)
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: waiting\nVersion: 1.0\n")
    points = "".join(
        f"{name} = waiting_tools:{name.replace('-', '_')}\n"
        for name in ("count-steps", "wait-for-stop")
    )
    (meta / "entry_points.txt").write_text(f"[skywright.tools]\n{points}")
    return site


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Environment of a server whose services are stand-ins with forty red and sixty blue stars."""
    folder = tmp_path_factory.mktemp("stars")
    stars = {
        "source_id": range(1, 101),
        "ra": [150.0 + 0.0005 * k for k in range(100)],
        "dec": [-20.0] * 100,
        "phot_g_mean_mag": [13.0] * 100,
        "phot_bp_mean_mag": [15.0 if k < 40 else 13.2 for k in range(100)],
        "phot_rp_mean_mag": [13.0] * 100,
    }
    pl.DataFrame(stars).write_csv(folder / "field_gaia_dr3.csv")
    options = Options(cache=tmp_path_factory.mktemp("cache"))
    site = with_waiting_tools(tmp_path_factory.mktemp("site"))
    with running_sandbox(folder, options=options) as running:
        data = {"SKYWRIGHT_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
        yield running.environment() | data | {"PYTHONPATH": str(site)}


@pytest.fixture(scope="module")
def url(places):
    with over_http(places) as served:
        yield served


@pytest.fixture
def own_places(places, tmp_path):
    return places | {"SKYWRIGHT_DATA_DIR": str(tmp_path / "own")}


def over_stdio(places, *options, errlog=sys.stderr):
    from mcp.client.stdio import StdioServerParameters, stdio_client

    server = StdioServerParameters(
        command=sys.executable, args=["-c", _START, "mcp", *options], env=places
    )
    return stdio_client(server, errlog=errlog)


@contextmanager
def over_http(places):
    command = [sys.executable, "-c", _START, "mcp", "--http", "--port", "0"]
    environment = os.environ | places
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            yield re.search(r"http://\S+/mcp", server.stdout.readline()).group()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)


@asynccontextmanager
async def asking(server, mode="auto"):
    from mcp.client import Client

    async with Client(server, mode=mode) as client:
        yield client


def asked(server, *calls, mode="auto"):
    """Return what a client is answered to some calls of one session."""

    async def ask():
        async with asking(server, mode) as client:
            return [await client.call_tool(name, given) for name, given in calls]

    return anyio.run(ask)


def listed(server):
    async def ask():
        async with asking(server) as client:
            return (await client.list_tools()).tools

    return anyio.run(ask)


@pytest.fixture
def server(tmp_path):
    return make_server(get_settings(), tmp_path / "files")


def test_every_tool_is_offered_with_schemas_and_as_one_that_only_reads(server):
    tools = listed(server)
    assert [one.name for one in tools] == tool_names()
    assert all(one.annotations.read_only_hint for one in tools)
    assert all(one.input_schema["type"] == "object" for one in tools)
    assert all({"text", "data", "origins"} <= set(one.output_schema["properties"]) for one in tools)


def test_no_tool_asks_its_caller_for_a_desk(server):
    assert not [one for one in listed(server) if "desk" in one.input_schema["properties"]]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("resolve-name", {"nam": "M31"}, "resolve-name has no argument 'nam'; did you mean name?"),
        ("cone-search", CONE | {"radius_deg": 11}, "less than or equal to 10"),
        ("resolve-nane", {"name": "M31"}, "There is no tool 'resolve-nane'. Near it: resolve-name"),
        ("plot-cmd", {}, "There is no table"),
    ],
)
def test_what_fails_is_an_error_of_the_tool_in_a_sentence(server, name, given, said):
    (answer,) = asked(server, (name, given))
    assert answer.is_error
    assert answer.structured_content is None
    assert said in answer.content[0].text


def test_a_result_is_told_in_words_and_as_values(server):
    (answer,) = asked(server, ("list-sources", {}))
    assert not answer.is_error
    assert answer.content[0].text.startswith(answer.structured_content["text"])


TOLD = threading.Event()


def dawdle(desk: Desk) -> ToolResult:
    """Wait until one is told to stop."""
    if desk.stop.wait(60):
        TOLD.set()
    desk.check_stop()
    return ToolResult(text="Waited.")


@pytest.fixture
def a_slow_tool(tmp_path, monkeypatch):
    meta = tmp_path / "site" / "slow-1.0.dist-info"
    meta.mkdir(parents=True)
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[skywright.tools]\ndawdle = slow_tool:dawdle\n")
    module = types.ModuleType("slow_tool")
    module.dawdle = dawdle
    monkeypatch.setitem(sys.modules, "slow_tool", module)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.mark.usefixtures("a_slow_tool")
def test_a_tool_that_takes_too_long_is_stopped(tmp_path):
    hasty = make_server(get_settings(), tmp_path / "files", most_s=0.1)
    (answer,) = asked(hasty, ("dawdle", {}))
    assert answer.is_error
    assert answer.content[0].text.startswith("The tool dawdle was stopped after 0.1 s.")


@pytest.mark.usefixtures("a_slow_tool")
def test_a_call_that_nobody_waits_for_any_more_is_stopped(server):
    async def give_up():
        async with asking(server) as client:
            with anyio.move_on_after(0.5):
                await client.call_tool("dawdle", {})
            return await anyio.to_thread.run_sync(TOLD.wait, 30)

    TOLD.clear()
    assert anyio.run(give_up)


def test_a_missing_package_is_told_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(MissingExtraError, match=r"skywright\[mcp\]"):
        make_server(get_settings(), tmp_path)


def test_listening_to_the_world_without_a_key_is_refused():
    done = CliRunner().invoke(app, ["mcp", "--http", "--host", "0.0.0.0"])
    assert isinstance(done.exception, InputError)
    assert "would let everyone in" in str(done.exception)


@pytest.mark.service
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_table_is_carried_over_to_the_next_call(places, mode):
    cut = ("colour-cut", {"low": 1.0, "high": 3.0})
    answers = asked(over_stdio(places), ("cone-search", CONE), cut, ("plot-cmd", {}), mode=mode)
    assert [one.is_error for one in answers] == [False] * 3
    found, red, drawn = (one.structured_content for one in answers)
    assert (found["data"]["count"], red["data"]["kept"]) == (100, 40)
    assert drawn["table"] == red["table"]
    assert answers[2].content[1].mime_type == "image/png"


WAYS = [("stdio", "auto"), ("http", "legacy"), ("http", "auto")]


@pytest.fixture(params=WAYS, ids=["-".join(one) for one in WAYS])
def reached(request, places):
    """A server over each transport and version of the protocol, and the mode to ask it in."""
    way, mode = request.param
    return (over_stdio(places) if way == "stdio" else request.getfixturevalue("url")), mode


@pytest.mark.service
def test_a_table_travels_as_csv_and_only_within_its_session(reached, url):
    from mcp import MCPError

    server, mode = reached

    async def ask():
        async with asking(server, mode) as client:
            found = await client.call_tool("cone-search", CONE)
            files = (await client.list_resources()).resources
            whole = (await client.read_resource(files[-1].uri)).contents[0]
        async with asking(url, "legacy") as other:
            theirs = (await other.list_resources()).resources
            with pytest.raises(MCPError, match="This session has no file"):
                await other.read_resource(files[-1].uri)
        return found, files, whole, theirs

    found, files, whole, theirs = anyio.run(ask)
    table = next(one for one in found.content if one.type in {"resource", "resource_link"})
    assert whole.mime_type == files[-1].mime_type == "text/csv"
    assert pl.read_csv(whole.text.encode()).height == 100
    assert (table.resource.text if table.type == "resource" else whole.text) == whole.text
    assert theirs == []


@pytest.mark.service
def test_progress_of_a_tool_is_passed_on(reached):
    server, mode = reached
    told = []

    async def listen(done, total, words):
        told.append((done, words))

    async def ask():
        async with asking(server, mode) as client:
            return await client.call_tool("count-steps", {}, progress_callback=listen)

    assert anyio.run(ask).content[0].text.startswith("Counted.")
    assert [words for _, words in told] == [f"step {k} of 3" for k in (1, 2, 3)]
    assert [done for done, _ in told] == sorted({done for done, _ in told})


@pytest.mark.service
def test_a_client_that_gives_up_stops_the_tool(reached, tmp_path):
    server, mode = reached
    mark = tmp_path / "mark"

    async def ask():
        async with asking(server, mode) as client:
            has_begun = anyio.Event()

            async def listen(done, total, words):
                has_begun.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait, client, listen)
                with anyio.fail_after(30):
                    await has_begun.wait()
                tasks.cancel_scope.cancel()
            with anyio.fail_after(30):
                while not mark.exists():
                    await anyio.sleep(0.05)
            return await client.call_tool("list-sources", {})

    async def wait(client, listen):
        await client.call_tool("wait-for-stop", {"mark": str(mark)}, progress_callback=listen)

    assert not anyio.run(ask).is_error


@pytest.mark.service
def test_standard_output_carries_the_protocol_alone(places):
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "by hand", "version": "1"},
    }
    call = {"name": "cone-search", "arguments": {"target": "no such star 77"}}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
    ]
    command = [sys.executable, "-c", _START, "mcp"]
    environment = os.environ | places | {"SKYWRIGHT_LOG_LEVEL": "debug"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment,
    ) as server:  # fmt: skip
        for line in lines:
            server.stdin.write(json.dumps(line) + "\n")
        server.stdin.flush()
        answers = [json.loads(server.stdout.readline()) for _ in range(2)]
        rest, logged = server.communicate(timeout=60)
    assert [one["id"] for one in answers] == [1, 2]
    assert answers[1]["result"]["isError"]
    assert rest == ""
    assert logged


@pytest.mark.service
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_over_http_tables_are_carried_over_too(url, mode):
    bad = ("resolve-name", {"nam": "M31"})
    calls = (("cone-search", CONE), ("colour-cut", {"low": 1, "high": 3}), bad)
    found, red, refused = asked(url, *calls, mode=mode)
    assert found.structured_content["data"]["count"] == 100
    assert red.structured_content["data"]["kept"] == 40
    assert refused.is_error


@pytest.mark.service
def test_over_http_another_session_finds_no_table(url):
    asked(url, ("cone-search", CONE), mode="legacy")
    (other,) = asked(url, ("plot-cmd", {}), mode="legacy")
    assert "There is no table" in other.content[0].text


@asynccontextmanager
async def under_an_id(url, id_, key=""):
    """Connect with a session id of one's own."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(headers={"mcp-session-id": id_, "x-api-key": key}, timeout=60) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


@pytest.mark.service
def test_without_sessions_in_the_protocol_an_id_of_ones_own_keeps_tables_apart(url):
    version = "2026-07-28"
    (found,) = asked(under_an_id(url, "a"), ("cone-search", CONE), mode=version)
    (other,) = asked(under_an_id(url, "b"), ("plot-cmd", {}), mode=version)
    (same,) = asked(under_an_id(url, "a"), ("colour-cut", {"low": 1, "high": 3}), mode=version)
    assert not found.is_error
    assert "There is no table" in other.content[0].text
    assert same.structured_content["data"]["kept"] == 40


def new_key_of(places, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_DATA_DIR", places["SKYWRIGHT_DATA_DIR"])
    get_settings.cache_clear()
    made = CliRunner().invoke(app, ["keys", "create", "desk", "--role", "viewer", "--json"])
    return json.loads(made.stdout)["key"]


@pytest.mark.service
def test_a_key_never_finds_the_tables_of_another(own_places, monkeypatch):
    one, other = (new_key_of(own_places, monkeypatch) for _ in range(2))
    version = "2026-07-28"
    with over_http(own_places) as url:
        (found,) = asked(under_an_id(url, "a", one), ("cone-search", CONE), mode=version)
        (theirs,) = asked(under_an_id(url, "a", other), ("plot-cmd", {}), mode=version)
    assert not found.is_error
    assert "There is no table" in theirs.content[0].text


@pytest.mark.service
def test_over_http_a_page_of_another_site_and_a_missing_key_are_refused(own_places, monkeypatch):
    hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accepts = {"accept": "application/json, text/event-stream"}
    with over_http(own_places) as url:
        foreign = httpx.post(url, json=hello, headers={**accepts, "host": "evil.example"})
        key = new_key_of(own_places, monkeypatch)
        anyio.run(anyio.sleep, 1.2)  # until the server looks for keys again
        without = httpx.post(url, json=hello, headers=accepts)
        given = httpx.post(url, json=hello, headers={**accepts, "authorization": f"Bearer {key}"})
    assert foreign.status_code == 403
    assert without.status_code == 401
    assert given.status_code not in {401, 403}
