"""``skywright openapi``: the OpenAPI document of the server."""

from __future__ import annotations

import json

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(openapi)


def openapi() -> None:
    """Print the OpenAPI document of the HTTP interface."""
    from skywright.api import create_app

    typer.echo(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False))
