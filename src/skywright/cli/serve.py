"""``skywright serve`` and ``skywright db upgrade``."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.settings import Settings

database_app = typer.Typer(help="The database.", no_args_is_help=True)

_ORBIT = (
    '{"epoch_jd_tdb": 2461000.5, "a_au": 0.9223, "e": 0.1911, "i_deg": 3.341, '
    '"node_deg": 203.9, "peri_deg": 126.7, "h_mag": 19.1}'
)
_TRY = (
    ("neo/99942", ""),
    ("simulate", '{"object": "Apophis", "years": 5}'),
    ("predict", _ORBIT),
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(serve)
    app.add_typer(database_app, name="db")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(help="TCP port; 0 takes a free one.", min=0, max=65535)
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of database and blobs.")] = None,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
) -> None:
    """Start the web server; options go before the environment."""
    from skywright.logs import configure_logging
    from skywright.security.perimeter import refuse_open_binding
    from skywright.settings import get_settings
    from skywright.store.database import Database
    from skywright.store.keys import any_key

    _prefer({"SKYWRIGHT_HOST": host, "SKYWRIGHT_DATA_DIR": data_dir})
    settings = get_settings()
    configure_logging("debug" if access_log else settings.log_level, settings.log_format)
    database = Database.of(settings)
    keys_on_record = any_key(database)
    database.close()
    refuse_open_binding(settings.host, keys_on_record=keys_on_record)
    chosen_port = settings.port if port is None else port
    _run(settings, chosen_port, keys_on_record=keys_on_record)


@database_app.command("upgrade")
def upgrade(
    as_json: AsJson = False,
) -> None:
    """Bring the database up to date; the server does so itself when it starts."""
    from skywright.store.database import Database

    database = Database.of()
    revision = database.upgrade()
    database.close()
    if as_json:
        emit_json({"revision": revision})
    else:
        typer.echo(f"The database is at revision {revision}.", err=True)


def _run(settings: Settings, port: int, *, keys_on_record: bool) -> None:
    import uvicorn

    from skywright.api import create_app

    listener = listen(settings.host, port)
    bound = listener.getsockname()[1]

    class Server(uvicorn.Server):
        """Says where it listens once it does."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                typer.echo(_greeting(settings, bound, keys_on_record=keys_on_record))

    config = uvicorn.Config(
        create_app(settings),
        access_log=False,
        log_level="warning",
        log_config=None,
        proxy_headers=False,  # who calls is decided by the socket and the key, not by a header
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    with listener:
        Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises SkywrightError, with the reason, where there is none."""
    from skywright.errors import SkywrightError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        message = f"The server could not listen on {host}:{port}: {error.strerror or error}."
        hint = "Choose another --host or --port, or stop what listens there."
        raise SkywrightError(message, hint=hint) from error


def _greeting(settings: Settings, port: int, *, keys_on_record: bool) -> str:
    from skywright.api.models import models_in_use

    host = settings.host
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    models = ", ".join(model["name"] for model in models_in_use(settings)) or "none"
    door = (
        "Requests need an API key."
        if keys_on_record
        else "There is no API key on record: only requests from this machine are answered."
    )
    lines = [f"skywright listens on {url}", f"Models: {models}", door, "Try:"]
    for path, body in _TRY:
        sent = f" -d '{body}'" if body else ""
        lines.append(f"  curl -s {url}/api/{path}{sent}")
    return "\n".join(lines)


def _prefer(flags: dict[str, object]) -> None:
    """Put flags before the environment, for every part of this process."""
    from skywright.settings import get_settings

    for name, value in flags.items():
        if value is not None:
            os.environ[name] = str(value)
    get_settings.cache_clear()
