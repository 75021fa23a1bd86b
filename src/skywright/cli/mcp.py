"""``skywright mcp``: the tools for other assistants, over standard input and output or HTTP."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.ask import settings_with

if TYPE_CHECKING:
    from mcp.server import Server
    from starlette.types import ASGIApp, Receive, Scope, Send

    from skywright.api.doorkeeper import Doorkeeper
    from skywright.settings import Settings

_PORT = 8766
_LAST_WORDS_S = 2


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(mcp)
    app.command("mcp-servers")(mcp_servers)


def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Streamable HTTP instead of standard input and output.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="With --http: anything but loopback needs a key on record.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="With --http: TCP port; 0 takes a free one.", min=0, max=65535)
    ] = _PORT,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Keep tables and pictures here.", file_okay=False),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Ask stand-ins on this machine, not the services.")
    ] = False,
    catalogues: Annotated[
        Path | None, typer.Option(help="Folder of catalogue files.", file_okay=False)
    ] = None,
) -> None:
    """Offer the tools to other assistants through the Model Context Protocol (MCP).

    Without --http standard output carries the protocol alone; log lines go to standard error.
    """
    from skywright.assistant.mcp_server import make_server
    from skywright.logs import configure_logging

    with (
        settings_with(catalogues, None, is_sandbox=sandbox) as settings,
        tempfile.TemporaryDirectory(prefix="skywright-", ignore_cleanup_errors=True) as passing,
    ):
        configure_logging(settings.log_level, settings.log_format)
        server = make_server(settings, out.absolute() if out else Path(passing))
        if http:
            _serve_http(server, settings, host, port)
        else:
            _serve_stdio(server)


def mcp_servers(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List the tools of the MCP servers that you added, and which of them may be called.

    SKYWRIGHT_MCP_SERVERS names the file; "allow" of a server lists the tools that may be called.
    """
    from dataclasses import asdict

    from skywright.assistant.mcp_allowed import added_servers
    from skywright.assistant.mcp_tools import look_at
    from skywright.settings import get_settings

    seen = list(look_at(added_servers(get_settings())))
    if as_json:
        typer.echo(json.dumps({"tools": [asdict(one) for one in seen]}, ensure_ascii=False))
        return
    for one in seen:
        if one.error:
            typer.echo(f"{one.server}: {one.error}")
        else:
            word = "allowed" if one.is_allowed else "not allowed"
            typer.echo(f"{one.server} {one.tool} ({word}): {one.title}")
    if not seen:
        typer.echo("There are none: SKYWRIGHT_MCP_SERVERS is empty, or they offer nothing.")


def _serve_stdio(server: Server[Any]) -> None:
    import anyio

    from skywright.assistant.mcp_server import serve_stdio

    try:
        anyio.run(serve_stdio, server)
    except KeyboardInterrupt:
        return


def _serve_http(server: Server[Any], settings: Settings, host: str, port: int) -> None:
    import uvicorn

    from skywright.api.doorkeeper import Doorkeeper
    from skywright.assistant.mcp_server import http_app
    from skywright.cli.serve import listen
    from skywright.security.perimeter import refuse_open_binding
    from skywright.store.database import Database
    from skywright.store.keys import any_key

    database = Database.of(settings)
    try:
        refuse_open_binding(host, keys_on_record=any_key(database))
        app = Door(http_app(server), Doorkeeper(database, settings))
        config = uvicorn.Config(
            app,
            access_log=False,
            log_level="warning",
            log_config=None,
            proxy_headers=False,  # who calls is decided by the socket and the key, not by a header
            server_header=False,
            timeout_graceful_shutdown=_LAST_WORDS_S,
        )
        with listen(host, port) as listener:
            shown = f"[{host}]" if ":" in host else host
            typer.echo(f"MCP at http://{shown}:{listener.getsockname()[1]}/mcp; Ctrl+C ends it.")
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        database.close()


class Door:
    """Lets requests in that the doorkeeper admits."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        from skywright.api.answers import error_answer
        from skywright.errors import SkywrightError
        from skywright.security.permissions import Permission

        if scope["type"] == "http":
            try:
                await self._doorkeeper.admit(scope, dict(scope["headers"]))
                if caller := scope["state"]["caller"]:
                    caller.require_permission(Permission.PREDICT)
            except SkywrightError as error:
                await error_answer(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
