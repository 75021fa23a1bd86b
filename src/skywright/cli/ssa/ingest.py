"""``skywright ssa ingest``: what was received, marked and on file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    files: Annotated[list[Path], typer.Argument(help="Element sets of any form; CDMs.")],
    now: Annotated[str, typer.Option(help="Moment of receipt, UTC; the present if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check and mark records and put them on file: all or none, the same one once."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from skywright.settings import get_settings
    from skywright.ssa.records.ingest import ingest as put
    from skywright.ssa.records.moments import moment_of
    from skywright.store.database import Database

    moment = moment_of(now, "--now") if now else datetime.now(UTC)
    database = Database.of(get_settings())
    try:
        told = put(files, database, moment)
    finally:
        database.close()
    if as_json:
        emit_json(asdict(told))
        return
    typer.echo(f"{told.new} of {told.records} records are new.")
    for name, count in told.marks.items():
        typer.echo(f"  {name}: {count}")
