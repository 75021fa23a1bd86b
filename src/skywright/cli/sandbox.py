"""``skywright sandbox``: stand-ins for the public services on this machine."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.sources.sandbox.running import Sandbox

_PORT = 8765
_DAY_S = 86_400.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(sandbox)


def sandbox(
    port: Annotated[
        int, typer.Option("--port", help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = _PORT,
    catalogues: Annotated[
        list[Path] | None,
        typer.Option("--catalogues", help="Folder of catalogues (CSV); may be given again."),
    ] = None,
    recorded: Annotated[
        list[Path] | None,
        typer.Option("--recorded", help="Folder of recorded answers; may be given again."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="SERVICE:KIND, such as gaia:429; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run stand-ins for Gaia, SIMBAD, VizieR, ADS, arXiv, NASA and others on this machine.

    Prints the environment variables that put them in place of the real services, then answers
    until Ctrl+C (SIGINT) or SIGTERM; both are no error.
    """
    from skywright.settings import get_settings
    from skywright.sources.sandbox.faults import parse_fault
    from skywright.sources.sandbox.running import Options, running_sandbox

    installed = get_settings().catalogues_dir
    folders = catalogues or ([installed] if installed.is_dir() else [])
    faults = dict(map(parse_fault, fault or ()))
    options = Options(port, faults=faults)
    with _until_a_signal(), running_sandbox(folders, recorded, options) as running:
        if as_json:
            emit_json(_told(running))
        else:
            _show(running)
        while True:
            time.sleep(_DAY_S)


def _told(running: Sandbox) -> dict[str, Any]:
    return {
        "url": running.url,
        "environment": running.environment(),
        "services": list(running.faults.services),
        "faults": running.faults.told(),
    }


def _show(running: Sandbox) -> None:
    typer.echo(f"Stand-ins answer at {running.url}; Ctrl+C ends them.", err=True)
    for name, value in running.environment().items():
        typer.echo(f"export {name}={value}")


@contextmanager
def _until_a_signal() -> Iterator[None]:
    """Run the block until SIGINT or SIGTERM, also where a shell had them ignored (``&``)."""
    before = {one: signal.signal(one, signal.default_int_handler) for one in _SIGNALS}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
