"""Start the stand-ins on the loopback device, beside what asks them."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from skywright.errors import InputError, SkywrightError
from skywright.settings import Settings, get_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from skywright.sources.sandbox.faults import Faults

HOST = "127.0.0.1"
_START_S = 20.0
_LOOK_S = 0.01
_LAST_WORDS_S = 2
_TOKENS = ("ads_token",)
TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the stand-in
"""What the stand-in of a service with a token accepts, as it accepts any other."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox."""

    url: str
    """Where it is, without a slash at the end."""
    settings_overrides: dict[str, str]
    """Setting to value that puts it in place of the real services."""
    faults: Faults
    """Switches of the faults."""
    shut: dict[str, str] = field(default_factory=dict)
    """The same for services that have no stand-in: an address here that says so."""

    def environment(self, *, is_shut: bool = False) -> dict[str, str]:
        """Return the environment variables that put it in place of the real services.

        With ``is_shut`` also those that lead services without a stand-in here.
        """
        chosen = self.settings_overrides | (self.shut if is_shut else {})
        return {f"SKYWRIGHT_{name.upper()}": value for name, value in chosen.items()}

    def settings(self, settings: Settings | None = None) -> Settings:
        """Return settings with which no service is asked but the sandbox; others are the same."""
        own = (settings or get_settings()).model_dump(exclude_unset=True)
        return Settings(**(own | self.shut | self.settings_overrides))


@dataclass(frozen=True, slots=True)
class Options:
    """What a sandbox is made of beside its catalogues."""

    port: int = 0
    """0 takes a free one."""
    cache: Path | None = None
    """Where the tables are kept; below the data folder where None."""
    faults: Mapping[str, str] | None = None
    """Service to fault."""


@contextlib.contextmanager
def running_sandbox(
    catalogues: Path | Sequence[Path] | None = None,
    recorded: Path | Sequence[Path] | None = None,
    options: Options | None = None,
) -> Iterator[Sandbox]:
    """Run the stand-ins in a thread until the block ends.

    Parameters
    ----------
    catalogues : path or several, optional
        Folders with catalogues, known by their columns; small tables of our own where None.
    recorded : path or several, optional
        Folders with recorded answers.
    options : Options, optional
        Port, faults, where tables are kept.

    Raises
    ------
    InputError
        If a folder does not exist, a fault is unknown, or the port is taken.
    """
    from skywright.sources.sandbox.app import NOWHERE, build

    chosen = options or Options()
    folders = [*_folders(catalogues, "catalogues"), *_folders(recorded, "recorded")]
    cache = chosen.cache or get_settings().data_dir.expanduser() / "sandbox"
    app, services = build(folders, cache, chosen.faults)
    listening = _listen(chosen.port)
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    with serving(app, listening):
        overrides = {
            setting: f"{url}{service.prefix}{path}"
            for service in services
            for setting, path in service.settings.items()
        } | dict.fromkeys(_TOKENS, TOKEN)
        known = {name: v for name, v in overrides.items() if name in Settings.model_fields}
        shut = {name: f"{url}{NOWHERE}/{name}" for name in _services() if name not in known}
        yield Sandbox(url, known, app.state.faults, shut)


def _services() -> list[str]:
    """Return the settings that lead to services on the net."""
    fields = Settings.model_fields.items()
    return [name for name, one in fields if str(one.default).startswith("https://")]


@contextlib.contextmanager
def serving(app: Starlette, listening: socket.socket) -> Iterator[None]:
    """Serve in a thread, from when it answers until the block ends."""
    import uvicorn

    from skywright.sources.sandbox.faults import is_no_cut

    config = uvicorn.Config(
        app,
        log_config=None,
        date_header=False,
        access_log=False,
        lifespan="on",
        ws="none",
        loop="asyncio",
        timeout_graceful_shutdown=_LAST_WORDS_S,
    )
    server = uvicorn.Server(config)
    log = logging.getLogger("uvicorn.error")
    log.addFilter(is_no_cut)
    thread = threading.Thread(target=server.run, args=([listening],), name="sandbox", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _START_S
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(_LOOK_S)
        if not server.started:
            message = "The sandbox did not start."
            raise SkywrightError(message, hint="Try again, or look at the messages above.")
        yield
    finally:
        server.should_exit = True
        thread.join(_START_S)
        log.removeFilter(is_no_cut)
        listening.close()


def _folders(given: Path | Sequence[Path] | None, what: str) -> list[Path]:
    folders = [given] if isinstance(given, Path) else list(given or ())
    for folder in folders:
        if not folder.is_dir():
            message = f"The folder of {what} {folder} does not exist."
            raise InputError(message, hint="Name a folder, or leave it out for small samples.")
    return folders


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        message = f"Port {port} cannot be used: {error.strerror}."
        raise InputError(message, hint="Choose another with --port; 0 takes a free one.") from error
    listening.listen(128)
    return listening
